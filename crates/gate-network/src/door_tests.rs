//! Sockets of the host come and go without harm to anything that is there.

use super::*;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};

fn publish(at: Place) -> Publish {
    Publish { port: NonZeroU16::new(8080).unwrap(), at }
}

#[test]
fn a_published_socket_is_for_its_owner_alone_and_goes_with_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let door = Door::open(&publish(Place::Unix(path.clone()))).unwrap();
    let meta = fs::symlink_metadata(&path).unwrap();
    assert!(meta.file_type().is_socket());
    assert_eq!(meta.permissions().mode() & 0o7777, 0o600);
    drop(door);
    assert!(!path.exists());
}

#[test]
fn what_has_the_path_already_is_neither_replaced_nor_removed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "precious").unwrap();
    std::os::unix::fs::symlink(at("nothing"), at("link")).unwrap();
    let other = UnixListener::bind(at("socket")).unwrap();
    for name in ["file", "link", "socket"] {
        let refused = Door::open(&publish(Place::Unix(at(name)))).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse, "{name}");
    }
    assert_eq!(fs::read_to_string(at("file")).unwrap(), "precious");
    assert!(fs::symlink_metadata(at("link")).is_ok() && !at("nothing").exists());
    drop(other);
    assert!(at("socket").exists());
}

#[test]
fn what_took_the_place_of_the_socket_stays_when_the_door_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let door = Door::open(&publish(Place::Unix(path.clone()))).unwrap();
    // Not removed first: the file system could use the number again at once.
    fs::rename(&path, folder.path().join("moved")).unwrap();
    fs::write(&path, "somebody else's").unwrap();
    drop(door);
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
}

#[test]
fn a_free_port_is_told_and_one_that_is_taken_is_refused() {
    let any = "127.0.0.1:0".parse().unwrap();
    let door = Door::open(&publish(Place::Loopback(any))).unwrap();
    let Place::Loopback(at) = door.at().clone() else { panic!("{door:?}") };
    assert_ne!(at.port(), 0);
    assert!(Door::open(&publish(Place::Loopback(at))).is_err());
}
