//! One JSON text per line: cutting a byte stream into checked frames.
//!
//! Two layers. [`LineDecoder`] cuts at newlines and bounds the length; it is all
//! that is asked of an MCP server, whose stdout also carries noise.
//! [`FrameDecoder`] adds the checks that every frame of our own protocol must
//! pass before a JSON parser sees it.

use crate::violation::Violation;

/// One mebibyte, in bytes.
const MIB: usize = 1024 * 1024;

/// Bounds of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLimits {
    /// Most bytes, without the newline.
    pub bytes: usize,
    /// Most arrays and objects inside each other. `serde_json` stops at 128;
    /// half of it leaves room on any stack and is far above any real message.
    pub depth: usize,
    /// Most values. An array of one-digit numbers takes 2 bytes each on the
    /// wire and 32 in memory, so bytes alone do not bound memory well.
    pub values: usize,
}

impl FrameLimits {
    /// The default bounds with another size.
    #[must_use]
    pub const fn with_bytes(bytes: usize) -> Self {
        Self { bytes, depth: 64, values: 1_000_000 }
    }
}

impl Default for FrameLimits {
    /// 11 MiB: the output limit of every preset (10 MiB) and room around it.
    fn default() -> Self {
        Self::with_bytes(11 * MIB)
    }
}

/// Why a frame is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More bytes than allowed before a newline came.
    #[error("a frame is larger than {maximum} bytes")]
    TooLarge {
        /// Most bytes of a frame.
        maximum: usize,
    },
    /// Arrays and objects inside each other.
    #[error("a frame nests deeper than {maximum} levels")]
    TooDeep {
        /// Most levels.
        maximum: usize,
    },
    /// More values than allowed.
    #[error("a frame holds more than {maximum} values")]
    TooManyValues {
        /// Most values.
        maximum: usize,
    },
    /// Not UTF-8.
    #[error("a frame is not UTF-8")]
    NotUtf8,
    /// A NUL byte.
    #[error("a frame holds a NUL byte")]
    Nul,
    /// Nothing, or only white space.
    #[error("a frame is empty")]
    Empty,
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame")]
    Unfinished,
}

/// Cuts bytes into lines and never holds more than the largest line.
#[derive(Debug)]
pub struct LineDecoder {
    held: Vec<u8>,
    maximum: usize,
    /// Inside a line that was already refused: drop up to its newline.
    skipping: bool,
}

impl LineDecoder {
    /// A decoder for lines of at most `maximum` bytes.
    #[must_use]
    pub const fn new(maximum: usize) -> Self {
        Self { held: Vec::new(), maximum, skipping: false }
    }

    /// The next line, without its newline, taking from the front of `input`.
    ///
    /// `None` when `input` is used up; call it in a loop until then. A line that
    /// is too long is reported once, as soon as that is known.
    pub fn next_line(&mut self, input: &mut &[u8]) -> Option<Result<Vec<u8>, FrameError>> {
        loop {
            if input.is_empty() {
                return None;
            }
            let newline = input.iter().position(|&byte| byte == b'\n');
            let (part, rest) = match newline {
                Some(at) => {
                    let (part, rest) = input.split_at_checked(at)?;
                    (part, rest.get(1..).unwrap_or_default())
                }
                None => (*input, &[][..]),
            };
            if self.skipping {
                *input = rest;
                self.skipping = newline.is_none();
                continue;
            }
            if part.len() > self.maximum - self.held.len() {
                *input = rest;
                self.skipping = newline.is_none();
                self.held = Vec::new();
                return Some(Err(FrameError::TooLarge { maximum: self.maximum }));
            }
            self.hold(part);
            *input = rest;
            if newline.is_some() {
                return Some(Ok(std::mem::take(&mut self.held)));
            }
        }
    }

    /// Doubles like a `Vec`, but never past the maximum.
    fn hold(&mut self, part: &[u8]) {
        let length = self.held.len();
        if self.held.capacity() - length < part.len() {
            let room = self.maximum - length;
            self.held.reserve_exact(part.len().max(length).min(room));
        }
        self.held.extend_from_slice(part);
    }

