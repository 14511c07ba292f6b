//! Environment variables that the host lends: a copy made before the plugin
//! ran. This process's own environment is never looked at.

use ringfence_permission::{EnvironmentRead, Permit};
use std::collections::BTreeMap;
use std::fmt;

/// The variables that may be read, by name. Their values do not show in
/// `Debug`: many are secrets.
#[derive(Clone, Default)]
pub struct Variables {
    values: BTreeMap<String, String>,
}

impl Variables {
    /// Lends these values.
    #[must_use]
    pub const fn new(values: BTreeMap<String, String>) -> Self {
        Self { values }
    }

    /// The value of a variable, if the host lends one.
    #[must_use]
    pub fn get(&self, permit: Permit<'_, EnvironmentRead>) -> Option<&str> {
        self.values.get(permit.spend().object).map(String::as_str)
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
