//! Packages as the later stages see them: notes, limits, digests.

use crate::place::Place;
use ringfence_package::{Entry, Package, PackageError, Protocol, Runtime};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn a_manifest_without_entry_leaves_the_start_to_the_folder_and_keeps_its_own_words() {
    let place = Place::with(&[
        ("plugin.yaml", "name: mine\nversion: 2.0\npermissions: [storage.read]\n"),
        (
            "package.json",
            r#"{"name": "theirs", "version": "1.0.0", "license": "MIT", "bin": "a.js", "keywords": ["mcp"]}"#,
        ),
        ("a.js", "#!/usr/bin/env node\n"),
    ]);
    let package = place.open().unwrap();
    assert_eq!(package.name.as_str(), "mine");
    assert_eq!(package.version.as_deref(), Some("2.0"));
    assert_eq!(package.license.as_deref(), Some("MIT"));
    assert_eq!(package.protocol, Protocol::Mcp);
    assert_eq!(package.declared[0].capability.to_string(), "storage.read");
    assert_eq!(package.declared[0].line, 3);
    assert!(!package.inferred);

    place.file("plugin.yaml", "name: mine\nruntime: python\n");
    assert!(place.refusal().contains("`runtime: python`, but what the folder holds is for `node`"));
}

#[test]
fn relative_scopes_stand_on_the_folder_of_the_plugin() {
    let place = Place::with(&[
        ("plugin.yaml", "name: x\nentry: a.js\npermissions: [files.read: ./data/**]\n"),
        ("a.js", ""),
    ]);
    let package = Package::open(&place.at("plugin.yaml")).unwrap();
    assert_eq!(
        package.declared[0].capability.to_string(),
        format!("files.read {}/data/**", place.path().display())
    );
    // A folder called `*` does not become everything.
    let inner = Place::new();
    for (name, content) in [
        ("*/plugin.yaml", "name: x\nentry: a.js\npermissions: [files.read: ./**]\n"),
        ("*/a.js", ""),
    ] {
        inner.file(name, content);
    }
    assert!(matches!(inner.open_at("*"), Err(PackageError::Scope { line: 3, .. })));
}

#[test]
fn what_is_unusual_for_a_type_is_noted_once_and_refused_never() {
    let place = Place::with(&[
        (
            "plugin.yaml",
            "name: x\ntype: knowledge\nentry: a.js\npermissions: [knowledge.query, process.execute: [a, b]]\nresourceLimits: {maxNetworkRequests: 5}\n",
        ),
        ("a.js", ""),
    ]);
    assert_eq!(place.open().unwrap().notes, ["process.execute is unusual for the type knowledge"]);
}

#[test]
fn an_action_keeps_its_schema_as_json() {
    let place = Place::with(&[
        (
            "plugin.yaml",
            "name: x\nentry: a.js\nactions:\n  greet:\n    description: Says hello\n    input: {type: object, required: [name], properties: {name: {type: string, maxLength: 80, pattern: \"1\"}, deep: {const: null, minimum: -1.5, deprecated: true}}}\n  other:\n",
        ),
        ("a.js", ""),
    ]);
    let package = place.open().unwrap();
    assert_eq!(package.actions.len(), 2);
    assert_eq!(package.actions[0].name, "greet");
    assert_eq!(
        package.actions[0].input.as_ref().map(ringfence_package::InputSchema::as_json),
        Some(&serde_json::json!({
            "type": "object", "required": ["name"],
            "properties": {
                "name": {"type": "string", "maxLength": 80, "pattern": "1"},
                "deep": {"const": null, "minimum": -1.5, "deprecated": true},
            }
        }))
    );
    assert_eq!(package.actions[1].input, None);
}

fn plugin() -> Place {
    Place::with(&[
        ("plugin.yaml", "name: x\nentry: a.js\n"),
        ("a.js", "1"),
        ("lib/b.js", "2"),
        ("node_modules/c/index.js", "3"),
    ])
}

#[test]
fn the_same_bytes_have_the_same_digest_wherever_they_lie() {
    let digest = plugin().open().unwrap().digest().unwrap();
    assert_eq!(digest, plugin().open().unwrap().digest().unwrap());
}

