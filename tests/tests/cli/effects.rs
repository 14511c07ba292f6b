//! What a plugin does through the broker, as its user sees it.

use crate::program::{Done, User, repository};
use serde_json::Value;

const STORAGE: [&str; 4] = ["--grant", "storage.read=notes*", "--grant", "storage.write=notes*"];

fn notes(user: &User, options: &[&str], rest: &[&str]) -> Done {
    let plugin = repository("plugins/examples/notes-python");
    let mut arguments = vec!["run"];
    arguments.extend(options);
    arguments.push(plugin.to_str().unwrap());
    arguments.extend(rest);
    user.ringfence(arguments).run()
}

#[test]
fn what_a_plugin_keeps_is_there_in_the_next_run_and_for_no_other_user() {
    let user = User::new();
    for (number, text) in [(1, "milk"), (2, "bread")] {
        let input = format!("{{\"text\":\"{text}\"}}");
        let done = notes(&user, &["--json", "--yes"], &["add", "-i", &input]);
        assert_eq!(done.json()["result"]["number"], number, "{done:?}");
    }
    let found = notes(&user, &["--json", "--yes"], &["find", "-i", "{\"text\":\"BREAD\"}"]);
    assert_eq!(found.json()["result"][0]["text"], "bread", "{found:?}");
    let other = notes(&User::new(), &["--json", "--yes"], &["list"]);
    assert_eq!(other.json()["result"], Value::Array(Vec::new()), "{other:?}");
}

#[test]
fn a_denied_effect_is_exit_code_three_and_the_repair_that_is_named_works() {
    let user = User::new();
    let file = repository("plugins/examples/notes-python/notes/first.txt");
    let input = serde_json::json!({ "path": file }).to_string();
    let load = ["load", "-i", &input];
    let denied = notes(&user, &STORAGE, &load);
    assert_eq!(denied.code, Some(3), "{denied:?}");
    assert!(denied.stderr.contains("files.read denied"), "{denied:?}");
    let repair = format!("files.read={}", file.display());
    assert!(denied.stderr.contains(&format!("help: --grant {repair}")), "{denied:?}");
    let json = notes(&user, &[&["--json"], &STORAGE[..]].concat(), &load);
    let report = json.json();
    assert_eq!((json.code, &report["error"]["code"]), (Some(3), &"denied".into()), "{json:?}");
    let denials = report["usage"]["denials"].as_array().unwrap();
    assert_eq!(denials.len(), 1, "{report}");
    let told = denials[0]["denial"]["repair"].as_str().unwrap();
    assert_eq!(told, format!("--grant {repair}"), "the same for a program");
    // As it stands there, it works.
    let (option, grant) = told.split_once(' ').unwrap();
    let mended = notes(&user, &[&["--json", option, grant], &STORAGE[..]].concat(), &load);
    assert_eq!(mended.json()["result"]["loaded"], 2, "{mended:?}");
    assert_eq!(mended.json()["usage"]["effects"]["denials"], 0, "{mended:?}");
    let kinds = user.kinds();
    let at = |kind: &str| kinds.iter().position(|known| known == kind);
    assert!(at("effect_denied") < at("action_ended"), "before its effect was seen: {kinds:?}");
    assert!(kinds.contains(&"effect_performed".to_owned()), "{kinds:?}");
}

#[test]
fn an_effect_that_was_denied_does_not_happen() {
    let user = User::new();
    let folder = user.path("data");
    std::fs::create_dir(&folder).unwrap();
    let folder = folder.canonicalize().unwrap();
    let plugin = user.python_plugin(
        "import ringfence\n\
         def read(input): return ringfence.files.read(input)\n\
         def write(input): return ringfence.files.write(input, 'planted')\n\
         def remove(input): return ringfence.files.delete(input)\n",
        &format!("permissions:\n  - files.read: {}/**\n", folder.display()),
    );
    let kept = user.write("data/kept.txt", "kept").canonicalize().unwrap();
    let run = |action: &str, path: &std::path::Path| {
        let input = Value::from(path.to_str().unwrap()).to_string();
        user.ringfence(["run", "-q", "--yes", plugin.to_str().unwrap(), action, "-i", &input]).run()
    };
    let read = run("read", &kept);
    assert_eq!((read.code, read.stdout.trim()), (Some(0), "kept"), "{read:?}");
    let new = folder.join("new.txt");
    for (action, path) in [("write", &new), ("write", &kept), ("remove", &kept)] {
        let done = run(action, path);
        assert_eq!(done.code, Some(3), "{action}: {done:?}");
    }
    // Nor does a path that only begins like a granted one.
    let outside = run("read", &folder.join("../secret.txt"));
    assert_ne!(outside.code, Some(0), "{outside:?}");
    assert!(!folder.join("new.txt").exists());
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "kept");
}

#[test]
fn a_write_grant_changes_and_creates_but_neither_deletes_nor_renames() {
    let user = User::new();
    // Not below /tmp: there no grant keeps changing and deleting apart.
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let scope = |verb: &str| format!("files.{verb}={}/**", folder.path().display());
    let work = format!(
        "cd {}; echo b >> kept; echo c > made; mv made moved; rm -f kept; rm -f made",
        folder.path().display()
    );
    let run = |grants: &[String]| {
        std::fs::write(folder.path().join("kept"), "a\n").unwrap();
        let mut arguments = vec!["run".to_owned(), "-q".to_owned()];
        for grant in ["process.execute".to_owned()].iter().chain(grants) {
            arguments.extend(["--grant".to_owned(), grant.clone()]);
        }
        arguments.extend(["--", "sh", "-c", &work].map(str::to_owned));
        user.ringfence(arguments.iter().map(String::as_str)).run()
    };
    let denied = run(&[scope("read"), scope("write")]);
    let content = |name: &str| std::fs::read_to_string(folder.path().join(name)).ok();
    assert_eq!(content("kept").as_deref(), Some("a\nb\n"), "{denied:?}");
    assert_eq!(content("made").as_deref(), Some("c\n"), "{denied:?}");
    assert_eq!(content("moved"), None, "{denied:?}");
    let allowed = run(&[scope("read"), scope("write"), scope("delete")]);
    assert_eq!(content("kept"), None, "{allowed:?}");
    assert_eq!(content("moved").as_deref(), Some("c\n"), "{allowed:?}");
}
