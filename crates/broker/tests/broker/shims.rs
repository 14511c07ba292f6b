//! The real runners, with real node and real python, against the real broker:
//! what they send is what it understands, and the other way round.

#[path = "../../../protocol/tests/support/mod.rs"]
mod support;

use crate::{Setup, World};
use ringfence_broker::Broker;
use ringfence_gate_events::Bus;
use ringfence_protocol::{PluginError, ReplyError};
use ringfence_types::EventKind;
use serde_json::{Value, json};
use support::{Language, Runner};

const BOTH: [Language; 2] = [Language::Node, Language::Python];

/// A plugin that calls any function of `ringfence` by its name. In node the
/// options come last, in python by keyword; bytes travel as `{"bytes": [...]}`.
const NODE: &str = "
    const isBytes = (v) => v && Array.isArray(v.bytes);
    const show = (v) =>
        v instanceof Uint8Array ? { bytes: [...v] }
        : Array.isArray(v) ? v.map(show)
        : v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, show(x)]))
        : v;
    export const use = async ({ name, args = [], options }, ringfence) => {
        let owner = ringfence;
        const path = name.split('.');
        for (const part of path.slice(0, -1)) owner = owner[part];
        const given = args.map((v) => (isBytes(v) ? Uint8Array.from(v.bytes) : v));
        if (options) given.push(options);
        return show(await owner[path.at(-1)](...given));
    };
    export const attempt = async (input, ringfence) => {
        try { return await use(input, ringfence); }
        catch (e) {
            if (!(e instanceof ringfence.RingfenceError)) throw e;
            return [e.code, e.kind, e.object, e.withheldBy, e.repair];
        }
    };
    export const size = async ({ path }, ringfence) => {
        const bytes = await ringfence.files.read(path, { encoding: 'bytes' });
        const text = await ringfence.files.read(path);
        return [bytes.length, Buffer.from(bytes).toString() === text, text.length];
    };
    export const listen = async ({ subject }, ringfence) => {
        const seen = [];
        for await (const event of ringfence.events.subscribe(subject, { interval: 5 })) {
            seen.push(event);
            if (event.payload === 'last') return seen;
        }
    };
";
const PYTHON: &str = "
def show(v):
    if isinstance(v, bytes):
        return {'bytes': list(v)}
    if isinstance(v, dict):
        return {k: show(x) for k, x in v.items()}
    return [show(x) for x in v] if isinstance(v, list) else v
def use(input, ringfence):
    target = ringfence
    for part in input['name'].split('.'):
        target = getattr(target, part)
    args = [bytes(v['bytes']) if isinstance(v, dict) and 'bytes' in v else v
            for v in input.get('args', [])]
    return show(target(*args, **(input.get('options') or {})))
def attempt(input, ringfence):
    try:
        return use(input, ringfence)
    except ringfence.RingfenceError as e:
        return [e.code, e.kind, e.object, e.withheld_by, e.repair]
def size(input, ringfence):
    data = ringfence.files.read(input['path'], encoding='bytes')
    text = ringfence.files.read(input['path'])
    return [len(data), data.decode() == text, len(text)]
def listen(input, ringfence):
    seen = []
    with ringfence.events.subscribe(input['subject'], interval=0.005) as events:
        for event in events:
            seen.append(event)
            if event['payload'] == 'last':
                return seen
";

fn start(language: Language) -> Runner {
    let (file, source) = match language {
        Language::Node => ("plugin.mjs", NODE),
        Language::Python => ("plugin.py", PYTHON),
    };
    let mut runner = Runner::start(language, file, source);
    runner.ready();
    runner
}

/// As the host does it: each request goes to the broker, and its answer back.
fn run(
    runner: &mut Runner,
    broker: &Broker,
    action: &str,
    input: &Value,
) -> Result<Value, PluginError> {
    runner.answer_with(action, input, |method, params| {
        broker.call(method, params).map_err(|error| {
            let object = error.to_json();
            ReplyError::new(error.code().into(), &error.to_string(), &object["data"])
        })
    })
}

