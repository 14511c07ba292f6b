//! Where the frames of WebSocket end, RFC 6455 section 5.2.
//!
//! A server answers a ping at once, with what the plugin said. If the end of a frame
//! were held back because it might be the beginning of a secret, the plugin could
//! guess a secret letter by letter: a right guess would not come back.

/// Longest head of a frame of a server: it has no mask.
const MAX_HEAD: usize = 10;

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// How many of them are meant.
    pub(crate) length: usize,
    /// Whether they are what somebody said, and no head.
    pub(crate) is_said: bool,
    /// Whether a frame ends with them.
    pub(crate) ends: bool,
}

/// Bytes that are no frames of a server, or that an extension changed.
#[derive(Debug)]
pub(crate) struct NoFrame;

/// Follows the frames of one direction.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The head of a frame, as far as it came.
    head: Vec<u8>,
    /// Bytes of the frame that are to come.
    left: u64,
}

impl Frames {
    /// The first part of these bytes; `None` when there are none.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Result<Option<Part>, NoFrame> {
        if bytes.is_empty() {
            return Ok(None);
        }
        if self.left > 0 {
            let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left = self.left.saturating_sub(u64::try_from(length).map_err(|_| NoFrame)?);
            return Ok(Some(Part { length, is_said: true, ends: self.left == 0 }));
        }
        for (index, byte) in bytes.iter().take(MAX_HEAD).enumerate() {
            self.head.push(*byte);
            if let Some(left) = read_head(&self.head)? {
                self.left = left;
                self.head.clear();
                let length = index.saturating_add(1);
                return Ok(Some(Part { length, is_said: false, ends: left == 0 }));
            }
        }
        Ok(Some(Part { length: bytes.len().min(MAX_HEAD), is_said: false, ends: false }))
    }
}

/// How many bytes the frame has behind its head; `None` when the head is not whole.
fn read_head(head: &[u8]) -> Result<Option<u64>, NoFrame> {
    let (Some(first), Some(second)) = (head.first(), head.get(1)) else { return Ok(None) };
    // What is reserved says that the frame is compressed; a server masks nothing.
    if first & 0x70 != 0 || second & 0x80 != 0 {
        return Err(NoFrame);
    }
    let rest = head.get(2..).unwrap_or(&[]);
    let wanted = match second {
        126 => 2,
        127 => 8,
        length => return Ok(Some(u64::from(*length))),
    };
    let number = rest.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Ok((rest.len() == wanted).then_some(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8], step: usize) -> Result<Vec<Vec<u8>>, NoFrame> {
        let (mut frames, mut all, mut one) = (Frames::default(), Vec::new(), Vec::new());
        for mut part in bytes.chunks(step) {
            while let Some(next) = frames.next(part)? {
                let (now, rest) = part.split_at(next.length);
                if next.is_said {
                    one.extend_from_slice(now);
                }
                if next.ends {
                    all.push(std::mem::take(&mut one));
                }
                part = rest;
            }
        }
        Ok(all)
    }

    #[test]
    fn frames_end_where_their_heads_say_however_they_are_cut() {
        let long = vec![b'x'; 300];
        let mut bytes = b"\x81\x02hi\x8a\x00\x82\x7e\x01\x2c".to_vec();
        bytes.extend_from_slice(&long);
        bytes.extend_from_slice(b"\x82\x7f\0\0\0\0\0\0\0\x01y");
        let whole = vec![b"hi".to_vec(), Vec::new(), long, b"y".to_vec()];
        for step in [1, 2, 3, 7, 1000] {
            assert_eq!(said(&bytes, step).unwrap(), whole, "{step}");
        }
    }

    #[test]
    fn what_is_compressed_or_masked_is_no_frame_that_can_be_searched() {
        assert!(said(b"\xc1\x02hi", 10).is_err());
        assert!(said(b"\x81\x82abcdhi", 10).is_err());
        assert!(said(b"HTTP/1.1 200 OK\r\n", 10).is_err());
    }
}
