//! Install, update, go back, remove, let go.

use crate::{coming, digest, home, name};
use ringfence_store::{State, StateError};
use std::collections::BTreeSet;

#[test]
fn what_was_installed_is_found_as_it_was_written() {
    let home = home();
    let switch = coming("tool", 1).install(&home.store).unwrap();
    assert_eq!(switch.before, None);
    let plugin = home.store.plugin(&name("tool")).unwrap().unwrap();
    assert_eq!(plugin.instance, switch.instance);
    assert_eq!((plugin.state, plugin.changed_by.as_str()), (State::Enabled, "ada"));
    assert_eq!(plugin.current.version.as_deref(), Some("1.0.0"));
    assert_eq!((plugin.current.package, plugin.current.content), (digest(1), digest(101)));
    assert_eq!((plugin.current.source.as_str(), plugin.current.kept), ("file:/somewhere", true));
    assert_eq!(plugin.previous, None);
    assert_eq!(home.store.plugins().unwrap(), [plugin]);
    assert_eq!(home.store.plugin(&name("other")).unwrap(), None);
}

#[test]
fn an_update_keeps_who_it_is_and_remembers_the_version_before() {
    let home = home();
    let first = coming("tool", 1).install(&home.store).unwrap();
    let second = coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    assert_eq!((second.instance, second.before), (first.instance, Some(digest(1))));
    let plugin = home.store.plugin(&name("tool")).unwrap().unwrap();
    assert_eq!(plugin.current.package, digest(2));
    assert_eq!(plugin.previous.unwrap().package, digest(1));
    let versions = home.store.versions(&name("tool")).unwrap();
    assert_eq!(versions.iter().map(|v| v.package).collect::<Vec<_>>(), [digest(2), digest(1)]);
}

#[test]
fn the_same_package_again_does_not_forget_the_version_before() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    coming("tool", 2).instead_of(2).install(&home.store).unwrap();
    let plugin = home.store.plugin(&name("tool")).unwrap().unwrap();
    assert_eq!(plugin.previous.unwrap().package, digest(1));
}

#[test]
fn who_was_asked_about_another_version_installs_nothing() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let late = coming("tool", 2).install(&home.store);
    assert!(matches!(late, Err(StateError::Changed { .. })), "{late:?}");
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    let late = coming("tool", 3).instead_of(1).install(&home.store);
    assert!(matches!(late, Err(StateError::Changed { .. })), "{late:?}");
    assert_eq!(home.store.plugin(&name("tool")).unwrap().unwrap().current.package, digest(2));
    assert_eq!(home.store.versions(&name("tool")).unwrap().len(), 2, "nothing is left of it");
}

#[test]
fn a_name_that_is_easily_taken_for_another_is_not_installed_beside_it() {
    let home = home();
    coming("my-tool", 1).install(&home.store).unwrap();
    for other in ["My-Tool", "my_tool", "my-t00l"] {
        assert_eq!(home.store.similar(&name(other)).unwrap().as_deref(), Some("my-tool"));
        let refused = coming(other, 2).install(&home.store);
        assert!(matches!(refused, Err(StateError::Similar { .. })), "{other}: {refused:?}");
    }
    assert_eq!(home.store.plugins().unwrap().len(), 1);
    // Once it is gone, nobody can take one for the other.
    home.store.remove(&name("my-tool"), ("ada", 5)).unwrap();
    coming("my_tool", 3).install(&home.store).unwrap();
}

#[test]
fn going_back_and_forth_is_between_two_versions() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let nothing = home.store.roll_back(&name("tool"), ("ada", 9));
    assert!(matches!(nothing, Err(StateError::NoEarlier { .. })), "{nothing:?}");
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    let back = home.store.roll_back(&name("tool"), ("ada", 9)).unwrap();
    assert_eq!((back.current.package, back.changed_ms), (digest(1), 9));
    let forth = home.store.roll_back(&name("tool"), ("ada", 9)).unwrap();
    assert_eq!((forth.current.package, forth.previous.unwrap().package), (digest(2), digest(1)));
}

#[test]
fn packages_are_needed_while_a_plugin_runs_them_or_can_go_back_to_them() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    coming("tool", 3).instead_of(2).install(&home.store).unwrap();
    coming("other", 9).install(&home.store).unwrap();
    let needed = |numbers: &[u8]| numbers.iter().map(|n| digest(*n)).collect::<BTreeSet<_>>();
    assert_eq!(home.store.needed().unwrap(), needed(&[1, 2, 3, 9]));
    assert_eq!(home.store.retire().unwrap(), [digest(1)]);
    assert_eq!(home.store.retire().unwrap(), []);
    assert_eq!(home.store.needed().unwrap(), needed(&[2, 3, 9]));
    assert!(!home.store.versions(&name("tool")).unwrap()[2].kept, "its row stays, as history");
    home.store.remove(&name("tool"), ("ada", 9)).unwrap();
    assert_eq!(home.store.needed().unwrap(), needed(&[9]));
}

#[test]
fn what_was_removed_is_gone_and_comes_back_as_somebody_else_with_nothing() {
    let home = home();
    let first = coming("tool", 1).install(&home.store).unwrap();
    home.store.remove(&name("tool"), ("ada", 5)).unwrap();
    assert_eq!(home.store.plugin(&name("tool")).unwrap(), None);
    assert!(matches!(
        home.store.remove(&name("tool"), ("ada", 5)),
        Err(StateError::NotInstalled { .. })
    ));
    assert!(home.store.grants(&name("tool")).is_err());
    let mut again = coming("tool", 2);
    again.grants.clear();
    let second = again.install(&home.store).unwrap();
    assert_ne!(first.instance, second.instance, "or it would have the other's storage");
    assert_eq!(home.store.grants(&name("tool")).unwrap(), []);
    assert_eq!(home.store.plugin(&name("tool")).unwrap().unwrap().previous, None);
}

#[test]
fn a_name_that_looks_like_sql_is_no_name_and_a_reason_that_does_is_a_reason() {
    assert!("x'; DROP TABLE plugin; --".parse::<ringfence_types::PluginName>().is_err());
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let reason = "'); DELETE FROM incident; --";
    home.store.quarantine(&name("tool"), reason, ("ada'", 5)).unwrap();
    let incidents = home.store.incidents(&name("tool")).unwrap();
    assert_eq!((incidents[0].reason.as_str(), incidents[0].opened_by.as_str()), (reason, "ada'"));
}
