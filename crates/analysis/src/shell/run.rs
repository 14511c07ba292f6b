//! Follows a script: variables, expansions, pipes, redirections.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::words::{Change, Command, Form, Part, Pipeline, Redirect, Script, Span, Word};
use super::{Inner, Language, Outcome, Position, parse};
use crate::event::{Argument, Effect, Event, Hiding, Role, Source, When};
use crate::place::Place;
use crate::value::{Origin, Shape, Value, keep_most_telling};

/// Most bytes of a text that is put together.
const MAX_TEXT: usize = 1 << 20;
/// Most bytes of all texts that one script puts together.
const MAX_WORK: usize = 256 << 20;
/// Most origins of one value.
const MAX_ORIGINS: usize = 16;
/// Most scripts in each other.
const MAX_DEPTH: u32 = 24;
/// Most commands that are followed.
const MAX_COMMANDS: u32 = 100_000;

/// The most elements of an array that are looked at.
const MAX_ELEMENTS: usize = 256;

/// A shell that runs nothing.
pub(super) struct Shell {
    position: Position,
    pub(super) when: When,
    pub(super) outcome: Outcome,
    variables: BTreeMap<String, Value>,
    /// Files that came from the network, with where from.
    pub(super) fetched: BTreeMap<String, Vec<Origin>>,
    asked: BTreeSet<String>,
    /// Functions that the script defines; their bodies are followed where they stand.
    pub(super) functions: BTreeSet<String>,
    pub(super) hiding: Vec<Hiding>,
    fuel: u32,
    /// Bytes of text that may still be put together.
    text_left: usize,
    depth: u32,
}

impl Shell {
    pub(super) fn new(position: Position, when: When) -> Self {
        let mut variables = BTreeMap::new();
        for (name, value) in [("HOME", "~"), ("IFS", " "), ("PWD", "."), ("TMPDIR", "/tmp")] {
            variables.insert(name.to_owned(), text(value));
        }
        Self {
            position,
            when,
            outcome: Outcome::default(),
            variables,
            fetched: BTreeMap::new(),
            asked: BTreeSet::new(),
            functions: BTreeSet::new(),
            hiding: Vec::new(),
            fuel: MAX_COMMANDS,
            text_left: MAX_WORK,
            depth: 0,
        }
    }

    pub(super) fn set_unknown(&mut self, origins: &[Origin]) {
        let value = with_origins(Value::default(), origins);
        self.variables.insert("unknown_part".to_owned(), value);
    }

    pub(super) fn finish(self) -> Outcome {
        self.outcome
    }

    pub(super) fn place(&self, span: Span) -> Place {
        self.position.place(span)
    }

    pub(super) fn emit(
        &mut self,
        effect: Effect,
        program: &str,
        span: Span,
        arguments: Vec<(Role, Value)>,
    ) {
        let arguments = arguments.into_iter().map(|(role, value)| Argument { role, value });
        self.outcome.events.push(Event {
            effect,
            api: format!("sh:{program}").into(),
            place: self.place(span),
            arguments: arguments.collect(),
            when: self.when,
            hiding: self.hiding.clone(),
        });
    }

    /// Code of another language, or a script of this one, that text holds.
    pub(super) fn inner(&mut self, language: Language, code: Rc<str>, span: Span) {
        let (hiding, place) = (self.hiding.clone(), self.place(span));
        self.outcome.inner.push(Inner { language, code, hiding, place });
    }

    /// Runs a script that is in a text: `sh -c`, `eval`, what is piped into `sh`.
    pub(super) fn nested(&mut self, code: &str, input: &Value, span: Span) -> Value {
        // Places of a text that was put together say nothing; this is where it runs.
        let here = Position::At(self.place(span));
        let outer = std::mem::replace(&mut self.position, here);
        let output = self.script_text(code, input);
        self.position = outer;
        output
    }

    pub(super) fn script_text(&mut self, code: &str, input: &Value) -> Value {
        if code.len() > 8 * MAX_TEXT || self.depth >= MAX_DEPTH {
            self.outcome.cut = true;
            return Value::default();
        }
        let (script, whole) = parse::parse(code);
        self.outcome.cut |= !whole;
        self.script(&script, input)
    }

