//! In which order Python prints a set: the same at every start of one server.

use ringfence_package::Package;
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Python draws it anew at every start unless this is set.
pub(crate) const HASH_SEED: &str = "PYTHONHASHSEED";

/// One number for each server and home: the same at every start, and not the same everywhere,
/// so that nobody elsewhere knows which keys collide in it.
pub(crate) fn hash_seed(package: &Package, home: &Path) -> String {
    let place = std::fs::metadata(home).map_or((0, 0), |found| (found.dev(), found.ino()));
    let text = format!("{} {} {place:?}", package.name, home.display());
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(text).into();
    u32::from_le_bytes([a, b, c, d]).to_string()
}
