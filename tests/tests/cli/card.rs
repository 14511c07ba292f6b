//! The permission card fits one screen, whatever the plugin says of itself.

use crate::program::User;
use crate::terminal::Terminal;
use std::fmt::Write;

fn assert_fits(card: &str) {
    let lines: Vec<&str> = card.lines().collect();
    assert!(lines.len() <= 24, "{} lines:\n{card}", lines.len());
    assert_harmless(card);
}

fn assert_harmless(card: &str) {
    for line in card.lines() {
        assert!(line.chars().count() <= 80, "too wide: {line}");
        let bad = line.chars().find(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(c));
        assert_eq!(bad, None, "{line:?}");
    }
}

/// As long and as misleading as a manifest may be.
fn greedy(user: &User, asks: usize) -> std::path::PathBuf {
    let hostile = "\\u202Enodrap\\u200B\\u00AD\\u2066";
    let (long, short) = (hostile.repeat(200), hostile.repeat(10));
    let mut manifest = format!(
        "name: greedy\nversion: 1.0.0\nruntime: python\nentry: plugin.py\n\
         description: \"{long}\"\nauthor: \"{short}\"\npermissions:\n"
    );
    for number in 0..asks {
        let reason = format!("{hostile}{}", "why ".repeat(40));
        writeln!(manifest, "  - files.read: /data/{number}/**\n    reason: \"{reason}\"").unwrap();
    }
    user.write("greedy/plugin.py", "def go(input): return 1\n");
    user.write("greedy/plugin.yaml", manifest);
    user.path("greedy")
}

#[test]
fn control_characters_in_a_manifest_are_refused_and_not_repeated() {
    let user = User::new();
    let plugin = user.python_plugin("", "description: \"a\\e[2Jb\"\n");
    let done = user.ringfence(["run", plugin.to_str().unwrap()]).run();
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("control character U+001B"), "{done:?}");
    assert!(!done.stderr.contains('\u{1b}'), "{done:?}");
}

#[test]
fn what_other_files_say_of_a_plugin_is_shown_but_moves_no_cursor() {
    let user = User::new();
    user.write("npm/index.js", "");
    user.write(
        "npm/package.json",
        "{\"name\":\"evil\",\"version\":\"1.0.0\",\"main\":\"index.js\",\
         \"author\":\"a\\u001b[2J\",\"description\":\"b\\u001b[2J\\u202ec\"}",
    );
    let plugin = user.path("npm");
    let (_, shown) = Terminal::start(user.ringfence(["run", plugin.to_str().unwrap()])).finish();
    let card = shown.split("ringfence: ").next().unwrap().replace("\r\n", "\n");
    assert!(card.contains("a\\u{1b}[2J") && card.contains("b\\u{1b}[2J"), "{card}");
    assert_fits(&card);
    // Nor does a name that the plugin chose, in an error about it.
    user.write("shebang/tool", "#!/bin/\x1b[2Jnothing\n");
    let tool = user.path("shebang/tool");
    std::fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (code, shown) = Terminal::start(user.ringfence(["run", tool.to_str().unwrap()])).finish();
    assert_ne!(code, Some(0), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let (_, shown) = Terminal::start(user.ringfence(["run", "--", "no\x1b[2Jsuch"])).finish();
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn ten_permissions_and_the_longest_descriptions_fit_one_screen() {
    let user = User::new();
    let plugin = greedy(&user, 10);
    let done = user.ringfence(["run", plugin.to_str().unwrap(), "go"]).run();
    assert_eq!(done.code, Some(3), "{done:?}");
    let card = done.stderr.split("ringfence: ").next().unwrap();
    assert_fits(card);
    assert!(card.contains("  limits ") && card.contains("  walls "), "{card}");
}

#[test]
fn forty_permissions_are_all_shown_before_a_yes_and_counted_after_it() {
    let user = User::new();
    let plugin = greedy(&user, 40);
    let plugin = plugin.to_str().unwrap();
    let mut terminal = Terminal::start(user.ringfence(["run", plugin, "go"]));
    let asked = terminal.screen.wait_for("[y/N]").replace("\r\n", "\n");
    assert_harmless(&asked);
    for number in 0..40 {
        assert!(asked.contains(&format!("files.read /data/{number}/**")), "{number}: {asked}");
    }
    terminal.types("n\n");
    let (_, shown) = terminal.finish();
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let done = user.ringfence(["run", "--yes", plugin, "go"]).run();
    let card = done.stderr.split("ringfence: ").next().unwrap();
    assert_fits(card);
    assert!(card.contains("30 more"), "{card}");
}

#[test]
fn a_modest_card_says_everything_without_being_cut() {
    let user = User::new();
    let plugin =
        user.python_plugin("def go(input): return 1\n", "description: Adds.\nauthor: Ada\n");
    for preset in ["development", "production", "untrusted"] {
        let done = user.ringfence(["run", "-p", preset, plugin.to_str().unwrap()]).run();
        let card = done.stderr.split("ringfence: ").next().unwrap();
        assert_fits(card);
        let limits = card.lines().find(|line| line.contains("limits")).unwrap();
        assert!(!limits.ends_with("...") && limits.contains(preset), "{limits}");
        assert!(card.contains("no network"), "{card}");
    }
}

#[test]
fn a_plugin_without_a_manifest_says_so() {
    let user = User::new();
    let done = user.ringfence(["run", "--", "true"]).run();
    assert!(done.stderr.contains("no plugin.yaml"), "{done:?}");
    assert_fits(done.stderr.split("ringfence: ").next().unwrap());
}

#[test]
fn the_card_and_the_doctor_name_the_engine_of_webassembly_and_of_nothing_else() {
    let user = User::new();
    let wasm = wat::parse_str("(module (func (export \"go\")))").unwrap();
    user.write("wasm/plugin.wasm", wasm);
    let manifest = "name: example\nversion: 1.0.0\nruntime: wasm\nentry: plugin.wasm\n";
    user.write("wasm/plugin.yaml", manifest);
    let plugin = user.path("wasm");
    let done = user.ringfence(["run", plugin.to_str().unwrap(), "go"]).run();
    let line = done.stderr.lines().find(|line| line.starts_with("  engine ")).unwrap();
    assert!(line.contains("Wasmtime ") && line.contains("in a jail of its own"), "{line}");
    assert_fits(&done.stderr);
    let report = user.ringfence(["run", plugin.to_str().unwrap(), "go", "--json"]).run().json();
    let engine = report["card"]["engine"].as_str().unwrap().to_owned();
    assert!(line.ends_with(&engine), "{line}");
    let doctor = user.ringfence(["doctor", "--json"]).run().json();
    let facts = doctor["facts"].as_array().unwrap();
    assert!(facts.iter().any(|fact| fact["name"] == "wasm" && fact["found"] == engine.as_str()));
    let python = user.python_plugin("def go(input): return 1\n", "");
    let done = user.ringfence(["run", python.to_str().unwrap(), "go"]).run();
    assert!(!done.stderr.contains("engine"), "{done:?}");
}
