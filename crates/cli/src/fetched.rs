//! `npm:NAME` and `pypi:NAME`: fetched, looked at in a process apart, admitted.

use crate::apart::{self, NoReport, Watch};
use crate::arguments::{MinAge, Run};
use crate::failure::Failure;
use crate::output;
use crate::verify::now;
use ringfence::{Engine, EngineOptions, Interrupt, Observer, Package, home_folder};
use ringfence_install::{
    Admission, Admitted, Around, InstallError, Look, Looked, NotLooked, Outcome, Require, Source,
    Vouched, fetch,
};
use ringfence_types::{Digest, ExitCode, UntrustedText};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::env::VarError;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Most things that its own code uses which stand on the card.
const MOST_USES: usize = 6;

/// The package of a registry that this names. What lies here under such a name is not
/// meant, or a folder could pass for a package: it is called by `./`.
pub(crate) fn source(target: &Path) -> Option<Result<Source, Failure>> {
    let text = target.to_str().filter(|text| Source::is_one(text))?;
    Some(text.parse().map_err(|error| Failure::usage(error).help("ringfence run npm:cowsay")))
}

/// Whether a word in front of `--` is meant as a plugin and not as an action: it names a
/// package of a registry, or has a `/` and is there.
pub(crate) fn is_plugin(target: &OsStr) -> bool {
    let path = Path::new(target);
    target.to_str().is_some_and(Source::is_one)
        || (target.as_bytes().contains(&b'/') && path.exists())
}

/// How a package is fetched.
#[derive(Clone, Copy)]
pub(crate) struct How {
    /// Say nothing meanwhile.
    pub(crate) quiet: bool,
    /// Ask the registry, whatever was fetched before.
    pub(crate) fresh: bool,
    /// Seconds after which it is given up.
    pub(crate) timeout: u32,
    /// Take it although its code is blocked.
    pub(crate) despite_findings: bool,
    /// What it has to have.
    pub(crate) require: Require,
    /// Take it although it may be somebody else's than those before.
    pub(crate) accept_publisher: bool,
    /// How long ago each part of it has to be published.
    pub(crate) min_age: Option<MinAge>,
}

/// Where it stands how old a package has to be when nobody says it.
const MIN_AGE: &str = "RINGFENCE_MIN_AGE";

/// The moment before which all of a package has to be published, in seconds since 1970.
fn before(given: Option<MinAge>) -> Result<Option<i64>, Failure> {
    let age = match (given, std::env::var(MIN_AGE)) {
        (Some(age), _) => age,
        (None, Ok(text)) if !text.is_empty() => text.parse().map_err(|why| {
            let text = UntrustedText::new(&text).to_string();
            Failure::usage(format!("the variable `{MIN_AGE}` is `{text}`: {why}"))
        })?,
        (None, Err(VarError::NotUnicode(_))) => {
            return Err(Failure::usage(format!("the variable `{MIN_AGE}` is not UTF-8")));
        }
        (None, _) => return Ok(None),
    };
    Ok(age.seconds().map(|seconds| now().saturating_sub(seconds)))
}

/// The package of this name, admitted.
pub(crate) fn package(
    engine: &Engine,
    source: &Source,
    arguments: &Run,
    interrupt: &Interrupt,
) -> Result<Package, Failure> {
    let how = How {
        quiet: arguments.quiet || arguments.json,
        fresh: arguments.fresh,
        timeout: arguments.fetch_timeout,
        despite_findings: arguments.despite_findings,
        require: Require {
            advisories: arguments.require_advisories,
            signatures: arguments.require_signatures,
            provenance: arguments.require_provenance,
        },
        // The card tells it each time; who installs it is asked.
        accept_publisher: false,
        min_age: arguments.min_age,
    };
    admitted(engine, source, how, interrupt).map(|admitted| admitted.package)
}

