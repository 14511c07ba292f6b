//! A folder on a disk. Links are read where they stay inside, and never walked.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::gather::Gather;
use super::{ReadTree, TreeLimits, history};
use crate::error::PackageError;
use crate::folder;

pub(super) fn read(root: &Path, limits: &TreeLimits) -> Result<ReadTree, PackageError> {
    let root = folder::canonical(root)?;
    let opened = folder::open_folder(&root)?;
    let mut gather = Gather::new(limits);
    let mut folders = vec![(PathBuf::new(), 0_usize)];
    while let Some((below, depth)) = folders.pop() {
        let written = below.as_os_str().as_bytes();
        let names = match folder::names(&root.join(&below)) {
            Ok(names) => names,
            Err(PackageError::TooLarge { .. }) => {
                gather.odd("too-many-files", written, "the folder has more names than are read");
                continue;
            }
            Err(error) if depth == 0 => return Err(error),
            Err(_) => {
                gather.odd("unreadable", written, "the folder cannot be read");
                continue;
            }
        };
        for (name, kind) in names {
            let path = below.join(name);
            let written = path.as_os_str().as_bytes();
            if gather.is_full() {
                return Ok(gather.finish());
            }
            if kind.is_dir() {
                if depth >= limits.depth {
                    gather.odd("path-too-long", written, "the folder is deeper than is read");
                } else {
                    folders.push((path, depth + 1));
                }
            } else if !kind.is_file() && !kind.is_symlink() {
                gather.odd("device", written, "it is a device, a socket or a pipe, not a file");
            } else if is_history(&opened, &path) {
                gather.odd("not-read", history::FOLDER, history::WHY);
            } else if !file(&opened, &path, kind.is_symlink(), &mut gather) {
                return Ok(gather.finish());
            }
        }
    }
    Ok(gather.finish())
}

/// Whether a file is a repository's history by where it is and how it begins.
fn is_history(opened: &std::os::fd::OwnedFd, path: &Path) -> bool {
    history::is_inside(path.as_os_str().as_bytes())
        && folder::begins_below(opened, path).is_ok_and(|begin| history::is_large(&begin))
}

/// Says whether reading may go on.
fn file(opened: &std::os::fd::OwnedFd, path: &Path, link: bool, gather: &mut Gather<'_>) -> bool {
    let written = path.as_os_str().as_bytes();
    let left = gather.left();
    let most = left.min(gather.limits.file_bytes);
    match folder::read_below(opened, path, most, "a file of the tree") {
        Ok(Some((bytes, executable))) => gather.file(written, executable, bytes),
        Ok(None) => gather.odd("link-outside", written, "the link leads out of the package"),
        Err(PackageError::TooLarge { .. }) if left <= gather.limits.file_bytes => {
            gather.odd("too-many-bytes", written, "the folder holds more bytes than are read");
            return false;
        }
        Err(PackageError::TooLarge { .. }) => {
            gather.odd(
                "file-too-large",
                written,
                "the file is larger than what is read of one file",
            );
        }
        // A link to a folder, or to nothing: what is inside is met on its own way.
        Err(_) if link => {}
        Err(_) => gather.odd("unreadable", written, "the file cannot be read"),
    }
    true
}
