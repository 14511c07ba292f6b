//! What was admitted under which name: the next start asks nobody.

use crate::admitted::Looked;
use crate::error::InstallError;
use crate::fetched::Locked;
use crate::source::Source;
use ringfence_lifecycle::Vouching;
use ringfence_private as private;
use ringfence_types::Digest;
use rustix::fs::{FlockOperation, OFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Folder of the home.
const FOLDER: &str = "sources";
const LOCK: &str = "lock";
/// Largest record, in bytes: ten thousand packages.
const MAX_BYTES: u64 = 16 << 20;

/// What is known of a package that was admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// As it was asked for.
    pub(crate) source: String,
    /// The folder of the home with its files, by its name.
    pub(crate) folder: String,
    /// Of the files in it.
    pub(crate) content: Digest,
    /// Kind and name, without what version was asked for.
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) registry: String,
    pub(crate) packages: Vec<Locked>,
    pub(crate) looked: Looked,
    /// Who looked, with the version of the rules.
    pub(crate) looked_by: String,
    /// When it was fetched, in seconds since 1970.
    pub(crate) fetched_at: i64,
    /// Who vouches for it, where somebody can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vouching: Option<Vouching>,
}

/// The records of a home. Only this user can write them.
pub(crate) struct Records {
    folder: PathBuf,
}

impl Records {
    pub(crate) fn of(home: &Path) -> Self {
        Self { folder: home.join(FOLDER) }
    }

    /// What was admitted under this name; nothing when nothing was, or when the record is
    /// none that this version writes: it is then fetched anew.
    pub(crate) fn find(&self, source: &Source) -> Result<Option<Record>, InstallError> {
        let name = file_name(source);
        let path = self.folder.join(&name);
        let folder = private::open_or_create(&self.folder)?;
        let Some(file) = private::open_existing(&folder, &name, OFlags::RDONLY, &path)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(InstallError::io(&path))?;
        let record: Option<Record> = serde_json::from_slice(&bytes).ok();
        Ok(record.filter(|record| record.source == source.to_string()))
    }

    /// Keeps it in the place of what was there.
    pub(crate) fn keep(&self, source: &Source, record: &Record) -> Result<(), InstallError> {
        let path = self.folder.join(LOCK);
        let folder = private::open_or_create(&self.folder)?;
        let lock: File = private::open_or_create_file(&folder, LOCK, &path)?;
        rustix::fs::flock(&lock, FlockOperation::LockExclusive)
            .map_err(|error| InstallError::io(&path)(error.into()))?;
        let bytes = serde_json::to_vec_pretty(record)
            .map_err(|error| InstallError::io(&path)(std::io::Error::other(error)))?;
        private::replace(&folder, &self.folder, &file_name(source), &bytes)?;
        Ok(())
    }
}

/// Of letters that every file system has, for whatever name.
fn file_name(source: &Source) -> String {
    let digest = Digest::from_bytes(Sha256::digest(source.to_string()).into());
    format!("{}.json", digest.hex())
}
