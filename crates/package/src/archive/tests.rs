use super::*;
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use tar::{Builder, EntryType, Header};

fn sample() -> Archive {
    Archive {
        signatures: b"{}".to_vec(),
        sbom: b"{\"bomFormat\":\"CycloneDX\"}".to_vec(),
        files: vec![
            ArchiveFile::file("bin/tool".to_owned(), true, b"#!/bin/sh\n".to_vec()),
            ArchiveFile::link("bin/too".to_owned(), "tool".to_owned()),
            ArchiveFile::file(format!("deep/{}/x", "y".repeat(200)), false, Vec::new()),
            ArchiveFile::link("lib".to_owned(), "bin".to_owned()),
        ],
    }
    .sorted()
}

impl Archive {
    fn sorted(mut self) -> Self {
        self.files.sort_by(|a, b| a.entry.path.as_bytes().cmp(b.entry.path.as_bytes()));
        self
    }
}

/// The bytes of a tar whose entries are made by `more`, after what stands in front.
fn made(more: impl FnOnce(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, SIGNATURES, 0o644, b"");
    add(&mut builder, SBOM, 0o644, b"");
    more(&mut builder);
    packed(&builder.into_inner().unwrap())
}

fn packed(tar: &[u8]) -> Vec<u8> {
    compress_to_vec(tar, CompressionLevel::Fastest)
}

fn header(mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_mode(mode);
    header.set_size(size as u64);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// An entry of any name, also of those that the library would not write.
fn add(builder: &mut Builder<Vec<u8>>, path: &str, mode: u32, bytes: &[u8]) {
    let mut header = header(mode, bytes.len());
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
}

fn link(builder: &mut Builder<Vec<u8>>, kind: EntryType, path: &str, target: &str) {
    let mut header = header(0o777, 0);
    header.set_entry_type(kind);
    header.set_path(path).unwrap();
    header.set_link_name_literal(target).unwrap();
    header.set_cksum();
    builder.append(&header, &b""[..]).unwrap();
}

#[test]
fn an_archive_comes_back_as_it_was_and_is_the_same_twice() {
    let archive = sample();
    let bytes = archive.to_bytes().unwrap();
    assert_eq!(Archive::parse(&bytes).unwrap(), archive);
    assert_eq!(bytes, archive.to_bytes().unwrap());
}

#[test]
fn who_packed_when_and_where_makes_no_difference() {
    let pack = |setting: u32| {
        let folder = tempfile::tempdir().unwrap();
        for path in ["b", "a.js", ".git/config", "sub/.git/x"] {
            let place = folder.path().join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, path).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(0o600 | setting)).unwrap();
        }
        Archive::of_folder(folder.path()).unwrap()
    };
    let (one, other) = (pack(0), pack(0o044));
    assert_eq!(one.to_bytes().unwrap(), other.to_bytes().unwrap());
    let paths: Vec<&str> = one.files.iter().map(|file| file.entry.path.as_str()).collect();
    assert_eq!(paths, ["a.js", "b"], "a working copy's own files are left out");
}

#[test]
fn a_path_that_could_go_anywhere_else_is_refused() {
    for path in [
        "package/../x",
        "package//x",
        "package/./x",
        "/package/x",
        "other/x",
        "package/",
        "package/a\\b",
        "package/C:x",
        "package/a\nb",
        "../package/x",
        "x",
    ] {
        let bytes = made(|builder| add(builder, path, 0o644, b"x"));
        let outcome = Archive::parse(&bytes);
        assert!(matches!(outcome, Err(ArchiveError::Path { .. })), "{path:?}: {outcome:?}");
    }
}

#[test]
fn two_files_that_are_one_on_some_machine_are_refused() {
    for paths in [
        ["package/a", "package/a"],
        ["package/A", "package/a"],
        ["package/D/x", "package/d/y"],
        ["package/a", "package/a/b"],
    ] {
        let bytes = made(|builder| {
            for path in paths {
                add(builder, path, 0o644, b"x");
            }
        });
        let outcome = Archive::parse(&bytes);
        assert!(matches!(outcome, Err(ArchiveError::Path { .. })), "{paths:?}: {outcome:?}");
    }
}

#[test]
fn a_link_leads_to_a_file_of_the_package_and_by_no_other_link() {
    for (path, target) in [
        ("package/l", "/etc/passwd"),
        ("package/l", "../../etc/passwd"),
        ("package/d/l", "../../x"),
        ("package/l", "d/../f"),
        ("package/l", "m"),
        ("package/l", "m/f"),
        ("package/l", "nothing"),
        ("package/l", "./f"),
        ("package/l", ""),
    ] {
        let bytes = made(|builder| {
            add(builder, "package/d/f", 0o644, b"x");
            if path == "package/d/l" {
                link(builder, EntryType::Symlink, path, target);
            }
            add(builder, "package/f", 0o644, b"x");
            if path == "package/l" {
                link(builder, EntryType::Symlink, path, target);
            }
            link(builder, EntryType::Symlink, "package/m", "d");
        });
        let outcome = Archive::parse(&bytes);
        assert!(
            matches!(outcome, Err(ArchiveError::Link { .. })),
            "{path} -> {target}: {outcome:?}"
        );
    }
    let bytes = made(|builder| {
        link(builder, EntryType::Symlink, "package/l", "/tmp");
        add(builder, "package/l/f", 0o644, b"x");
    });
    assert!(Archive::parse(&bytes).is_err(), "through a link");
    let bytes = made(|builder| {
        add(builder, "package/d/f", 0o644, b"x");
        link(builder, EntryType::Symlink, "package/l", "d");
        add(builder, "package/l/f", 0o644, b"x");
    });
    assert!(matches!(Archive::parse(&bytes), Err(ArchiveError::Path { .. })), "through a link");
}

