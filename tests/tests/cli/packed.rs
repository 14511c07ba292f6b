//! Packages in one file: packed, signed, verified, and what an attacker makes of them.

use crate::program::{Done, User};
use ringfence_package::Archive;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

/// A user with a key of the publisher `acme`, and a package `tool` packed and signed.
struct Publisher {
    user: User,
}

impl Publisher {
    fn new() -> Self {
        let publisher = Self { user: User::new() };
        publisher.user.write(
            "tool/plugin.yaml",
            "name: tool\nversion: 1.0.0\nruntime: node\nentry: index.mjs\n",
        );
        publisher.user.write("tool/index.mjs", "export const greet = () => 'hello';\n");
        assert_eq!(publisher.run(&["keygen", "acme.key"]).code, Some(0));
        let packed = publisher.run(&["pack", "tool", "--key", "acme.key"]);
        assert_eq!(packed.code, Some(0), "{packed:?}");
        assert_eq!(packed.stdout.trim(), "tool-1.0.0.ringfence");
        publisher
    }

    fn run(&self, words: &[&str]) -> Done {
        self.user.ringfence(words).run()
    }

    fn trust(&self, scope: &str) {
        let done = self.run(&["trust", "add", "Acme", "acme.key.pub", "--scope", scope]);
        assert_eq!(done.code, Some(0), "{done:?}");
    }

    fn verify(&self, words: &[&str]) -> Done {
        self.run(&[&["verify", "tool-1.0.0.ringfence"], words].concat())
    }

    fn packed(&self) -> PathBuf {
        self.user.path("tool-1.0.0.ringfence")
    }
}

#[test]
fn a_signed_package_is_trusted_once_its_publisher_is_and_not_before() {
    let acme = Publisher::new();
    let before = acme.verify(&[]);
    assert_eq!(before.code, Some(9), "{before:?}");
    assert!(before.stderr.contains("ringfence trust add"), "{before:?}");
    assert_eq!(acme.verify(&["--require", "signed"]).code, Some(0));
    acme.trust("tool");
    let after = acme.verify(&[]);
    assert_eq!((after.code, after.stdout.trim()), (Some(0), "trusted: signed by Acme"));
    let shown = acme.run(&["inspect", "--json", "--files", "tool-1.0.0.ringfence"]).json();
    assert_eq!(shown["standing"]["level"], "trusted");
    assert_eq!(shown["files"][0]["path"], "index.mjs");
    assert!(acme.user.kinds().contains(&"trust_changed".to_owned()));
}