#[test]
fn any_change_of_what_can_run_changes_the_digest() {
    type Change = fn(&Place);
    let before = plugin().open().unwrap().digest().unwrap();
    let changes: [(&str, Change); 9] = [
        ("content", |p| p.file("a.js", "2")),
        ("content of a dependency", |p| p.file("node_modules/c/index.js", "4")),
        ("new file", |p| p.file("lib/new.js", "")),
        ("removed file", |p| fs::remove_file(p.at("lib/b.js")).unwrap()),
        ("renamed file", |p| fs::rename(p.at("lib/b.js"), p.at("lib/c.js")).unwrap()),
        ("moved file", |p| fs::rename(p.at("lib/b.js"), p.at("b.js")).unwrap()),
        ("executable bit", |p| {
            fs::set_permissions(p.at("lib/b.js"), fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("link", |p| p.link("lib/l.js", "b.js")),
        ("manifest", |p| p.file("plugin.yaml", "name: y\nentry: a.js\n")),
    ];
    let mut all = vec![before];
    for (what, change) in changes {
        let place = plugin();
        change(&place);
        let after = place.open().unwrap().digest().unwrap();
        assert!(!all.contains(&after), "{what}");
        all.push(after);
    }
    let place = plugin();
    place.link("lib/l.js", "../a.js");
    assert!(!all.contains(&place.open().unwrap().digest().unwrap()), "target of a link");
}

#[test]
fn a_digest_covers_dependencies_beside_an_installed_package() {
    let make = |dependency: &str| {
        Place::with(&[
            ("node_modules/a/package.json", r#"{"name": "a"}"#),
            ("node_modules/a/index.js", ""),
            ("node_modules/dependency/index.js", dependency),
        ])
    };
    let digest = |place: &Place| place.open_at("node_modules/a").unwrap().digest().unwrap();
    assert_ne!(digest(&make("good")), digest(&make("evil")));
}

#[test]
fn two_programs_of_one_folder_have_two_digests() {
    let place = Place::with(&[
        ("node_modules/a/package.json", r#"{"name": "a"}"#),
        ("node_modules/a/index.js", ""),
        ("node_modules/b/package.json", r#"{"name": "b"}"#),
        ("node_modules/b/index.js", ""),
    ]);
    let digest = |name: &str| place.open_at(name).unwrap().digest().unwrap();
    assert_ne!(digest("node_modules/a"), digest("node_modules/b"));
}

#[test]
fn a_link_to_the_outside_is_recorded_and_not_followed() {
    let outside = Place::with(&[("secret", "1")]);
    let place = plugin();
    place.link("out", outside.path());
    let before = place.open().unwrap().digest().unwrap();
    outside.file("secret", "2");
    assert_eq!(before, place.open().unwrap().digest().unwrap());
}

#[test]
fn a_digest_is_taken_once_and_a_hollow_giant_is_refused() {
    let place = plugin();
    let package = place.open().unwrap();
    let digest = package.digest().unwrap();
    place.file("a.js", "changed");
    assert_eq!(package.digest().unwrap(), digest);

    let place = plugin();
    place.file("big", "");
    fs::File::options().write(true).open(place.at("big")).unwrap().set_len(1 << 40).unwrap();
    let error = place.open().unwrap().digest().unwrap_err();
    assert!(error.to_string().contains("1 GiB"), "{error}");
}

#[test]
fn a_command_is_identified_by_all_its_words() {
    let identity = |words: &[&str]| {
        Package::command(words.iter().map(Into::into).collect()).unwrap().identity()
    };
    assert_eq!(identity(&["cat", "a"]), identity(&["cat", "a"]));
    assert_ne!(identity(&["cat", "a"]), identity(&["cat", "b"]));
    assert_ne!(identity(&["cat", "a", "b"]), identity(&["cat", "ab"]));
    assert_ne!(identity(&["cat", "a b"]), identity(&["cat", "a", "b"]));
    let package = Package::command(vec!["cat".into()]).unwrap();
    assert_eq!(package.digest().unwrap(), package.identity());
    assert_eq!(package.runtime, Runtime::Command);
    assert!(matches!(package.entry, Entry::Command { .. }));
}
