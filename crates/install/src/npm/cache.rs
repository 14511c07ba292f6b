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
    /// Reads all of it; no link is followed out of it.
    pub(super) fn read(cache: &Path) -> Result<Self, InstallError> {
        let folder = cache.join("_cacache/content-v2/sha512");
        if !folder.is_dir() {
            return Err(InstallError::Client {
                program: "npm",
                why: "its cache is not laid out as known".to_owned(),
                help: super::HELP,
            });
        }
        let tree = fetch(&folder, &TreeLimits::default())?.unpack(&TreeLimits::default());
        Ok(Self::of(tree.files.into_iter().map(|file| file.bytes)))
    }

    pub(super) fn of(files: impl Iterator<Item = Vec<u8>>) -> Self {
        Self { files: files.map(|bytes| (Sha512::digest(&bytes).into(), bytes)).collect() }
    }

    /// The archive with this hash, if it is there.
    pub(super) fn get(&self, hash: &[u8; 64]) -> Option<&[u8]> {
        self.files.get(hash).map(Vec::as_slice)
    }
}
