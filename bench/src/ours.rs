//! Ringfence: the jail alone, the library's whole journey, the program.

use crate::contest::{Contender, Entry, Name, Side};
use crate::jobs::Job;
use crate::rivals::Timed;
use ringfence::{End, Engine, EngineOptions, HOME_VARIABLE, Package, Preset, Silent, Terms};
use ringfence_sandbox::{Backend, Plan, Programs, Running, Runtime};
use ringfence_sandbox_process::{Limits, ProcessBackend};
use rustix::event::{PollFd, PollFlags, poll};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What every row of ours needs.
pub(crate) struct Ours {
    pub(crate) backend: Arc<ProcessBackend>,
    pub(crate) engine: Arc<Engine>,
    /// The program, or why it is not there.
    pub(crate) program: Result<PathBuf, String>,
    /// Ringfence's folder for the program, apart from the library's.
    pub(crate) home: PathBuf,
}

impl Ours {
    pub(crate) fn new(scratch: &crate::scratch::Scratch) -> crate::Result<Self> {
        let backend = ProcessBackend::new(Limits::AsTheMachineCan);
        backend.warm_up()?;
        let engine = Engine::open(EngineOptions::new(scratch.private("library-home")?))?;
        engine.backend().warm_up()?;
        Ok(Self {
            backend: Arc::new(backend),
            engine: Arc::new(engine),
            program: program().map_err(|error| error.to_string()),
            home: scratch.private("program-home")?,
        })
    }

    /// All rows for a plain program.
    pub(crate) fn entries(&self, job: &Job) -> Vec<Entry> {
        let plan = plan(job);
        vec![
            Entry::Runs(Box::new(Cold {
                what: COLD.to_owned(),
                backend: Arc::clone(&self.backend),
                plan: plan.clone(),
            })),
            Entry::Runs(Box::new(Prepared {
                backend: Arc::clone(&self.backend),
                plan,
                waiting: None,
            })),
            Entry::Runs(Box::new(Journey { engine: Arc::clone(&self.engine), job: job.clone() })),
            self.command("run -q", job.words(), None),
        ]
    }

    /// The program, with these words after `ringfence run -q --` or instead of it.
    pub(crate) fn command(
        &self,
        how: &str,
        words: impl Iterator<Item = OsString>,
        answer: Option<&'static str>,
    ) -> Entry {
        let dashes = answer.is_none().then(|| "--".into());
        self.words_after_run(how, dashes.into_iter().chain(words), answer)
    }

    /// The program, with these words after `ringfence run -q`.
    pub(crate) fn plain_command(&self, how: &str, words: impl Iterator<Item = OsString>) -> Entry {
        self.words_after_run(how, words, None)
    }

    fn words_after_run(
        &self,
        how: &str,
        words: impl Iterator<Item = OsString>,
        answer: Option<&'static str>,
    ) -> Entry {
        let name = Name::new(Side::Command, format!("Ringfence program: ringfence {how}"));
        let program = match &self.program {
            Ok(program) => program,
            Err(reason) => return Entry::Absent { name, reason: reason.clone() },
        };
        let mut all: Vec<OsString> = vec![program.into(), "run".into(), "-q".into()];
        all.extend(words);
        Timed::entry_with(name, &all, answer, |command| command.env(HOME_VARIABLE, &self.home))
    }
}

/// Builds the program when this was started by cargo, and finds it beside this one.
fn program() -> crate::Result<PathBuf> {
    let own = std::env::current_exe()?;
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--release", "--locked", "--package", "ringfence-cli"]);
        let status = command.current_dir(env!("CARGO_MANIFEST_DIR")).status()?;
        if !status.success() {
            return Err("building it failed".into());
        }
    }
    let program = own.with_file_name("ringfence");
    if program.is_file() { Ok(program) } else { Err("it is not built".into()) }
}

/// The plan of an ordinary run with no grant.
pub(crate) fn plan(job: &Job) -> Plan {
    let is_node = job.program.file_name().is_some_and(|name| name == "node");
    Plan {
        runtime: if is_node { Runtime::Node } else { Runtime::Command },
        program: job.program.clone(),
        arguments: job.arguments.clone(),
        environment: Vec::new(),
        folder: None,
        exposed: Vec::new(),
        files: Vec::new(),
        programs: Programs::None,
        just_in_time_compiler: is_node,
        control: false,
        network: false,
        published: Vec::new(),
        datagrams: Vec::new(),
        trusted: None,
        code: Vec::new(),
        long_lived: false,
        budget: Preset::Production.budget(),
    }
}

