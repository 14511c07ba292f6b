//! The Ed25519 key of a log: made once, race-safe, readable by its owner only.

use crate::checkpoint::hash_text;
use crate::error::AuditOpenError;
use crate::{folder, hex};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use rustix::fs::{AtFlags, OFlags};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::str::FromStr;

const FOLDER: &str = "keys";
const SECRET: &str = "audit.ed25519";
const PUBLIC: &str = "audit.ed25519.pub";
/// 64 hex digits and a newline.
const FILE_BYTES: usize = 65;

/// The public half of a log's key, by which anybody can verify it; the text
/// form is 64 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(#[serde(with = "hash_text")] [u8; 32]);

impl PublicKey {
    /// Wraps the 32 bytes of an Ed25519 public key.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Strict verification (no small-order keys, no malleable signatures).
    pub(crate) fn verify(&self, domain: &[u8], content: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| {
            key.verify_strict(
                &[domain, content].concat(),
                &ed25519_dalek::Signature::from_bytes(signature),
            )
            .is_ok()
        })
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::text(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not 64 lowercase hex digits.
#[derive(Debug, thiserror::Error)]
#[error("not a public key: want 64 lowercase hex digits")]
pub struct PublicKeyError;

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        hex::read(text.as_bytes()).map(Self).ok_or(PublicKeyError)
    }
}

/// The secret half. Neither shown nor copied; wiped when dropped.
pub(crate) struct Signer(SigningKey);

impl Signer {
    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, domain: &[u8], content: &[u8]) -> [u8; 64] {
        self.0.sign(&[domain, content].concat()).to_bytes()
    }
}

/// Loads the key of the log in `home`, or makes one; true when it was made now.
pub(crate) fn load_or_create(home: &Path) -> Result<(Signer, bool), AuditOpenError> {
    let path = home.join(FOLDER);
    let keys = folder::open_or_create(&path)?;
    let (signer, made) = match load(&keys, &path)? {
        Some(signer) => (signer, false),
        None => {
            let made = create(&keys, &path)?;
            let signer = load(&keys, &path)?.ok_or_else(|| AuditOpenError::Key {
                path: path.join(SECRET),
                reason: "was deleted while it was made",
            })?;
            (signer, made)
        }
    };
    publish(&keys, &path, signer.public())?;
    Ok((signer, made))
}

/// Loads the key of the log in `home`, which must be there.
pub(crate) fn load_existing(home: &Path) -> Result<Signer, AuditOpenError> {
    let path = home.join(FOLDER);
    let missing = || AuditOpenError::Key {
        path: path.join(SECRET),
        reason: "is missing: only the home that wrote the log can sign for it",
    };
    if path.symlink_metadata().is_err() {
        return Err(missing());
    }
    load(&folder::open_or_create(&path)?, &path)?.ok_or_else(missing)
}

fn load(keys: &OwnedFd, folder_path: &Path) -> Result<Option<Signer>, AuditOpenError> {
    let path = folder_path.join(SECRET);
    let Some(file) = folder::open_existing(keys, SECRET, OFlags::RDONLY, &path)? else {
        return Ok(None);
    };
    folder::refuse_readable(&file, &path)?;
    let bad = |reason| AuditOpenError::Key { path: path.clone(), reason };
    let mut text = [0; FILE_BYTES + 1];
    let read = file
        .take(FILE_BYTES as u64 + 1)
        .read(&mut text)
        .map_err(AuditOpenError::io("read", &path))?;
    let seed = text
        .get(..read)
        .filter(|text| text.len() == FILE_BYTES)
        .and_then(|text| text.strip_suffix(b"\n"))
        .and_then(hex::read::<32>)
        .ok_or_else(|| bad("is not 64 hex digits and a newline"))?;
    Ok(Some(Signer(SigningKey::from_bytes(&seed))))
}

fn create(keys: &OwnedFd, folder_path: &Path) -> Result<bool, AuditOpenError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(AuditOpenError::Random)?;
    place(keys, folder_path, SECRET, &seed)
}

fn publish(keys: &OwnedFd, folder_path: &Path, key: PublicKey) -> Result<(), AuditOpenError> {
    let exists = rustix::fs::statat(keys, PUBLIC, AtFlags::SYMLINK_NOFOLLOW).is_ok();
    if !exists {
        place(keys, folder_path, PUBLIC, key.as_bytes())?;
    }
    Ok(())
}

/// False when the name was taken.
fn place(
    keys: &OwnedFd,
    folder_path: &Path,
    name: &str,
    bytes: &[u8; 32],
) -> Result<bool, AuditOpenError> {
    let mut text = Vec::with_capacity(FILE_BYTES);
    hex::write(bytes, &mut text);
    text.push(b'\n');
    Ok(folder::place(keys, folder_path, name, &text)?)
}

/// Where the public key of the log in `home` lies.
pub(crate) fn public_path(home: &Path) -> PathBuf {
    home.join(FOLDER).join(PUBLIC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn those_who_make_the_key_at_the_same_moment_get_the_same_one() {
        const THREADS: usize = 4;
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let start = Barrier::new(THREADS);
            let keys: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            load_or_create(folder.path()).map(|(key, made)| (key.public(), made))
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
            });
            assert!(keys.iter().all(|(key, _)| *key == keys[0].0), "{keys:?}");
            assert_eq!(keys.iter().filter(|(_, made)| *made).count(), 1);
        }
    }
}
