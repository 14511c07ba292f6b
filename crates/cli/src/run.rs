//! `ringfence run`: review, ask once, run, answer.

use crate::arguments::{NetworkPreset, Run};
use crate::failure::{Failure, chain};
use crate::report::{Given, report};
use crate::report_files::{NoFile, ReportFiles};
use crate::{card, fetched, installed, output, pack, report_files, screen, signals};
use ringfence::{
    Budget, Capability, Engine, EngineOptions, InputFault, Instance, Interrupt, Kind, Limits,
    Observer, Package, Packed, Protocol, Publish, Review, RunError, Terms, home_folder, located,
};
use ringfence_install::Source;
use ringfence_sandbox_process::ProcessBackend;
use ringfence_types::{ExitCode, PluginName, UntrustedText};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{BufRead, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A failure before anything ran.
struct Refusal {
    code: ExitCode,
    message: String,
    help: Option<String>,
    /// What is wrong with the input, for a program.
    input: Option<InputFault>,
}

impl Refusal {
    fn usage(message: impl Display) -> Self {
        Self { code: ExitCode::Usage, message: message.to_string(), help: None, input: None }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let (code, message, help) = failure.into_parts();
        Self { code, message, help, input: None }
    }
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Self {
        let (code, message, help) = (error.exit_code(), error.to_string(), error.help());
        let input = match error {
            RunError::Input { fault, .. } => Some(fault),
            _ => None,
        };
        Self { code, message, help, input }
    }
}

/// Starts the jailer when a run seems to be wanted: what follows happens on another
/// processor, and takes less time than its start. Whatever is refused later ends it
/// unused, and a failure shows again when it is needed.
pub(crate) fn begin(verb: Option<OsString>) -> ProcessBackend {
    let backend = ProcessBackend::new(Limits::default());
    // What is fetched is fetched in a jail of its own.
    let is_fetched = std::env::args_os().any(|word| word.to_str().is_some_and(Source::is_one));
    let backend = if is_fetched { backend } else { backend.for_one_jail() };
    if verb.is_some_and(|verb| verb == "run") {
        let _ = backend.warm_up();
    }
    backend
}

pub(crate) fn run(arguments: Run, backend: ProcessBackend) -> ExitCode {
    let (as_json, quiet) = (arguments.json, arguments.quiet);
    match start(arguments, backend) {
        Ok(code) => code,
        Err(Refusal { code, message, help, input }) => {
            if as_json {
                let mut report = output::failure_json(code, &message, help.as_deref());
                if let Some(Value::Object(error)) = report.get_mut("error") {
                    error.insert("input".to_owned(), serde_json::json!(input));
                }
                output::answer_json(&report);
            }
            if !as_json || !quiet {
                output::complain(&message, help.as_deref());
            }
            code
        }
    }
}

/// Each connection of a plugin takes two descriptors, and a login usually gives
/// 1,024, kept low for programs that use select(2). The plugin has a limit of its own.
fn use_all_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // With the fewer ones, fewer connections can be open at once.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

fn start(mut arguments: Run, mut backend: ProcessBackend) -> Result<ExitCode, Refusal> {
    use_all_descriptors();
    let target = arguments.target.clone();
    let found = match installed::named(&arguments)? {
        Some(name) => Found::Installed(name),
        None => found(&mut arguments)?,
    };
    let home = home_folder().map_err(|error| Refusal {
        code: ExitCode::Audit,
        message: error.to_string(),
        help: None,
        input: None,
    })?;
    if arguments.whole_jail_limits || arguments.all_walls {
        backend = backend.with_limits(Limits::WholeJail);
    }
    if arguments.all_walls {
        backend = backend.with_landlock_required();
    }
    let mut options = EngineOptions::new(home);
    for (host, address) in &arguments.resolve {
        options.hosts.entry(host.clone()).or_default().push(*address);
    }
    for given in &arguments.secret {
        options.secrets = given.add_to(options.secrets, &options.home).map_err(Refusal::usage)?;
        arguments.grant.push(given.capability.clone());
    }
    let engine = Engine::with_backend(options, backend).map_err(|error| Refusal {
        code: ExitCode::Audit,
        message: chain(&error),
        help: Some("set RINGFENCE_HOME to a folder of your own".to_owned()),
        input: None,
    })?;
    let interrupt = Interrupt::new().map_err(Refusal::usage)?;
    signals::catch(&interrupt)?;
    let is_installed = matches!(found, Found::Installed(_));
    let package = match found {
        Found::Package(package) => *package,
        Found::Source(source) => {
            as_asked(fetched::package(&engine, &source, &arguments, &interrupt)?, &arguments)?
        }
        Found::Installed(name) => {
            let package = installed::ready(&engine, &name, &mut arguments)?;
            as_asked(package, &arguments)?
        }
        Found::Packed(path) => {
            let package = engine.open_packed(&path).map_err(|error| pack::wrong(&path, &error))?;
            as_asked(package, &arguments)?
        }
    };
    if !is_installed {
        engine.refuse_quarantined(&package).map_err(Failure::from)?;
    }
    let input = input(&arguments, &package)?;
    if let Some(action) = &arguments.action {
        // Before anybody is asked anything and anything is started.
        ringfence::check_input(&package, action, &input)
            .map_err(|error| wrong_input(error, target.as_deref(), action))?;
    }
    ringfence::check_inspect(&package, report_files::inspect(&arguments))?;
    let mut files = ReportFiles::create(&arguments).map_err(|NoFile { message, help }| {
        Refusal { code: ExitCode::Usage, message, help, input: None }
    })?;
    let review = review(&engine, package, &mut arguments, &interrupt)?;
    let observer = Terminal {
        name: review.card.name.clone(),
        quiet: arguments.quiet || arguments.json,
        stream: streams_output(&arguments, &review.package),
        // The call's own time begins a little later: whoever gives up here must
        // find it over, or a cut answer would pass for a whole one.
        until: Instant::now() + review.card.budget.timeouts.call + Duration::from_secs(2),
        shown: 0,
    };
    let card = review.card.clone();
    let mut instance = engine.start(review, Some(interrupt), Box::new(observer))?;
    let published = instance.published().to_vec();
    if !arguments.quiet {
        for Publish { port, at } in &published {
            output::say(&format!("  published port {port} at {at}"));
        }
    }
    let result = drive(&mut instance, &arguments, &input, &mut files);
    let ended = instance.terminate();
    // The log's head is signed last, so that what was just recorded cannot be cut off.
    let signed = engine.sign();
    let result = result.and_then(|given| signed.map(|()| given));
    installed::ended(&arguments, &ended, result.as_ref().err());
    Ok(report(&arguments, &card, &published, &files, &result, &ended))
}

/// What the command line names.
enum Found {
    Package(Box<Package>),
    /// In one file, which the engine opens: it has the log.
    Packed(PathBuf),
    /// In a registry.
    Source(Source),
    /// By its name; its files are in the home.
    Installed(PluginName),
}

fn found(arguments: &mut Run) -> Result<Found, Refusal> {
    // With a command, the first word is its action; a plugin stands there itself.
    let is_plugin =
        arguments.command.is_empty() || arguments.target.as_deref().is_some_and(fetched::is_plugin);
    if is_plugin {
        let target = arguments.target.take().ok_or_else(|| Refusal {
            code: ExitCode::Usage,
            message: "what shall be run? a folder, a file, or a command after `--`".to_owned(),
            help: Some("ringfence run plugins/examples/hello-node greet".to_owned()),
            input: None,
        })?;
        let path = PathBuf::from(target);
        if let Some(source) = fetched::source(&path) {
            return Ok(Found::Source(source?));
        }
        if Packed::is_at(&path) {
            return Ok(Found::Packed(path));
        }
        let package = Package::open(&path).map_err(|error| Refusal::usage(chain(&error)))?;
        return as_asked(package, arguments).map(|package| Found::Package(Box::new(package)));
    }
    if let Some(word) = arguments.target.take() {
        let word = word.into_string().map_err(|_| Refusal::usage("the action is not UTF-8"))?;
        if arguments.action.replace(word).is_some() {
            return Err(Refusal::usage(
                "with a command after `--`, only an action may stand before it; a plugin is \
                 written with a `/`, such as `./plugin`",
            ));
        }
    }
    let command = std::mem::take(&mut arguments.command);
    let package =
        Package::command(located(command)).map_err(|error| Refusal::usage(chain(&error)))?;
    as_asked(package, arguments).map(|package| Found::Package(Box::new(package)))
}

/// The package, if it can be run as the command line wants it to be.
fn as_asked(package: Package, arguments: &Run) -> Result<Package, Refusal> {
    let mut package = package
        .with_arguments(arguments.command.clone())
        .map_err(|error| Refusal::usage(chain(&error)))?;
    if arguments.mcp {
        if package.protocol == Protocol::Actions {
            return Err(Refusal::usage("this plugin exports actions; it does not speak MCP"));
        }
        package.protocol = Protocol::Mcp;
    }
    if arguments.ask && package.protocol != Protocol::Actions {
        return Err(Refusal {
            code: ExitCode::Usage,
            message: "--ask is for plugins with actions: what a program or an MCP server opens \
                      by itself is not asked about"
                .to_owned(),
            help: Some("grant it for this run: --grant CAPABILITY".to_owned()),
            input: None,
        });
    }
    if package.protocol == Protocol::Plain && arguments.action.is_some() {
        return Err(Refusal {
            code: ExitCode::Usage,
            message: "a plain program has no actions".to_owned(),
            help: Some(
                "its arguments stand after `--`; use --mcp if it is an MCP server".to_owned(),
            ),
            input: None,
        });
    }
    Ok(package)
}

fn input(arguments: &Run, package: &Package) -> Result<Value, Refusal> {
    let limit = budget(arguments).input_bytes;
    let too_large = || Refusal {
        code: ExitCode::Limit,
        message: format!("the input is larger than {}", output::bytes_text(limit)),
        help: None,
        input: None,
    };
    let read = |reader: &mut dyn Read, name: &str| -> Result<String, Refusal> {
        let mut bytes = Vec::new();
        reader
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| Refusal::usage(format!("{name} cannot be read: {error}")))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
            return Err(too_large());
        }
        String::from_utf8(bytes).map_err(|_| Refusal::usage(format!("{name} is not UTF-8")))
    };
    let text = match arguments.input.as_deref() {
        None => return Ok(Value::Null),
        Some("-") => read(&mut std::io::stdin().lock(), "standard input")?,
        Some(text) => match text.strip_prefix('@') {
            Some(path) => {
                let mut file = std::fs::File::open(path)
                    .map_err(|error| Refusal::usage(format!("`{path}` cannot be read: {error}")))?;
                read(&mut file, path)?
            }
            None => text.to_owned(),
        },
    };
    if package.protocol == Protocol::Plain {
        return Ok(Value::String(text));
    }
    serde_json::from_str(&text).map_err(|error| Refusal {
        code: ExitCode::Usage,
        message: format!("the input is not JSON: {error}"),
        help: Some("a text needs quotes: --input '\"text\"'".to_owned()),
        input: None,
    })
}

