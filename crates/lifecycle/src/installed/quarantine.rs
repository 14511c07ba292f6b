//! Quarantine, which only a release by name ends.

use super::proposal::stamp;
use super::{InstalledError, Plugins, actor};
use crate::engine::Engine;
use crate::plan::own_package;
use crate::recall::Subject;
use ringfence_package::Package;
use ringfence_store::State;
use ringfence_types::{AuditEvent, EventKind, PluginName, Severity};
use serde_json::json;
use std::sync::OnceLock;

impl Engine {
    /// Refuses a package that is run without being installed and whose bytes are in
    /// quarantine, wherever they lie. That is in the log then.
    ///
    /// # Errors
    /// When they are, or the list of what is installed cannot be read.
    pub fn refuse_quarantined(&self, package: &Package) -> Result<(), InstalledError> {
        let Some(hold) = self.recalls().held(&self.subject(package))? else {
            return Ok(());
        };
        let reason = format!("{} ({})", hold.reason, hold.by);
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

    /// What is looked for in the list when a package is run that is not installed.
    pub(crate) fn subject(&self, package: &Package) -> Subject {
        // Packages say where they lie without links.
        let home = self.home().canonicalize().ok();
        let own = home.and_then(|home| own_package(package, &home));
        let named =
            own.and_then(|own| format!("sha256:{}", own.file_name()?.to_str()?).parse().ok());
        match named {
            Some(digest) => Subject::Files { digest: Some(digest).into(), folder: None },
            None => Subject::Files { digest: OnceLock::new(), folder: package.folder.clone() },
        }
    }
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
