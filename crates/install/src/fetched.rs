//! A package that was fetched, and what is known of how.

use crate::client::Around;
use crate::error::InstallError;
use crate::source::Source;
use crate::vouched::Vouched;
use crate::{https, npm, oci, pypi};
use ringfence_lifecycle::{Engine, Packed};
use ringfence_types::{AuditEvent, EventKind, Severity};
use serde::{Deserialize, Serialize};

/// One package of what was fetched: what was asked for, or what it needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Locked {
    /// Its name in the registry.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The hash of its archive, which was compared: `sha512-BASE64` or `sha256:HEX`.
    pub integrity: String,
    /// Whether it wants to run something when it is installed, which was not run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_install_script: bool,
}

/// A package that was fetched, compared with its hashes and not yet looked at.
#[derive(Debug)]
pub struct Fetched {
    /// As it was asked for.
    pub source: Source,
    /// The version that came.
    pub version: String,
    /// Where from.
    pub registry: String,
    /// All of it: what was asked for and what that needs, sorted.
    pub packages: Vec<Locked>,
    /// How far it is vouched for.
    pub vouched: Vouched,
    /// When the youngest part of it was published, in seconds since 1970, as the registry says.
    /// None when nobody asked.
    pub published: Option<i64>,
    /// Its files.
    pub packed: Packed,
}

/// Fetches a package with all that it needs, and runs nothing of it. The clients of npm and
/// PyPI do so in a jail; one file is fetched here.
///
/// # Errors
/// When the client is not here, the registry does not have it or cannot be reached, or
/// what came is not what the hashes say, is not what somebody signed, or cannot be unpacked
/// safely.
pub fn fetch(engine: &Engine, source: &Source, around: &Around) -> Result<Fetched, InstallError> {
    if around.before.is_some() && matches!(source, Source::Oci(_) | Source::Https(_)) {
        let why = "nobody says when it was published".to_owned();
        return Err(InstallError::Young { what: source.shown(), why });
    }
    let fetched = match source {
        Source::Npm { .. } => npm::fetch(engine, source, around),
        Source::Pypi { .. } => pypi::fetch(engine, source, around),
        Source::Oci(reference) => oci::fetch(source, reference, around),
        Source::Https(file) => https::fetch(source, file, around),
    };
    if let Err(InstallError::Vouched { what, why, url, .. }) = &fetched {
        let event = AuditEvent::new(EventKind::Refused, "a fetched package was refused")
            .severity(Severity::Warning)
            .with("source", source.shown())
            .with("registry", url.clone())
            .with("against", vec![format!("{what}: {why}")]);
        engine.append(event).map_err(|error| InstallError::Audit(error.to_string()))?;
    }
    fetched
}
