//! `--profile` and `--core-dump`: new files, private to who asked, and no others.

use crate::program::User;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

const PLUGIN: &str = r#"(module
    (func $hot_loop (param $left i64)
        (loop $again
            (local.set $left (i64.sub (local.get $left) (i64.const 1)))
            (br_if $again (i64.ne (local.get $left) (i64.const 0)))))
    (func (export "work") (result i32) (call $hot_loop (i64.const 400000000)) (i32.const 7))
    (func (export "trap") unreachable))"#;

fn plugin(user: &User) -> String {
    user.write("plugin/plugin.wasm", wat::parse_str(PLUGIN).unwrap());
    let manifest = "name: example\nversion: 1.0.0\nruntime: wasm\nentry: plugin.wasm\n";
    user.write("plugin/plugin.yaml", manifest);
    user.path("plugin").to_str().unwrap().to_owned()
}

/// Everything in the user's working folder, sorted.
fn files(user: &User) -> Vec<String> {
    let entries = fs::read_dir(user.path(".")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_asked_for_is_in_new_files_that_only_their_owner_reads() {
    let user = User::new();
    let plugin = plugin(&user);
    let words = ["run", &plugin, "work", "--profile", "p.json", "--core-dump", "d.wasm"];
    let done = user.ringfence(words).run();
    assert_eq!((done.code, done.stdout.trim()), (Some(0), "7"), "{done:?}");
    assert!(done.stderr.contains("profile: p.json, "), "{done:?}");
    assert!(done.stderr.contains("core dump: none, no call ended in a trap"), "{done:?}");
    assert_eq!(files(&user), ["p.json", "plugin"]);
    let profile = fs::read_to_string(user.path("p.json")).unwrap();
    assert!(profile.contains("\"hot_loop\""), "{profile}");
    let words = ["run", &plugin, "trap", "--json", "--core-dump", "d.wasm"];
    let done = user.ringfence(words).run();
    assert_eq!(done.code, Some(7), "{done:?}");
    let report = done.json();
    assert_eq!(report["core_dump"]["file"], "d.wasm", "{report}");
    assert_eq!(report["core_dump"]["left_out"], 0, "{report}");
    assert_eq!(report["core_dump"]["bytes"], user.path("d.wasm").metadata().unwrap().len());
    for name in ["p.json", "d.wasm"] {
        let metadata = user.path(name).metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
    assert!(fs::read(user.path("d.wasm")).unwrap().starts_with(b"\0asm"));
    // Who takes a plugin's memory out of its jail is in the log.
    let records = user.records();
    let asked: Vec<_> =
        records.iter().filter(|r| r["event"]["metadata"]["core_dump"] == true).collect();
    assert_eq!(asked.len(), 2, "{records:?}");
}

#[test]
fn the_list_of_the_log_shows_when_native_code_was_made_and_when_it_was_there() {
    let user = User::new();
    let plugin = plugin(&user);
    for _ in 0..2 {
        assert_eq!(user.ringfence(["run", &plugin, "work"]).run().code, Some(0));
    }
    let done = user.ringfence(["audit", "list", "--kind", "compilation"]).run();
    let [compiled, cached] = done.stdout.lines().collect::<Vec<_>>().try_into().unwrap();
    assert!(compiled.contains(" native code made {"), "{compiled}");
    assert!(cached.contains(" native code taken from the cache {"), "{cached}");
    for line in [compiled, cached] {
        assert!(line.contains("\"source\":\"sha256:"), "{line}");
    }
    assert_eq!(user.ringfence(["audit", "verify"]).run().code, Some(0));
}

#[test]
fn nobody_who_did_not_ask_gets_a_file() {
    let user = User::new();
    let plugin = plugin(&user);
    for action in ["work", "trap"] {
        let done = user.ringfence(["run", &plugin, action, "--json"]).run();
        let report = done.json();
        assert!(report["profile"].is_null() && report["core_dump"].is_null(), "{report}");
    }
    assert_eq!(files(&user), ["plugin"]);
}

#[test]
fn a_file_that_is_there_is_not_written_over_and_nothing_runs() {
    let user = User::new();
    let plugin = plugin(&user);
    user.write("mine", "mine");
    symlink("nowhere", user.path("link")).unwrap();
    for name in ["mine", "link", "no/folder"] {
        let done = user.ringfence(["run", &plugin, "work", "--profile", name]).run();
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains(&format!("`{name}`")), "{done:?}");
    }
    let done = user.ringfence(["run", &plugin, "work", "--core-dump", "mine"]).run();
    assert!(done.stderr.contains("help: another name, or first: rm mine"), "{done:?}");
    assert_eq!(fs::read_to_string(user.path("mine")).unwrap(), "mine");
    assert!(user.path("link").symlink_metadata().unwrap().size() > 0);
    assert_eq!(files(&user), ["link", "mine", "plugin"]);
    assert!(!user.kinds().contains(&"sandbox_started".to_owned()));
}

#[test]
fn what_has_no_profile_is_refused_before_a_file_is_made_or_anything_runs() {
    let user = User::new();
    let python = user.python_plugin("def go(input): return 1\n", "");
    let python = python.to_str().unwrap();
    for words in [
        ["run", python, "go", "--profile", "p.json", "--quiet"].as_slice(),
        ["run", "--core-dump", "d.wasm", "--", "touch", "ran"].as_slice(),
    ] {
        let done = user.ringfence(words).run();
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains("are of actions in WebAssembly"), "{done:?}");
        assert!(done.stderr.contains("help: --json tells processor time"), "{done:?}");
    }
    assert_eq!(files(&user), ["plugin"]);
}
