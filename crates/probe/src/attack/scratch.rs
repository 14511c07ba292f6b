//! Places to write in, and attempts to open files.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::errno::Errno;
use crate::outcome::{Outcome, neutralise};

/// Where a program may hope to be allowed to write.
pub(super) const WRITABLE_HOPES: &[&str] =
    &["/tmp", "/dev/shm", "/var/tmp", "/run", "/work", "/data", "/home", "."];

/// A file that is removed on drop.
pub(super) struct ScratchFile {
    pub(super) path: PathBuf,
    pub(super) file: File,
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Creates a file of our own in a directory.
pub(super) fn create_in(directory: &Path, mode: u32) -> Result<ScratchFile, Errno> {
    let path = directory.join(format!(".ringfence-probe-{}", std::process::id()));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(mode)
        .custom_flags(libc::O_CLOEXEC)
        .open(&path)?;
    Ok(ScratchFile { path, file })
}

/// Creates a file in the first place that allows it.
pub(super) fn create(mode: u32) -> Result<ScratchFile, Outcome> {
    WRITABLE_HOPES
        .iter()
        .find_map(|directory| create_in(Path::new(directory), mode).ok())
        .ok_or_else(|| Outcome::shut("no place to write"))
}

/// A path for the kernel.
pub(super) fn c_path(path: &Path) -> Result<std::ffi::CString, Outcome> {
    std::ffi::CString::new(path.as_os_str().as_encoded_bytes())
        .map_err(|_| Outcome::not_tried("the path has a zero byte"))
}

/// Opens without waiting, without taking a terminal, without creating.
fn open(path: &str, read: bool, write: bool) -> Result<File, Errno> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
    Ok(OpenOptions::new().read(read).write(write).custom_flags(flags).open(path)?)
}

/// Open when any of the files can be opened for writing. Nothing is written.
pub(super) fn writable(paths: &[&str]) -> Outcome {
    any(paths, |path| open(path, false, true).map(|_| "opened for writing".to_owned()))
}

/// Open when any of the files can be opened for reading and writing, as a
/// device is used.
pub(super) fn usable(paths: &[&str]) -> Outcome {
    any(paths, |path| open(path, true, true).map(|_| "opened".to_owned()))
}

/// Open when any of the files can be opened for reading. A device may block,
/// so nothing is read.
pub(super) fn openable(paths: &[&str]) -> Outcome {
    any(paths, |path| open(path, true, false).map(|_| "opened for reading".to_owned()))
}

/// Open when any of the files gives bytes. What they are stays here: the
/// report may be shown around.
pub(super) fn readable(paths: &[&str]) -> Outcome {
    any(paths, |path| non_empty(path).map(|start| format!("gave {} bytes", start.len())))
}

/// Like [`readable`] for bait: its bytes go into the report, which proves to
/// the host that they were read.
pub(super) fn readable_bait(paths: &[&str]) -> Outcome {
    any(paths, |path| non_empty(path).map(|start| neutralise(&start)))
}

fn non_empty(path: &str) -> Result<String, Errno> {
    let start = first_bytes(path)?;
    if start.is_empty() { Err(Errno(libc::ENODATA)) } else { Ok(start) }
}

/// The first bytes of a file as text.
pub(super) fn first_bytes(path: &str) -> Result<String, Errno> {
    use std::io::Read;
    let mut buffer = [0_u8; 64];
    let length = open(path, true, false)?.read(&mut buffer)?;
    Ok(String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned())
}

fn any(paths: &[&str], attempt: impl Fn(&str) -> Result<String, Errno>) -> Outcome {
    let mut last = Errno(libc::ENOENT);
    for path in paths {
        match attempt(path) {
            Ok(detail) => return Outcome::open(format!("{detail}: {path}")),
            // What is there but refused says more than what is absent.
            Err(errno) if errno.0 != libc::ENOENT => last = errno,
            Err(_) => {}
        }
    }
    Outcome::shut(last.to_string())
}
