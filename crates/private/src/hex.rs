//! Lowercase hexadecimal of fixed-size values, without allocation on reading.

/// Appends the digits of `bytes`.
pub fn write(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(byte & 0x0f));
    }
}

/// The digits of `bytes`.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .map(|nibble| char::from(digit(nibble)))
        .collect()
}

/// Reads exactly `N` bytes; upper-case digits are refused, so that one value has one text.
#[must_use]
pub fn read<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != N.checked_mul(2)? {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

const fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
