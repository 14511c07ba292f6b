//! The clients of the ecosystems, in a jail that reaches the registry and nothing else.

use crate::error::InstallError;
use crate::registry::Registry;
use ringfence_lifecycle::{Engine, Interrupt, Observer, RunError, Terms};
use ringfence_limits::{Budget, MIB, Preset};
use ringfence_package::Package;
use ringfence_sandbox_process::find_program;
use ringfence_types::{Capability, Kind, UntrustedText};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Most letters of what a client said that are told.
const MOST_SAID: usize = 600;
/// Files with certificates of the user's own, by the variable that names them.
const CERTIFICATES: [&str; 5] =
    ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"];

/// One thing for a client to do.
pub(crate) struct Errand<'e> {
    /// Which client, for a person.
    pub(crate) program: &'static str,
    /// What is fetched, for a person.
    pub(crate) source: String,
    pub(crate) words: Vec<OsString>,
    /// The folder that it may read and write; no other.
    pub(crate) folder: &'e Path,
    /// Where it may ask: the registry, and where that keeps its files.
    pub(crate) registries: &'e [Registry],
    pub(crate) environment: Vec<(String, OsString)>,
    /// A file of certificates that its configuration names.
    pub(crate) certificates: Option<PathBuf>,
}

/// Who hears of it meanwhile, and who can end it.
pub struct Around {
    /// One for all errands, each of which takes an observer of its own.
    observer: Shared,
    /// Ends it.
    pub(crate) interrupt: Option<Interrupt>,
    /// How long each errand of a client may take.
    pub(crate) limit: Duration,
    /// Nothing that was published later, in seconds since 1970.
    pub(crate) before: Option<i64>,
}

impl Around {
    /// `observer` hears what clients say and that time passes; `interrupt` ends it; `limit` is
    /// how long each errand of a client may take.
    #[must_use]
    pub fn new(observer: Box<dyn Observer>, interrupt: Option<Interrupt>, limit: Duration) -> Self {
        Self { observer: Shared(Arc::new(Mutex::new(observer))), interrupt, limit, before: None }
    }

    /// Takes only what was published before this moment, in seconds since 1970, as the
    /// registry says; what has no time is not taken.
    #[must_use]
    pub const fn before(mut self, before: Option<i64>) -> Self {
        self.before = before;
        self
    }
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Box<dyn Observer>>>);

impl Shared {
    fn one(&self) -> MutexGuard<'_, Box<dyn Observer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Shared {
    fn output(&mut self, bytes: &[u8]) {
        self.one().output(bytes);
    }

    fn waiting(&mut self, elapsed: Duration) {
        self.one().waiting(elapsed);
    }

    fn compiling(&mut self, elapsed: Duration) {
        self.one().compiling(elapsed);
    }

    fn log(&mut self, bytes: &[u8]) {
        self.one().log(bytes);
    }
}

impl Around {
    /// What is done while something is waited for that began then.
    pub(crate) fn meanwhile(&self, begun: Instant) -> impl FnMut(Duration) -> ControlFlow<()> + '_ {
        move |_| {
            self.observer.one().waiting(begun.elapsed());
            match &self.interrupt {
                Some(interrupt) if interrupt.is_raised() => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
}

/// Where a program of the search path really is.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    find_program(OsStr::new(name), &search).ok()
}

impl Errand<'_> {
    /// Runs the client to its end.
    pub(crate) fn run(self, engine: &Engine, around: &Around) -> Result<(), InstallError> {
        let terms = self.terms(around.limit)?;
        let package = Package::command(self.words.clone())?;
        let review = engine.review(package, terms)?;
        let jail =
            |error| InstallError::Jail { source_word: self.source.clone(), error: Box::new(error) };
        let observer = Box::new(around.observer.clone());
        let mut instance =
            engine.start(review, around.interrupt.clone(), observer).map_err(jail)?;
        let result = instance.execute("fetch", &Value::Null);
        let ended = instance.terminate();
        match result {
            Ok(_) => Ok(()),
            Err(RunError::Status { stderr, .. }) => Err(InstallError::Fetch {
                program: self.program,
                source_word: self.source,
                said: last(&stderr),
                denials: ended
                    .denials
                    .iter()
                    .map(|counted| UntrustedText::new(&counted.denial.to_string()).to_string())
                    .take(3)
                    .collect(),
            }),
            Err(error) => Err(jail(error)),
        }
    }

    fn terms(&self, limit: Duration) -> Result<Terms, InstallError> {
        let mut grants =
            self.registries.iter().map(Registry::capability).collect::<Result<Vec<_>, _>>()?;
        let mut hosts = BTreeMap::new();
        for registry in self.registries {
            hosts.extend(registry.addresses()?);
        }
        let below = format!("{}/**", self.folder.display());
        for kind in [Kind::FilesRead, Kind::FilesWrite, Kind::FilesDelete] {
            grants.push(scoped(kind, &below)?);
        }
        let mut environment = self.environment.clone();
        for name in CERTIFICATES {
            let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else {
                continue;
            };
            grants.extend(certificates(Path::new(&value))?);
            environment.push((name.to_owned(), value));
        }
        if let Some(file) = &self.certificates {
            grants.extend(certificates(file)?);
        }
        Ok(Terms {
            preset: Preset::Development,
            budget: Some(budget(limit)),
            grants,
            environment,
            hosts,
            by: "ringfence: to fetch".to_owned(),
            ..Terms::default()
        })
    }
}

fn scoped(kind: Kind, scope: &str) -> Result<Capability, InstallError> {
    Capability::new(kind, scope).map_err(|error| InstallError::Io {
        path: UntrustedText::new(scope).to_string(),
        error: std::io::Error::other(error.to_string()),
    })
}

/// A file of certificates, or a folder of them, where it really is.
fn certificates(path: &Path) -> Result<Option<Capability>, InstallError> {
    let Ok(real) = path.canonicalize() else { return Ok(None) };
    let text = real.display().to_string();
    let scope = if real.is_dir() { format!("{text}/**") } else { text };
    scoped(Kind::FilesRead, &scope).map(Some)
}

fn budget(limit: Duration) -> Budget {
    let mut budget = Preset::Development.budget();
    budget.timeouts.call = limit;
    budget.cpu_time = limit;
    budget.memory_bytes = 2048 * MIB;
    budget.file_bytes = 512 * MIB;
    budget.network_requests_per_minute = 20_000;
    budget.network_received_bytes = 1024 * MIB;
    budget
}

/// Why a client failed, by its own words, on one line and safe to show: the lines that it
/// marks as errors, else the last one.
pub(crate) fn last(text: &str) -> String {
    let marked: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            ["npm error ", "ERROR: "].iter().find_map(|mark| line.strip_prefix(mark))
        })
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("A complete log of this run"))
        .collect();
    let said = match marked.as_slice() {
        [] => text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned(),
        marked => marked.join("; "),
    };
    let short: String = said.chars().take(MOST_SAID).collect();
    UntrustedText::new(&short).to_string()
}
