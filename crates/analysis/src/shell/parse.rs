//! Text to a script. Lenient: what a shell would refuse is read as far as it goes,
//! because the question is what could run, not whether it is well written.

use super::lex::{Lexer, Token};
use super::words::{Command, Form, Part, Pipeline, Redirection, Script, Span, Word};

/// Most scripts in each other: substitutions, brackets, loops.
const MAX_DEPTH: u32 = 48;

/// The script, and whether all of it was read.
pub(super) fn parse(text: &str) -> (Script, bool) {
    let mut parser = Parser { lexer: Lexer::new(text, 0) };
    let mut script = Script::default();
    loop {
        script.0.extend(parser.list(&[]).0);
        // A bracket or keyword too many ends a list; what follows is still read.
        if matches!(parser.lexer.next_token(), Token::End) {
            break;
        }
    }
    (script, !parser.lexer.cut)
}

/// As [`parse`], for what stands in `$( )`; gives where it ends.
pub(super) fn parse_nested(lexer: &Lexer<'_>, from: usize) -> (Script, usize, bool) {
    if lexer.depth >= MAX_DEPTH {
        return (Script::default(), lexer.text.len(), true);
    }
    let mut nested = Lexer::new(lexer.text, lexer.depth + 1);
    nested.at = from;
    nested.fuel = lexer.fuel;
    let mut parser = Parser { lexer: nested };
    let script = parser.list(&[]);
    let _ = parser.lexer.next_token();
    (script, parser.lexer.at, parser.lexer.cut)
}

struct Parser<'t> {
    lexer: Lexer<'t>,
}

