//! Zip and wheel, by the directory at their end, as installers read them. Written here
//! because libraries keep one file of each name and hide that there were two.

use flate2::bufread::DeflateDecoder;

use super::gather::Gather;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
/// The end record with the longest comment, in bytes.
const MAX_END: usize = 22 + 65_535;

pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(LOCAL) || bytes.starts_with(END)
}

/// One entry of the directory.
struct Entry<'b> {
    name: &'b [u8],
    flags: u16,
    method: u16,
    packed: u64,
    mode: u32,
    offset: u64,
}

pub(super) fn read(bytes: &[u8], gather: &mut Gather<'_>) {
    gather.packed(bytes.len());
    let Some((directory, shift)) = directory(bytes, gather) else {
        gather.odd("archive-broken", b"", "the zip has no directory at its end");
        gather.file(b"archive.zip", false, bytes.to_vec());
        return;
    };
    let mut rest = directory;
    while rest.starts_with(CENTRAL) {
        let Some((entry, after)) = entry(rest) else {
            gather.odd("archive-broken", b"", "the zip's directory breaks off");
            return;
        };
        rest = after;
        if gather.is_full() || !unpack(bytes, &entry, shift, gather) {
            return;
        }
    }
}

/// The directory's bytes, and how far all offsets are shifted by bytes in front.
fn directory<'b>(bytes: &'b [u8], gather: &mut Gather<'_>) -> Option<(&'b [u8], u64)> {
    let from = bytes.len().saturating_sub(MAX_END);
    let tail = bytes.get(from..)?;
    let at = from
        + tail.windows(END.len()).enumerate().rev().find_map(|(at, four)| {
            let fits = four == END && tail.len() >= at + 22;
            fits.then_some(at)
        })?;
    let end = bytes.get(at..)?;
    let comment = usize::from(short(end, 20)?);
    if end.len() != 22 + comment {
        gather.odd("archive-trailing", b"", "bytes follow the end of the zip");
    }
    let (mut size, mut offset) = (u64::from(long(end, 12)?), u64::from(long(end, 16)?));
    let mut stands = u64::try_from(at).ok()?;
    if let Some(locator) = at.checked_sub(20).and_then(|start| bytes.get(start..at))
        && locator.starts_with(LOCATOR_64)
    {
        let place = usize::try_from(wide(locator, 8)?).ok()?;
        let record = bytes.get(place..)?;
        if record.starts_with(END_64) {
            (size, offset) = (wide(record, 40)?, wide(record, 48)?);
            stands = u64::try_from(place).ok()?;
        }
    }
    let begins = stands.checked_sub(size)?;
    let shift = begins.checked_sub(offset)?;
    if shift > 0 {
        gather.odd("archive-prefix", b"", "bytes stand in front of the zip");
    }
    let (begins, stands) = (usize::try_from(begins).ok()?, usize::try_from(stands).ok()?);
    Some((bytes.get(begins..stands)?, shift))
}

fn entry(head: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (name, extra) = (usize::from(short(head, 28)?), usize::from(short(head, 30)?));
    let comment = usize::from(short(head, 32)?);
    let mut entry = Entry {
        name: head.get(46..46 + name)?,
        flags: short(head, 8)?,
        method: short(head, 10)?,
        packed: u64::from(long(head, 20)?),
        mode: long(head, 38)? >> 16,
        offset: u64::from(long(head, 42)?),
    };
    let unpacked = long(head, 24)?;
    wide_numbers(head.get(46 + name..46 + name + extra)?, unpacked, &mut entry);
    Some((entry, head.get(46 + name + extra + comment..)?))
}

/// Sizes and offsets past four bytes stand in the extra field of kind 1, only those
/// that do not fit, in a fixed order.
fn wide_numbers(mut extra: &[u8], unpacked: u32, entry: &mut Entry<'_>) {
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

/// Says whether reading may go on.
fn unpack(bytes: &[u8], entry: &Entry<'_>, shift: u64, gather: &mut Gather<'_>) -> bool {
    if entry.name.ends_with(b"/") {
        return true;
    }
    let Some((local_name, content)) = content(bytes, entry, shift) else {
        gather.odd("archive-broken", entry.name, "the directory points outside of the zip");
        return true;
    };
    let executable = entry.mode & 0o111 != 0;
    if local_name != entry.name {
        gather.odd("archive-two-names", entry.name, "the zip has another name for the same file");
    }
    if entry.flags & 1 != 0 {
        gather.odd("archive-encrypted", entry.name, "the file is encrypted");
        return gather.read_file(entry.name, executable, content);
    }
    match entry.method {
        _ if entry.mode & 0o170_000 == 0o120_000 => {
            gather.link(entry.name, content.get(..content.len().min(4_096)).unwrap_or_default());
            true
        }
        0 => gather.read_file(entry.name, executable, content),
        8 => gather.read_file(entry.name, executable, DeflateDecoder::new(content)),
        _ => {
            gather.odd("archive-unread", entry.name, "it is packed in a way that is not read");
            gather.read_file(entry.name, executable, content)
        }
    }
}

fn content<'b>(bytes: &'b [u8], entry: &Entry<'_>, shift: u64) -> Option<(&'b [u8], &'b [u8])> {
    let head = bytes.get(usize::try_from(entry.offset.checked_add(shift)?).ok()?..)?;
    if !head.starts_with(LOCAL) {
        return None;
    }
    let (name, extra) = (usize::from(short(head, 26)?), usize::from(short(head, 28)?));
    let body = head.get(30 + name + extra..)?;
    let content = body.get(..usize::try_from(entry.packed).ok()?)?;
    Some((head.get(30..30 + name)?, content))
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
