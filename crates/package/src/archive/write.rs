//! An archive's bytes.

use super::{Archive, ArchiveError, BELOW, FREE_BYTES, MAX_RATIO, SBOM, SIGNATURES, paths};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

impl Archive {
    /// The bytes of the file.
    ///
    /// # Errors
    /// When a path or a link cannot be in an archive.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArchiveError> {
        let mut tar = Vec::new();
        self.write_tar(&mut tar)?;
        let packed = compress_to_vec(tar.as_slice(), CompressionLevel::Fastest);
        // What becomes so small is refused by whoever reads it, as a bomb is.
        if tar.len() as u64 > FREE_BYTES.max((packed.len() as u64).saturating_mul(MAX_RATIO)) {
            return Ok(compress_to_vec(tar.as_slice(), CompressionLevel::Uncompressed));
        }
        Ok(packed)
    }

    /// The tar within, which is the same for the same files.
    pub(super) fn write_tar(&self, to: impl Write) -> Result<(), ArchiveError> {
        paths::check(&self.files)?;
        let mut builder = Builder::new(to);
        append(&mut builder, SIGNATURES, 0o644, &self.signatures)?;
        append(&mut builder, SBOM, 0o644, &self.sbom)?;
        for file in &self.files {
            let path = format!("{BELOW}{}", file.entry.path);
            match &file.entry.link {
                Some(target) => {
                    let mut header = header(0o777, 0);
                    header.set_entry_type(EntryType::Symlink);
                    builder.append_link(&mut header, path, target)?;
                }
                None => {
                    let mode = if file.entry.executable { 0o755 } else { 0o644 };
                    append(&mut builder, &path, mode, &file.bytes)?;
                }
            }
        }
        builder.into_inner()?.flush()?;
        Ok(())
    }
}

fn header(mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_mode(mode);
    header.set_size(size as u64);
    // Who packed it, where and when, is nobody's business and not the same twice.
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn append(
    builder: &mut Builder<impl Write>,
    path: &str,
    mode: u32,
    bytes: &[u8],
) -> io::Result<()> {
    builder.append_data(&mut header(mode, bytes.len()), path, bytes)
}
