//! The signed head: which record was the last when somebody signed, so that a
//! cut at the end is seen.
//!
//! `head.json` holds the same line twice, each padded with spaces to
//! [`SLOT_BYTES`]. It is overwritten in place, one copy after the other: a
//! rename would be atomic too, but costs a hundred times as much on ext4.

use crate::checkpoint::{KeptFrom, check_seal, hash_text, seal};
use crate::error::{AuditOpenError, Problem};
use crate::key::{PublicKey, Signer};
use crate::record::Hash;
use crate::{folder, hex};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

pub(crate) const NAME: &str = "head.json";
const DRAFT: &str = "head.json.new";
const DOMAIN: &[u8] = b"ringfence audit head v1\n";
const SLOT_BYTES: usize = 1024;
const VERSION: u32 = 1;

/// What a head says, in the order in which it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    v: u32,
    /// The last record; 0 before there is one.
    pub(crate) sequence: u64,
    #[serde(with = "hash_text")]
    pub(crate) hash: Hash,
    /// Its time.
    pub(crate) time: u64,
    /// The segment that holds it.
    pub(crate) segment: u32,
    /// Where in that segment its line, with the newline, ends.
    pub(crate) end: u64,
    pub(crate) kept_from: KeptFrom,
    pub(crate) key: PublicKey,
    #[serde(skip_serializing, default)]
    signature: String,
}

impl Head {
    pub(crate) fn new(
        (sequence, hash, time): (u64, Hash, u64),
        (segment, end): (u32, u64),
        kept_from: KeptFrom,
        key: PublicKey,
    ) -> Self {
        Self {
            v: VERSION,
            sequence,
            hash,
            time,
            segment,
            end,
            kept_from,
            key,
            signature: String::new(),
        }
    }

    /// The bytes of `head.json`.
    pub(crate) fn encode(&self, signer: &Signer) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(2 * SLOT_BYTES);
        seal(self, DOMAIN, 0, signer, &mut bytes)?;
        if bytes.len() >= SLOT_BYTES {
            return Err(io::Error::other("the head does not fit its slot"));
        }
        bytes.resize(SLOT_BYTES - 1, b' ');
        bytes.push(b'\n');
        bytes.extend_from_within(..);
        Ok(bytes)
    }

    fn parse(slot: &[u8], key: Option<PublicKey>) -> Result<Self, Problem> {
        let sealed =
            slot.strip_suffix(b"\n").ok_or(Problem::HeadUnreadable("a line is cut short"))?;
        let used = sealed.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
        let sealed = sealed.get(..used).unwrap_or_default();
        let head: Self = serde_json::from_slice(sealed)
            .map_err(|_| Problem::HeadUnreadable("not a head of this version"))?;
        if head.v != VERSION {
            return Err(Problem::HeadUnreadable("not a head of this version"));
        }
        if let Some(key) = key {
            check_seal(sealed, DOMAIN, head.key, key).map_err(|problem| match problem {
                Problem::BadSignature => Problem::HeadSignature,
                other => other,
            })?;
        }
        Ok(head)
    }

    /// The later of the two copies that `key` signed; a crash may have left one
    /// older or half-written. Without a key the signatures are not looked at.
    pub(crate) fn newest(bytes: &[u8], key: Option<PublicKey>) -> Option<Self> {
        let (first, second) = bytes.split_at_checked(SLOT_BYTES)?;
        [first, second]
            .into_iter()
            .filter_map(|slot| Self::parse(slot, key).ok())
            .max_by_key(|head| head.sequence)
    }

    /// As [`Self::newest`], but neither copy may be unreadable.
    pub(crate) fn newest_strict(bytes: &[u8], key: Option<PublicKey>) -> Result<Self, Problem> {
        let (first, second) = bytes
            .split_at_checked(SLOT_BYTES)
            .ok_or(Problem::HeadUnreadable("the file is cut short"))?;
        if first == second {
            return Self::parse(first, key);
        }
        let (first, second) = (Self::parse(first, key)?, Self::parse(second, key)?);
        Ok(if second.sequence > first.sequence { second } else { first })
    }

    /// The last bytes of the line of the record that the head names.
    pub(crate) fn line_end(&self) -> Vec<u8> {
        let mut bytes = b",\"hash\":\"".to_vec();
        hex::write(&self.hash, &mut bytes);
        bytes.extend_from_slice(b"\"}\n");
        bytes
    }
}

/// The bytes of `head.json`; none when there is no such file. Never more than
/// one byte beyond what a head has.
pub(crate) fn read(file: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(2 * SLOT_BYTES + 1);
    file.take(2 * SLOT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens `head.json` to read it and write it again.
pub(crate) fn open(folder: impl AsFd, path: &Path) -> Result<Option<File>, AuditOpenError> {
    Ok(folder::open_existing(folder, NAME, OFlags::RDWR, path)?)
}

/// Overwrites both copies, one after the other.
pub(crate) fn overwrite(file: &File, bytes: &[u8]) -> io::Result<()> {
    let (first, second) = bytes.split_at_checked(SLOT_BYTES).unwrap_or((bytes, Default::default()));
    file.write_all_at(first, 0)?;
    file.write_all_at(second, SLOT_BYTES as u64)?;
    if file.metadata()?.len() > bytes.len() as u64 {
        file.set_len(bytes.len() as u64)?;
    }
    Ok(())
}

/// Puts a whole new `head.json` in place.
pub(crate) fn create(folder: impl AsFd, path: &Path, bytes: &[u8]) -> Result<(), AuditOpenError> {
    let folder = folder.as_fd();
    match rustix::fs::unlinkat(folder, DRAFT, rustix::fs::AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => {}
        Err(error) => {
            return Err(AuditOpenError::io("remove the draft of", path)(error.into()));
        }
    }
    let mut file = folder::create_new(folder, DRAFT, path)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_data())
        .and_then(|()| Ok(rustix::fs::renameat(folder, DRAFT, folder, NAME)?))
        .map_err(AuditOpenError::io("write", path))
}
