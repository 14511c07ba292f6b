//! What can be typed about advisories.

use clap::{Args, Subcommand};
use ringfence_advisories::{DEFAULT_MAX_AGE_DAYS, Known, Severity};
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Subcommand)]
pub(crate) enum Advisories {
    /// Take in records of OSV: a folder, a zip, or `-` for one record on each line
    #[command(after_help = IMPORT_HELP)]
    Import(AdvisoriesImport),
    /// Check what a package is made of: a folder, a lock file, a list or an archive
    #[command(after_help = CHECK_HELP)]
    Check(AdvisoriesCheck),
    /// Print what was imported, from where, and how old it is
    Status(AdvisoriesStatus),
}

/// Arguments of `ringfence advisories import`.
#[derive(Args, Debug)]
pub(crate) struct AdvisoriesImport {
    /// Folder, zip, `.json` with one record, file with one on each line, or `-`
    pub(crate) source: PathBuf,
    /// It is all that is known of this registry: npm, PyPI, crates.io, or none of them (may be
    /// repeated); without it, of those that at least one in twenty of its records is about,
    /// unless all of these are malware
    #[arg(long, value_name = "REGISTRY", value_parser = Covered::from_str)]
    pub(crate) covers: Vec<Covered>,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// A registry, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Covered(pub(crate) Option<Known>);

impl FromStr for Covered {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, Known::from_word(text)) {
            ("none", _) => Ok(Self(None)),
            (_, Some(known)) => Ok(Self(Some(known))),
            _ => Err("want npm, PyPI, crates.io or none"),
        }
    }
}

const IMPORT_HELP: &str = "\
Records come from https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip (and
PyPI/all.zip), or from a copy of github/advisory-database or ossf/malicious-packages. All of
a source is taken, or nothing of it; nothing is fetched.";

/// Arguments of `ringfence advisories check`.
#[derive(Args, Debug)]
pub(crate) struct AdvisoriesCheck {
    /// Folder, lock file, requirements.txt, CycloneDX, archive, `npm:NAME[@VERSION]` or
    /// `pypi:NAME[==VERSION]`
    pub(crate) target: PathBuf,
    /// Block from this severity on: low, medium, high, critical, or malware for nothing else
    #[arg(long, value_name = "SEVERITY", default_value = "critical", value_parser = Block::from_str)]
    pub(crate) block: Block,
    /// How old the data may be, in days
    #[arg(long, value_name = "DAYS", default_value_t = DEFAULT_MAX_AGE_DAYS)]
    pub(crate) max_age: u32,
    /// What cannot be checked does not block
    #[arg(long)]
    pub(crate) allow_unchecked: bool,
    /// Advisories that you accept, with a reason and an end, as TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) ignore: Option<PathBuf>,
    /// Leave out what a lock file says is needed to develop only
    #[arg(long)]
    pub(crate) production: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// From which severity on something blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block(pub(crate) Option<Severity>);

impl FromStr for Block {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let severity = Severity::ALL.into_iter().find(|severity| severity.word() == text);
        match (text, severity) {
            ("malware", _) => Ok(Self(None)),
            (_, Some(severity)) => Ok(Self(Some(severity))),
            _ => Err("want low, medium, high, critical or malware"),
        }
    }
}

const CHECK_HELP: &str = "\
Malware always blocks; a severity that nobody tells counts as high. Exit codes: 0 nothing
blocks, 2 it cannot be read, 9 something blocks, or could not be checked.
A list for --ignore:
  [[ignore]]
  id = \"CVE-2020-8203\"
  reason = \"zipObjectDeep is not called\"
  until = 2027-01-31";

/// Arguments of `ringfence advisories status`.
#[derive(Args, Debug)]
pub(crate) struct AdvisoriesStatus {
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
