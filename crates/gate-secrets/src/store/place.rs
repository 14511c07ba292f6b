//! Where the store's key comes from: a variable, a file that a variable names, the
//! kernel's keyring, or a file of our own that is made on first use.

use crate::kept;
use crate::store::error::StoreError;
use crate::store::key::StoreKey;
use crate::store::keyring;
use ringfence_private as private;
use rustix::fs::{AtFlags, OFlags};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Variable with the key.
pub const KEY_VARIABLE: &str = "RINGFENCE_SECRETS_KEY";
/// Variable with the path of a file that holds it.
pub const KEY_FILE_VARIABLE: &str = "RINGFENCE_SECRETS_KEY_FILE";
/// Variable that says that it is in a keyring of the kernel: `user`.
pub const KEYRING_VARIABLE: &str = "RINGFENCE_SECRETS_KEYRING";
/// Variable with the key that a rotation changes to.
pub const NEW_KEY_VARIABLE: &str = "RINGFENCE_SECRETS_NEW_KEY";
/// Variable with the path of a file that holds that one.
pub const NEW_KEY_FILE_VARIABLE: &str = "RINGFENCE_SECRETS_NEW_KEY_FILE";

const FOLDER: &str = "keys";
const FILE: &str = "secrets.key";
/// A rotation's new key, until the store is encrypted with it.
const NEXT: &str = "secrets.key.next";
/// More than a key in any form.
const MOST: u64 = 256;
const NOT_A_KEY: &str = "is not 32 bytes as 64 hex digits or base64";

/// Where a key comes from.
#[derive(Clone, Debug)]
pub enum KeyPlace {
    /// The host has it; the text names where from, for errors.
    Given(String, StoreKey),
    /// A file of somebody else's, read at every use.
    File(PathBuf),
    /// The kernel's keyring of the user, read at every use.
    Keyring,
    /// The file of our own.
    Home,
}

impl KeyPlace {
    /// What the variables say; the file of our own when they say nothing.
    ///
    /// # Errors
    /// When a variable is set to something that is no key.
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, StoreError> {
        if let Some(place) = named(&variable, KEY_VARIABLE, KEY_FILE_VARIABLE)? {
            return Ok(place);
        }
        match variable(KEYRING_VARIABLE) {
            None => Ok(Self::Home),
            Some(which) if which == "user" => Ok(Self::Keyring),
            Some(_) => Err(StoreError::Key {
                place: format!("the keyring of the variable {KEYRING_VARIABLE}"),
                reason: "is none that there is: set it to `user`",
            }),
        }
    }

    /// What the variables say of the key that a rotation changes to.
    ///
    /// # Errors
    /// As for [`KeyPlace::from_environment`].
    pub fn new_from_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, StoreError> {
        named(&variable, NEW_KEY_VARIABLE, NEW_KEY_FILE_VARIABLE)
    }

    /// For a person.
    pub(crate) fn text(&self, home: &Path) -> String {
        match self {
            Self::Given(place, _) => place.clone(),
            Self::File(path) => format!("`{}`", path.display()),
            Self::Keyring => keyring::PLACE.to_owned(),
            Self::Home => format!("`{}`", home.join(FOLDER).join(FILE).display()),
        }
    }

    /// The keys that may open a store, the likeliest first.
    pub(crate) fn keys(&self, home: &Path) -> Result<Vec<StoreKey>, StoreError> {
        match self {
            Self::Given(_, key) => Ok(vec![key.clone()]),
            Self::File(path) => read_file(path).map(|key| vec![key]),
            Self::Keyring => Ok(keyring::read(home)?.into_iter().collect()),
            Self::Home => {
                let path = home.join(FOLDER);
                if path.symlink_metadata().is_err() {
                    return Ok(Vec::new());
                }
                let folder = private::open_or_create(&path)?;
                let found = [read_own(&folder, &path, FILE)?, read_own(&folder, &path, NEXT)?];
                Ok(found.into_iter().flatten().collect())
            }
        }
    }

    /// The key for a store that is new.
    pub(crate) fn key_for_new(&self, home: &Path) -> Result<StoreKey, StoreError> {
        if let Some(key) = self.keys(home)?.into_iter().next() {
            return Ok(key);
        }
        // One that is made here and kept in memory alone would be lost with the first
        // restart, and every secret with it.
        if !matches!(self, Self::Home) {
            return Err(self.missing(home));
        }
        let (folder, path) = own_folder(home)?;
        let key = StoreKey::generate().ok_or(StoreError::Cipher)?;
        private::place(&folder, &path, FILE, &key.text())?;
        // That of whoever was first.
        read_own(&folder, &path, FILE)?.ok_or_else(|| self.missing(home))
    }

