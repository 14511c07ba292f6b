//! The short way: open, name a plugin, say what it may do, start it.

use crate::error::Error;
use ringfence_lifecycle::{
    Engine, EngineOptions, Instance, Interrupt, Observer, Packed, Review, SecretSource, Silent,
    Statistics, Terms, home_folder, located, prepare_home,
};
use ringfence_limits::{Budget, Preset};
use ringfence_package::{Package, Protocol};
use ringfence_permission::Policy;
use ringfence_types::{Capability, Host, Kind, Publish};
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs plugins. Clones share one engine, one log and one set of statistics.
#[derive(Clone)]
pub struct Ringfence {
    engine: Arc<Engine>,
}

impl Ringfence {
    /// Opens the user's own folder: `RINGFENCE_HOME`, else the usual place.
    ///
    /// # Errors
    /// When the folder cannot be made private, or its log cannot be opened.
    pub fn open() -> Result<Self, Error> {
        let home = home_folder().map_err(Error::Home)?;
        Self::with(EngineOptions::new(home))
    }

    /// Opens this folder, and makes it when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made private, or its log cannot be opened.
    pub fn open_at(home: impl AsRef<Path>) -> Result<Self, Error> {
        let home = prepare_home(home.as_ref()).map_err(Error::Home)?;
        Self::with(EngineOptions::new(home))
    }

    /// With options of the host's own, such as services for plugins.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub fn with(options: EngineOptions) -> Result<Self, Error> {
        Ok(Self { engine: Arc::new(Engine::open(options)?) })
    }

    /// A plugin at a path: a folder, a script or a program. Nothing is read yet.
    pub fn plugin(&self, path: impl Into<PathBuf>) -> Start {
        Start::new(self, What::Path(path.into()))
    }

    /// A plain program with its arguments.
    pub fn command<I>(&self, command: I) -> Start
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        Start::new(self, What::Command(command.into_iter().map(Into::into).collect()))
    }

    /// Kills every instance; none can be started afterwards.
    pub fn terminate_all(&self) {
        self.engine.terminate_all();
    }

    /// Totals so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.engine.statistics()
    }

    /// What is beneath, for what this does not offer.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }
}

#[derive(Clone)]
enum What {
    Path(PathBuf),
    Command(Vec<OsString>),
}

/// A start that is being described. What is not granted is denied.
#[must_use = "nothing happens until it is started"]
pub struct Start {
    engine: Arc<Engine>,
    what: What,
    mcp: bool,
    terms: Terms,
    grants: Vec<String>,
    hosts: Vec<(String, IpAddr)>,
    interrupt: Option<Interrupt>,
    observer: Box<dyn Observer>,
}

impl Start {
    fn new(ringfence: &Ringfence, what: What) -> Self {
        Self {
            engine: Arc::clone(&ringfence.engine),
            what,
            mcp: false,
            terms: Terms { by: "host".to_owned(), ..Terms::default() },
            grants: Vec::new(),
            hosts: Vec::new(),
            interrupt: None,
            observer: Box::new(Silent),
        }
    }

    /// Grants a capability, such as `files.read=/data/**`.
    pub fn grant(mut self, capability: impl Into<String>) -> Self {
        self.grants.push(capability.into());
        self
    }

    /// Grants everything that the manifest declares.
    pub const fn grant_declared(mut self) -> Self {
        self.terms.accept_declared = true;
        self
    }

    /// Lends a variable.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.terms.environment.push((name.into(), value.into()));
        self
    }

    /// Lets a secret go out to a place, such as `api.example.com` or
    /// `https://api.example.com/v1/*`, without the plugin having it: a variable
    /// `name` in the jail stands for it. The source is read at every use.
    pub fn secret(
        mut self,
        name: impl AsRef<str>,
        place: impl AsRef<str>,
        source: impl SecretSource + 'static,
    ) -> Self {
        let (name, place) = (name.as_ref(), place.as_ref());
        self.grants.push(format!("{}={name}@{place}", Kind::SecretsUse));
        let secrets = std::mem::take(&mut self.terms.secrets);
        self.terms.secrets = secrets.with(name, Arc::new(source));
        self
    }

    /// Gives an address of a host that is then not looked up. It is dialled whatever
    /// block it is in.
    pub fn resolve(mut self, host: impl Into<String>, address: IpAddr) -> Self {
        self.hosts.push((host.into(), address));
        self
    }

    /// Lets others on this machine connect to a port of the plugin, and grants
    /// `network.listen` for it. [`crate::Instance::published`] tells where.
    pub fn publish(mut self, publish: Publish) -> Self {
        self.terms.publish.push(publish);
        self
    }

    /// The limits; [`Preset::Production`] when nothing is said.
    pub fn preset(mut self, preset: Preset) -> Self {
        self.terms.preset = preset;
        self.terms.budget = None;
        self
    }

    /// Limits in place of a preset's.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.terms.budget = Some(budget);
        self
    }

    /// What may be granted at all.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.terms.policy = policy;
        self
    }

    /// Who says yes, for the log; `host` when nothing is said.
    pub fn by(mut self, who: impl Into<String>) -> Self {
        self.terms.by = who.into();
        self
    }

    /// It speaks the Model Context Protocol, though its files do not say so.
    pub const fn mcp(mut self) -> Self {
        self.mcp = true;
        self
    }

    /// Something else that ends it, beside [`Instance::interrupt`].
    pub fn interrupt(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = Some(interrupt);
        self
    }

    /// Hears the plugin's log, and a plain program's output as it comes.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// What a person should see before saying yes. Starts nothing.
    ///
    /// # Errors
    /// When the plugin or the grants are not acceptable.
    pub fn review(&self) -> Result<Review, Error> {
        let mut package = match &self.what {
            What::Path(path) if Packed::is_at(path) => self.engine.open_packed(path)?,
            What::Path(path) => Package::open(path)?,
            What::Command(command) => Package::command(located(command.clone()))?,
        };
        if self.mcp {
            package.protocol = Protocol::Mcp;
        }
        let mut terms = self.terms.clone();
        for text in &self.grants {
            let capability = text.parse::<Capability>();
            terms.grants.push(
                capability.map_err(|error| Error::Grant {
                    text: text.clone(),
                    reason: error.to_string(),
                })?,
            );
        }
        for (text, address) in &self.hosts {
            let refused = |reason: String| Error::Host { text: text.clone(), reason };
            let host = Host::parse(text).map_err(|error| refused(error.to_string()))?;
            if host.address().is_some() {
                return Err(refused("an address is not looked up anyway".to_owned()));
            }
            terms.hosts.entry(host).or_default().push(*address);
        }
        Ok(self.engine.review(package, terms)?)
    }

    /// Starts it. A plugin that needs what it was not granted is refused.
    ///
    /// # Errors
    /// When the plugin or the grants are not acceptable, when it is refused, or
    /// when it cannot be started. Then nothing is left behind.
    pub fn start(self) -> Result<Instance, Error> {
        let review = self.review()?;
        if let Some(refusal) = review.refusal() {
            self.engine.record_refusal(&review, &refusal.to_string());
            return Err(Error::Run(refusal));
        }
        Ok(self.engine.start(review, self.interrupt, self.observer)?)
    }
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values of lent variables are secrets.
        f.debug_struct("Start").field("grants", &self.grants).finish_non_exhaustive()
    }
}
