use crate::{World, admitted, path_text};
use ringfence_gate_files::{EntryKind, Files, FilesError};
use ringfence_permission::{FilesRead, decide};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

#[test]
fn a_link_out_of_the_folder_is_not_followed_by_any_operation() {
    let world = World::new();
    symlink(&world.outside, world.inside.join("dir")).unwrap();
    symlink(world.outside.join("secret"), world.inside.join("file")).unwrap();
    symlink("../out/secret", world.inside.join("relative")).unwrap();
    let link = |result: Result<(), FilesError>| {
        assert!(matches!(result, Err(FilesError::SymbolicLink)), "{result:?}");
    };
    for rest in ["dir/secret", "file", "relative"] {
        link(world.read(rest).map(drop));
        link(world.replace(rest, b"x"));
        link(world.append(rest, b"x"));
        link(world.delete(rest));
    }
    link(world.list("dir").map(drop));
    link(world.stat("dir/secret").map(drop));
    link(world.replace("dir/new", b"x"));
    link(world.append("dir/new", b"x"));
    link(world.make_folder("dir/new"));
    assert!(world.make_folder("file").is_err());
    assert_eq!(world.kind("file"), EntryKind::SymbolicLink);
    assert_eq!(world.names(), ["dir", "file", "relative"]);
    assert!(world.outside_is_untouched());
}

#[test]
fn a_link_that_stays_inside_is_not_followed_either() {
    let world = World::new();
    world.replace("a", b"x").unwrap();
    symlink("a", world.inside.join("b")).unwrap();
    assert!(matches!(world.read("b"), Err(FilesError::SymbolicLink)));
}

#[test]
fn a_dangling_link_creates_nothing_at_its_end() {
    let world = World::new();
    symlink(world.outside.join("new"), world.inside.join("a")).unwrap();
    assert!(world.replace("a", b"x").is_err());
    assert!(world.append("a", b"x").is_err());
    assert!(world.make_folder("a").is_err());
    assert!(world.outside_is_untouched());
}

#[test]
fn dots_and_absolute_paths_get_no_permit() {
    let world = World::new();
    for path in [
        world.path("../out/secret"),
        world.path("./a"),
        world.path("a/../../out/secret"),
        path_text(&world.outside.join("secret")),
        "/proc/self/root/etc/passwd".into(),
        world.path("a\0b"),
    ] {
        assert!(decide::<FilesRead>(world.admitted.grants(), &path, 0).is_err(), "{path}");
    }
}

