//! Secrets that a person puts into the store: kept, and never shown again.

use crate::program::{Done, User, soon};
use crate::terminal::Terminal;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

const VALUE: &str = "sk-live-nobody-else-knows";

fn set(user: &User, name: &str, value: &str) -> Done {
    user.ringfence(["secret", "set", name]).input(value).run()
}

fn secret(user: &User, words: &[&str]) -> Done {
    user.ringfence([&["secret"], words].concat()).run()
}

fn names(user: &User) -> Vec<String> {
    let listed = secret(user, &["list", "--json"]).json();
    let secrets = listed["secrets"].as_array().unwrap();
    secrets.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

/// Everything in the home, as text.
fn home(user: &User) -> String {
    let mut text = String::new();
    let mut todo = vec![user.home()];
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            text.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap()));
        }
    }
    text
}

#[test]
fn a_secret_is_set_listed_replaced_and_removed_and_its_value_is_shown_nowhere() {
    let user = User::new();
    let mut shown = String::new();
    for (done, said) in [
        (set(&user, "API_KEY", &format!("{VALUE}\n")), "set API_KEY"),
        (set(&user, "API_KEY", VALUE), "replaced API_KEY"),
        (secret(&user, &["list"]), "API_KEY"),
        (secret(&user, &["rotate"]), "encrypted 1 secrets"),
        (secret(&user, &["list", "--json"]), "\"name\":\"API_KEY\""),
        (secret(&user, &["remove", "API_KEY"]), "removed API_KEY"),
    ] {
        assert_eq!(done.code, Some(0), "{done:?}");
        let text = format!("{}{}", done.stdout, done.stderr);
        assert!(text.contains(said), "{said}: {done:?}");
        shown.push_str(&text);
    }
    assert!(names(&user).is_empty());
    let again = secret(&user, &["remove", "API_KEY"]);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(!shown.contains("sk-live") && !home(&user).contains("sk-live"), "{shown}");
}

#[test]
fn every_change_is_in_the_log_by_name() {
    let user = User::new();
    set(&user, "API_KEY", VALUE);
    secret(&user, &["rotate"]);
    secret(&user, &["remove", "API_KEY"]);
    let records = user.records();
    let changes: Vec<_> =
        records.iter().filter(|record| record["event"]["kind"] == "secret_changed").collect();
    assert_eq!(changes.len(), 3, "{records:?}");
    for (record, said) in changes.iter().zip(["is set", "new key", "is removed"]) {
        let event = &record["event"];
        assert!(event["message"].as_str().unwrap().contains(said), "{event}");
        assert!(event["metadata"]["secret"].to_string().contains("API_KEY"), "{event}");
        assert_eq!(event["actor"]["type"], "user", "{event}");
    }
    assert!(!format!("{records:?}").contains("sk-live"));
    assert_eq!(user.ringfence(["audit", "verify"]).run().code, Some(0));
}

#[test]
fn what_cannot_be_recorded_is_not_changed() {
    let user = User::new();
    set(&user, "API_KEY", VALUE);
    let before = fs::read(user.home().join("secrets.json")).unwrap();
    let log = user.home().join("audit");
    fs::rename(&log, user.path("audit")).unwrap();
    fs::write(&log, "no folder").unwrap();
    for done in [set(&user, "OTHER_KEY", VALUE), secret(&user, &["remove", "API_KEY"])] {
        assert_eq!(done.code, Some(8), "{done:?}");
    }
    assert_eq!(fs::read(user.home().join("secrets.json")).unwrap(), before);
}

#[test]
fn a_change_waits_until_the_log_has_taken_its_record() {
    let user = User::new();
    let segment = user.home().join("audit/00000001.jsonl");
    // The store's file stays small, the log's grows beyond it and beyond its head.
    while !segment.exists() || segment.metadata().unwrap().len() < 8192 {
        assert_eq!(set(&user, "API_KEY", VALUE).code, Some(0));
    }
    let before = fs::read(user.home().join("secrets.json")).unwrap();
    let full = format!("--fsize={}", segment.metadata().unwrap().len());
    let words = ["secret", "set", "OTHER_KEY"];
    let done = user.ringfence_under(&["prlimit", &full], &words).input(VALUE).run();
    assert_ne!(done.code, Some(0), "{done:?}");
    assert_eq!(fs::read(user.home().join("secrets.json")).unwrap(), before, "{done:?}");
    assert_eq!(set(&user, "OTHER_KEY", VALUE).code, Some(0));
    assert_eq!(names(&user), ["API_KEY", "OTHER_KEY"]);
}

#[test]
fn a_value_on_the_command_line_is_refused_and_not_repeated() {
    let user = User::new();
    for words in [
        &["set", "API_KEY", VALUE][..],
        &["set", "API_KEY", "--", VALUE],
        &["set", "API_KEY", &format!("--value={VALUE}")],
        &["set", &format!("API_KEY={VALUE}")],
    ] {
        let done = secret(&user, words);
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done:?}");
        assert!(!done.stderr.contains("sk-live"), "{done:?}");
    }
    assert!(names(&user).is_empty());
}

