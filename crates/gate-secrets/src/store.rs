//! Secrets at rest: one encrypted file in Ringfence's home, `secrets.json`.
//!
//! It is replaced as a whole (temporary file, fsync, rename) by one writer at a
//! time; a reader needs no lock and finds the old content or the new one. What the
//! encryption does and does not notice is in [`format::StoreFile`].

mod error;
pub(crate) mod format;
mod key;
mod keyring;
mod place;
#[cfg(test)]
mod tests;

pub use error::StoreError;
pub use format::StoreFile;
pub use key::StoreKey;
pub use place::{
    KEY_FILE_VARIABLE, KEY_VARIABLE, KEYRING_VARIABLE, KeyPlace, NEW_KEY_FILE_VARIABLE,
    NEW_KEY_VARIABLE,
};

use crate::source::{SecretSource, SourceError};
use crate::value::Secret;
use format::{Body, Entry, MAX_FILE, MAX_SECRETS};
use ringfence_private as private;
use rustix::fs::{FlockOperation, OFlags};
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

const FILE: &str = "secrets.json";
const LOCK: &str = "secrets.lock";
/// A reader that finds the file of before a rotation and the key of after it
/// looks again so often.
const LOOKS: u32 = 3;

/// The encrypted store of a home folder. Nothing is read before it is used, and
/// everything is read anew at every use.
#[derive(Clone, Debug)]
pub struct SecretStore {
    home: PathBuf,
    key: KeyPlace,
}

/// One secret of the store, without its value.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredSecret {
    /// Its name.
    pub name: String,
    /// When it was set, in milliseconds since 1970-01-01 UTC.
    pub set_ms: u64,
}

impl SecretStore {
    /// The store in this home folder, with the key that the environment names
    /// ([`KEY_VARIABLE`], [`KEY_FILE_VARIABLE`], [`KEYRING_VARIABLE`]), else the home's own.
    ///
    /// # Errors
    /// When a variable is set to something that is no key.
    pub fn open(home: PathBuf) -> Result<Self, StoreError> {
        Ok(Self::new(home, KeyPlace::from_environment(|name| std::env::var_os(name))?))
    }

    /// The store in this home folder, with the key from this place.
    #[must_use]
    pub const fn new(home: PathBuf, key: KeyPlace) -> Self {
        Self { home, key }
    }

