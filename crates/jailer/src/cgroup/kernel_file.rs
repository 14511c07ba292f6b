//! Reads files that the kernel makes up while they are read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// More than all but the longest of them hold. They say that they are empty, so
/// reading them into a buffer that grows takes a call for every doubling.
const USUAL: usize = 16 * 1024;

/// The whole file, if it can be read and is text.
pub(crate) fn read_text(path: impl AsRef<Path>) -> Option<String> {
    let mut bytes = Vec::with_capacity(USUAL);
    File::open(path).ok()?.read_to_end(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}
