//! What is to be started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A command, and what it must see of the host beside `/usr`.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Absolute path.
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Absolute paths, read-only and at the same place inside.
    pub(crate) shown: Vec<PathBuf>,
    /// What its answer must hold, so that a fast failure is not taken for a
    /// fast start.
    pub(crate) answer: Option<&'static str>,
}

impl Job {
    pub(crate) fn new(program: &Path, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        let outside_usr = !program.starts_with("/usr");
        let shown = outside_usr.then(|| program.to_owned()).into_iter().collect();
        Self { program: program.to_owned(), arguments, shown, answer: None }
    }

    /// Program and arguments.
    pub(crate) fn words(&self) -> impl Iterator<Item = OsString> {
        std::iter::once(self.program.clone().into_os_string()).chain(self.arguments.clone())
    }
}
