//! How deep a program is nested, found before the parser sees it: a parser and all that
//! walks its tree need stack for each level.

/// Operators, brackets and words within one statement that may be within each other.
const MAX_NESTING: u32 = 20_000;

/// Makes statements that are nested too deeply blank; gives whether there were any.
pub(super) fn flatten(text: &mut String) -> bool {
    if text.len() <= MAX_NESTING as usize {
        return false;
    }
    let found = too_deep(text.as_bytes());
    if found.is_empty() {
        return false;
    }
    let mut bytes = std::mem::take(text).into_bytes();
    for (start, end) in found {
        for byte in bytes.get_mut(start..end).unwrap_or_default() {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    *text = String::from_utf8(bytes).unwrap_or_default();
    true
}

/// The statements that are nested too deeply, each from its first byte to one past its
/// last.
fn too_deep(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    // What each open bracket holds, and the sum over all of them.
    let mut brackets: Vec<u32> = Vec::new();
    let (mut here, mut sum) = (0u32, 0u32);
    let mut in_word = false;
    while let Some(byte) = bytes.get(at).copied() {
        let word = is_word(byte);
        if word {
            if !in_word {
                here += 1;
                sum += 1;
                in_word = true;
            }
            let rest = bytes.get(at..).unwrap_or_default();
            at += rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
            continue;
        }
        in_word = false;
        match byte {
            b'\'' | b'"' => {
                at = after_string(bytes, at, byte);
                continue;
            }
            b'#' => {
                at = end_of_line(bytes, at);
                continue;
            }
            b'\\' => {
                at += 2;
                continue;
            }
            b'(' | b'[' | b'{' => {
                brackets.push(here + 1);
                sum += 1;
                here = 0;
            }
            b')' | b']' | b'}' => {
                sum = sum.saturating_sub(here);
                here = brackets.pop().unwrap_or(0);
            }
            b',' => {
                sum = sum.saturating_sub(here);
                here = 0;
            }
            b'\n' if brackets.is_empty() => {
                (begin, here, sum) = (at + 1, 0, 0);
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => {
                here += 1;
                sum += 1;
            }
        }
        if sum > MAX_NESTING {
            // Brackets that are never closed must not make the rest of the file one
            // statement: it ends with this line.
            let end = end_of_line(bytes, at);
            found.push((begin, end));
            brackets.clear();
            (begin, here, sum) = (end, 0, 0);
            at = end;
            continue;
        }
        at += 1;
    }
    found
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(bytes.len(), |length| at + length)
}

/// For every byte whether it is part of a name or number.
const WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    loop {
        let (_, place) = table.split_at_mut(byte as usize);
        if let Some(first) = place.first_mut() {
            *first = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        }
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

fn is_word(byte: u8) -> bool {
    WORD.get(usize::from(byte)).copied().unwrap_or(false)
}

/// One past the end of the string that begins here.
fn after_string(bytes: &[u8], start: usize, quote: u8) -> usize {
    let triple =
        bytes.get(start..start + 3).is_some_and(|three| three.iter().all(|byte| *byte == quote));
    let mut at = if triple { start + 3 } else { start + 1 };
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let step = if triple {
            memchr::memchr2(quote, b'\\', rest)
        } else {
            memchr::memchr3(quote, b'\\', b'\n', rest)
        };
        let Some(step) = step else { return bytes.len() };
        at += step;
        match bytes.get(at).copied().unwrap_or(quote) {
            b'\\' => at += 2,
            b'\n' if !triple => return at,
            byte if byte == quote => {
                if !triple {
                    return at + 1;
                }
                if bytes
                    .get(at..at + 3)
                    .is_some_and(|three| three.iter().all(|byte| *byte == quote))
                {
                    return at + 3;
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_not_deep_and_a_long_sum_is() {
        let mut list = format!("x = [{}]\n", "-1, ".repeat(100_000));
        assert!(!flatten(&mut list));
        let mut sum = format!("import os\nx = {}1\nos.system('a')\n", "a+".repeat(100_000));
        assert!(flatten(&mut sum));
        assert!(sum.starts_with("import os\n "));
        assert!(sum.ends_with("\nos.system('a')\n"));
        for deep in ["(", "[", "{", "not ", "-", "lambda: ", "a.b", "f(", "x if y else "] {
            assert!(flatten(&mut deep.repeat(100_000)), "{deep}");
        }
        let mut plain = "x = 'a' # ((((\ny = \"\"\"((((\n\"\"\"\n".repeat(20_000);
        assert!(!flatten(&mut plain));
    }
}
