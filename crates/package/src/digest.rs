//! One number for all bytes that a plugin can run.

use crate::error::PackageError;
use crate::folder;
use ringfence_types::Digest;
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Most files and links of one package.
pub const MAX_FILES: usize = 100_000;
/// Most bytes of one package.
pub const MAX_BYTES: u64 = 1 << 30;
/// Deepest folder; `PATH_MAX` allows about 2000.
const MAX_FOLDER_DEPTH: usize = 256;

/// Hashes everything below `root`, or `root` itself if it is a file. `label`
/// tells apart two plugins that lie in the same folder.
///
/// The form, each number big-endian: the words `ringfence package 1` and the
/// label with a length in front, then for every file and link in the order of
/// their paths: length and bytes of the relative path; `f` or `x` (executable)
/// with size and SHA-256 of the content, or `l` with length and bytes of the
/// target. Folders count by what is in them; links are recorded, not followed.
pub(crate) fn of_tree(root: &Path, label: &[u8]) -> Result<Digest, PackageError> {
    let mut all = Sha256::new();
    all.update(b"ringfence package 1\n");
    field(&mut all, label);
    let mut left = MAX_BYTES;
    for (name, kind) in files(root)? {
        let path = if name.as_os_str().is_empty() { root.to_owned() } else { root.join(&name) };
        field(&mut all, name.as_os_str().as_bytes());
        if kind == Kind::Link {
            let target = folder::read_link(&path)?;
            all.update(b"l");
            field(&mut all, target.as_os_str().as_bytes());
        } else {
            let file = content(&path, left, root)?;
            left = left.saturating_sub(file.size);
            all.update(if file.executable { b"x" } else { b"f" });
            all.update(file.size.to_be_bytes());
            all.update(file.hash);
        }
    }
    Ok(Digest::from_bytes(all.finalize().into()))
}

/// SHA-256 over everything in a folder: paths, content, what may be executed, where links
/// lead. It does not say how the folder is run.
///
/// # Errors
/// When a file cannot be read, or there are more than 100,000 files or 1 GiB.
pub fn content_digest(folder: &Path) -> Result<Digest, PackageError> {
    of_tree(folder, b"content")
}

/// Hashes a list of texts so that no two lists give the same bytes.
pub(crate) fn of_words<'a>(label: &[u8], words: impl Iterator<Item = &'a [u8]>) -> Digest {
    let mut all = Sha256::new();
    field(&mut all, label);
    for word in words {
        field(&mut all, word);
    }
    Digest::from_bytes(all.finalize().into())
}

fn field(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Link,
}

/// Relative paths of all files and links, sorted by their bytes, and whether each is a
/// link.
pub(crate) fn names(root: &Path) -> Result<Vec<(PathBuf, bool)>, PackageError> {
    Ok(files(root)?.into_iter().map(|(path, kind)| (path, kind == Kind::Link)).collect())
}

/// Relative paths of all files and links, sorted by their bytes.
fn files(root: &Path) -> Result<Vec<(PathBuf, Kind)>, PackageError> {
    let metadata = fs::symlink_metadata(root).map_err(|error| folder::unreadable(root, error))?;
    if metadata.is_file() {
        return Ok(vec![(PathBuf::new(), Kind::File)]);
    }
    let mut found = Vec::new();
    let mut folders = vec![(PathBuf::new(), 0_usize)];
    while let Some((folder, depth)) = folders.pop() {
        let path = root.join(&folder);
        let too_large = |bound| PackageError::TooLarge { path: root.to_owned(), bound };
        if depth > MAX_FOLDER_DEPTH {
            return Err(too_large("256 folders in each other"));
        }
        for item in fs::read_dir(&path).map_err(|error| folder::unreadable(&path, error))? {
            let item = item.map_err(|error| folder::unreadable(&path, error))?;
            let kind = item.file_type().map_err(|error| folder::unreadable(&path, error))?;
            let name: OsString = item.file_name();
            let below = folder.join(name);
            if found.len() + folders.len() >= MAX_FILES {
                return Err(too_large("100,000 files"));
            }
            if kind.is_dir() {
                folders.push((below, depth + 1));
            } else if kind.is_file() {
                found.push((below, Kind::File));
            } else if kind.is_symlink() {
                found.push((below, Kind::Link));
            } else {
                return Err(folder::unreadable(
                    &item.path(),
                    std::io::Error::other("it is not a file, a folder or a link"),
                ));
            }
        }
    }
    found.sort_by(|(a, _), (b, _)| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    Ok(found)
}

struct Content {
    size: u64,
    executable: bool,
    hash: [u8; 32],
}

fn content(path: &Path, left: u64, root: &Path) -> Result<Content, PackageError> {
    let (mut file, metadata) = folder::open_regular(path)?;
    let too_large =
        || PackageError::TooLarge { path: root.to_owned(), bound: "1 GiB for a package" };
    if metadata.len() > left {
        return Err(too_large());
    }
    let mut hash = Sha256::new();
    let mut size = 0_u64;
    // Large enough that the system calls do not count beside the hashing.
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(folder::unreadable(path, error)),
        };
        size = size.saturating_add(read as u64);
        // It may grow while it is read.
        if size > left {
            return Err(too_large());
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
    Ok(Content {
        size,
        executable: metadata.permissions().mode() & 0o111 != 0,
        hash: hash.finalize().into(),
    })
}
