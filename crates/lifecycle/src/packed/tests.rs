use super::extract::extract;
use ringfence_package::{Archive, ArchiveFile};
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
