//! Switching a plugin on and off.

use super::proposal::stamp;
use super::{InstalledError, Plugins, actor};
use ringfence_types::{EventKind, PluginName};
use serde_json::json;

impl Plugins {
    /// Lets a plugin be run again.
    ///
    /// # Errors
    /// When it is not installed, or in quarantine.
    pub fn enable(&self, name: &PluginName) -> Result<(), InstalledError> {
        self.switch(name, true, "a plugin is enabled")
    }

    /// Lets a plugin not be run.
    ///
    /// # Errors
    /// When it is not installed, or in quarantine.
    pub fn disable(&self, name: &PluginName) -> Result<(), InstalledError> {
        self.switch(name, false, "a plugin is disabled")
    }

    fn switch(&self, name: &PluginName, on: bool, said: &str) -> Result<(), InstalledError> {
        let package = self.plugin(name)?.current.package;
        let what = json!({ "name": name, "digest": package });
        let by = actor();
        self.change(EventKind::PluginChanged, said, what, || {
            self.store.switch(name, on, stamp(&by))
        })
    }
}
