//! The store's key in the kernel's keyring of the user: in memory that is never
//! written to a disk, until somebody takes it out or the machine restarts.
//!
//! The kernel keeps a user keyring for each user, which every process of that user
//! reaches, also those of services and of cron, and no process of a jail: there the
//! system calls are not on the list. A session or persistent keyring would end with
//! a login, or some days after the last use.

use crate::store::error::StoreError;
use crate::store::key::StoreKey;
use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier};
use std::path::Path;
use zeroize::Zeroizing;

/// For errors.
pub(crate) const PLACE: &str = "the user's kernel keyring";
/// More than a key in any form.
const MOST: usize = 256;

/// The user's keyring, for this thread. A service of systemd has a session in which
/// it is not: a key that is reached through none of one's own keyrings cannot be
/// read, so it is put into that of the thread, which ends with it.
fn keyring() -> Result<KeyRing, StoreError> {
    let thread = KeyRing::from_special_id(KeyRingIdentifier::Thread, true).map_err(failed)?;
    thread.link_keyring_id(KeyRingIdentifier::User).map_err(failed)?;
    KeyRing::from_special_id(KeyRingIdentifier::User, true).map_err(failed)
}

fn failed(error: KeyError) -> StoreError {
    StoreError::Keyring { error: error.to_string() }
}

/// Every home has a key of its own.
fn name(home: &Path) -> String {
    let home = std::path::absolute(home).unwrap_or_else(|_| home.to_owned());
    format!("ringfence:secrets:{}", home.display())
}

fn find(home: &Path) -> Result<Option<(KeyRing, Key)>, StoreError> {
    let keyring = keyring()?;
    match keyring.search(&name(home)) {
        Ok(key) => Ok(Some((keyring, key))),
        // Somebody may have put it there for a while only.
        Err(KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// The key of this home's store, if it is there.
pub(crate) fn read(home: &Path) -> Result<Option<StoreKey>, StoreError> {
    let Some((_, key)) = find(home)? else { return Ok(None) };
    let mut bytes = Zeroizing::new([0; MOST]);
    let length = key.read(&mut *bytes).map_err(failed)?;
    let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let reason =
        "is not 32 bytes as 64 hex digits or base64; to replace it: ringfence secret unlock";
    let bad = || StoreError::Key { place: PLACE.to_owned(), reason };
    text.and_then(StoreKey::read).ok_or_else(bad).map(Some)
}

/// Puts the key of this home's store there, in the place of another one.
pub(crate) fn put(home: &Path, key: &StoreKey) -> Result<(), StoreError> {
    keyring()?.add_key(&name(home), &*key.text()).map(drop).map_err(failed)
}

/// Takes it out, and says whether there was one.
pub(crate) fn remove(home: &Path) -> Result<bool, StoreError> {
    let Some((keyring, key)) = find(home)? else { return Ok(false) };
    keyring.unlink_key(key).map_err(failed)?;
    Ok(true)
}
