//! The fields of an HTTP request that say where it goes and where it ends.

use crate::http_body::{Framing, is_text, is_token};
use crate::http_line::read_authority;
use crate::overrides::may_override;
use ringfence_types::Host;

/// Most fields of one head. Servers commonly stop at 100.
const MAX_FIELDS: usize = 256;

/// Fields that decide about host and framing. Some servers read `_` as `-`.
const DECIDING: [&[u8]; 5] =
    [b"host", b"content-length", b"transfer-encoding", b"connection", b"upgrade"];

/// What the fields read so far say together.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    is_1_1: bool,
    count: usize,
    pub(crate) host: Option<(Host, Option<u16>)>,
    length: Option<u64>,
    is_chunked: bool,
    closes: bool,
    asks_to_keep: bool,
    pub(crate) wants_upgrade: bool,
    pub(crate) upgrade: Option<String>,
    /// One may ask for another method or path.
    pub(crate) overrides: bool,
}

impl Fields {
    pub(crate) fn new(is_1_1: bool) -> Self {
        Self { is_1_1, ..Self::default() }
    }

    /// One line without its end; nothing when it is malformed. A line that
    /// begins with white space would continue the one before (RFC 9112 section
    /// 5.2) and is.
    pub(crate) fn add(&mut self, line: &[u8]) -> Option<()> {
        self.count += 1;
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (line.get(..at)?, line.get(at + 1..)?);
        let is_sound = !name.is_empty()
            && name.iter().all(|byte| is_token(*byte))
            && value.iter().all(|byte| is_text(*byte));
        if !is_sound || self.count > MAX_FIELDS {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let dashed: Vec<u8> =
            name.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect();
        self.overrides |= may_override(&name);
        if !DECIDING.contains(&dashed.as_slice()) {
            return Some(());
        }
        if dashed != name {
            return None;
        }
        let value = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
        match name.as_slice() {
            b"host" => set(&mut self.host, read_authority(value)?),
            b"content-length" => self.length(value),
            b"transfer-encoding" => {
                let is_good =
                    self.is_1_1 && !self.is_chunked && value.eq_ignore_ascii_case("chunked");
                self.is_chunked = true;
                is_good.then_some(())
            }
            b"upgrade" => set(&mut self.upgrade, value.to_ascii_lowercase()),
            _ => {
                for word in value.split(',').map(|word| word.trim_matches([' ', '\t'])) {
                    self.closes |= word.eq_ignore_ascii_case("close");
                    self.asks_to_keep |= word.eq_ignore_ascii_case("keep-alive");
                    self.wants_upgrade |= word.eq_ignore_ascii_case("upgrade");
                }
                Some(())
            }
        }
    }

    /// Digits alone, and the same ones when it is repeated.
    fn length(&mut self, value: &str) -> Option<()> {
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let length: u64 = value.parse().ok().filter(|_| is_number)?;
        if self.length.is_some_and(|known| known != length) {
            return None;
        }
        self.length = Some(length);
        Some(())
    }

    /// Nothing when two fields disagree about where the body ends.
    pub(crate) const fn framing(&self) -> Option<Framing> {
        match (self.is_chunked, self.length) {
            (true, Some(_)) => None,
            (true, None) => Some(Framing::Chunked),
            (false, Some(0)) | (false, None) => Some(Framing::None),
            (false, Some(length)) => Some(Framing::Length(length)),
        }
    }

    /// RFC 9112 section 9.3.
    pub(crate) const fn keeps_alive(&self) -> bool {
        !self.closes && (self.is_1_1 || self.asks_to_keep)
    }
}

/// Sets what may be set once.
fn set<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}
