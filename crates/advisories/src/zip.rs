//! A zip of records, as OSV publishes one for each registry: one record after the other,
//! without the archive or two records in memory.

use crate::error::AdvisoriesError;
use crate::record::{MAX_RECORD_BYTES, Malformed};
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
/// The end record with the longest comment, and the locator before it, in bytes.
const MAX_END: u64 = 20 + 22 + 65_535;
/// The largest directory that is read: some three million records.
const MAX_DIRECTORY: u64 = 256 << 20;

/// An archive whose directory was read.
pub(crate) struct Zip {
    file: File,
    directory: Vec<u8>,
}

struct Entry {
    name: String,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    offset: u64,
}

/// Why an archive is not whole, or what the system said.
enum Broken {
    Why(&'static str),
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Why("it ends too early");
        }
        Self::Io(error)
    }
}

impl Broken {
    fn at(self, path: &Path) -> AdvisoriesError {
        let path = path.to_owned();
        match self {
            Self::Why(why) => AdvisoriesError::Zip { path, why },
            Self::Io(source) => AdvisoriesError::Read { path, source },
        }
    }
}

impl Zip {
    pub(crate) fn open(path: &Path, file: File) -> Result<Self, AdvisoriesError> {
        let directory = directory(&file).map_err(|broken| broken.at(path))?;
        Ok(Self { file, directory })
    }

    /// Calls `each` with the name and the bytes of every file ending in `.json`.
    pub(crate) fn each(
        &self,
        path: &Path,
        mut each: impl FnMut(&str, Result<Vec<u8>, Malformed>) -> Result<(), AdvisoriesError>,
    ) -> Result<(), AdvisoriesError> {
        let length = self.file.metadata().map_err(|error| Broken::Io(error).at(path))?.len();
        let mut packed = 0_u64;
        let mut rest = self.directory.as_slice();
        while !rest.is_empty() {
            let (entry, after) =
                entry(rest).ok_or_else(|| Broken::Why("its directory breaks off").at(path))?;
            rest = after;
            packed = packed.saturating_add(entry.packed);
            // A thousand names of the same bytes would be a thousand times the work.
            if packed > length {
                return Err(Broken::Why("its files lie over each other").at(path));
            }
            if entry.name.ends_with(".json") {
                let bytes = self.unpack(&entry).map_err(|broken| broken.at(path))?;
                each(&entry.name, bytes)?;
            }
        }
        Ok(())
    }

    fn unpack(&self, entry: &Entry) -> Result<Result<Vec<u8>, Malformed>, Broken> {
        let mut head = [0; 30];
        self.file.read_exact_at(&mut head, entry.offset)?;
        let lengths = head.starts_with(LOCAL).then(|| Some((short(&head, 26)?, short(&head, 28)?)));
        let Some((name, extra)) = lengths.flatten() else {
            return Err(Broken::Why("its directory points to no file"));
        };
        if entry.flags & 1 != 0 {
            return Ok(Err(Malformed::Packed("it is encrypted")));
        }
        let from = entry.offset.saturating_add(30 + u64::from(name) + u64::from(extra));
        let packed = Part { file: &self.file, at: from, left: entry.packed };
        let most = u64::try_from(MAX_RECORD_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        let read = match entry.method {
            0 => packed.take(most).read_to_end(&mut bytes),
            8 => DeflateDecoder::new(packed).take(most).read_to_end(&mut bytes),
            _ => return Ok(Err(Malformed::Packed("it is packed in a way that is not read"))),
        };
        match read {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(Err(Malformed::Packed("it breaks off")));
            }
            Err(error) if error.raw_os_error().is_some() => return Err(Broken::Io(error)),
            Err(_) => return Ok(Err(Malformed::Packed("its bytes were changed"))),
            Ok(_) => {}
        }
        if bytes.len() > MAX_RECORD_BYTES {
            return Ok(Err(Malformed::TooLarge));
        }
        let mut crc = Crc::new();
        crc.update(&bytes);
        if crc.sum() != entry.crc {
            return Ok(Err(Malformed::Packed("its bytes were changed")));
        }
        Ok(Ok(bytes))
    }
}

/// A part of a file, read where it stands.
struct Part<'f> {
    file: &'f File,
    at: u64,
    left: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read_at(buffer.get_mut(..length).unwrap_or_default(), self.at)?;
        let count = u64::try_from(read).unwrap_or(u64::MAX);
        self.at = self.at.saturating_add(count);
        self.left = self.left.saturating_sub(count);
        Ok(read)
    }
}

fn directory(file: &File) -> Result<Vec<u8>, Broken> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(MAX_END);
    let mut tail = vec![0; usize::try_from(length - from).unwrap_or_default()];
    file.read_exact_at(&mut tail, from)?;
    let found = tail.windows(END.len()).enumerate().rev().find_map(|(at, four)| {
        let end = (four == END).then(|| tail.get(at..)).flatten()?;
        // With its comment it is the last thing.
        let is_last = end.len() == 22 + usize::from(short(end, 20)?);
        is_last.then_some((at, u64::from(long(end, 12)?), u64::from(long(end, 16)?)))
    });
    let Some((at, mut size, mut offset)) = found else {
        return Err(Broken::Why("no directory stands at its end"));
    };
    let locator = at.checked_sub(20).and_then(|start| tail.get(start..at));
    if let Some(locator) = locator.filter(|locator| locator.starts_with(LOCATOR_64)) {
        let mut end = [0; 56];
        file.read_exact_at(&mut end, wide(locator, 8).unwrap_or(u64::MAX))?;
        if end.starts_with(END_64) {
            size = wide(&end, 40).unwrap_or(u64::MAX);
            offset = wide(&end, 48).unwrap_or(u64::MAX);
        }
    }
    if size > MAX_DIRECTORY || offset.saturating_add(size) > length {
        return Err(Broken::Why("its directory is larger than is read, or outside of it"));
    }
    let mut directory = vec![0; usize::try_from(size).unwrap_or_default()];
    file.read_exact_at(&mut directory, offset)?;
    Ok(directory)
}

fn entry(head: &[u8]) -> Option<(Entry, &[u8])> {
    if !head.starts_with(CENTRAL) {
        return None;
    }
    let (name, extra) = (usize::from(short(head, 28)?), usize::from(short(head, 30)?));
    let comment = usize::from(short(head, 32)?);
    let mut entry = Entry {
        name: String::from_utf8_lossy(head.get(46..46 + name)?).into_owned(),
        flags: short(head, 8)?,
        method: short(head, 10)?,
        crc: long(head, 16)?,
        packed: u64::from(long(head, 20)?),
        offset: u64::from(long(head, 42)?),
    };
    let unpacked = long(head, 24)?;
    wide_numbers(head.get(46 + name..46 + name + extra)?, unpacked, &mut entry);
    Some((entry, head.get(46 + name + extra + comment..)?))
}

/// Numbers past four bytes stand in the extra field of kind 1: only those that do not
/// fit, in a fixed order.
fn wide_numbers(mut extra: &[u8], unpacked: u32, entry: &mut Entry) {
    while let (Some(kind), Some(length)) = (short(extra, 0), short(extra, 2)) {
        let Some(field) = extra.get(4..4 + usize::from(length)) else { return };
        if kind == 1 {
            let mut at = if unpacked == u32::MAX { 8 } else { 0 };
            for number in [&mut entry.packed, &mut entry.offset] {
                if *number == u64::from(u32::MAX)
                    && let Some(value) = wide(field, at)
                {
                    *number = value;
                    at += 8;
                }
            }
        }
        extra = extra.get(4 + usize::from(length)..).unwrap_or_default();
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn wide(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
