//! A package in one file: `NAME.ringfence`, a tar in zstd.
//!
//! Same files, same bytes: whoever packs, on whatever machine. And only one way to write
//! them: an archive is packed again while it is read, and what differs is refused, so
//! that nothing is hidden in a header and no two programs unpack two different things.
//!
//! ```text
//! signatures.json    the list of all files below, and who signed it
//! sbom.cdx.json      what is in the package (CycloneDX)
//! package/...        the files and links, in the order of their paths' bytes
//! ```

#[cfg(test)]
mod attack_tests;
mod error;
mod list;
mod paths;
mod read;
mod sbom;
#[cfg(test)]
mod tests;
mod write;

pub use error::ArchiveError;

use ringfence_types::FileEntry;

/// Most bytes of all files of an archive, unpacked.
pub const MAX_ARCHIVE_BYTES: u64 = 512 << 20;
/// Most files and links.
const MAX_FILES: usize = 100_000;
/// Most bytes of `signatures.json` and of `sbom.cdx.json`.
const MAX_HEAD_BYTES: u64 = 64 << 20;
/// Most bytes that one byte of an archive may become, once this many were unpacked.
const MAX_RATIO: u64 = 200;
const FREE_BYTES: u64 = 16 << 20;
/// The names of what stands in front.
const SIGNATURES: &str = "signatures.json";
const SBOM: &str = "sbom.cdx.json";
/// Folders that belong to a working copy and not to a package. What Python compiled is run
/// in place of the source beside it, which is what is looked at.
const LEFT_OUT: [&str; 4] = [".git", ".hg", ".svn", "__pycache__"];
/// In front of the path of each file.
const BELOW: &str = "package/";

/// A package in memory, as one file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Who signed what, as bytes of a file that is not read here.
    pub signatures: Vec<u8>,
    /// What is in the package, as bytes of a file that is not read here.
    pub sbom: Vec<u8>,
    /// The files and links, in the order of their paths' bytes.
    pub files: Vec<ArchiveFile>,
}

impl Archive {
    /// Looks whether the paths and links can be in an archive, as everything here does
    /// that makes or reads one.
    ///
    /// # Errors
    /// When one cannot.
    pub fn check(&self) -> Result<(), ArchiveError> {
        paths::check(&self.files)
    }
}

/// One file or link, with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    /// What it is.
    pub entry: FileEntry,
    /// The content; nothing for a link.
    pub bytes: Vec<u8>,
}
