//! The process backend: plan in, running jail out.

use crate::channel;
use crate::interpreter::Interpreter;
use crate::jail::Jail;
use crate::jailer::Jailer;
use crate::machine::Machine;
use crate::root::{SystemRoot, TRUST_VARIABLES, TRUSTED};
use ringfence_jailer::ExecSpec;
use ringfence_sandbox::{
    Backend, End, Killer, Level, Live, Plan, Running, Runtime, StartError, Streams, Usage,
};
use std::ffi::{CString, OsStr};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How far limits must reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// Over all processes of a jail together where the machine can, else per
    /// process, and [`ProcessBackend::level`] says which.
    #[default]
    AsTheMachineCan,
    /// Over all processes together, or nothing is started.
    WholeJail,
}

/// Starts jails through one jailer program, which is started with the first.
#[derive(Debug, Default)]
pub struct ProcessBackend {
    limits: Limits,
    landlock_required: bool,
    only_one: bool,
    jailer: Mutex<Option<Jailer>>,
    system: OnceLock<SystemRoot>,
    machine: OnceLock<Machine>,
}

impl ProcessBackend {
    /// A backend that starts nothing yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Other limits than those that it was made with.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Starts nothing on a kernel without Landlock.
    #[must_use]
    pub fn with_landlock_required(self) -> Self {
        Self { landlock_required: true, ..self }
    }

    /// Is asked for one jail: what would be made ahead for a second is left out, and
    /// the jailer ends with the first. Another start has to wait for a new jailer.
    #[must_use]
    pub fn for_one_jail(self) -> Self {
        Self { only_one: true, ..self }
    }

    /// A backend for one more jail, with the same demands and a jailer of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { limits: self.limits, landlock_required: self.landlock_required, ..Self::default() }
            .for_one_jail()
    }

    /// Starts the jailer now, so that it is there when the first plan comes.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn warm_up(&self) -> Result<(), StartError> {
        self.with_jailer(|_| Ok(()))
    }

    /// What this machine can enforce.
    pub fn machine(&self) -> &Machine {
        self.machine.get_or_init(Machine::look)
    }

    fn with_jailer<T>(
        &self,
        work: impl FnOnce(&Jailer) -> Result<T, StartError>,
    ) -> Result<T, StartError> {
        let mut jailer = self.jailer.lock().unwrap_or_else(PoisonError::into_inner);
        if jailer.is_none() {
            *jailer = Some(Jailer::start(self.only_one)?);
        }
        match jailer.as_ref() {
            Some(running) => {
                let result = work(running);
                if matches!(result, Err(StartError::Jailer(_))) {
                    // It died; the next start gets a new one.
                    *jailer = None;
                }
                result
            }
            None => Err(StartError::Jailer("it did not start".to_owned())),
        }
    }

    /// Builds the plan's jail up to the point where only the program is missing.
    ///
    /// # Errors
    /// As for [`Backend::start`].
    pub fn prepare(&self, plan: &Plan) -> Result<PreparedJail, StartError> {
        let interpreter =
            Interpreter::resolve(plan.program.as_os_str(), OsStr::new("")).map_err(|error| {
                StartError::Program {
                    program: plan.program.display().to_string(),
                    reason: error.to_string(),
                    help: None,
                }
            })?;
        let system = self.system.get_or_init(SystemRoot::read);
        let whole_jail = match self.limits {
            Limits::WholeJail => true,
            Limits::AsTheMachineCan => self.machine().counts_whole_jail(),
        };
        let mut spec =
            system.spec(plan, &interpreter.file, interpreter.prefix.as_deref(), whole_jail)?;
        spec.landlock_required = self.landlock_required;
        let exec = exec_spec(plan, &interpreter)?;
        let jail = self.with_jailer(|jailer| jailer.create(&spec))?;
        Ok(PreparedJail {
            jail,
            exec,
            control: plan.control,
            code: plan.code.clone(),
            network: plan.network,
            published: !plan.published.is_empty(),
        })
    }
}

/// A jail whose program has not been started yet.
#[derive(Debug)]
pub struct PreparedJail {
    jail: Jail,
    exec: ExecSpec,
    control: bool,
    code: Vec<Arc<OwnedFd>>,
    network: bool,
    published: bool,
}

impl PreparedJail {
    /// Waits until every wall stands.
    ///
    /// # Errors
    /// When one could not be built.
    pub fn wait_ready(&mut self) -> Result<(), StartError> {
        self.jail.wait_ready()
    }