    /// Gives what the script prints.
    fn script(&mut self, script: &Script, input: &Value) -> Value {
        if self.depth >= MAX_DEPTH {
            self.outcome.cut = true;
            return Value::default();
        }
        self.depth += 1;
        let printed: Vec<Value> =
            script.0.iter().map(|pipeline| self.pipeline(pipeline, input)).collect();
        self.depth -= 1;
        join_all(printed, "")
    }

    fn pipeline(&mut self, pipeline: &Pipeline, input: &Value) -> Value {
        let before = self.hiding.len();
        let mut flow = input.clone();
        for command in &pipeline.0 {
            if self.fuel == 0 {
                self.outcome.cut = true;
                break;
            }
            self.fuel -= 1;
            flow = self.command(command, flow);
        }
        self.hiding.truncate(before);
        flow
    }

    fn command(&mut self, command: &Command, mut input: Value) -> Value {
        for redirection in &command.redirections {
            match redirection.kind {
                Redirect::Text => input = self.word(&redirection.target),
                Redirect::Input => {
                    let path = self.word(&redirection.target);
                    input = self.read_file("redirect", &path, command.span);
                }
                Redirect::Output => {}
            }
        }
        let output = match &command.form {
            Form::Group(script) => self.script(script, &input),
            Form::Loop { condition, body, name } => {
                self.functions
                    .extend(name.clone().filter(|name| name != "while" && name != "until"));
                self.endless(condition, body, name.as_deref(), command.span);
                self.script(condition, &input);
                self.script(body, &input)
            }
            Form::Simple { assignments, words } => {
                for (name, word) in assignments {
                    let value = self.word(word);
                    self.assign(name, value, command.span);
                }
                let arguments = self.arguments(words);
                if arguments.is_empty() {
                    text("")
                } else {
                    self.run_arguments(&arguments, input, command.span)
                }
            }
        };
        let mut written = false;
        for redirection in &command.redirections {
            if redirection.kind == Redirect::Output {
                let path = self.word(&redirection.target);
                // A descriptor's number, or nothing: no file is made.
                let none = matches!(known(&path), Some("" | "1" | "2" | "-" | "/dev/null"));
                if !none {
                    self.write_file("redirect", path, output.clone(), command.span);
                    written = true;
                }
            }
        }
        if written { text("") } else { output }
    }

    /// A loop whose condition is always met and that nothing in it ends, or a function
    /// that starts itself.
    fn endless(&mut self, condition: &Script, body: &Script, name: Option<&str>, span: Span) {
        let simple = |command: &Command| match &command.form {
            Form::Simple { words, .. } => {
                words.first().and_then(|word| word.plain().map(str::to_owned))
            }
            _ => None,
        };
        let names = |script: &Script| -> Vec<String> {
            script.0.iter().flat_map(|pipeline| pipeline.0.iter().filter_map(simple)).collect()
        };
        let (conditions, inside) = (names(condition), deep_names(body, 0));
        let always = match name {
            Some("while") => matches!(conditions.as_slice(), [one] if one == ":" || one == "true"),
            Some("until") => matches!(conditions.as_slice(), [one] if one == "false"),
            Some(function) => {
                if inside.iter().filter(|inner| *inner == function).count() > 1 {
                    self.emit(Effect::EndlessLoop, "function", span, Vec::new());
                }
                return;
            }
            None => false,
        };
        let ends = ["break", "exit", "return", "exec", "sleep", "read", "wait", "kill"];
        if always && !inside.iter().any(|inner| ends.contains(&inner.as_str())) {
            self.emit(Effect::EndlessLoop, "while", span, Vec::new());
        }
    }

    pub(super) fn assign(&mut self, name: &str, value: Value, span: Span) {
        const HOOKS: [&str; 8] = [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "NODE_OPTIONS",
            "PYTHONSTARTUP",
            "PYTHONPATH",
            "BASH_ENV",
            "PROMPT_COMMAND",
            "PATH",
        ];
        if HOOKS.contains(&name) {
            let arguments = vec![(Role::Name, text(name)), (Role::Data, value.clone())];
            self.emit(Effect::EnvironmentWrite, "export", span, arguments);
        }
        if self.variables.len() < 10_000 || self.variables.contains_key(name) {
            self.variables.insert(name.to_owned(), value);
        }
    }

