//! An action gets what its manifest says that it takes, or hears of nothing: each
//! plugin here writes a file when it is loaded and another when it is called.

use crate::program::{Done, User};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

const ACTIONS: &str = "actions:\n  mark:\n    input: {type: object, required: [name], properties: {name: {type: string, maxLength: 5}, tags: {type: array, items: {type: string}}}, additionalProperties: false}\n";

const PYTHON: &str = "open('FOLDER/loaded', 'w').close()\n\
    def mark(input):\n    open('FOLDER/called', 'w').close()\n    return 'marked ' + input['name']\n";

const NODE: &str = "import { writeFileSync } from 'node:fs';\n\
    writeFileSync('FOLDER/loaded', '');\n\
    export function mark(input) { writeFileSync('FOLDER/called', ''); return 'marked ' + input.name; }\n";

const SERVER: &str = r"import json, sys
open('FOLDER/loaded', 'w').close()
for line in sys.stdin:
    asked = json.loads(line)
    if 'id' not in asked:
        continue
    result = {}
    if asked['method'] == 'initialize':
        version = asked['params']['protocolVersion']
        result = {'protocolVersion': version, 'capabilities': {'tools': {}}, 'serverInfo': {'name': 'x', 'version': '1'}}
    elif asked['method'] == 'tools/list':
        result = {'tools': [{'name': 'mark', 'inputSchema': {'type': 'object'}}]}
    elif asked['method'] == 'tools/call':
        open('FOLDER/called', 'w').close()
        result = {'content': [{'type': 'text', 'text': 'marked ' + asked['params']['arguments']['name']}]}
    print(json.dumps({'jsonrpc': '2.0', 'id': asked['id'], 'result': result}), flush=True)
";

/// What it is, its file, its code, and the manifest's lines about how it runs.
const PLUGINS: &[(&str, &str, &str, &str)] = &[
    ("python", "plugin.py", PYTHON, "runtime: python\nentry: plugin.py\n"),
    ("node", "plugin.mjs", NODE, "runtime: node\nentry: plugin.mjs\n"),
    ("server", "server.py", SERVER, "runtime: python\nprotocol: mcp\nentry: server.py\n"),
    (
        "command",
        "server.py",
        SERVER,
        "runtime: command\nprotocol: mcp\nentry: [python3, server.py]\n",
    ),
];

/// Input, and the pointer and rule of what is wrong with it.
const BAD: &[(&str, &str, &str)] = &[
    ("{}", "", "required"),
    ("null", "", "required"),
    ("[]", "", "type"),
    ("{\"name\":1}", "/name", "type"),
    ("{\"name\":\"longer than five\"}", "/name", "maxLength"),
    ("{\"name\":\"a\",\"other\":1}", "/other", "additionalProperties"),
    ("{\"name\":\"a\",\"tags\":[\"b\",{}]}", "/tags/1", "type"),
    // Of two members of one name, the last one counts, for us and for the plugin.
    ("{\"name\":\"a\",\"name\":2}", "/name", "type"),
];

struct Marking {
    user: User,
    folder: PathBuf,
    plugin: PathBuf,
}

impl Marking {
    fn new((name, file, code, lines): (&str, &str, &str, &str)) -> Self {
        let user = User::new();
        fs::create_dir(user.path("marks")).unwrap();
        let folder = user.path("marks").canonicalize().unwrap();
        let shown = folder.display().to_string();
        user.write(&format!("plugin/{file}"), code.replace("FOLDER", &shown));
        let permission =
            format!("permissions:\n  - files.read: {shown}/**\n  - files.write: {shown}/**\n");
        let manifest = format!("name: {name}\nversion: 1.0.0\n{lines}{ACTIONS}{permission}");
        user.write("plugin/plugin.yaml", manifest);
        let plugin = user.path("plugin");
        Self { user, folder, plugin }
    }

    fn run(&self, options: &[&str], rest: &[&str]) -> Done {
        let mut arguments = vec!["run", "--yes"];
        arguments.extend(options);
        arguments.push(self.plugin.to_str().unwrap());
        arguments.extend(rest);
        self.user.ringfence(arguments).run()
    }