#[test]
fn every_function_of_the_runners_does_what_its_name_says() {
    for language in BOTH {
        let world = World::new(&[
            "files.read FOLDER/**",
            "files.write FOLDER/**",
            "files.delete FOLDER/**",
            "storage.read",
            "storage.write",
            "events.publish",
            "environment.read APP_*",
            "config.read",
            "config.write",
            "process.execute",
            "host.call",
            "ai.complete",
            "user.profile",
        ]);
        let (path, bytes) = (world.path("sub/a"), json!({"bytes": [0xff, 0, 0xc3]}));
        let mut runner = start(language);
        let none = Value::Null;
        for (name, args, options, expected) in [
            ("files.stat", json!([path]), none.clone(), none.clone()),
            ("files.mkdir", json!([world.path("sub")]), none.clone(), none.clone()),
            ("files.write", json!([path, "grüße"]), none.clone(), json!(7)),
            ("files.write", json!([path, bytes]), json!({"mode": "append"}), json!(3)),
            ("files.read", json!([path]), json!({"offset": 0, "max": 7}), json!("grüße")),
            ("files.read", json!([path]), json!({"offset": 7, "encoding": "bytes"}), bytes.clone()),
            ("files.read", json!([path]), json!({"max": 3, "encoding": "base64"}), json!("Z3LD")),
            (
                "files.list",
                json!([world.path("sub")]),
                none.clone(),
                json!([{"name": "a", "kind": "file"}]),
            ),
            ("files.delete", json!([path]), none.clone(), none.clone()),
            ("storage.get", json!(["k"]), none.clone(), none.clone()),
            ("storage.set", json!(["k", {"a": [1, null]}]), none.clone(), none.clone()),
            ("storage.get", json!(["k"]), none.clone(), json!({"a": [1, null]})),
            ("storage.set", json!(["l", bytes]), none.clone(), none.clone()),
            ("storage.get", json!(["l"]), none.clone(), bytes.clone()),
            ("storage.list", json!([]), none.clone(), json!(["k", "l"])),
            ("storage.list", json!(["k"]), json!({"max": 5}), json!(["k"])),
            ("storage.list", json!([""]), json!({"after": "k"}), json!(["l"])),
            ("storage.delete", json!(["k"]), none.clone(), json!(true)),
            ("storage.delete", json!(["k"]), none.clone(), json!(false)),
            ("events.publish", json!(["a.b", {"x": 1}]), none.clone(), none.clone()),
            ("events.publish", json!(["a.b"]), none.clone(), none.clone()),
            ("environment.get", json!(["APP_MODE"]), none.clone(), json!("test")),
            ("environment.get", json!(["APP_NONE"]), none.clone(), none.clone()),
            ("config.set", json!(["theme", "dark"]), none.clone(), none.clone()),
            ("config.get", json!(["theme"]), none.clone(), json!("dark")),
            ("config.get", json!(["none"]), none.clone(), none.clone()),
            (
                "process.execute",
                json!(["tool", ["x", "y"], "in"]),
                none.clone(),
                json!({"exitCode": 3, "stdout": "tool x yin", "stderr": {"bytes": [255]}, "truncated": false}),
            ),
            (
                "host.call",
                json!(["mail", "send", {"to": "ada"}]),
                none.clone(),
                json!({"object": "mail/send", "params": {"to": "ada"}}),
            ),
            (
                "host.call",
                json!(["mail", "send"]),
                none.clone(),
                json!({"object": "mail/send", "params": null}),
            ),
            (
                "call",
                json!(["ai.complete", {"object": "small", "params": [1]}]),
                none.clone(),
                json!({"object": "small", "params": [1]}),
            ),
            ("call", json!(["user.profile"]), none.clone(), json!({"object": "", "params": null})),
        ] {
            let input = match &options {
                Value::Null => json!({"name": name, "args": args}),
                options => json!({"name": name, "args": args, "options": options}),
            };
            let answer = run(&mut runner, &world.broker, "use", &input);
            assert_eq!(answer, Ok(expected), "{language:?} {name} {args} {options}");
        }
    }
}

