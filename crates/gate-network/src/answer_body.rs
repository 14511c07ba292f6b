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

/// What the client asked for besides an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The head alone.
    pub(crate) head: bool,
    /// To go on with WebSocket.
    pub(crate) websocket: bool,
}

/// What tells where the body ends.
enum Shape {
    Chunks(Chunks),
    /// Of WebSocket; it ends with the connection.
    Frames(Frames),
    /// WebSocket that cannot be searched, while there is nothing to search for.
    Unread,
    /// Another protocol, in which nobody knows what belongs together.
    Raw,
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
    /// Of the answer with this head.
    pub(crate) fn of(head: &AnswerHead, wish: Wish, scrubber: Scrubber) -> Self {
        let shape = match head.status {
            SWITCHING if wish.websocket => Shape::Frames(Frames::default()),
            SWITCHING => Shape::Raw,
            NO_CONTENT | NOT_MODIFIED => Shape::Length(0),
            _ if wish.head => Shape::Length(0),
            _ if head.is_chunked => Shape::Chunks(Chunks::new()),
            _ => head.body_length.map_or(Shape::Connection, Shape::Length),
        };
        Self { shape, scrubber }
    }

    /// Searches what is to come for these secrets.
    pub(crate) fn search_for(&mut self, scrubber: Scrubber) {
        let before = std::mem::replace(&mut self.scrubber, Scrubber::new(std::iter::empty()));
        self.scrubber = scrubber.continue_for(before);
    }

    /// Whether all of it came.
    pub(crate) const fn is_done(&self) -> bool {
        match &self.shape {
            Shape::Chunks(chunks) => chunks.is_done(),
            Shape::Length(left) => *left == 0,
            Shape::Frames(_) | Shape::Unread | Shape::Raw | Shape::Connection => false,
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
                loop {
                    let part = match frames.next(rest) {
                        Ok(Some(part)) => part,
                        Ok(None) => break,
                        Err(_) if self.scrubber.is_needed() => return Err(Broken),
                        Err(_) => {
                            out.extend_from_slice(rest);
                            self.shape = Shape::Unread;
                            return Ok(out);
                        }
                    };
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
            Shape::Unread if self.scrubber.is_needed() => Err(Broken),
            Shape::Unread => Ok(Zeroizing::new(bytes.to_vec())),
            // What is not passed on at once may be what the other side waits for.
            Shape::Raw => Ok(self.scrubber.pass(bytes, true)),
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
        let wish = Wish { head: false, websocket: head.status == 101 };
        AnswerBody::of(&head, wish, Scrubber::new(std::iter::once(SECRET)))
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

    #[test]
    fn another_protocol_is_searched_and_nothing_of_it_is_held_back() {
        let Answer::Readable(head) = read_answer(b"HTTP/1.1 101 Other\r\n\r\n") else { panic!() };
        let scrubber = Scrubber::new(std::iter::once(SECRET));
        let mut body = AnswerBody::of(&head, Wish::default(), scrubber);
        for guess in ["sk-live-0", "sk-live-1", "s"] {
            assert_eq!(*body.pass(guess.as_bytes()).unwrap(), guess.as_bytes());
        }
        let said = body.pass(format!("a{SECRET}b").as_bytes()).unwrap();
        assert_eq!(*said, format!("a{}b", "*".repeat(SECRET.len())).as_bytes());
    }

    #[test]
    fn an_answer_that_began_before_a_secret_went_out_is_searched_from_then_on() {
        let nothing = || Scrubber::new(std::iter::empty());
        let scrubber = || Scrubber::new(std::iter::once(SECRET));
        let Answer::Readable(head) = read_answer(b"HTTP/1.1 200 OK\r\n\r\n") else { panic!() };
        let mut body = AnswerBody::of(&head, Wish::default(), nothing());
        assert_eq!(*body.pass(b"data: ").unwrap(), b"data: ");
        body.search_for(scrubber());
        assert!(!body.pass(SECRET.as_bytes()).unwrap().starts_with(b"sk"));
        // One that nobody can search ends there.
        let Answer::Readable(head) = read_answer(b"HTTP/1.1 101 Up\r\n\r\n") else { panic!() };
        let mut body = AnswerBody::of(&head, Wish { head: false, websocket: true }, nothing());
        assert_eq!(*body.pass(b"\xc1\x02hi").unwrap(), b"\xc1\x02hi");
        body.search_for(scrubber());
        assert!(body.pass(b"\xc1\x02hi").is_err());
    }
}