    /// Starts the program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn launch(mut self) -> Result<RunningJail, StartError> {
        let pipes = |error: rustix::io::Errno| StartError::Unavailable {
            step: "creating pipes".to_owned(),
            reason: error.to_string(),
            help: None,
        };
        let (their_in, stdin) = channel::pipe().map_err(pipes)?;
        let (stdout, their_out) = channel::pipe().map_err(pipes)?;
        let (stderr, their_err) = channel::pipe().map_err(pipes)?;
        let mut fds: Vec<OwnedFd> = vec![their_in, their_out, their_err];
        let mut control = None;
        if self.control {
            let (ours, theirs) = channel::stream_pair().map_err(pipes)?;
            control = Some(ours);
            fds.push(theirs);
        } else if let Some(first) = self.code.first() {
            // Code is descriptor 4; without a control channel it is 3 as well.
            fds.push(first.try_clone().map_err(|error| StartError::Plan(error.to_string()))?);
        }
        for code in &self.code {
            fds.push(code.try_clone().map_err(|error| StartError::Plan(error.to_string()))?);
        }
        self.jail.launch(&self.exec, &fds)?;
        drop(fds);
        self.jail.wait_started()?;
        let network = self.jail.take_network(self.published);
        if self.network && network.is_none() {
            return Err(StartError::Jailer("it built no network".to_owned()));
        }
        let streams = Streams {
            stdin: Some(stdin),
            stdout: Some(stdout),
            stderr: Some(stderr),
            control,
            network,
        };
        Ok(RunningJail { jail: self.jail, streams })
    }
}

/// A jail that runs its program.
#[derive(Debug)]
pub struct RunningJail {
    jail: Jail,
    streams: Streams,
}

impl Backend for ProcessBackend {
    fn name(&self) -> &'static str {
        "process"
    }

    fn level(&self) -> Level {
        self.machine().level()
    }

    fn start(&self, plan: &Plan) -> Result<Box<dyn Running>, StartError> {
        Ok(Box::new(self.prepare(plan)?.launch()?))
    }
}

impl Running for RunningJail {
    fn streams(&mut self) -> Streams {
        std::mem::take(&mut self.streams)
    }

    fn watch(&self) -> BorrowedFd<'_> {
        self.jail.watch()
    }

    fn poll_end(&mut self) -> Result<Option<End>, StartError> {
        self.jail.poll_end()
    }

    fn finish(&mut self) -> (End, Usage) {
        self.jail.finish()
    }

    fn kill(&mut self) {
        self.jail.kill();
    }

    fn killer(&self) -> std::io::Result<Killer> {
        Ok(Box::new(self.jail.killer()?))
    }

    fn live(&mut self) -> Option<Live> {
        self.jail.live()
    }

    fn cpu(&mut self) -> Option<Duration> {
        self.jail.cpu()
    }

    fn host_pid(&self) -> u32 {
        self.jail.host_pid()
    }
}

/// The environment is built from nothing: these, and what the plan lends.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("HOME", "/tmp"),
    ("TMPDIR", "/tmp"),
    ("LANG", "C.UTF-8"),
    ("USER", "plugin"),
    ("LOGNAME", "plugin"),
];

fn exec_spec(plan: &Plan, interpreter: &Interpreter) -> Result<ExecSpec, StartError> {
    let text = |bytes: Vec<u8>| {
        CString::new(bytes)
            .map_err(|_| StartError::Plan("an argument or variable holds a zero byte".to_owned()))
    };
    let program = inside_path(plan, &interpreter.program);
    let mut arguments = vec![text(program.as_os_str().as_bytes().to_vec())?];
    for argument in interpreter.arguments.iter().chain(&plan.arguments) {
        arguments.push(text(argument.as_bytes().to_vec())?);
    }
    let mut environment = Vec::new();
    let lent = |name: &str| plan.environment.iter().any(|(lent, _)| lent == name);
    for (name, value) in ENVIRONMENT.into_iter().filter(|(name, _)| !lent(name)) {
        environment.push(text(format!("{name}={value}").into_bytes())?);
    }
    if plan.runtime == Runtime::Python {
        // The code is read-only: do not try to write caches beside it.
        environment.push(text(b"PYTHONDONTWRITEBYTECODE=1".to_vec())?);
    }
    if plan.trusted.is_some() {
        for name in TRUST_VARIABLES.into_iter().filter(|name| !lent(name)) {
            environment.push(text(format!("{name}={TRUSTED}").into_bytes())?);
        }
    }
    for (name, value) in &plan.environment {
        let name = name.as_bytes();
        if name.is_empty() || name.contains(&b'=') {
            return Err(StartError::Plan("a variable name is empty or holds `=`".to_owned()));
        }
        environment.push(text([name, b"=", value.as_bytes()].concat())?);
    }
    let folder = plan.folder.as_deref().unwrap_or(Path::new("/tmp"));
    Ok(ExecSpec {
        program: text(program.as_os_str().as_bytes().to_vec())?,
        arguments,
        environment,
        folder: text(folder.as_os_str().as_bytes().to_vec())?,
    })
}

/// Where a host path of the program is inside: a link to outside the exposed
/// folders is called by the file behind it, since only that is shown.
fn inside_path(plan: &Plan, program: &Path) -> std::path::PathBuf {
    crate::root::shown_at(plan, program)
        .unwrap_or_else(|| std::fs::canonicalize(program).unwrap_or_else(|_| program.to_owned()))
}
