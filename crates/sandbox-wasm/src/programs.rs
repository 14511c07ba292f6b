//! The two programs as files. A jail shows a program by its path, so they lie in a
//! folder of ours under the names of their content.

use crate::WasmError;
use ringfence_private::{hex, open_existing, open_or_create, place};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const WORKER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ringfence-worker"));
const COMPILER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ringfence-compiler"));
const FOLDER: &str = "programs";

/// Where the two programs lie.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Runs native code.
    pub worker: PathBuf,
    /// Makes it.
    pub compiler: PathBuf,
}

impl Programs {
    /// Puts what is missing into `home`.
    ///
    /// # Errors
    /// When the folder is not ours alone, or the disk refuses.
    pub fn install(home: &Path) -> Result<Self, WasmError> {
        let path = home.join(FOLDER);
        let folder = open_or_create(&path)?;
        let put = |name: &str, bytes, digest| install(&folder, &path, name, bytes, digest);
        Ok(Self {
            worker: put("worker", WORKER, worker_digest())?,
            compiler: put("compiler", COMPILER, compiler_digest())?,
        })
    }
}

/// SHA-256 of the worker.
fn worker_digest() -> &'static [u8; 32] {
    static DIGEST: OnceLock<[u8; 32]> = OnceLock::new();
    DIGEST.get_or_init(|| Sha256::digest(WORKER).into())
}

/// SHA-256 of the compiler: the engine's version, its settings and everything else
/// that its code depends on.
pub(crate) fn compiler_digest() -> &'static [u8; 32] {
    static DIGEST: OnceLock<[u8; 32]> = OnceLock::new();
    DIGEST.get_or_init(|| Sha256::digest(COMPILER).into())
}

fn install(
    folder: &OwnedFd,
    path: &Path,
    name: &str,
    bytes: &[u8],
    digest: &[u8; 32],
) -> Result<PathBuf, WasmError> {
    let name = format!("{name}-{}", hex::text(digest));
    let file = path.join(&name);
    if is_installed(folder, &name, bytes) {
        return Ok(file);
    }
    // Another process may be between placing it and making it executable: what holds
    // these bytes is kept, for it may be starting it already.
    if !holds(folder, &name, bytes, &file) {
        // Changed by somebody: the name says what belongs there.
        let _ = rustix::fs::unlinkat(folder, &name, AtFlags::empty());
        place(folder, path, &name, bytes)?;
    }
    let refused = WasmError::system("making a program of ours executable");
    let opened = rustix::fs::openat(
        folder,
        &name,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(&refused)?;
    // Readable for everybody: the plugin's user is another one. The folder lets
    // nobody in.
    rustix::fs::fchmod(&opened, Mode::from_raw_mode(0o555)).map_err(&refused)?;
    Ok(file)
}

fn holds(folder: &OwnedFd, name: &str, bytes: &[u8], path: &Path) -> bool {
    let Ok(Some(file)) = open_existing(folder, name, OFlags::RDONLY, path) else { return false };
    let most = u64::try_from(bytes.len()).unwrap_or(u64::MAX).saturating_add(1);
    let mut there = Vec::new();
    file.take(most).read_to_end(&mut there).is_ok() && there == bytes
}

fn is_installed(folder: &OwnedFd, name: &str, bytes: &[u8]) -> bool {
    rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            && stat.st_mode & 0o777 == 0o555
            && u64::try_from(stat.st_size) == Ok(bytes.len() as u64)
            && stat.st_uid == rustix::process::geteuid().as_raw()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_program_that_another_process_has_just_placed_is_not_taken_from_it() {
        let home = tempfile::tempdir().unwrap();
        let worker = Programs::install(home.path()).unwrap().worker;
        let first = worker.metadata().unwrap().ino();
        // As it is between the two steps of whoever came first.
        std::fs::set_permissions(&worker, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Programs::install(home.path()).unwrap().worker, worker);
        assert_eq!((worker.metadata().unwrap().ino(), mode(&worker)), (first, 0o555));
    }

    #[test]
    fn a_program_that_was_changed_or_linked_elsewhere_is_put_back() {
        let home = tempfile::tempdir().unwrap();
        let worker = Programs::install(home.path()).unwrap().worker;
        let victim = home.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        let changed = || std::fs::write(&worker, "other");
        let linked = || std::os::unix::fs::symlink(&victim, &worker);
        for plant in [&changed as &dyn Fn() -> std::io::Result<()>, &linked] {
            std::fs::remove_file(&worker).unwrap();
            plant().unwrap();
            Programs::install(home.path()).unwrap();
            assert!(std::fs::read(&worker).unwrap() == WORKER);
            assert_eq!(mode(&worker), 0o555);
        }
        assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
    }
}
