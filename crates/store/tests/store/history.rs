//! Scans, signatures, reputation, usage.

use crate::{coming, digest, home, name};
use ringfence_store::{ReputationEvent, StateError, Used};

const DAY: u64 = 24 * 60 * 60 * 1000;

#[test]
fn what_was_found_out_about_a_package_is_kept_each_time() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    coming("tool", 1).instead_of(1).install(&home.store).unwrap();
    let scans = home.store.scans(&digest(1)).unwrap();
    assert_eq!(scans.len(), 2);
    assert_eq!((scans[0].score, scans[0].outcome.as_str()), (90, "warning"));
    assert_eq!(
        (scans[0].codes.as_slice(), scans[0].at_ms),
        (&["hidden-payload".to_owned()][..], 1)
    );
    let signatures = home.store.signatures(&digest(1)).unwrap();
    assert_eq!(signatures.len(), 2);
    assert_eq!((signatures[0].level.as_str(), &signatures[0].publisher), ("unknown", &None));
    assert_eq!(signatures[0].keys, ["sha256:key"]);
    assert_eq!(home.store.scans(&digest(2)).unwrap(), []);
    assert_eq!(home.store.signatures(&digest(2)).unwrap(), []);
}

#[test]
fn reputation_is_of_a_plugin_and_outlives_its_removal() {
    let home = home();
    coming("tool", 1).install(&home.store).unwrap();
    coming("tool", 2).instead_of(1).install(&home.store).unwrap();
    home.store.rate(&name("tool"), 4, 5).unwrap();
    home.store.rate(&name("tool"), 1, 6).unwrap();
    home.store.remove(&name("tool"), ("ada", 7)).unwrap();
    let seen = |event| home.store.seen(&name("tool"), event).unwrap();
    assert_eq!(seen(ReputationEvent::Installed), (1, 1));
    assert_eq!(seen(ReputationEvent::Updated), (1, 1));
    assert_eq!(seen(ReputationEvent::Rated), (1, 1), "who rates again says something else");
    for stars in [0, 6, 255] {
        assert!(matches!(home.store.rate(&name("tool"), stars, 7), Err(StateError::Stars)));
    }
    assert_eq!(seen(ReputationEvent::Rated), (1, 1));
    assert_eq!(seen(ReputationEvent::Failed), (0, 0));
    let unknown = home.store.rate(&name("other"), 5, 5);
    assert!(matches!(unknown, Err(StateError::NotInstalled { .. })), "{unknown:?}");
}

#[test]
fn usage_is_summed_up_for_each_day() {
    let home = home();
    let instance = coming("tool", 1).install(&home.store).unwrap().instance;
    let used = |failed, peak_memory| Used { failed, wall_ms: 10, cpu_ms: 3, peak_memory };
    home.store.used(&instance, used(false, 500), 1).unwrap();
    home.store.used(&instance, used(true, 200), DAY - 1).unwrap();
    home.store.used(&instance, used(false, 100), DAY).unwrap();
    let days = home.store.usage(&instance).unwrap();
    assert_eq!(days.len(), 2);
    assert_eq!((days[0].day, days[0].runs), (1, 1));
    assert_eq!((days[1].day, days[1].runs, days[1].failures), (0, 2, 1));
    assert_eq!((days[1].wall_ms, days[1].cpu_ms, days[1].peak_memory), (20, 6, 500));
    let nobody = "nobody".parse().unwrap();
    assert!(home.store.used(&nobody, used(false, 1), 1).is_err());
}
