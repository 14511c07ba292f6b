//! `npm:NAME`, `pypi:NAME`, `oci:PLACE` and `https://...`: fetched, looked at in a process apart, admitted.

use crate::arguments::Run;
use crate::failure::Failure;
use crate::output;
use ringfence::{Engine, EngineOptions, Interrupt, Observer, Package, home_folder};
use ringfence_install::{
    Admission, Admitted, Around, InstallError, Look, Looked, Outcome, Source, fetch,
};
use ringfence_types::{ExitCode, UntrustedText};
use serde::Deserialize;
use std::ffi::OsStr;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The largest report that is read, in bytes.
const MAX_REPORT: u64 = 256 << 20;
/// Most things that its own code uses which stand on the card.
const MOST_USES: usize = 6;

/// The package of a registry that this names. What lies here under such a name is not
/// meant, or a folder could pass for a package: it is called by `./`.
pub(crate) fn source(target: &Path) -> Option<Result<Source, Failure>> {
    let text = target.to_str().filter(|text| Source::is_one(text))?;
    Some(text.parse().map_err(|error| Failure::usage(error).help(example(text))))
}

/// What to type in place of a name that is none.
fn example(text: &str) -> &'static str {
    match text.split(':').next() {
        Some("oci") => "ringfence run oci:ghcr.io/OWNER/NAME:TAG",
        Some("https" | "http") => {
            "ringfence run 'https://HOST/tool.wasm#sha256=HEX', where HEX is what `sha256sum` says \
             of the file that you mean"
        }
        _ => "ringfence run npm:cowsay",
    }
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
    /// Take it only if advisories are here, and not against it.
    pub(crate) require_advisories: bool,
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
        require_advisories: arguments.require_advisories,
    };
    admitted(engine, source, how, Some(interrupt.clone())).map(|admitted| admitted.package)
}

/// As [`package`], with what was seen by who looked at it and who vouches for it.
pub(crate) fn admitted(
    engine: &Engine,
    source: &Source,
    how: How,
    interrupt: Option<Interrupt>,
) -> Result<Admitted, Failure> {
    let How { quiet, fresh, timeout, despite_findings, require_advisories } = how;
    let observer = Box::new(Fetching { source: source.to_string(), quiet, shown: 0 });
    let limit = Duration::from_secs(timeout.into());
    let mut around = Around { observer, interrupt, limit };
    let mut look = Apart { quiet };
    let mut admission = Admission {
        engine,
        look: &mut look,
        around: &mut around,
        fresh,
        despite_findings,
        require_advisories,
    };
    admission.admitted(source).map_err(|error| failure(&error))
}

/// A package that was fetched to be looked at and nothing else. Dropped, it is gone.
pub(crate) struct ForLooking(tempfile::TempDir);

impl ForLooking {
    /// Where its files are.
    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().join("package")
    }
}

/// Fetches a package, without keeping it.
pub(crate) fn to_look_at(source: &Source, limit: Duration) -> Result<ForLooking, Failure> {
    let home = home_folder().map_err(|error| Failure::new(ExitCode::Audit, error))?;
    let engine = Engine::open(EngineOptions::new(home))
        .map_err(|error| Failure::caused(ExitCode::Audit, &error))?;
    let observer = Box::new(Fetching { source: source.to_string(), quiet: false, shown: 0 });
    let mut around = Around { observer, interrupt: None, limit };
    let fetched = fetch(&engine, source, &mut around).map_err(|error| failure(&error))?;
    let folder = tempfile::tempdir()
        .map(ForLooking)
        .map_err(|error| Failure::new(ExitCode::Internal, error))?;
    fetched
        .packed
        .unpack_to(&folder.folder())
        .map_err(|error| Failure::caused(error.exit_code(), &error))?;
    Ok(folder)
}

fn failure(error: &InstallError) -> Failure {
    let failure = Failure::caused(error.exit_code(), error);
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Tells that something happens.
struct Fetching {
    source: String,
    quiet: bool,
    /// Seconds at which progress was last shown.
    shown: u64,
}

impl Observer for Fetching {
    fn waiting(&mut self, elapsed: Duration) {
        let seconds = elapsed.as_secs();
        if !self.quiet && seconds > self.shown && seconds.is_power_of_two() {
            self.shown = seconds;
            output::offer(&format!("ringfence: {} is fetched since {seconds} s\n", self.source));
        }
    }
}

/// Looks in a process of its own, as `ringfence scan` does.
struct Apart {
    quiet: bool,
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

impl Look for Apart {
    fn rules(&self) -> String {
        format!("ringfence {}", env!("CARGO_PKG_VERSION"))
    }

    fn look(&mut self, folder: &Path, name: &str) -> Result<Looked, String> {
        if !self.quiet {
            output::offer("ringfence: its code is looked at\n");
        }
        let all = scan(folder)?;
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
            Some(own) => uses(&scan(&own)?.capabilities),
            None => Vec::new(),
        };
        Ok(Looked { score: all.score, outcome: all.outcome, why, uses })
    }
}

/// Where the package's own files are, without those of what it needs.
fn own_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    let python = name.to_ascii_lowercase().replace(['-', '.'], "_");
    let places = [folder.join("node_modules").join(name), folder.join(python)];
    places.into_iter().find(|place| place.is_dir())
}

/// The report about a folder, by this program again.
fn scan(folder: &Path) -> Result<Report, String> {
    let mut command = Command::new("/proc/self/exe");
    command.args(["scan", "--apart", "--format", "json", "--fail-on", "score:0"]).arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let read = match child.stdout.take() {
        Some(stdout) => stdout.take(MAX_REPORT).read_to_end(&mut bytes),
        None => Ok(0),
    };
    // Its time is bounded by itself; of a report that is cut off, it learns when it writes on.
    let status = child.wait().map_err(|error| error.to_string())?;
    read.map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("who looked at it ended with {status}"));
    }
    serde_json::from_slice(&bytes).map_err(|error| format!("its report cannot be read: {error}"))
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
