//! Tar, bare or in gzip.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::gather::Gather;

/// Where a tar header says that it is one.
const MAGIC: std::ops::Range<usize> = 257..262;

pub(super) fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(MAGIC) == Some(b"ustar".as_slice())
}

/// What is in a gzip: a tar, or one file.
pub(super) fn read_compressed(name: &str, bytes: &[u8], gather: &mut Gather<'_>) {
    gather.packed(bytes.len());
    let mut head = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(512).read_to_end(&mut head);
    if is_tar(&head) {
        read_entries(MultiGzDecoder::new(bytes), gather);
    } else if read.is_err() && head.is_empty() {
        gather.odd("archive-broken", name.as_bytes(), "it begins as gzip does and is none");
        gather.file(name.as_bytes(), false, bytes.to_vec());
    } else {
        let inner = name.strip_suffix(".gz").unwrap_or(name);
        gather.read_file(inner.as_bytes(), false, MultiGzDecoder::new(bytes));
    }
}

pub(super) fn read(bytes: &[u8], gather: &mut Gather<'_>) {
    gather.packed(bytes.len());
    read_entries(bytes, gather);
}

fn read_entries(reader: impl Read, gather: &mut Gather<'_>) {
    // A header and padding for each file come on top of what the files hold.
    let heads = u64::try_from(gather.limits.files).unwrap_or(u64::MAX).saturating_mul(2_048);
    let bounded = Bounded { reader, left: gather.left().saturating_add(heads), cut: false };
    let mut archive = tar::Archive::new(bounded);
    let Ok(entries) = archive.entries() else { return };
    for entry in entries {
        let Ok(mut entry) = entry else {
            gather.odd("archive-broken", b"", "the archive ends or breaks between two files");
            break;
        };
        if gather.is_full() {
            break;
        }
        let path = entry.path_bytes().into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            continue;
        }
        if kind.is_symlink() || kind.is_hard_link() {
            let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
            let target = target.unwrap_or_default();
            if kind.is_symlink() {
                gather.link(&path, &target);
            } else {
                gather.hard_link(&path, &target);
            }
        } else if kind.is_character_special() || kind.is_block_special() || kind.is_fifo() {
            gather.odd("device", &path, "it is a device or a pipe, not a file");
        } else {
            let executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
            if !gather.read_file(&path, executable, &mut entry) {
                break;
            }
        }
    }
    if archive.into_inner().cut {
        gather.odd("archive-bomb", b"", "it unpacks to more bytes than are read");
    }
    gather.strip_top();
}

/// A reader that ends with an error when it has given too much: names and headers of a
/// tar are read by the library before we see them.
struct Bounded<R> {
    reader: R,
    left: u64,
    cut: bool,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            self.cut = true;
            return Err(io::Error::other("more bytes than are read"));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.reader.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left = self.left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}