#[test]
fn devices_pipes_hard_links_and_folders_are_refused() {
    for kind in [
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::Directory,
        EntryType::XGlobalHeader,
        EntryType::Continuous,
    ] {
        let bytes = made(|builder| {
            add(builder, "package/a", 0o644, b"x");
            link(builder, kind, "package/b", "package/a");
        });
        assert!(Archive::parse(&bytes).is_err(), "{kind:?}");
    }
}

#[test]
fn what_is_written_in_another_way_is_refused() {
    let mut archive = sample();
    archive.files.retain(|file| file.entry.link.is_none());
    let mut tar = Vec::new();
    archive.write_tar(&mut tar).unwrap();
    assert!(Archive::parse(&packed(&tar)).is_ok());
    // A byte in any header or padding that means nothing to a reader.
    let mut refused = 0;
    for at in 0..tar.len() {
        let mut other = tar.clone();
        other[at] ^= 1;
        match Archive::parse(&packed(&other)) {
            Err(_) => refused += 1,
            Ok(read) => assert_ne!(read, archive, "byte {at} means nothing and is taken"),
        }
    }
    assert!(refused > tar.len() / 2, "{refused} of {}", tar.len());
    let more = [tar.as_slice(), &[0; 512]].concat();
    assert!(matches!(Archive::parse(&packed(&more)), Err(ArchiveError::NotCanonical)));
    let more = [packed(&tar), b"x".to_vec()].concat();
    assert!(Archive::parse(&more).is_err(), "bytes after the end");
    let more = [packed(&tar), packed(&tar)].concat();
    assert!(Archive::parse(&more).is_err(), "two archives");
    let turned = made(|builder| {
        add(builder, "package/b", 0o644, b"x");
        add(builder, "package/a", 0o644, b"x");
    });
    assert!(matches!(Archive::parse(&turned), Err(ArchiveError::NotCanonical)));
    let mode = made(|builder| add(builder, "package/a", 0o4755, b"x"));
    assert!(matches!(Archive::parse(&mode), Err(ArchiveError::NotCanonical)), "setuid");
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let zeros = vec![0; 20 << 20];
    let bytes = made(|builder| add(builder, "package/a", 0o644, &zeros));
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    assert!(matches!(Archive::parse(&bytes), Err(ArchiveError::TooLarge(_))));
}

#[test]
fn a_folder_with_a_way_out_is_not_packed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "a").unwrap();
    symlink("/etc/passwd", folder.path().join("l")).unwrap();
    let outcome = Archive::of_folder(folder.path());
    assert!(matches!(outcome, Err(ArchiveError::Link { .. })), "{outcome:?}");
}

#[test]
fn the_bill_of_materials_names_what_is_installed_and_what_the_lock_names() {
    let text = |path: &str, text: &str| {
        ArchiveFile::file(path.to_owned(), false, text.as_bytes().to_vec())
    };
    let integrity = format!("sha512-{}==", "A".repeat(86));
    let lock = format!(
        r#"{{"packages":{{"":{{"version":"9"}},"node_modules/a":{{"version":"1.0.0","integrity":"{integrity}"}},"node_modules/a/node_modules/@s/b":{{"version":"2.0.0","license":"MIT"}}}}}}"#
    );
    let archive = Archive {
        files: vec![
            text(
                "node_modules/a/package.json",
                r#"{"name":"a","version":"1.0.0","license":"ISC"}"#,
            ),
            text("node_modules/a/test/package.json", r#"{"name":"no","version":"1.0.0"}"#),
            text("node_modules/broken/package.json", "{"),
            text("package-lock.json", &lock),
            text("site/My_Lib.dist-info/METADATA", "Name: My_Lib\nVersion: 3\n\nName: not\n"),
        ],
        ..sample()
    };
    let bytes = archive.bill_of_materials("tool", Some("1.2.3")).unwrap();
    let bill: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(bill["metadata"]["component"]["name"], "tool");
    let components = bill["components"].as_array().unwrap();
    let names: Vec<&str> = components.iter().map(|one| one["purl"].as_str().unwrap()).collect();
    assert_eq!(names, ["pkg:npm/%40s/b@2.0.0", "pkg:npm/a@1.0.0", "pkg:pypi/my-lib@3"]);
    assert_eq!(components[1]["hashes"][0]["content"], "0".repeat(128));
    assert_eq!(components[1]["licenses"][0]["license"]["name"], "ISC");
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_come_back_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(Archive::parse(&packed(&bytes)).is_err());
        prop_assert!(Archive::parse(&bytes).is_err());
    }

    #[test]
    fn a_changed_archive_is_refused_or_is_another(at in 0_usize..4_000, bit in 0_u8..8) {
        let archive = sample();
        let mut bytes = archive.to_bytes().unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(other) = Archive::parse(&bytes) {
            // Only how it is packed may differ.
            prop_assert!(other == archive || other.to_bytes().unwrap() != archive.to_bytes().unwrap());
        }
    }
}
