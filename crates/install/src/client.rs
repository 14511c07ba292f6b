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
use std::process::{Command, Stdio};
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
    /// Hears what the client says, and that time passes.
    pub observer: Box<dyn Observer>,
    /// Ends it.
    pub interrupt: Option<Interrupt>,
    /// How long each errand of a client may take.
    pub limit: Duration,
}

impl Around {
    /// What is done while something is waited for that began then.
    pub(crate) fn meanwhile(
        &mut self,
        begun: Instant,
    ) -> impl FnMut(Duration) -> ControlFlow<()> + '_ {
        move |_| {
            self.observer.waiting(begun.elapsed());
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

/// What a client says of the user's own configuration. It runs outside of any jail, as
/// whenever the user calls it, in a folder where no project can configure it.
pub(crate) fn configuration(
    client: &'static str,
    help: &'static str,
    words: &[&OsStr],
) -> Result<String, InstallError> {
    let wrong = |why: String| InstallError::Client {
        program: client,
        why: UntrustedText::new(&why).to_string(),
        help,
    };
    let (program, rest) = words.split_first().ok_or_else(|| wrong("no program".to_owned()))?;
    let mut command = Command::new(program);
    command.args(rest).current_dir("/").stdin(Stdio::null());
    let done = command.output().map_err(|error| wrong(error.to_string()))?;
    if !done.status.success() {
        return Err(wrong(last(&String::from_utf8_lossy(&done.stderr))));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

impl Errand<'_> {
    /// Runs the client to its end.
    pub(crate) fn run(self, engine: &Engine, around: &mut Around) -> Result<(), InstallError> {
        let terms = self.terms(around.limit)?;
        let package = Package::command(self.words.clone())?;
        let review = engine.review(package, terms)?;
        let jail =
            |error| InstallError::Jail { source_word: self.source.clone(), error: Box::new(error) };
        let observer =
            std::mem::replace(&mut around.observer, Box::new(ringfence_lifecycle::Silent));
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
fn last(text: &str) -> String {
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
