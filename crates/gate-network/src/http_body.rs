//! Where the body of an HTTP/1.x request ends, and the next request begins.
//!
//! Strict (RFC 9112 section 7.1): another reader that found another end would
//! take a part of the body for a request that nobody decided about.

/// How the length of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    /// In chunks, each with its length.
    Chunked,
}

/// Most bytes of one chunk extension. Nobody uses them.
const MAX_EXTENSION: u16 = 256;

/// Most bytes of all trailers together.
const MAX_TRAILERS: u16 = 8 * 1024;

/// Most hexadecimal digits of a chunk's length: 64 bits.
const MAX_DIGITS: u8 = 16;

/// The body is not framed as RFC 9112 demands; nothing behind it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body of the request is malformed")]
pub struct BodyError;

/// Follows the bytes of one body and says where it ends. Holds none of them.
#[derive(Clone, Debug)]
pub struct BodyTracker {
    state: State,
    /// Bytes of trailers so far.
    trailers: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Done,
    Broken,
    /// Bytes left of a body of known length.
    Body(u64),
    Size {
        digits: u8,
        value: u64,
    },
    /// Behind the size, bytes of the extension so far.
    Extension {
        value: u64,
        bytes: u16,
    },
    SizeEnd(u64),
    /// Bytes left of the chunk.
    Chunk(u64),
    ChunkReturn,
    ChunkEnd,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerEnd,
    LastEnd,
}

impl BodyTracker {
    /// At the beginning of a body.
    #[must_use]
    pub const fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Body(length),
            Framing::Chunked => State::Size { digits: 0, value: 0 },
        };
        Self { state, trailers: 0 }
    }

    /// Whether the body has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes the next bytes of the stream and returns how many of them belong to
    /// the body. The rest is the beginning of the next request.
    ///
    /// # Errors
    /// When the framing is malformed; then for ever.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<usize, BodyError> {
        let mut rest = bytes;
        while self.state != State::Done {
            let Some((first, tail)) = rest.split_first() else {
                break;
            };
            rest = match self.state {
                State::Body(left) | State::Chunk(left) => {
                    let (used, behind) = skip(rest, left);
                    self.state = match (self.state, left - used) {
                        (State::Body(_), 0) => State::Done,
                        (State::Body(_), left) => State::Body(left),
                        (_, 0) => State::ChunkReturn,
                        (_, left) => State::Chunk(left),
                    };
                    behind
                }
                _ => {
                    self.state = self.step(*first).unwrap_or(State::Broken);
                    if self.state == State::Broken {
                        return Err(BodyError);
                    }
                    tail
                }
            };
        }
        Ok(bytes.len() - rest.len())
    }

    fn step(&mut self, byte: u8) -> Option<State> {
        if matches!(self.state, State::TrailerStart | State::TrailerName | State::TrailerValue) {
            self.trailers += 1;
            if self.trailers > MAX_TRAILERS {
                return None;
            }
        }
        Some(match (self.state, byte) {
            (State::Size { digits, value }, byte) if byte.is_ascii_hexdigit() => {
                if digits >= MAX_DIGITS {
                    return None;
                }
                let digit = char::from(byte).to_digit(16)?;
                State::Size { digits: digits + 1, value: value << 4 | u64::from(digit) }
            }
            (State::Size { digits: 1.., value }, b'\r') => State::SizeEnd(value),
            (State::Size { digits: 1.., value }, b';') => State::Extension { value, bytes: 0 },
            (State::Extension { value, .. }, b'\r') => State::SizeEnd(value),
            (State::Extension { value, bytes }, byte) if bytes < MAX_EXTENSION && is_text(byte) => {
                State::Extension { value, bytes: bytes + 1 }
            }
            (State::SizeEnd(0), b'\n') => State::TrailerStart,
            (State::SizeEnd(value), b'\n') => State::Chunk(value),
            (State::ChunkReturn, b'\r') => State::ChunkEnd,
            (State::ChunkEnd, b'\n') => State::Size { digits: 0, value: 0 },
            (State::TrailerStart, b'\r') => State::LastEnd,
            (State::TrailerStart | State::TrailerName, byte) if is_token(byte) => {
                State::TrailerName
            }
            (State::TrailerName, b':') => State::TrailerValue,
            (State::TrailerValue, b'\r') => State::TrailerEnd,
            (State::TrailerValue, byte) if is_text(byte) => State::TrailerValue,
            (State::TrailerEnd, b'\n') => State::TrailerStart,
            (State::LastEnd, b'\n') => State::Done,
            _ => return None,
        })
    }
}

