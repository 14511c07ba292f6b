//! Who vouches for a package, kept apart from its files: to be asked again later.

use super::Packed;
use crate::engine::Engine;
use crate::trust::{TrustError, TrustStore};
use ringfence_signing::{Envelope, PAYLOAD_TYPE, Statement, Vouched};
use ringfence_types::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Who vouches for a package, kept apart from its files. Whether they still count is asked
/// whenever it is used; that the files are those, whoever keeps them compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouching {
    /// What the files said of themselves, as it is signed.
    statement: String,
    /// The signatures, as they came.
    envelope: String,
}

impl Packed {
    /// Who vouches for it; nothing for what has no readable form, which was packed by
    /// nobody.
    #[must_use]
    pub fn vouching(&self) -> Option<Vouching> {
        let statement = String::from_utf8(self.found.to_bytes().ok()?).ok()?;
        let envelope = String::from_utf8(self.archive.signatures.clone()).ok()?;
        (!envelope.is_empty()).then_some(Vouching { statement, envelope })
    }
}

impl Vouching {
    /// How far that counts at `now`, in seconds since 1970, for who is trusted in the home of
    /// this engine, which knows then by whom these bytes are signed.
    ///
    /// # Errors
    /// When the list of publishers cannot be read.
    pub fn look(&self, engine: &Engine, now: i64) -> Result<Vouched, TrustError> {
        let publishers = TrustStore::new(engine.home().to_owned()).load()?;
        let statement = Statement::parse(PAYLOAD_TYPE, self.statement.as_bytes());
        let envelope = Envelope::parse(self.envelope.as_bytes());
        let vouched = match (&statement, &envelope) {
            (Ok(statement), Ok(envelope)) => Vouched::look(envelope, statement, &publishers, now),
            (Err(error), _) => Vouched::not_checkable(error.to_string()),
            (_, Err(error)) => Vouched::not_checkable(error.to_string()),
        };
        let package = Digest::from_bytes(Sha256::digest(&self.statement).into());
        engine.signed(package, &vouched);
        Ok(vouched)
    }
}
