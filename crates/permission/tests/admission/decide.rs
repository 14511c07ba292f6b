use crate::{NOW, Sets, cap, yes};
use ringfence_permission::{
    Available, Consent, Consented, EnvironmentRead, EventsPublish, EventsSubscribe, FilesDelete,
    FilesRead, FilesWrite, HostObject, HostService, Policy, ProcessExecute, StorageList,
    StorageRead, decide,
};
use ringfence_types::{DenialCode, Kind, Pattern, WithheldBy};

fn withheld(
    result: Result<impl Sized, ringfence_types::Denial>,
) -> (DenialCode, Option<WithheldBy>) {
    let denial = result.err().expect("was allowed");
    (denial.code, denial.withheld_by)
}

const fn no(by: WithheldBy) -> (DenialCode, Option<WithheldBy>) {
    (DenialCode::NotGranted, Some(by))
}

#[test]
fn a_permit_carries_the_object_the_instance_the_budget_and_the_time() {
    let admitted = Sets::inferred().consent(&["files.read /data/**"]).admit();
    let permit = decide::<FilesRead>(admitted.grants(), "/data/a/b", NOW).unwrap();
    assert_eq!(permit.object().root(), "/data");
    assert_eq!(permit.object().rest(), "a/b");
    assert_eq!(permit.kind(), Kind::FilesRead);
    assert_eq!(permit.instance().as_str(), "demo");
    assert_eq!(permit.decided_at_ms(), NOW);
    assert_eq!(permit.budget(), admitted.budget());
    assert_eq!(admitted.grants().file_roots(), ["/data"]);
}

#[test]
fn reading_is_not_writing_and_writing_is_not_deleting() {
    let admitted = Sets::inferred().consent(&["files.read /data/**"]).admit();
    let grants = admitted.grants();
    assert!(decide::<FilesRead>(grants, "/data/a", NOW).is_ok());
    let denial = no(WithheldBy::Consent);
    assert_eq!(withheld(decide::<FilesWrite>(grants, "/data/a", NOW)), denial);
    assert_eq!(withheld(decide::<FilesDelete>(grants, "/data/a", NOW)), denial);
}

#[test]
fn a_path_outside_the_granted_folder_names_the_option_that_would_allow_it() {
    let admitted = Sets::inferred().consent(&["files.read /data/**"]).admit();
    let denial = decide::<FilesRead>(admitted.grants(), "/etc/passwd", NOW).unwrap_err();
    assert_eq!(denial.withheld_by, Some(WithheldBy::Scope));
    assert_eq!(denial.repair.as_deref(), Some("--grant files.read=/etc/passwd"));
}

#[test]
fn a_no_names_the_manifest_when_granting_would_not_help() {
    let admitted =
        Sets::declared(&["files.read /data/**"]).consent(&["files.read /data/**"]).admit();
    let grants = admitted.grants();
    let denial = decide::<FilesRead>(grants, "/etc/passwd", NOW).unwrap_err();
    assert_eq!(denial.repair.as_deref(), Some("declare `files.read /etc/passwd` in plugin.yaml"));
    let undeclared = decide::<StorageRead>(grants, "a", NOW);
    assert_eq!(withheld(undeclared), no(WithheldBy::Declared));
}

#[test]
fn path_tricks_are_invalid_whatever_is_granted() {
    let admitted = Sets::inferred().consent(&["files.read /**"]).admit();
    for path in ["/data/../etc/passwd", "etc", "", "/a//b", "/./a", "/a\0b"] {
        assert_eq!(
            withheld(decide::<FilesRead>(admitted.grants(), path, NOW)),
            (DenialCode::Invalid, None),
            "{path:?}"
        );
    }
}

#[test]
fn a_hostile_object_of_a_megabyte_is_not_repeated_in_the_denial() {
    let admitted = Sets::inferred().consent(&["files.read /data/**"]).admit();
    let path = format!("/{}", "é".repeat(500_000));
    let denial = decide::<FilesRead>(admitted.grants(), &path, NOW).unwrap_err();
    assert_eq!(denial.code, DenialCode::Invalid);
    assert!(denial.object.len() <= 256);
}

#[test]
fn a_revoke_is_effective_at_the_next_decision() {
    let admitted = Sets::inferred().consent(&["files.read /data/**", "storage.read"]).admit();
    let grants = admitted.grants();
    let lease = decide::<FilesRead>(grants, "/data/a", NOW).unwrap().lease();
    assert!(lease.is_live(NOW));
    assert_eq!(grants.revoke(&cap("files.read /data/in/**")), 1);
    assert!(!lease.is_live(NOW));
    assert_eq!(withheld(decide::<FilesRead>(grants, "/data/a", NOW)), no(WithheldBy::Revoked));
    assert!(decide::<StorageRead>(grants, "a", NOW).is_ok());
    assert_eq!(grants.revoke(&cap("files.read /data/**")), 0);
    assert_eq!(grants.revoke_all(), 1);
    assert!(decide::<StorageRead>(grants, "a", NOW).is_err());
}

#[test]
fn a_grant_ends_at_the_millisecond_it_was_given_until() {
    let mut sets = Sets::inferred();
    sets.consent =
        Consent::none().with(Consented { expires_ms: Some(NOW + 10), ..yes("storage.read") });
    let admitted = sets.admit();
    assert!(decide::<StorageRead>(admitted.grants(), "a", NOW + 9).is_ok());
    assert_eq!(
        withheld(decide::<StorageRead>(admitted.grants(), "a", NOW + 10)),
        no(WithheldBy::Revoked)
    );
}

