//! `npm:NAME`, `pypi:NAME`, `oci:PLACE` and `https://...`: fetched, looked at in a process apart, admitted.

use crate::arguments::{MinAge, Run};
use crate::failure::Failure;
use crate::looked::{Apart, Progress};
use crate::verify::now;
use ringfence::{Engine, EngineOptions, Interrupt, Package, home_folder};
use ringfence_install::{
    Admission, Admitted, Around, InstallError, Require, Source, Vouched, fetch,
};
use ringfence_types::{ExitCode, UntrustedText};
use std::env::VarError;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    let mut look = Apart::new(quiet, interrupt);
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
