//! A plugin that exports actions, through the runner shim inside the jail.

use crate::aside::{Aside, is_lent};
use crate::effects::Effects;
use crate::error::{Phase, RunError};
use crate::inspected::Findings;
use crate::jailed::{Deadline, Happening, Jailed, Source};
use crate::observer::Observer;
use ringfence_limits::{Budget, Resource};
use ringfence_package::{Entry, Package};
use ringfence_protocol::frames::{FrameError, FrameLimits};
use ringfence_protocol::worker::{FRAME_ROOM, STOPPED, Stopped, TRAPPED};
use ringfence_protocol::{
    Event, Initialize, PluginError, RequestId, Session, SessionLimits, Violation,
};
use ringfence_sandbox_wasm::plugin_budget;
use serde_json::Value;
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

/// How much longer than a call the host waits when it has asked about it: our worker
/// ends the call in its time and then tells.
const REPORTING: Duration = Duration::from_secs(30);
/// How long a plugin that closed its channel gets to end by itself.
const GRACE: Duration = Duration::from_millis(500);

/// A session with a runner.
pub(crate) struct Actions {
    session: Session,
    actions: Vec<String>,
    /// Requests of the plugin that wait for their turn; the session bounds them.
    requests: VecDeque<(RequestId, String, Value)>,
    /// The one of them that the host application answers just now.
    aside: Aside,
    /// Whether what answers is our own worker.
    is_worker: bool,
    lives: bool,
}

impl Actions {
    /// Loads the plugin and waits until it is ready.
    pub(crate) fn start(
        jailed: &mut Jailed,
        package: &Package,
        effects: &Effects,
        observer: &mut dyn Observer,
    ) -> Result<Self, RunError> {
        let output = usize::try_from(jailed.budget().output_bytes).unwrap_or(usize::MAX);
        let frames = FrameLimits::with_bytes(output.saturating_add(FRAME_ROOM));
        let mut started = Self {
            session: Session::new(SessionLimits { frames, ..SessionLimits::default() }),
            actions: Vec::new(),
            requests: VecDeque::new(),
            aside: Aside::default(),
            is_worker: package.runtime.is_built_in(),
            lives: false,
        };
        started.session.initialize(&initialize(package)).map_err(|e| internal(&e))?;
        let deadline = Deadline::after(jailed.budget().timeouts.initialise, Phase::Initialise);
        let time = Time::new(deadline, effects);
        loop {
            for event in started.step(jailed, &time, observer)? {
                match event {
                    Event::Ready { actions } => {
                        started.actions = actions;
                        return Ok(started);
                    }
                    Event::NotReady(error) => {
                        return Err(match started.stopped(error, jailed.budget()) {
                            RunError::Timeout { .. } => RunError::Timeout {
                                phase: Phase::Initialise,
                                limit: plugin_budget(jailed.budget()).timeouts.initialise,
                            },
                            other => other,
                        });
                    }
                    _ => {}
                }
            }
        }
    }

    /// What can be called; untrusted names.
    pub(crate) fn names(&self) -> &[String] {
        &self.actions
    }

    /// Calls one action and waits for its answer, and for what is asked about the call.
    pub(crate) fn call(
        &mut self,
        jailed: &mut Jailed,
        (action, input): (&str, &Value),
        findings: &mut Findings,
        effects: &Effects,
        observer: &mut dyn Observer,
    ) -> Result<Value, RunError> {
        if !self.actions.iter().any(|name| name == action) {
            return Err(RunError::NoSuchAction {
                action: action.to_owned(),
                actions: self.actions.clone(),
            });
        }
        self.lives = false;
        effects.begin_action(jailed.budget().timeouts.call);
        jailed.begin_call();
        let inspect = findings.inspect;
        let call = self.session.inspect(action, input, inspect).map_err(|e| internal(&e))?;
        let mut limit = jailed.budget().timeouts.call;
        if inspect.is_any() {
            limit = limit.saturating_add(REPORTING);
        }
        let time = Time::new(Deadline::after(limit, Phase::Call), effects);
        let mut ended = None;
        let result = loop {
            for event in self.step(jailed, &time, observer)? {
                match event {
                    Event::Report(part) => findings.add(&part)?,
                    Event::CallEnded { call: which, outcome } if which == call => {
                        ended = Some(outcome);
                    }
                    _ => {}
                }
            }
            if let Some(outcome) = ended.take() {
                break outcome;
            }
        };
        result.map_err(|error| self.stopped(error, jailed.budget()))
    }

