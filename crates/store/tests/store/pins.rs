//! What servers say of their tools, as it was agreed to.

use ringfence_store::{HeldRow, NewPin, PinKey, StateError, StateStore};

const WHO: (&str, &str) = ("one", "weather");

fn key(name: &str) -> PinKey {
    ("tool".to_owned(), name.to_owned())
}

fn pin(name: &str, text: &str) -> NewPin {
    NewPin { key: key(name), text: text.to_owned() }
}

fn held(name: &str, text: &str) -> (PinKey, HeldRow) {
    (key(name), HeldRow { text: Some(text.to_owned()), why: "changed".to_owned(), at_ms: 2 })
}

fn store() -> (tempfile::TempDir, StateStore) {
    let home = tempfile::tempdir().unwrap();
    let store = StateStore::open(home.path()).unwrap();
    store.pin(WHO, &[pin("a", "1"), pin("b", "2")], &["tool".to_owned()], ("x", 1)).unwrap();
    (home, store)
}

fn pinned(store: &StateStore, name: &str) -> Option<String> {
    let rows = store.pins("one").unwrap();
    let row = rows.into_iter().find(|row| row.name == name)?;
    Some(row.pinned?.text)
}

#[test]
fn what_is_agreed_to_is_what_is_held_when_it_is_written_or_nothing() {
    let (_home, store) = store();
    store.hold(WHO, &[held("a", "poison"), held("c", "new")], 2).unwrap();
    store.hold(WHO, &[held("a", "worse")], 3).unwrap();
    // One of two was shown as something else: neither is agreed to.
    let late = store.agree("one", &[pin("c", "new"), pin("a", "poison")], ("y", 4));
    assert!(matches!(late, Err(StateError::Changed { .. })), "{late:?}");
    assert_eq!((pinned(&store, "a"), pinned(&store, "c")), (Some("1".to_owned()), None));
    store.agree("one", &[pin("c", "new"), pin("a", "worse")], ("y", 4)).unwrap();
    assert_eq!(pinned(&store, "a").as_deref(), Some("worse"));
    assert_eq!(pinned(&store, "c").as_deref(), Some("new"));
    assert!(store.pins("one").unwrap().iter().all(|row| row.held.is_none()));
    // What is not held cannot be agreed to, and nobody else's either.
    assert!(store.agree("one", &[pin("b", "2")], ("y", 5)).is_err());
    store.hold(("two", "other"), &[held("a", "x")], 2).unwrap();
    assert!(store.agree("one", &[pin("a", "x")], ("y", 5)).is_err());
}

#[test]
fn of_two_first_starts_at_once_the_second_may_not_pin_something_else() {
    let (_home, store) = store();
    store.pin(WHO, &[pin("a", "1")], &[], ("x", 2)).unwrap();
    for other in [pin("a", "poison"), pin("new", "3")] {
        let second = store.pin(WHO, &[other], &[], ("x", 2));
        assert!(matches!(second, Err(StateError::Changed { .. })), "{second:?}");
    }
    assert_eq!(pinned(&store, "a").as_deref(), Some("1"));
}

#[test]
fn a_server_that_floods_with_definitions_does_not_fill_the_disk() {
    let (_home, store) = store();
    let large = "x".repeat(256 * 1024);
    let many: Vec<_> = (0..1100).map(|number| held(&format!("n{number}"), &large)).collect();
    store.hold(WHO, &many, 2).unwrap();
    let rows = store.pins("one").unwrap();
    let bytes: usize =
        rows.iter().filter_map(|row| Some(row.held.as_ref()?.text.as_ref()?.len())).sum();
    assert!(bytes <= 8 * 1024 * 1024, "{bytes}");
    assert!(rows.len() <= 1024 + 2, "{}", rows.len());
    // One that was pinned is held all the same.
    store.hold(WHO, &[held("a", "poison")], 3).unwrap();
    let rows = store.pins("one").unwrap();
    assert!(rows.iter().any(|row| row.name == "a" && row.held.is_some()));
}

#[test]
fn what_is_forgotten_is_gone_with_all_that_belongs_to_it() {
    let (_home, store) = store();
    store.hold(WHO, &[held("a", "poison")], 2).unwrap();
    store.let_go("one", &key("a")).unwrap();
    assert_eq!(store.pin_subjects().unwrap()[0].held, 0);
    store.forget_pins("one").unwrap();
    assert!(store.pins("one").unwrap().is_empty() && store.pin_subjects().unwrap().is_empty());
    assert!(store.pins_settled("one").unwrap().is_empty());
}
