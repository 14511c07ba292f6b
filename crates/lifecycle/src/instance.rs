//! One running plugin: execute, usage, terminate.

use crate::actions::Actions;
use crate::effects::Effects;
use crate::engine::{Engine, Statistics, count_end};
use crate::error::RunError;
use crate::input;
use crate::inspected::{Findings, Inspected, check_inspect};
use crate::installed::InUse;
use crate::interrupt::Interrupt;
use crate::jailed::Jailed;
use crate::mcp_call::McpSession;
use crate::mcp_proxy::{self, ProxyUsage};
use crate::observer::Observer;
use crate::pins::PinBook;
use crate::plain;
use crate::recall::{Recalls, Watched};
use crate::record::Recorder;
use crate::review::Review;
use ringfence_broker::{BrokerUsage, CountedDenial};
use ringfence_limits::Resource;
use ringfence_package::{Package, Protocol};
use ringfence_permission::Grants;
use ringfence_protocol::mcp::{Root, ServerInfo, Tool};
use ringfence_protocol::worker::Inspect;
use ringfence_sandbox::{End, Killer, Live, Usage};
use ringfence_types::Publish;
use serde_json::Value;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

/// What one call gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A value; untrusted.
    Value(Value),
    /// What a plain program printed; untrusted.
    Bytes(Vec<u8>),
}

impl Answer {
    /// The value of an action or a tool; `None` for a plain program.
    #[must_use]
    pub const fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Bytes(_) => None,
        }
    }

    /// What a plain program printed; `None` for anything else.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Value(_) => None,
            Self::Bytes(bytes) => Some(bytes),
        }
    }
}

/// How an instance ended and what it used.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Ended {
    /// How its program ended.
    pub end: End,
    /// What the kernel counted.
    pub usage: Usage,
    /// What it did through the broker.
    pub effects: BrokerUsage,
    /// The different denials of the broker, each with its count.
    pub denials: Vec<CountedDenial>,
}

enum Talk {
    /// Nothing was said yet.
    New,
    Actions(Box<Actions>),
    Mcp(Box<McpSession>),
    /// It can be used once, and was.
    Over,
}

/// A plugin that runs. Dropping it ends it.
pub struct Instance {
    jailed: Jailed,
    package: Package,
    grants: Arc<Grants>,
    effects: Effects,
    observer: Box<dyn Observer>,
    recorder: Recorder,
    statistics: Arc<Mutex<Statistics>>,
    interrupt: Interrupt,
    /// Lets the interrupts kill it for as long as it is here.
    _killer: Arc<Killer>,
    talk: Talk,
    failed: Option<String>,
    ended: bool,
    published: Vec<Publish>,
    /// What an MCP server said of its tools before, until it is talked to.
    pins: Option<PinBook>,
    /// Lets nobody remove its files from the home while it is here.
    _in_use: Option<InUse>,
    /// Ends it when what lets it run is taken back, as long as it is here.
    watched: Option<(Arc<Watched>, Arc<Recalls>)>,
}

impl Instance {
    pub(crate) fn new(
        engine: &Engine,
        review: Review,
        mut jailed: Jailed,
        effects: Effects,
        (interrupt, killer): (Interrupt, Arc<Killer>),
        observer: Box<dyn Observer>,
    ) -> Self {
        let recorder = jailed.recorder().clone();
        jailed.interrupt_with(interrupt.clone());
        let grants = Arc::clone(review.admitted.grants());
        Self {
            jailed,
            package: review.package,
            grants,
            effects,
            observer,
            recorder,
            statistics: engine.statistics_handle(),
            interrupt,
            _killer: killer,
            talk: Talk::New,
            failed: None,
            ended: false,
            published: Vec::new(),
            pins: None,
            _in_use: None,
            watched: None,
        }
    }

    pub(crate) fn watched(mut self, watched: Arc<Watched>, recalls: Arc<Recalls>) -> Self {
        self.watched = Some((watched, recalls));
        self
    }

    pub(crate) fn using(mut self, in_use: Option<InUse>) -> Self {
        self._in_use = in_use;
        self
    }

    pub(crate) fn pinned_by(mut self, pins: Option<PinBook>) -> Self {
        self.pins = pins;
        self
    }

    pub(crate) fn publishing(mut self, published: Vec<Publish>) -> Self {
        self.published = published;
        self
    }

    /// Its ports that can be reached from outside, and where; with the port that was
    /// free where any was asked for.
    #[must_use]
    pub fn published(&self) -> &[Publish] {
        &self.published
    }