    /// A worker of ours says that it stopped the call; the plugin lives on. Only a
    /// worker is believed: the code of another runner is the plugin's own word.
    fn stopped(&mut self, error: PluginError, budget: &Budget) -> RunError {
        self.lives = self.is_worker;
        if !self.is_worker {
            return RunError::Plugin(error);
        }
        if error.code == TRAPPED {
            return RunError::Trap { reason: error.message };
        }
        let limit = (error.code == STOPPED).then(|| Stopped::of(error.name.as_deref()?)).flatten();
        let used_up = |resource, limit| RunError::Resource { resource, limit, used: None };
        let limits = plugin_budget(budget);
        match limit {
            None => RunError::Plugin(error),
            Some(Stopped::Time) => {
                RunError::Timeout { phase: Phase::Call, limit: limits.timeouts.call }
            }
            Some(Stopped::Cpu) => used_up(
                Resource::CpuTime,
                u64::try_from(limits.cpu_time.as_millis()).unwrap_or(u64::MAX),
            ),
            Some(Stopped::Memory) => used_up(Resource::Memory, limits.memory_bytes),
            Some(Stopped::Output) => used_up(Resource::Output, limits.output_bytes),
            Some(Stopped::HostCalls) => used_up(Resource::BrokerCalls, limits.broker_calls),
        }
    }

    /// Whether the last call that failed left the plugin as it was.
    pub(crate) fn lives(&self) -> bool {
        self.lives
    }

    /// Waits once, answers requests, and gives the events that remain.
    fn step(
        &mut self,
        jailed: &mut Jailed,
        time: &Time<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Event>, RunError> {
        jailed.control.send(&self.session.take_output());
        let mut left = Vec::new();
        let mut closed = false;
        let mut end = None;
        let happened = loop {
            match jailed.wait(time.deadline(), observer) {
                // A call waits for a person: that time is nobody's.
                Err(RunError::Timeout { .. }) if time.deadline().check().is_ok() => {}
                other => break other?,
            }
        };
        for happening in happened {
            match happening {
                Happening::Bytes(Source::Control, bytes) if bytes.is_empty() => closed = true,
                Happening::Bytes(Source::Control, bytes) => {
                    self.receive(jailed, &bytes, observer, &mut left)?;
                }
                Happening::Bytes(_, bytes) | Happening::Log(bytes) => observer.log(&bytes),
                Happening::Ended(how) => end = Some(how),
                Happening::Room => {}
            }
        }
        if end.is_some() {
            // What it said last is still in the channel; its end is closed now.
            while let Some(bytes) = jailed.control.read().filter(|bytes| !bytes.is_empty()) {
                self.receive(jailed, &bytes, observer, &mut left)?;
            }
        }
        let answered =
            left.iter().any(|e| matches!(e, Event::CallEnded { .. } | Event::NotReady(_)));
        if (closed || end.is_some()) && !answered {
            return Err(self.gone(jailed, end, observer));
        }
        self.answer_requests(jailed, time)?;
        jailed.control.send(&self.session.take_output());
        Ok(left)
    }

    /// Performs what was asked for, in order, while the plugin takes the answers:
    /// many large ones must not wait in our memory all at once.
    fn answer_requests(&mut self, jailed: &mut Jailed, time: &Time<'_>) -> Result<(), RunError> {
        let effects = time.effects;
        while !jailed.control.is_full() {
            let (id, answer) = if self.aside.is_busy() {
                let Some(answered) = self.aside.answered() else { break };
                answered
            } else {
                let Some((id, method, params)) = self.requests.pop_front() else { break };
                // Some take long: a row of them must not outlast the call that they
                // belong to.
                time.deadline().check()?;
                let caller = effects.caller();
                if is_lent(&method) || effects.asks() {
                    let signal = self.aside.begin(&caller, (id, method, params))?;
                    jailed.hear_of(signal);
                    continue;
                }
                (id, caller.call(&method, &params))
            };
            self.session.reply(&id, answer).map_err(|e| internal(&e))?;
            jailed.control.send(&self.session.take_output());
        }
        Ok(())
    }

    fn receive(
        &mut self,
        jailed: &Jailed,
        bytes: &[u8],
        observer: &mut dyn Observer,
        left: &mut Vec<Event>,
    ) -> Result<(), RunError> {
        for event in self.session.receive(bytes) {
            match event {
                Event::Request { id, method, params } => {
                    self.requests.push_back((id, method, params));
                }
                Event::Log { message, .. } => {
                    observer.log(message.as_bytes());
                    observer.log(b"\n");
                }
                Event::Violation(violation) => {
                    jailed.recorder().violation(&violation.to_string());
                    return Err(violated(jailed, &violation));
                }
                other => left.push(other),
            }
        }
        Ok(())
    }

    /// The channel or the program is gone before the answer came.
    fn gone(
        &mut self,
        jailed: &mut Jailed,
        end: Option<ringfence_sandbox::End>,
        observer: &mut dyn Observer,
    ) -> RunError {
        self.session.end();
        let end = end.or_else(|| wait_for_end(jailed, observer));
        match end {
            Some(end) => jailed.death(end),
            None => RunError::Protocol {
                reason: "it closed its control channel".to_owned(),
                stderr: jailed.stderr_text(),
            },
        }
    }
}

/// Until when a call may take, and who knows how much of it was spent waiting for a person.
struct Time<'e> {
    deadline: Deadline,
    effects: &'e Effects,
    held_before: Duration,
}

