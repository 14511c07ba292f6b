//! Where a package comes from.

use super::scanned;
use crate::arguments::InstallTerms;
use crate::failure::Failure;
use crate::fetched::{self, How};
use crate::output;
use crate::signals::Caught;
use ringfence::{
    Arrival, Digest, Engine, Incoming, InstalledError, Plugins, ScanRow, SignatureRow, who_signed,
};
use ringfence_install::{Admitted, Outcome, Require, Source};
use std::ffi::OsStr;
use std::path::Path;

/// The package that `source` names, with its files in the home and looked at.
pub(super) fn incoming(
    (plugins, engine): (&Plugins, &Engine),
    source: &OsStr,
    arguments: &InstallTerms,
    fresh: bool,
) -> Result<Incoming, Failure> {
    let path = Path::new(source);
    // What lies here was meant, whatever it is called.
    if let Some(source) = fetched::source(path) {
        return from_registry((plugins, engine), &source?, arguments, fresh);
    }
    let incoming = plugins.from_path(engine, path)?;
    let scan = scanned::scan(incoming.folder(), arguments.policy.as_deref())?;
    Ok(incoming.scanned(scan))
}

/// Fetched and looked at by those who do so for a run.
fn from_registry(
    (plugins, engine): (&Plugins, &Engine),
    source: &Source,
    arguments: &InstallTerms,
    fresh: bool,
) -> Result<Incoming, Failure> {
    if arguments.policy.is_some() {
        return Err(Failure::usage("--policy is for folders and packed packages")
            .help("for a package of a registry: --despite-findings"));
    }
    let how = How {
        quiet: arguments.quiet || arguments.json,
        fresh,
        timeout: arguments.fetch_timeout,
        despite_findings: arguments.despite_findings,
        require: Require {
            advisories: arguments.require_advisories,
            signatures: arguments.require_signatures,
            provenance: arguments.require_provenance,
        },
        accept_publisher: arguments.allow_publisher_change,
        min_age: arguments.min_age,
    };
    let caught = Caught::begin()?;
    let admitted = fetched::admitted(engine, source, how, caught.interrupt())?;
    drop(caught);
    let Admitted { package, looked, vouched, signed, publisher_change } = admitted;
    // Who can be asked is, where there is an installed one to compare it with.
    let is_asked = output::can_ask() && !arguments.json && plugins.plugin(&package.name).is_ok();
    if let Some(what) = publisher_change.filter(|_| !arguments.allow_publisher_change && !is_asked)
    {
        return Err(InstalledError::Publisher { name: package.name.to_string(), what }.into());
    }
    let builder = vouched.provenance.repository().map(str::to_owned);
    let home = super::home()?;
    let at = package.code_root.as_deref().or(package.folder.as_deref());
    let folder = at.and_then(|at| at.strip_prefix(home.join("packages")).ok()?.iter().next());
    let digest =
        folder.and_then(|name| format!("sha256:{}", name.to_str()?).parse::<Digest>().ok());
    let Some(digest) = digest else {
        return Err(Failure::usage("it is not where fetched packages are"));
    };
    let at_ms = super::now_ms();
    let outcome = match looked.outcome {
        Outcome::Clean => "clean",
        Outcome::Warning => "warning",
        Outcome::Blocked => "blocked",
    };
    Ok(plugins.arrived(Arrival {
        package: digest,
        name: Some(package.name),
        version: package.version,
        source: source.to_string(),
        signature: signed.as_ref().and_then(|signed| who_signed(signed, at_ms)).unwrap_or_else(
            || SignatureRow {
                level: if builder.is_some() { "unknown" } else { "absent" }.to_owned(),
                publisher: None,
                keys: builder.into_iter().collect(),
                at_ms,
            },
        ),
        scan: Some(ScanRow {
            score: looked.score,
            outcome: outcome.to_owned(),
            codes: looked.why,
            at_ms,
        }),
        notes: package.notes,
    })?)
}
