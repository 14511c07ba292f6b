//! Whatever the bytes are, reading a record of OSV or a list of packages ends in bounds; what
//! a record says of a version is the same in whatever order it says it.
//! The first byte says what the rest is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_advisories::{Hit, Known, Lists, MAX_POLICY_BYTES, Policy, Record, Severity, Version};

const NOW: i64 = 1_800_000_000_000_000;
const LISTS: [&str; 10] = [
    "package-lock.json",
    "package.json",
    "node_modules/a/package.json",
    "requirements.txt",
    "a.dist-info/METADATA",
    "uv.lock",
    "Pipfile.lock",
    "pyproject.toml",
    "bom.json",
    "Cargo.lock",
];
const VERSIONS: [&str; 6] = ["0.0.0", "1.0.0", "1.2.3-rc.1", "4.17.20", "2!1.0.post1", "99.0.0"];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    if let Some(path) = LISTS.get(usize::from(*first)) {
        let mut lists = Lists::default();
        lists.read(path, rest);
        for component in lists.finish().components() {
            assert!(!component.name.chars().any(char::is_control));
        }
        return;
    }
    if let Ok(text) = std::str::from_utf8(rest) {
        let _ = Severity::from_vector(text);
        if rest.len() <= MAX_POLICY_BYTES {
            let _ = Policy::read_ignored(text);
        }
        for registry in Known::ALL {
            let _ = Version::of_advisory(registry, text);
        }
    }
    let Ok(record) = Record::parse(rest, NOW) else { return };
    assert!(record.summary.len() <= 300 && record.id.is_ascii());
    for (registry, _, versions) in &record.affected {
        for text in VERSIONS {
            let Some(version) = Version::of_component(*registry, text) else { continue };
            let hit = versions.hit(*registry, &version, text);
            if versions.is_all() {
                assert!(matches!(hit, Hit::Yes { .. }), "{versions:?}");
            }
            let mut turned = versions.clone();
            turned.ranges.reverse();
            turned.exact.reverse();
            let again = turned.hit(*registry, &version, text);
            assert_eq!(std::mem::discriminant(&hit), std::mem::discriminant(&again));
        }
    }
});
