//! Signed records inside the chain: where a log begins, where a segment closes,
//! what was deleted, what was found missing.

use crate::error::Problem;
use crate::hex;
use crate::key::{PublicKey, Signer};
use crate::record::{self, Hash};
use serde::{Deserialize, Serialize};
use std::fmt;

const DOMAIN: &[u8] = b"ringfence audit checkpoint v1\n";
const SIGNATURE: &[u8] = b",\"signature\":\"";
const CLOSING: &[u8] = b"\"}";

/// A checkpoint is written whenever the sequence passes a multiple of this.
pub(crate) const EVERY_RECORDS: u64 = 1000;

/// Why a checkpoint was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The log begins, with a key made for it.
    Created,
    /// The log begins with a key that was there before: an earlier log may have
    /// been moved away or deleted.
    Restarted,
    /// A thousand records have passed.
    Periodic,
    /// The last record of a segment.
    Rotated,
    /// The oldest segments are about to be deleted.
    Retention,
    /// The signed head does not agree with the log that was found.
    Gap,
}

/// Where the kept log begins; all before was deleted by retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFrom {
    /// The oldest segment that is kept.
    pub segment: u32,
    /// Its first record.
    pub sequence: u64,
    /// The hash of the record before that, 64 hex digits.
    #[serde(with = "hash_text")]
    pub prev: [u8; 32],
}

impl KeptFrom {
    /// Nothing was deleted.
    pub(crate) const START: Self = Self { segment: 1, sequence: 1, prev: record::NO_RECORD };
}

/// What a writer found wrong with the end of the log when it looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// How the head and the log disagree.
    pub cause: GapCause,
    /// The record that the head names; 0 when it could not be read.
    pub sequence: u64,
}

/// How a head and its log disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// There was no head.
    HeadMissing,
    /// The head had another form, or another signature, than is written.
    HeadUnreadable,
    /// The head named a record that is not in the log.
    RecordMissing,
    /// Records vanished from the end while the log was open.
    CutWhileOpen,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            GapCause::HeadMissing => f.write_str("the signed head was missing"),
            GapCause::HeadUnreadable => f.write_str("the signed head was not one of ours"),
            GapCause::RecordMissing => {
                write!(f, "record {}, which was signed, was gone", self.sequence)
            }
            GapCause::CutWhileOpen => {
                write!(f, "records up to {} were cut while it ran", self.sequence)
            }
        }
    }
}

/// The content of a checkpoint, in the order in which it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkpoint {
    pub(crate) reason: Reason,
    /// The segment that holds it.
    pub(crate) segment: u32,
    /// Where in the segment its line begins.
    pub(crate) offset: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) kept_from: Option<KeptFrom>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) gap: Option<Gap>,
    pub(crate) key: PublicKey,
    /// 128 hex digits; written by hand, over all bytes before it.
    #[serde(skip_serializing, default)]
    signature: String,
}

impl Checkpoint {
    pub(crate) fn new(reason: Reason, segment: u32, offset: u64, key: PublicKey) -> Self {
        Self { reason, segment, offset, kept_from: None, gap: None, key, signature: String::new() }
    }

    /// Appends the signed record; gives its hash.
    pub(crate) fn encode(
        &self,
        sequence: u64,
        time: u64,
        prev: &Hash,
        signer: &Signer,
        out: &mut Vec<u8>,
    ) -> Result<Hash, serde_json::Error> {
        let from = out.len();
        record::begin(sequence, time, prev, true, out);
        seal(self, DOMAIN, from, signer, out)?;
        // The line's own brace closes after the hash.
        Ok(record::finish(from, out))
    }

    /// The key that a checkpoint names, unchecked.
    pub(crate) fn named_key(json: &[u8]) -> Result<PublicKey, Problem> {
        serde_json::from_slice::<Self>(json)
            .map(|checkpoint| checkpoint.key)
            .map_err(|_| Problem::Unparsable("not a checkpoint of this version"))
    }

    /// Reads a checkpoint and checks that `key` signed it.
    pub(crate) fn parse(json: &[u8], content: &[u8], key: PublicKey) -> Result<Self, Problem> {
        let checkpoint: Self = serde_json::from_slice(json)
            .map_err(|_| Problem::Unparsable("not a checkpoint of this version"))?;
        check_seal(content, DOMAIN, checkpoint.key, key)?;
        Ok(checkpoint)
    }
}

/// Appends `value` as JSON with a signature over `domain` and everything of
/// `out` from `from` as its last field.
pub(crate) fn seal(
    value: &impl Serialize,
    domain: &[u8],
    from: usize,
    signer: &Signer,
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    record::write_ascii_json(value, out)?;
    out.pop();
    let signature = signer.sign(domain, out.get(from..).unwrap_or_default());
    out.extend_from_slice(SIGNATURE);
    hex::write(&signature, out);
    out.extend_from_slice(CLOSING);
    Ok(())
}

/// Checks what [`seal`] wrote. `named` is the key that the bytes name.
pub(crate) fn check_seal(
    sealed: &[u8],
    domain: &[u8],
    named: PublicKey,
    expected: PublicKey,
) -> Result<(), Problem> {
    if named != expected {
        return Err(Problem::OtherKey { expected, found: named });
    }
    let (content, signature) = split_seal(sealed).ok_or(Problem::BadSignature)?;
    if expected.verify(domain, content, &signature) { Ok(()) } else { Err(Problem::BadSignature) }
}

fn split_seal(sealed: &[u8]) -> Option<(&[u8], [u8; 64])> {
    let rest = sealed.strip_suffix(CLOSING)?;
    let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(128)?)?;
    Some((rest.strip_suffix(SIGNATURE)?, hex::read(digits)?))
}

/// Hashes as 64 hex digits in JSON.
pub(crate) mod hash_text {
    use crate::hex;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(hash: &[u8; 32], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&hex::text(hash))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(input)?;
        hex::read(text.as_bytes()).ok_or_else(|| D::Error::custom("not 64 lowercase hex digits"))
    }
}
