//! Text to tokens: words with their quotes and expansions, operators, redirections
//! with the bodies of here-documents.

use super::escapes;
use super::parse::parse_nested;
use super::words::{Change, Part, Redirect, Redirection, Span, Word};

#[derive(Clone, Debug)]
pub(super) enum Token {
    End,
    /// `;`, `&`, `&&`, `||`, a line's end
    Separator,
    /// `|`, `|&`
    Pipe,
    /// `(`
    Open,
    /// `)`
    Close,
    Word(Word),
    Redirect(Redirection),
}

pub(super) struct Lexer<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) depth: u32,
    /// Tokens that may still be read.
    pub(super) fuel: u32,
    /// Whether a bound was met.
    pub(super) cut: bool,
    /// Whether the last token that was taken was a pipe.
    pub(super) piped: bool,
    /// Where the text of the next here-document begins, once one was met on this line.
    documents: Option<usize>,
    peeked: Option<(Token, usize, Option<usize>)>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, depth: u32) -> Self {
        let fuel = 400_000;
        Self { text, at: 0, depth, fuel, cut: false, piped: false, documents: None, peeked: None }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Where the next token begins.
    pub(super) fn position(&mut self) -> usize {
        self.blanks();
        self.at
    }

    pub(super) fn peek(&mut self) -> Token {
        if let Some((token, ..)) = &self.peeked {
            return token.clone();
        }
        let (at, documents) = (self.at, self.documents);
        let token = self.read();
        self.peeked = Some((token.clone(), self.at, self.documents));
        (self.at, self.documents) = (at, documents);
        token
    }

    pub(super) fn next_token(&mut self) -> Token {
        let token = match self.peeked.take() {
            Some((token, at, documents)) => {
                (self.at, self.documents) = (at, documents);
                token
            }
            None => self.read(),
        };
        self.piped = matches!(token, Token::Pipe);
        token
    }

    /// Reads nothing more.
    pub(super) fn skip_all(&mut self) {
        self.peeked = None;
        self.at = self.text.len();
    }

    fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            if let Some(after) = rest.strip_prefix("\\\n") {
                self.at = self.text.len() - after.len();
            } else if rest.starts_with([' ', '\t', '\r']) {
                self.at += 1;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    fn read(&mut self) -> Token {
        self.blanks();
        if self.fuel == 0 {
            self.cut = true;
            self.skip_all();
        }
        self.fuel = self.fuel.saturating_sub(1);
        let rest = self.rest();
        let (length, token) = match rest.as_bytes() {
            [] => return Token::End,
            [b'\n', ..] => {
                self.at = self.documents.take().unwrap_or(self.at + 1).max(self.at + 1);
                return Token::Separator;
            }
            [b'&', b'>', b'>', ..] => return self.redirect(3, Redirect::Output),
            [b'&', b'>', ..] => return self.redirect(2, Redirect::Output),
            [b';', b';', ..] | [b'&', b'&', ..] | [b'|', b'|', ..] => (2, Token::Separator),
            [b';' | b'&', ..] => (1, Token::Separator),
            [b'|', b'&', ..] => (2, Token::Pipe),
            [b'|', ..] => (1, Token::Pipe),
            [b'<' | b'>', b'(', ..] => return Token::Word(self.word()),
            [b'(', ..] => (1, Token::Open),
            [b')', ..] => (1, Token::Close),
            [b'<', b'<', b'<', ..] => return self.redirect(3, Redirect::Text),
            [b'<', b'<', ..] => return self.document(),
            [b'<', b'&', ..] => return self.redirect(2, Redirect::Input),
            [b'<', ..] => return self.redirect(1, Redirect::Input),
            [b'>', b'>' | b'|' | b'&', ..] => return self.redirect(2, Redirect::Output),
            [b'>', ..] => return self.redirect(1, Redirect::Output),
            [digit, b'<' | b'>', ..] if digit.is_ascii_digit() => {
                self.at += 1;
                return self.read();
            }
            _ => return Token::Word(self.word()),
        };
        self.at += length;
        token
    }

    fn redirect(&mut self, length: usize, kind: Redirect) -> Token {
        self.at += length;
        self.blanks();
        let target = self.word();
        Token::Redirect(Redirection { kind, target })
    }

    /// `<<EOF`: the body begins on the next line, after those of others on this line.
    fn document(&mut self) -> Token {
        self.at += 2;
        let tabs = self.rest().starts_with('-');
        self.at += usize::from(tabs);
        self.blanks();
        let end = self.word();
        let literal = end.parts.iter().any(|part| matches!(part, Part::Text(_, true)));
        let end: String = end
            .parts
            .iter()
            .map(|part| if let Part::Text(text, _) = part { text.as_str() } else { "" })
            .collect();
        let line_end = self.rest().find('\n').map(|length| self.at + length + 1);
        let start = self.documents.or(line_end).unwrap_or(self.text.len());
        let mut body = String::new();
        let mut at = start;
        for line in self.text.get(start..).unwrap_or_default().split_inclusive('\n') {
            at += line.len();
            let shown = if tabs { line.trim_start_matches('\t') } else { line };
            if shown.trim_end_matches(['\n', '\r']) == end {
                break;
            }
            body.push_str(shown);
        }
        self.documents = Some(at);
        let span = Span { start, end: at };
        let parts = if literal {
            vec![Part::Text(body, true)]
        } else {
            let mut inner = Lexer::new(&body, self.depth + 1);
            inner.fuel = self.fuel;
            let parts = inner.double_quoted(None);
            self.cut |= inner.cut;
            parts
        };
        Token::Redirect(Redirection { kind: Redirect::Text, target: Word { parts, span } })
    }

    /// One word; may be empty where none stands.
    fn word(&mut self) -> Word {
        let start = self.at;
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut quoted = false;
        let flush = |text: &mut String, quoted: &mut bool, parts: &mut Vec<Part>| {
            if !text.is_empty() || *quoted {
                parts.push(Part::Text(std::mem::take(text), *quoted));
                *quoted = false;
            }
        };
        loop {
            let rest = self.rest();
            let Some(first) = rest.chars().next() else { break };
            match first {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | ')' => break,
                '<' | '>' if self.at == start && rest.get(1..2) == Some("(") => {
                    let (script, end, cut) = parse_nested(self, self.at + 2);
                    self.cut |= cut;
                    self.at = end;
                    parts.push(Part::Output { script, quoted: true });
                }
                '<' | '>' | '(' => break,
                '\\' => {
                    let escaped = rest.chars().nth(1);
                    self.at += 1 + escaped.map_or(0, char::len_utf8);
                    text.extend(escaped.filter(|c| *c != '\n'));
                    continue;
                }
                '\'' => {
                    let inner = rest.get(1..).unwrap_or_default();
                    let length = inner.find('\'').unwrap_or(inner.len());
                    flush(&mut text, &mut quoted, &mut parts);
                    text.push_str(inner.get(..length).unwrap_or_default());
                    quoted = true;
                    flush(&mut text, &mut quoted, &mut parts);
                    self.at = (self.at + length + 2).min(self.text.len());
                }
                '"' => {
                    flush(&mut text, &mut quoted, &mut parts);
                    self.at += 1;
                    let inner = self.double_quoted(Some('"'));
                    if inner.is_empty() {
                        parts.push(Part::Text(String::new(), true));
                    }
                    parts.extend(inner);
                }
                '$' if rest.starts_with("$'") => {
                    flush(&mut text, &mut quoted, &mut parts);
                    let (decoded, length) = escapes::ansi_c(rest.get(2..).unwrap_or_default());
                    parts.push(Part::Text(decoded, true));
                    self.at += 2 + length;
                }
                '$' if rest.starts_with("$\"") => self.at += 1,
                '$' | '`' => {
                    flush(&mut text, &mut quoted, &mut parts);
                    match self.expansion(false) {
                        Some(part) => parts.push(part),
                        None => {
                            text.push(first);
                            self.at += 1;
                        }
                    }
                }
                _ => {
                    // A run of plain characters at once: files of one line are long.
                    let length = rest.find(plain_ends).unwrap_or(rest.len()).max(first.len_utf8());
                    text.push_str(rest.get(..length).unwrap_or_default());
                    self.at += length;
                }
            }
        }
        flush(&mut text, &mut quoted, &mut parts);
        merge(&mut parts);
        Word { parts, span: Span { start, end: self.at } }
    }

    /// What stands in double quotes, up to the closing one, or to the end.
    pub(super) fn double_quoted(&mut self, close: Option<char>) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(first) = rest.chars().next() else { break };
            if Some(first) == close {
                self.at += 1;
                break;
            }
            match first {
                '\\' => {
                    let escaped = rest.chars().nth(1);
                    self.at += 1 + escaped.map_or(0, char::len_utf8);
                    match escaped {
                        Some('\n') => {}
                        Some(c @ ('$' | '`' | '"' | '\\')) => text.push(c),
                        other => {
                            text.push('\\');
                            text.extend(other);
                        }
                    }
                }
                '$' | '`' => match self.expansion(true) {
                    Some(part) => {
                        if !text.is_empty() {
                            parts.push(Part::Text(std::mem::take(&mut text), true));
                        }
                        parts.push(part);
                    }
                    None => {
                        text.push(first);
                        self.at += 1;
                    }
                },
                _ => {
                    let ends = |c: char| matches!(c, '\\' | '$' | '`') || Some(c) == close;
                    let length = rest.find(ends).unwrap_or(rest.len());
                    text.push_str(rest.get(..length).unwrap_or_default());
                    self.at += length;
                }
            }
        }
        if !text.is_empty() {
            parts.push(Part::Text(text, true));
        }
        parts
    }

    /// What begins with a dollar or a backtick. `None` when it stands for itself.
    fn expansion(&mut self, quoted: bool) -> Option<Part> {
        let rest = self.rest();
        if self.fuel == 0 {
            self.cut = true;
            self.at = self.text.len();
            return Some(Part::Text(String::new(), true));
        }
        self.fuel -= 1;
        if let Some(inner) = rest.strip_prefix('`') {
            let length = escapes::until_backtick(inner);
            let code =
                inner.get(..length).unwrap_or_default().replace("\\`", "`").replace("\\\\", "\\");
            self.at = (self.at + length + 2).min(self.text.len());
            let mut holder = Lexer::new(&code, self.depth);
            holder.fuel = self.fuel;
            let (script, _, cut) = parse_nested(&holder, 0);
            self.cut |= cut;
            return Some(Part::Output { script, quoted });
        }
        let after = rest.strip_prefix('$')?;
        if let Some(sum) = after.strip_prefix("((") {
            let length = sum.find("))").map_or(sum.len(), |length| length + 2);
            self.at += 3 + length;
            return Some(variable("((", Change::Unknown, quoted));
        }
        if after.starts_with('(') {
            let (script, end, cut) = parse_nested(self, self.at + 2);
            self.cut |= cut;
            self.at = end.max(self.at + 2);
            return Some(Part::Output { script, quoted });
        }
        if let Some(inner) = after.strip_prefix('{') {
            let length = escapes::until_brace(inner);
            self.at = (self.at + 3 + length).min(self.text.len());
            return Some(parameter(inner.get(..length).unwrap_or_default(), quoted));
        }
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let special =
            |c: char| c.is_ascii_digit() || matches!(c, '@' | '*' | '#' | '?' | '$' | '!' | '-');
        let length = match after.chars().next() {
            Some(c) if special(c) => 1,
            Some(c) if name(c) => after.find(|c| !name(c)).unwrap_or(after.len()),
            _ => return None,
        };
        self.at += 1 + length;
        Some(variable(after.get(..length)?, Change::None, quoted))
    }
}

