//! An archive from its bytes, which a stranger wrote.

use super::{
    Archive, ArchiveError, ArchiveFile, BELOW, FREE_BYTES, MAX_ARCHIVE_BYTES, MAX_FILES,
    MAX_HEAD_BYTES, MAX_RATIO, SBOM, SIGNATURES,
};
use ruzstd::decoding::StreamingDecoder;
use std::io::{self, Read, Write};

impl Archive {
    /// Whether these bytes begin as an archive does.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(b"\x28\xb5\x2f\xfd")
    }

    /// Reads an archive.
    ///
    /// # Errors
    /// When it is none, is larger than what is read, has a path that cannot be, or is
    /// written in any other way than [`to_bytes`](Self::to_bytes) does but for how well it
    /// is packed.
    pub fn parse(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let tar = unpack(bytes)?;
        let archive = entries(&tar)?;
        let mut same = Same { left: &tar };
        match archive.write_tar(&mut same) {
            Ok(()) if same.left.is_empty() => Ok(archive),
            Ok(()) => Err(ArchiveError::NotCanonical),
            Err(ArchiveError::Write(_)) => Err(ArchiveError::NotCanonical),
            Err(error) => Err(error),
        }
    }
}

/// The tar, within the bounds.
fn unpack(bytes: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let form = |why: &dyn ToString| ArchiveError::Form(why.to_string());
    if !Archive::is_one(bytes) {
        return Err(form(&"it does not begin as zstd does"));
    }
    // What tar adds to each file, at most.
    let heads = MAX_FILES as u64 * 4_096;
    let whole = MAX_ARCHIVE_BYTES + 2 * MAX_HEAD_BYTES + heads;
    let by_ratio = (bytes.len() as u64).saturating_mul(MAX_RATIO).max(FREE_BYTES);
    let most = whole.min(by_ratio);
    let mut rest = bytes;
    let mut tar = Vec::new();
    {
        let mut decoder = StreamingDecoder::new(&mut rest).map_err(|error| form(&error))?;
        decoder.by_ref().take(most + 1).read_to_end(&mut tar).map_err(|error| form(&error))?;
        let decoder = decoder.decoder;
        if tar.len() as u64 <= most
            && decoder.get_checksum_from_data() != decoder.get_calculated_checksum()
        {
            return Err(form(&"its checksum does not hold"));
        }
    }
    if tar.len() as u64 > most {
        return Err(ArchiveError::TooLarge(
            "it unpacks to more than 512 MiB, or 200 times its size",
        ));
    }
    if !rest.is_empty() {
        return Err(form(&"bytes follow its end"));
    }
    Ok(tar)
}

fn entries(tar: &[u8]) -> Result<Archive, ArchiveError> {
    let form = |why: &str| ArchiveError::Form(why.to_owned());
    let mut reader = tar::Archive::new(tar);
    let mut archive = Archive { signatures: Vec::new(), sbom: Vec::new(), files: Vec::new() };
    let mut left = MAX_ARCHIVE_BYTES;
    let entries = reader.entries().map_err(|error| form(&error.to_string()))?;
    for (position, entry) in entries.enumerate() {
        let mut entry = entry.map_err(|error| form(&error.to_string()))?;
        if position > MAX_FILES + 2 {
            return Err(ArchiveError::TooLarge("more than 100,000 files"));
        }
        let path = String::from_utf8(entry.path_bytes().into_owned())
            .map_err(|_| form("a path is not UTF-8"))?;
        let kind = entry.header().entry_type();
        if !kind.is_file() && !kind.is_symlink() {
            return Err(ArchiveError::path(&path, "it is neither a file nor a link"));
        }
        let (most, why) = match position {
            0 | 1 => (MAX_HEAD_BYTES, "its signatures or its list have more than 64 MiB"),
            _ => (left, "more than 512 MiB of files"),
        };
        let after = most.checked_sub(entry.size()).ok_or(ArchiveError::TooLarge(why))?;
        if position > 1 {
            left = after;
        }
        let mode = entry.header().mode().map_err(|error| form(&error.to_string()))?;
        let mut bytes = Vec::new();
        // All of a file is in memory already, so nothing can grow. (The holes of a sparse
        // file are not, and could be of any size.)
        entry.read_to_end(&mut bytes).map_err(|error| form(&error.to_string()))?;
        match (position, path.as_str()) {
            (0, SIGNATURES) if kind.is_file() => archive.signatures = bytes,
            (1, SBOM) if kind.is_file() => archive.sbom = bytes,
            (0 | 1, _) => return Err(form("it does not begin with its signatures and its list")),
            _ => {
                let path = path
                    .strip_prefix(BELOW)
                    .ok_or_else(|| ArchiveError::path(&path, "it is not below `package`"))?
                    .to_owned();
                let file = if kind.is_file() {
                    ArchiveFile::file(path, mode == 0o755, bytes)
                } else {
                    let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
                    let target = target.and_then(|target| String::from_utf8(target).ok());
                    let target = target
                        .ok_or_else(|| ArchiveError::link(&path, "its target is not UTF-8"))?;
                    ArchiveFile::link(path, target)
                };
                archive.files.push(file);
            }
        }
    }
    if archive.files.is_empty() {
        return Err(form("there are no files in it"));
    }
    let paths = || archive.files.iter().map(|file| file.entry.path.as_bytes());
    if paths().zip(paths().skip(1)).any(|(before, after)| before > after) {
        return Err(ArchiveError::NotCanonical);
    }
    Ok(archive)
}

/// Takes what is written as long as it is what is there.
struct Same<'t> {
    left: &'t [u8],
}

impl Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self
            .left
            .strip_prefix(bytes)
            .ok_or_else(|| io::Error::other("it is not what is there"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
