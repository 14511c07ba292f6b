//! Why a file or folder cannot be used.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file or folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody else could change or read it, or has planted it.
    #[error("`{}` {reason}; {mend}", path.display())]
    NotPrivate {
        /// Which file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
        /// What to do.
        mend: &'static str,
    },
}

impl PrivateError {
    /// Wraps what the operating system says of `path`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
