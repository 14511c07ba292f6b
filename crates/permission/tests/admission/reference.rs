//! A decider written in the plainest way, compared with the real one.
//!
//! It keeps the three sets apart and asks each of them about the one object,
//! instead of computing a meet of patterns first. The real one may only ever
//! say yes where this one does; and where all scopes are comparable, it must.

use crate::{DIGEST, NOW, Sets, cap};
use proptest::prelude::*;
use ringfence_permission::{Consent, Consented, FilesRead, Policy, StorageRead, decide};
use ringfence_types::{Capability, Digest};

struct Reference<'a>(&'a Sets);

impl Reference<'_> {
    fn allows(&self, kind_word: &str, object: &str, now_ms: u64) -> bool {
        let allows = |capability: &Capability| {
            capability.kind().word() == kind_word && capability.allows(capability.kind(), object)
        };
        let declared = self.0.inferred || self.0.declared.iter().any(allows);
        let policy =
            self.0.policy.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(allows))
                && !self.0.policy.deny.iter().any(allows);
        let consent = self.0.consent.items.iter().any(|item| {
            item.digest == DIGEST
                && item.expires_ms.is_none_or(|end| now_ms < end && NOW < end)
                && allows(&item.capability)
        });
        declared && policy && consent
    }
}

/// Scopes that form a tree under "covers", so that every meet is one of them.
const SCOPES: &[&str] = &[
    "files.read /**",
    "files.read /a/**",
    "files.read /a/b/**",
    "files.read /a/b/c",
    "files.read /ab/**",
    "storage.read",
    "storage.read a*",
    "storage.read ab*",
    "storage.read abc",
    "files.write /a/**",
];
const PATHS: &[&str] = &["/", "/a", "/a/b", "/a/b/c", "/a/x", "/ab", "/ab/c", "/a/../ab", "a"];
const KEYS: &[&str] = &["a", "ab", "abc", "abcd", "b"];

fn scopes() -> impl Strategy<Value = Vec<Capability>> {
    prop::collection::vec(prop::sample::select(SCOPES).prop_map(cap), 0..5)
}

fn consents() -> impl Strategy<Value = Consent> {
    let item = (
        prop::sample::select(SCOPES),
        prop::option::of(NOW - 2..NOW + 4),
        prop::bool::weighted(0.9),
    );
    prop::collection::vec(
        item.prop_map(|(scope, expires_ms, same)| Consented {
            capability: cap(scope),
            by: "ada".into(),
            at_ms: 0,
            expires_ms,
            digest: if same { DIGEST } else { Digest::from_bytes([1; 32]) },
        }),
        0..5,
    )
    .prop_map(|items| Consent { items })
}

prop_compose! {
    fn sets()(
        declared in scopes(),
        inferred in prop::bool::ANY,
        allowed in prop::option::of(scopes()),
        deny in prop::collection::vec(prop::sample::select(SCOPES).prop_map(cap), 0..2),
        consent in consents(),
    ) -> Sets {
        Sets { declared, inferred, policy: Policy { allowed, deny }, consent, available: None }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_real_decider_answers_as_the_naive_one(sets in sets(), later in 0_u64..5) {
        let admitted = sets.admit();
        let reference = Reference(&sets);
        let now = NOW + later;
        for path in PATHS {
            let real = decide::<FilesRead>(admitted.grants(), path, now).is_ok();
            prop_assert_eq!(real, reference.allows("files.read", path, now), "{}", path);
        }
        for key in KEYS {
            let real = decide::<StorageRead>(admitted.grants(), key, now).is_ok();
            prop_assert_eq!(real, reference.allows("storage.read", key, now), "{}", key);
        }
    }

    #[test]
    fn a_file_permit_always_names_the_path_that_was_asked_for(sets in sets()) {
        let admitted = sets.admit();
        for path in PATHS {
            if let Ok(permit) = decide::<FilesRead>(admitted.grants(), path, NOW) {
                let file = permit.object();
                let joined = match (file.root(), file.rest()) {
                    (root, "") => root.to_owned(),
                    ("/", rest) => format!("/{rest}"),
                    (root, rest) => format!("{root}/{rest}"),
                };
                prop_assert_eq!(&joined, path);
                prop_assert!(admitted.grants().file_roots().contains(&file.root()));
            }
        }
    }

    #[test]
    fn no_object_panics_the_decider(object in any::<String>()) {
        let admitted = Sets::inferred()
            .consent(&["files.read /**", "storage.read", "events.publish", "process.execute"])
            .admit();
        let grants = admitted.grants();
        let _ = decide::<FilesRead>(grants, &object, NOW);
        let _ = decide::<StorageRead>(grants, &object, NOW);
        let _ = decide::<ringfence_permission::EventsPublish>(grants, &object, NOW);
        let _ = decide::<ringfence_permission::ProcessExecute>(grants, &object, NOW);
    }
}
