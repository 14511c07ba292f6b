//! The file: whose it is, and what an attacker or a broken disk makes of it.

use crate::{coming, home, name};
use ringfence_private::PrivateError;
use ringfence_store::{FILE, StateError, StateLock, StateStore};
use rusqlite::Connection;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

#[test]
fn what_was_written_is_there_when_the_file_is_opened_again() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    drop(home.store);
    let again = StateStore::open(home.folder.path()).unwrap();
    assert!(again.plugin(&name("tool")).unwrap().is_some());
}

#[test]
fn the_file_and_its_journal_are_for_this_user_alone() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(home.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert!(seen >= 2);
}

#[test]
fn a_file_that_is_a_link_or_that_others_can_read_is_not_opened() {
    let elsewhere = home();
    coming("evil", 1).install(&elsewhere.store).unwrap();
    for planted in [FILE, "state.sqlite-wal", "state.lock"] {
        let folder = tempfile::tempdir().unwrap();
        symlink(elsewhere.folder.path().join(FILE), folder.path().join(planted)).unwrap();
        let refused = match planted {
            "state.lock" => StateLock::take(folder.path()).err(),
            _ => StateStore::open(folder.path()).err(),
        };
        let refused = refused.unwrap_or_else(|| panic!("{planted} was opened"));
        assert!(
            matches!(refused, StateError::Private(PrivateError::NotPrivate { .. })),
            "{refused:?}"
        );
    }
    drop(elsewhere.store);
    let path = elsewhere.folder.path().join(FILE);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(
        StateStore::open(elsewhere.folder.path()),
        Err(StateError::Private(PrivateError::NotPrivate { .. }))
    ));
}

#[test]
fn a_database_of_another_program_is_left_exactly_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE plugin (id INTEGER, name TEXT)").unwrap();
    drop(connection);
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let before = fs::read(&path).unwrap();
    let refused = StateStore::open(folder.path());
    assert!(matches!(refused, Err(StateError::Foreign { .. })), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_damaged_file_is_named_as_such_wherever_the_damage_is() {
    let home = home();
    for number in 1..=60 {
        coming("tool", number).instead_of_last(number).install(&home.store).unwrap();
    }
    drop(home.store);
    let path = home.folder.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    let size = usize::from(u16::from_be_bytes([whole[16], whole[17]]));
    let mut refused = 0;
    for page in 0..whole.len() / size {
        let mut bytes = whole.clone();
        // The head of each page says what is in it.
        bytes[page * size..page * size + 24].fill(0xff);
        fs::write(&path, &bytes).unwrap();
        match StateStore::open(home.folder.path()) {
            Err(StateError::Damaged { path: named }) => {
                assert!(named.ends_with(FILE));
                refused += 1;
            }
            other => panic!("page {page}: {other:?}"),
        }
    }
    assert!(refused > 10, "{refused}");
    fs::write(&path, &whole).unwrap();
    StateStore::open(home.folder.path()).unwrap();
    fs::write(&path, "this is no database, whatever it is called".repeat(100)).unwrap();
    assert!(matches!(StateStore::open(home.folder.path()), Err(StateError::Damaged { .. })));
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let home = home();
    drop(home.store);
    let path = home.folder.path().join(FILE);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = StateStore::open(home.folder.path());
    assert!(matches!(refused, Err(StateError::NewerFormat { found: 99, .. })), "{refused:?}");
}

#[test]
fn a_row_that_nobody_of_ours_wrote_is_an_error_and_no_grant() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let path = home.folder.path().join(FILE);
    let other = Connection::open(&path).unwrap();
    other.execute("UPDATE permission SET capability = 'everything'", []).unwrap();
    let grants = home.store.grants(&name("tool"));
    assert!(matches!(grants, Err(StateError::Row { what: "capability" })), "{grants:?}");
    other.execute("UPDATE version SET content = 'sha256:'", []).unwrap();
    assert!(matches!(home.store.plugin(&name("tool")), Err(StateError::Row { what: "digest" })));
    // Another program need not hold the references.
    other.pragma_update(None, "foreign_keys", false).unwrap();
    other.execute("UPDATE instance SET current = 99", []).unwrap();
    assert!(home.store.plugin(&name("tool")).is_err());
}
