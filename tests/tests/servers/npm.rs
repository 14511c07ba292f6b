//! Servers from npm.

use crate::cache::{Server, npm};
use crate::program::User;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

const ANTHROPIC: &str = "@modelcontextprotocol";

#[test]
fn server_everything_answers_and_sees_nothing_of_the_host() {
    let user = User::new();
    let path = npm("server-everything", &format!("{ANTHROPIC}/server-everything"));
    let server = Server::new(&user, &path);
    assert!(server.tools().contains(&"get-env".to_owned()));
    assert!(server.call("get-sum", &json!({ "a": 2, "b": 40 })).contains("42"));
    // `call` fails when one of the secrets in our environment comes out.
    let text = server.call("get-env", &json!({}));
    let seen: Value = serde_json::from_str(&text).unwrap();
    let names: BTreeSet<&str> = seen.as_object().unwrap().keys().map(String::as_str).collect();
    let known = BTreeSet::from(["PATH", "HOME", "TMPDIR", "LANG", "USER", "LOGNAME"]);
    assert!(names.is_subset(&known), "{text}");
    assert_eq!(seen["HOME"], "/tmp", "nor where the user lives");
}

#[test]
fn server_everything_ignores_the_end_of_its_input_and_is_ended() {
    let user = User::new();
    let path = npm("server-everything", &format!("{ANTHROPIC}/server-everything"));
    let message = |id: u64, method: &str, params: Value| {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        format!("{message}\n")
    };
    let hello = json!({
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    });
    // A timer of its own keeps it alive from then on.
    let timer = json!({ "name": "toggle-simulated-logging", "arguments": {} });
    let input = message(1, "initialize", hello)
        + "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n"
        + &message(2, "tools/call", timer);
    let arguments = ["run", "--mcp", "-q", path.to_str().unwrap()];
    let done = user.ringfence(arguments).input(input).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.took > Duration::from_secs(2), "it had its time to end: {done:?}");
    assert!(done.took < Duration::from_secs(20), "and no more: {done:?}");
    for id in [1, 2] {
        let id = format!("\"id\":{id}");
        assert!(done.stdout.contains(&id), "it was answered before it was ended: {done:?}");
    }
    let ended = user.records().pop().unwrap();
    let end = ended["event"]["metadata"]["end"].as_str().unwrap();
    assert!(end.contains("stopped by us"), "{ended}");
    assert_eq!(user.kinds().last().map(String::as_str), Some("sandbox_ended"));
}

#[test]
fn server_memory_keeps_its_file_where_it_is_granted_and_nowhere_else() {
    let user = User::new();
    let path = npm("server-memory", &format!("{ANTHROPIC}/server-memory"));
    let ada = json!({ "entities": [
        { "name": "Ada", "entityType": "person", "observations": ["writes engines"] },
    ]});
    let bare = Server::new(&user, &path);
    assert!(bare.tools().contains(&"create_entities".to_owned()));
    // It wants to write beside its own code.
    let (_, why) = bare.refused("create_entities", &ada);
    assert!(why.contains("read-only"), "{why}");
    // In the jail's own /tmp it may, and nothing is left of that.
    let own = Server::new(&user, &path).with("--env", "MEMORY_FILE_PATH=/tmp/memory.jsonl");
    assert!(own.call("create_entities", &ada).contains("Ada"));
    assert!(!own.call("read_graph", &json!({})).contains("Ada"));
    fs::create_dir(user.path("kept")).unwrap();
    let folder = user.path("kept").canonicalize().unwrap();
    let place = format!("MEMORY_FILE_PATH={}/memory.jsonl", folder.display());
    let (read, write) = grants(&folder);
    // It writes beside the file and renames, which takes the old one away.
    let delete = format!("files.delete={}/**", folder.display());
    let kept = Server::new(&user, &path)
        .with("--env", &place)
        .with("--grant", &read)
        .with("--grant", &write)
        .with("--grant", &delete);
    assert!(kept.call("create_entities", &ada).contains("Ada"));
    assert!(fs::read_to_string(folder.join("memory.jsonl")).unwrap().contains("writes engines"));
    let found = kept.call("search_nodes", &json!({ "query": "engines" }));
    assert!(found.contains("Ada"), "another run finds it: {found}");
}

fn grants(folder: &std::path::Path) -> (String, String) {
    (format!("files.read={}/**", folder.display()), format!("files.write={}/**", folder.display()))
}

#[test]
fn server_filesystem_reads_what_is_granted_and_writes_only_with_that_grant() {
    let user = User::new();
    let path = npm("server-filesystem", &format!("{ANTHROPIC}/server-filesystem"));
    let secret = user.write("private/key.txt", "private");
    let file = user.write("shared/list.txt", "milk and bread").canonicalize().unwrap();
    let folder = file.parent().unwrap();
    let (read, write) = grants(folder);
    let reader = Server::new(&user, &path).with("--grant", &read);
    assert!(reader.tools().contains(&"read_text_file".to_owned()));
    let text = reader.call("read_text_file", &json!({ "path": file }));
    assert!(text.contains("milk and bread"), "{text}");
    let (_, why) = reader.refused("read_text_file", &json!({ "path": secret }));
    assert!(!why.contains("\"private\""), "{why}");
    let new = folder.join("new.txt");
    let input = json!({ "path": new, "content": "eggs" });
    let (code, why) = reader.refused("write_file", &input);
    assert!(code == 1 && why.contains("read-only"), "{why}");
    assert!(!new.exists(), "the proof: nothing was written");
    let writer = Server::new(&user, &path).with("--grant", &read).with("--grant", &write);
    writer.call("write_file", &input);
    assert_eq!(fs::read_to_string(&new).unwrap(), "eggs");
    let without = Server::new(&user, &path);
    let (_, why) = without.refused("read_text_file", &json!({ "path": file }));
    assert!(!why.contains("milk"), "{why}");
}

