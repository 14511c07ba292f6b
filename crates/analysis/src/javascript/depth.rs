//! How deep a file nests, told before the parser sees it: the parser calls itself for
//! every level, and a stack that ends takes the whole process with it.
//!
//! It counts brackets, and operators and words that make the parser descend without a
//! bracket, since the last place where a statement or an element ended. It counts too
//! much rather than too little.

/// The deepest nesting that is parsed. People write below 200, programs that generate
/// code below 3,000.
pub(crate) const MAX_DEPTH: usize = 12_000;

/// Whether the file nests deeper than [`MAX_DEPTH`].
pub(crate) fn is_too_deep(source: &str) -> bool {
    // No level without a byte.
    if source.len() <= MAX_DEPTH {
        return false;
    }
    let mut scan = Scan { bytes: source.as_bytes(), ..Scan::default() };
    scan.levels.push(0);
    scan.run()
}

#[derive(Default)]
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// What was counted on each open level.
    levels: Vec<u32>,
    /// The levels on which a template's text goes on when their brace closes.
    templates: Vec<usize>,
    total: usize,
    /// The last byte that is no space.
    last: u8,
    /// Whether the last word makes the parser expect an operand.
    after_keyword: bool,
}

impl Scan<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// How many bytes come before one that is so.
    fn until(&self, found: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        rest.iter().position(|byte| found(*byte)).unwrap_or(rest.len())
    }

    fn count(&mut self) {
        self.total += 1;
        if let Some(level) = self.levels.last_mut() {
            *level = level.saturating_add(1);
        }
    }

    fn forget(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.total = self.total.saturating_sub(usize::try_from(*level).unwrap_or(0));
            *level = 0;
        }
    }

    fn close(&mut self) {
        self.forget();
        if self.levels.len() > 1 {
            self.levels.pop();
        }
    }

    fn run(&mut self) -> bool {
        while let Some(byte) = self.bytes.get(self.at).copied() {
            let was = self.last;
            self.at += 1;
            match byte {
                b'\n' => {
                    let next = self.peek(0);
                    let ended =
                        was.is_ascii_alphanumeric() || matches!(was, b'\'' | b'"' | b'`' | b'}');
                    if ended && !self.after_keyword && (next.is_ascii_alphabetic() || next == b'\n')
                    {
                        self.forget();
                    }
                    continue;
                }
                b' ' | b'\t' | b'\r' => {
                    self.at += self.until(|byte| byte != b' ');
                    continue;
                }
                b'/' if self.peek(0) == b'/' => {
                    let rest = self.bytes.get(self.at..).unwrap_or_default();
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    continue;
                }
                b'/' if self.peek(0) == b'*' => {
                    self.at += 1;
                    self.skip_comment();
                    continue;
                }
                b'/' if self.after_keyword || !is_operand_end(was) => {
                    self.skip_regular_expression();
                }
                b'"' | b'\'' => self.skip_string(byte),
                b'`' => self.skip_template(),
                b'(' | b'[' | b'{' => self.levels.push(0),
                b')' | b']' => self.close(),
                b'}' => {
                    let level = self.levels.len();
                    self.close();
                    if self.templates.last() == Some(&level) {
                        self.templates.pop();
                        self.skip_template();
                    }
                }
                b';' | b',' => self.forget(),
                byte if is_word(byte) => {
                    self.word();
                    self.last = b'a';
                    if self.is_over() {
                        return true;
                    }
                    continue;
                }
                b'.' => {}
                _ => self.count(),
            }
            self.last = byte;
            self.after_keyword = false;
            if self.is_over() {
                return true;
            }
        }
        false
    }

    fn is_over(&self) -> bool {
        self.total + self.levels.len() > MAX_DEPTH
    }

    fn word(&mut self) {
        let start = self.at - 1;
        self.at += self.until(|byte| !is_word(byte));
        let word = self.bytes.get(start..self.at).unwrap_or_default();
        // Most words are told from those below by their length or first letter.
        let is_none = !matches!(word.len(), 2..=10)
            || !matches!(
                word.first(),
                Some(b'a' | b'c'..=b'f' | b'i' | b'k' | b'n' | b'o' | b'r' | b't'..=b'w' | b'y')
            );
        if is_none {
            self.after_keyword = false;
            return;
        }
        self.after_keyword = self.last != b'.'
            && matches!(
                word,
                b"typeof"
                    | b"void"
                    | b"delete"
                    | b"await"
                    | b"yield"
                    | b"new"
                    | b"else"
                    | b"do"
                    | b"return"
                    | b"throw"
                    | b"case"
                    | b"in"
                    | b"of"
                    | b"instanceof"
                    | b"extends"
                    | b"keyof"
                    | b"readonly"
                    | b"unique"
                    | b"infer"
                    | b"async"
            );
        if self.after_keyword || matches!(word, b"if" | b"for" | b"while" | b"with") {
            self.count();
        }
    }

    fn skip_comment(&mut self) {
        // The star that opens it does not close it.
        let start = self.at - 1;
        while self.at < self.bytes.len() {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at += memchr::memchr(b'/', rest).unwrap_or(rest.len()) + 1;
            if self.at > 1 && self.bytes.get(self.at - 2) == Some(&b'*') && self.at - 2 > start {
                return;
            }
        }
    }

    fn skip_string(&mut self, quote: u8) {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let length = memchr::memchr3(quote, b'\\', b'\n', rest).unwrap_or(rest.len());
            self.at += length + 1;
            if self.bytes.get(self.at - 1) != Some(&b'\\') {
                return;
            }
            self.at += 1;
        }
    }

    fn skip_regular_expression(&mut self) {
        let mut in_class = false;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => return,
                b'\n' => return,
                _ => {}
            }
        }
    }

    /// To the end of a template, or into an expression within it.
    fn skip_template(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'`' => return,
                b'$' if self.peek(0) == b'{' => {
                    self.at += 1;
                    self.levels.push(0);
                    self.templates.push(self.levels.len());
                    return;
                }
                _ => {}
            }
        }
    }
}

/// For every byte whether it is part of a name or number.
const WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    loop {
        let (place, _) = table.split_at_mut(byte as usize + 1);
        if let Some(last) = place.last_mut() {
            *last = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
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

fn is_operand_end(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b')' | b']' | b'}' | b'"' | b'\'' | b'`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_the_parsers_stack_is_refused() {
        for piece in [
            "(",
            "[",
            "{",
            "!",
            "- ",
            "typeof ",
            "a=>",
            "a?b:",
            "`${",
            "new ",
            "a:\n",
            "if(a)\n",
            "for(;;)",
            "a=",
            "[\")\",",
            "(/)/,",
            "( /* ) */",
            "if(a){}else ",
            "a**",
            "<a>",
            "do ",
        ] {
            assert!(is_too_deep(&piece.repeat(100_000)), "{piece}");
        }
    }

    #[test]
    fn what_people_write_is_not() {
        for piece in [
            "a = b + c;\n",
            "f(1, -2);\n",
            "call(x)\n",
            "const x = a ? b : c\n",
            "x = /[(]/;\n",
            "if (a) { b() } else { c() }\n",
            "[[1], [2]],\n",
            "s = `a ${b} ( `;\n",
            "// don't (\n",
            "x = '(';\n",
        ] {
            assert!(!is_too_deep(&piece.repeat(100_000)), "{piece}");
        }
    }
}
