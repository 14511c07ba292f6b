//! What well-known programs do with their arguments.

use super::run::{Shell, begins, changed, join_all, known, text, with_origins};
use super::words::Span;
use crate::decode;
use crate::event::{Effect, Hiding, Role, Source};
use crate::value::{Shape, Value};

/// A program's arguments without its name, and what is piped into it.
pub(super) struct Call<'a> {
    pub(super) program: &'a str,
    pub(super) arguments: &'a [Value],
    pub(super) input: Value,
    pub(super) span: Span,
}

impl Call<'_> {
    /// The value after one of these options: `-o x`, `-ox` (short), `--output=x`.
    pub(super) fn option(&self, names: &[&str]) -> Option<Value> {
        let mut previous = None;
        for argument in self.arguments {
            if previous.is_some_and(|option| takes_next(option, names)) {
                return Some(argument.clone());
            }
            let all = begins(argument);
            for name in names {
                let Some(after) = all.strip_prefix(name).filter(|after| !after.is_empty()) else {
                    continue;
                };
                let long = name.starts_with("--");
                if long && after.starts_with('=') {
                    return Some(without_front(argument, name.len() + 1));
                }
                if !long && !after.starts_with('=') {
                    return Some(without_front(argument, name.len()));
                }
            }
            if let Some(value) = grouped(all, names).filter(|value| !value.is_empty()) {
                return Some(without_front(argument, all.len() - value.len()));
            }
            previous = known(argument);
        }
        None
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.arguments
            .iter()
            .any(|argument| known(argument).is_some_and(|all| names.contains(&all)))
    }

    /// Whether a group of short options (`-rf`) holds this letter.
    pub(super) fn letter(&self, letter: char) -> bool {
        self.arguments
            .iter()
            .filter_map(known)
            .any(|all| all.starts_with('-') && !all.starts_with("--") && all.contains(letter))
    }

    /// Arguments that are no options and not the value of one of these.
    pub(super) fn operands(&self, with_value: &[&str]) -> Vec<&Value> {
        let mut operands = Vec::new();
        let mut skip = false;
        for argument in self.arguments {
            let all = begins(argument);
            if std::mem::take(&mut skip) {
                continue;
            }
            if all.starts_with('-') && all.len() > 1 {
                skip = takes_next(all, with_value);
            } else {
                operands.push(argument);
            }
        }
        operands
    }
}

/// Whether the value of this option is the next argument.
fn takes_next(option: &str, names: &[&str]) -> bool {
    names.contains(&option) || grouped(option, names).is_some_and(str::is_empty)
}

/// `-qO-` is `-q -O -`: the option of these names that stands behind flags, and what
/// follows it.
fn grouped<'a>(argument: &'a str, names: &[&str]) -> Option<&'a str> {
    const FLAGS: &str = "fsSLkqvniIgjN46#";
    let group = argument.strip_prefix('-').filter(|group| !group.starts_with('-'))?;
    let flags = group.find(|letter| !FLAGS.contains(letter)).filter(|flags| *flags > 0)?;
    let letter = group.get(flags..)?.chars().next()?;
    let named = names.iter().any(|name| name.strip_prefix('-') == Some(&letter.to_string()));
    named.then(|| group.get(flags + letter.len_utf8()..)).flatten()
}

/// Programs that only start what follows them.
const WRAPPERS: [&str; 22] = [
    "sudo",
    "doas",
    "nohup",
    "exec",
    "command",
    "builtin",
    "time",
    "nice",
    "ionice",
    "setsid",
    "busybox",
    "toybox",
    "stdbuf",
    "unbuffer",
    "chronic",
    "cross-env",
    "start",
    "timeout",
    "watch",
    "xargs",
    "env",
    "flock",
];
/// What a shell does by itself and nobody needs to know.
const SILENT: [&str; 30] = [
    "cd", "test", "[", "[[", "]]", "exit", "return", "set", "shift", "local", "readonly", "unset",
    "trap", "wait", "true", "false", ":", "break", "continue", "sleep", "pushd", "popd", "getopts",
    "type", "which", "umask", "ulimit", "declare", "typeset", "let",
];