#[test]
fn a_key_that_is_trusted_for_other_packages_or_was_revoked_makes_it_fail() {
    let acme = Publisher::new();
    acme.trust("other-*");
    let done = acme.verify(&["--require", "intact"]);
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(done.stdout.contains("not trusted for packages named"), "{done:?}");

    let other = Publisher::new();
    other.trust("*");
    let id = other.run(&["trust", "list", "--json"]).json();
    let id = id["publishers"][0]["keys"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(other.run(&["trust", "revoke", &id, "--reason", "stolen"]).code, Some(0));
    let done = other.verify(&["--require", "intact"]);
    assert!(done.code == Some(9) && done.stdout.contains("stolen"), "{done:?}");
    let again = other.run(&["trust", "add", "Acme", "acme.key.pub", "--scope", "*"]);
    assert_eq!(again.code, Some(2), "a revoked key does not come back: {again:?}");
}

#[test]
fn a_package_that_was_changed_fails_and_cannot_be_signed_over() {
    let acme = Publisher::new();
    acme.trust("*");
    // The attacker packs other files under the same name, and keeps the old signatures.
    acme.user.write("tool/index.mjs", "export const greet = () => 'stolen';\n");
    let packed = acme.run(&["pack", "tool", "-o", "evil.ringfence"]);
    assert_eq!(packed.code, Some(0), "{packed:?}");
    let read = |name: &str| Archive::parse(&fs::read(acme.user.path(name)).unwrap()).unwrap();
    let signatures = read("tool-1.0.0.ringfence").signatures;
    let swapped = Archive { signatures, ..read("evil.ringfence") }.to_bytes().unwrap();
    acme.user.write("swapped.ringfence", swapped);
    let done = acme.run(&["verify", "--require", "intact", "swapped.ringfence"]);
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(done.stdout.contains("`index.mjs` is not as it was signed"), "{done:?}");
    let before = fs::read(acme.user.path("swapped.ringfence")).unwrap();
    let done = acme.run(&["sign", "--key", "acme.key", "swapped.ringfence"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert_eq!(fs::read(acme.user.path("swapped.ringfence")).unwrap(), before);
}

#[test]
fn any_byte_of_a_packed_package_that_is_changed_is_noticed() {
    let acme = Publisher::new();
    acme.trust("*");
    let inspect = |file: &str| acme.run(&["inspect", "--json", "--files", file]).stdout;
    let known = inspect("tool-1.0.0.ringfence");
    let good = fs::read(acme.packed()).unwrap();
    let mut noticed = 0;
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        fs::write(acme.user.path("changed.ringfence"), &bytes).unwrap();
        let done = acme.run(&["verify", "changed.ringfence"]);
        // Bytes that the packing does not use may change and nothing with them.
        let same = done.code == Some(0) && inspect("changed.ringfence") == known;
        assert!(same || matches!(done.code, Some(2 | 9)), "byte {at}: {done:?}");
        noticed += usize::from(!same);
    }
    assert!(noticed > 30, "{noticed} of 41");
}

#[test]
fn the_same_files_give_the_same_bytes_whoever_packs() {
    let (one, other) = (Publisher::new(), Publisher::new());
    for publisher in [&one, &other] {
        assert_eq!(publisher.run(&["pack", "tool", "-o", "plain.ringfence"]).code, Some(0));
    }
    let bytes = |publisher: &Publisher| fs::read(publisher.user.path("plain.ringfence")).unwrap();
    assert_eq!(bytes(&one), bytes(&other));
}

#[test]
fn nothing_is_written_over_and_a_secret_key_is_for_its_owner_only() {
    let acme = Publisher::new();
    let key = fs::read(acme.user.path("acme.key")).unwrap();
    assert_eq!(
        fs::metadata(acme.user.path("acme.key")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(acme.run(&["keygen", "acme.key"]).code, Some(2));
    assert_eq!(fs::read(acme.user.path("acme.key")).unwrap(), key);
    let packed = fs::read(acme.packed()).unwrap();
    assert_eq!(acme.run(&["pack", "tool"]).code, Some(2));
    assert_eq!(fs::read(acme.packed()).unwrap(), packed);
    // Not through a link that somebody put there, either.
    symlink(acme.user.path("victim"), acme.user.path("new.key")).unwrap();
    assert_eq!(acme.run(&["keygen", "new.key"]).code, Some(2));
    assert!(!acme.user.path("victim").exists());
}

#[test]
fn a_publisher_can_change_keys_and_a_thief_cannot() {
    let acme = Publisher::new();
    acme.trust("tool");
    for key in ["new.key", "thief.key", "thief2.key"] {
        assert_eq!(acme.run(&["keygen", key]).code, Some(0));
    }
    let rotate = |old: &str, new: &str, file: &str| {
        let done = acme.run(&["trust", "rotate", old, new, "-o", file]);
        assert_eq!(done.code, Some(0), "{done:?}");
    };
    rotate("thief.key", "thief2.key", "thief.json");
    let done = acme.run(&["trust", "accept", "thief.json"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert_eq!(acme.verify(&[]).code, Some(0), "nothing was changed");
    rotate("acme.key", "new.key", "new.json");
    assert_eq!(acme.run(&["trust", "accept", "new.json"]).code, Some(0));
    assert_eq!(acme.verify(&[]).code, Some(9), "the old key counts no more");
    assert_eq!(
        acme.run(&["pack", "tool", "-o", "again.ringfence", "--key", "new.key"]).code,
        Some(0)
    );
    assert_eq!(acme.run(&["verify", "again.ringfence"]).code, Some(0));
}

#[test]
fn a_list_of_publishers_that_cannot_be_read_is_not_one_with_nobody_on_it() {
    let acme = Publisher::new();
    acme.trust("*");
    let list = acme.user.home().join("publishers.json");
    fs::write(&list, "{").unwrap();
    let done = acme.verify(&["--require", "intact"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    let done = acme.run(&["trust", "add", "Other", "acme.key.pub", "--scope", "*"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert_eq!(fs::read_to_string(&list).unwrap(), "{", "it is not written over");
}

#[test]
fn a_packed_package_is_scanned_and_run_and_its_card_says_who_signed() {
    let acme = Publisher::new();
    let run = || acme.run(&["run", "tool-1.0.0.ringfence", "greet"]);
    let unknown = run();
    assert_eq!(unknown.code, Some(0), "{unknown:?}");
    assert!(unknown.stdout.contains("hello"), "{unknown:?}");
    assert!(unknown.stderr.contains("who that is, nobody says"), "{unknown:?}");
    acme.trust("tool");
    let trusted = run();
    assert!(trusted.stderr.contains("trusted: signed by Acme"), "{trusted:?}");
    let scanned = acme.run(&["scan", "--format", "json", "tool-1.0.0.ringfence"]);
    assert_eq!(scanned.code, Some(0), "{scanned:?}");
    assert_eq!(scanned.json()["understood"]["files"], 2, "{scanned:?}");
    let read: Vec<_> = acme
        .user
        .records()
        .into_iter()
        .filter(|one| one["event"]["kind"] == "package_read")
        .collect();
    assert_eq!(read.len(), 2, "{read:?}");
    assert_eq!(read[0]["event"]["metadata"]["signatures"]["level"], "unknown");
    assert_eq!(read[1]["event"]["metadata"]["signatures"]["publisher"], "Acme");
}

#[test]
fn a_packed_package_that_fails_or_was_changed_in_the_home_is_never_run_as_it_is() {
    let acme = Publisher::new();
    let run = || acme.run(&["run", "-q", "tool-1.0.0.ringfence", "greet"]);
    assert_eq!(run().code, Some(0));
    let packages = acme.user.home().join("packages");
    let names: Vec<_> =
        fs::read_dir(&packages).unwrap().flatten().map(|entry| entry.path()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    let code = names[0].join("index.mjs");
    fs::write(&code, "export const greet = () => 'stolen';\n").unwrap();
    fs::write(names[0].join("more.mjs"), "").unwrap();
    let done = run();
    assert!(done.code == Some(0) && done.stdout.contains("hello"), "{done:?}");
    assert!(!names[0].join("more.mjs").exists());
    acme.trust("other");
    let done = run();
    assert_eq!(done.code, Some(9), "its key is for other packages: {done:?}");
    assert!(!done.stdout.contains("hello"), "{done:?}");
    assert_eq!(acme.user.kinds().iter().filter(|kind| *kind == "refused").count(), 1);
    let left: Vec<_> = fs::read_dir(&packages).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "nothing else is left there: {left:?}");
}

#[test]
fn an_application_that_embeds_the_library_is_refused_the_same() {
    let acme = Publisher::new();
    let library = ringfence::Ringfence::open_at(acme.user.home()).unwrap();
    let mut plugin = library.plugin(acme.packed()).start().unwrap();
    let answer = plugin.execute("greet", &serde_json::Value::Null).unwrap();
    assert_eq!(answer.value(), Some(&serde_json::json!("hello")), "{answer:?}");
    plugin.terminate();
    acme.trust("other");
    let error = library.plugin(acme.packed()).start().err().unwrap();
    assert_eq!(error.exit_code().code(), 9, "{error}");
}
