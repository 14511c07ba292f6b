//! Files with keys and tokens that somebody else keeps.

use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io;
use std::path::Path;

/// What is wrong with a file that is not opened, and what mends it.
pub(crate) const NOT_KEPT: &str =
    "can be read by everybody or written by others; to mend: chmod 600";

/// Opens it; an orchestrator may mount it as a link, as another owner and for a
/// group. `None` for one that everybody can read, or others write.
pub(crate) fn open(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let mode = Mode::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
    let is_kept = !mode.intersects(Mode::RWXO | Mode::WGRP);
    Ok(is_kept.then(|| File::from(file)))
}
