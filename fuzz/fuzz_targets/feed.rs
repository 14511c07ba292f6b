//! Whatever the bytes are, reading a feed ends, what is read has one writing, and nobody who is
//! not asked can sign it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_feed::{Feed, Signers};
use ringfence_signing::{KeyKind, SigningKey};
use std::sync::OnceLock;

static SIGNERS: OnceLock<Signers> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    if let Ok(feed) = Feed::parse(bytes) {
        let again = feed.to_bytes().expect("what was read can be written");
        assert_eq!(Feed::parse(&again), Ok(feed));
    }
    let signers = SIGNERS.get_or_init(|| {
        let (key, _) = SigningKey::generate(KeyKind::Ed25519).expect("random numbers");
        Signers::new(vec![key.public().clone()], 1).expect("one signer")
    });
    assert!(signers.verify(bytes).is_err(), "nobody signed it");
});