    /// What there is by now, in the order of the names.
    fn marks(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[test]
fn an_input_that_the_manifest_refuses_starts_nothing_whatever_the_runtime() {
    for plugin in PLUGINS {
        let marking = Marking::new(*plugin);
        for (input, pointer, rule) in BAD {
            let json = marking.run(&["--json"], &["mark", "-i", input]);
            assert_eq!(json.code, Some(2), "{plugin:?} {input}: {json:?}");
            let report = json.json();
            let error = &report["error"];
            assert_eq!(error["code"], "usage", "{json:?}");
            assert_eq!(error["input"]["pointer"], *pointer, "{json:?}");
            assert_eq!(error["input"]["rule"], *rule, "{json:?}");
            assert!(error["input"]["expected"].is_string(), "{json:?}");
        }
        let none = marking.run(&[], &["mark"]);
        assert_eq!((none.code, none.stdout.as_str()), (Some(2), ""), "{none:?}");
        assert!(none.stderr.contains("the input of `mark` is missing"), "{none:?}");
        assert_eq!(marking.marks(), Vec::<String>::new(), "{plugin:?}");
        assert_eq!(marking.user.kinds(), Vec::<String>::new(), "{plugin:?}");
        // And it would have been called.
        let good = marking.run(&["--json"], &["mark", "-i", "{\"name\":\"ada\"}"]);
        assert!(good.json()["result"].to_string().contains("marked ada"), "{plugin:?} {good:?}");
        assert_eq!(marking.marks(), ["called", "loaded"], "{plugin:?}");
    }
}

#[test]
fn a_person_is_told_the_place_the_rule_what_is_wanted_and_the_command() {
    let marking = Marking::new(PLUGINS[0]);
    let done = marking.run(&["-q"], &["mark", "-i", "{\"name\":\"\\u001b[2Jlonger\"}"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    for said in [
        "the input of `mark` is refused: `/name` must be at most 5 characters long (rule `maxLength`)",
        "`mark` takes {name: text of at most 5 characters, tags?: a list of text}",
        &format!("ringfence run {} mark --input JSON", marking.plugin.display()),
    ] {
        assert!(done.stderr.contains(said), "`{said}` is not in {}", done.stderr);
    }
    assert!(!done.stderr.contains('\u{1b}'), "{done:?}");
    assert_eq!(marking.marks(), Vec::<String>::new());
}

#[test]
fn a_foreign_client_reaches_no_server_with_what_its_manifest_refuses() {
    let marking = Marking::new(PLUGINS[2]);
    let line = |message: Value| format!("{message}\n");
    let call = |id: u64, arguments: Value| {
        let params = json!({ "name": "mark", "arguments": arguments });
        line(json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }))
    };
    let begin = |mut text: String, calls: &[String]| {
        text.push_str(&calls.concat());
        let target = marking.plugin.to_str().unwrap().to_owned();
        let run = marking.user.ringfence(["run", "-q", "--yes", "--mcp", &target]);
        run.input(text).run()
    };
    let shake = line(json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" },
    } }))
        + &line(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    let without_id = json!({ "jsonrpc": "2.0", "method": "tools/call",
        "params": { "name": "mark", "arguments": { "name": "a" } } });
    let bad = [
        call(1, json!({ "name": 1 })),
        call(2, json!({})),
        line(without_id),
        line(json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": ["mark", {}] })),
    ];
    let done = begin(shake.clone(), &bad);
    let answers: Vec<Value> =
        done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for id in 1..=3 {
        let answer = answers.iter().find(|answer| answer["id"] == id).unwrap();
        assert_eq!(answer["error"]["code"], -32602, "{done:?}");
    }
    assert!(done.stdout.contains("`/name` must be text"), "{done:?}");
    assert_eq!(marking.marks(), ["loaded"], "{done:?}");
    let kinds = marking.user.kinds();
    assert!(!kinds.contains(&"action_called".to_owned()), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "refused").count(), 3, "{kinds:?}");
    let done = begin(shake, &[call(1, json!({ "name": "ada" }))]);
    assert!(done.stdout.contains("marked ada"), "{done:?}");
    assert_eq!(marking.marks(), ["called", "loaded"], "{done:?}");
}

#[test]
fn a_schema_that_asks_for_another_file_or_is_a_trap_is_refused_at_its_line() {
    let user = User::new();
    for (schema, line, says) in [
        ("{$ref: \"https://example.com/s.json\"}", 7, "is outside this schema; nothing is fetched"),
        ("{properties: {a: {$ref: \"file:///etc/passwd\"}}}", 7, "nothing is fetched"),
        ("{allOf: [{$ref: \"#\"}]}", 7, "leads back to itself"),
        ("{properties: {a: {pattern: \"(?=a)\"}}}", 7, "cannot be used"),
        ("{unevaluatedProperties: false}", 7, "is not enforced by this version"),
    ] {
        let plugin = user.python_plugin(
            "def go(input): return 1\n",
            &format!("actions:\n  go:\n    input: {schema}\n"),
        );
        let done = user.ringfence(["run", plugin.to_str().unwrap(), "go"]).run();
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains(says), "{schema}: {done:?}");
        assert!(done.stderr.contains(&format!("{line}:")), "{schema}: {done:?}");
    }
}
