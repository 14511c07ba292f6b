use crate::{DIGEST, NOW, Sets, cap, caps, consent, granted, yes};
use ringfence_permission::{AdmitError, Available, Consent, Consented, MAX_ENTRIES, Policy};
use ringfence_types::{Digest, Kind, WithheldBy};

#[test]
fn nothing_is_granted_when_nobody_says_anything() {
    let admitted = Sets::default().admit();
    assert!(admitted.grants().is_empty());
    assert!(admitted.withheld().is_empty());
}

#[test]
fn declaring_alone_grants_nothing_and_says_that_consent_is_missing() {
    let admitted = Sets::declared(&["files.read /data/**", "storage.write"]).admit();
    assert!(admitted.grants().is_empty());
    assert_eq!(
        admitted.withheld(),
        [
            (cap("files.read /data/**"), WithheldBy::Consent),
            (cap("storage.write"), WithheldBy::Consent),
        ]
    );
}

#[test]
fn consenting_to_what_was_never_declared_grants_nothing() {
    let admitted =
        Sets::declared(&["storage.read"]).consent(&["storage.read", "files.read /data/**"]).admit();
    assert_eq!(granted(&admitted), ["storage.read"]);
    assert_eq!(admitted.withheld(), [(cap("files.read /data/**"), WithheldBy::Declared)]);
}

#[test]
fn a_package_without_a_manifest_gets_what_a_person_grants_and_no_more() {
    let admitted = Sets::inferred().consent(&["files.read /data/**"]).admit();
    assert_eq!(granted(&admitted), ["files.read /data/**"]);
    assert!(Sets::inferred().admit().grants().is_empty());
}

#[test]
fn a_wide_declaration_is_cut_to_the_folder_a_person_named() {
    let admitted = Sets::declared(&["files.read"]).consent(&["files.read /data/**"]).admit();
    assert_eq!(granted(&admitted), ["files.read /data/**"]);
}

#[test]
fn a_wide_yes_is_cut_to_what_was_declared_and_to_what_the_operator_allows() {
    let sets = Sets::declared(&["files.read /data/in/**"]).consent(&["files.read /data/**"]);
    assert_eq!(granted(&sets.admit()), ["files.read /data/in/**"]);
    let policy = Policy::only(caps(&["files.read /data/in/today/**"]));
    assert_eq!(granted(&sets.policy(policy).admit()), ["files.read /data/in/today/**"]);
}

#[test]
fn nobody_can_consent_to_all_files_without_naming_a_folder() {
    for kind in [Kind::FilesRead, Kind::FilesWrite, Kind::FilesDelete] {
        for inferred in [false, true] {
            let sets = Sets { inferred, ..Sets::declared(&[kind.word()]) };
            assert_eq!(
                sets.consent(&[kind.word()]).try_admit().unwrap_err(),
                AdmitError::ScopeNeeded { kind }
            );
        }
    }
}

#[test]
fn the_operator_wins_over_a_person() {
    let sets = Sets::declared(&["storage.read", "storage.write"])
        .consent(&["storage.read", "storage.write"]);
    let admitted = sets.clone().policy(Policy::only(caps(&["storage.read"]))).admit();
    assert_eq!(granted(&admitted), ["storage.read"]);
    assert_eq!(admitted.withheld(), [(cap("storage.write"), WithheldBy::Policy)]);
    let admitted = sets.clone().policy(Policy::default().deny(cap("storage.read"))).admit();
    assert_eq!(granted(&admitted), ["storage.write"]);
    let admitted = sets.policy(Policy::nothing()).admit();
    assert!(admitted.grants().is_empty());
    assert!(admitted.withheld().iter().all(|(_, by)| *by == WithheldBy::Policy));
}

