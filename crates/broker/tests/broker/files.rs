use crate::World;
use ringfence_broker::CallError;
use ringfence_types::{EventKind, WithheldBy};
use serde_json::json;

const ALL: &[&str] = &["files.read FOLDER/**", "files.write FOLDER/**", "files.delete FOLDER/**"];

#[test]
fn a_granted_folder_is_written_read_listed_and_cleaned_up() {
    let world = World::new(ALL);
    let (file, folder) = (world.path("d/a"), world.path("d"));
    world.ok("files.mkdir", &json!({"path": folder}));
    world.ok("files.write", &json!({"path": file, "content": "one"}));
    world.ok("files.write", &json!({"path": file, "content": " two", "mode": "append"}));
    assert_eq!(
        world.ok("files.read", &json!({"path": file})),
        json!({"content": "one two", "size": 7, "end": true})
    );
    assert_eq!(
        world.ok("files.read", &json!({"path": file, "offset": 4, "max": 2})),
        json!({"content": "tw", "size": 7, "end": false})
    );
    let binary = json!({"path": file, "content": {"base64": "/wA="}});
    world.ok("files.write", &binary);
    assert_eq!(
        world.ok("files.read", &json!({"path": file}))["content"],
        json!({"base64": "/wA="})
    );
    assert_eq!(
        world.ok("files.list", &json!({"path": folder})),
        json!({"entries": [{"name": "a", "kind": "file"}], "more": false, "unreadable": 0})
    );
    let stat = world.ok("files.stat", &json!({"path": file}));
    assert_eq!((&stat["kind"], &stat["size"]), (&json!("file"), &json!(2)));
    world.ok("files.delete", &json!({"path": file}));
    world.ok("files.delete", &json!({"path": folder}));
    assert!(!world.folder.join("d").exists());
    assert_eq!(world.broker.usage().file_operations, 11);
    assert_eq!(world.broker.usage().performed, 11);
}

#[test]
fn nothing_outside_the_granted_folder_is_read_or_changed() {
    let world = World::new(ALL);
    let outside = world.dir.path().canonicalize().unwrap();
    let secret = outside.join("secret").to_str().unwrap().to_owned();
    let new = outside.join("new").to_str().unwrap().to_owned();
    for (method, params) in [
        ("files.read", json!({"path": secret})),
        ("files.stat", json!({"path": secret})),
        ("files.list", json!({"path": outside.to_str().unwrap()})),
        ("files.write", json!({"path": new, "content": "x"})),
        ("files.write", json!({"path": secret, "content": "x", "mode": "append"})),
        ("files.mkdir", json!({"path": new})),
        ("files.delete", json!({"path": secret})),
    ] {
        world.denied(method, &params, WithheldBy::Scope);
    }
    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"SECRET");
    assert!(!outside.join("new").exists());
    assert_eq!(world.broker.usage().file_operations, 0);
    assert_eq!(world.log.of(EventKind::EffectAllowed).len(), 0);
}

#[test]
fn without_a_grant_no_file_method_does_anything() {
    let world = World::new(&[]);
    let path = world.path("a");
    std::fs::write(&path, "old").unwrap();
    for (method, params) in [
        ("files.read", json!({"path": path})),
        ("files.stat", json!({"path": path})),
        ("files.list", json!({"path": world.path("x")})),
        ("files.write", json!({"path": path, "content": "new"})),
        ("files.mkdir", json!({"path": world.path("d")})),
        ("files.delete", json!({"path": path})),
    ] {
        world.denied(method, &params, WithheldBy::Consent);
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert!(!world.folder.join("d").exists());
    // Reading and inspecting the same path is one line, counted twice.
    assert_eq!(world.broker.denials().len(), 5);
    assert_eq!(world.broker.denials()[0].count, 2);
    let repair = world.broker.denials()[0].denial.repair.clone().unwrap();
    assert_eq!(repair, format!("--grant files.read={path}"));
}

#[test]
fn a_link_out_of_the_folder_fails_and_the_log_shows_the_attempt() {
    let world = World::new(ALL);
    let secret = world.dir.path().canonicalize().unwrap().join("secret");
    std::os::unix::fs::symlink(&secret, world.folder.join("link")).unwrap();
    let path = world.path("link");
    for (method, params) in [
        ("files.read", json!({"path": path})),
        ("files.write", json!({"path": path, "content": "x"})),
        ("files.delete", json!({"path": path})),
    ] {
        let error = world.err(method, &params);
        assert!(matches!(error, CallError::Failed { .. }), "{error:?}");
    }
    assert_eq!(std::fs::read(secret).unwrap(), b"SECRET");
    let performed = world.log.of(EventKind::EffectPerformed);
    assert_eq!(performed.len(), 2);
    assert!(performed.iter().all(|event| event.metadata["outcome"] == "failed"));
}

#[test]
fn path_tricks_are_invalid_and_recorded() {
    let world = World::new(ALL);
    for path in [
        world.path("../secret"),
        "/proc/self/root/../../etc/passwd".into(),
        "relative".into(),
        String::new(),
        world.path("a\0b"),
    ] {
        let error = world.err("files.read", &json!({"path": path}));
        assert_eq!(error.code(), -32602, "{path}");
        assert_eq!(world.log.last().kind, EventKind::EffectDenied);
    }
}

#[test]
fn a_missing_file_is_not_found_and_not_denied() {
    let world = World::new(ALL);
    let error = world.err("files.read", &json!({"path": world.path("none")}));
    assert_eq!(error.code(), -32003);
    assert_eq!(error.to_json()["data"]["kind"], "files.read");
}
