use super::extract::extract;
use super::{Packed, PackedError};
use ringfence_package::{Archive, ArchiveFile};
use ringfence_signing::{KeyKind, Publishers, Scheme, SigningKey, Standing};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

fn sample() -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    fs::write(folder.path().join("bin/tool"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(folder.path().join("bin/tool"), fs::Permissions::from_mode(0o711)).unwrap();
    symlink("bin", folder.path().join("lib")).unwrap();
    symlink("tool", folder.path().join("bin/too")).unwrap();
    let archive = Archive::of_folder(folder.path()).unwrap();
    (folder, archive)
}

#[test]
fn what_was_packed_is_unpacked_as_it_was() {
    let (folder, archive) = sample();
    let out = folder.path().join("out");
    extract(&archive, &out).unwrap();
    assert_eq!(fs::read_to_string(out.join("lib/too")).unwrap(), "#!/bin/sh\n");
    assert_eq!(fs::metadata(out.join("bin/tool")).unwrap().permissions().mode() & 0o7777, 0o755);
    assert_eq!(Archive::of_folder(&out).unwrap().files, archive.files);
    assert!(extract(&archive, &out).is_err(), "never into what is there");
    assert!(extract(&archive, Path::new("/proc/self/nowhere")).is_err());
}

#[test]
fn an_archive_that_was_made_by_hand_is_looked_at_again() {
    let (folder, mut archive) = sample();
    let file = archive.files.last().unwrap().clone();
    let path = "../outside".to_owned();
    let entry = ringfence_types::FileEntry { path, link: None, ..file.entry };
    archive.files.push(ArchiveFile { entry, bytes: Vec::new() });
    assert!(extract(&archive, &folder.path().join("out")).is_err());
    assert!(!folder.path().join("outside").exists());
}

const MANIFEST: &str = "name: tool\nversion: 1.0.0\nruntime: python\nentry: main.py\n";

#[test]
fn the_key_that_signs_is_not_packed_with_what_it_signs() {
    let folder = tempfile::tempdir().unwrap();
    let (key, text) = SigningKey::generate(KeyKind::Ed25519).unwrap();
    let (other, _) = SigningKey::generate(KeyKind::Ed25519).unwrap();
    fs::write(folder.path().join("plugin.yaml"), MANIFEST).unwrap();
    fs::write(folder.path().join("main.py"), "print(1)\n").unwrap();
    fs::create_dir(folder.path().join("keys")).unwrap();
    fs::write(folder.path().join("keys/acme"), text.as_bytes()).unwrap();
    let mut packed = Packed::of_folder(folder.path()).unwrap();
    let error = packed.sign(&key, Scheme::Ed25519).unwrap_err();
    assert!(matches!(&error, PackedError::SecretKey(path) if path == "keys/acme"), "{error}");
    let standing = |packed: &Packed| packed.vouched(&Publishers::default(), 0).standing;
    assert_eq!(standing(&packed), Standing::Absent, "nothing was signed");
    assert!(packed.sign(&other, Scheme::Ed25519).is_ok(), "what else is in it is its owner's");
}

#[test]
fn what_was_packed_and_signed_reads_as_signed_or_was_not_packed() {
    let folder = tempfile::tempdir().unwrap();
    let (key, _) = SigningKey::generate(KeyKind::Ed25519).unwrap();
    fs::write(folder.path().join("main.py"), "print(1)\n").unwrap();
    // Its name would be that of the folder, and another one wherever it is unpacked.
    let error = Packed::of_folder(folder.path()).unwrap_err();
    assert!(matches!(error, PackedError::Nameless(_)), "{error}");
    fs::write(folder.path().join("plugin.yaml"), MANIFEST).unwrap();
    let mut packed = Packed::of_folder(folder.path()).unwrap();
    packed.sign(&key, Scheme::Ed25519).unwrap();
    let packed = Packed::parse(&packed.to_bytes().unwrap()).unwrap();
    let standing = packed.vouched(&Publishers::default(), 0).standing;
    assert_eq!(standing, Standing::Unknown { keys: vec![key.public().id()] });
}