#[test]
fn a_fifo_neither_blocks_nor_opens() {
    let world = World::new();
    mknodat(CWD, world.inside.join("fifo"), FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    let started = Instant::now();
    assert!(matches!(world.read("fifo"), Err(FilesError::NotAFile)));
    assert!(matches!(world.replace("fifo", b"x"), Err(FilesError::NotAFile)));
    assert!(matches!(world.append("fifo", b"x"), Err(FilesError::NotAFile)));
    assert!(matches!(world.delete("fifo"), Err(FilesError::NotAFile)));
    assert_eq!(world.kind("fifo"), EntryKind::Other);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(world.names(), ["fifo"]);
}

#[test]
fn a_socket_is_not_connected_to() {
    let world = World::new();
    let _listener = UnixListener::bind(world.inside.join("socket")).unwrap();
    assert!(matches!(world.read("socket"), Err(FilesError::NotAFile)));
    assert!(matches!(world.append("socket", b"x"), Err(FilesError::NotAFile)));
}

#[test]
fn a_device_node_is_not_opened() {
    let world = World::new();
    // /dev/zero; only root can make one.
    let made = mknodat(
        CWD,
        world.inside.join("zero"),
        FileType::CharacterDevice,
        Mode::from_raw_mode(0o666),
        rustix::fs::makedev(1, 5),
    );
    if made.is_err() {
        return;
    }
    assert!(matches!(world.read("zero"), Err(FilesError::NotAFile)));
    assert!(matches!(world.replace("zero", b"x"), Err(FilesError::NotAFile)));
    assert!(matches!(world.append("zero", b"x"), Err(FilesError::NotAFile)));
}

#[test]
fn a_file_with_a_second_name_is_not_written_through() {
    let world = World::new();
    std::fs::hard_link(world.outside.join("secret"), world.inside.join("a")).unwrap();
    assert!(matches!(world.replace("a", b"x"), Err(FilesError::HardLinked)));
    assert!(matches!(world.append("a", b"x"), Err(FilesError::HardLinked)));
    assert!(world.outside_is_untouched());
}

#[test]
fn a_grant_of_everything_ends_where_another_file_system_is_mounted() {
    let everything = admitted("demo", &["files.read /**".to_owned()]);
    let files = Files::open(everything.grants()).unwrap();
    for path in ["/proc/self/environ", "/proc/self/mem", "/sys/kernel/notes"] {
        let permit = decide::<FilesRead>(everything.grants(), path, 0).unwrap();
        let error = files.read(permit, 0, 10).unwrap_err();
        assert!(matches!(error, FilesError::OtherMount), "{path}: {error}");
    }
}

#[test]
fn the_kernels_own_state_cannot_be_granted_as_a_folder() {
    for folder in ["/proc", "/proc/self", "/sys", "/sys/kernel"] {
        let grants = admitted("demo", &[format!("files.read {folder}/**")]);
        let error = Files::open(grants.grants()).unwrap_err();
        assert!(
            matches!(error, FilesError::RootIsKernelState { .. } | FilesError::RootIsLink { .. }),
            "{folder}: {error}"
        );
    }
}

#[test]
fn a_granted_folder_that_became_a_link_is_refused_at_the_start() {
    let world = World::new();
    symlink(&world.outside, world.inside.join("dir")).unwrap();
    let grants = admitted("demo", &[format!("files.read {}/**", world.path("dir"))]);
    assert!(matches!(Files::open(grants.grants()), Err(FilesError::RootIsLink { .. })));
}

#[test]
fn a_granted_folder_replaced_by_a_link_after_the_start_stays_the_old_one() {
    let world = World::new();
    world.replace("a", b"inside").unwrap();
    let moved = world.inside.with_extension("moved");
    std::fs::rename(&world.inside, &moved).unwrap();
    symlink(&world.outside, &world.inside).unwrap();
    assert_eq!(world.read("a").unwrap().bytes, b"inside");
    assert!(matches!(world.read("secret"), Err(FilesError::NotFound)));
}

#[test]
fn the_granted_folder_itself_cannot_be_replaced_or_deleted() {
    let world = World::new();
    for result in [world.delete(""), world.replace("", b"x"), world.make_folder("")] {
        assert!(matches!(result, Err(FilesError::GrantedFolder)));
    }
    assert!(world.inside.is_dir());
}

#[test]
fn a_permit_of_another_instance_opens_nothing() {
    let world = World::new();
    world.replace("a", b"x").unwrap();
    let other = admitted("other", &[format!("files.read {}/**", world.inside.display())]);
    let path = world.path("a");
    let permit = decide::<FilesRead>(other.grants(), &path, 0).unwrap();
    assert!(matches!(world.files.read(permit, 0, 10), Err(FilesError::ForeignPermit)));
}

#[test]
fn very_long_names_are_an_answer() {
    let world = World::new();
    let long = "n".repeat(300);
    assert!(matches!(world.replace(&long, b"x"), Err(FilesError::NameTooLong)));
    assert!(matches!(world.read(&long), Err(FilesError::NameTooLong)));
    let deep = "d/".repeat(1500) + "a";
    assert!(world.read(&deep).is_err());
}

#[test]
fn names_that_are_no_text_are_counted_and_left_out() {
    let world = World::new();
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    std::fs::write(world.inside.join(name), "").unwrap();
    std::fs::write(world.inside.join("a"), "").unwrap();
    let listing = world.list("").unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert_eq!(listing.unreadable, 1);
}
