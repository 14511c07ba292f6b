//! Ends of quoted pieces, and the escapes of `$'...'`.

/// Decodes up to the closing quote; gives the text and how many bytes were read, the
/// quote among them.
pub(super) fn ansi_c(text: &str) -> (String, usize) {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\'' => break,
            b'\\' => {
                let kind = bytes.get(at).copied().unwrap_or(b'\\');
                at += 1;
                let (base, most, from) = match kind {
                    b'x' => (16, 2, at),
                    b'u' => (16, 4, at),
                    b'U' => (16, 8, at),
                    b'0'..=b'7' => (8, 3, at - 1),
                    other => {
                        out.push(plain(other));
                        continue;
                    }
                };
                let digits = bytes.get(from..).unwrap_or_default().iter().take(most);
                let digits = digits.take_while(|byte| char::from(**byte).is_digit(base)).count();
                let number = text.get(from..from + digits).unwrap_or_default();
                let number = u32::from_str_radix(number, base).unwrap_or(0);
                at = from + digits;
                if matches!(kind, b'u' | b'U') {
                    let letter = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
                    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                } else {
                    out.push(u8::try_from(number & 0xff).unwrap_or(0));
                }
            }
            byte => out.push(*byte),
        }
    }
    (String::from_utf8_lossy(&out).into_owned(), at.min(text.len()))
}

/// What a letter after a backslash means in `$'...'` and `echo -e`.
pub(super) fn plain(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' => 27,
        b'f' => 12,
        b'v' => 11,
        other => other,
    }
}

/// Bytes up to a backtick that no backslash stands before.
pub(super) fn until_backtick(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'`' if !escaped => return at,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Bytes up to the brace that closes `${`.
pub(super) fn until_brace(text: &str) -> usize {
    let mut open = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return at,
            b'}' => open -= 1,
            _ => {}
        }
    }
    text.len()
}