#[test]
fn server_sequential_thinking_thinks() {
    let user = User::new();
    let path =
        npm("server-sequential-thinking", &format!("{ANTHROPIC}/server-sequential-thinking"));
    let server = Server::new(&user, &path);
    assert_eq!(server.tools(), ["sequentialthinking"]);
    let thought = json!({
        "thought": "one", "thoughtNumber": 1, "totalThoughts": 2, "nextThoughtNeeded": true,
    });
    let answer: Value = serde_json::from_str(&server.call("sequentialthinking", &thought)).unwrap();
    assert_eq!(answer["thoughtHistoryLength"], 1);
}

#[test]
fn calculator_mcp_and_time_mcp_need_nothing() {
    let user = User::new();
    let path = npm("calculator-mcp", "@wrtnlabs/calculator-mcp");
    let calculator = Server::new(&user, &path);
    assert!(calculator.tools().contains(&"sqrt".to_owned()));
    assert!(calculator.call("mul", &json!({ "a": 6, "b": 7 })).contains("42"));
    let path = npm("time-mcp", "time-mcp");
    let time = Server::new(&user, &path);
    assert!(time.tools().contains(&"convert_time".to_owned()));
    let noon = json!({
        "sourceTimezone": "UTC", "targetTimezone": "Asia/Tokyo", "time": "2026-01-01 12:00:00",
    });
    let answer = time.call("convert_time", &noon);
    assert!(answer.contains("2026-01-01 21:00:00"), "{answer}");
}

#[test]
fn mcp_server_commands_starts_the_granted_programs_and_no_other() {
    let user = User::new();
    let path = npm("mcp-server-commands", "mcp-server-commands");
    let sum = json!({ "command": "expr 40 + 2" });
    let bare = Server::new(&user, &path);
    assert_eq!(bare.tools(), ["run_command"]);
    bare.refused("run_command", &sum);
    let some = || {
        Server::new(&user, &path)
            .with("--grant", "process.execute=sh")
            .with("--grant", "process.execute=expr")
    };
    assert!(some().call("run_command", &sum).contains("42"));
    // A program that was not granted is not there.
    some().refused("run_command", &json!({ "command": "ls /" }));
    // Nor is a file, whatever may be started.
    let all = Server::new(&user, &path).with("--grant", "process.execute");
    let file = user.write("private.txt", "private");
    let cat = format!("cat {}", file.display());
    let (_, why) = all.refused("run_command", &json!({ "command": cat }));
    assert!(why.contains("No such file"), "{why}");
}

#[test]
fn mcp_server_code_runner_runs_code_with_the_grant_and_not_without() {
    let user = User::new();
    let path = npm("mcp-server-code-runner", "mcp-server-code-runner");
    let code = json!({ "code": "console.log(40 + 2)", "languageId": "javascript" });
    let bare = Server::new(&user, &path);
    assert_eq!(bare.tools(), ["run-code"]);
    bare.refused("run-code", &code);
    let granted = Server::new(&user, &path).with("--grant", "process.execute");
    assert!(granted.call("run-code", &code).contains("42"));
    // What it runs is in the same jail.
    let spy =
        json!({ "code": "console.log(JSON.stringify(process.env))", "languageId": "javascript" });
    granted.call("run-code", &spy);
    let reach = "fetch('http://1.1.1.1/').then(() => console.log('reached'), (e) => console.log('no', e.cause.code))";
    let answer = granted.call("run-code", &json!({ "code": reach, "languageId": "javascript" }));
    assert!(answer.starts_with("no ") && !answer.contains("reached"), "{answer}");
}

#[test]
fn a_server_that_was_installed_for_the_whole_machine_runs_by_its_name() {
    let user = User::new();
    let program = npm("calculator-mcp", "@wrtnlabs/calculator-mcp").join("bin/index.js");
    // As `npm install -g` leaves it: a link in a folder of the search path.
    let folder = user.path("bin");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(program, folder.join("calculator-of-all")).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let words =
        ["run", "-q", "--mcp", "mul", "--input", r#"{"a":6,"b":7}"#, "--", "calculator-of-all"];
    let done = user.ringfence(words).env("PATH", path).run();
    assert!(done.code == Some(0) && done.stdout.contains("42"), "{done:?}");
    let known = user.records();
    let instance = known.last().unwrap()["event"]["instance"].as_str().unwrap_or_default();
    assert!(instance.starts_with("calculator-of-all-"), "known by its own name: {instance}");
}
