//! The body of an answer without secrets, whatever tells where it ends.

use crate::answer_head::AnswerHead;
use crate::chunks::Chunks;
use crate::frames::Frames;
use crate::scrub::Scrubber;
use zeroize::Zeroizing;

/// `101 Switching Protocols`.
const SWITCHING: u16 = 101;
/// Their heads may tell of a body that does not come, RFC 9112 section 6.3.
const NO_CONTENT: u16 = 204;
const NOT_MODIFIED: u16 = 304;

/// What tells where the body ends.
enum Shape {
    Chunks(Chunks),
    /// Of WebSocket; it ends with the connection.
    Frames(Frames),
    /// So many bytes are to come.
    Length(u64),
    Connection,
}

/// The body of one answer, on its way.
pub(crate) struct AnswerBody {
    shape: Shape,
    scrubber: Scrubber,
}

/// The body is not what its head says.
#[derive(Debug)]
pub(crate) struct Broken;

impl AnswerBody {
    /// Of the answer with this head, to a request for nothing else or for all.
    pub(crate) fn of(head: &AnswerHead, wants_head: bool, scrubber: Scrubber) -> Self {
        let shape = match head.status {
            SWITCHING if scrubber.is_needed() => Shape::Frames(Frames::default()),
            SWITCHING => Shape::Connection,
            NO_CONTENT | NOT_MODIFIED => Shape::Length(0),
            _ if wants_head => Shape::Length(0),
            _ if head.is_chunked => Shape::Chunks(Chunks::new()),
            _ => head.body_length.map_or(Shape::Connection, Shape::Length),
        };
        Self { shape, scrubber }
    }

    /// Whether all of it came.
    pub(crate) const fn is_done(&self) -> bool {
        match &self.shape {
            Shape::Chunks(chunks) => chunks.is_done(),
            Shape::Length(left) => *left == 0,
            Shape::Frames(_) | Shape::Connection => false,
        }
    }

    /// Whether it may end with the connection.
    pub(crate) const fn may_end(&self) -> bool {
        !matches!(&self.shape, Shape::Chunks(chunks) if !chunks.is_done())
    }

    /// Takes the next bytes, and gives those that may go to the client.
    ///
    /// Where it is told that nothing more belongs together, nothing is held back:
    /// what is missing at an end would tell that it is the beginning of a secret.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Broken> {
        match &mut self.shape {
            Shape::Chunks(chunks) => {
                let plain = Zeroizing::new(chunks.pass(bytes).map_err(|_| Broken)?);
                Ok(self.scrubber.pass(&plain, chunks.is_done()))
            }
            Shape::Length(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left = left.saturating_sub(u64::try_from(length).map_err(|_| Broken)?);
                Ok(self.scrubber.pass(bytes.get(..length).unwrap_or(bytes), *left == 0))
            }
            Shape::Frames(frames) => {
                let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
                let mut rest = bytes;
                while let Some(part) = frames.next(rest).map_err(|_| Broken)? {
                    let (now, behind) = rest.split_at_checked(part.length).ok_or(Broken)?;
                    if part.is_said {
                        out.extend_from_slice(&self.scrubber.pass(now, part.ends));
                    } else {
                        out.extend_from_slice(now);
                    }
                    rest = behind;
                }
                Ok(out)
            }
            Shape::Connection => Ok(self.scrubber.pass(bytes, false)),
        }
    }

    /// What was held back, now that the connection has ended.
    pub(crate) fn end(&mut self) -> Zeroizing<Vec<u8>> {
        self.scrubber.pass(&[], true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer_head::{Answer, read_answer};

    const SECRET: &str = "sk-live-0123456789";

    fn body_of(head: &str) -> AnswerBody {
        let Answer::Readable(head) = read_answer(head.as_bytes()) else { panic!("{head}") };
        AnswerBody::of(&head, false, Scrubber::new(std::iter::once(SECRET)))
    }

    #[test]
    fn a_right_guess_of_a_secrets_beginning_comes_back_as_a_wrong_one_does() {
        for guess in ["sk-live-0", "sk-live-1"] {
            let mut body = body_of("HTTP/1.1 101 Switching Protocols\r\n\r\n");
            let pong = [&[0x8a, 9][..], guess.as_bytes()].concat();
            assert_eq!(*body.pass(&pong).unwrap(), pong);
            let mut body = body_of("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n");
            assert_eq!(*body.pass(guess.as_bytes()).unwrap(), guess.as_bytes());
            assert!(body.is_done());
        }
    }

    #[test]
    fn a_secret_inside_a_frame_is_found_however_it_is_cut() {
        let text = format!("x{SECRET}y");
        let frame = [&[0x81, u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat();
        for step in 1..frame.len() {
            let mut body = body_of("HTTP/1.1 101 Switching Protocols\r\n\r\n");
            let mut out = Vec::new();
            for part in frame.chunks(step) {
                out.extend_from_slice(&body.pass(part).unwrap());
            }
            let stars = format!("x{}y", "*".repeat(SECRET.len()));
            assert_eq!(out[2..], *stars.as_bytes(), "{step}");
        }
    }
}