    pub(crate) fn missing(&self, home: &Path) -> StoreError {
        if matches!(self, Self::Keyring) {
            let reason = "is missing: it is gone after every restart and after `ringfence secret \
                          lock`; to put it there again: ringfence secret unlock";
            return StoreError::Key { place: self.text(home), reason };
        }
        StoreError::Key {
            place: self.text(home),
            reason: "is missing: without it nothing in the store can be read; put it back, or \
                     remove `secrets.json` and set every secret again",
        }
    }
}

fn named(
    variable: &impl Fn(&str) -> Option<OsString>,
    direct: &str,
    file: &str,
) -> Result<Option<KeyPlace>, StoreError> {
    if let Some(text) = variable(direct) {
        // An empty variable is a mistake: a key made in its stead would be lost again.
        let text = Zeroizing::new(text.into_encoded_bytes());
        let place = format!("the variable {direct}");
        let key = std::str::from_utf8(&text).ok().and_then(StoreKey::read);
        return match key {
            Some(key) => Ok(Some(KeyPlace::Given(place, key))),
            None => Err(StoreError::Key { place, reason: NOT_A_KEY }),
        };
    }
    match variable(file) {
        Some(path) if path.is_empty() => {
            let place = format!("the variable {file}");
            Err(StoreError::Key { place, reason: "names no file" })
        }
        path => Ok(path.map(|path| KeyPlace::File(path.into()))),
    }
}

/// A key that somebody else keeps.
fn read_file(path: &Path) -> Result<StoreKey, StoreError> {
    let bad = |reason| StoreError::Key { place: format!("`{}`", path.display()), reason };
    let file = kept::open(path).map_err(StoreError::io("open", path))?;
    let file = file.ok_or_else(|| bad(kept::NOT_KEPT))?;
    key_of(file, path)?.ok_or_else(|| bad(NOT_A_KEY))
}

fn read_own(folder: &OwnedFd, path: &Path, name: &str) -> Result<Option<StoreKey>, StoreError> {
    let path = path.join(name);
    let Some(file) = private::open_existing(folder, name, OFlags::RDONLY, &path)? else {
        return Ok(None);
    };
    private::refuse_readable(&file, &path)?;
    let bad = || StoreError::Key { place: format!("`{}`", path.display()), reason: NOT_A_KEY };
    key_of(file, &path)?.ok_or_else(bad).map(Some)
}

fn key_of(file: File, path: &Path) -> Result<Option<StoreKey>, StoreError> {
    let mut text = Zeroizing::new(String::with_capacity(256));
    match file.take(MOST).read_to_string(&mut text) {
        Err(error) if error.kind() != std::io::ErrorKind::InvalidData => {
            Err(StoreError::io("read", path)(error))
        }
        _ => Ok(StoreKey::read(&text)),
    }
}

fn own_folder(home: &Path) -> Result<(OwnedFd, PathBuf), StoreError> {
    let path = home.join(FOLDER);
    Ok((private::open_or_create(&path)?, path))
}

/// Puts a rotation's new key beside the old one.
pub(crate) fn put_next(home: &Path, key: &StoreKey) -> Result<(), StoreError> {
    let (folder, path) = own_folder(home)?;
    Ok(private::replace(&folder, &path, NEXT, &key.text())?)
}

/// After a rotation, whole or interrupted: the key with this name is the file's,
/// and there is no other beside it.
pub(crate) fn settle(home: &Path, id: &str) -> Result<(), StoreError> {
    let (folder, path) = own_folder(home)?;
    let Some(next) = read_own(&folder, &path, NEXT)? else { return Ok(()) };
    let done = if next.id() == id {
        rustix::fs::renameat(&folder, NEXT, &folder, FILE)
    } else {
        rustix::fs::unlinkat(&folder, NEXT, AtFlags::empty())
    };
    done.and_then(|()| rustix::fs::fsync(&folder))
        .map_err(|error| StoreError::io("replace", &path.join(FILE))(error.into()))
}

/// Forgets the key of our own: the store has one from elsewhere now.
pub(crate) fn forget(home: &Path) -> Result<(), StoreError> {
    let (folder, path) = own_folder(home)?;
    rustix::fs::unlinkat(&folder, FILE, AtFlags::empty())
        .and_then(|()| rustix::fs::fsync(&folder))
        .map_err(|error| StoreError::io("remove", &path.join(FILE))(error.into()))
}
