//! What is seen by who looks at a package that was fetched, in a process apart.

use crate::apart::{self, NoReport, Watch};
use crate::output;
use ringfence::{Interrupt, Observer};
use ringfence_install::{Look, Looked, NotLooked, Outcome};
use ringfence_types::{Digest, UntrustedText};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Most things that its own code uses which stand on the card.
const MOST_USES: usize = 6;

/// Tells that something happens, after one, two, four seconds and so on.
pub(crate) struct Progress {
    what: String,
    quiet: bool,
    begun: Instant,
    /// Seconds at which that is told next.
    next: u64,
}

impl Progress {
    pub(crate) fn new(what: String, quiet: bool) -> Self {
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
pub(crate) struct Apart<'a> {
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

impl<'a> Apart<'a> {
    pub(crate) fn new(quiet: bool, interrupt: &'a Interrupt) -> Self {
        // It is read while the package is; without the thread, whoever asks waits for it.
        let _ = std::thread::Builder::new().name("rules".to_owned()).spawn(program);
        Self { quiet, interrupt }
    }

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
