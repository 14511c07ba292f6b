//! A part of a log as one self-contained file that somebody else can verify.
//!
//! A header line, the records byte for byte as they are in the log, and a
//! trailer line whose signature covers the header and the last record.

use crate::chain::Chain;
use crate::checkpoint::{check_seal, hash_text, seal};
use crate::error::{AuditOpenError, Problem, VerifyError};
use crate::key::{self, PublicKey};
use crate::lines::{self, Next};
use crate::record::{self, Hash, NO_RECORD};
use crate::segment;
use crate::verify::{KeySource, LogFolder, VerifyOptions, bad};
use ringfence_types::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, BufReader, Write};
use std::ops::RangeInclusive;
use std::path::Path;

const FORMAT: &str = "ringfence-audit-export";
const VERSION: u32 = 1;
const DOMAIN: &[u8] = b"ringfence audit export v1\n";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    key: PublicKey,
    /// The first record.
    from: u64,
    /// The hash of the record before it.
    #[serde(with = "hash_text")]
    prev: Hash,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    /// SHA-256 of the header line without its newline.
    #[serde(with = "hash_text")]
    header: Hash,
    /// Records between header and trailer.
    records: u64,
    /// The last record and its hash.
    to: u64,
    #[serde(with = "hash_text")]
    hash: Hash,
    key: PublicKey,
    /// Written and checked by hand, over all bytes before it.
    #[serde(rename = "signature", skip_serializing, default)]
    _signature: String,
}

/// The export was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log is bad where it was to be exported; nothing is signed.
    #[error("the log is not whole, so it is not exported")]
    Log(#[source] VerifyError),
    /// The key cannot be had.
    #[error("the export cannot be signed")]
    Key(#[source] AuditOpenError),
    /// The place to which it goes refuses.
    #[error("the export cannot be written")]
    Write(#[source] io::Error),
    /// There is no record in the range.
    #[error("the log holds no record from {from} to {to}")]
    Empty {
        /// First record asked for.
        from: u64,
        /// Last record asked for.
        to: u64,
    },
}

/// An export without a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedExport {
    /// Records in it.
    pub records: u64,
    /// The first record.
    pub first_sequence: u64,
    /// The last record.
    pub last_sequence: u64,
    /// When the first was written, in milliseconds since 1970.
    pub first_time: u64,
    /// When the last was written.
    pub last_time: u64,
    /// The last record's hash.
    pub last_hash: Digest,
    /// The hash of the record before the first; all zero when the log begins here.
    pub previous_hash: Digest,
    /// The key that signed.
    pub key: PublicKey,
    /// Where it came from; never [`KeySource::Beside`].
    pub key_source: KeySource,
}

/// Writes the records of `range` that the log in `home` holds. The chain is
/// checked on the way, from the start of the segment that holds the first.
///
/// # Errors
/// When the log is bad there, has none of the records, or `out` refuses. What
/// was written until then has no trailer and does not verify.
pub fn export(
    home: &Path,
    range: &RangeInclusive<u64>,
    out: &mut dyn Write,
) -> Result<VerifiedExport, ExportError> {
    let log = LogFolder::open(home).map_err(ExportError::Log)?;
    let signer = key::load_existing(home).map_err(ExportError::Key)?;
    let key = signer.public();
    let empty = || ExportError::Empty { from: *range.start(), to: *range.end() };
    let (first, last) = log.range().map_err(ExportError::Log)?.ok_or_else(empty)?;
    let first = segment_of(&log, first, last, *range.start())?;
    // A gap is the reader's to judge: it travels with the export.
    let mut chain = Chain::new(Some(key), true, None);
    let mut written: Option<Written> = None;
    let mut line = Vec::new();
    'log: for number in first..=last {
        let expected = chain.expected();
        let missing = || bad(expected, Some(number), 0, Problem::MissingSegment).into();
        let file = log
            .segment(number)
            .and_then(|file| file.ok_or_else(missing))
            .map_err(ExportError::Log)?;
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        for row in 1.. {
            let expected = chain.expected();
            let fail = |problem| ExportError::Log(bad(expected, Some(number), row, problem).into());
            match lines::next(&mut reader, &mut line)
                .map_err(VerifyError::read(&log.path.join(segment::name(number))))
                .map_err(ExportError::Log)?
            {
                Next::End => break,
                Next::Torn(_) if number == last => break,
                Next::Torn(_) => return Err(fail(Problem::Unparsable("it is cut short"))),
                Next::TooLong => return Err(fail(Problem::LineTooLong)),
                Next::Whole => {}
            }
            let step = chain.step(&line, None).map_err(fail)?;
            if step.sequence > *range.end() {
                break 'log;
            }
            if step.sequence < *range.start() {
                continue;
            }
            let time = chain.last().map_or(0, |last| last.time);
            let written = match &mut written {
                Some(written) => written,
                None => written.insert(
                    Written::begin(key, (step.sequence, step.prev, time), out)
                        .map_err(ExportError::Write)?,
                ),
            };
            line.push(b'\n');
            out.write_all(&line).map_err(ExportError::Write)?;
            written.records += 1;
            written.last = (step.sequence, step.hash, time);
        }
    }
    let written = written.ok_or_else(empty)?;
    let (to, hash, _) = written.last;
    let trailer = Trailer {
        header: written.header,
        records: written.records,
        to,
        hash,
        key,
        _signature: String::new(),
    };
    let mut bytes = Vec::new();
    seal(&trailer, DOMAIN, 0, &signer, &mut bytes)
        .map_err(|error| ExportError::Write(error.into()))?;
    bytes.push(b'\n');
    out.write_all(&bytes).and_then(|()| out.flush()).map_err(ExportError::Write)?;
    Ok(written.told(key, KeySource::Given))
}

