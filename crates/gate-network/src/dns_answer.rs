//! Short answers to one DNS question: an address, nothing, or no.

use crate::dns::{
    CLASS_IN, QueryError, Question, QuestionKind, RECURSION_DESIRED, RESPONSE, TYPE_A, TYPE_AAAA,
    TYPE_OPT,
};
use std::net::IpAddr;

const TYPE_SOA: u16 = 6;

/// RFC 1035 section 4.1.1.
const RECURSION_AVAILABLE: u16 = 1 << 7;

/// The name of the question, where it stands in every message.
const NAME_OF_QUESTION: u16 = 0xc00c;

impl QueryError {
    /// The answer, when there must be one: a header alone.
    #[must_use]
    pub fn answer(self) -> Option<Vec<u8>> {
        let (id, code) = match self {
            Self::Silence => return None,
            Self::Malformed { id } => (id, 1),
            Self::NotImplemented { id } => (id, 4),
        };
        let mut message = Vec::with_capacity(12);
        for number in [id, RESPONSE | code, 0, 0, 0, 0] {
            push(&mut message, number);
        }
        Some(message)
    }
}

impl Question {
    /// One address, which the client may keep for so many seconds. An address of
    /// another family than the question asks for is an empty answer.
    #[must_use]
    pub fn address(&self, address: IpAddr, seconds: u32) -> Vec<u8> {
        let record = match (self.kind, address) {
            (QuestionKind::A, IpAddr::V4(address)) => (TYPE_A, address.octets().to_vec()),
            (QuestionKind::Aaaa, IpAddr::V6(address)) => (TYPE_AAAA, address.octets().to_vec()),
            _ => return self.no_data(seconds),
        };
        self.answer(0, [1, 0], Some((record.0, seconds, &record.1)))
    }

    /// The name exists and has no such record; may be kept for so many seconds
    /// (RFC 2308 section 3).
    #[must_use]
    pub fn no_data(&self, seconds: u32) -> Vec<u8> {
        // Both names empty, serial, refresh, retry, expire, minimum.
        let mut soa = vec![0, 0];
        for number in [1, 3600, 600, 86400, seconds] {
            soa.extend_from_slice(&u32::to_be_bytes(number));
        }
        self.answer(0, [0, 1], Some((TYPE_SOA, seconds, &soa)))
    }

    /// No such name. Without a record that would let the client keep it, so
    /// that every attempt is seen.
    #[must_use]
    pub fn no_such_name(&self) -> Vec<u8> {
        self.answer(3, [0, 0], None)
    }

    /// No answer about this name or record.
    #[must_use]
    pub fn refused(&self) -> Vec<u8> {
        self.answer(5, [0, 0], None)
    }

    /// The resolver behind the gate failed.
    #[must_use]
    pub fn failed(&self) -> Vec<u8> {
        self.answer(2, [0, 0], None)
    }

    /// At most 12 + 259 + 34 + 11 bytes, so that no answer is ever truncated.
    fn answer(&self, code: u16, counts: [u16; 2], record: Option<(u16, u32, &[u8])>) -> Vec<u8> {
        let asked = if self.recursion_desired { RECURSION_DESIRED } else { 0 };
        let mut message = Vec::with_capacity(320);
        let [answers, authority] = counts;
        let flags = RESPONSE | asked | RECURSION_AVAILABLE | code;
        for number in [self.id, flags, 1, answers, authority, u16::from(self.has_edns)] {
            push(&mut message, number);
        }
        message.extend_from_slice(&self.section);
        if let Some((kind, seconds, data)) = record {
            for number in [NAME_OF_QUESTION, kind, CLASS_IN] {
                push(&mut message, number);
            }
            message.extend_from_slice(&seconds.to_be_bytes());
            push(&mut message, u16::try_from(data.len()).unwrap_or(0));
            message.extend_from_slice(data);
        }
        if self.has_edns {
            // The root, OPT, our size, version 0 without flags, no options.
            message.push(0);
            for number in [TYPE_OPT, 1232, 0, 0, 0] {
                push(&mut message, number);
            }
        }
        message
    }
}

fn push(message: &mut Vec<u8>, number: u16) {
    message.extend_from_slice(&number.to_be_bytes());
}