/// With the command to change, where it can be told as one.
fn wrong_input(error: RunError, target: Option<&OsStr>, action: &str) -> Refusal {
    let mut refusal = Refusal::from(error);
    let is_word = |text: &&str| output::is_word(text);
    let words = target.and_then(OsStr::to_str).filter(is_word).zip(Some(action).filter(is_word));
    if let (Some(help), Some((target, action))) = (&mut refusal.help, words) {
        help.push_str(&format!(": ringfence run {target} {action} --input JSON"));
    }
    refusal
}

fn budget(arguments: &Run) -> Budget {
    let mut budget = arguments.preset.budget();
    if let Some(seconds) = arguments.timeout {
        budget.timeouts.call = Duration::from_secs(seconds.into());
    }
    if let Some(mib) = arguments.memory {
        budget.memory_bytes = u64::from(mib) * 1024 * 1024;
    }
    if let Some(seconds) = arguments.cpu_time {
        budget.cpu_time = Duration::from_secs(seconds.into());
    }
    budget
}

fn terms(arguments: &Run) -> Result<Terms, Refusal> {
    let mut environment: Vec<(String, OsString)> = Vec::new();
    for text in &arguments.env {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, OsString::from(value)),
            None => match std::env::var_os(text) {
                Some(value) => (text.as_str(), value),
                None => {
                    return Err(Refusal::usage(format!("the variable `{text}` is not set here")));
                }
            },
        };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(Refusal::usage(format!(
                "`{}` is not a variable's name",
                UntrustedText::new(name)
            )));
        }
        environment.push((name.to_owned(), value));
    }
    let mut grants = arguments.grant.clone();
    let mut policy = ringfence::Policy::default();
    let every_host = Capability::any(Kind::NetworkRequest);
    match arguments.network {
        NetworkPreset::None => policy = policy.deny(every_host),
        NetworkPreset::Limited => {}
        NetworkPreset::Full => grants.push(every_host),
    }
    let terms = Terms {
        preset: arguments.preset,
        budget: Some(budget(arguments)),
        grants,
        accept_declared: arguments.yes,
        environment,
        publish: arguments.publish.clone(),
        policy,
        by: format!("uid {}", rustix::process::getuid().as_raw()),
        ask: crate::ask::who(arguments),
        ..Terms::default()
    };
    Ok(installed::add_kept(terms, arguments)?)
}