impl Shell {
    pub(super) fn run_arguments(&mut self, words: &[Value], input: Value, span: Span) -> Value {
        let mut words = words;
        for _ in 0..8 {
            let Some((first, rest)) = words.split_first() else { return text("") };
            let Some(program) = known(first).map(base_name) else { break };
            if !WRAPPERS.contains(&program) {
                break;
            }
            if program == "command"
                && rest.first().is_some_and(|v| matches!(known(v), Some("-v" | "-V")))
            {
                return text("");
            }
            let tail = unwrapped(program, rest, |name, value| self.assign(name, value, span));
            if tail.is_empty() {
                if program == "env" {
                    return self.whole_environment(span);
                }
                break;
            }
            if program == "xargs" {
                let mut with_input = tail.to_vec();
                with_input.push(input.clone());
                return self.run_arguments(&with_input, input, span);
            }
            words = tail;
        }
        let Some((first, arguments)) = words.split_first() else { return text("") };
        if known(first).is_some_and(|name| self.functions.contains(name)) {
            return Value::default();
        }
        let Some(written) = known(first) else {
            let (command, rest) = ((Role::Command, first.clone()), list(arguments));
            self.emit(Effect::Spawn, "unknown", span, vec![command, (Role::CommandArgument, rest)]);
            return Value::default();
        };
        let program = base_name(written).to_owned();
        let call = Call { program: &program, arguments, input, span };
        self.mining(written, &call);
        let output = self.known_program(&call);
        output.unwrap_or_else(|| self.other_program(written, &call))
    }

    fn known_program(&mut self, call: &Call<'_>) -> Option<Value> {
        if SILENT.contains(&call.program) {
            return Some(text(""));
        }
        if let Some(output) = self.code_program(call) {
            return Some(output);
        }
        if let Some(output) = self.network_program(call) {
            return Some(output);
        }
        if let Some(output) = self.file_program(call) {
            return Some(output);
        }
        self.text_program(call)
    }

