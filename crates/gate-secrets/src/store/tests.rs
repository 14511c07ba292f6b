//! The store against mistakes, crashes and somebody who can write its files.

use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use tempfile::TempDir;

fn store() -> (TempDir, SecretStore) {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    (folder, SecretStore::new(home, KeyPlace::Home))
}

fn secret(text: &str) -> Secret {
    Secret::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn filled() -> (TempDir, SecretStore) {
    let (folder, store) = store();
    assert!(!store.set("API_KEY", &secret("first value")).unwrap());
    store.set("OTHER_KEY", &secret("other value")).unwrap();
    (folder, store)
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

fn given(byte: &str) -> KeyPlace {
    KeyPlace::Given("a test".into(), StoreKey::read(&byte.repeat(32)).unwrap())
}

fn text(store: &SecretStore) -> String {
    store.read("API_KEY").unwrap_err().to_string()
}

#[test]
fn a_value_that_was_set_is_read_listed_replaced_and_removed() {
    let (_folder, store) = filled();
    assert_eq!(*store.read("API_KEY").unwrap(), "first value");
    let source = StoreSource::new(store.clone(), "API_KEY".into());
    assert_eq!(*source.read().unwrap(), "first value");
    assert!(store.set("API_KEY", &secret("second value")).unwrap());
    assert_eq!(*source.read().unwrap(), "second value", "it counts from the next use on");
    let names: Vec<_> = store.list().unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["API_KEY", "OTHER_KEY"]);
    store.remove("API_KEY").unwrap();
    let error = source.read().unwrap_err().to_string();
    assert!(error.contains("ringfence secret set API_KEY"), "{error}");
    assert!(matches!(store.remove("API_KEY"), Err(StoreError::Unknown { .. })));
}

#[test]
fn files_and_folders_are_for_their_owner_alone_and_hold_no_value() {
    let (_folder, store) = filled();
    for (name, wanted) in [
        ("", 0o700),
        ("secrets.json", 0o600),
        ("secrets.lock", 0o600),
        ("keys", 0o700),
        ("keys/secrets.key", 0o600),
    ] {
        assert_eq!(mode(&store.home.join(name)), wanted, "{name}");
    }
    let bytes = fs::read(store.home.join("secrets.json")).unwrap();
    assert!(!String::from_utf8(bytes).unwrap().contains("value"));
    for name in ["secrets.json", "keys/secrets.key"] {
        let path = store.home.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(text(&store).contains("can be read by others"), "{}", text(&store));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn looking_for_a_secret_that_nobody_set_makes_no_store_and_no_key() {
    let (_folder, store) = store();
    assert!(store.read("API_KEY").is_err() && store.remove("API_KEY").is_err());
    assert!(store.list().unwrap().is_empty());
    assert!(matches!(store.rotate(None), Err(StoreError::Empty)));
    assert!(!store.home.join("secrets.json").exists() && !store.home.join("keys").exists());
}

#[test]
fn a_wrong_or_lost_key_opens_nothing_and_changes_nothing() {
    let (_folder, store) = filled();
    let before = fs::read(store.home.join("secrets.json")).unwrap();
    let wrong = SecretStore::new(store.home.clone(), given("07"));
    assert!(text(&wrong).contains("another key than that in a test"), "{}", text(&wrong));
    assert!(wrong.set("API_KEY", &secret("third value")).is_err());
    assert!(wrong.list().is_err() && wrong.rotate(Some(&given("08"))).is_err());
    fs::remove_file(store.home.join("keys/secrets.key")).unwrap();
    assert!(text(&store).contains("is missing"), "{}", text(&store));
    assert!(store.set("API_KEY", &secret("third value")).is_err());
    assert_eq!(fs::read(store.home.join("secrets.json")).unwrap(), before);
}

#[test]
fn a_store_that_somebody_changed_is_neither_read_nor_written() {
    let (_folder, store) = filled();
    let path = store.home.join("secrets.json");
    let good = fs::read_to_string(&path).unwrap();
    let renamed = good.replace("OTHER_KEY", "ZZZZZ_KEY");
    let swapped = good
        .replace("API_KEY", "TEMPORARY")
        .replace("OTHER_KEY", "API_KEY")
        .replace("TEMPORARY", "OTHER_KEY");
    let cut: String = good.chars().take(good.len() / 2).collect();
    for bad in
        [renamed, swapped, cut, String::new(), good.replace("\"generation\":2", "\"generation\":1")]
    {
        fs::write(&path, &bad).unwrap();
        assert!(text(&store).contains("is damaged or was changed"), "{}", text(&store));
        assert!(store.set("NEW_KEY", &secret("new value")).is_err(), "it would be sealed");
        assert!(store.rotate(None).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), bad);
    }
}

#[test]
fn an_older_file_as_a_whole_is_not_noticed_and_that_is_written_down() {
    let (_folder, store) = filled();
    let path = store.home.join("secrets.json");
    let old = fs::read(&path).unwrap();
    store.set("API_KEY", &secret("second value")).unwrap();
    fs::write(&path, &old).unwrap();
    assert_eq!(*store.read("API_KEY").unwrap(), "first value");
    // A rotation ends that: the old file has the old key.
    store.rotate(None).unwrap();
    fs::write(&path, &old).unwrap();
    assert!(text(&store).contains("another key"), "{}", text(&store));
}

#[test]
fn a_link_or_a_pipe_in_place_of_a_file_is_refused() {
    for name in ["secrets.json", "keys/secrets.key", "secrets.lock", "keys"] {
        let (folder, store) = filled();
        let (path, moved) = (store.home.join(name), folder.path().join("moved"));
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        let error = store.set("API_KEY", &secret("third value")).unwrap_err().to_string();
        assert!(error.contains("is a symbolic link"), "{name}: {error}");
        fs::remove_file(&path).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert!(store.set("API_KEY", &secret("third value")).is_err(), "{name}");
    }
}

#[test]
fn writers_at_the_same_moment_lose_nothing() {
    let (_folder, store) = store();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for number in 0..8 {
                    store.set(&format!("KEY_{writer}_{number}"), &secret("some value")).unwrap();
                }
            });
        }
        for _ in 0..20 {
            store.list().unwrap();
        }
    });
    assert_eq!(store.list().unwrap().len(), 32);
}

