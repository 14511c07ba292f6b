//! What a person said yes to.

use crate::{capability, coming, digest, home, name, yes};
use ringfence_store::{NewGrant, StateError};

#[test]
fn a_yes_says_to_what_of_which_package_by_whom_and_when() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let until = NewGrant { expires_ms: Some(99), ..yes("files.read=/data/**", 7) };
    home.store.grant(&name("tool"), &digest(1), &until).unwrap();
    let grants = home.store.grants(&name("tool")).unwrap();
    assert_eq!(grants.len(), 2);
    assert_eq!(grants[1].capability, capability("files.read=/data/**"));
    assert_eq!((grants[1].package, grants[1].by.as_str()), (digest(1), "ada"));
    assert_eq!((grants[1].at_ms, grants[1].expires_ms), (7, Some(99)));
    assert_eq!((&grants[1].revoked_by, grants[1].revoked_ms), (&None, None));
    assert_eq!(home.store.asked(&name("tool"), &digest(1)).unwrap(), [capability("storage.read")]);
    assert_eq!(home.store.asked(&name("tool"), &digest(2)).unwrap(), []);
}

#[test]
fn what_is_taken_back_stays_in_the_history_and_does_not_return_with_an_older_version() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    let revoked =
        home.store.revoke(&name("tool"), &capability("storage.read"), ("bob", 9)).unwrap();
    assert_eq!(revoked, [capability("storage.read")]);
    home.store.roll_back(&name("tool"), ("ada", 10)).unwrap();
    let grants = home.store.grants(&name("tool")).unwrap();
    assert_eq!(grants.len(), 2);
    for grant in grants {
        assert_eq!((grant.revoked_by.as_deref(), grant.revoked_ms), (Some("bob"), Some(9)));
    }
    let again = home.store.revoke(&name("tool"), &capability("storage.read"), ("bob", 9)).unwrap();
    assert_eq!(again, []);
}

#[test]
fn taking_back_a_wide_capability_takes_all_that_is_within_and_nothing_beside() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    for text in ["files.read=/data/a/**", "files.read=/data/b", "files.read=/other/**"] {
        home.store.grant(&name("tool"), &digest(1), &yes(text, 5)).unwrap();
    }
    let all = capability("files.read=/data/**");
    assert_eq!(home.store.revoke(&name("tool"), &all, ("bob", 9)).unwrap().len(), 2);
    let narrower = capability("files.read=/other/x");
    let nothing = home.store.revoke(&name("tool"), &narrower, ("bob", 9)).unwrap();
    assert_eq!(nothing, [], "a part of a grant cannot be taken out of it");
    let left = home.store.grants(&name("tool")).unwrap();
    let left: Vec<_> = left.iter().filter(|g| g.revoked_ms.is_none()).collect();
    assert_eq!(left.len(), 2);
}

#[test]
fn the_same_yes_twice_is_one_and_another_end_is_another_one() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let until = |expires_ms| NewGrant { expires_ms, ..yes("events.publish=a.b", 5) };
    for expires_ms in [None, None, Some(50)] {
        home.store.grant(&name("tool"), &digest(1), &until(expires_ms)).unwrap();
    }
    let grants = home.store.grants(&name("tool")).unwrap();
    let ends: Vec<_> = grants
        .iter()
        .filter(|grant| grant.capability == capability("events.publish=a.b"))
        .map(|grant| (grant.expires_ms, grant.revoked_ms.is_some()))
        .collect();
    assert_eq!(ends, [(None, true), (Some(50), false)]);
}

#[test]
fn who_looked_at_another_version_grants_nothing() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    let late = home.store.grant(&name("tool"), &digest(1), &yes("files.read=/etc/**", 5));
    assert!(matches!(late, Err(StateError::Changed { .. })), "{late:?}");
    assert_eq!(home.store.grants(&name("tool")).unwrap().len(), 2);
}

#[test]
fn what_was_taken_back_while_somebody_read_does_not_come_back_with_the_next_version() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    let seen = home.store.grants_seen(&name("tool")).unwrap();
    home.store.revoke(&name("tool"), &capability("storage.read"), ("bob", 9)).unwrap();
    // It carries over what was granted when the person read.
    let next = coming("tool", 2).instead_of(1);
    let late = next.install_seeing(&home.store, seen);
    assert!(matches!(late, Err(StateError::Changed { .. })), "{late:?}");
    let standing = home.store.grants(&name("tool")).unwrap();
    assert!(standing.iter().all(|grant| grant.revoked_ms.is_some()), "{standing:?}");
    next.install(&home.store).unwrap();
}

#[test]
fn a_version_that_is_installed_again_has_what_was_said_then_and_nothing_of_the_first_time() {
    let home = home();
    let mut first = coming("tool", 1);
    first.grants.push(yes("files.read=/data/**", 1));
    first.install(&home.store).unwrap();
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    coming("tool", 1).instead_of(2).install(&home.store).unwrap();
    let grants = home.store.grants(&name("tool")).unwrap();
    let standing = grants.iter().filter(|one| one.package == digest(1) && one.revoked_ms.is_none());
    let standing: Vec<_> = standing.map(|one| one.capability.to_string()).collect();
    assert_eq!(standing, ["storage.read"]);
    let other = grants.iter().find(|one| one.package == digest(2)).unwrap();
    assert_eq!(other.revoked_ms, None, "what was said for another version is as it was");
}
