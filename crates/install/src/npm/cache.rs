//! npm's cache: each archive in a file that is named by its hash.

use crate::error::InstallError;
use ringfence_package::{TreeLimits, fetch};
use sha2::{Digest as _, Sha512};
use std::collections::BTreeMap;
use std::path::Path;

/// The content of a cache, in memory. It was written in the jail: no name in it is
/// believed.
pub(super) struct Cache {
    files: BTreeMap<[u8; 64], Vec<u8>>,
}

impl Cache {
    /// Reads the cache in the jail's folder; no link in that is followed out of it.
    pub(super) fn read(scratch: &Path, cache: &str) -> Result<Self, InstallError> {
        let below = format!("{cache}/_cacache/content-v2/sha512/");
        let tree = fetch(scratch, &TreeLimits::default())?.unpack(&TreeLimits::default());
        let files = tree.files.into_iter().filter(|file| file.path.starts_with(&below));
        let found = Self::of(files.map(|file| file.bytes));
        if found.files.is_empty() {
            return Err(InstallError::Client {
                program: "npm",
                why: "its cache is not laid out as known".to_owned(),
                help: super::HELP,
            });
        }
        Ok(found)
    }

    pub(super) fn of(files: impl Iterator<Item = Vec<u8>>) -> Self {
        Self { files: files.map(|bytes| (Sha512::digest(&bytes).into(), bytes)).collect() }
    }

    /// The archive with this hash, if it is there.
    pub(super) fn get(&self, hash: &[u8; 64]) -> Option<&[u8]> {
        self.files.get(hash).map(Vec::as_slice)
    }
}
