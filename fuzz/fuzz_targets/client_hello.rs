//! The first bytes of a connection that a jailed program opens, as TLS. The first
//! byte says where the rest is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_gate_network::{Hello, MAX_HELLO, read_hello};
use ringfence_types::Host;

fuzz_target!(|data: &[u8]| {
    let Some((&cut, bytes)) = data.split_first() else {
        return;
    };
    let cut = usize::from(cut).min(bytes.len());
    let whole = read_hello(bytes);
    match read_hello(&bytes[..cut]) {
        Hello::NeedMore(total) => assert!(total > cut && total <= MAX_HELLO),
        answer => assert_eq!(answer, whole),
    }
    if let Hello::Tls(hello) = whole
        && let Some(name) = hello.server_name
    {
        assert_eq!(Host::parse(&name).unwrap().name(), Some(&*name));
    }
});