    /// Loads the plugin, or does the handshake; a plain program needs neither.
    /// [`Instance::execute`] does it when it was not done.
    ///
    /// # Errors
    /// When the plugin does not become ready in time.
    pub fn initialise(&mut self) -> Result<(), RunError> {
        if !matches!(self.talk, Talk::New) {
            return Ok(());
        }
        let result = match self.package.protocol {
            Protocol::Plain => return Ok(()),
            Protocol::Actions => {
                Actions::start(&mut self.jailed, &self.package, &self.effects, &mut *self.observer)
                    .map(|actions| Talk::Actions(Box::new(actions)))
            }
            Protocol::Mcp => {
                let roots = self.roots();
                let pins = self.pins.take();
                McpSession::start(&mut self.jailed, roots, pins, &mut *self.observer)
                    .map(|session| Talk::Mcp(Box::new(session)))
            }
        };
        match result {
            Ok(talk) => {
                self.talk = talk;
                Ok(())
            }
            Err(error) => Err(self.failing(error)),
        }
    }

    /// Names of what can be called; untrusted.
    ///
    /// # Errors
    /// When the plugin cannot be asked.
    pub fn actions(&mut self) -> Result<Vec<String>, RunError> {
        self.check_alive()?;
        self.initialise()?;
        match &self.talk {
            Talk::Actions(actions) => Ok(actions.names().to_vec()),
            Talk::Mcp(_) => Ok(self.tools()?.into_iter().map(|tool| tool.name).collect()),
            Talk::New | Talk::Over => Ok(Vec::new()),
        }
    }

