//! The long-lived part: one backend, one log, the host's services.

use crate::asking::Asking;
use crate::built_in::{BuiltIn, Wanted, Worker};
use crate::doors::open_doors;
use crate::effects::{Effects, Own, Shared, Until};
use crate::error::RunError;
use crate::installed::{InUse, InstalledAs};
use crate::instance::Instance;
use crate::interrupt::Interrupt;
use crate::jailed::Jailed;
use crate::network::Inside;
use crate::observer::Observer;
use crate::pins::PinBook;
use crate::plan::{Surroundings, own_package, plan};
use crate::recall::{Held, Recall, Recalls, Started, Subject, Watched};
use crate::record::Recorder;
use crate::review::{Review, ReviewError, Terms};
use ringfence_audit::{AuditLog, AuditOpenError, LogOptions};
use ringfence_gate_events::Bus;
use ringfence_gate_host::{HostServices, Settings};
use ringfence_gate_network::Resolver;
use ringfence_gate_secrets::Secrets;
use ringfence_gate_storage::Storage;
use ringfence_package::Package;
use ringfence_permission::{Available, Consent, Grants};
use ringfence_sandbox::{Backend, Plan, Running, Usage};
use ringfence_sandbox_process::{Limits, ProcessBackend};
use ringfence_types::{Actor, AuditError, AuditEvent, AuditSink, Host, Kind, Publish};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How an engine is set up.
#[derive(Clone)]
pub struct EngineOptions {
    /// Folder with keys, log and storage, private to this user.
    pub home: PathBuf,
    /// How far limits must reach.
    pub limits: Limits,
    /// Start nothing on a kernel without Landlock, the second wall around files.
    pub landlock_required: bool,
    /// Who acts, for the record.
    pub actor: Actor,
    /// What the host application does for plugins.
    pub services: Arc<HostServices>,
    /// Where the host keeps the plugins' settings.
    pub settings: Settings,
    /// Addresses of hosts that are not to be looked up. They are dialled whatever
    /// block they are in: a person named them.
    pub hosts: BTreeMap<Host, Vec<IpAddr>>,
    /// Secrets that may go out in requests, where a grant of `secrets.use` says so.
    pub secrets: Secrets,
}

impl EngineOptions {
    /// The usual options with this folder.
    #[must_use]
    pub fn new(home: PathBuf) -> Self {
        Self {
            home,
            limits: Limits::default(),
            landlock_required: false,
            actor: Actor::User { uid: rustix::process::geteuid().as_raw() },
            services: Arc::default(),
            settings: Settings::default(),
            hosts: BTreeMap::new(),
            secrets: Secrets::default(),
        }
    }
}

/// Why an engine cannot work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Without a log nothing may run.
    #[error("the audit log cannot be opened")]
    Audit(#[from] AuditOpenError),
    /// No descriptor is left.
    #[error("the engine cannot start: {0}")]
    Io(#[from] std::io::Error),
}

/// Totals over all instances of an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Statistics {
    /// Instances that run now.
    pub running: u64,
    /// Instances started so far.
    pub started: u64,
    /// Instances that ended with an error.
    pub failed: u64,
    /// Processor time of all ended instances.
    pub cpu: Duration,
    /// Largest peak memory of an ended instance, in bytes.
    pub peak_memory: u64,
}

/// Starts instances and holds what they share.
pub struct Engine {
    options: EngineOptions,
    shared: Shared,
    storage: Mutex<Option<Arc<Storage>>>,
    built_in: Mutex<Option<Arc<BuiltIn>>>,
    log: AuditLog,
    sink: Arc<dyn AuditSink>,
    all: Interrupt,
    statistics: Arc<Mutex<Statistics>>,
    recalls: Arc<Recalls>,
}

