//! Going back to the version before.

use super::proposal::stamp;
use super::{InstalledError, Plugins, actor};
use crate::packed::packages;
use ringfence_package::content_digest;
use ringfence_store::{PluginRow, StateLock};
use ringfence_types::{EventKind, PluginName};
use serde_json::json;

impl Plugins {
    /// Makes the version before the one that is run, with what was consented to for it and
    /// not taken back since.
    ///
    /// # Errors
    /// When there is none, its files are not those that were installed, or something is in
    /// quarantine.
    pub fn roll_back(&self, name: &PluginName) -> Result<PluginRow, InstalledError> {
        let _lock = StateLock::take(&self.home)?;
        let plugin = self.plugin(name)?;
        if let Some(earlier) = plugin.previous.as_ref().filter(|earlier| earlier.kept) {
            let folder = packages(&self.home).join(earlier.package.hex());
            if content_digest(&folder).ok() != Some(earlier.content) {
                return Err(super::ready::altered(name, &folder, &earlier.source));
            }
        }
        let what = json!({
            "name": name, "from": plugin.current.package,
            "digest": plugin.previous.map(|earlier| earlier.package),
        });
        let by = actor();
        self.change(EventKind::PluginChanged, "a plugin is rolled back", what, || {
            self.store.roll_back(name, stamp(&by))
        })
    }
}