impl Parser<'_> {
    /// Pipelines up to a closing bracket, one of these keywords, or the end. The
    /// keyword is left for the caller.
    fn list(&mut self, ends: &[&str]) -> Script {
        let mut script = Script::default();
        if !self.deeper() {
            return script;
        }
        let mut pipeline = Pipeline::default();
        loop {
            let before = self.lexer.at;
            match self.lexer.peek() {
                Token::End | Token::Close => break,
                Token::Separator => {
                    self.lexer.next_token();
                    push(&mut script, &mut pipeline);
                }
                Token::Pipe => {
                    self.lexer.next_token();
                }
                Token::Word(word) if word.keyword().is_some_and(|word| ends.contains(&word)) => {
                    break;
                }
                _ => {
                    if !pipeline.0.is_empty() && !self.lexer.piped {
                        push(&mut script, &mut pipeline);
                    }
                    if let Some(command) = self.command() {
                        pipeline.0.push(command);
                    }
                    if self.lexer.at == before {
                        self.lexer.next_token();
                    }
                }
            }
        }
        push(&mut script, &mut pipeline);
        self.lexer.depth -= 1;
        script
    }

    /// One level further in, unless that is too deep: then nothing more is read.
    fn deeper(&mut self) -> bool {
        if self.lexer.depth >= MAX_DEPTH {
            self.lexer.cut = true;
            self.lexer.skip_all();
            return false;
        }
        self.lexer.depth += 1;
        true
    }

    fn command(&mut self) -> Option<Command> {
        if !self.deeper() {
            return None;
        }
        let command = self.command_here();
        self.lexer.depth -= 1;
        command
    }

    fn command_here(&mut self) -> Option<Command> {
        let start = self.lexer.position();
        let form = match self.lexer.peek() {
            Token::Open => {
                self.lexer.next_token();
                let script = self.list(&[]);
                self.lexer.next_token();
                Form::Group(script)
            }
            Token::Word(word) => match word.keyword() {
                Some("{") => self.bracketed(&["}"]),
                Some("[[") => self.condition(),
                Some("if" | "elif") => {
                    self.lexer.next_token();
                    let mut script = self.list(&["then", "fi"]);
                    while let Token::Word(word) = self.lexer.next_token() {
                        if word.keyword() == Some("fi") {
                            break;
                        }
                        script.0.extend(self.list(&["then", "elif", "else", "fi"]).0);
                    }
                    Form::Group(script)
                }
                Some("while" | "until") => {
                    self.lexer.next_token();
                    let condition = self.list(&["do", "done"]);
                    self.lexer.next_token();
                    let body = self.list(&["done"]);
                    self.lexer.next_token();
                    Form::Loop { condition, body, name: word.keyword().map(str::to_owned) }
                }
                Some("for" | "select") => {
                    self.lexer.next_token();
                    let script = self.list(&["do", "done"]);
                    self.lexer.next_token();
                    let body = self.list(&["done"]);
                    self.lexer.next_token();
                    Form::Group(loop_over(script, body))
                }
                Some("case") => {
                    self.lexer.next_token();
                    self.cases()
                }
                Some("function") => {
                    self.lexer.next_token();
                    self.lexer.next_token();
                    return self.command();
                }
                Some("!" | "time" | "then" | "else" | "do" | "coproc") => {
                    self.lexer.next_token();
                    return self.command();
                }
                _ => return self.simple(start),
            },
            _ => return self.simple(start),
        };
        let mut redirections = Vec::new();
        while let Token::Redirect(redirection) = self.lexer.peek() {
            self.lexer.next_token();
            redirections.push(redirection);
        }
        Some(Command { form, redirections, span: Span { start, end: self.lexer.at } })
    }

    fn bracketed(&mut self, ends: &[&str]) -> Form {
        self.lexer.next_token();
        let script = self.list(ends);
        self.lexer.next_token();
        Form::Group(script)
    }

    /// `[[ a == b || c ]]`: words to compare. What joins them ends no command, and only
    /// what is substituted in them runs.
    fn condition(&mut self) -> Form {
        let mut words = Vec::new();
        loop {
            match self.lexer.next_token() {
                Token::End => break,
                Token::Word(word) => {
                    let is_end = word.keyword() == Some("]]");
                    words.push(word);
                    if is_end {
                        break;
                    }
                }
                Token::Redirect(redirection) => words.push(redirection.target),
                Token::Separator | Token::Pipe | Token::Open | Token::Close => {}
            }
        }
        Form::Simple { assignments: Vec::new(), words }
    }

    /// `word in pattern) list ;; ... esac`: all lists, one after the other.
    fn cases(&mut self) -> Form {
        let mut script = Script::default();
        loop {
            match self.lexer.peek() {
                Token::End => break,
                Token::Word(word) if word.keyword() == Some("esac") => {
                    self.lexer.next_token();
                    break;
                }
                // The bracket after a pattern; what follows is a list.
                Token::Close => {
                    self.lexer.next_token();
                    script.0.extend(self.list_of_case().0);
                }
                _ => {
                    self.lexer.next_token();
                }
            }
        }
        Form::Group(script)
    }

    /// Up to `;;`, which is two separators.
    fn list_of_case(&mut self) -> Script {
        let mut script = Script::default();
        if !self.deeper() {
            return script;
        }
        let mut pipeline = Pipeline::default();
        loop {
            match self.lexer.peek() {
                Token::End | Token::Close => break,
                Token::Word(word) if word.keyword() == Some("esac") => break,
                Token::Separator => {
                    push(&mut script, &mut pipeline);
                    // Blanks may stand in front of it.
                    self.lexer.position();
                    let double = self.lexer.rest().starts_with(";;");
                    self.lexer.next_token();
                    if double {
                        break;
                    }
                }
                Token::Pipe => {
                    self.lexer.next_token();
                }
                _ => {
                    let before = self.lexer.at;
                    if !pipeline.0.is_empty() && !self.lexer.piped {
                        push(&mut script, &mut pipeline);
                    }
                    pipeline.0.extend(self.command());
                    if self.lexer.at == before {
                        self.lexer.next_token();
                    }
                }
            }
        }
        push(&mut script, &mut pipeline);
        self.lexer.depth -= 1;
        script
    }

    /// `name=(`, without a blank before the bracket: no subshell begins there.
    fn opens_array(&mut self, value: &Word) -> bool {
        value.parts.iter().all(|part| matches!(part, Part::Text(text, _) if text.is_empty()))
            && matches!(self.lexer.peek(), Token::Open)
    }

    /// `(a b c)` behind `name=`: a variable for each element, and the first one by the
    /// name alone.
    fn array(&mut self, name: &str) -> Vec<(String, Word)> {
        self.lexer.next_token();
        let mut all = Vec::new();
        loop {
            match self.lexer.next_token() {
                Token::End | Token::Close => break,
                Token::Word(word) => {
                    if all.is_empty() {
                        all.push((name.to_owned(), word.clone()));
                    }
                    let number = all.len() - 1;
                    all.push((format!("{name}[{number}]"), word));
                }
                _ => {}
            }
        }
        all
    }

    fn simple(&mut self, start: usize) -> Option<Command> {
        let (mut assignments, mut words) = (Vec::new(), Vec::new());
        let mut redirections: Vec<Redirection> = Vec::new();
        loop {
            match self.lexer.peek() {
                Token::Word(word) => {
                    self.lexer.next_token();
                    match assignment(&word).filter(|_| words.is_empty()) {
                        Some((name, value)) if self.opens_array(&value) => {
                            assignments.extend(self.array(&name));
                        }
                        Some(pair) => assignments.push(pair),
                        None => words.extend(braces(word)),
                    }
                }
                Token::Redirect(redirection) => {
                    self.lexer.next_token();
                    redirections.push(redirection);
                }
                // `name()` begins a function: its body is a command like any other.
                Token::Open if words.len() == 1 => {
                    self.lexer.next_token();
                    if matches!(self.lexer.peek(), Token::Close) {
                        self.lexer.next_token();
                        while matches!(self.lexer.peek(), Token::Separator) {
                            self.lexer.next_token();
                        }
                        let name = words.first().and_then(Word::plain).map(str::to_owned);
                        let body = self.command()?;
                        let span = body.span;
                        let body = Script(vec![Pipeline(vec![body])]);
                        let form = Form::Loop { condition: Script::default(), body, name };
                        return Some(Command { form, redirections, span });
                    }
                }
                _ => break,
            }
        }
        if words.is_empty() && assignments.is_empty() && redirections.is_empty() {
            return None;
        }
        let span = Span { start, end: self.lexer.at };
        Some(Command { form: Form::Simple { assignments, words }, redirections, span })
    }
}