    fn text_program(&mut self, call: &Call<'_>) -> Option<Value> {
        let span = call.span;
        Some(match call.program {
            "echo" | "print" => {
                let words = call
                    .arguments
                    .iter()
                    .filter(|v| !matches!(known(v), Some("-e" | "-n" | "-ne" | "-en" | "-E")));
                let said = join_all(words.cloned(), " ");
                if call.letter('e') { escaped(said) } else { said }
            }
            "printf" => {
                let mut words = call.arguments.iter().filter(|v| known(v) != Some("--"));
                let format = words.next().cloned().unwrap_or_default();
                let mut said = escaped(format);
                if known(&said).is_some_and(|all| all.contains('%')) {
                    let plain = changed(said, |all| all.replace("%s", "").replace("%b", ""));
                    said = join_all(std::iter::once(plain).chain(words.cloned()), "");
                }
                said
            }
            "base64" | "base32" if call.letter('d') || call.has(&["--decode", "-D"]) => {
                let hiding = Hiding::Base64;
                let decode = if call.program == "base64" { decode::base64 } else { decode::base32 };
                self.decoded(call, hiding, |all| decode(all.as_bytes()))
            }
            "openssl" if call.has(&["base64"]) || call.has(&["-base64", "-a"]) => {
                self.decoded(call, Hiding::Base64, |all| decode::base64(all.as_bytes()))
            }
            "openssl" if call.has(&["enc"]) => {
                self.emit(
                    Effect::Cryptography,
                    "openssl",
                    span,
                    vec![(Role::Data, call.input.clone())],
                );
                self.decoded(call, Hiding::Encryption, |_| None)
            }
            "xxd" if call.letter('r') => self.decoded(call, Hiding::Hexadecimal, |all| {
                let digits: String = all.chars().filter(|c| !c.is_whitespace()).collect();
                Some(decode::hexadecimal(digits.as_bytes()))
            }),
            "rev" => self.decoded(call, Hiding::Reversal, |all| {
                let lines = all.lines().map(|line| line.chars().rev().collect::<String>());
                Some(lines.collect::<Vec<_>>().join("\n").into_bytes())
            }),
            "tr" if matches!(
                call.arguments.first().and_then(known),
                Some("A-Za-z" | "a-zA-Z" | "n-za-mN-ZA-M")
            ) =>
            {
                self.decoded(call, Hiding::Rotation, |all| Some(decode::rotated(all).into_bytes()))
            }
            "gunzip" | "zcat" | "unxz" | "xzcat" | "bunzip2" | "bzcat" | "zstdcat" => {
                self.decoded(call, Hiding::Compression, |_| None)
            }
            "gzip" | "xz" | "bzip2" | "zstd" if call.letter('d') => {
                self.decoded(call, Hiding::Compression, |_| None)
            }
            "sed" | "awk" | "gawk" | "grep" | "egrep" | "cut" | "sort" | "uniq" | "tr" | "jq"
            | "wc" | "gzip" | "xxd" | "base64" | "base32" | "od" | "fold" | "paste" | "column"
            | "xz" | "hexdump" | "openssl" => {
                let origins =
                    call.arguments.iter().flat_map(|v| v.origins.clone()).collect::<Vec<_>>();
                let read = self.read_operands(call);
                let through = Value { shape: Shape::Unknown, origins: call.input.origins.clone() };
                with_origins(with_origins(through, &read), &origins)
            }
            // Text about text: nothing happens, and it says where it comes from.
            "dirname" | "basename" | "expr" | "seq" | "date" | "pwd" | "realpath" | "readlink"
            | "mktemp" | "tput" | "stty" | "clear" | "nproc" | "cmp" | "diff" | "cygpath"
            | "hash" | "alias" => {
                let origins =
                    call.arguments.iter().flat_map(|v| v.origins.clone()).collect::<Vec<_>>();
                with_origins(Value::default(), &origins)
            }
            "env" | "printenv" | "export" | "set" if call.arguments.is_empty() => {
                self.whole_environment(span)
            }
            "export" => {
                for argument in call.arguments {
                    if let Some((name, value)) = known(argument).and_then(|all| all.split_once('='))
                    {
                        self.assign(name, with_origins(text(value), &argument.origins), span);
                    }
                }
                text("")
            }
            "printenv" => {
                let name = call.arguments.first().cloned().unwrap_or_default();
                self.emit(
                    Effect::EnvironmentRead,
                    "printenv",
                    span,
                    vec![(Role::Name, name.clone())],
                );
                self.origin(Source::Environment, span, known(&name))
            }
            "hostname" | "whoami" | "id" | "uname" | "ifconfig" | "ipconfig" | "ip" | "ps"
            | "lsb_release" | "w" | "who" | "last" | "arch" | "hostnamectl" | "systeminfo"
            | "dmidecode" | "lscpu" | "netstat" | "ss" | "route" | "arp" | "sw_vers"
            | "tasklist" => {
                self.emit(Effect::SystemInformation, call.program, span, Vec::new());
                self.origin(Source::SystemInformation, span, Some(call.program))
            }
            "xclip" | "xsel" | "pbpaste" | "wl-paste" | "screencapture" | "scrot"
            | "gnome-screenshot" | "ffmpeg" | "arecord" => {
                if call.program == "ffmpeg"
                    && !call.has(&["x11grab", "avfoundation", "v4l2", "gdigrab", "pulse"])
                {
                    return None;
                }
                self.emit(Effect::Peripheral, call.program, span, Vec::new());
                self.origin(Source::Peripheral, span, Some(call.program))
            }
            _ => return None,
        })
    }

    /// Everything else: a program starts. One that came from the network says so.
    fn other_program(&mut self, written: &str, call: &Call<'_>) -> Value {
        let mut command = text(written);
        let fetched = self.fetched.get(written.trim_start_matches("./")).cloned();
        command = with_origins(command, &fetched.unwrap_or_default());
        let arguments = list(call.arguments);
        let origins: Vec<_> =
            call.arguments.iter().flat_map(|argument| argument.origins.clone()).collect();
        let path = written.contains('/') || written.ends_with(".sh");
        if path && !written.starts_with('/') && !written.starts_with('~') {
            let place = self.place(call.span);
            self.outcome.runs.push((super::Language::Shell, written.into(), place));
        }
        let mut roles = vec![(Role::Command, command)];
        if !call.arguments.is_empty() {
            roles.push((Role::CommandArgument, arguments));
        }
        if !call.input.origins.is_empty() {
            roles.push((Role::Data, call.input.clone()));
        }
        self.emit(Effect::Spawn, call.program, call.span, roles);
        with_origins(self.origin(Source::ProcessOutput, call.span, Some(written)), &origins)
    }

