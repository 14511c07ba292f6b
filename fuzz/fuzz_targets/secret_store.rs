//! Arbitrary bytes as the file of the secrets store: what is read is, byte for
//! byte, what would be written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_gate_secrets::{StoreFile, StoreKey};

fuzz_target!(|data: &[u8]| {
    if let Ok(file) = StoreFile::parse(data) {
        assert_eq!(file.bytes(), data);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = StoreKey::read(text);
    }
});
