//! All files of a package in memory, for somebody who wants to read its code before
//! anything of it is unpacked to a disk. What cannot be read, or would not be where it
//! says, becomes an oddity; nothing is passed over in silence.

mod folder_tree;
mod gather;
mod history;
mod tarball;
#[cfg(test)]
mod tests;
mod zip;

use std::path::Path;

use crate::archive::Archive;
use crate::error::PackageError;
use crate::folder;
use gather::Gather;

/// Bounds of what is read into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeLimits {
    /// Most files.
    pub files: usize,
    /// Most bytes of all files together, unpacked.
    pub bytes: u64,
    /// Most bytes of one file, unpacked.
    pub file_bytes: u64,
    /// Most bytes that one byte of an archive may become, once 16 MiB were unpacked.
    pub ratio: u64,
    /// Most bytes of one path.
    pub path_bytes: usize,
    /// Most folders in each other.
    pub depth: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self {
            files: 100_000,
            bytes: 1 << 30,
            file_bytes: 256 << 20,
            ratio: 200,
            path_bytes: 1_024,
            depth: 64,
        }
    }
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeFile {
    /// Path from the root, with `/` between its parts; never absolute, never with `..`.
    pub path: String,
    /// The whole content.
    pub bytes: Vec<u8>,
    /// Whether it may be executed, as far as the folder or the archive tells.
    pub executable: bool,
}

/// Something odd about how a package's files are laid out or packed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeOddity {
    /// A stable code, such as `path-outside`.
    pub code: &'static str,
    /// The path as it was written, made text; not safe to show.
    pub path: String,
    /// What is odd, as a lowercase fragment without text of the package.
    pub why: &'static str,
}

/// The files of a package, sorted by path, and what was odd about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadTree {
    /// The files.
    pub files: Vec<TreeFile>,
    /// The oddities, sorted, without duplicates; at most a thousand.
    pub oddities: Vec<TreeOddity>,
}

/// What was read from a disk, and has not been looked into: who fears for the readers of
/// archives shuts itself in before [`Fetched::unpack`].
#[derive(Clone, Debug)]
pub struct Fetched(What);

#[derive(Clone, Debug)]
enum What {
    Folder(ReadTree),
    File { name: String, bytes: Vec<u8> },
}

impl Fetched {
    /// The files of the folder, or in the archive. Opens nothing.
    #[must_use]
    pub fn unpack(self, limits: &TreeLimits) -> ReadTree {
        match self.0 {
            What::Folder(tree) => history::without_objects(tree),
            What::File { name, bytes } => unpack(&name, bytes, limits),
        }
    }
}

/// Reads a folder, an archive or a single file, and looks into none. No link is followed
/// out of the folder, nothing is written.
///
/// # Errors
/// When `path` itself cannot be read, or is larger than the bound.
pub fn fetch(path: &Path, limits: &TreeLimits) -> Result<Fetched, PackageError> {
    if folder::is_folder(path) {
        return folder_tree::read(path, limits).map(|tree| Fetched(What::Folder(tree)));
    }
    let bytes = folder::read(path, limits.bytes, "1 GiB for an archive")?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(Fetched(What::File { name: name.unwrap_or_else(|| "file".to_owned()), bytes }))
}

/// [`fetch`], and [`Fetched::unpack`].
///
/// # Errors
/// As for [`fetch`].
pub fn read_tree(path: &Path, limits: &TreeLimits) -> Result<ReadTree, PackageError> {
    fetch(path, limits).map(|fetched| fetched.unpack(limits))
}

/// A file below `root`, whole. No link is followed out of the folder.
///
/// # Errors
/// When it is not there, leads out of it, or is larger than `most` bytes.
pub fn read_inside(root: &Path, path: &Path, most: u64) -> Result<Vec<u8>, PackageError> {
    let opened = folder::open_folder(root)?;
    match folder::read_below(&opened, path, most, "a file of a fetched package")? {
        Some((bytes, _)) => Ok(bytes),
        None => Err(PackageError::Unknown {
            path: root.join(path),
            reason: "a link in it leads out of the folder".to_owned(),
        }),
    }
}

/// The files in an archive that is in memory: zip and wheel, tar, tar in gzip, and our own. What is
/// none of these is one file of that name.
#[must_use]
pub fn unpack(name: &str, bytes: Vec<u8>, limits: &TreeLimits) -> ReadTree {
    let mut gather = Gather::new(limits);
    if let Some(Ok(archive)) = Archive::is_one(&bytes).then(|| Archive::parse(&bytes)) {
        gather.packed(bytes.len());
        gather.archive(archive);
    } else if zip::is_zip(&bytes) {
        zip::read(&bytes, &mut gather);
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        tarball::read_compressed(name, &bytes, &mut gather);
    } else if tarball::is_tar(&bytes) {
        tarball::read(&bytes[..], &mut gather);
    } else {
        if let Some(what) = unread_archive(&bytes) {
            gather.odd("archive-unread", name.as_bytes(), what);
        }
        gather.file(name.as_bytes(), false, bytes);
    }
    gather.finish()
}

fn unread_archive(bytes: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 5] = [
        (b"BZh", "it is packed with bzip2, which is not read"),
        (b"\xfd7zXZ\0", "it is packed with xz, which is not read"),
        (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive, which is not read"),
        (b"Rar!", "it is a rar archive, which is not read"),
        (b"\x28\xb5\x2f\xfd", "it is packed with zstd and is no archive of this program"),
    ];
    kinds.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what)
}