    /// Whether this can be a secret's name: that of a variable.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        format::is_name(name)
    }

    /// The value of a secret.
    ///
    /// # Errors
    /// When there is none, or the store cannot be read or was changed.
    pub fn read(&self, name: &str) -> Result<Zeroizing<String>, StoreError> {
        let unknown = || StoreError::Unknown { name: name.to_owned() };
        let (file, key) = self.load()?.ok_or_else(unknown)?;
        if !file.body.secrets.contains_key(name) {
            return Err(unknown());
        }
        file.body.open(&key, name).ok_or_else(|| self.damaged("a value does not open"))
    }

    /// Every secret, by name.
    ///
    /// # Errors
    /// When the store cannot be read or was changed.
    pub fn list(&self) -> Result<Vec<StoredSecret>, StoreError> {
        let Some((file, _)) = self.load()? else { return Ok(Vec::new()) };
        let of = |(name, entry): (String, Entry)| StoredSecret { name, set_ms: entry.set_ms };
        Ok(file.body.secrets.into_iter().map(of).collect())
    }

    /// Sets a secret, and says whether it replaced one.
    ///
    /// # Errors
    /// When the name or the store is not as it must be. Then nothing has changed.
    pub fn set(&self, name: &str, value: &Secret) -> Result<bool, StoreError> {
        if !format::is_name(name) {
            return Err(StoreError::Name);
        }
        self.change(|body, key| {
            if body.secrets.len() >= MAX_SECRETS && !body.secrets.contains_key(name) {
                return Err(StoreError::Full);
            }
            // The number of the change is never used again, so a version neither.
            let version = body.generation.saturating_add(1);
            let entry = Entry::seal(key, name, version, now_ms(), value.expose());
            let entry = entry.ok_or(StoreError::Cipher)?;
            Ok(body.secrets.insert(name.to_owned(), entry).is_some())
        })
    }

    /// Removes a secret.
    ///
    /// # Errors
    /// When there is none, or the store is not as it must be.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        let unknown = || StoreError::Unknown { name: name.to_owned() };
        // Without a store, none is made, and no key.
        self.load()?.ok_or_else(unknown)?;
        self.change(|body, _| body.secrets.remove(name).map(drop).ok_or_else(unknown))
    }

    /// Encrypts everything with a new key and says how many secrets that were. The
    /// key of the home is replaced by a new one; one from elsewhere by `new`.
    ///
    /// Interrupted at any point, the store opens with the old key or the new one,
    /// and the home's key file holds the one that does, or both are there.
    ///
    /// # Errors
    /// When there is no new key, or the store is not as it must be.
    pub fn rotate(&self, new: Option<&KeyPlace>) -> Result<usize, StoreError> {
        let _lock = self.exclusive()?;
        let (file, key) = self.load()?.ok_or(StoreError::Empty)?;
        self.settle(&key)?;
        let place = self.key.text(&self.home);
        let (next, is_ours) = match (new, &self.key) {
            (Some(new), _) => {
                let key = new.keys(&self.home)?.into_iter().next();
                (key.ok_or_else(|| new.missing(&self.home))?, false)
            }
            (None, KeyPlace::Home) => (StoreKey::generate().ok_or(StoreError::Cipher)?, true),
            (None, _) => return Err(StoreError::NewKeyNeeded { place }),
        };
        if next.id() == key.id() {
            return Err(StoreError::SameKey);
        }
        let body = self.encrypted_anew(&file.body, &key, &next)?;
        let count = body.secrets.len();
        if is_ours {
            place::put_next(&self.home, &next)?;
        }
        self.write(body, &next)?;
        if is_ours {
            place::settle(&self.home, &next.id())?;
        } else if matches!(self.key, KeyPlace::Home) {
            place::forget(&self.home)?;
        } else if matches!(self.key, KeyPlace::Keyring) {
            keyring::put(&self.home, &next)?;
        }
        Ok(count)
    }

    /// Puts this key into the kernel's keyring of the user, from where
    /// [`KeyPlace::Keyring`] takes it.
    ///
    /// # Errors
    /// When it is not the one that opens the store, if there is a store, or there is
    /// no keyring. Then nothing has changed.
    pub fn unlock(&self, key: &StoreKey) -> Result<(), StoreError> {
        if let Some(file) = self.read_file()? {
            if file.body.key != key.id() {
                let (place, wanted) = ("what was given".to_owned(), file.body.key);
                return Err(StoreError::OtherKey { place, wanted });
            }
            if !file.is_sealed_with(key) {
                return Err(self.damaged("its seal is broken"));
            }
        }
        keyring::put(&self.home, key)
    }

    /// Takes the key out of the kernel's keyring, and says whether there was one.
    ///
    /// # Errors
    /// When there is no keyring.
    pub fn lock(&self) -> Result<bool, StoreError> {
        keyring::remove(&self.home)
    }

    fn encrypted_anew(
        &self,
        body: &Body,
        key: &StoreKey,
        next: &StoreKey,
    ) -> Result<Body, StoreError> {
        let mut anew = Body::new(next);
        anew.generation = body.generation;
        for (name, entry) in &body.secrets {
            let value =
                body.open(key, name).ok_or_else(|| self.damaged("a value does not open"))?;
            let entry = entry.sealed_anew(next, name, &value).ok_or(StoreError::Cipher)?;
            anew.secrets.insert(name.clone(), entry);
        }
        Ok(anew)
    }

    /// One change, under the lock.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Body, &StoreKey) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _lock = self.exclusive()?;
        let (mut body, key) = match self.load()? {
            Some((file, key)) => (file.body, key),
            None => {
                let key = self.key.key_for_new(&self.home)?;
                (Body::new(&key), key)
            }
        };
        self.settle(&key)?;
        let result = change(&mut body, &key)?;
        self.write(body, &key)?;
        Ok(result)
    }

    /// Ends a rotation that was interrupted: this key opens the store.
    fn settle(&self, key: &StoreKey) -> Result<(), StoreError> {
        match self.key {
            KeyPlace::Home => place::settle(&self.home, &key.id()),
            _ => Ok(()),
        }
    }

    fn write(&self, mut body: Body, key: &StoreKey) -> Result<(), StoreError> {
        body.generation = body.generation.saturating_add(1);
        let file = body.seal(key).ok_or(StoreError::Cipher)?;
        let folder = private::open_or_create(&self.home)?;
        Ok(private::replace(&folder, &self.home, FILE, &file.bytes())?)
    }

    /// The file with the key that opens it, when there is a file. Its seal holds.
    fn load(&self) -> Result<Option<(StoreFile, StoreKey)>, StoreError> {
        let mut wanted = String::new();
        for _ in 0..LOOKS {
            let Some(file) = self.read_file()? else { return Ok(None) };
            let keys = self.key.keys(&self.home)?;
            if keys.is_empty() {
                return Err(self.key.missing(&self.home));
            }
            match keys.into_iter().find(|key| key.id() == file.body.key) {
                Some(key) if file.is_sealed_with(&key) => return Ok(Some((file, key))),
                Some(_) => return Err(self.damaged("its seal is broken")),
                None => wanted = file.body.key,
            }
        }
        Err(StoreError::OtherKey { place: self.key.text(&self.home), wanted })
    }

    fn read_file(&self) -> Result<Option<StoreFile>, StoreError> {
        let path = self.home.join(FILE);
        let folder = private::open_or_create(&self.home)?;
        let Some(file) = private::open_existing(&folder, FILE, OFlags::RDONLY, &path)? else {
            return Ok(None);
        };
        private::refuse_readable(&file, &path)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(StoreError::io("read", &path))?;
        StoreFile::parse(&bytes).map(Some).map_err(|reason| self.damaged(reason))
    }

    fn exclusive(&self) -> Result<File, StoreError> {
        let path = self.home.join(LOCK);
        let folder = private::open_or_create(&self.home)?;
        let lock = private::open_or_create_file(&folder, LOCK, &path)?;
        rustix::fs::flock(&lock, FlockOperation::LockExclusive)
            .map_err(|error| StoreError::io("lock", &path)(error.into()))?;
        Ok(lock)
    }

    fn damaged(&self, reason: &'static str) -> StoreError {
        StoreError::Damaged { path: self.home.join(FILE), reason }
    }
}

/// A secret of the store: read and decrypted at every use.
#[derive(Clone, Debug)]
pub struct StoreSource {
    store: SecretStore,
    name: String,
}

impl StoreSource {
    /// Reads this one.
    #[must_use]
    pub const fn new(store: SecretStore, name: String) -> Self {
        Self { store, name }
    }
}

impl SecretSource for StoreSource {
    fn read(&self) -> Result<Zeroizing<String>, SourceError> {
        self.store.read(&self.name).map_err(|error| SourceError::Store(Box::new(error)))
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
