//! The secrets that there are, by name.

use crate::source::{SecretSource, SourceError};
use crate::value::{Secret, ValueError};
use ringfence_permission::{Permit, SecretsUse};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Every secret that the host knows.
#[derive(Clone, Default)]
pub struct Secrets {
    sources: BTreeMap<String, Arc<dyn SecretSource>>,
}

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Nobody said where it comes from.
    #[error("there is no secret of this name")]
    Unknown,
    /// Its source gave nothing.
    #[error("it cannot be read: {0}")]
    Source(#[from] SourceError),
    /// Its source gave something that cannot be used.
    #[error("it cannot be used: {0}")]
    Value(#[from] ValueError),
}

impl Secrets {
    /// With one more secret, or another source for one.
    #[must_use]
    pub fn with(mut self, name: &str, source: Arc<dyn SecretSource>) -> Self {
        self.sources.insert(name.to_owned(), source);
        self
    }

    /// With these as well; of two sources for one name, theirs.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        let others = others.sources.iter().map(|(name, source)| (name.clone(), Arc::clone(source)));
        self.sources.extend(others);
        self
    }

    /// Whether it can be read and used now, for an error before anything runs.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(&self, name: &str) -> Result<(), SecretError> {
        self.value(name).map(drop)
    }

    /// The value, for the request that the permit names.
    ///
    /// # Errors
    /// When there is none that can be used.
    pub fn reveal(&self, permit: Permit<'_, SecretsUse>) -> Result<Secret, SecretError> {
        self.value(permit.spend().object.name)
    }

    fn value(&self, name: &str) -> Result<Secret, SecretError> {
        let source = self.sources.get(name).ok_or(SecretError::Unknown)?;
        Ok(Secret::new(source.read()?)?)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.sources.keys()).finish()
    }
}
