//! The rest of a secret whose beginning was found: so many units, whatever they are.
//!
//! Nothing here knows the secret. What is starred behind a beginning follows from the
//! text and from how long the secret is, so that no text tells more about it.

use crate::forms::Unit;

/// Longest name or number of a character of HTML.
const MAX_ENTITY: usize = 8;

/// Longest escape in addresses, which may be escaped themselves.
const MAX_ADDRESS: usize = 16;

/// Follows one way in which the rest may be escaped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    unit: Unit,
    /// Units to come.
    left: usize,
    /// Bytes of the escape that began, which was counted as one unit.
    escape: usize,
    /// How many of them are one unit whatever comes.
    whole: usize,
    /// The last byte of it.
    last: u8,
}

/// What a byte is in an escape.
enum Part {
    Inner,
    Last,
    /// It was none.
    No,
}

impl Rest {
    pub(crate) const fn of(unit: Unit) -> Self {
        Self { unit, left: 0, escape: 0, whole: 0, last: 0 }
    }

    /// A beginning ends here, and so many units belong to it.
    pub(crate) const fn begin(&mut self, length: usize) {
        if length > self.left {
            self.left = length;
            self.escape = 0;
        }
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.left == 0 && self.escape == 0
    }

    /// Whether the next byte belongs to it.
    pub(crate) fn holds(&mut self, byte: u8) -> bool {
        if self.escape > 0 {
            match self.part(byte) {
                Part::Inner => {
                    self.escape = self.escape.saturating_add(1);
                    if self.unit == Unit::Address && self.escape % 2 == 1 {
                        // `%25`: a percent sign, or the beginning of one more escape.
                        self.whole = self.escape;
                    }
                    self.last = byte;
                    return true;
                }
                Part::Last => {
                    self.escape = 0;
                    return true;
                }
                Part::No => {
                    self.left = self.left.saturating_sub(self.escape.saturating_sub(self.whole));
                    self.escape = 0;
                }
            }
        }
        if byte.is_ascii_control() {
            // No secret has one, and lines of a head stay lines.
            self.left = 0;
        }
        if self.left == 0 {
            return false;
        }
        self.left = self.left.saturating_sub(1);
        self.escape = usize::from(matches!(
            (self.unit, byte),
            (Unit::Json, b'\\') | (Unit::Html, b'&') | (Unit::Address, b'%')
        ));
        self.whole = self.escape;
        true
    }

    const fn part(&self, byte: u8) -> Part {
        match (self.unit, self.escape, byte) {
            (Unit::Json, 1, b'\\' | b'"' | b'/' | b'\'') => Part::Last,
            (Unit::Json, 1, b'u') => Part::Inner,
            (Unit::Json, 2..=4, byte) if byte.is_ascii_hexdigit() => Part::Inner,
            (Unit::Json, 5, byte) if byte.is_ascii_hexdigit() => Part::Last,
            (Unit::Address, 2..MAX_ADDRESS, b'5')
                if self.escape.is_multiple_of(2) && self.last == b'2' =>
            {
                Part::Inner
            }
            (Unit::Address, _, byte) if byte.is_ascii_hexdigit() => {
                if self.escape.is_multiple_of(2) { Part::Last } else { Part::Inner }
            }
            (Unit::Html, 2.., b';') => Part::Last,
            (Unit::Html, 1..=MAX_ENTITY, byte) if byte.is_ascii_alphanumeric() || byte == b'#' => {
                Part::Inner
            }
            _ => Part::No,
        }
    }
}
