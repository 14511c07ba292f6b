//! A command by the name that a person types.

use ringfence_sandbox_process::find_program;
use std::ffi::{OsStr, OsString};

/// The words of a command, with the place of its program where more belongs to it than the
/// file: a program of an npm package is a link in a folder of the search path, and what it
/// needs lies where the link leads. Any other name stays as it is.
#[must_use]
pub fn located(mut words: Vec<OsString>) -> Vec<OsString> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    if let Some(name) = words.first_mut()
        && let Ok(found) = find_program(name, &search)
        && let Ok(resolved) = found.canonicalize()
        && resolved.iter().any(|part| part == OsStr::new("node_modules"))
    {
        // Not what it leads to: people know it by the name of the link.
        *name = found.into_os_string();
    }
    words
}