#[test]
fn what_an_allowed_scope_gives_and_a_denied_one_takes_is_the_operators_no() {
    let admitted = Sets::declared(&["files.read"])
        .consent(&["files.read /data/**"])
        .policy(Policy::only(caps(&["files.read /data/a/**"])).deny(cap("files.read /data/a/**")))
        .admit();
    assert!(admitted.grants().is_empty());
    assert_eq!(
        admitted.withheld(),
        [(cap("files.read"), WithheldBy::Policy), (cap("files.read /data/**"), WithheldBy::Policy)]
    );
}

#[test]
fn consent_is_bound_to_the_bytes_it_was_given_for() {
    let other = Consented { digest: Digest::from_bytes([8; 32]), ..yes("storage.read") };
    let mut sets = Sets::declared(&["storage.read"]);
    sets.consent = Consent::none().with(other);
    let admitted = sets.admit();
    assert!(admitted.grants().is_empty());
    assert_eq!(admitted.withheld(), [(cap("storage.read"), WithheldBy::Consent)]);
}

#[test]
fn consent_that_ran_out_before_the_start_grants_nothing() {
    for (expires_ms, stands) in [(NOW - 1, false), (NOW, false), (NOW + 1, true)] {
        let mut sets = Sets::declared(&["storage.read"]);
        sets.consent =
            Consent::none().with(Consented { expires_ms: Some(expires_ms), ..yes("storage.read") });
        let admitted = sets.admit();
        assert_eq!(!admitted.grants().is_empty(), stands, "{expires_ms}");
        if !stands {
            assert_eq!(admitted.withheld(), [(cap("storage.read"), WithheldBy::Revoked)]);
        }
    }
}

#[test]
fn what_nothing_enforces_is_never_granted_whoever_agrees() {
    for &kind in Kind::ALL {
        if Available::built_in().contains(kind) {
            continue;
        }
        for sets in [Sets::inferred(), Sets::declared(&[kind.word()])] {
            let admitted = sets.consent(&[kind.word()]).admit();
            assert!(admitted.grants().is_empty(), "{kind}");
            assert_eq!(admitted.withheld(), [(cap(kind.word()), WithheldBy::Unavailable)]);
        }
    }
}

#[test]
fn a_service_that_the_host_registered_makes_its_kind_available() {
    let available = Available::built_in().with_host_kinds([Kind::AiComplete]).unwrap();
    let admitted =
        Sets::inferred().consent(&["ai.complete", "nodes.read"]).available(available).admit();
    assert_eq!(granted(&admitted), ["ai.complete"]);
}

#[test]
fn a_manifest_with_thousands_of_permissions_is_refused_not_computed() {
    let sets = Sets { declared: vec![cap("storage.read"); MAX_ENTRIES + 1], ..Sets::default() };
    assert!(matches!(sets.try_admit(), Err(AdmitError::TooMany { .. })));
}

#[test]
fn a_grant_says_who_gave_it_and_when() {
    let admitted = Sets::inferred().consent(&["storage.read"]).admit();
    let grants = admitted.grants();
    let grant = grants.iter().next().unwrap();
    assert_eq!((grant.by(), grant.at_ms()), ("ada", NOW - 1));
    assert_eq!(grants.digest(), &DIGEST);
    assert_eq!(grants.instance().as_str(), "demo");
}

#[test]
fn consent_and_policy_are_written_down_and_read_back_and_unknown_words_are_errors() {
    let consent = consent(&["files.read /data/**", "storage.read"]);
    let text = serde_json::to_string(&consent).unwrap();
    assert_eq!(serde_json::from_str::<Consent>(&text).unwrap(), consent);
    let policy = Policy::only(caps(&["storage.read"])).deny(cap("files.read /etc/**"));
    let text = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    assert!(serde_json::from_str::<Policy>(r#"{"denny":[]}"#).is_err());
    assert!(serde_json::from_str::<Policy>(r#"{"deny":["files.raed"]}"#).is_err());
    assert_eq!(serde_json::from_str::<Policy>("{}").unwrap(), Policy::default());
}
