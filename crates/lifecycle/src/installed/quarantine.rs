//! Quarantine, which only a release by name ends.

use super::proposal::stamp;
use super::{InstalledError, Plugins, actor};
use ringfence_types::{EventKind, PluginName};
use serde_json::json;

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
