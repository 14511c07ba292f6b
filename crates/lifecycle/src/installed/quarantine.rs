//! Quarantine, which only a release by name ends.

use super::proposal::stamp;
use super::{InstalledError, Plugins, actor};
use crate::engine::Engine;
use crate::packed::Packed;
use crate::plan::own_package;
use ringfence_package::Package;
use ringfence_store::{FILE, State, StateStore};
use ringfence_types::{AuditEvent, Digest, EventKind, PluginName, Severity};
use serde_json::json;
use std::path::Path;

impl Engine {
    /// Refuses a package that is run without being installed and whose bytes are in
    /// quarantine, wherever they lie. That is in the log then.
    ///
    /// # Errors
    /// When they are, or the list of what is installed cannot be read.
    pub fn refuse_quarantined(&self, package: &Package) -> Result<(), InstalledError> {
        // Who never installed anything has no list, and looking for one makes none.
        if !self.home().join(FILE).exists() {
            return Ok(());
        }
        let store = StateStore::open(self.home())?;
        if !store.any_quarantined()? {
            return Ok(());
        }
        let Some(reason) = digest(package, self.home())
            .map(|digest| store.quarantined(&digest))
            .transpose()?
            .flatten()
        else {
            return Ok(());
        };
        let error = InstalledError::Off {
            name: package.name.to_string(),
            state: State::Quarantined.word(),
            reason,
        };
        let refused = AuditEvent::new(EventKind::Refused, "a package in quarantine was not run")
            .severity(Severity::Warning)
            .with("plugin", package.name.as_str())
            .with("reason", error.to_string());
        // Refused it is, whether or not the log can say so.
        let _ = self.append(refused);
        Err(error)
    }
}

/// By what it would be installed; nothing for what cannot be.
fn digest(package: &Package, home: &Path) -> Option<Digest> {
    // Packages say where they lie without links.
    let home = home.canonicalize().ok()?;
    if let Some(own) = own_package(package, &home) {
        return format!("sha256:{}", own.file_name()?.to_str()?).parse().ok();
    }
    Packed::of_folder(package.folder.as_deref()?).ok()?.digest().ok()
}

impl Plugins {
    /// Puts a plugin into quarantine: neither it nor its bytes under another name are run
    /// or installed.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn quarantine(&self, name: &PluginName, reason: &str) -> Result<(), InstalledError> {
        let package = self.plugin(name)?.current.package;
        let what = json!({ "name": name, "digest": package, "reason": reason });
        let by = actor();
        self.change(EventKind::PluginChanged, "a plugin is put into quarantine", what, || {
            self.store.quarantine(name, reason, stamp(&by))
        })
    }

    /// Lets a plugin out of quarantine, switched off. Gives how many reasons there were.
    ///
    /// # Errors
    /// When nothing of this name is in quarantine.
    pub fn release(&self, name: &PluginName) -> Result<usize, InstalledError> {
        let by = actor();
        let what = json!({ "name": name });
        self.change(EventKind::PluginChanged, "a plugin is let out of quarantine", what, || {
            self.store.release(name, stamp(&by))
        })
    }
}
