//! The head of a request in which something stands for a secret, as a jailed program
//! may write it: whatever goes out is the same request, with the secret where it was
//! granted; and the answer of a vault, which nobody controls.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_gate_network::{HttpStart, Placeholder, read_http_head, rewrite};
use ringfence_gate_secrets::{VaultPath, vault_field};
use ringfence_types::SecretPlace;

/// What stands for it is short here, so that it is found.
const STANDS: &str = "rfs";
const SECRET: &str = "sk &=#?/%41";

fuzz_target!(|data: &[u8]| {
    let _ = vault_field(data, "key");
    if let Ok(Ok(path)) = std::str::from_utf8(data).map(str::parse::<VaultPath>) {
        assert_eq!(path.to_string().parse(), Ok(path));
    }
    let HttpStart::Head(head) = read_http_head(data) else {
        return;
    };
    let placeholders = [Placeholder { text: STANDS.into(), name: "KEY".into() }];
    let out =
        rewrite(&data[..head.length], &placeholders, head.upgrade.is_some(), &mut |_, place| {
            match place {
                SecretPlace::Head | SecretPlace::Query("key") => Some(SECRET.to_owned().into()),
                _ => None,
            }
        });
    let HttpStart::Head(sent) = read_http_head(&out) else {
        panic!("it is no request any more: {}", String::from_utf8_lossy(&out));
    };
    assert_eq!((sent.length, sent.method, sent.path), (out.len(), head.method, head.path));
    assert_eq!((sent.host, sent.port, sent.body), (head.host, head.port, head.body));
});
