//! Encodings that hide text, undone within a bound. Lenient where the languages are:
//! what Node.js or Python would decode, we decode.

use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The most bytes that one decoding gives; a bomb gives nothing.
pub const MAX_DECODED_BYTES: usize = 8 << 20;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Base64 in either alphabet; what is in neither is left out, and decoding ends at
/// the padding, as in Node.js.
#[must_use]
pub fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let kept: Vec<u8> = text
        .iter()
        .take_while(|byte| **byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' => Some(*byte),
            _ if byte.is_ascii_alphanumeric() => Some(*byte),
            _ => None,
        })
        .collect();
    let whole = if kept.len() % 4 == 1 { kept.len() - 1 } else { kept.len() };
    let decoded = LENIENT.decode(kept.get(..whole)?).ok()?;
    (decoded.len() <= MAX_DECODED_BYTES).then_some(decoded)
}

/// Base32 of RFC 4648, upper or lower case.
#[must_use]
pub fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=') {
        let digit = match byte.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            number @ b'2'..=b'7' => number - b'2' + 26,
            _ => return None,
        };
        held = (held << 5) | u32::from(digit);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    (out.len() <= MAX_DECODED_BYTES).then_some(out)
}

/// Base85 with the alphabet of Python's `b85decode`.
#[must_use]
pub fn base85(text: &[u8]) -> Option<Vec<u8>> {
    const DIGITS: &[u8; 85] =
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
    groups_of_five(text, |byte| DIGITS.iter().position(|digit| *digit == byte))
}

/// Base85 with the alphabet of Adobe, with or without `<~` and `~>`.
#[must_use]
pub fn ascii85(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.strip_prefix(b"<~").unwrap_or(text);
    let text = text.strip_suffix(b"~>").unwrap_or(text);
    let mut plain = Vec::with_capacity(text.len());
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        match byte {
            b'z' => plain.extend_from_slice(b"!!!!!"),
            byte => plain.push(*byte),
        }
    }
    groups_of_five(&plain, |byte| {
        byte.checked_sub(b'!').map(usize::from).filter(|digit| *digit < 85)
    })
}

fn groups_of_five(text: &[u8], digit: impl Fn(u8) -> Option<usize>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 4 / 5);
    for group in text.chunks(5) {
        let mut number = 0u64;
        for position in 0..5 {
            let value = group.get(position).map_or(Some(84), |byte| digit(*byte))?;
            number = number * 85 + u64::try_from(value).ok()?;
        }
        let bytes = u32::try_from(number).ok()?.to_be_bytes();
        out.extend_from_slice(bytes.get(..group.len().checked_sub(1)?)?);
    }
    (out.len() <= MAX_DECODED_BYTES).then_some(out)
}

/// Pairs of hexadecimal digits; ends before the first that is none, as in Node.js.
#[must_use]
pub fn hexadecimal(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.chunks_exact(2)
        .map_while(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

/// Letters moved thirteen places.
#[must_use]
pub fn rotated(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            'a'..='m' | 'A'..='M' => char::from_u32(u32::from(letter) + 13).unwrap_or(letter),
            'n'..='z' | 'N'..='Z' => char::from_u32(u32::from(letter) - 13).unwrap_or(letter),
            other => other,
        })
        .collect()
}

/// What a compressed stream holds: gzip, zlib or bare deflate, told by its head.
/// Nothing where it is broken or larger than [`MAX_DECODED_BYTES`].
#[must_use]
pub fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes {
        [0x1f, 0x8b, ..] => bounded(flate2::read::GzDecoder::new(bytes)),
        [0x78, ..] => bounded(flate2::read::ZlibDecoder::new(bytes)),
        _ => bounded(flate2::read::DeflateDecoder::new(bytes)),
    }
}

fn bounded(reader: impl std::io::Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let limit = u64::try_from(MAX_DECODED_BYTES).ok()?;
    reader.take(limit + 1).read_to_end(&mut out).ok()?;
    (out.len() <= MAX_DECODED_BYTES).then_some(out)
}

/// `%41` and its like undone.
#[must_use]
pub fn percent(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).filter(|_| *first == b'%').map(hexadecimal).unwrap_or_default();
        if let [byte] = pair.as_slice() {
            out.push(*byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_node_and_python_decode_is_decoded() {
        assert_eq!(base64(b"aGVs\nbG8=").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64(b"aGVsbG8").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64(b"_-8").as_deref(), Some([0xff, 0xef].as_slice()));
        assert_eq!(base32(b"NBSWY3DP").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base85(b"Xk~0{Zv").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(ascii85(b"<~BOu!rDZ~>").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(hexadecimal(b"68656c6c6fzz"), b"hello");
        assert_eq!(rotated("uryyb Jbeyq"), "hello World");
        assert_eq!(percent("%68ello%2"), "hello%2");
    }

    #[test]
    fn a_bomb_gives_nothing() {
        use std::io::Write as _;
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..16 {
            writer.write_all(&vec![0; 1 << 20]).unwrap();
        }
        assert_eq!(inflated(&writer.finish().unwrap()), None);
    }
}