    /// A command's words, with what unquoted expansions split.
    fn arguments(&mut self, words: &[Word]) -> Vec<Value> {
        let mut arguments = Vec::with_capacity(words.len());
        for word in words {
            if let [Part::Variable { name, change: Change::None, .. }] = word.parts.as_slice()
                && let Some(name) = name.strip_suffix("[@]")
            {
                arguments.extend(self.elements(name));
                continue;
            }
            let splits = word.parts.iter().any(|part| match part {
                Part::Variable { quoted, .. } | Part::Output { quoted, .. } => !quoted,
                Part::Text(..) => false,
            });
            let value = self.word(word);
            match (&value.shape, splits) {
                (Shape::Text(all), true) => {
                    let pieces = all.split_ascii_whitespace().take(1_000);
                    arguments.extend(pieces.map(|piece| Value {
                        shape: Shape::Text(piece.into()),
                        origins: value.origins.clone(),
                    }));
                }
                _ => arguments.push(value),
            }
        }
        arguments
    }

    pub(super) fn word(&mut self, word: &Word) -> Value {
        if self.text_left == 0 {
            self.outcome.cut = true;
            return Value::default();
        }
        let mut pieces = Vec::with_capacity(word.parts.len());
        for part in &word.parts {
            let piece = match part {
                Part::Text(piece, _) => text(piece),
                Part::Variable { name, change, .. } => self.variable(name, change, word.span),
                Part::Output { script, .. } => trimmed(self.script(script, &Value::default())),
            };
            // What is read counts, not only what comes of it: `$x$x$x` is long work.
            self.text_left = self.text_left.saturating_sub(begins(&piece).len() + 1);
            pieces.push(piece);
        }
        join_all(pieces, "")
    }

    /// What an array holds, as far as the script says it.
    fn elements(&self, name: &str) -> Vec<Value> {
        let elements = (0..MAX_ELEMENTS).map(|number| format!("{name}[{number}]"));
        elements.map_while(|name| self.variables.get(&name).cloned()).collect()
    }

    fn variable(&mut self, name: &str, change: &Change, span: Span) -> Value {
        if let Some(name) = name.strip_suffix("[@]") {
            return join_all(self.elements(name), " ");
        }
        let value = match self.variables.get(name) {
            Some(value) => value.clone(),
            None => match change {
                Change::Default(other) => return text(other),
                _ => self.environment(name, span),
            },
        };
        match change {
            Change::None | Change::Default(_) => value,
            Change::Slice(from, count) => changed(value, |all| {
                all.chars().skip(*from).take(count.unwrap_or(usize::MAX)).collect()
            }),
            Change::Replace { from, to, all: true } if !from.is_empty() => {
                changed(value, |whole| whole.replace(from.as_str(), to))
            }
            Change::Replace { from, to, all: false } => {
                changed(value, |whole| whole.replacen(from.as_str(), to, 1))
            }
            _ => Value { shape: Shape::Unknown, origins: value.origins },
        }
    }

    /// A variable that the script does not set is one of the environment; those that a
    /// shell sets for itself are not.
    fn environment(&mut self, name: &str, span: Span) -> Value {
        const OWN: [&str; 18] = [
            "RANDOM", "LINENO", "SECONDS", "OLDPWD", "EUID", "UID", "PPID", "SHELL", "LANG",
            "TERM", "OSTYPE", "FUNCNAME", "PATH", "OPTARG", "OPTIND", "REPLY", "MACHTYPE", "SHLVL",
        ];
        let named = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !named
            || OWN.contains(&name)
            || name.starts_with("BASH")
            || name.starts_with(|c: char| c.is_ascii_digit())
        {
            return Value::default();
        }
        if self.asked.insert(name.to_owned()) {
            self.emit(Effect::EnvironmentRead, "variable", span, vec![(Role::Name, text(name))]);
        }
        self.origin(Source::Environment, span, Some(name))
    }

    /// Something unknown that comes from there.
    pub(super) fn origin(&self, source: Source, span: Span, name: Option<&str>) -> Value {
        let origin = Origin { source, place: self.place(span), name: name.map(Rc::from) };
        Value { shape: Shape::Unknown, origins: vec![origin] }
    }
}

