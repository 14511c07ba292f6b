//! Reading lines of hostile files: forwards with bounded memory, and from the end.

use crate::record::MAX_LINE_BYTES;
use std::fs::File;
use std::io::{self, BufRead, Read as _};
use std::os::unix::fs::FileExt as _;

const CHUNK: usize = 8 * 1024;

/// What came next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A line; its bytes, without the newline, are in the buffer.
    Whole,
    /// The last bytes have no newline; so many.
    Torn(u64),
    /// More bytes than a record has, without a newline among them.
    TooLong,
    /// Nothing more.
    End,
}

/// Reads the next line into `line`.
pub(crate) fn next(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Next> {
    line.clear();
    let most = MAX_LINE_BYTES as u64 + 1;
    reader.take(most).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Next::Whole);
    }
    let read = line.len() as u64;
    if read < most {
        return Ok(if read == 0 { Next::End } else { Next::Torn(read) });
    }
    // Either a torn tail that happens to be this long, or a line that goes on.
    let mut rest = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(Next::Torn(read + rest));
        }
        if buffer.contains(&b'\n') {
            return Ok(Next::TooLong);
        }
        let length = buffer.len();
        rest += length as u64;
        reader.consume(length);
    }
}

/// Where the last newline in `from..to` is.
pub(crate) fn last_newline(file: &File, from: u64, to: u64) -> io::Result<Option<u64>> {
    let mut buffer = [0; CHUNK];
    let mut end = to;
    while end > from {
        let start = from.max(end.saturating_sub(CHUNK as u64));
        let length = usize::try_from(end - start).unwrap_or(CHUNK);
        let Some(chunk) = buffer.get_mut(..length) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        file.read_exact_at(chunk, start)?;
        if let Some(at) = chunk.iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(start + at as u64));
        }
        end = start;
    }
    Ok(None)
}

/// The line that ends with the newline just before `end`: where it begins, and
/// its bytes. None when it would be longer than a record is.
pub(crate) fn line_before(file: &File, from: u64, end: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
    let newline = end.saturating_sub(1);
    let floor = from.max(newline.saturating_sub(MAX_LINE_BYTES as u64 + 1));
    let start = match last_newline(file, floor, newline)? {
        Some(at) => at + 1,
        None if floor == from => from,
        None => return Ok(None),
    };
    let length = usize::try_from(newline.saturating_sub(start)).unwrap_or(usize::MAX);
    if length > MAX_LINE_BYTES {
        return Ok(None);
    }
    let mut line = vec![0; length];
    file.read_exact_at(&mut line, start)?;
    Ok(Some((start, line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_any_length_takes_no_more_memory_than_a_record() {
        for (end, expected) in [("", None), ("\n", Some(Next::TooLong))] {
            let text = "x".repeat(20 * MAX_LINE_BYTES) + end;
            let mut line = Vec::new();
            let found = next(&mut text.as_bytes(), &mut line).unwrap();
            assert_eq!(found, expected.unwrap_or(Next::Torn(text.len() as u64)));
            assert!(line.capacity() <= 4 * MAX_LINE_BYTES, "{}", line.capacity());
        }
    }
}