/// Shows the card, and asks when a yes would change anything.
fn review(
    engine: &Engine,
    package: Package,
    arguments: &mut Run,
    interrupt: &Interrupt,
) -> Result<Review, Refusal> {
    let review = |package, arguments: &Run| {
        engine.review(package, terms(arguments)?).map_err(|error| Refusal::usage(chain(&error)))
    };
    let mut reviewed = review(package, arguments)?;
    let show = !arguments.quiet && !arguments.json;
    if show {
        output::say(&card::render(&reviewed.card));
    }
    if reviewed.has_question() && output::can_ask() && !arguments.json {
        if arguments.quiet {
            output::say(&card::render(&reviewed.card));
        }
        if ask(interrupt)? {
            arguments.yes = true;
            reviewed = review(reviewed.package, arguments)?;
        }
    }
    if let Some(refusal) = reviewed.refusal() {
        engine.record_refusal(&reviewed, &refusal.to_string());
        return Err(refusal.into());
    }
    Ok(reviewed)
}

/// One question, where only a clear yes is a yes.
fn ask(interrupt: &Interrupt) -> Result<bool, RunError> {
    output::say_part("Grant what it asks for, for this run? [y/N] ");
    let stdin = std::io::stdin();
    let (stdin, raised) = (stdin.as_fd(), interrupt.watch());
    let mut either = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&raised, PollFlags::IN)];
    while let Err(Errno::INTR) = poll(&mut either, None) {}
    if interrupt.is_raised() {
        output::say("");
        return Err(RunError::Interrupted);
    }
    let mut line = String::new();
    let _ = std::io::stdin().lock().take(64).read_line(&mut line);
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn drive(
    instance: &mut Instance,
    arguments: &Run,
    input: &Value,
    files: &mut ReportFiles,
) -> Result<Given, RunError> {
    let inspect = report_files::inspect(arguments);
    let mut call = |instance: &mut Instance, action: &str| {
        if !inspect.is_any() {
            return instance.execute(action, input).map(Given::Answer);
        }
        let inspected = instance.inspect(action, input, inspect)?;
        let written = files.write(&inspected);
        let answer = inspected.result?;
        written.map_err(|error| RunError::Internal {
            what: format!("what was asked about the call cannot be written: {error}"),
        })?;
        Ok(Given::Answer(answer))
    };
    let is_plain = instance.protocol() == Protocol::Plain;
    if let Some(action) = arguments.action.as_deref().or(is_plain.then_some("run")) {
        return call(instance, action);
    }
    if instance.protocol() == Protocol::Mcp {
        // A person gets the list; a program is an MCP client.
        if !arguments.mcp || arguments.json || rustix::termios::isatty(std::io::stdin()) {
            return instance.tools().map(Given::Tools);
        }
        let copy = |fd: std::os::fd::BorrowedFd<'_>| {
            fd.try_clone_to_owned().map_err(|e| RunError::Internal { what: e.to_string() })
        };
        let (input, output) = (copy(std::io::stdin().as_fd())?, copy(std::io::stdout().as_fd())?);
        return instance.serve_mcp(input, output).map(Given::Served);
    }
    let mut actions = instance.actions()?;
    if let [only] = actions.as_slice() {
        // One action needs no name.
        let only = only.clone();
        return call(instance, &only);
    }
    actions.sort();
    Ok(Given::Actions(actions))
}