/// How many of `left` bytes are here, and what is behind them.
fn skip(bytes: &[u8], left: u64) -> (u64, &[u8]) {
    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
    (u64::try_from(here).unwrap_or(left), bytes.get(here..).unwrap_or(&[]))
}

/// What a value may hold: no control characters but tabs, RFC 9110 section 5.5.
pub(crate) const fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// A character of a token, RFC 9110 section 5.6.2.
pub(crate) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How many bytes belong to the body, when it ends.
    fn end(framing: Framing, bytes: &[u8]) -> Result<Option<usize>, BodyError> {
        let mut tracker = BodyTracker::new(framing);
        let used = tracker.feed(bytes)?;
        Ok(tracker.is_done().then_some(used))
    }

    #[test]
    fn a_body_ends_where_its_length_says() {
        assert_eq!(end(Framing::None, b"GET"), Ok(Some(0)));
        assert_eq!(end(Framing::Length(0), b"GET"), Ok(Some(0)));
        assert_eq!(end(Framing::Length(3), b"abcGET"), Ok(Some(3)));
        assert_eq!(end(Framing::Length(u64::MAX), b"abc"), Ok(None));
    }

    #[test]
    fn chunks_end_with_the_empty_one_and_its_trailers() {
        for (body, used) in [
            ("0\r\n\r\nGET", Some(5)),
            ("3\r\nabc\r\n0\r\n\r\nGET", Some(13)),
            ("00A;x=\"y\"\r\n0123456789\r\n0\r\n\r\n", Some(28)),
            ("0\r\nA: b\r\nC:\r\n\r\nGET", Some(15)),
            ("3\r\nabc\r\n", None),
            ("0\r\n", None),
        ] {
            assert_eq!(end(Framing::Chunked, body.as_bytes()), Ok(used), "{body:?}");
        }
    }

    #[test]
    fn a_chunk_that_two_servers_would_cut_in_two_ways_is_malformed() {
        let long_extension = format!("1;{}\r\n", "x".repeat(300));
        let long_trailer = format!("0\r\na:{}", "x".repeat(9000));
        for body in [
            "\r\n",
            "x\r\n",
            " 1\r\n",
            "1 \r\n",
            "+1\r\n",
            "0x1\r\n",
            "1\n",
            "1;x\n",
            "1\r\r\n",
            "1;\0\r\n",
            "1\r\nab",
            "1\r\na\n0\r\n\r\n",
            "1\r\na0\r\n\r\n",
            "00000000000000001\r\n",
            "0\r\n a: b\r\n\r\n",
            "0\r\na : b\r\n\r\n",
            "0\r\na\r\n\r\n",
            "0\r\n: b\r\n\r\n",
            "0\r\na: b\n\r\n",
            "0\r\na: \0\r\n\r\n",
            "0\r\n\n",
            &long_extension,
            &long_trailer,
        ] {
            let mut tracker = BodyTracker::new(Framing::Chunked);
            assert_eq!(tracker.feed(body.as_bytes()), Err(BodyError), "{body:?}");
            assert_eq!(tracker.feed(b"0\r\n\r\n"), Err(BodyError), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn a_body_cut_anywhere_ends_at_the_same_place(
            text in "([0-9a-f]{1,2}(;x)?\r\n[a-z]{0,4}\r?\n?|0\r\n|A: b\r\n|\r\n|\\PC){0,8}",
            length in prop::option::of(0_u64..20),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let framing = length.map_or(Framing::Chunked, Framing::Length);
            let bytes = text.as_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let mut tracker = BodyTracker::new(framing);
            let parts: Result<usize, BodyError> =
                at.windows(2).map(|ends| tracker.feed(&bytes[ends[0]..ends[1]])).sum();
            let whole = end(framing, bytes);
            prop_assert_eq!(parts.map(|used| tracker.is_done().then_some(used)), whole);
        }
    }
}
