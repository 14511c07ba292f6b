//! Installed plugins: one file for each thing that a person does with them.
//!
//! What is written is in the log before it takes effect. Folders come first and rows
//! after them, or rows go first and folders after them: whoever is killed in between
//! leaves a folder that nobody needs, never a row without its folder.

mod canary;
mod changes;
mod error;
mod gc;
mod grant;
mod in_use;
mod incoming;
mod info;
mod install;
mod known;
mod list;
mod proposal;
mod quarantine;
mod ready;
mod remove;
mod reputation;
mod rollback;
mod switch;
mod version_order;

pub(crate) use in_use::InUse;

pub use changes::Changes;
pub use error::InstalledError;
pub use gc::Collected;
pub use incoming::{Arrival, Incoming, who_signed};
pub use info::Info;
pub use install::Allowed;
pub use proposal::Proposal;
pub use ready::{InstalledAs, Kept, Ready, find_installed};
pub use reputation::{Reputation, ReputationLevel, ReputationPart};
pub use version_order::Order;

use crate::recorded::{Changed, recorded};
use ringfence_store::{PluginRow, StateError, StateStore};
use ringfence_types::{EventKind, PluginName};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The plugins that are installed in a home.
#[derive(Debug)]
pub struct Plugins {
    home: PathBuf,
    store: Arc<StateStore>,
}

impl Plugins {
    /// Those of this home.
    ///
    /// # Errors
    /// When the list of them cannot be opened. It is then as it was.
    pub fn open(home: &Path) -> Result<Self, InstalledError> {
        let store = Arc::new(StateStore::open(home)?);
        // Packages say where they lie without links; so does what is compared with them.
        let home = home.canonicalize().map_err(wrong(home))?;
        Ok(Self { store, home })
    }

    /// The plugin of this name.
    ///
    /// # Errors
    /// When none is installed.
    pub fn plugin(&self, name: &PluginName) -> Result<PluginRow, InstalledError> {
        let found = self.store.plugin(name)?;
        Ok(found.ok_or_else(|| StateError::NotInstalled { name: name.to_string() })?)
    }

    /// Makes a change after the log has taken what is said of it.
    fn change<T>(
        &self,
        kind: EventKind,
        said: &str,
        what: Value,
        change: impl FnOnce() -> Result<T, StateError>,
    ) -> Result<T, InstalledError> {
        let not_done = format!("not done after all: {said}");
        let changed = Changed { kind, said, not_done: &not_done, what: ("plugin", what) };
        Ok(recorded(&self.home, &changed, change)??)
    }
}

fn wrong(path: &Path) -> impl FnOnce(io::Error) -> InstalledError {
    let path = path.to_owned();
    move |error| InstalledError::Io { path, error }
}

/// Who acts, for the rows.
pub(crate) fn actor() -> String {
    format!("uid {}", rustix::process::getuid().as_raw())
}