impl<'e> Time<'e> {
    fn new(deadline: Deadline, effects: &'e Effects) -> Self {
        Self { deadline, effects, held_before: effects.held() }
    }

    fn deadline(&self) -> Deadline {
        self.deadline.put_off(self.effects.held().saturating_sub(self.held_before))
    }
}

/// Gives a program that has closed its streams a moment to end.
pub(crate) fn wait_for_end(
    jailed: &mut Jailed,
    observer: &mut dyn Observer,
) -> Option<ringfence_sandbox::End> {
    let deadline = Deadline::after(GRACE, Phase::Call);
    loop {
        for happening in jailed.wait(deadline, observer).ok()? {
            match happening {
                Happening::Ended(end) => return Some(end),
                Happening::Log(bytes) => observer.log(&bytes),
                Happening::Bytes(..) | Happening::Room => {}
            }
        }
    }
}

/// A broken protocol as an error; a frame that is too large is a used-up limit.
pub(crate) fn violated(jailed: &Jailed, violation: &Violation) -> RunError {
    if let Violation::Frame(FrameError::TooLarge { .. }) = violation {
        return RunError::Resource {
            resource: Resource::Output,
            limit: jailed.budget().output_bytes,
            used: None,
        };
    }
    RunError::Protocol { reason: violation.to_string(), stderr: jailed.stderr_text() }
}

pub(crate) fn internal(error: &dyn std::fmt::Display) -> RunError {
    RunError::Internal { what: error.to_string() }
}

/// What the runner needs to find the plugin.
fn initialize(package: &Package) -> Initialize {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut search_paths: Vec<String> = package.python_path.iter().map(|p| text(p)).collect();
    let (entry, class, module) = match &package.entry {
        Entry::File { path } => (text(path), None, None),
        Entry::Class { path, class, import_root } => {
            search_paths.push(text(import_root));
            (text(path), Some(class.clone()), module_of(path, import_root))
        }
        Entry::Function { module, function, import_root } => {
            search_paths.push(text(import_root));
            (String::new(), Some(function.clone()), Some(module.clone()))
        }
        Entry::Command { .. } => (String::new(), None, None),
    };
    Initialize {
        entry,
        module,
        class,
        plugin: package.name.to_string(),
        actions: package.actions.iter().map(|action| action.name.clone()).collect(),
        search_paths,
        config: Value::Object(serde_json::Map::new()),
    }
}

/// `a/b/c.py` below the import root is `a.b.c`; a lone file has no module name.
fn module_of(path: &Path, import_root: &Path) -> Option<String> {
    let relative = path.strip_prefix(import_root).ok()?.with_extension("");
    let parts: Vec<String> =
        relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    (parts.len() > 1).then(|| parts.join("."))
}

/// The plugin's own error with a code of its own.
pub(crate) fn plugin_error(message: &str) -> PluginError {
    PluginError { code: 0, message: message.to_owned(), name: None, stack: None, caused_by: None }
}