/// As [`package`], with what is known of it.
pub(crate) fn admitted(
    engine: &Engine,
    source: &Source,
    how: How,
    interrupt: &Interrupt,
) -> Result<Admitted, Failure> {
    let How { quiet, fresh, timeout, despite_findings, require, accept_publisher, min_age } = how;
    let fetching = Progress::new(format!("{source} is fetched"), quiet);
    let limit = Duration::from_secs(timeout.into());
    let around = Around::new(Box::new(fetching), Some(interrupt.clone()), limit);
    let around = around.before(before(min_age)?);
    let mut look = Apart { quiet, interrupt };
    let mut admission = Admission {
        engine,
        look: &mut look,
        around: &around,
        fresh,
        despite_findings,
        require,
        accept_publisher,
    };
    admission.package(source).map_err(|error| failure(&error))
}

/// A package that was fetched to be looked at and nothing else. Dropped, it is gone.
pub(crate) struct ForLooking {
    folder: tempfile::TempDir,
    /// How far it is vouched for.
    pub(crate) vouched: Vouched,
}

impl ForLooking {
    /// Where its files are.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("package")
    }

    /// A file beside them that says how far it is vouched for, as JSON.
    pub(crate) fn write_vouched(&self) -> io::Result<PathBuf> {
        let path = self.folder.path().join("vouched.json");
        std::fs::write(&path, serde_json::to_vec(&self.vouched)?)?;
        Ok(path)
    }
}

/// Fetches a package, without keeping it.
pub(crate) fn to_look_at(
    source: &Source,
    limit: Duration,
    min_age: Option<MinAge>,
    interrupt: Option<&Interrupt>,
) -> Result<ForLooking, Failure> {
    let home = home_folder().map_err(|error| Failure::new(ExitCode::Audit, error))?;
    let engine = Engine::open(EngineOptions::new(home))
        .map_err(|error| Failure::caused(ExitCode::Audit, &error))?;
    let fetching = Progress::new(format!("{source} is fetched"), false);
    let around = Around::new(Box::new(fetching), interrupt.cloned(), limit);
    let around = around.before(before(min_age)?);
    let fetched = fetch(&engine, source, &around).map_err(|error| failure(&error))?;
    let folder = tempfile::tempdir().map_err(|error| Failure::new(ExitCode::Internal, error))?;
    let here = ForLooking { folder, vouched: fetched.vouched };
    fetched
        .packed
        .unpack_to(&here.folder())
        .map_err(|error| Failure::caused(error.exit_code(), &error))?;
    Ok(here)
}

fn failure(error: &InstallError) -> Failure {
    let failure = Failure::caused(error.exit_code(), error);
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Tells that something happens, after one, two, four seconds and so on.
struct Progress {
    what: String,
    quiet: bool,
    begun: Instant,
    /// Seconds at which that is told next.
    next: u64,
}

impl Progress {
    fn new(what: String, quiet: bool) -> Self {
        Self { what, quiet, begun: Instant::now(), next: 1 }
    }

    fn tick(&mut self) {
        let seconds = self.begun.elapsed().as_secs();
        if !self.quiet && seconds >= self.next {
            self.next = seconds.saturating_mul(2);
            output::offer(&format!("ringfence: {} since {seconds} s\n", self.what));
        }
    }
}

impl Observer for Progress {
    // Of all errands together: what each has taken by itself tells nobody anything.
    fn waiting(&mut self, _: Duration) {
        self.tick();
    }
}

/// Looks in a process of its own, as `ringfence scan` does.
struct Apart<'a> {
    quiet: bool,
    interrupt: &'a Interrupt,
}

#[derive(Deserialize)]
struct Report {
    score: u8,
    outcome: Outcome,
    reasons: Vec<String>,
    findings: Vec<Finding>,
    capabilities: Vec<Need>,
}

#[derive(Deserialize)]
struct Finding {
    severity: String,
    message: String,
    path: String,
    line: Option<u32>,
}

#[derive(Deserialize)]
struct Need {
    capability: String,
    scope: Option<String>,
    when: String,
}

