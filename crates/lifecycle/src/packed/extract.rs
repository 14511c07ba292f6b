//! An archive's files in a folder.

use ringfence_package::{Archive, ArchiveError};
use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::Path;

/// Writes the files into `folder`, which must not exist yet. Links are made last, so
/// that no file is ever written through one. When it fails, what was written is left
/// for the caller to remove.
///
/// # Errors
/// When the folder exists or something cannot be written.
pub(super) fn extract(archive: &Archive, folder: &Path) -> Result<(), ArchiveError> {
    archive.check()?;
    let folders = |path: &Path| -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o755).create(path)
    };
    DirBuilder::new().mode(0o755).create(folder)?;
    let (links, files): (Vec<_>, Vec<_>) =
        archive.files.iter().partition(|file| file.entry.link.is_some());
    for file in files {
        let place = folder.join(&file.entry.path);
        if let Some(parent) = place.parent() {
            folders(parent)?;
        }
        let mode = if file.entry.executable { 0o755 } else { 0o644 };
        let mut to = File::options().write(true).create_new(true).mode(mode).open(&place)?;
        to.write_all(&file.bytes)?;
        // Whatever the caller's mask took away: the same package is the same anywhere.
        to.set_permissions(Permissions::from_mode(mode))?;
    }
    for file in links {
        let place = folder.join(&file.entry.path);
        if let Some(parent) = place.parent() {
            folders(parent)?;
        }
        symlink(file.entry.link.as_deref().unwrap_or_default(), &place)?;
    }
    Ok(())
}
