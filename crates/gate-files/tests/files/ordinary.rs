use crate::{FILE_BYTES, World, admitted, path_text};
use ringfence_gate_files::{EntryKind, Files, FilesError};
use ringfence_permission::{FilesRead, FilesWrite, decide};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

#[test]
fn what_is_written_is_read_back_and_listed_and_deleted() {
    let world = World::new();
    world.make_folder("notes").unwrap();
    world.replace("notes/a", b"one").unwrap();
    world.append("notes/a", b" two").unwrap();
    let content = world.read("notes/a").unwrap();
    assert_eq!(content.bytes, b"one two");
    assert!(content.at_end);
    assert_eq!(content.size, 7);
    let listing = world.list("notes").unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert_eq!(listing.entries[0].name, "a");
    assert_eq!(listing.entries[0].kind, EntryKind::File);
    assert_eq!(world.stat("notes/a").unwrap().size, 7);
    assert_eq!(world.kind("notes"), EntryKind::Folder);
    assert!(matches!(world.delete("notes"), Err(FilesError::NotEmpty)));
    world.delete("notes/a").unwrap();
    world.delete("notes").unwrap();
    assert!(world.names().is_empty());
}

#[test]
fn a_read_gives_the_part_that_was_asked_for_and_no_more() {
    let world = World::new();
    std::fs::write(world.inside.join("a"), "0123456789").unwrap();
    let path = world.path("a");
    let part = |offset, max| {
        let permit = decide::<FilesRead>(world.admitted.grants(), &path, 0).unwrap();
        let content = world.files.read(permit, offset, max).unwrap();
        (String::from_utf8(content.bytes).unwrap(), content.at_end)
    };
    assert_eq!(part(0, 4), ("0123".into(), false));
    assert_eq!(part(4, 6), ("456789".into(), true));
    assert_eq!(part(4, 5), ("45678".into(), false));
    assert_eq!(part(10, 5), (String::new(), true));
    assert_eq!(part(u64::MAX, 5), (String::new(), true));
    assert_eq!(part(0, 0), (String::new(), false));
}

#[test]
fn a_long_file_is_read_whole() {
    let world = World::new();
    let long = vec![b'x'; 300_000];
    std::fs::write(world.inside.join("a"), &long).unwrap();
    let path = world.path("a");
    let permit = decide::<FilesRead>(world.admitted.grants(), &path, 0).unwrap();
    let content = world.files.read(permit, 0, 1_000_000).unwrap();
    assert_eq!(content.bytes, long);
    assert!(content.at_end);
}

#[test]
fn a_long_folder_is_listed_page_by_page_without_a_gap() {
    let world = World::new();
    for number in 0..25 {
        std::fs::write(world.inside.join(format!("f{number:02}")), "").unwrap();
    }
    let path = path_text(&world.inside);
    let (mut names, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let permit = decide::<FilesRead>(world.admitted.grants(), &path, 0).unwrap();
        let page = world.files.list(permit, after.as_deref(), 10).unwrap();
        names.extend(page.entries.into_iter().map(|entry| entry.name));
        pages += 1;
        if !page.more {
            break;
        }
        after = names.last().cloned();
    }
    assert_eq!(pages, 3);
    assert_eq!(names, world.names());
}

#[test]
fn a_file_over_the_limit_is_refused_and_the_old_one_stays() {
    let world = World::new();
    let limit = usize::try_from(FILE_BYTES).unwrap();
    world.replace("a", b"old").unwrap();
    let error = world.replace("a", &vec![0; limit + 1]).unwrap_err();
    assert!(matches!(error, FilesError::TooLarge { limit: FILE_BYTES }));
    assert_eq!(world.read("a").unwrap().bytes, b"old");
    world.replace("a", &vec![b'x'; limit]).unwrap();
    assert!(matches!(world.append("a", b"y"), Err(FilesError::TooLarge { .. })));
    assert_eq!(world.stat("a").unwrap().size, FILE_BYTES);
    assert_eq!(world.names(), ["a"]);
}

#[test]
fn two_appends_at_once_cannot_pass_the_limit_together() {
    let world = World::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let _ = world.append("a", b"0123456789");
                }
            });
        }
    });
    assert_eq!(world.stat("a").unwrap().size, FILE_BYTES);
}

#[test]
fn replacing_keeps_the_permission_bits_and_the_owner_and_never_setuid() {
    let world = World::new();
    let file = world.inside.join("a");
    std::fs::write(&file, "old").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o4750)).unwrap();
    let as_root = rustix::process::geteuid().is_root();
    if as_root {
        std::os::unix::fs::chown(&file, Some(1234), Some(1235)).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o4750)).unwrap();
    }
    world.replace("a", b"new").unwrap();
    let meta = std::fs::metadata(&file).unwrap();
    assert_eq!(meta.mode() & 0o7777, 0o750);
    if as_root {
        assert_eq!((meta.uid(), meta.gid()), (1234, 1235));
    }
}

#[test]
fn a_new_file_belongs_to_the_owner_of_its_folder() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let world = World::new();
    std::os::unix::fs::chown(&world.inside, Some(1234), Some(1235)).unwrap();
    world.replace("a", b"x").unwrap();
    world.append("b", b"x").unwrap();
    world.make_folder("c").unwrap();
    for name in ["a", "b", "c"] {
        let meta = std::fs::metadata(world.inside.join(name)).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (1234, 1235), "{name}");
    }
}

#[test]
fn a_grant_of_one_file_reaches_that_file_and_nothing_beside_it() {
    let world = World::new();
    std::fs::write(world.inside.join("a"), "x").unwrap();
    let one = admitted("demo", &[format!("files.write {}", world.path("a"))]);
    let files = Files::open(one.grants()).unwrap();
    let path = world.path("a");
    let permit = decide::<FilesWrite>(one.grants(), &path, 0).unwrap();
    files.replace(permit, b"y").unwrap();
    assert_eq!(std::fs::read(world.inside.join("a")).unwrap(), b"y");
    assert!(decide::<FilesWrite>(one.grants(), &world.path("b"), 0).is_err());
    assert!(decide::<FilesWrite>(one.grants(), &path_text(&world.inside), 0).is_err());
}

#[test]
fn a_failed_write_leaves_no_temporary_file() {
    let world = World::new();
    world.make_folder("a").unwrap();
    assert!(matches!(world.replace("a", b"x"), Err(FilesError::NotAFile)));
    assert!(matches!(world.replace("no/a", b"x"), Err(FilesError::NotFound)));
    assert_eq!(world.names(), ["a"]);
}

#[test]
fn what_does_not_fit_gets_its_own_answer() {
    let world = World::new();
    world.replace("a", b"x").unwrap();
    assert!(matches!(world.read("b"), Err(FilesError::NotFound)));
    assert!(matches!(world.delete("b"), Err(FilesError::NotFound)));
    assert!(matches!(world.list("a"), Err(FilesError::NotAFolder)));
    assert!(matches!(world.read("a/b"), Err(FilesError::NotAFolder)));
    assert!(matches!(world.make_folder("a"), Err(FilesError::Exists)));
    assert!(matches!(world.append("no/a", b""), Err(FilesError::NotFound)));
}

#[test]
fn a_granted_folder_that_does_not_exist_is_named_before_the_plugin_starts() {
    let grants = admitted("demo", &["files.read /no/such/folder/**".to_owned()]);
    let error = Files::open(grants.grants()).unwrap_err();
    assert_eq!(error.to_string(), "the granted folder `/no/such/folder` cannot be opened");
}
