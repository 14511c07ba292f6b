//! Native code that was made before, kept under a code of authentication.
//!
//! Loading native code is trusting it. A file in the cache is believed when its
//! code of authentication is right under a key that only this user can read, and
//! it was made for this WebAssembly by this very compiler. Packages cannot bring
//! any: nothing of a package is ever looked at here but its WebAssembly.

use crate::WasmError;
use crate::programs::compiler_digest;
use ring::hmac;
use ringfence_private::{hex, open_existing, open_or_create, place};
use ringfence_types::Digest;
use rustix::fs::{AtFlags, Dir, FileType, OFlags};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Bytes of all files together; then the oldest go.
const MOST_BYTES: u64 = 1 << 30;
const TAG_BYTES: usize = 32;
const KEY_NAME: &str = "wasm-code.key";

/// What native code was made from and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeKey {
    /// Of all that the code depends on.
    name: [u8; 32],
    source: Digest,
}

impl CodeKey {
    /// For `made`, a word for what comes out, from these bytes by the compiler that
    /// this library carries, on a processor like this one.
    #[must_use]
    pub fn of(made: &str, given: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"ringfence native code 2\0");
        hash.update(Sha256::digest(made));
        hash.update(processor());
        hash.update(compiler_digest());
        let source: [u8; 32] = Sha256::digest(given).into();
        hash.update(source);
        Self { name: hash.finalize().into(), source: Digest::from_bytes(source) }
    }

    /// SHA-256 of what it was made from alone, as other programs compute it.
    #[must_use]
    pub const fn source(&self) -> Digest {
        self.source
    }
}

/// Which instructions the compiler may use here, one byte for each kind: code that
/// uses others does not load, and a home may be seen from several machines.
#[cfg(target_arch = "x86_64")]
fn processor() -> [u8; 17] {
    use std::arch::is_x86_feature_detected as has;
    [
        has!("sse3"),
        has!("ssse3"),
        has!("sse4.1"),
        has!("sse4.2"),
        has!("popcnt"),
        has!("avx"),
        has!("avx2"),
        has!("fma"),
        has!("bmi1"),
        has!("bmi2"),
        has!("lzcnt"),
        has!("avx512f"),
        has!("avx512vl"),
        has!("avx512vbmi"),
        has!("avx512bitalg"),
        has!("avx512dq"),
        has!("cmpxchg16b"),
    ]
    .map(u8::from)
}

/// The folder of native code.
#[derive(Debug)]
pub struct CodeCache {
    folder: OwnedFd,
    path: PathBuf,
    key: hmac::Key,
}

impl CodeCache {
    /// Opens the cache in Ringfence's own folder, making it and its key.
    ///
    /// # Errors
    /// When a folder is not ours alone, or the disk refuses.
    pub fn open(home: &Path) -> Result<Self, WasmError> {
        let path = home.join("compiled");
        let folder = open_or_create(&path)?;
        let secret = secret(&home.join("keys"))?;
        Ok(Self { folder, path, key: hmac::Key::new(hmac::HMAC_SHA256, &secret) })
    }

    /// The native code, if it is there and ours. A file that is not is removed.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn get(&self, key: CodeKey) -> Result<Option<Vec<u8>>, WasmError> {
        let name = hex::text(&key.name);
        let path = self.path.join(&name);
        let Some(mut file) = open_existing(&self.folder, &name, OFlags::RDONLY, &path)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(WasmError::system("reading native code"))?;
        let believed = bytes
            .split_last_chunk::<TAG_BYTES>()
            .is_some_and(|(code, tag)| hmac::verify(&self.key, &signed(key, code), tag).is_ok());
        if !believed {
            let _ = rustix::fs::unlinkat(&self.folder, &name, AtFlags::empty());
            return Ok(None);
        }
        bytes.truncate(bytes.len().saturating_sub(TAG_BYTES));
        // What was used last goes last.
        let _ = rustix::fs::futimens(
            &file,
            &rustix::fs::Timestamps { last_access: NOW, last_modification: NOW },
        );
        Ok(Some(bytes))
    }

    /// Keeps native code.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put(&self, key: CodeKey, code: &[u8]) -> Result<(), WasmError> {
        let tag = hmac::sign(&self.key, &signed(key, code));
        let content = [code, tag.as_ref()].concat();
        // Whoever made the same at the same time was first; what is there is good, or
        // removed by whoever reads it next.
        place(&self.folder, &self.path, &hex::text(&key.name), &content)?;
        self.shrink();
        Ok(())
    }

    /// Removes the oldest files until the rest has room. Another process may do the
    /// same at once: what is gone already is no trouble.
    fn shrink(&self) {
        let Ok(entries) = Dir::read_from(&self.folder) else { return };
        let mut files: Vec<(i64, u64, String)> = entries
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().to_str().ok()?.to_owned();
                let stat =
                    rustix::fs::statat(&self.folder, &name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
                let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
                regular.then_some((stat.st_mtime, u64::try_from(stat.st_size).ok()?, name))
            })
            .collect();
        files.sort_unstable();
        let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, name) in &files {
            if total <= MOST_BYTES {
                break;
            }
            let _ = rustix::fs::unlinkat(&self.folder, name, AtFlags::empty());
            total = total.saturating_sub(*bytes);
        }
    }
}

