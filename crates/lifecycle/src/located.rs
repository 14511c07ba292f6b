//! A command by the name that a person types.

use ringfence_sandbox_process::find_program;
use std::ffi::{OsStr, OsString};

/// The words of a command, with the file that its name means where that is what is run: a
/// program of an npm package is known by a link in a folder of the search path, and what
/// belongs to it lies where the link leads. Any other name stays as it is.
#[must_use]
pub fn located(mut words: Vec<OsString>) -> Vec<OsString> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    if let Some(name) = words.first_mut()
        && let Ok(found) = find_program(name, &search)
        && let Ok(resolved) = found.canonicalize()
        && resolved.iter().any(|part| part == OsStr::new("node_modules"))
    {
        *name = resolved.into_os_string();
    }
    words
}