#[test]
fn what_is_no_secret_is_refused_and_not_repeated() {
    let user = User::new();
    for value in ["", "tiny", "two\nlines-of-it", "caf\u{e9}-caf\u{e9}-caf\u{e9}"] {
        let done = set(&user, "API_KEY", value);
        assert_eq!(done.code, Some(2), "{value:?}: {done:?}");
        assert!(value.is_empty() || !done.stderr.contains(value), "{done:?}");
    }
    let done = set(&user, "API_KEY", &"x".repeat(100_000));
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(names(&user).is_empty());
}

#[test]
fn nobody_who_looks_at_the_processes_sees_the_value() {
    let user = User::new();
    let running = user.ringfence(["secret", "set", "API_KEY"]).input(VALUE).stays().start();
    let process = format!("/proc/{}", running.child.id());
    // It has read the value and waits for the end of it.
    let waits = || {
        let read = fs::read_to_string(format!("{process}/io")).unwrap_or_default();
        read.lines().any(|line| line.starts_with("rchar") && !line.ends_with(" 0"))
    };
    assert!(soon(waits));
    for name in ["cmdline", "environ"] {
        let text = fs::read(format!("{process}/{name}")).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("sk-live"), "{name}");
    }
    running.signal_group(rustix::process::Signal::KILL);
    running.finish();
    assert!(names(&user).is_empty());
}

#[test]
fn a_person_types_a_value_that_the_screen_does_not_show() {
    let user = User::new();
    let mut terminal = Terminal::start(user.ringfence(["secret", "set", "API_KEY"]));
    terminal.screen.wait_for("Value of API_KEY");
    terminal.types(&format!("{VALUE}\n"));
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("set API_KEY") && !shown.contains("sk-live"), "{shown}");
    assert_eq!(names(&user), ["API_KEY"]);
}

#[test]
fn who_gives_up_at_the_question_sets_nothing() {
    for keys in ["\x03", "\x04", "half of a va\x03"] {
        let user = User::new();
        let mut terminal = Terminal::start(user.ringfence(["secret", "set", "API_KEY"]));
        terminal.screen.wait_for("Value of API_KEY");
        terminal.types(keys);
        let (code, shown) = terminal.finish();
        assert_eq!(code, Some(130), "{keys:?}: {shown}");
        assert!(names(&user).is_empty(), "{keys:?}");
    }
}

#[test]
fn a_key_of_the_operators_own_is_used_and_rotated_to_another() {
    let user = User::new();
    let (old, new) = ("5e".repeat(32), user.write("new-key", "6f".repeat(32)));
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    let with = |words: &[&str]| {
        user.ringfence([&["secret"], words].concat()).env("RINGFENCE_SECRETS_KEY", &old)
    };
    let done = with(&["set", "API_KEY"]).input(VALUE).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(!user.home().join("keys/secrets.key").exists(), "no key of our own was made");
    let without = secret(&user, &["list"]);
    assert_eq!(without.code, Some(2), "{without:?}");
    let alone = with(&["rotate"]).run();
    assert!(alone.stderr.contains("RINGFENCE_SECRETS_NEW_KEY"), "{alone:?}");
    let done = with(&["rotate"]).env("RINGFENCE_SECRETS_NEW_KEY_FILE", &new).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(with(&["list"]).run().code, Some(2), "the old key opens nothing");
    let list = user.ringfence(["secret", "list"]).env("RINGFENCE_SECRETS_KEY_FILE", &new).run();
    assert!(list.code == Some(0) && list.stdout.contains("API_KEY"), "{list:?}");
    for bad in ["", "password"] {
        let done = user.ringfence(["secret", "list"]).env("RINGFENCE_SECRETS_KEY", bad).run();
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains("RINGFENCE_SECRETS_KEY"), "{done:?}");
    }
}

#[test]
fn a_store_that_was_changed_or_replaced_by_a_link_starts_nothing() {
    let user = User::new();
    set(&user, "API_KEY", VALUE);
    let path = user.home().join("secrets.json");
    let good = fs::read_to_string(&path).unwrap();
    let run = || {
        let options = ["run", "--secret", "API_KEY@api.example.com", "--", "echo", "ran"];
        let done = user.ringfence(options).run();
        assert!(done.code == Some(2) && done.stdout.is_empty(), "{done:?}");
        done.stderr
    };
    fs::write(&path, good.replace("\"generation\":1", "\"generation\":2")).unwrap();
    assert!(run().contains("is damaged or was changed"));
    fs::remove_file(&path).unwrap();
    symlink(user.write("elsewhere", &good), &path).unwrap();
    assert!(run().contains("is a symbolic link"));
}

#[test]
fn a_plugin_that_was_granted_the_folder_around_the_home_reads_neither_store_nor_key() {
    let user = User::new();
    set(&user, "API_KEY", VALUE);
    let home = user.home().canonicalize().unwrap();
    let grant = format!("files.read={}/**", home.parent().unwrap().display());
    for name in ["secrets.json", "keys/secrets.key"] {
        let path = home.join(name);
        let done = user.ringfence(["run", "-g", &grant, "--", "cat", path.to_str().unwrap()]).run();
        assert!(done.stdout.is_empty() && done.code != Some(0), "{name}: {done:?}");
    }
}