impl Look for Apart<'_> {
    fn rules(&self) -> Option<String> {
        program().map(|program| format!("ringfence {program}"))
    }

    fn look(&mut self, folder: &Path, name: &str) -> Result<Looked, NotLooked> {
        if !self.quiet {
            output::offer("ringfence: its code is looked at\n");
        }
        let mut progress = Progress::new("its code is looked at".to_owned(), self.quiet);
        let all = self.scan(folder, &mut progress)?;
        let worst = |severity: &'static str| {
            let findings = all.findings.iter().filter(move |one| one.severity == severity);
            findings.map(|one| {
                let path = UntrustedText::new(&one.path);
                let line = one.line.map(|line| format!(":{line}")).unwrap_or_default();
                format!("{} ({path}{line})", UntrustedText::new(&one.message))
            })
        };
        let mut why: Vec<String> =
            ["critical", "high", "medium"].into_iter().flat_map(worst).take(5).collect();
        if why.is_empty() {
            why.extend(all.reasons.iter().map(|reason| UntrustedText::new(reason).to_string()));
        }
        let uses = match own_folder(folder, name) {
            Some(own) => uses(&self.scan(&own, &mut progress)?.capabilities),
            None => Vec::new(),
        };
        Ok(Looked { score: all.score, outcome: all.outcome, why, uses })
    }
}

impl Apart<'_> {
    /// The report about a folder, by this program again.
    fn scan(&self, folder: &Path, progress: &mut Progress) -> Result<Report, NotLooked> {
        let mut watch = Watch {
            limit: Duration::from_secs(apart::USUAL_SECONDS.into()),
            interrupt: Some(self.interrupt),
            waiting: &mut || progress.tick(),
        };
        let bytes = apart::report(folder, &[], &mut watch).map_err(|error| match error {
            NoReport::Interrupted => NotLooked::Interrupted,
            NoReport::Failed(why) => NotLooked::Failed(why),
        })?;
        serde_json::from_slice(&bytes)
            .map_err(|error| NotLooked::Failed(format!("its report cannot be read: {error}")))
    }
}

/// The digest of this program's own file, by which its rules are known: another program may
/// have others. None where it cannot be read.
fn program() -> Option<Digest> {
    static PROGRAM: OnceLock<Option<Digest>> = OnceLock::new();
    let read = || {
        let mut hash = Sha256::new();
        io::copy(&mut File::open("/proc/self/exe").ok()?, &mut hash).ok()?;
        Some(Digest::from_bytes(hash.finalize().into()))
    };
    *PROGRAM.get_or_init(read)
}

/// Where the package's own files are, without those of what it needs.
fn own_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    let python = name.to_ascii_lowercase().replace(['-', '.'], "_");
    let places = [folder.join("node_modules").join(name), folder.join(python)];
    places.into_iter().find(|place| place.is_dir())
}

/// What a person would want to grant: hosts, programs, and variables that are named as those
/// with secrets are.
fn uses(needs: &[Need]) -> Vec<String> {
    let is_word = |text: &str| {
        !text.is_empty()
            && text.len() <= 64
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    let is_secret = |name: &str| {
        ["KEY", "TOKEN", "SECRET", "PASSWORD"].iter().any(|word| name.to_uppercase().contains(word))
    };
    let mut found: Vec<String> = Vec::new();
    // What is only needed to install it is never run.
    for need in needs.iter().filter(|need| need.when != "install") {
        let Some(scope) = need.scope.as_deref().filter(|scope| is_word(scope)) else { continue };
        let wanted = match need.capability.as_str() {
            "network.request" => scope.contains('.'),
            "process.execute" => scope.starts_with(|sign: char| sign.is_ascii_alphabetic()),
            "environment.read" => is_secret(scope),
            _ => false,
        };
        if wanted {
            found.push(format!("{} {scope}", need.capability));
        }
    }
    let more = found.len().saturating_sub(MOST_USES);
    found.truncate(MOST_USES);
    if more > 0 {
        found.push(format!("{more} more"));
    }
    found
}
