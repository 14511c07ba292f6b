//! Several at once.

use crate::{coming, digest, home, name, yes};
use ringfence_store::{StateError, StateLock, StateStore};
use std::sync::mpsc;
use std::time::Duration;

#[test]
fn of_two_installs_of_the_same_name_one_is_told_to_look_again() {
    let home = home();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (1..=4)
            .map(|package| {
                let folder = home.folder.path();
                scope.spawn(move || {
                    let store = StateStore::open(folder).unwrap();
                    coming("tool", package).install(&store)
                })
            })
            .collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert!(matches!(refused, StateError::Changed { .. }), "{refused:?}");
    }
    assert_eq!(home.store.versions(&name("tool")).unwrap().len(), 1);
}

#[test]
fn writers_through_two_connections_lose_nothing() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let other = StateStore::open(home.folder.path()).unwrap();
    std::thread::scope(|scope| {
        for (writer, store) in [&home.store, &other].into_iter().enumerate() {
            scope.spawn(move || {
                for number in 0..40 {
                    let grant = yes(&format!("storage.read=w{writer}-{number}"), 5);
                    store.grant(&name("tool"), &digest(1), &grant).unwrap();
                }
            });
        }
    });
    assert_eq!(home.store.grants(&name("tool")).unwrap().len(), 81);
}

#[test]
fn the_lock_is_had_by_one_and_let_go_with_its_holder() {
    let home = home();
    let path = home.folder.path().to_owned();
    let held = StateLock::take(&path).unwrap();
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _second = StateLock::take(&path).unwrap();
            send.send(()).unwrap();
        });
        assert!(receive.recv_timeout(Duration::from_millis(300)).is_err(), "both had it");
        drop(held);
        receive.recv().unwrap();
    });
}

#[test]
fn what_another_process_writes_is_seen_although_this_one_opened_the_file_twice() {
    // Who closes a file gives up all locks that its process has on it: what was opened to be
    // looked at must not have been one that counts.
    let home = tempfile::tempdir().unwrap();
    let first = StateStore::open(home.path()).unwrap();
    assert!(first.pin_subjects().unwrap().is_empty());
    let second = StateStore::open(home.path()).unwrap();
    drop(StateStore::open(home.path()).unwrap());
    for number in 0..3 {
        let code = "import sqlite3, sys\n\
             known = sqlite3.connect(sys.argv[1])\n\
             known.execute('INSERT INTO pin_subject VALUES (?, ?, 1)', (sys.argv[2], 'other'))\n\
             known.commit()\n";
        let done = std::process::Command::new("python3")
            .args(["-c", code])
            .arg(home.path().join("state.sqlite"))
            .arg(format!("other-{number}"))
            .status()
            .unwrap();
        assert!(done.success());
        first.pin((&format!("own-{number}"), "own"), &[], &[], ("x", 1)).unwrap();
        for store in [&first, &second] {
            assert_eq!(store.pin_subjects().unwrap().len(), 2 * (number + 1), "{number}");
        }
    }
    drop((first, second));
    assert_eq!(StateStore::open(home.path()).unwrap().pin_subjects().unwrap().len(), 6);
}
