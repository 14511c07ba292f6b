//! On, off, quarantine.

use crate::{coming, digest, home, name};
use ringfence_store::{State, StateError};

#[test]
fn a_plugin_is_switched_off_and_on_and_says_who_did_it() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let state = || home.store.plugin(&name("tool")).unwrap().unwrap();
    home.store.switch(&name("tool"), false, ("bob", 7)).unwrap();
    assert_eq!((state().state, state().changed_by), (State::Disabled, "bob".to_owned()));
    home.store.switch(&name("tool"), true, ("ada", 8)).unwrap();
    assert_eq!((state().state, state().changed_ms), (State::Enabled, 8));
    assert!(home.store.switch(&name("other"), true, ("ada", 8)).is_err());
}

#[test]
fn only_a_release_by_name_ends_a_quarantine() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    home.store.quarantine(&name("tool"), "it phoned home", ("ada", 5)).unwrap();
    let held = |result: Result<(), StateError>| {
        assert!(
            matches!(&result, Err(StateError::State { reason, .. }) if reason == "it phoned home"),
            "{result:?}"
        );
    };
    held(home.store.switch(&name("tool"), true, ("ada", 6)));
    held(home.store.switch(&name("tool"), false, ("ada", 6)));
    held(home.store.roll_back(&name("tool"), ("ada", 6)).map(drop));
    held(coming("tool", 3).instead_of(2).install(&home.store).map(drop));
    assert_eq!(home.store.quarantined(&digest(2)).unwrap().as_deref(), Some("it phoned home"));
    assert_eq!(home.store.release(&name("tool"), ("bob", 9)).unwrap(), 1);
    let plugin = home.store.plugin(&name("tool")).unwrap().unwrap();
    assert_eq!(plugin.state, State::Disabled, "somebody has to switch it on");
    assert_eq!(home.store.quarantined(&digest(2)).unwrap(), None);
    let incident = home.store.incidents(&name("tool")).unwrap().remove(0);
    assert_eq!((incident.package, incident.opened_by.as_str()), (digest(2), "ada"));
    assert_eq!((incident.closed_by.as_deref(), incident.closed_ms), (Some("bob"), Some(9)));
    let nothing = home.store.release(&name("tool"), ("bob", 9));
    assert!(matches!(nothing, Err(StateError::State { .. })), "{nothing:?}");
}

#[test]
fn bytes_in_quarantine_do_not_come_back_by_removing_them_or_under_another_name() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    home.store.quarantine(&name("tool"), "bad", ("ada", 5)).unwrap();
    home.store.remove(&name("tool"), ("ada", 6)).unwrap();
    for name in ["tool", "innocent"] {
        let refused = coming(name, 1).install(&home.store);
        assert!(matches!(refused, Err(StateError::State { .. })), "{refused:?}");
    }
    assert_eq!(home.store.plugins().unwrap(), []);
    // Other bytes of the same name are another matter.
    coming("tool", 2).install(&home.store).unwrap();
    home.store.release(&name("tool"), ("ada", 9)).unwrap();
    coming("innocent", 1).install(&home.store).unwrap();
}

#[test]
fn nobody_goes_back_to_a_version_that_is_in_quarantine() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    coming("other", 1).install(&home.store).unwrap();
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    home.store.quarantine(&name("other"), "bad", ("ada", 5)).unwrap();
    let refused = home.store.roll_back(&name("tool"), ("ada", 6));
    assert!(matches!(refused, Err(StateError::State { .. })), "{refused:?}");
    assert_eq!(home.store.plugin(&name("tool")).unwrap().unwrap().current.package, digest(2));
}
