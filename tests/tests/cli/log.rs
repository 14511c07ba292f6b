//! The log that every run writes: whole after everything that can happen to it.

use crate::program::{User, repository};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

fn used(user: &User) {
    for _ in 0..3 {
        let done = user.ringfence(["run", "-q", "--", "true"]).run();
        assert_eq!(done.code, Some(0), "{done:?}");
    }
}

/// The files with records.
fn segments(user: &User) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![user.home()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                todo.push(entry.path());
            } else if fs::read(entry.path()).unwrap().windows(15).any(|w| w == b"sandbox_started") {
                found.push(entry.path());
            }
        }
    }
    assert!(!found.is_empty());
    found
}

#[test]
fn a_run_leaves_a_trace_that_verifies() {
    let user = User::new();
    let done = user.ringfence(["run", "--env", "MODE=x", "--", "true"]).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    let kinds = user.kinds();
    assert_eq!(
        kinds,
        ["granted", "sandbox_started", "action_called", "action_ended", "sandbox_ended"]
    );
    let verified = user.ringfence(["audit", "verify", "--json"]).run();
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let facts = verified.json();
    assert_eq!(
        (facts["ok"].as_bool(), facts["unsigned"].as_u64()),
        (Some(true), Some(0)),
        "{facts}"
    );
    let list = user.ringfence(["audit", "list", "--kind", "action_called", "-n", "1"]).run();
    assert!(list.stdout.contains("action called") && list.stdout.lines().count() == 1, "{list:?}");
    let wrong = user.ringfence(["audit", "list", "--kind", "nonsense"]).run();
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

#[test]
fn an_export_is_verified_by_somebody_else_with_a_key_from_elsewhere() {
    let (user, other) = (User::new(), User::new());
    used(&user);
    let key = user.ringfence(["audit", "verify", "--json"]).run().json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let file = other.path("export");
    let exported = user.ringfence(["audit", "export", "-o", file.to_str().unwrap()]).run();
    assert_eq!((exported.code, exported.stdout.as_str()), (Some(0), ""), "{exported:?}");
    let file = file.to_str().unwrap();
    let good = other.ringfence(["audit", "verify", "--export", file, "--key", &key]).run();
    assert_eq!(good.code, Some(0), "{good:?}");
    let wrong =
        other.ringfence(["audit", "verify", "--export", file, "--key", &"0".repeat(64)]).run();
    assert_ne!(wrong.code, Some(0), "{wrong:?}");
    let bytes = fs::read_to_string(file).unwrap();
    fs::write(
        file,
        bytes.replacen("\"true\"", "\"fals\"", 1).replacen("sandbox starts", "sandbox start5", 1),
    )
    .unwrap();
    let changed = other.ringfence(["audit", "verify", "--export", file, "--key", &key]).run();
    assert_eq!(changed.code, Some(8), "{changed:?}");
    // On standard output it is the same file.
    let piped = user.ringfence(["audit", "export"]).run();
    assert_eq!(
        (piped.code, piped.stdout.lines().count()),
        (Some(0), bytes.lines().count()),
        "{piped:?}"
    );
}

#[test]
fn eight_when_one_byte_of_a_record_was_changed_and_the_record_is_named() {
    let user = User::new();
    used(&user);
    let record =
        user.records().into_iter().find(|r| r["event"]["kind"] == "action_called").unwrap();
    let sequence = record["sequence"].as_u64().unwrap();
    let segment = &segments(&user)[0];
    let text = fs::read_to_string(segment).unwrap();
    fs::write(segment, text.replacen("action called", "action calmed", 1)).unwrap();
    let plain = user.ringfence(["audit", "verify"]).run();
    assert_eq!(plain.code, Some(8), "{plain:?}");
    assert!(plain.stderr.contains(&sequence.to_string()), "record {sequence}: {plain:?}");
    let json = user.ringfence(["audit", "verify", "--json"]).run();
    assert_eq!(
        (json.code, json.json()["error"]["code"].as_str()),
        (Some(8), Some("audit")),
        "{json:?}"
    );
    assert!(
        json.json()["error"]["message"].to_string().contains(&sequence.to_string()),
        "{json:?}"
    );
}

#[test]
fn eight_when_a_record_was_dropped_or_the_end_was_cut_off() {
    for attack in ["drop", "cut", "swap"] {
        let user = User::new();
        used(&user);
        let segment = &segments(&user)[0];
        let text = fs::read_to_string(segment).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        match attack {
            "drop" => drop(lines.remove(3)),
            "cut" => lines.truncate(lines.len() - 2),
            _ => lines.swap(3, 4),
        }
        fs::write(segment, lines.join("\n") + "\n").unwrap();
        let done = user.ringfence(["audit", "verify"]).run();
        assert_eq!(done.code, Some(8), "{attack}: {done:?}");
        // And nothing runs on top of a log that was tampered with.
        let run = user.ringfence(["run", "--json", "--", "true"]).run();
        if run.code != Some(8) {
            let after = user.ringfence(["audit", "verify"]).run();
            assert_eq!(after.code, Some(8), "{attack}: a later run must not heal it: {after:?}");
        }
    }
}

#[test]
fn eight_when_the_home_cannot_hold_a_log() {
    let user = User::new();
    let cases: &[(&str, &dyn Fn())] = &[
        ("a file", &|| {
            fs::remove_dir_all(user.home()).unwrap();
            fs::write(user.home(), "x").unwrap();
        }),
        ("writable by others", &|| {
            fs::remove_file(user.home()).unwrap();
            fs::create_dir(user.home()).unwrap();
            fs::set_permissions(user.home(), fs::Permissions::from_mode(0o777)).unwrap();
        }),
        ("of somebody else", &|| {
            fs::set_permissions(user.home(), fs::Permissions::from_mode(0o700)).unwrap();
            // Only root can give a folder away; for others /proc/1 is somebody else's.
            if chown(user.home(), Some(4242), None).is_err() {
                fs::remove_dir(user.home()).unwrap();
                std::os::unix::fs::symlink("/proc/1", user.home()).unwrap();
            }
        }),
    ];
    for (case, prepare) in cases {
        prepare();
        for arguments in [&["run", "--", "true"][..], &["run", "--json", "--", "true"]] {
            let done = user.ringfence(arguments).run();
            assert_eq!(done.code, Some(8), "{case}: {done:?}");
            let said = format!("{}{}", done.stderr, done.stdout);
            assert!(said.contains("RINGFENCE_HOME"), "{case}: how to mend it: {done:?}");
            assert!(said.contains(user.home().to_str().unwrap()), "{case}: which folder: {done:?}");
        }
    }
}

#[test]
fn eight_when_there_is_no_place_for_a_log_at_all() {
    let user = User::new();
    let mut invocation = user.ringfence(["run", "--", "true"]);
    for name in ["RINGFENCE_HOME", "XDG_DATA_HOME", "HOME"] {
        invocation.command.env_remove(name);
    }
    let done = invocation.run();
    assert_eq!(done.code, Some(8), "{done:?}");
    assert!(done.stderr.contains("set RINGFENCE_HOME"), "{done:?}");
    let impossible =
        user.ringfence(["run", "--", "true"]).env("RINGFENCE_HOME", "/proc/nothing").run();
    assert_eq!(impossible.code, Some(8), "{impossible:?}");
    assert!(impossible.stderr.contains("/proc/nothing"), "{impossible:?}");
}

#[test]
fn a_program_that_asks_for_json_gets_it_also_when_the_log_cannot_be_listed() {
    let user = User::new();
    assert_eq!(user.ringfence(["run", "-q", "--", "true"]).run().code, Some(0));
    for words in [["--kind", "nonsense"], ["--instance", "no/name"], ["--severity", "loud"]] {
        let done = user.ringfence([&["audit", "list", "--json"], &words[..]].concat()).run();
        assert_eq!(done.code, Some(2), "{done:?}");
        assert_eq!(done.json()["error"]["code"], "usage", "{done:?}");
    }
    let done = user.ringfence(["audit", "verify", "--json", "--key", "x"]).run();
    assert_eq!(done.json()["error"]["code"], "usage", "{done:?}");
}

#[test]
fn a_full_disk_stops_the_next_run_and_loses_no_earlier_record() {
    // A disk of our own in a mount namespace of our own: small, then filled.
    let user = User::new();
    let script = r#"
        set -e
        mount -t tmpfs -o size=256k,mode=700 none "$RINGFENCE_HOME"
        "$0" run -q -- true
        "$0" run -q -- true
        before=$("$0" audit list | wc -l)
        dd if=/dev/zero of="$RINGFENCE_HOME/filler" bs=1k 2>/dev/null || true
        set +e
        "$0" run -q --json -- touch /tmp/x; echo "code $?"
        "$0" run -q --json -- touch /tmp/x; echo "code $?"
        rm "$RINGFENCE_HOME/filler"
        "$0" audit verify >&2; echo "verify $?"
        after=$("$0" audit list | wc -l)
        test "$after" -ge "$before"; echo "kept $?"
        "$0" run -q -- true; echo "again $?"
        "$0" audit verify >&2; echo "verify $?"
    "#;
    let mut outer = vec!["unshare", "--mount"];
    if !rustix::process::geteuid().is_root() {
        outer.extend(["--user", "--map-root-user"]);
    }
    outer.extend(["sh", "-c", script]);
    let done = user.ringfence_under(&outer, &[]).run();
    assert!(done.stdout.contains("code 8"), "{done:?}");
    assert!(!done.stdout.contains("code 0"), "nothing ran without a record: {done:?}");
    for line in ["verify 0", "kept 0", "again 0"] {
        assert!(done.stdout.contains(line), "{line}: {done:?}");
    }
    assert!(!done.stdout.contains("verify 8"), "{done:?}");
}

#[test]
fn a_disk_that_is_read_only_stops_the_run() {
    let user = User::new();
    used(&user);
    let script = r#"
        mount --bind "$RINGFENCE_HOME" "$RINGFENCE_HOME" &&
        mount -o remount,bind,ro "$RINGFENCE_HOME" || exit 99
        "$0" run -q --json -- echo ran; echo "code $?"
        "$0" audit verify >&2; echo "verify $?"
    "#;
    let mut outer = vec!["unshare", "--mount"];
    if !rustix::process::geteuid().is_root() {
        outer.extend(["--user", "--map-root-user"]);
    }
    outer.extend(["sh", "-c", script]);
    let done = user.ringfence_under(&outer, &[]).run();
    assert!(done.stdout.contains("code 8") && !done.stdout.contains("\"ran"), "{done:?}");
    assert!(done.stdout.contains("verify 0"), "what is there can be read: {done:?}");
}

#[test]
fn a_missing_interpreter_is_a_clear_error_with_a_record() {
    let user = User::new();
    for (example, name) in [("hello-node", "node"), ("hello-python", "python3")] {
        let plugin = repository(&format!("plugins/examples/{example}"));
        let done = user
            .ringfence(["run", "-q", plugin.to_str().unwrap(), "greet"])
            .env("PATH", "/nowhere")
            .run();
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains(&format!("`{name}` is not installed")), "{done:?}");
        assert!(done.stderr.contains("apt-get install"), "{done:?}");
    }
    assert_eq!(user.kinds(), ["refused", "refused"]);
}

#[test]
fn two_runs_at_once_share_one_log() {
    let user = User::new();
    let long =
        user.ringfence(["run", "-q", "--", "sh", "-c", "echo up; sleep 0 || read x"]).start();
    let many: Vec<_> = (0..4)
        .map(|n| user.ringfence(["run", "-q", "--", "echo", &n.to_string()]).start())
        .collect();
    for (n, run) in many.into_iter().enumerate() {
        let done = run.finish();
        assert_eq!((done.code, done.stdout.trim()), (Some(0), n.to_string().as_str()), "{done:?}");
    }
    long.finish();
    let verified = user.ringfence(["audit", "verify"]).run();
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert_eq!(user.kinds().iter().filter(|kind| *kind == "sandbox_ended").count(), 5);
}
