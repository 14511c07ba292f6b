//! Text from a stranger, made safe for a terminal, a log line or a page.

use std::fmt;

/// Text that came from a plugin. `Display` escapes everything that could act on
/// a terminal or mislead a reader: control characters, ANSI sequences,
/// bidirectional overrides, zero-width and other invisible characters.
///
/// Newlines and tabs are escaped too; [`UntrustedText::multiline`] keeps them.
#[derive(Clone, Copy)]
pub struct UntrustedText<'a> {
    text: &'a str,
    keep_lines: bool,
}

impl<'a> UntrustedText<'a> {
    /// One line: newlines and tabs are shown as escapes.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, keep_lines: false }
    }

    /// Several lines: `\n` and `\t` pass, everything else as in [`Self::new`].
    #[must_use]
    pub const fn multiline(text: &'a str) -> Self {
        Self { text, keep_lines: true }
    }
}

/// Characters that show nothing or reorder what is around them.
///
/// Source: Unicode Default_Ignorable_Code_Point and Bidi_Control (UAX #44), and
/// the format characters of "Trojan Source" (CVE-2021-42574).
const fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Display for UntrustedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in self.text.chars() {
            match c {
                '\n' | '\t' if self.keep_lines => f.write_char(c)?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c.is_control() || is_deceptive(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for UntrustedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_or_reorders_text_gets_through() {
        let hostile = "\x1b[2Jok\r\u{202e}txt\u{200b}\u{9b}31m\u{7f}";
        let shown = UntrustedText::new(hostile).to_string();
        assert_eq!(shown, "\\u{1b}[2Jok\\r\\u{202e}txt\\u{200b}\\u{9b}31m\\u{7f}");
        assert!(UntrustedText::multiline(hostile).to_string().chars().all(|c| !c.is_control()));
    }

    #[test]
    fn ordinary_text_of_any_language_is_unchanged() {
        let text = "naïve 漢字 emoji 🙂 עברית";
        assert_eq!(UntrustedText::new(text).to_string(), text);
        assert_eq!(UntrustedText::multiline("a\n\tb").to_string(), "a\n\tb");
    }
}