fn deep_names(script: &Script, depth: u32) -> Vec<String> {
    let mut names = Vec::new();
    if depth > 8 {
        return names;
    }
    for command in script.0.iter().flat_map(|pipeline| &pipeline.0) {
        match &command.form {
            Form::Simple { words, .. } => {
                names.extend(words.first().and_then(|word| word.plain().map(str::to_owned)));
            }
            Form::Group(inner) => names.extend(deep_names(inner, depth + 1)),
            Form::Loop { condition, body, .. } => {
                names.extend(deep_names(condition, depth + 1));
                names.extend(deep_names(body, depth + 1));
            }
        }
        if names.len() > 10_000 {
            break;
        }
    }
    names
}

pub(super) fn text(text: &str) -> Value {
    Value { shape: Shape::Text(text.into()), origins: Vec::new() }
}

/// The text, when all of it is known.
pub(super) fn known(value: &Value) -> Option<&str> {
    match &value.shape {
        Shape::Text(text) => Some(text),
        _ => None,
    }
}

/// What a text begins with, as far as it is known.
pub(super) fn begins(value: &Value) -> &str {
    match &value.shape {
        Shape::Text(text) => text,
        Shape::Partial { prefix, .. } => prefix,
        _ => "",
    }
}

/// Another text of the same origins.
pub(super) fn changed(value: Value, change: impl FnOnce(&str) -> String) -> Value {
    let shape = match &value.shape {
        Shape::Text(all) => Shape::Text(change(all).into()),
        _ => Shape::Unknown,
    };
    Value { shape, origins: value.origins }
}

fn trimmed(value: Value) -> Value {
    if known(&value).is_some_and(|all| all.ends_with('\n')) {
        return changed(value, |all| all.trim_end_matches('\n').to_owned());
    }
    value
}

/// Adds the origins of one value to those of another.
pub(super) fn with_origins(mut value: Value, origins: &[Origin]) -> Value {
    for origin in origins {
        if !value.origins.contains(origin) {
            value.origins.push(origin.clone());
        }
    }
    keep_most_telling(&mut value.origins, |origin| origin.source);
    value.origins.sort_by(|one, other| {
        (one.place, one.source, &one.name).cmp(&(other.place, other.source, &other.name))
    });
    value
}

/// Values one after the other, in time that is linear in their lengths.
pub(super) fn join_all(values: impl IntoIterator<Item = Value>, between: &str) -> Value {
    let mut values = values.into_iter();
    let Some(mut first) = values.next() else { return text("") };
    let Some(second) = values.next() else { return first };
    let mut origins = std::mem::take(&mut first.origins);
    // What is known so far, and the pieces that ended before something unknown.
    let (mut now, mut pieces): (String, Vec<Rc<str>>) = (String::new(), Vec::new());
    let mut length = 0;
    for (at, value) in [first, second].into_iter().chain(values).enumerate() {
        if at > 0 {
            now.push_str(between);
        }
        let fits = |more: &str| length + more.len() <= MAX_TEXT && pieces.len() < 64;
        match &value.shape {
            Shape::Text(all) if fits(all) => {
                length += all.len() + between.len();
                now.push_str(all);
            }
            Shape::Partial { prefix, rest } if fits(prefix) => {
                length += prefix.len();
                now.push_str(prefix);
                pieces.push(std::mem::take(&mut now).into());
                pieces.extend(rest.iter().take(64).cloned());
            }
            _ if pieces.len() < 128 => pieces.push(std::mem::take(&mut now).into()),
            _ => now.clear(),
        }
        origins.extend(value.origins.into_iter().take(if origins.len() < 64 {
            MAX_ORIGINS
        } else {
            0
        }));
    }
    let shape = match pieces.split_first() {
        None => Shape::Text(now.into()),
        Some((prefix, rest)) => {
            let mut rest: Vec<Rc<str>> = rest.to_vec();
            rest.push(now.into());
            rest.retain(|piece| !piece.is_empty());
            if prefix.is_empty() && rest.is_empty() {
                Shape::Unknown
            } else {
                Shape::Partial { prefix: prefix.clone(), rest }
            }
        }
    };
    with_origins(Value { shape, origins: Vec::new() }, &origins)
}

/// One value after the other.
pub(super) fn join(left: Value, right: &Value) -> Value {
    if known(&left) == Some("") {
        return with_origins(right.clone(), &left.origins);
    }
    if known(right) == Some("") {
        return with_origins(left, &right.origins);
    }
    join_all([left, right.clone()], "")
}