    /// Bytes held back until their newline comes.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The end of the stream: what is left of an unfinished line.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        self.skipping = false;
        let rest = std::mem::take(&mut self.held);
        (!rest.is_empty()).then_some(rest)
    }
}

/// Cuts bytes into frames that are UTF-8, not empty, free of NUL, and bounded in
/// size, depth and number of values.
#[derive(Debug)]
pub struct FrameDecoder {
    lines: LineDecoder,
    limits: FrameLimits,
}

impl FrameDecoder {
    /// A decoder with these bounds.
    #[must_use]
    pub const fn new(limits: FrameLimits) -> Self {
        Self { lines: LineDecoder::new(limits.bytes), limits }
    }

    /// The next frame, taking from the front of `input`; `None` when `input` is
    /// used up.
    pub fn next_frame(&mut self, input: &mut &[u8]) -> Option<Result<String, FrameError>> {
        Some(self.lines.next_line(input)?.and_then(|line| {
            let text = String::from_utf8(line).map_err(|_| FrameError::NotUtf8)?;
            check(&text, &self.limits)?;
            Ok(text)
        }))
    }

    /// Every frame of `input`.
    pub fn feed<'a>(
        &'a mut self,
        mut input: &'a [u8],
    ) -> impl Iterator<Item = Result<String, FrameError>> + 'a {
        std::iter::from_fn(move || self.next_frame(&mut input))
    }

    /// Bytes held back until their newline comes.
    #[must_use]
    pub fn held(&self) -> usize {
        self.lines.held()
    }

    /// The end of the stream.
    ///
    /// # Errors
    /// [`FrameError::Unfinished`] when it ended inside a frame.
    pub fn finish(&mut self) -> Result<(), FrameError> {
        match self.lines.finish() {
            Some(_) => Err(FrameError::Unfinished),
            None => Ok(()),
        }
    }
}

/// What must hold before a JSON parser is let loose on `text`: one pass, no
/// allocation, no recursion.
///
/// # Errors
/// Empty text, a NUL byte, or more depth or values than `limits` allow. Whether
/// the text is JSON at all is not looked at.
pub fn check(text: &str, limits: &FrameLimits) -> Result<(), FrameError> {
    let (mut depth, mut values) = (0_usize, 1_usize);
    let (mut in_string, mut escaped, mut seen) = (false, false, false);
    for byte in text.bytes() {
        if byte == 0 {
            return Err(FrameError::Nul);
        }
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\r' => continue,
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                values += 1;
                if depth > limits.depth {
                    return Err(FrameError::TooDeep { maximum: limits.depth });
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        seen = true;
    }
    if !seen {
        return Err(FrameError::Empty);
    }
    if values > limits.values {
        return Err(FrameError::TooManyValues { maximum: limits.values });
    }
    Ok(())
}

/// Ends a JSON text with its newline, so that it is one frame.
///
/// A raw newline inside JSON can only be white space, so it becomes a blank.
#[must_use]
pub fn encode(json: String) -> Vec<u8> {
    let mut bytes = json.into_bytes();
    for byte in &mut bytes {
        if *byte == b'\n' {
            *byte = b' ';
        }
    }
    bytes.push(b'\n');
    bytes
}

impl From<FrameError> for Violation {
    fn from(error: FrameError) -> Self {
        Violation::Frame(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_for_an_unfinished_line_never_passes_the_maximum() {
        for step in [1, 7, 100, 999] {
            let mut decoder = LineDecoder::new(10_000);
            let mut sent = 0;
            while sent + step <= 10_000 {
                assert_eq!(decoder.next_line(&mut vec![b'x'; step].as_slice()), None);
                sent += step;
                assert!(decoder.held.capacity() <= 10_000, "{step}");
            }
            assert_eq!(decoder.held(), sent);
        }
    }
}
