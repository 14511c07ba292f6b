//! Where Ringfence keeps its own things.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Environment variable that names the folder.
pub const HOME_VARIABLE: &str = "RINGFENCE_HOME";

/// The folder with keys, log and storage: `RINGFENCE_HOME`, else `ringfence`
/// in the user's data folder.
///
/// # Errors
/// When neither variable nor home folder is set, or the folder cannot be made
/// private to this user.
pub fn home_folder() -> io::Result<PathBuf> {
    let set =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set(HOME_VARIABLE)
        .or_else(|| set("XDG_DATA_HOME").map(|data| data.join("ringfence")))
        .or_else(|| set("HOME").map(|home| home.join(".local/share/ringfence")))
        .ok_or_else(|| {
            io::Error::other(format!("no place to keep the log: set {HOME_VARIABLE} to a folder"))
        })?;
    prepare_home(&folder)
}

/// Makes `folder`, private to this user, if it is not there.
///
/// # Errors
/// When it cannot be made or is not private.
pub fn prepare_home(folder: &Path) -> io::Result<PathBuf> {
    prepare(folder).and_then(|()| std::fs::canonicalize(folder)).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!(
                "`{}` cannot hold the log: {error}; set {HOME_VARIABLE} to a folder of your own",
                folder.display()
            ),
        )
    })
}

fn prepare(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let meta = std::fs::metadata(folder)?;
    if meta.uid() != rustix::process::geteuid().as_raw() || meta.mode() & 0o022 != 0 {
        return Err(io::Error::other(
            "it must belong to this user and be writable by nobody else (chmod 700)",
        ));
    }
    Ok(())
}
