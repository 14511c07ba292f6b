//! Datagrams that a jailed program sends to its resolver.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_gate_network::{Question, QuestionKind};
use std::net::IpAddr;

fuzz_target!(|bytes: &[u8]| match Question::parse(bytes) {
    Ok(question) => {
        let address = match question.kind() {
            QuestionKind::Aaaa => IpAddr::from([1_u8; 16]),
            _ => IpAddr::from([192, 0, 2, 1]),
        };
        for answer in [question.address(address, 1), question.no_data(1), question.refused()] {
            assert!(answer.len() <= 512);
            assert_eq!(answer[..2], bytes[..2]);
            assert_eq!(answer[2] & 0x80, 0x80);
            // The question comes back as it was sent.
            let labels = bytes[12..].iter().scan(0, |rest, byte| match *rest {
                0 => {
                    *rest = *byte;
                    (*byte != 0).then_some(())
                }
                _ => {
                    *rest -= 1;
                    Some(())
                }
            });
            let end = 12 + labels.count() + 5;
            assert_eq!(answer[12..end], bytes[12..end]);
        }
        if let Some(host) = question.host() {
            assert_eq!(host.name(), Some(&*question.name().to_ascii_lowercase()));
        }
    }
    Err(error) => assert!(error.answer().is_none_or(|answer| answer.len() == 12)),
});
