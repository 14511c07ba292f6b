//! One DNS question. Answers are written beside it; what is answered is decided
//! elsewhere.
//!
//! Strict, because nothing but a question must fit through: one question of
//! class IN, no records but an EDNS OPT, whose content is dropped, no compressed
//! name, no byte behind the end. Source of the format: RFC 1035 section 4, RFC
//! 6891 section 6.

use crate::cursor::Cursor;
use ringfence_types::Host;
use std::fmt::Write as _;

/// Longest query, in bytes: what DNS Flag Day 2020 lets a client send in one
/// datagram.
pub const MAX_QUERY: usize = 1232;

/// Longest name on the wire and longest label, RFC 1035 section 2.3.4.
const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;

pub(crate) const CLASS_IN: u16 = 1;
pub(crate) const TYPE_A: u16 = 1;
pub(crate) const TYPE_AAAA: u16 = 28;
pub(crate) const TYPE_OPT: u16 = 41;

/// Bits of the second 16 of the header, RFC 1035 section 4.1.1.
pub(crate) const RESPONSE: u16 = 1 << 15;
const OPCODE: u16 = 0b1111 << 11;
const TRUNCATED: u16 = 1 << 9;
pub(crate) const RECURSION_DESIRED: u16 = 1 << 8;
const ANSWER_CODE: u16 = 0b1111;

/// What a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Any other record, by its number.
    Other(u16),
}

/// One question, with what is needed to answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub(crate) id: u16,
    pub(crate) kind: QuestionKind,
    pub(crate) recursion_desired: bool,
    pub(crate) has_edns: bool,
    host: Option<Host>,
    name: String,
    /// The section as it came: letters in mixed case must come back as sent
    /// (draft-vixie-dnsext-dns0x20), or the client drops the answer.
    pub(crate) section: Box<[u8]>,
}

/// Why bytes are not a question that gets an answer about its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Not even a header, or itself an answer: answering could go on for ever.
    #[error("this is not a DNS query")]
    Silence,
    /// Not what the format allows.
    #[error("the DNS query is malformed")]
    Malformed {
        /// Of the query.
        id: u16,
    },
    /// Another operation or class than looking up in the Internet.
    #[error("the DNS query asks for another operation or class")]
    NotImplemented {
        /// Of the query.
        id: u16,
    },
}

impl Question {
    /// Reads one datagram, or one message of a TCP stream without its length.
    ///
    /// # Errors
    /// When it is not one well-formed question.
    pub fn parse(bytes: &[u8]) -> Result<Self, QueryError> {
        let mut cursor = Cursor(bytes);
        let header = (|| {
            Some([
                cursor.u16()?,
                cursor.u16()?,
                cursor.u16()?,
                cursor.u16()?,
                cursor.u16()?,
                cursor.u16()?,
            ])
        })();
        let Some([id, flags, questions, answers, authority, additional]) = header else {
            return Err(QueryError::Silence);
        };
        if flags & RESPONSE != 0 {
            return Err(QueryError::Silence);
        }
        if flags & OPCODE != 0 {
            return Err(QueryError::NotImplemented { id });
        }
        let malformed = QueryError::Malformed { id };
        if bytes.len() > MAX_QUERY
            || flags & (TRUNCATED | ANSWER_CODE) != 0
            || (questions, answers, authority) != (1, 0, 0)
            || additional > 1
        {
            return Err(malformed);
        }
        let before = cursor.0;
        let (name, is_host) = read_name(&mut cursor).ok_or(malformed)?;
        let kind = cursor.u16().ok_or(malformed)?;
        let class = cursor.u16().ok_or(malformed)?;
        let section = before.get(..before.len() - cursor.0.len()).unwrap_or(before);
        if additional == 1 {
            skip_opt(&mut cursor).ok_or(malformed)?;
        }
        if !cursor.is_empty() {
            return Err(malformed);
        }
        if class != CLASS_IN {
            return Err(QueryError::NotImplemented { id });
        }
        // What another reader of names would fold, such as `127.1`, is no name.
        let host = Host::parse(&name)
            .ok()
            .filter(|host| is_host && host.name().is_some_and(|it| it.eq_ignore_ascii_case(&name)));
        let kind = match kind {
            TYPE_A => QuestionKind::A,
            TYPE_AAAA => QuestionKind::Aaaa,
            other => QuestionKind::Other(other),
        };
        Ok(Self {
            id,
            kind,
            recursion_desired: flags & RECURSION_DESIRED != 0,
            has_edns: additional == 1,
            host,
            name,
            section: section.into(),
        })
    }

    /// The number that the answer must carry.
    #[must_use]
    pub const fn id(&self) -> u16 {
        self.id
    }

    /// What is asked for.
    #[must_use]
    pub const fn kind(&self) -> QuestionKind {
        self.kind
    }

    /// Whether the client asks the server to look further. Every stub does.
    #[must_use]
    pub const fn recursion_desired(&self) -> bool {
        self.recursion_desired
    }

    /// The host that is asked about. `None` when no host can have this name.
    #[must_use]
    pub const fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// The name as it came, for records: printable ASCII, everything else
    /// written as `\DDD` (RFC 1035 section 5.1).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A name as text, and whether every byte of it may stand in the name of a host.
fn read_name(cursor: &mut Cursor<'_>) -> Option<(String, bool)> {
    let mut text = String::new();
    let mut is_host = true;
    let mut on_wire = 1_usize;
    loop {
        // Two bits in front would be a pointer or an extended label.
        let label = match usize::from(cursor.u8()?) {
            0 => return Some((text, is_host)),
            count if count <= MAX_LABEL => cursor.take(count)?,
            _ => return None,
        };
        on_wire += 1 + label.len();
        if on_wire > MAX_NAME {
            return None;
        }
        if !text.is_empty() {
            text.push('.');
        }
        for byte in label {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
                text.push(char::from(*byte));
            } else {
                is_host = false;
                // Writing to a string cannot fail.
                let _ = write!(text, "\\{byte:03}");
            }
        }
    }
}

/// Drops an OPT record whatever is in it: nothing of it is passed on.
fn skip_opt(cursor: &mut Cursor<'_>) -> Option<()> {
    let is_opt = cursor.u8()? == 0 && cursor.u16()? == TYPE_OPT;
    // Size, extended code, version and flags.
    cursor.take(6)?;
    cursor.piece16()?;
    is_opt.then_some(())
}

#[cfg(test)]
#[path = "dns_tests.rs"]
mod tests;