    /// What is piped in, or a file, decoded.
    fn decoded(
        &mut self,
        call: &Call<'_>,
        hiding: Hiding,
        decode: impl FnOnce(&str) -> Option<Vec<u8>>,
    ) -> Value {
        let read = self.read_operands(call);
        let origins = self.origin(Source::Decoded, call.span, None).origins;
        if !self.hiding.contains(&hiding) {
            self.hiding.push(hiding);
        }
        let bytes = known(&call.input).and_then(decode);
        let shape = match bytes.map(String::from_utf8) {
            Some(Ok(all)) => Shape::Text(all.into()),
            _ => Shape::Unknown,
        };
        let value = Value { shape, origins: call.input.origins.clone() };
        with_origins(with_origins(value, &read), &origins)
    }

    fn whole_environment(&mut self, span: Span) -> Value {
        self.emit(Effect::EnvironmentRead, "env", span, Vec::new());
        self.origin(Source::Environment, span, None)
    }

    fn mining(&mut self, written: &str, call: &Call<'_>) {
        const MINERS: [&str; 8] =
            ["xmrig", "minerd", "cpuminer", "xmr-stak", "ethminer", "cgminer", "nbminer", "t-rex"];
        let pool = call.arguments.iter().find(|argument| {
            let all = begins(argument);
            all.starts_with("stratum+") || all.contains("--donate-level")
        });
        if pool.is_some() || MINERS.contains(&call.program) {
            let mut roles = vec![(Role::Command, text(written))];
            roles.extend(pool.map(|pool| (Role::Url, pool.clone())));
            self.emit(Effect::Mining, call.program, call.span, roles);
        }
    }
}

/// What a wrapper starts, without its own options.
fn unwrapped<'a>(
    program: &str,
    mut rest: &'a [Value],
    mut assign: impl FnMut(&str, Value),
) -> &'a [Value] {
    const WITH_VALUE: [&str; 14] =
        ["-u", "-g", "-n", "-s", "-k", "-I", "-L", "-P", "-d", "-c", "-w", "-i", "-o", "-C"];
    if program == "timeout" {
        let number = |value: &Value| begins(value).starts_with(|c: char| c.is_ascii_digit());
        let at = rest.iter().position(number).map_or(0, |at| at + 1);
        return rest.get(at..).unwrap_or_default();
    }
    while let Some((first, after)) = rest.split_first() {
        let all = begins(first);
        if let Some((name, value)) = all.split_once('=').filter(|(name, _)| !name.starts_with('-'))
        {
            assign(name, with_origins(text(value), &first.origins));
            rest = after;
        } else if all.starts_with('-') {
            let valued = WITH_VALUE.contains(&all) && program != "env" && program != "sudo"
                || matches!((program, all), ("sudo", "-u" | "-g") | ("env", "-u"));
            rest = if valued { after.get(1..).unwrap_or_default() } else { after };
        } else {
            break;
        }
    }
    rest
}

/// The value without its first bytes.
fn without_front(value: &Value, length: usize) -> Value {
    let cut = |text: &str| text.get(length..).unwrap_or_default().into();
    let shape = match &value.shape {
        Shape::Text(text) => Shape::Text(cut(text)),
        Shape::Partial { prefix, rest } => {
            Shape::Partial { prefix: cut(prefix), rest: rest.clone() }
        }
        other => other.clone(),
    };
    Value { shape, origins: value.origins.clone() }
}

fn list(arguments: &[Value]) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.truncate(256);
    let origins: Vec<_> = arguments.iter().flat_map(|argument| argument.origins.clone()).collect();
    with_origins(Value { shape: Shape::List(arguments), origins: Vec::new() }, &origins)
}

/// The last part of a path, without `.exe`.
fn base_name(program: &str) -> &str {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    name.strip_suffix(".exe").unwrap_or(name)
}

fn escaped(value: Value) -> Value {
    if !known(&value).is_some_and(|all| all.contains('\\')) {
        return value;
    }
    changed(value, |all| super::escapes::ansi_c(&all.replace('\'', "\\'")).0)
}