struct Written {
    header: Hash,
    records: u64,
    first: (u64, Hash, u64),
    last: (u64, Hash, u64),
}

impl Written {
    fn begin(key: PublicKey, first: (u64, Hash, u64), out: &mut dyn Write) -> io::Result<Self> {
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            key,
            from: first.0,
            prev: first.1,
        };
        let mut bytes = Vec::new();
        record::write_ascii_json(&header, &mut bytes)?;
        let header = Sha256::digest(&bytes).into();
        bytes.push(b'\n');
        out.write_all(&bytes)?;
        Ok(Self { header, records: 0, first, last: first })
    }

    fn told(&self, key: PublicKey, key_source: KeySource) -> VerifiedExport {
        VerifiedExport {
            records: self.records,
            first_sequence: self.first.0,
            last_sequence: self.last.0,
            first_time: self.first.2,
            last_time: self.last.2,
            last_hash: Digest::from_bytes(self.last.1),
            previous_hash: Digest::from_bytes(self.first.1),
            key,
            key_source,
        }
    }
}

/// The last segment whose first record is not after `sequence`.
fn segment_of(log: &LogFolder, first: u32, last: u32, sequence: u64) -> Result<u32, ExportError> {
    let mut found = first;
    for number in first..=last {
        let Some(file) = log.segment(number).map_err(ExportError::Log)? else {
            break;
        };
        let mut line = Vec::new();
        let next = lines::next(&mut BufReader::new(file), &mut line)
            .map_err(VerifyError::read(&log.path.join(segment::name(number))))
            .map_err(ExportError::Log)?;
        match (next, record::parse(&line)) {
            (Next::Whole, Ok(line)) if line.sequence <= sequence => found = number,
            _ => break,
        }
    }
    Ok(found)
}

/// Verifies an export. Of `options` the key, the witness and whether recorded
/// gaps are accepted count.
///
/// # Errors
/// [`VerifyError::Bad`] names the first bad record or the header or trailer;
/// lines are counted from 1, the header's.
pub fn verify_export(
    reader: &mut dyn BufRead,
    options: &VerifyOptions,
) -> Result<VerifiedExport, VerifyError> {
    let mut reader = reader;
    let path = Path::new("export");
    let mut next =
        |line: &mut Vec<u8>| lines::next(&mut reader, line).map_err(VerifyError::read(path));
    let mut line = Vec::new();
    let header_error = |what| VerifyError::from(bad(0, None, 1, Problem::Header(what)));
    if next(&mut line)? != Next::Whole {
        return Err(header_error("there is no whole line"));
    }
    let header: Header =
        serde_json::from_slice(&line).map_err(|_| header_error("not an export's header"))?;
    if header.format != FORMAT || header.version != VERSION {
        return Err(header_error("another format or version"));
    }
    let (key, source) = match options.public_key {
        Some(expected) if expected != header.key => {
            let found = header.key;
            return Err(bad(0, None, 1, Problem::OtherKey { expected, found }).into());
        }
        Some(key) => (key, KeySource::Given),
        None => (header.key, KeySource::Named),
    };
    let before = header.from.checked_sub(1).ok_or_else(|| header_error("there is no record 0"))?;
    if before == 0 && header.prev != NO_RECORD {
        return Err(header_error("record 1 follows no other"));
    }
    let mut chain = Chain::new(Some(key), options.accept_recorded_gaps, options.witness);
    chain.begin_after(before, header.prev);
    let header_hash: Hash = Sha256::digest(&line).into();
    for row in 2.. {
        let expected = chain.expected();
        let fail = |problem| VerifyError::from(bad(expected, None, row, problem));
        match next(&mut line)? {
            Next::Whole => {}
            Next::End => return Err(fail(Problem::Trailer("there is none: the export was cut"))),
            Next::Torn(_) => return Err(fail(Problem::Unparsable("it is cut short"))),
            Next::TooLong => return Err(fail(Problem::LineTooLong)),
        }
        if !line.starts_with(b"{\"header\":") {
            chain.step(&line, None).map_err(fail)?;
            continue;
        }
        check_trailer(&line, key, &header_hash, &chain).map_err(fail)?;
        if next(&mut line)? != Next::End {
            let after = Problem::Trailer("more follows it");
            return Err(bad(expected, None, row + 1, after).into());
        }
        chain.finish().map_err(fail)?;
        let (Some(last), Some((first_sequence, first_time))) = (chain.last(), chain.first) else {
            return Err(fail(Problem::Trailer("there is no record before it")));
        };
        return Ok(Written {
            header: header_hash,
            records: chain.records,
            first: (first_sequence, header.prev, first_time),
            last: (last.sequence, last.hash, last.time),
        }
        .told(key, source));
    }
    Err(header_error("it never ends"))
}

fn check_trailer(line: &[u8], key: PublicKey, header: &Hash, chain: &Chain) -> Result<(), Problem> {
    let trailer: Trailer =
        serde_json::from_slice(line).map_err(|_| Problem::Trailer("not an export's trailer"))?;
    check_seal(line, DOMAIN, trailer.key, key)?;
    if trailer.header != *header {
        return Err(Problem::Trailer("it was signed for another header"));
    }
    let end = chain.last().map(|last| (last.sequence, last.hash));
    if end != Some((trailer.to, trailer.hash)) || trailer.records != chain.records {
        return Err(Problem::Trailer("records before it were cut or added"));
    }
    Ok(())
}