#[test]
fn a_crash_between_writing_and_renaming_leaves_the_old_store() {
    let (_folder, store) = filled();
    fs::write(store.home.join("secrets.json.new"), "{\"body\":{\"version\":1,").unwrap();
    assert_eq!(*store.read("API_KEY").unwrap(), "first value");
    store.set("API_KEY", &secret("second value")).unwrap();
    assert_eq!(*store.read("API_KEY").unwrap(), "second value");
    assert!(!store.home.join("secrets.json.new").exists());
}

#[test]
fn a_rotation_changes_the_key_and_every_ciphertext() {
    let (_folder, store) = filled();
    let file = |name: &str| fs::read(store.home.join(name)).unwrap();
    let (old_key, old_store) = (file("keys/secrets.key"), file("secrets.json"));
    assert_eq!(store.rotate(None).unwrap(), 2);
    assert_ne!(file("keys/secrets.key"), old_key);
    assert_eq!(*store.read("API_KEY").unwrap(), "first value");
    let old_id = StoreFile::parse(&old_store).unwrap().body.key;
    assert!(!String::from_utf8(file("secrets.json")).unwrap().contains(&old_id));
    assert_eq!(fs::read_dir(store.home.join("keys")).unwrap().count(), 1);
}

#[test]
fn a_rotation_interrupted_at_any_point_loses_nothing_and_is_ended_by_the_next_change() {
    for store_was_written in [false, true] {
        let (_folder, store) = filled();
        let next = StoreKey::generate().unwrap();
        let (old, key) = store.load().unwrap().unwrap();
        place::put_next(&store.home, &next).unwrap();
        if store_was_written {
            store.write(store.encrypted_anew(&old.body, &key, &next).unwrap(), &next).unwrap();
        }
        assert_eq!(*store.read("API_KEY").unwrap(), "first value");
        store.set("API_KEY", &secret("second value")).unwrap();
        assert!(!store.home.join("keys/secrets.key.next").exists());
        assert_eq!(*store.read("API_KEY").unwrap(), "second value");
        let wanted = if store_was_written { next.id() } else { key.id() };
        assert_eq!(store.load().unwrap().unwrap().1.id(), wanted);
    }
}

#[test]
fn readers_never_fail_while_somebody_rotates() {
    let (_folder, store) = filled();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                assert_eq!(*store.read("API_KEY").unwrap(), "first value");
            }
        });
        for _ in 0..20 {
            store.rotate(None).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn a_key_from_elsewhere_is_rotated_to_one_from_elsewhere_only() {
    let (_folder, home_store) = filled();
    let home = home_store.home.clone();
    home_store.rotate(Some(&given("07"))).unwrap();
    assert!(!home.join("keys/secrets.key").exists(), "it opens old copies and nothing else");
    let store = SecretStore::new(home.clone(), given("07"));
    assert_eq!(*store.read("API_KEY").unwrap(), "first value");
    let error = store.rotate(None).unwrap_err().to_string();
    assert!(error.contains(NEW_KEY_VARIABLE), "{error}");
    assert!(matches!(store.rotate(Some(&given("07"))), Err(StoreError::SameKey)));
    store.rotate(Some(&given("08"))).unwrap();
    assert!(store.read("API_KEY").is_err());
    assert_eq!(*SecretStore::new(home, given("08")).read("API_KEY").unwrap(), "first value");
}

#[test]
fn a_variable_goes_before_a_file_and_one_that_holds_no_key_is_never_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, "08".repeat(32)).unwrap();
    let place = |key: Option<&str>, file: Option<&Path>| {
        KeyPlace::from_environment(|name| match name {
            KEY_VARIABLE => key.map(Into::into),
            KEY_FILE_VARIABLE => file.map(Into::into),
            _ => None,
        })
    };
    let hex = "07".repeat(32);
    assert!(matches!(place(Some(&hex), Some(&path)), Ok(KeyPlace::Given(..))));
    assert!(matches!(place(None, None), Ok(KeyPlace::Home)));
    for bad in ["", "password", &"07".repeat(31)] {
        let error = place(Some(bad), Some(&path)).unwrap_err().to_string();
        assert!(error.contains(KEY_VARIABLE) && error.contains("32 bytes"), "{error}");
        assert!(bad.is_empty() || !error.contains(bad), "{error}");
    }
    let file = place(None, Some(&path)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let home = folder.path().join("home");
    assert!(file.keys(&home).unwrap_err().to_string().contains("chmod 600"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
    assert_eq!(file.keys(&home).unwrap().len(), 1);
}
