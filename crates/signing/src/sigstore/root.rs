//! Whom a Sigstore verification starts from: the keys of one instance.

use super::provider;
use crate::error::SigstoreError;
use crate::strict_json;
use sigstore_verify::Verifier;
use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use std::fmt;

/// Most bytes of a file with a root.
const MAX_BYTES: usize = 1 << 20;

/// The certificate authorities, logs and clocks of one instance of Sigstore, ready to
/// verify with. Making one takes some milliseconds; it serves any number of bundles.
pub struct SigstoreRoot {
    pub(crate) verifier: Verifier,
    name: String,
    logs: Vec<Vec<u8>>,
}

impl SigstoreRoot {
    /// When the root that is built in was taken from the public instance. What that
    /// instance adds later is not known to it: then it is said that a signature cannot be
    /// checked, and a newer root is given as a file.
    pub const PUBLIC_GOOD_OF: &'static str = "2026-10-23";

    /// The public instance, `sigstore.dev`, as it is built in.
    ///
    /// # Errors
    /// When it cannot be read, which does not happen.
    pub fn public_good() -> Result<Self, SigstoreError> {
        let name = format!("the root of sigstore.dev of {}", Self::PUBLIC_GOOD_OF);
        Self::read(SIGSTORE_PRODUCTION_TRUSTED_ROOT, name)
    }

    /// A root in a file, `trusted_root.json` as TUF repositories of Sigstore have it.
    /// Whoever gives it trusts all in it.
    ///
    /// # Errors
    /// When it is none, or something in it cannot be used.
    pub fn parse(bytes: &[u8]) -> Result<Self, SigstoreError> {
        strict_json::check(bytes, MAX_BYTES).map_err(SigstoreError::Root)?;
        let text =
            std::str::from_utf8(bytes).map_err(|error| SigstoreError::Root(error.to_string()))?;
        Self::read(text, "the root that was given".to_owned())
    }

    fn read(text: &str, name: String) -> Result<Self, SigstoreError> {
        provider::install();
        let root =
            TrustedRoot::from_json(text).map_err(|error| SigstoreError::Root(error.to_string()))?;
        let verifier =
            Verifier::new(&root).map_err(|error| SigstoreError::Root(error.to_string()))?;
        let logs = root.tlogs.iter().map(|log| log.log_id.key_id.as_bytes().to_vec()).collect();
        Ok(Self { verifier, name, logs })
    }

    pub(crate) fn knows_log(&self, id: &[u8]) -> bool {
        self.logs.iter().any(|log| log == id)
    }

    /// What it is, for a person.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for SigstoreRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigstoreRoot").field("name", &self.name).finish_non_exhaustive()
    }
}
