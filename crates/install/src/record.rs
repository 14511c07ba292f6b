//! What was admitted under which name: the next start asks nobody.

use crate::admitted::Looked;
use crate::error::InstallError;
use crate::fetched::Locked;
use crate::pypi::normalised;
use crate::source::Source;
use crate::vouched::Vouched;
use ringfence_lifecycle::Vouching;
use ringfence_private as private;
use ringfence_types::{Digest, UntrustedText};
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
    /// How far it is vouched for.
    pub(crate) vouched: Vouched,
    /// The repository that packages of this name were built from when one of them first said
    /// so, or that a person accepted since.
    pub(crate) builder: Option<String>,
    /// When the youngest part of it was published, in seconds since 1970, if that was asked.
    #[serde(default)]
    pub(crate) published: Option<i64>,
    pub(crate) looked: Looked,
    /// Who looked, with the version of the rules.
    pub(crate) looked_by: String,
    /// When it was fetched, in seconds since 1970.
    pub(crate) fetched_at: i64,
    /// Who vouches for it, where somebody can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vouching: Option<Vouching>,
}

impl Record {
    /// Why it may be somebody else's than those before; safe to show.
    pub(crate) fn publisher_change(&self) -> Option<String> {
        let before = self.builder.as_deref()?;
        let safe = |text: &str| UntrustedText::new(text).to_string();
        match self.vouched.provenance.repository() {
            Some(now) if now == before => None,
            Some(now) => {
                Some(format!("it was built from {}, and now from {}", safe(before), safe(now)))
            }
            None => Some(format!(
                "it was built from {}, and nobody says from what it is now",
                safe(before)
            )),
        }
    }

    /// Takes whoever it is now as who it is from here on.
    pub(crate) fn accept(&mut self) {
        self.builder = self.vouched.provenance.repository().map(str::to_owned);
    }
}

/// What is kept of a package that was admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The registry that it came from.
    pub registry: String,
    /// How far it is vouched for.
    #[serde(flatten)]
    pub vouched: Vouched,
}

/// What is kept in this home of the package whose files lie in the folder of this digest:
/// nothing once another version was fetched under the same name.
///
/// # Errors
/// When the records cannot be read.
pub fn kept(home: &Path, package: &Digest) -> Result<Option<Kept>, InstallError> {
    let found = Records::of(home).all()?.into_iter().find(|one| one.folder == package.hex());
    Ok(found.map(|Record { registry, vouched, .. }| Kept { registry, vouched }))
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
        let record = self.read(&file_name(source))?;
        Ok(record.filter(|record| record.source == source.to_string()))
    }

    /// The last one that was fetched of this package, whatever version was asked for.
    pub(crate) fn latest(&self, source: &Source) -> Result<Option<Record>, InstallError> {
        let kind = source.kind();
        let same = |one: &Record| {
            one.name.split_once(':').is_some_and(|(other, name)| {
                other == kind
                    && match kind {
                        "pypi" => normalised(name) == normalised(source.name()),
                        _ => name == source.name(),
                    }
            })
        };
        let all = self.all()?.into_iter().filter(same);
        Ok(all.max_by_key(|record| record.fetched_at))
    }

    /// All that this version can read.
    fn all(&self) -> Result<Vec<Record>, InstallError> {
        let mut found = Vec::new();
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
            entries => entries.map_err(InstallError::io(&self.folder))?,
        };
        for entry in entries {
            let name = entry.map_err(InstallError::io(&self.folder))?.file_name();
            let Some(name) = name.to_str().filter(|name| name.ends_with(".json")) else { continue };
            found.extend(self.read(name)?);
        }
        Ok(found)
    }

    fn read(&self, name: &str) -> Result<Option<Record>, InstallError> {
        let path = self.folder.join(name);
        let folder = private::open_or_create(&self.folder)?;
        let Some(file) = private::open_existing(&folder, name, OFlags::RDONLY, &path)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(InstallError::io(&path))?;
        Ok(serde_json::from_slice(&bytes).ok())
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