#[test]
fn a_refusal_reaches_the_author_in_full_and_the_host_when_nobody_catches_it() {
    for language in BOTH {
        let world = World::new(&["storage.read notes*"]);
        let mut runner = start(language);
        for (name, args, expected) in [
            (
                "storage.set",
                json!(["notes", 1]),
                json!([
                    "not_granted",
                    "storage.write",
                    "notes",
                    "consent",
                    "--grant storage.write=notes"
                ]),
            ),
            (
                "storage.get",
                json!(["other"]),
                json!([
                    "not_granted",
                    "storage.read",
                    "other",
                    "scope",
                    "--grant storage.read=other"
                ]),
            ),
            (
                "call",
                json!(["plugin.call", {"object": "token"}]),
                json!(["not_granted", "plugin.call", "token", "unavailable", null]),
            ),
            ("storage.get", json!([7]), json!(["invalid", null, null, null, null])),
            ("call", json!(["storage.drop"]), json!(["unknown_method", null, null, null, null])),
            (
                "call",
                json!(["storage.get", {"kye": 1}]),
                json!(["invalid", null, null, null, null]),
            ),
        ] {
            let input = json!({"name": name, "args": args});
            let answer = run(&mut runner, &world.broker, "attempt", &input);
            assert_eq!(answer, Ok(expected), "{language:?} {name} {args}");
            let error = run(&mut runner, &world.broker, "use", &input).unwrap_err();
            let code = answer.unwrap()[0].clone();
            assert_eq!(json!(error.caused_by), code, "{language:?} {name} {args}");
            assert_eq!(error.name.as_deref(), Some("RingfenceError"));
        }
        assert_eq!(world.log.of(EventKind::EffectDenied).len(), 6);
        assert_eq!(world.log.of(EventKind::Violation).len(), 6);
    }
}

#[test]
fn a_file_larger_than_an_answer_is_read_whole_and_a_large_folder_listed_whole() {
    for language in BOTH {
        let world = World::new(&["files.read FOLDER/**"]);
        // Three bytes a character: pieces end within one.
        std::fs::write(world.folder.join("large"), "\u{20ac}".repeat(300_000)).unwrap();
        let many = world.folder.join("many");
        std::fs::create_dir(&many).unwrap();
        for number in 0..1500 {
            std::fs::write(many.join(format!("{number:04}")), "").unwrap();
        }
        let mut runner = start(language);
        let path = json!({"path": world.path("large")});
        let answer = run(&mut runner, &world.broker, "size", &path).unwrap();
        assert_eq!(answer, json!([900_000, true, 300_000]), "{language:?}");
        for (options, count, last) in [
            (json!({}), 1500, "1499"),
            (json!({"max": 1200}), 1200, "1199"),
            (json!({"after": "1399"}), 100, "1499"),
        ] {
            let input =
                json!({"name": "files.list", "args": [world.path("many")], "options": options});
            let answer = run(&mut runner, &world.broker, "use", &input).unwrap();
            let entries = answer.as_array().unwrap();
            assert_eq!((entries.len(), &entries[count - 1]["name"]), (count, &json!(last)));
        }
        let whole =
            json!({"name": "files.read", "args": [world.path("large")], "options": {"max": 4}});
        let error = run(&mut runner, &world.broker, "use", &whole).unwrap_err();
        assert_ne!(error.name.as_deref(), Some("RingfenceError"), "half a character is no text");
    }
}

