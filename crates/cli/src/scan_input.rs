//! All that `ringfence scan` reads, before anything of it is looked into: the package, an
//! older one, a policy. Files are read whole and folders name by name; nothing here
//! parses, so that what parses can be shut in.

use crate::arguments::Scan;
use crate::scan::{Failure, TARGETS};
use ringfence_analysis::{MAX_POLICY_BYTES, Policy};
use ringfence_package::{Fetched, TreeLimits, fetch};
use ringfence_types::{ExitCode, UntrustedText};
use std::error::Error as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The largest report that is read as a baseline, in bytes.
const MAX_REPORT_BYTES: u64 = 256 << 20;

/// What was named on the command line.
pub(crate) struct Input {
    pub(crate) package: Package,
    pub(crate) baseline: Option<Baseline>,
    policy: Option<(PathBuf, Vec<u8>)>,
}

/// A package that was not looked into.
pub(crate) struct Package {
    pub(crate) path: PathBuf,
    pub(crate) fetched: Fetched,
    /// The last part of its path, where links lead; empty when it is no text.
    pub(crate) name: String,
    pub(crate) is_file: bool,
}

/// What a package is compared with.
pub(crate) enum Baseline {
    /// A report that was kept.
    Report { path: PathBuf, bytes: Vec<u8> },
    /// The package as it was.
    Package(Package),
}

impl Input {
    pub(crate) fn read(arguments: &Scan) -> Result<Self, Failure> {
        let policy = match &arguments.policy {
            None => None,
            Some(path) => {
                let most = u64::try_from(MAX_POLICY_BYTES).unwrap_or(u64::MAX);
                Some((path.clone(), read_bounded(path, most)?))
            }
        };
        let package = package(arguments.target())?;
        let baseline = match &arguments.baseline {
            None => None,
            Some(path) if path.extension().is_some_and(|ending| ending == "json") => {
                let bytes = read_bounded(path, MAX_REPORT_BYTES)?;
                Some(Baseline::Report { path: path.clone(), bytes })
            }
            Some(path) => Some(Baseline::Package(self::package(path)?)),
        };
        Ok(Self { package, baseline, policy })
    }

    /// The policy to judge by.
    pub(crate) fn policy(&self) -> Result<Policy, Failure> {
        let Some((path, bytes)) = &self.policy else {
            return Ok(Policy::default());
        };
        let failure = |what: String, help: Option<&str>| Failure {
            code: ExitCode::Usage,
            what: format!("the policy `{}` is {what}", path.display()),
            help: help.map(str::to_owned),
        };
        let text = str::from_utf8(bytes).map_err(|_| failure("not UTF-8 text".to_owned(), None))?;
        Policy::parse(text).map_err(|error| {
            let help = "docs/analysis.md has a whole policy as an example";
            failure(format!("wrong:\n{error}"), Some(help))
        })
    }
}

fn package(path: &Path) -> Result<Package, Failure> {
    let fetched = fetch(path, &TreeLimits::default()).map_err(|error| Failure {
        code: ExitCode::Usage,
        what: match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
        help: Some(TARGETS.to_owned()),
    })?;
    let real = path.canonicalize().ok();
    let name = real.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let name = name.unwrap_or_default().to_owned();
    Ok(Package { path: path.to_owned(), fetched, name, is_file: path.is_file() })
}

fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let failure = |what: String| Failure {
        code: ExitCode::Usage,
        what: format!("`{}` cannot be read: {}", path.display(), UntrustedText::new(&what)),
        help: Some("look at its path and its rights: `ls -l` shows both".to_owned()),
    };
    let file = std::fs::File::open(path).map_err(|error| failure(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| failure(error.to_string()))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(failure(format!("it is larger than {most} bytes")));
    }
    Ok(bytes)
}
