//! Whatever the bytes are, reading a key or a signature of one ends; one key has one name
//! in every form, and nothing is a signature by a key that did not make it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_signing::{PublicKey, Scheme, SigningKey};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = SigningKey::parse(bytes) {
        assert!(key.is_in(bytes));
    }
    let Ok(key) = PublicKey::parse(bytes) else { return };
    let pem = key.pem().expect("what was read can be written");
    for other in [PublicKey::from_der(key.der()), PublicKey::parse(pem.as_bytes())] {
        let other = other.expect("and read again");
        assert!(other == key && other.id() == key.id());
    }
    for scheme in Scheme::ALL {
        assert!(!key.verifies(scheme, b"what nobody signed", bytes));
    }
});