#[test]
fn a_loop_over_events_hears_another_plugin_and_leaves_no_subscription() {
    for language in BOTH {
        let bus = Bus::new();
        let of = |consent: &[&str], instance| {
            World::with(
                consent,
                Setup { bus: Some(bus.clone()), instance: Some(instance), ..Setup::default() },
            )
        };
        let ada = of(&["events.publish chat.>"], "ada");
        let eve = of(&["events.subscribe chat.>"], "eve");
        let mut runner = start(language);
        let mut polls = 0;
        let answer =
            runner.answer_with("listen", &json!({"subject": "chat.*"}), |method, params| {
                if method == "events.poll" {
                    polls += 1;
                    match polls {
                        2 => drop(ada.ok(
                            "events.publish",
                            &json!({"subject": "chat.a", "payload": {"n": 1}}),
                        )),
                        4 => drop(ada.ok(
                            "events.publish",
                            &json!({"subject": "chat.b", "payload": "last"}),
                        )),
                        _ => {}
                    }
                }
                Ok(eve.ok(method, params))
            });
        assert_eq!(
            answer.unwrap(),
            json!([
                {"subject": "chat.a", "publisher": "ada", "payload": {"n": 1}},
                {"subject": "chat.b", "publisher": "ada", "payload": "last"},
            ]),
            "{language:?}"
        );
        assert_eq!(bus.subscriptions(), 0, "{language:?}");
    }
}

#[test]
fn the_example_with_files_stays_in_its_folder() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/examples/files-node");
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().canonicalize().unwrap();
    std::fs::create_dir(place.join("data")).unwrap();
    for file in ["index.mjs", "data/list.txt"] {
        std::fs::copy(format!("{source}/{file}"), place.join(file)).unwrap();
    }
    let data = place.join("data/**").to_str().unwrap().to_owned();
    let world = World::new(&[
        &format!("files.read {data}"),
        &format!("files.write {data}"),
        "events.publish files.sorted",
    ]);
    let limits = ringfence_protocol::SessionLimits::default();
    let mut runner = Runner::start_in(Language::Node, folder, "index.mjs", None, limits);
    assert_eq!(runner.ready(), ["list", "sort"]);
    let answer = run(&mut runner, &world.broker, "sort", &Value::Null);
    assert_eq!(answer, Ok(json!({"lines": 3, "bytes": 21})));
    let sorted = std::fs::read_to_string(place.join("data/sorted.txt")).unwrap();
    assert_eq!(sorted, "apples\npears\nquinces\n");
    let events = world.log.of(EventKind::EffectPerformed);
    assert_eq!(events.last().unwrap().metadata["object"], "files.sorted");
    let answer = run(&mut runner, &world.broker, "list", &Value::Null).unwrap();
    assert_eq!(answer, json!({"list.txt": 21, "sorted.txt": 21}));
    for input in [json!({"from": "/etc/hostname"}), json!({"to": "../index.mjs"})] {
        let error = run(&mut runner, &world.broker, "sort", &input).unwrap_err();
        assert_eq!(error.caused_by.as_deref(), Some("not_granted"), "{input}");
    }
}

#[test]
fn the_page_the_broker_and_the_runners_know_the_same_methods() {
    let page = include_str!("../../../../docs/broker-methods.md");
    let node = include_str!("../../../../sdk/node/runner.cjs");
    let python = include_str!("../../../../sdk/python/runner.py");
    let world = World::new(&[]);
    let table = page.split("## ").next().unwrap();
    let mut rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut listed = Vec::new();
    for row in rows.by_ref() {
        listed.extend(row.split(" |").next().unwrap().split("`, `").map(|m| m.trim_matches('`')));
    }
    assert!(listed.len() > 25, "{listed:?}");
    for method in &listed {
        let error = world.err(method, &json!({"no such name": 1}));
        assert!(error.to_string().contains("no such name"), "{method}: {error}");
    }
    // Each arm of the broker's one list: `"files.read" => ...`.
    let arms = include_str!("../../src/identify.rs")
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => "));
    let mut arms = arms.map(|(method, _)| method).peekable();
    assert!(arms.peek().is_some());
    for method in arms {
        assert!(listed.contains(&method), "{method} is not on the page");
        assert!(node.contains(&format!("'{method}'")), "{method} is not in the node runner");
        assert!(python.contains(&format!("\"{method}\"")), "{method} is not in the python runner");
    }
}
