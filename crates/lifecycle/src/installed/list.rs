//! What is installed.

use super::{InstalledError, Plugins};
use ringfence_store::PluginRow;

impl Plugins {
    /// Every installed plugin, by name.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn list(&self) -> Result<Vec<PluginRow>, InstalledError> {
        Ok(self.store.plugins()?)
    }
}