/// Waits as a host does: asleep until there is news.
pub(crate) fn wait_end(running: &mut dyn Running) -> Result<End, String> {
    drop(running.streams());
    loop {
        if let Some(end) = running.poll_end().map_err(|error| error.to_string())? {
            return Ok(end);
        }
        let mut watched = [PollFd::from_borrowed_fd(running.watch(), PollFlags::IN)];
        poll(&mut watched, None).map_err(|error| error.to_string())?;
    }
}

/// Started, ended, nothing left, all since `begin`.
fn three_times(begin: Instant, running: &mut dyn Running) -> Result<Vec<Duration>, String> {
    let started = begin.elapsed();
    let end = wait_end(running)?;
    let ended = begin.elapsed();
    running.finish();
    let finished = begin.elapsed();
    if end == End::Exited(0) {
        Ok(vec![started, ended, finished])
    } else {
        Err(format!("it ended with {end:?}"))
    }
}

fn three_names(what: &str) -> Vec<Name> {
    ["program started", "program ended", "nothing left"]
        .map(|until| Name::new(Side::Library, format!("{what}: {until}")))
        .into()
}

pub(crate) const COLD: &str = "Ringfence library, cold jail";
pub(crate) const PREPARED: &str = "Ringfence library, prepared jail";

/// A jail from nothing, with a network that nobody answers in, or without.
pub(crate) fn cold(ours: &Ours, job: &Job, network: bool) -> Entry {
    let what = format!("{COLD}, {}", if network { "network" } else { "no network" });
    let plan = Plan { network, ..plan(job) };
    Entry::Runs(Box::new(Cold { what, backend: Arc::clone(&ours.backend), plan }))
}

/// A jail from nothing; only the small jailer process waits.
struct Cold {
    what: String,
    backend: Arc<ProcessBackend>,
    plan: Plan,
}

impl Contender for Cold {
    fn names(&self) -> Vec<Name> {
        three_names(&self.what)
    }

    fn once(&mut self) -> Result<Vec<Duration>, String> {
        let begin = Instant::now();
        let mut running = self.backend.start(&self.plan).map_err(|error| error.to_string())?;
        three_times(begin, &mut *running)
    }
}

/// A jail that was built before, and now gets its program.
struct Prepared {
    backend: Arc<ProcessBackend>,
    plan: Plan,
    waiting: Option<Launch>,
}

/// What is left to do once a jail stands.
type Launch = Box<dyn FnOnce() -> Result<Box<dyn Running>, String>>;

impl Contender for Prepared {
    fn names(&self) -> Vec<Name> {
        three_names(PREPARED)
    }

    fn get_ready(&mut self) -> Result<(), String> {
        let mut jail = self.backend.prepare(&self.plan).map_err(|error| error.to_string())?;
        jail.wait_ready().map_err(|error| error.to_string())?;
        self.waiting = Some(Box::new(move || {
            let running = jail.launch().map_err(|error| error.to_string())?;
            Ok(Box::new(running))
        }));
        Ok(())
    }

    fn once(&mut self) -> Result<Vec<Duration>, String> {
        let launch = self.waiting.take().ok_or("no jail is prepared")?;
        let begin = Instant::now();
        let mut running = launch()?;
        three_times(begin, &mut *running)
    }
}

/// Package, review, grant, log, jail, run, end: all that a host asks of us.
struct Journey {
    engine: Arc<Engine>,
    job: Job,
}

impl Contender for Journey {
    fn names(&self) -> Vec<Name> {
        vec![Name::new(Side::Library, "Ringfence library, whole journey with audit log")]
    }

    fn once(&mut self) -> Result<Vec<Duration>, String> {
        let begin = Instant::now();
        let package =
            Package::command(self.job.words().collect()).map_err(|error| error.to_string())?;
        let mut instance = start(&self.engine, package)?;
        instance.execute("run", &serde_json::Value::Null).map_err(|error| error.to_string())?;
        instance.terminate();
        Ok(vec![begin.elapsed()])
    }
}

/// Reviews and starts a package that asks for nothing.
pub(crate) fn start(engine: &Engine, package: Package) -> Result<ringfence::Instance, String> {
    let terms = Terms { by: "bench".to_owned(), ..Terms::default() };
    let review = engine.review(package, terms).map_err(|error| error.to_string())?;
    engine.start(review, None, Box::new(Silent)).map_err(|error| error.to_string())
}

/// Folder of an example plugin.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/examples").join(name)
}
