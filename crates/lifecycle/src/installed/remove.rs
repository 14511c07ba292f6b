//! Taking a plugin out.

use super::proposal::stamp;
use super::{InstalledError, Plugins, actor};
use ringfence_store::StateLock;
use ringfence_types::{EventKind, PluginName};
use serde_json::json;

impl Plugins {
    /// Takes a plugin out, with all that it was granted. Its history stays; its files go
    /// with [`collect`](Self::collect).
    ///
    /// # Errors
    /// When it is not installed.
    pub fn remove(&self, name: &PluginName) -> Result<(), InstalledError> {
        let _lock = StateLock::take(&self.home)?;
        let plugin = self.plugin(name)?;
        let what = json!({ "name": name, "digest": plugin.current.package });
        let by = actor();
        self.change(EventKind::PluginChanged, "a plugin is removed", what, || {
            self.store.remove(name, stamp(&by))
        })
    }
}
