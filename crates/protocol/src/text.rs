//! Text of bounded length.

/// The longest prefix of `text` with at most `bytes` bytes that ends between
/// two characters.
pub(crate) fn prefix(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let mut end = bytes;
    while end > 0 && !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// As [`prefix`], owned.
pub(crate) fn bounded(text: &str, bytes: usize) -> String {
    prefix(text, bytes).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(prefix("aé", 2), "a");
        assert_eq!(prefix("aé", 3), "aé");
        assert_eq!(prefix("漢", 1), "");
    }
}