    /// The tools of an MCP server; untrusted.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub fn tools(&mut self) -> Result<Vec<Tool>, RunError> {
        self.check_alive()?;
        self.initialise()?;
        let Talk::Mcp(session) = &mut self.talk else { return Ok(Vec::new()) };
        let result = session.tools(&mut self.jailed, &mut *self.observer);
        result.map_err(|error| self.failing(error))
    }

    /// Who the MCP server says it is; untrusted.
    #[must_use]
    pub fn server(&self) -> Option<&ServerInfo> {
        match &self.talk {
            Talk::Mcp(session) => Some(&session.server),
            Talk::New | Talk::Actions(_) | Talk::Over => None,
        }
    }

    /// Calls one action and waits for its answer.
    ///
    /// A plain program has no actions: it gets `input` on its standard input
    /// (a text as it is, anything else as JSON), runs to its end, and can be
    /// executed once.
    ///
    /// # Errors
    /// Every way in which a call can fail. After [`RunError::Input`] the plugin was
    /// not called, and can be; after a time-out, a used-up limit or a crash the
    /// instance is over and nothing of it runs any more.
    pub fn execute(&mut self, action: &str, input: &Value) -> Result<Answer, RunError> {
        self.perform(action, input, &mut Findings::default())
    }

    /// As [`Instance::execute`], and finds out more about this one call: where its time
    /// went, what a trap left of the plugin. Only for actions of WebAssembly. It slows
    /// the call down; other calls cost nothing more.
    ///
    /// # Errors
    /// [`RunError::NotInspected`] when this plugin cannot be inspected; then it was not
    /// called. How the call itself failed is in [`Inspected::result`].
    pub fn inspect(
        &mut self,
        action: &str,
        input: &Value,
        inspect: Inspect,
    ) -> Result<Inspected, RunError> {
        check_inspect(&self.package, inspect)?;
        let mut findings = Findings::of(inspect);
        let result = self.perform(action, input, &mut findings);
        Ok(findings.finish(self.package.name.as_str(), result))
    }

    fn perform(
        &mut self,
        action: &str,
        input: &Value,
        findings: &mut Findings,
    ) -> Result<Answer, RunError> {
        let bytes = input_bytes(input);
        self.check_input(&bytes)?;
        self.check_alive()?;
        // Before anything of it is loaded: it does not even hear of such a call.
        let checked = input::checked(&self.package.actions, action, input)
            .inspect_err(|error| self.recorder.refused(&error.to_string()))?;
        let input = checked.as_ref().unwrap_or(input);
        self.initialise()?;
        self.recorder.calling(action, findings.inspect)?;
        let result = match &mut self.talk {
            Talk::Actions(actions) => actions
                .call(
                    &mut self.jailed,
                    (action, input),
                    findings,
                    &self.effects,
                    &mut *self.observer,
                )
                .map(Answer::Value),
            Talk::Mcp(session) => {
                let empty = Value::Object(serde_json::Map::new());
                let arguments = if input.is_null() { &empty } else { input };
                session
                    .call(&mut self.jailed, action, arguments, &mut *self.observer)
                    .map(Answer::Value)
            }
            Talk::New => {
                self.talk = Talk::Over;
                plain::run(&mut self.jailed, &bytes, &mut *self.observer).map(Answer::Bytes)
            }
            Talk::Over => Err(RunError::Over { why: self.failed.clone() }),
        };
        self.recorder.called(action, result.as_ref().err().map(ToString::to_string).as_deref());
        if result.is_ok() {
            // One failed call before does not make it a failed instance.
            self.failed = None;
        }
        result.map_err(|error| self.failing(error))
    }

    fn check_alive(&self) -> Result<(), RunError> {
        match self.talk {
            Talk::Over => Err(RunError::Over { why: self.failed.clone() }),
            Talk::New | Talk::Actions(_) | Talk::Mcp(_) => Ok(()),
        }
    }

    fn check_input(&self, bytes: &[u8]) -> Result<(), RunError> {
        let limit = self.jailed.budget().input_bytes;
        let used = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if used > limit {
            return Err(RunError::Resource { resource: Resource::Input, limit, used: Some(used) });
        }
        Ok(())
    }

    /// Serves a foreign MCP client over these descriptors until either side ends.
    ///
    /// # Errors
    /// When the server dies, breaks the protocol or uses up a limit.
    pub fn serve_mcp(&mut self, input: OwnedFd, output: OwnedFd) -> Result<ProxyUsage, RunError> {
        self.talk = Talk::Over;
        self.jailed.attach_client(input, output);
        let roots = self.roots();
        let (pins, observer) = (self.pins.take(), &mut *self.observer);
        let result = mcp_proxy::serve(&mut self.jailed, &self.package, roots, pins, observer);
        result.map_err(|error| self.failing(error))
    }

    /// The granted folders, as an MCP server is told them.
    fn roots(&self) -> Vec<Root> {
        self.grants.file_roots().into_iter().map(Root::from_path).collect()
    }

    /// Kills this instance from another thread, in a call or not.
    #[must_use]
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// How it talks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.package.protocol
    }

    /// What it may do.
    #[must_use]
    pub fn grants(&self) -> &Arc<Grants> {
        &self.grants
    }

    /// What the whole jail uses now; `None` once it is gone.
    #[must_use]
    pub fn usage(&mut self) -> Option<Live> {
        self.jailed.live()
    }

    /// Process id of the jail's first process, on the host.
    #[must_use]
    pub fn host_pid(&self) -> u32 {
        self.jailed.host_pid()
    }

    /// Whether its program has ended; looks without waiting.
    #[must_use]
    pub fn has_ended(&mut self) -> bool {
        self.jailed.has_ended()
    }

    fn failing(&mut self, error: RunError) -> RunError {
        let lives = matches!(&self.talk, Talk::Actions(actions) if actions.lives());
        if !lives
            && !matches!(
                error,
                RunError::Plugin(_) | RunError::NoSuchAction { .. } | RunError::Held { .. }
            )
        {
            self.talk = Talk::Over;
            // Whoever keeps it does not keep a program that runs on.
            self.jailed.finish();
        }
        self.failed = Some(error.to_string());
        error
    }

    /// Ends it and waits until nothing of it is left.
    pub fn terminate(mut self) -> Ended {
        self.finish()
    }

    fn finish(&mut self) -> Ended {
        let (end, usage) = self.jailed.finish();
        if let Some((watched, _)) = &self.watched {
            // Whoever ended it writes down why before we write that it ended.
            watched.settle();
        }
        if let (None, Some(recall)) = (&self.failed, self.interrupt.recalled()) {
            self.failed = Some(recall.to_string());
        }
        let rest = self.jailed.drain_errors();
        if !rest.is_empty() {
            self.observer.log(&rest);
        }
        if !self.ended {
            self.ended = true;
            count_end(&self.statistics, &usage, self.failed.is_some());
            self.recorder.ended(end, &usage, self.failed.as_deref());
        }
        Ended { end, usage, effects: self.effects.usage(), denials: self.effects.denials() }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.finish();
    }
}

fn input_bytes(input: &Value) -> Vec<u8> {
    match input {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    }
}