const NOW: rustix::fs::Timespec =
    rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };

/// What the code of authentication is over: the code, and what it was made from, so
/// that one file cannot stand for another.
fn signed(key: CodeKey, code: &[u8]) -> Vec<u8> {
    [&key.name[..], code].concat()
}

/// The key, made by the first who needs it.
fn secret(path: &Path) -> Result<[u8; 32], WasmError> {
    let folder = open_or_create(path)?;
    let file = path.join(KEY_NAME);
    loop {
        if let Some(mut opened) = open_existing(&folder, KEY_NAME, OFlags::RDONLY, &file)? {
            ringfence_private::refuse_readable(&opened, &file)?;
            let mut secret = [0; 32];
            opened.read_exact(&mut secret).map_err(WasmError::system("reading the cache's key"))?;
            return Ok(secret);
        }
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)
            .map_err(std::io::Error::from)
            .map_err(WasmError::system("making the cache's key"))?;
        // Whoever comes second takes the key of the first.
        place(&folder, path, KEY_NAME, &secret)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_else_was_made_of_the_same_bytes_has_another_key() {
        let (code, text) = (CodeKey::of("code", b"one"), CodeKey::of("text", b"one"));
        assert_ne!(code, text);
        assert_eq!(code.source(), text.source());
    }

    #[test]
    fn native_code_comes_back_as_it_went_for_its_own_webassembly_only() {
        let home = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(home.path()).unwrap();
        let (one, two) = (CodeKey::of("code", b"one"), CodeKey::of("code", b"two"));
        assert_eq!(cache.get(one).unwrap(), None);
        cache.put(one, b"native").unwrap();
        assert_eq!(cache.get(one).unwrap().as_deref(), Some(&b"native"[..]));
        assert_eq!(cache.get(two).unwrap(), None);
        // Another process of the same user reads it too.
        let again = CodeCache::open(home.path()).unwrap();
        assert_eq!(again.get(one).unwrap().as_deref(), Some(&b"native"[..]));
    }

    #[test]
    fn code_that_was_changed_cut_swapped_or_forged_is_not_believed_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(home.path()).unwrap();
        let (key, other) = (CodeKey::of("code", b"wasm"), CodeKey::of("code", b"other"));
        let file = home.path().join("compiled").join(hex::text(&key.name));
        cache.put(other, b"of another plugin").unwrap();
        let swapped =
            std::fs::read(home.path().join("compiled").join(hex::text(&other.name))).unwrap();
        cache.put(key, b"native").unwrap();
        let good = std::fs::read(&file).unwrap();
        let mut changed = good.clone();
        changed[0] ^= 1;
        let stranger = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
        let tag = hmac::sign(&stranger, &signed(key, b"native"));
        let forged = [&b"native"[..], tag.as_ref()].concat();
        for bad in [changed, good[..good.len() - 1].to_vec(), swapped, forged, Vec::new()] {
            std::fs::write(&file, &bad).unwrap();
            assert_eq!(cache.get(key).unwrap(), None);
            assert!(!file.exists());
        }
        std::fs::write(&file, good).unwrap();
        assert_eq!(cache.get(key).unwrap().as_deref(), Some(&b"native"[..]));
    }
}
