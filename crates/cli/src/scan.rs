//! `ringfence scan`: what a package does, before anything of it runs.
//!
//! The parsers run in this process, which is one of its own (`scan_apart.rs`). First all
//! that is needed is read (`scan_input.rs`), then the process shuts itself in, and only
//! then is anything looked into: what it reads is hostile, and nothing of it is executed.

use crate::arguments::{FailOn, Scan, ScanFormat};
use crate::output;
use crate::scan_input::{Baseline, Input, Package};
use ringfence_analysis::{
    Declared, Difference, Facts, Identity, Limits, Look, Oddity, Outcome, Policy, Question, RULES,
    Report, SourceFile, Tree, assess, facts, infer, manifest, markdown, nearest_code, page, sarif,
    text,
};
use ringfence_package::{MANIFEST_NAME, Manifest, ReadTree, TreeLimits};
use ringfence_sandbox::StartError;
use ringfence_sandbox_process::shut_in;
use ringfence_types::{ExitCode, PluginName};
use serde::Serialize;
use serde_json::Value;
use std::error::Error as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// After this time a person is told that something happens.
const SILENCE: Duration = Duration::from_secs(1);
/// What can be looked at.
pub(crate) const TARGETS: &str = "name a folder, a file, or an archive: .tgz, .tar, .zip, .whl";
/// How archives are named, in lower case.
const ARCHIVES: &[&str] = &[".tgz", ".tar.gz", ".tar", ".zip", ".whl"];

/// Why nothing was looked at: what is wrong, what mends it.
pub(crate) struct Failure {
    pub(crate) code: ExitCode,
    pub(crate) what: String,
    pub(crate) help: Option<String>,
}

/// What was found out about one package.
struct Looked {
    report: Report,
    /// The manifest that asks for what the code needs.
    manifest: String,
}

pub(crate) fn run(arguments: &Scan) -> ExitCode {
    match scan(arguments) {
        Ok(code) => code,
        Err(Failure { code, what, help }) => tell(arguments, code, &what, help.as_deref()),
    }
}

/// Says why there is no report, in the form of the report where that is for programs.
pub(crate) fn tell(arguments: &Scan, code: ExitCode, what: &str, help: Option<&str>) -> ExitCode {
    if arguments.format == ScanFormat::Json {
        output::answer_json(&output::failure_json(code, what, help));
    } else {
        output::complain(what, help);
    }
    code
}

/// Prints the page of a rule.
pub(crate) fn explain(code: &str) -> ExitCode {
    if let Some(page) = page(code) {
        output::answer(page.trim_end());
        return ExitCode::Success;
    }
    let help = match nearest_code(code) {
        Some(near) => format!("did you mean `{near}`? `ringfence scan --explain {near}`"),
        None => {
            let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
            format!("the codes are: {}", codes.join(", "))
        }
    };
    output::complain(&format!("no finding has the code `{code}`"), Some(&help));
    ExitCode::Usage
}

fn scan(arguments: &Scan) -> Result<ExitCode, Failure> {
    let input = Input::read(arguments)?;
    // Who fetched it wrote that, beside it.
    let registry = arguments.vouched.as_ref().and_then(|path| std::fs::read(path).ok());
    let registry: Option<Value> = registry.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    // Nothing that is read from here on was looked into before.
    shut_in().map_err(|error| Failure {
        code: ExitCode::Internal,
        what: format!("nothing was looked at: {error}"),
        help: match error {
            StartError::Unavailable { help, .. } => help,
            _ => None,
        },
    })?;
    let policy = input.policy()?;
    let new = look(input.package, arguments.subject.as_deref(), &policy)?;
    let difference = match input.baseline {
        None => None,
        Some(old) => Some(Difference::between(&baseline(old, &policy)?, &new.report)),
    };
    let report = &new.report;
    if arguments.manifest {
        output::answer(new.manifest.trim_end());
        output::say(&format!("score {} of 100, {}", report.score, report.outcome.word()));
    } else {
        show(arguments, report, difference.as_ref(), registry.as_ref());
    }
    let fails = match arguments.fail_on {
        FailOn::Blocked => report.outcome == Outcome::Blocked,
        FailOn::Warning => report.outcome >= Outcome::Warning,
        FailOn::Score(least) => report.score < least,
    };
    Ok(if fails { ExitCode::Refused } else { ExitCode::Success })
}

fn show(
    arguments: &Scan,
    report: &Report,
    difference: Option<&Difference>,
    registry: Option<&Value>,
) {
    #[derive(Serialize)]
    struct Answer<'a> {
        #[serde(flatten)]
        report: &'a Report,
        difference: Option<&'a Difference>,
        /// Of a package of a registry.
        #[serde(skip_serializing_if = "Option::is_none")]
        registry: Option<&'a Value>,
    }
    match arguments.format {
        ScanFormat::Json => {
            output::answer_json(&Answer { report, difference, registry });
        }
        ScanFormat::Sarif => output::answer_json(&sarif(report, env!("CARGO_PKG_VERSION"))),
        ScanFormat::Markdown => output::answer(markdown(report, difference).trim_end()),
        ScanFormat::Text => {
            let is_terminal = output::stdout_is_terminal();
            let width = rustix::termios::tcgetwinsize(std::io::stdout());
            let width = width.ok().map_or(80, |size| usize::from(size.ws_col));
            let look = Look {
                width: if width == 0 { 80 } else { width },
                colour: is_terminal && std::env::var_os("NO_COLOR").is_none(),
                everything: arguments.all,
            };
            output::answer(text(report, difference, look).trim_end());
        }
    }
}