fn plain_ends(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t'
            | '\r'
            | '\n'
            | ';'
            | '&'
            | '|'
            | ')'
            | '<'
            | '>'
            | '('
            | '\\'
            | '\''
            | '"'
            | '$'
            | '`'
    )
}

fn variable(name: &str, change: Change, quoted: bool) -> Part {
    Part::Variable { name: name.to_owned(), change, quoted }
}

/// What stands in `${ }`.
fn parameter(inner: &str, quoted: bool) -> Part {
    let name_end =
        inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (name, rest) = inner.split_at_checked(name_end).unwrap_or((inner, ""));
    // `name[@]`, `name[*]`, `name[0]`: the index is part of the name.
    let index = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    if let Some((index, "")) = index.filter(|_| !name.is_empty()) {
        let index = if index == "*" { "@" } else { index };
        return variable(&format!("{name}[{index}]"), Change::None, quoted);
    }
    let change = match rest.as_bytes() {
        [] => Change::None,
        [b':', b'-' | b'=' | b'+', ..] => {
            Change::Default(rest.get(2..).unwrap_or_default().to_owned())
        }
        [b'-' | b'=', ..] => Change::Default(rest.get(1..).unwrap_or_default().to_owned()),
        [b':', ..] => {
            let mut numbers = rest.split(':').skip(1).map(|number| number.trim().parse::<usize>());
            match (numbers.next(), numbers.next()) {
                (Some(Ok(from)), None) => Change::Slice(from, None),
                (Some(Ok(from)), Some(Ok(count))) => Change::Slice(from, Some(count)),
                _ => Change::Unknown,
            }
        }
        [b'/', ..] => {
            let all = rest.starts_with("//");
            let body = rest.trim_start_matches('/');
            let (from, to) = body.split_once('/').unwrap_or((body, ""));
            Change::Replace { from: from.to_owned(), to: to.to_owned(), all }
        }
        _ => Change::Unknown,
    };
    variable(name, change, quoted)
}

/// Pieces of plain text that stand together are one, so that `c""url` is `curl`. What
/// may be the name of an assignment stays for itself: `a="b"` is one, `"a=b"` is none.
fn merge(parts: &mut Vec<Part>) {
    let mut merged: Vec<Part> = Vec::with_capacity(parts.len());
    let named = matches!(parts.first(), Some(Part::Text(text, false)) if text.ends_with('='));
    for (at, part) in parts.drain(..).enumerate() {
        if named && at == 1 {
            merged.push(part);
            continue;
        }
        match (merged.last_mut(), part) {
            (Some(Part::Text(before, marked)), Part::Text(text, quoted)) => {
                before.push_str(&text);
                *marked |= quoted;
            }
            (_, part) => merged.push(part),
        }
    }
    *parts = merged;
}