#[test]
fn a_second_yes_still_stands_when_the_first_ran_out() {
    let mut sets = Sets::inferred().consent(&["storage.read"]);
    sets.consent.items.insert(0, Consented { expires_ms: Some(NOW + 1), ..yes("storage.read") });
    let admitted = sets.admit();
    assert!(decide::<StorageRead>(admitted.grants(), "a", NOW + 5).is_ok());
}

#[test]
fn the_operators_hole_in_a_granted_folder_holds() {
    let admitted = Sets::inferred()
        .consent(&["files.read /data/**"])
        .policy(Policy::default().deny(cap("files.read /data/keys/**")))
        .admit();
    let grants = admitted.grants();
    assert!(decide::<FilesRead>(grants, "/data/a", NOW).is_ok());
    for path in ["/data/keys", "/data/keys/a"] {
        assert_eq!(withheld(decide::<FilesRead>(grants, path, NOW)), no(WithheldBy::Policy));
    }
    assert_eq!(grants.denied(Kind::FilesRead).len(), 1);
}

#[test]
fn a_subscription_must_fit_whole_into_the_grant_and_beside_every_hole() {
    let pattern = |text| Pattern::parse(Kind::EventsSubscribe, text).unwrap();
    let admitted = Sets::inferred()
        .consent(&["events.subscribe chat.>"])
        .policy(Policy::default().deny(cap("events.subscribe *.secret")))
        .admit();
    let grants = admitted.grants();
    for (text, answer) in [
        ("chat.a.b", Ok(())),
        ("chat.room.>", Ok(())),
        ("chat.secret", Err(WithheldBy::Policy)),
        ("chat.*", Err(WithheldBy::Policy)),
        ("chat.>", Err(WithheldBy::Policy)),
        (">", Err(WithheldBy::Policy)),
        ("other.a.b", Err(WithheldBy::Scope)),
    ] {
        let request = pattern(text);
        let result = decide::<EventsSubscribe>(grants, &request, NOW)
            .map(drop)
            .map_err(|denial| denial.withheld_by.unwrap());
        assert_eq!(result, answer, "{text}");
    }
}

#[test]
fn listing_keys_needs_a_grant_over_the_whole_prefix() {
    let pattern = |text| Pattern::parse(Kind::StorageRead, text).unwrap();
    let admitted = Sets::inferred().consent(&["storage.read notes/*"]).admit();
    let grants = admitted.grants();
    assert!(decide::<StorageList>(grants, &pattern("notes/2026*"), NOW).is_ok());
    assert!(decide::<StorageList>(grants, &pattern("notes*"), NOW).is_err());
    assert!(decide::<StorageList>(grants, &Pattern::any(), NOW).is_err());
}

#[test]
fn nobody_publishes_on_a_wildcard_even_with_every_subject_granted() {
    let admitted = Sets::inferred().consent(&["events.publish"]).admit();
    assert!(decide::<EventsPublish>(admitted.grants(), "a.b", NOW).is_ok());
    for subject in ["a.*", ">", "a..b"] {
        assert_eq!(
            withheld(decide::<EventsPublish>(admitted.grants(), subject, NOW)),
            (DenialCode::Invalid, None)
        );
    }
}

#[test]
fn a_program_prefix_cannot_be_climbed_out_of() {
    let admitted = Sets::inferred().consent(&["process.execute /usr/bin/*"]).admit();
    let grants = admitted.grants();
    assert!(decide::<ProcessExecute>(grants, "/usr/bin/git", NOW).is_ok());
    assert!(decide::<ProcessExecute>(grants, "/usr/bin/../../tmp/x", NOW).is_err());
    assert!(decide::<ProcessExecute>(grants, "git", NOW).is_err());
}

#[test]
fn what_no_gate_performs_is_unavailable_also_as_a_host_service() {
    let admitted = Sets::inferred()
        .consent(&["files.read /data/**", "network.request", "ai.complete"])
        .admit();
    for (kind, by) in [
        (Kind::AiComplete, WithheldBy::Unavailable),
        (Kind::PluginCall, WithheldBy::Unavailable),
        // Granted, and still no service of the host.
        (Kind::NetworkRequest, WithheldBy::Scope),
    ] {
        let request = HostObject { kind, object: "x" };
        assert_eq!(withheld(decide::<HostService>(admitted.grants(), request, NOW)), no(by));
    }
    // A granted kind with a gate of its own is not reachable through the host.
    let request = HostObject { kind: Kind::FilesRead, object: "/data/a" };
    assert!(decide::<HostService>(admitted.grants(), request, NOW).is_err());
}

#[test]
fn a_host_service_without_an_object_takes_none() {
    let admitted = Sets::inferred()
        .consent(&["user.profile"])
        .available(Available::built_in().with_host_kinds([Kind::UserProfile]).unwrap())
        .admit();
    let request = |object| HostObject { kind: Kind::UserProfile, object };
    assert!(decide::<HostService>(admitted.grants(), request(""), NOW).is_ok());
    assert!(decide::<HostService>(admitted.grants(), request("alice"), NOW).is_err());
}

#[test]
fn a_variable_outside_the_grant_is_denied() {
    let admitted = Sets::inferred().consent(&["environment.read APP_*"]).admit();
    assert!(decide::<EnvironmentRead>(admitted.grants(), "APP_MODE", NOW).is_ok());
    assert!(decide::<EnvironmentRead>(admitted.grants(), "AWS_SECRET", NOW).is_err());
}
