//! Takes a body out of its chunks, so that nothing stands between its bytes.

/// Longest line of a chunk's size with its extensions, or of a trailer.
const MAX_LINE: usize = 8 * 1024;

/// Where in the chunks the next byte is.
#[derive(Debug)]
enum At {
    /// In the line that says how long the next chunk is.
    Size,
    /// In a chunk, with so many bytes to come.
    Data(u64),
    /// In the line end behind a chunk.
    End,
    /// In the fields behind the last chunk.
    Trailer,
    Done,
}

/// Reads chunked transfer coding, RFC 9112 section 7.1.
#[derive(Debug)]
pub(crate) struct Chunks {
    at: At,
    line: Vec<u8>,
}

/// The coding is broken.
#[derive(Debug)]
pub(crate) struct Broken;

impl Chunks {
    pub(crate) const fn new() -> Self {
        Self { at: At::Size, line: Vec::new() }
    }

    /// Whether the body is complete.
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.at, At::Done)
    }

    /// The bytes of the body among these.
    pub(crate) fn pass(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut body = Vec::with_capacity(bytes.len());
        while let Some((first, rest)) = bytes.split_first() {
            if let At::Data(left) = self.at {
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let (data, rest) = bytes.split_at_checked(count).ok_or(Broken)?;
                body.extend_from_slice(data);
                bytes = rest;
                let left = left.saturating_sub(u64::try_from(count).map_err(|_| Broken)?);
                self.at = if left == 0 { At::End } else { At::Data(left) };
                continue;
            }
            bytes = rest;
            if *first != b'\n' {
                self.line.push(*first);
                if self.line.len() > MAX_LINE {
                    return Err(Broken);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = line.strip_suffix(b"\r").ok_or(Broken)?;
            self.at = match self.at {
                At::Size => match size(line)? {
                    0 => At::Trailer,
                    size => At::Data(size),
                },
                At::End if line.is_empty() => At::Size,
                At::Trailer if line.is_empty() => At::Done,
                At::Trailer => At::Trailer,
                At::End | At::Data(_) | At::Done => return Err(Broken),
            };
        }
        Ok(body)
    }
}

fn size(line: &[u8]) -> Result<u64, Broken> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or(&[]).trim_ascii();
    let digits = std::str::from_utf8(digits).map_err(|_| Broken)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Broken);
    }
    u64::from_str_radix(digits, 16).map_err(|_| Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_the_same_however_its_chunks_are_cut() {
        let text = b"5;x=y\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nT: x\r\n\r\n";
        for step in 1..text.len() {
            let mut chunks = Chunks::new();
            let mut body = Vec::new();
            for part in text.chunks(step) {
                assert!(!chunks.is_done());
                body.extend(chunks.pass(part).unwrap());
            }
            assert!(chunks.is_done());
            assert_eq!(body, b"hello world");
        }
    }

    #[test]
    fn broken_chunks_are_told() {
        for text in [
            "x\r\n",
            "\r\n",
            "5\nhello",
            "1\r\nab\r\n",
            "ffffffffffffffffff\r\n",
            "-1\r\n",
            "0\r\n\r\nmore\r\n",
        ] {
            assert!(Chunks::new().pass(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
