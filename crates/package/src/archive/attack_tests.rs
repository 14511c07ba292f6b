//! What a stranger makes of an archive.

use super::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tar::{Builder, EntryType, Header};

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// A packed tar that begins as an archive does; `more` adds what is hostile.
fn made(more: impl FnOnce(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for name in [SIGNATURES, SBOM] {
        builder.append_data(&mut header(EntryType::Regular, 0), name, &b""[..]).unwrap();
    }
    more(&mut builder);
    compress_to_vec(builder.into_inner().unwrap().as_slice(), CompressionLevel::Fastest)
}

#[test]
fn a_sparse_file_is_refused_before_its_holes_become_memory() {
    // 512 bytes of content behind a hole of 32 GiB.
    let hole = 32_u64 << 30;
    let bytes = made(|builder| {
        let mut header = header(EntryType::GNUSparse, 512);
        header.set_path("package/a").unwrap();
        let gnu = header.as_gnu_mut().unwrap();
        gnu.set_real_size(hole + 512);
        gnu.sparse[0].set_offset(hole);
        gnu.sparse[0].set_length(512);
        header.set_cksum();
        builder.append(&header, &[b'x'; 512][..]).unwrap();
    });
    assert!(bytes.len() < 1_000);
    let outcome = Archive::parse(&bytes);
    assert!(matches!(outcome, Err(ArchiveError::Path { .. })), "{outcome:?}");
}

#[test]
fn no_more_is_read_than_what_is_promised_wherever_it_stands() {
    // The header alone, so that nothing large has to be there.
    let one_of = |name: &str, size: u64| {
        let mut builder = Builder::new(Vec::new());
        for before in [SIGNATURES, SBOM].iter().take_while(|before| **before != name) {
            builder.append_data(&mut header(EntryType::Regular, 0), before, &b""[..]).unwrap();
        }
        let mut header = header(EntryType::Regular, size);
        header.set_path(name).unwrap();
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
        let tar = builder.into_inner().unwrap();
        Archive::parse(&compress_to_vec(tar.as_slice(), CompressionLevel::Fastest))
    };
    for (name, most) in
        [(SIGNATURES, MAX_HEAD_BYTES), (SBOM, MAX_HEAD_BYTES), ("package/a", MAX_ARCHIVE_BYTES)]
    {
        for size in [most + 1, u64::MAX >> 8] {
            let outcome = one_of(name, size);
            assert!(matches!(outcome, Err(ArchiveError::TooLarge(_))), "{name}: {outcome:?}");
        }
        let outcome = one_of(name, most);
        assert!(!matches!(outcome, Err(ArchiveError::TooLarge(_))), "{name}: {outcome:?}");
    }
}