fn streams_output(arguments: &Run, package: &Package) -> bool {
    package.protocol == Protocol::Plain && !arguments.json
}

/// Shows what a plugin says beside its answer.
struct Terminal {
    name: String,
    quiet: bool,
    stream: bool,
    /// How long the call may take, and so whoever reads its answer.
    until: Instant,
    /// Seconds at which progress was last shown.
    shown: u64,
}

impl Terminal {
    /// Once after a second, then at doubling distances: a log file does not fill, a
    /// person sees that it lives.
    fn lives(&mut self, elapsed: Duration, does: &str) {
        let seconds = elapsed.as_secs();
        if seconds < self.shown {
            // What took time before is over.
            self.shown = 0;
        }
        if !self.quiet && seconds > self.shown && seconds.is_power_of_two() {
            self.shown = seconds;
            output::offer(&format!("ringfence: {} {does} {seconds} s\n", self.name));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if !self.quiet {
            screen::end_line();
        }
    }
}

impl Observer for Terminal {
    fn output(&mut self, bytes: &[u8]) {
        if self.stream {
            self.stream = output::answer_bytes_until(bytes, self.until);
        }
    }

    fn log(&mut self, bytes: &[u8]) {
        if !self.quiet {
            screen::log(&self.name, bytes);
        }
    }

    fn tell(&mut self, line: &str) {
        if !self.quiet {
            output::offer(&format!("ringfence: {}: {line}\n", self.name));
        }
    }

    fn warn(&mut self, line: &str) {
        output::offer(&format!("ringfence: {}: {line}\n", self.name));
    }

    fn waiting(&mut self, elapsed: Duration) {
        self.lives(elapsed, "has run for");
    }

    fn compiling(&mut self, elapsed: Duration) {
        self.lives(elapsed, "has been compiled for");
    }
}
