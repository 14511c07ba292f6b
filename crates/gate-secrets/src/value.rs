//! A value that can go out in a request and be found again in what comes back.

use std::fmt;
use zeroize::Zeroizing;

/// Shortest secret, in bytes. A shorter one could not be taken out of an answer
/// without taking out half of it.
pub const MIN_SECRET: usize = 8;
/// Longest secret, in bytes: what fits into the head of a request beside the rest.
pub const MAX_SECRET: usize = 8 * 1024;

/// A secret's value. Its memory is cleared when it is dropped; no format shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// Why a text cannot be a secret. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Fewer than [`MIN_SECRET`] bytes.
    #[error("it is shorter than {MIN_SECRET} bytes")]
    TooShort,
    /// More than [`MAX_SECRET`] bytes.
    #[error("it is longer than {MAX_SECRET} bytes")]
    TooLong,
    /// A line end or another control character would be another header.
    #[error("it holds a character that no header may hold")]
    Character,
}

impl Secret {
    /// Takes a value as it was read; one line end at its end is not part of it.
    ///
    /// # Errors
    /// When it cannot stand in a header, or could not be found in an answer.
    pub fn new(mut text: Zeroizing<String>) -> Result<Self, ValueError> {
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        if text.len() < MIN_SECRET {
            return Err(ValueError::TooShort);
        }
        if text.len() > MAX_SECRET {
            return Err(ValueError::TooLong);
        }
        // Visible ASCII and blanks within: RFC 9110 section 5.5.
        let fits = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        if !text.bytes().all(fits) || text.starts_with(' ') || text.ends_with(' ') {
            return Err(ValueError::Character);
        }
        Ok(Self(text))
    }

    /// The value, for the one place that puts it into a request.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Result<Secret, ValueError> {
        Secret::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_line_end_of_a_file_is_not_part_of_the_secret_and_one_inside_is_refused() {
        assert_eq!(secret("sk-12345678\r\n").unwrap().expose(), "sk-12345678");
        for text in
            ["sk-1234\r\nX-Admin: 1", "sk-1234\n\n", "sk-1234\x00567", "sk-1234é567", " 12345678"]
        {
            assert_eq!(secret(text), Err(ValueError::Character), "{text:?}");
        }
    }

    #[test]
    fn what_could_not_be_found_again_is_no_secret() {
        assert_eq!(secret("1234567"), Err(ValueError::TooShort));
        assert_eq!(secret(&"x".repeat(MAX_SECRET + 1)), Err(ValueError::TooLong));
    }

    #[test]
    fn no_format_shows_it() {
        assert_eq!(format!("{:?}", secret("sk-12345678").unwrap()), "[redacted]");
    }
}