fn push(script: &mut Script, pipeline: &mut Pipeline) {
    if !pipeline.0.is_empty() {
        script.0.push(std::mem::take(pipeline));
    }
}

/// `for name in words` gives the name its first word; the body follows.
fn loop_over(mut head: Script, body: Script) -> Script {
    let words = head.0.first_mut().and_then(|pipeline| pipeline.0.first_mut());
    if let Some(Command { form: Form::Simple { assignments, words }, .. }) = words {
        let name = words.first().and_then(Word::plain).map(str::to_owned);
        let first = words.get(2).cloned();
        if let Some(name) = name {
            assignments.extend(first.map(|word| (name, word)));
        }
        words.clear();
    }
    head.0.extend(body.0);
    head
}

/// `name=value`, `name+=value`.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let (Part::Text(first, false), rest) = word.parts.split_first()? else { return None };
    let (name, value) = first.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let named = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !named {
        return None;
    }
    let mut parts = vec![Part::Text(value.to_owned(), true)];
    parts.extend(rest.iter().cloned());
    Some((name.to_owned(), Word { parts, span: word.span }))
}

/// `{a,b}` is two words.
fn braces(word: Word) -> Vec<Word> {
    let inner = word.keyword().and_then(|text| text.strip_prefix('{')?.strip_suffix('}'));
    match inner {
        Some(inner) if inner.contains(',') && !inner.contains('{') => inner
            .split(',')
            .map(|text| Word { parts: vec![Part::Text(text.to_owned(), false)], span: word.span })
            .collect(),
        _ => vec![word],
    }
}
