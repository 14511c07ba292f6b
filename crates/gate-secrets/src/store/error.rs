//! Why the store cannot be read or changed. No text here holds a value.

use crate::value::ValueError;
use ringfence_private::PrivateError;
use std::io;
use std::path::{Path, PathBuf};

/// Why the store cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or folder is not ours alone, or the system refused.
    #[error("{}", private_text(.0))]
    Private(#[from] PrivateError),
    /// A file cannot be read.
    #[error("cannot {action} `{}`: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// There is no usable key.
    #[error("the key of the secrets store in {place} {reason}")]
    Key {
        /// Which variable or file.
        place: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The kernel's keyring cannot be used.
    #[error(
        "the kernel's keyring cannot be used: {error}; where it is forbidden, as in most \
         containers, name a file with the key in {}",
        crate::store::KEY_FILE_VARIABLE
    )]
    Keyring {
        /// Why not.
        error: String,
    },
    /// The store was encrypted with another key.
    #[error(
        "the secrets store was encrypted with another key than that in {place}: it wants key \
         {wanted}"
    )]
    OtherKey {
        /// Which variable or file.
        place: String,
        /// The name of the key that it was encrypted with.
        wanted: String,
    },
    /// It is not as it was written.
    #[error("the secrets store `{}` is damaged or was changed: {reason}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// There is no such secret.
    #[error("the secrets store holds no `{name}`; to set it: ringfence secret set {name}")]
    Unknown {
        /// Which.
        name: String,
    },
    /// A name is that of a variable.
    #[error("a secret's name has letters, digits and `_` only, at most 128")]
    Name,
    /// The value cannot be used.
    #[error("it cannot be a secret: {0}")]
    Value(#[from] ValueError),
    /// There is no room for more.
    #[error("the secrets store holds as many secrets as it can")]
    Full,
    /// The key is somebody else's to replace.
    #[error(
        "the key of the secrets store comes from {place}, so the new one must be given as well: \
         set {} or {}",
        crate::store::NEW_KEY_VARIABLE,
        crate::store::NEW_KEY_FILE_VARIABLE
    )]
    NewKeyNeeded {
        /// Where the present key comes from.
        place: String,
    },
    /// There is nothing to encrypt anew.
    #[error("there is no secrets store yet; to begin one: ringfence secret set NAME")]
    Empty,
    /// The new key is the old one.
    #[error("the new key of the secrets store is the one that it has")]
    SameKey,
    /// The kernel gave no random bytes, or the cipher failed.
    #[error("the secrets store cannot be encrypted")]
    Cipher,
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { action, path, error }
    }
}

fn private_text(error: &PrivateError) -> String {
    match error {
        PrivateError::Io { source, .. } => format!("{error}: {source}"),
        PrivateError::NotPrivate { .. } => error.to_string(),
    }
}