impl Engine {
    /// Opens the log and looks at the machine; starts nothing.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub fn open(options: EngineOptions) -> Result<Self, EngineError> {
        let mut backend = ProcessBackend::new(options.limits);
        if options.landlock_required {
            backend = backend.with_landlock_required();
        }
        Self::with_backend(options, backend)
    }

    /// As [`Engine::open`] with a backend that was started before: of the options
    /// that are about it, nothing is read.
    ///
    /// # Errors
    /// As for [`Engine::open`].
    pub fn with_backend(
        options: EngineOptions,
        backend: ProcessBackend,
    ) -> Result<Self, EngineError> {
        let backend = Arc::new(backend);
        // It starts on another processor while the log is opened. A failure
        // shows again, with its reason, when something is started.
        let _ = backend.warm_up();
        let log = AuditLog::open(&options.home, LogOptions::default())?;
        Ok(Self {
            shared: Shared {
                backend,
                bus: Bus::new(),
                services: Arc::clone(&options.services),
                settings: options.settings.clone(),
                resolver: Resolver::with_given(options.hosts.clone()),
                secrets: options.secrets.clone(),
            },
            storage: Mutex::default(),
            built_in: Mutex::default(),
            sink: Arc::new(log.clone()),
            log,
            recalls: Arc::new(Recalls::new(&options.home)),
            options,
            all: Interrupt::new()?,
            statistics: Arc::default(),
        })
    }

    /// The backend, for `doctor` and benchmarks.
    #[must_use]
    pub fn backend(&self) -> &ProcessBackend {
        &self.shared.backend
    }

    /// Ringfence's own folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.options.home
    }

    /// What this build can perform, so that nothing else is ever granted.
    #[must_use]
    pub fn available(&self) -> Available {
        let kinds = self.options.services.kinds();
        // The registry takes only kinds that a host may serve.
        Available::built_in().with_host_kinds(kinds).unwrap_or_else(|_| Available::none())
    }

    /// Works out what a package would get on these terms. Starts nothing.
    ///
    /// # Errors
    /// When the package or the grants are not acceptable.
    pub fn review(&self, package: Package, terms: Terms) -> Result<Review, ReviewError> {
        Review::new(package, terms, &self.available(), self.shared.backend.level(), now_ms())
    }

    /// Writes an event of no instance into the log.
    ///
    /// # Errors
    /// When the log does not take it; what it is about must then not happen.
    pub fn append(&self, event: AuditEvent) -> Result<(), AuditError> {
        self.sink.append(event.actor(self.options.actor.clone())).map(drop)
    }

    /// Records that something was refused before it ran.
    pub fn record_refusal(&self, review: &Review, why: &str) {
        Recorder::new(Arc::clone(&self.sink), review.instance.clone()).refused(why);
    }

    /// Starts a reviewed package. What is granted and what isolates it is in
    /// the log before its first instruction.
    ///
    /// # Errors
    /// When the log cannot take it, the jail cannot be built, or the program
    /// cannot be started. Then nothing is left behind.
    pub fn start(
        &self,
        review: Review,
        interrupt: Option<Interrupt>,
        mut observer: Box<dyn Observer>,
    ) -> Result<Instance, RunError> {
        if self.all.is_raised() {
            return Err(Interrupt::told(std::slice::from_ref(&self.all)));
        }
        let recorder = Recorder::new(Arc::clone(&self.sink), review.instance.clone());
        let search = std::env::var_os("PATH").unwrap_or_default();
        let user_home = std::env::var_os("HOME").map(PathBuf::from).filter(|p| p.is_absolute());
        let landlock = review.card.level.walls.iter().any(|w| w.name == "landlock" && w.stands);
        let own = Interrupt::new().map_err(|e| RunError::Internal { what: e.to_string() })?;
        let mut interrupts = vec![self.all.clone(), own.clone()];
        interrupts.extend(interrupt);
        let worker = self
            .worker(&review.package, &recorder, interrupts.clone(), &mut *observer)
            .inspect_err(|error| recorder.refused(&error.to_string()))?;
        let around = Surroundings {
            worker,
            environment: &review.terms.environment,
            search: &search,
            home: &self.options.home,
            user_home: user_home.as_deref(),
            landlock,
        };
        // Before its files are looked at for the plan, so that nobody removes them.
        let in_use = own_package(&review.package, &self.options.home)
            .map(|folder| InUse::of(&folder))
            .transpose()
            .map_err(|error| RunError::Internal {
                what: format!("the package's files were taken away meanwhile: {error}"),
            })?;
        let mut plan = plan(&review.package, &review.admitted, &around)
            .inspect_err(|error| recorder.refused(&error.to_string()))?;
        let pins = PinBook::of(&self.options.home, &review, &recorder)
            .inspect_err(|error| recorder.refused(&error.to_string()))?;
        recorder.granted(&review.admitted, &self.options.actor)?;
        let doors = open_doors(&review, &recorder)?;
        plan.published = doors.iter().map(|door| door.port().get()).collect();
        let published: Vec<Publish> =
            doors.iter().map(|door| Publish { port: door.port(), at: door.at().clone() }).collect();
        recorder.published(&published)?;
        recorder.starting(&review.card.level, &plan.program.to_string_lossy())?;
        let shared = self.shared.for_run(&review.terms);
        let inside = Inside::of(review.admitted.grants(), &shared.secrets)
            .inspect_err(|error| recorder.refused(&error.to_string()))?;
        inside.show(&mut plan);
        let watched = Arc::new(self.watched(&review, &plan, &own, &recorder));
        self.refuse_recalled(&watched, &recorder)?;
        let effects = if plan.control || plan.network {
            let until = Until::default();
            let asking = Asking::of(
                &self.options.home,
                &review,
                self.available(),
                &recorder,
                interrupts.clone(),
                until.clone(),
            )?;
            let asks = review.terms.ask.is_some();
            Effects::new(
                review.admitted.grants(),
                &shared,
                Own {
                    storage: self.storage_for(review.admitted.grants(), asks)?,
                    inside,
                    budget: review.admitted.budget().clone(),
                    until,
                    asking,
                },
                &plan,
                &around,
                &recorder,
                interrupts.clone(),
            )?
        } else {
            Effects::none()
        };
        let running = self.shared.backend.prepare(&plan).and_then(|jail| {
            // The walls are built on another processor meanwhile. A failure is
            // told by whoever signs.
            let _ = self.log.prepare_to_sign();
            jail.launch()
        });
        let running: Box<dyn Running> = match running {
            Ok(running) => Box::new(running),
            Err(error) => {
                recorder.refused(&error.to_string());
                return Err(error.into());
            }
        };
        let killer = running.killer().map_err(|e| RunError::Internal { what: e.to_string() })?;
        let killer = Arc::new(killer);
        interrupts.iter().for_each(|interrupt| interrupt.kills(&killer));
        self.recalls.watch(&watched).map_err(|e| RunError::Internal { what: e.to_string() })?;
        let network = effects.network_side(doors);
        let jailed = Jailed::new(running, plan.budget.clone(), recorder, interrupts, network)?;
        self.count(|statistics| {
            statistics.running += 1;
            statistics.started += 1;
        });
        Ok(Instance::new(self, review, jailed, effects, (own, killer), observer)
            .publishing(published)
            .pinned_by(pins)
            .using(in_use)
            .watched(watched, Arc::clone(&self.recalls)))
    }

    /// What those who look for what is taken back know of a start.
    fn watched(
        &self,
        review: &Review,
        plan: &Plan,
        interrupt: &Interrupt,
        recorder: &Recorder,
    ) -> Watched {
        let package = &review.package;
        let (subject, consent) = match &review.terms.installed {
            Some(InstalledAs { name, package, consent }) => {
                let (name, package) = (name.clone(), *package);
                (Subject::Installed { name, package }, consent.clone())
            }
            None => {
                let subject = self.subject(package);
                // Who may write beside its code could be other bytes by the time they are
                // compared with what is in quarantine.
                if writes_beside(review) {
                    let _ = subject.digest();
                }
                (subject, Consent::none())
            }
        };
        Watched::new(Started {
            instance: review.instance.clone(),
            name: package.name.clone(),
            subject,
            grants: Arc::clone(review.admitted.grants()),
            consent,
            held: Held::by(plan),
            interrupt: interrupt.clone(),
            sink: Arc::clone(recorder.sink()),
        })
    }

    /// Refuses what was taken back between the review and now.
    fn refuse_recalled(&self, watched: &Watched, recorder: &Recorder) -> Result<(), RunError> {
        let refusal = match self.recalls.admit(watched) {
            Ok(None) => return Ok(()),
            Ok(Some(recall)) => RunError::Refused(Box::new(recall)),
            Err(error) => RunError::Refused(Box::new(Recall::list_lost(&watched.name, &error))),
        };
        recorder.refused(&refusal.to_string());
        Err(refusal)
    }

    pub(crate) const fn recalls(&self) -> &Arc<Recalls> {
        &self.recalls
    }

    /// What runs a package of the built-in engine, compiled if it has to be.
    fn worker(
        &self,
        package: &Package,
        recorder: &Recorder,
        interrupts: Vec<Interrupt>,
        observer: &mut dyn Observer,
    ) -> Result<Option<Worker>, RunError> {
        if !package.runtime.is_built_in() {
            return Ok(None);
        }
        let built_in = {
            let mut built_in = self.built_in.lock().unwrap_or_else(PoisonError::into_inner);
            match &*built_in {
                Some(open) => Arc::clone(open),
                None => {
                    let open = Arc::new(BuiltIn::open(&self.options.home)?);
                    *built_in = Some(Arc::clone(&open));
                    open
                }
            }
        };
        let backend = &*self.shared.backend;
        built_in.worker(package, Wanted { backend, recorder, interrupts, observer })
    }

    /// The home's storage, opened with the first instance that may use it.
    fn storage_for(&self, grants: &Grants, asks: bool) -> Result<Option<Arc<Storage>>, RunError> {
        let uses = [Kind::StorageRead, Kind::StorageWrite];
        if !asks && uses.iter().all(|kind| grants.of_kind(*kind).is_empty()) {
            return Ok(None);
        }
        let mut storage = self.storage.lock().unwrap_or_else(PoisonError::into_inner);
        if storage.is_none() {
            let opened = Storage::open(&self.options.home.join("storage.sqlite"))
                .map_err(|error| RunError::Internal { what: format!("the storage: {error}") })?;
            *storage = Some(Arc::new(opened));
        }
        Ok(storage.clone())
    }

    /// Kills every instance of this engine, in a call or not; none can be started
    /// afterwards. What was running is told `RunError::Interrupted`.
    pub fn terminate_all(&self) {
        self.all.raise();
    }

    /// Totals so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn statistics_handle(&self) -> Arc<Mutex<Statistics>> {
        Arc::clone(&self.statistics)
    }

    fn count(&self, change: impl FnOnce(&mut Statistics)) {
        change(&mut self.statistics.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Signs the log and brings it to the disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&self) -> Result<(), RunError> {
        self.log.flush().map_err(RunError::from)
    }

    /// Signs the log's head without waiting for the disk.
    ///
    /// # Errors
    /// When the key or the disk refuses.
    pub fn sign(&self) -> Result<(), RunError> {
        self.log.sign().map_err(RunError::from)
    }
}

/// Adds what an ended instance used to the totals.
pub(crate) fn count_end(statistics: &Mutex<Statistics>, usage: &Usage, failed: bool) {
    let mut statistics = statistics.lock().unwrap_or_else(PoisonError::into_inner);
    statistics.running = statistics.running.saturating_sub(1);
    statistics.failed += u64::from(failed);
    statistics.cpu = statistics.cpu.saturating_add(usage.cpu);
    statistics.peak_memory = statistics.peak_memory.max(usage.peak_memory);
}

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Whether something that it may write or delete lies in its own folder, or around it.
fn writes_beside(review: &Review) -> bool {
    let Some(folder) = &review.package.folder else { return false };
    let grants = review.admitted.grants();
    [Kind::FilesWrite, Kind::FilesDelete].into_iter().flat_map(|kind| grants.of_kind(kind)).any(
        |grant| {
            let path = grant.capability().scope().path().map(Path::new);
            path.is_none_or(|path| path.starts_with(folder) || folder.starts_with(path))
        },
    )
}
