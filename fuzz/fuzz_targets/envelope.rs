//! Whatever the bytes are, reading what travels with a package ends, and what is read has
//! one writing. The first byte chooses what is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_signing::{
    Envelope, PAYLOAD_TYPE, Publishers, Rotation, Standing, Statement, Vouched,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    match first % 4 {
        0 => {
            let Ok(envelope) = Envelope::parse(rest) else { return };
            let again = envelope.to_bytes().expect("what was read can be written");
            assert_eq!(Envelope::parse(&again).as_ref(), Ok(&envelope));
            let Ok(found) = Statement::parse(&envelope.payload_type, &envelope.payload) else {
                return;
            };
            let vouched = Vouched::look(&envelope, &found, &Publishers::default(), 0);
            assert!(!matches!(vouched.standing, Standing::Trusted { .. }), "nobody is trusted");
        }
        1 => {
            if let Ok(statement) = Statement::parse(PAYLOAD_TYPE, rest) {
                assert_eq!(statement.to_bytes().expect("it was read"), rest);
            }
        }
        2 => {
            if let Ok(publishers) = Publishers::parse(rest) {
                let again = publishers.to_bytes().expect("it was read");
                assert_eq!(Publishers::parse(&again), Ok(publishers));
            }
        }
        _ => {
            if let Ok(rotation) = Rotation::parse(rest) {
                let mut nobody = Publishers::default();
                assert!(rotation.apply(&mut nobody, 0).is_err());
            }
        }
    }
});
