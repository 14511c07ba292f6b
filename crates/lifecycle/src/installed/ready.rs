//! An installed plugin on its way to being run.

use super::in_use::InUse;
use super::proposal::consent;
use super::{InstalledError, Plugins};
use crate::engine::{Engine, now_ms};
use crate::error::RunError;
use crate::instance::Ended;
use crate::packed::{PackedError, packages};
use crate::review::Terms;
use ringfence_package::{Package, content_digest};
use ringfence_permission::Consent;
use ringfence_store::{FILE, PluginRow, ReputationEvent, State, StateStore, Used};
use ringfence_types::{AuditEvent, Digest, EventKind, InstanceId, PluginName, Severity};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

/// In front of a name that can be nothing else than that of an installed plugin.
const PREFIX: &str = "installed:";

/// An installed plugin that may be run, and what a person let it do.
#[derive(Debug)]
pub struct Ready {
    /// Its files are those that were installed.
    pub package: Package,
    /// What was consented to; to be kept for as long as it runs.
    pub kept: Kept,
}

/// Which installed plugin is run, in which version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledAs {
    pub(crate) name: PluginName,
    pub(crate) package: Digest,
    /// What was consented to, as it stands in the list.
    pub(crate) consent: Consent,
}

/// What is kept of an installed plugin while it runs. Nobody removes its files meanwhile.
#[derive(Debug)]
pub struct Kept {
    name: PluginName,
    package: Digest,
    instance: InstanceId,
    consent: Consent,
    store: Arc<StateStore>,
    _in_use: InUse,
}

impl Kept {
    /// Puts what was consented to, and whose storage it is, into the terms of a run.
    pub fn add_to(&self, terms: &mut Terms) {
        terms.consent = self.consent.clone();
        terms.instance = Some(self.instance.clone());
        terms.installed = Some(InstalledAs {
            name: self.name.clone(),
            package: self.package,
            consent: self.consent.clone(),
        });
    }

    /// Writes down what a run of it used, and whether it failed by its own fault.
    ///
    /// # Errors
    /// When that cannot be written. The run is over all the same.
    pub fn ended(&self, ended: &Ended, failure: Option<&RunError>) -> Result<(), InstalledError> {
        let millis =
            |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let used = Used {
            failed: failure.is_some(),
            wall_ms: millis(ended.usage.wall),
            cpu_ms: millis(ended.usage.cpu),
            peak_memory: ended.usage.peak_memory,
        };
        self.store.used(&self.instance, used, now_ms())?;
        let own_fault = matches!(
            failure,
            Some(
                RunError::Plugin(_)
                    | RunError::Timeout { .. }
                    | RunError::Resource { .. }
                    | RunError::Crash { .. }
                    | RunError::Trap { .. }
                    | RunError::Protocol { .. }
            )
        );
        if own_fault {
            self.store.saw(&self.name, ReputationEvent::Failed, 1, now_ms())?;
        }
        Ok(())
    }
}

/// The installed plugin that `word` names, as it is typed where a path could stand too:
/// `installed:NAME`, or a bare name. Nothing when it names none.
///
/// # Errors
/// When there is a file or folder of the bare name as well: nobody guesses which is meant.
pub fn find_installed(home: &Path, word: &OsStr) -> Result<Option<PluginName>, InstalledError> {
    let Some(word) = word.to_str() else {
        return Ok(None);
    };
    if let Some(name) = word.strip_prefix(PREFIX).and_then(|name| name.parse().ok()) {
        return Ok(Some(name));
    }
    let Ok(name) = word.parse::<PluginName>() else {
        return Ok(None);
    };
    // Who never installed anything has no list, and looking for one makes none.
    if !home.join(FILE).exists() || StateStore::open(home)?.plugin(&name)?.is_none() {
        return Ok(None);
    }
    if Path::new(word).symlink_metadata().is_ok() {
        return Err(InstalledError::Ambiguous { name: name.to_string() });
    }
    Ok(Some(name))
}

impl Plugins {
    /// What is run of an installed plugin, with what a person let it do, whatever the
    /// arguments that are typed for its program.
    ///
    /// # Errors
    /// When it is not installed, is switched off or in quarantine, or one byte of its files
    /// is not as it was installed; when a part of it is known malware, or has a critical
    /// vulnerability and nobody `insists`. That is in the log then. When it takes no
    /// arguments.
    pub fn ready(
        &self,
        engine: &Engine,
        name: &PluginName,
        arguments: Vec<OsString>,
        insists: bool,
    ) -> Result<Ready, InstalledError> {
        let plugin = self.plugin(name)?;
        let checked = self.checked(&plugin, arguments).and_then(|mut ready| {
            let package = &plugin.current.package;
            let folder = packages(&self.home).join(package.hex());
            let known = self.refuse_known(package, name, &folder, insists)?;
            ready.package.notes.extend(known);
            Ok(ready)
        });
        checked.inspect_err(|error| {
            let refused = AuditEvent::new(EventKind::Refused, "an installed plugin was not run")
                .severity(Severity::Warning)
                .instance(&plugin.instance)
                .with("plugin", name.as_str())
                .with("reason", error.to_string());
            // Refused it is, whether or not the log can say so.
            let _ = engine.append(refused);
        })
    }

    /// As [`ready`](Self::ready), without a word in the log.
    pub(super) fn checked(
        &self,
        plugin: &PluginRow,
        arguments: Vec<OsString>,
    ) -> Result<Ready, InstalledError> {
        self.refuse_off(plugin)?;
        let folder = packages(&self.home).join(plugin.current.package.hex());
        let missing = || altered(&plugin.name, &folder, &plugin.current.source);
        let in_use = InUse::of(&folder).map_err(|_| missing())?;
        if content_digest(&folder).map_err(|_| missing())? != plugin.current.content {
            return Err(missing());
        }
        let mut package = Package::open(&folder)?.with_arguments(arguments)?;
        package.name = plugin.name.clone();
        package.version.clone_from(&plugin.current.version);
        let grants = self.store.grants(&plugin.name)?;
        let digest = package.digest()?;
        let consent = consent(&grants, &plugin.current.package, digest);
        let kept = Kept {
            name: plugin.name.clone(),
            package: plugin.current.package,
            instance: plugin.instance.clone(),
            consent,
            store: Arc::clone(&self.store),
            _in_use: in_use,
        };
        Ok(Ready { package, kept })
    }

    fn refuse_off(&self, plugin: &PluginRow) -> Result<(), InstalledError> {
        let off = |state: State, reason: String| InstalledError::Off {
            name: plugin.name.to_string(),
            state: state.word(),
            reason,
        };
        if plugin.state != State::Enabled {
            return Err(off(plugin.state, plugin.reason.clone()));
        }
        // The same bytes may have come under another name.
        match self.store.quarantined(&plugin.current.package)? {
            Some(reason) => Err(off(State::Quarantined, reason)),
            None => Ok(()),
        }
    }
}

pub(super) fn altered(name: &PluginName, folder: &Path, source: &str) -> InstalledError {
    InstalledError::Altered {
        name: name.to_string(),
        folder: folder.to_owned(),
        came_from: source.to_owned(),
    }
}

impl From<ringfence_types::AuditError> for InstalledError {
    fn from(error: ringfence_types::AuditError) -> Self {
        PackedError::Audit(error.to_string()).into()
    }
}