/// Says what a package does.
fn look(package: Package, subject: Option<&str>, policy: &Policy) -> Result<Looked, Failure> {
    let Package { path, fetched, name, is_file } = package;
    let read = fetched.unpack(&TreeLimits::default());
    something_was_read(&path, is_file, &read)?;
    let size: usize = read.files.iter().map(|file| file.bytes.len()).sum();
    let told = progress(read.files.len(), size);
    let files = read.files.into_iter();
    let files = files.map(|file| SourceFile { path: file.path, bytes: file.bytes.into() });
    let tree = Tree::new(files.collect());
    let mut facts = facts(&tree, &Limits::default());
    facts.oddities.extend(read.oddities.into_iter().map(|oddity| Oddity {
        code: oddity.code,
        path: oddity.path.into(),
        place: None,
        why: oddity.why.into(),
    }));
    let declared = declared(&tree, &mut facts);
    let subject = subject.map_or_else(|| path.display().to_string(), str::to_owned);
    let today = jiff::Timestamp::now().to_string();
    let report = assess(
        &tree,
        &facts,
        &Question {
            subject: &subject,
            declared: declared.as_ref().map(|(_, declared)| declared.as_slice()),
            policy,
            today: today.get(..10),
        },
    );
    drop(told);
    let own = declared.map(|(name, _)| name);
    let name = own.unwrap_or_else(|| plugin_name(&facts, &name));
    let identity = Identity { name: &name, version: version(&facts), entry: None };
    let manifest = manifest(&identity, &infer(&facts));
    Ok(Looked { report, manifest })
}

/// Refuses to call clean what was not looked at: an empty folder, or a file that is named
/// as an archive and is none.
fn something_was_read(target: &Path, is_file: bool, read: &ReadTree) -> Result<(), Failure> {
    let failure = |what: &str| Failure {
        code: ExitCode::Usage,
        what: format!("`{}` {what}", target.display()),
        help: Some(TARGETS.to_owned()),
    };
    // A folder that is odd is told as that; the history of a repository is no oddity.
    if read.files.is_empty() && read.oddities.iter().all(|oddity| oddity.code == "not-read") {
        return Err(failure("holds no file: nothing was looked at"));
    }
    let name = target.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let is_named = ARCHIVES.iter().any(|ending| lower.ends_with(ending));
    let is_itself = matches!(read.files.as_slice(), [only] if only.path == name);
    if is_named && is_itself && is_file {
        return Err(failure("is named as an archive and is none that can be read"));
    }
    Ok(())
}

/// Says after a moment of silence what is being done, until the sender is dropped.
fn progress(files: usize, bytes: usize) -> mpsc::Sender<()> {
    let (told, waiting) = mpsc::channel::<()>();
    let size = output::bytes_text(u64::try_from(bytes).unwrap_or(u64::MAX));
    // A line that nobody can be told costs nothing else.
    let _ = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
        if waiting.recv_timeout(SILENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            output::offer(&format!("ringfence: looking at {files} files, {size}\n"));
        }
    });
    told
}

/// What the manifest at the root asks for, with the plugin's name. A manifest that
/// cannot be read is told among the findings: it must not end the look at the code.
fn declared(tree: &Tree<'_>, facts: &mut Facts) -> Option<(String, Vec<Declared>)> {
    let file = tree.find(MANIFEST_NAME).and_then(|id| tree.file(id))?;
    match Manifest::parse_bytes(&file.bytes) {
        Ok(manifest) => {
            let asked = manifest.requested.iter().map(|one| Declared {
                kind: one.kind,
                scope: one.scope.clone(),
                line: one.at.line,
            });
            Some((manifest.name.to_string(), asked.collect()))
        }
        Err(error) => {
            let first = error.problems.first().map(|problem| problem.message.clone());
            facts.oddities.push(Oddity {
                code: "manifest-broken",
                path: MANIFEST_NAME.into(),
                place: None,
                why: format!("the manifest is wrong: {}", first.unwrap_or_default()).into(),
            });
            None
        }
    }
}

/// A name that a manifest may have: the package's own, else the folder's.
fn plugin_name(facts: &Facts, folder: &str) -> String {
    let own = facts.packages.iter().find_map(|package| package.name.as_deref());
    let is_name = |name: &&str| name.parse::<PluginName>().is_ok();
    own.filter(is_name).or(Some(folder).filter(is_name)).unwrap_or("plugin").to_owned()
}

fn version(facts: &Facts) -> Option<&str> {
    facts.packages.first().and_then(|package| package.version.as_deref())
}

/// A report that was kept, or a package to look at.
fn baseline(old: Baseline, policy: &Policy) -> Result<Report, Failure> {
    match old {
        Baseline::Package(package) => look(package, None, policy).map(|looked| looked.report),
        Baseline::Report { path, bytes } => Report::from_json(&bytes).map_err(|error| Failure {
            code: ExitCode::Usage,
            what: match error.source() {
                Some(source) => format!("`{}`: {error}: {source}", path.display()),
                None => format!("`{}`: {error}", path.display()),
            },
            help: Some("keep one with `ringfence scan --format json OLD > old.json`".to_owned()),
        }),
    }
}
