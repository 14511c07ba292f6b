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

fn with(paths: impl IntoIterator<Item = String>) -> Archive {
    let mut files: Vec<ArchiveFile> =
        paths.into_iter().map(|path| ArchiveFile::file(path, false, Vec::new())).collect();
    files.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    Archive { signatures: Vec::new(), sbom: Vec::new(), files }
}

#[test]
fn two_names_that_some_file_system_takes_for_one_are_refused() {
    for (one, other) in [
        ("caf\u{e9}", "cafe\u{301}"),
        ("\u{c5}", "\u{212b}"),
        ("stra\u{df}e", "STRASSE"),
        ("\u{1e9e}", "ss"),
        ("\u{212a}ey", "key"),
        ("\u{17f}ite", "site"),
        ("\u{3a3}", "\u{3c2}"),
        ("a\u{3c3}", "A\u{3a3}"),
        ("\u{130}", "i\u{307}"),
        ("ma\u{200b}in", "main"),
        ("main.", "main"),
        ("main ", "MAIN"),
        ("d. /x", "d/y"),
        ("\u{c9}/x", "e\u{301}/y"),
    ] {
        let outcome = with([one.to_owned(), other.to_owned()]).to_bytes();
        assert!(matches!(outcome, Err(ArchiveError::Path { .. })), "{one:?} {other:?}");
    }
    let many =
        ["caf\u{e9}", "cafe", "\u{6f22}", "\u{5b57}", "d/a", "d/b", "d.a", "\u{1f642}\u{fe0f}"];
    let archive = with(many.map(str::to_owned));
    assert_eq!(Archive::parse(&archive.to_bytes().unwrap()).unwrap(), archive);
}

#[test]
fn an_archive_brings_no_working_copy_whose_settings_would_run_programs() {
    for path in [
        ".git/config",
        "a/.git",
        "a/.GIT/config",
        ".g\u{200c}it/config",
        ".git./config",
        ".hg/hgrc",
    ] {
        let bytes = made(|builder| {
            let path = format!("package/{path}");
            builder.append_data(&mut header(EntryType::Regular, 1), path, &b"x"[..]).unwrap();
        });
        let outcome = Archive::parse(&bytes);
        assert!(matches!(outcome, Err(ArchiveError::Path { .. })), "{path:?}: {outcome:?}");
    }
    assert!(with([".gitignore".to_owned(), ".github/x".to_owned()]).check().is_ok());
}

#[test]
fn few_bytes_do_not_become_millions_of_folders() {
    let deep = |number: usize| format!("{number}/{}x", "d/".repeat(61));
    let outcome = with((0..1_700).map(deep)).check();
    assert!(matches!(outcome, Err(ArchiveError::TooLarge(_))), "{outcome:?}");
    assert!(with((0..1_500).map(deep)).check().is_ok());
    // Many files in one folder are as many as ever.
    let deep = "d/".repeat(63);
    assert!(with((0..10_000).map(|number| format!("{deep}{number}"))).check().is_ok());
}

#[test]
fn what_can_be_packed_can_be_read_however_little_is_in_it() {
    let mut archive = with(["zeros".to_owned()]);
    archive.files = vec![ArchiveFile::file("zeros".to_owned(), false, vec![0; 17 << 20])];
    let bytes = archive.to_bytes().unwrap();
    assert!(Archive::parse(&bytes).is_ok_and(|read| read == archive));
}
