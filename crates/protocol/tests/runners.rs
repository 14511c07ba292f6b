//! What the runner shims do for plugins, with real node and real python.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program: to panic is to fail"
)]

mod support;

use ringfence_protocol::jsonrpc::METHOD_NOT_FOUND;
use ringfence_protocol::{Event, LogLevel, ReplyError, SessionLimits, Violation};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::{Language, Runner};
use tempfile::TempDir;

const BOTH: [Language; 2] = [Language::Node, Language::Python];

/// An error as the broker gives it.
fn refused(word: &str, message: &str) -> ReplyError {
    let data = json!({"code": word, "kind": "storage.write", "object": "x",
                      "withheldBy": "consent", "repair": "--grant storage.write=x"});
    ReplyError::new(-32001, message, &data)
}

/// The same plugin in both languages.
fn example(language: Language) -> Runner {
    match language {
        Language::Node => Runner::start(
            language,
            "plugin.mjs",
            r#"
            export const greet = (input) => `hello ${input.name}`;
            export const nothing = () => {};
            export const echo = (input) => input;
            export async function count(input, ringfence) {
                const before = (await ringfence.storage.get('count')) ?? 0;
                await ringfence.storage.set('count', before + input.by);
                return before + input.by;
            }
            export const fail = () => { throw new TypeError('no such luck'); };
            export const leak = async (_, ringfence) => ringfence.storage.set('x', 1);
            export const caught = async (_, ringfence) => {
                try { await ringfence.storage.set('x', 1); }
                catch (e) {
                    return [e instanceof ringfence.RingfenceError, e.code, e.kind, e.object, e.withheldBy, e.repair, e.message];
                }
            };
            export const print = () => { console.log('to stdout'); console.error('to stderr'); return 1; };
            export const leave = () => process.exit(3);
            export const unjson = () => ({ big: 1n });
            export const log = (_, ringfence) => { ringfence.log.warning('careful'); };
            export const initial = (_, ringfence) => [ringfence.plugin, ringfence.config.initial];
            export const wait = async (input, ringfence) => {
                await ringfence.storage.get(input.key);
                return input.key;
            };
            export const many = async (input, ringfence) => {
                const keys = Array.from({ length: input.n }, (_, i) => `k${i}`);
                const all = await Promise.all(keys.map((key) => ringfence.storage.get(key)));
                return all.length;
            };
            "#,
        ),
        Language::Python => Runner::start(
            language,
            "plugin.py",
            r#"
import sys
import ringfence as rf

def greet(input):
    return "hello " + input["name"]

def nothing():
    pass

def echo(input, ringfence):
    return input

def count(input, ringfence):
    before = ringfence.storage.get("count") or 0
    ringfence.storage.set("count", before + input["by"])
    return before + input["by"]

def fail(input):
    raise TypeError("no such luck")

def leak(input, ringfence):
    ringfence.storage.set("x", 1)

def caught(input, ringfence):
    try:
        ringfence.storage.set("x", 1)
    except rf.RingfenceError as e:
        return [True, e.code, e.kind, e.object, e.withheld_by, e.repair, str(e)]

def print_(input):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    return 1

def leave(input):
    sys.exit(3)

def unjson(input):
    return {"set": {1}}

def log(input, ringfence):
    ringfence.log.warning("careful")

def initial(input, ringfence):
    return [ringfence.plugin, ringfence.config.initial]

def wait(input, ringfence):
    ringfence.storage.get(input["key"])
    return input["key"]

def many(input, ringfence):
    import threading
    done = []
    def one(i):
        ringfence.storage.get("k%d" % i)
        done.append(i)
    threads = [threading.Thread(target=one, args=(i,)) for i in range(input["n"])]
    for t in threads: t.start()
    for t in threads: t.join()
    return len(done)

ACTIONS = {name: value for name, value in list(vars().items()) if callable(value)}
ACTIONS["print"] = print_
"#,
        ),
    }
}

#[test]
fn an_action_gets_its_input_and_its_result_comes_back() {
    for language in BOTH {
        let mut runner = example(language);
        assert!(runner.ready().contains(&"greet".to_owned()));
        assert_eq!(runner.answer("greet", &json!({"name": "Ada"})).unwrap(), "hello Ada");
        assert_eq!(runner.answer("nothing", &json!({})).unwrap(), Value::Null);
        let odd =
            json!({"é\u{0}\n": [1, -2.5, 1e300, null, true, "\u{1F642}", {"": []}], "n": i64::MAX});
        if language == Language::Python {
            assert_eq!(runner.answer("echo", &odd).unwrap(), odd);
        }
        assert_eq!(
            runner.answer("initial", &json!({})).unwrap(),
            json!(["example", {"greeting": "hello"}])
        );
        assert_eq!(runner.close().0, Some(0), "{language:?}");
    }
}

#[test]
fn a_request_to_the_broker_travels_there_and_back() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        let mut store: BTreeMap<String, Value> = BTreeMap::new();
        for expected in [2, 4] {
            let result = runner.answer_with("count", &json!({"by": 2}), |method, params| {
                let key = params["key"].as_str().unwrap().to_owned();
                match method {
                    "storage.get" => match store.get(&key) {
                        Some(value) => Ok(json!({ "value": value })),
                        None => Err(refused("not_found", "there is no such key")),
                    },
                    "storage.set" => {
                        store.insert(key, params["value"].clone());
                        Ok(json!({}))
                    }
                    other => panic!("{other:?}"),
                }
            });
            assert_eq!(result.unwrap(), expected);
        }
    }
}

#[test]
fn a_denial_reaches_the_author_with_code_kind_and_repair() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        let deny = |_: &str, _: &Value| Err(refused("not_granted", "no consent"));
        assert_eq!(
            runner.answer_with("caught", &json!({}), deny).unwrap(),
            json!([
                true,
                "not_granted",
                "storage.write",
                "x",
                "consent",
                "--grant storage.write=x",
                "no consent"
            ])
        );
        let error = runner.answer_with("leak", &json!({}), deny).unwrap_err();
        assert_eq!(error.caused_by.as_deref(), Some("not_granted"));
        assert_eq!(error.name.as_deref(), Some("RingfenceError"));
        let error = runner
            .answer_with("leak", &json!({}), |_, _| Err(refused("budget", "no room")))
            .unwrap_err();
        assert_eq!(error.caused_by.as_deref(), Some("budget"));
        assert_eq!(error.message, "no room");
        let error = runner.answer("fail", &json!({})).unwrap_err();
        assert_eq!(error.caused_by, None, "a failure of the plugin's own");
    }
}

#[test]
fn an_action_that_throws_is_an_error_with_its_stack_and_the_next_call_works() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        let error = runner.answer("fail", &json!({})).unwrap_err();
        assert_eq!(error.message, "no such luck");
        assert_eq!(error.name.as_deref(), Some("TypeError"));
        assert!(error.stack.unwrap().contains("plugin."), "{language:?}");
        let error = runner.answer("unjson", &json!({})).unwrap_err();
        assert!(error.message.contains("the result is not JSON"), "{error}");
        assert_eq!(runner.answer("greet", &json!({"name": "B"})).unwrap(), "hello B");
    }
}

#[test]
fn a_missing_action_is_named_with_those_that_exist() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        let error = runner.answer("grete", &json!({})).unwrap_err();
        assert_eq!(error.code, METHOD_NOT_FOUND);
        assert!(error.message.contains("there is no action grete; there are: "), "{error}");
        let error = runner.answer("toString", &json!({})).unwrap_err();
        assert_eq!(error.code, METHOD_NOT_FOUND);
    }
}

#[test]
fn several_calls_wait_at_once_and_end_in_any_order() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        let keys = ["a", "b", "c", "d"];
        let calls: Vec<_> =
            keys.iter().map(|key| runner.call("wait", &json!({ "key": key }))).collect();
        let mut waiting = Vec::new();
        while waiting.len() < keys.len() {
            match runner.next() {
                Some(Event::Request { id, .. }) => waiting.push(id),
                other => panic!("{other:?}"),
            }
        }
        for id in waiting.iter().rev() {
            runner.session.reply(id, Ok(json!({"value": 1}))).unwrap();
        }
        let mut ended = Vec::new();
        while ended.len() < keys.len() {
            match runner.next() {
                Some(Event::CallEnded { call, outcome }) => ended.push((call, outcome.unwrap())),
                other => panic!("{other:?}"),
            }
        }
        for (call, key) in calls.iter().zip(keys) {
            assert!(ended.contains(&(*call, json!(key))), "{language:?}");
        }
    }
}

#[test]
fn more_requests_than_the_host_takes_at_once_wait_in_the_runner() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        let result = runner.answer_with("many", &json!({"n": 200}), |_, _| Ok(json!({"value": 1})));
        assert_eq!(result.unwrap(), 200, "{language:?}");
    }
}

#[test]
fn megabytes_travel_in_both_directions() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        let big = json!("x\u{e9}\n".repeat(1_000_000));
        // Written in the background: the runner reads while it is written.
        let call = runner.call("echo", &big);
        match runner.next() {
            Some(Event::CallEnded { call: ended, outcome }) => {
                assert_eq!(ended, call);
                assert_eq!(outcome.unwrap(), big);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_a_plugin_prints_goes_to_stdout_and_never_into_the_protocol() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        assert_eq!(runner.answer("print", &json!({})).unwrap(), 1);
        let (status, stdout, stderr) = runner.close();
        assert_eq!(status, Some(0));
        assert_eq!(stdout, "to stdout\n");
        assert!(stderr.contains("to stderr"));
    }
}

#[test]
fn a_plugin_that_leaves_during_a_call_is_seen_as_gone() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        let call = runner.call("leave", &json!({}));
        assert_eq!(runner.next(), None);
        assert_eq!(runner.session.end(), (vec![call], None));
        assert_eq!(runner.child.wait().unwrap().code(), Some(3), "{language:?}");
    }
}

#[test]
fn a_log_line_arrives_with_its_level() {
    for language in BOTH {
        let mut runner = example(language);
        runner.ready();
        runner.call("log", &json!({}));
        let expected = Event::Log { level: LogLevel::Warning, message: "careful".to_owned() };
        assert_eq!(runner.next(), Some(expected));
    }
}

#[test]
fn an_entry_that_cannot_be_loaded_says_why() {
    for (language, file, source, name) in [
        (Language::Node, "a.mjs", "export const x = ;", "SyntaxError"),
        (Language::Node, "a.cjs", "throw new RangeError('at load')", "RangeError"),
        (Language::Python, "a.py", "def x(:", "SyntaxError"),
        (Language::Python, "a.py", "raise LookupError('at load')", "LookupError"),
    ] {
        let mut runner = Runner::start(language, file, source);
        match runner.next() {
            Some(Event::NotReady(error)) => assert_eq!(error.name.as_deref(), Some(name)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_error_that_nobody_catches_ends_every_call_and_the_process() {
    let source = "
        exports.wait = () => new Promise(() => {});
        exports.burst = () => new Promise(() => setTimeout(() => { throw new Error('burst'); }, 10));
        exports.reject = () => new Promise(() => { Promise.reject(new Error('adrift')); });
    ";
    for (action, message) in [("burst", "burst"), ("reject", "adrift")] {
        let mut runner = Runner::start(Language::Node, "plugin.js", source);
        runner.ready();
        runner.call("wait", &json!({}));
        runner.call(action, &json!({}));
        for _ in 0..2 {
            match runner.next() {
                Some(Event::CallEnded { outcome, .. }) => {
                    let error = outcome.unwrap_err();
                    assert_eq!(error.message, message);
                    assert!(error.stack.unwrap().contains("plugin.js"));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(runner.next(), None);
        assert_eq!(runner.child.wait().unwrap().code(), Some(1));
    }
}

#[test]
fn node_plugins_of_every_shape_offer_their_actions() {
    for (file, source) in [
        ("a.mjs", "export const go = () => 'went';"),
        ("a.mjs", "export default { actions: { go: () => 'went' } };"),
        ("a.mjs", "export default { actions: { go: { handler: () => 'went' } } };"),
        ("a.cjs", "module.exports = { go: () => 'went' };"),
        ("a.js", "module.exports.actions = { async go() { return 'went'; } };"),
        (
            "a.mjs",
            "export const p = { name: 'p', actions: [{ name: 'go', handler: async () => 'went' }] }; export default p;",
        ),
    ] {
        let mut runner = Runner::start(Language::Node, file, source);
        assert_eq!(runner.ready(), ["go"], "{source}");
        assert_eq!(runner.answer("go", &json!({})).unwrap(), "went", "{source}");
    }
    for (file, source) in [
        ("a.mjs", "export default (input) => input.n + 1;"),
        ("a.cjs", "module.exports = (input) => input.n + 1;"),
    ] {
        let mut runner = Runner::start(Language::Node, file, source);
        assert_eq!(runner.ready(), ["default", "run"], "{source}");
        assert_eq!(runner.answer("run", &json!({"n": 1})).unwrap(), 2, "{source}");
    }
}

#[test]
fn an_eliza_action_gets_message_settings_and_callback() {
    let source = "
        export default {
            name: 'p', description: '',
            actions: [{
                name: 'GREET',
                validate: async (runtime, message) => message.content.text !== 'no',
                handler: async (runtime, message, state, options, callback) => {
                    await callback({ text: `${runtime.getSetting('greeting')} ${message.content.text}` });
                    return true;
                },
            }],
        };
    ";
    let mut runner = Runner::start(Language::Node, "index.mjs", source);
    assert_eq!(runner.ready(), ["GREET"]);
    assert_eq!(
        runner.answer("GREET", &json!({"text": "you"})).unwrap(),
        json!({"result": true, "replies": [{"text": "hello you"}]})
    );
    assert!(runner.answer("GREET", &json!({"text": "no"})).is_err());
}

#[test]
fn a_folder_of_type_module_is_loaded_as_modules() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("package.json"), r#"{"type":"module"}"#).unwrap();
    std::fs::write(folder.path().join("part.js"), "export const one = 1;").unwrap();
    let source = "import { one } from './part.js'; export const go = () => one;";
    std::fs::write(folder.path().join("index.js"), source).unwrap();
    let limits = SessionLimits::default();
    let mut runner = Runner::start_in(Language::Node, folder, "index.js", None, limits);
    assert_eq!(runner.ready(), ["go"]);
    assert_eq!(runner.answer("go", &json!({})).unwrap(), 1);
}

#[test]
fn python_plugins_of_every_shape_offer_their_actions() {
    for source in [
        "def go(input, ringfence): return 'went'",
        "def go(input): return 'went'",
        "def go(): return 'went'",
        "async def go(input, ringfence): return 'went'",
        "import os\nfrom os.path import join\ndef _hidden(): pass\ndef go(*args): return 'went'",
        "class Callable:\n    def __call__(self, input): return 'went'\nACTIONS = {'go': Callable()}",
        "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def inner(*a, **k): return f(*a, **k)\n    return inner\ndef _go(input): return 'went'\nACTIONS = {'go': deco(_go)}",
        "import functools\nACTIONS = {'go': functools.partial(lambda a, input: a, 'went')}",
        "from ringfence import BaseAgentPlugin\nclass Agent(BaseAgentPlugin):\n    def go(self, input): return 'went'",
    ] {
        let mut runner = Runner::start(Language::Python, "my-plugin.py", source);
        assert_eq!(runner.ready(), ["go"], "{source}");
        assert_eq!(runner.answer("go", &json!({})).unwrap(), "went", "{source}");
    }
}

#[test]
fn a_python_class_named_by_the_entry_is_made_once_and_its_methods_are_actions() {
    let source = r#"
from ringfence import BaseWorkflowPlugin

class Base(BaseWorkflowPlugin):
    def inherited(self):
        return "from the base"

class Worker(Base):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def initialize(self):
        self.calls = 10

    def _private(self):
        pass

    @property
    def trap(self):
        raise RuntimeError("a property ran")

    async def count(self, input):
        self.calls += 1
        return self.calls

    @staticmethod
    def still(input):
        return input

    def cleanup(self):
        print("cleaned up")
"#;
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("worker.py"), source).unwrap();
    let limits = SessionLimits::default();
    let mut runner =
        Runner::start_in(Language::Python, folder, "worker.py", Some("Worker"), limits);
    assert_eq!(runner.ready(), ["count", "inherited", "still"]);
    assert_eq!(runner.answer("count", &json!({})).unwrap(), 11);
    assert_eq!(runner.answer("count", &json!({})).unwrap(), 12);
    assert_eq!(runner.answer("inherited", &json!({})).unwrap(), "from the base");
    assert_eq!(runner.answer("still", &json!([1])).unwrap(), json!([1]));
    assert_eq!(runner.close(), (Some(0), "cleaned up\n".to_owned(), String::new()));
}

#[test]
fn a_module_of_a_python_package_may_import_its_neighbours() {
    let folder = TempDir::new().unwrap();
    let package = folder.path().join("pkg");
    std::fs::create_dir(&package).unwrap();
    std::fs::write(package.join("__init__.py"), "").unwrap();
    std::fs::write(package.join("part.py"), "ONE = 1").unwrap();
    let source = "from .part import ONE\nclass Tool:\n    def go(self): return ONE";
    std::fs::write(package.join("main.py"), source).unwrap();
    let mut runner = Runner::start_module(
        Language::Python,
        folder,
        "pkg/main.py",
        Some("pkg.main"),
        Some("Tool"),
        SessionLimits::default(),
    );
    assert_eq!(runner.ready(), ["go"]);
    assert_eq!(runner.answer("go", &json!({})).unwrap(), 1);
}

#[test]
fn the_broker_can_be_asked_while_the_plugin_loads_and_from_an_event_loop() {
    let source = r#"
import ringfence
AT_LOAD = ringfence.config.get("greeting")

async def both(input, context):
    import asyncio
    one, two = await asyncio.gather(
        context.aio.storage.get("one"), ringfence.aio.storage.get("two"))
    return [AT_LOAD, one, two]
"#;
    let mut runner = Runner::start(Language::Python, "plugin.py", source);
    match runner.next() {
        Some(Event::Request { id, .. }) => {
            runner.session.reply(&id, Ok(json!({"value": "hi"}))).unwrap();
        }
        other => panic!("{other:?}"),
    }
    runner.ready();
    let result = runner
        .answer_with("both", &json!({}), |_, params| Ok(json!({ "value": params["key"].clone() })));
    assert_eq!(result.unwrap(), json!(["hi", "one", "two"]));
}

#[test]
fn a_loop_over_events_polls_until_it_is_left_and_then_unsubscribes() {
    let node = "
        export const listen = async (_, r) => {
            const seen = [];
            for await (const e of r.events.subscribe('notes.*', { interval: 10 })) {
                seen.push([e.subject, e.payload]);
                if (e.payload === 3) break;
            }
            return seen;
        };
        export const drain = async (_, r) => {
            const seen = [];
            const events = r.events.subscribe('notes.*', { interval: 10, timeout: 30 });
            for await (const e of events) seen.push(e.payload);
            return [seen, events.dropped];
        };
    ";
    let python = "
def listen(input, r):
    seen = []
    with r.events.subscribe('notes.*', interval=0.01) as events:
        for e in events:
            seen.append([e['subject'], e['payload']])
            if e['payload'] == 3:
                break
    return seen
async def drain(input, r):
    seen = []
    with r.events.subscribe('notes.*', interval=0.01, timeout=0.03) as events:
        async for e in events:
            seen.append(e['payload'])
    return [seen, events.dropped]
";
    for (language, file, source) in
        [(Language::Node, "a.mjs", node), (Language::Python, "a.py", python)]
    {
        let mut runner = Runner::start(language, file, source);
        runner.ready();
        for (action, expected) in [
            ("listen", json!([["notes.a", 1], ["notes.a", 2], ["notes.a", 3]])),
            ("drain", json!([[1, 2, 3], 5])),
        ] {
            let mut polls = 0;
            let mut ended = 0;
            let event = |n: u32| json!({"subject": "notes.a", "publisher": "p", "payload": n});
            let answer = runner.answer_with(action, &json!({}), |method, params| {
                Ok(match method {
                    "events.subscribe" => {
                        assert_eq!(*params, json!({"subject": "notes.*"}));
                        json!({"subscription": 7})
                    }
                    "events.poll" => {
                        assert_eq!(*params, json!({"subscription": 7}));
                        polls += 1;
                        let (events, more) = match polls {
                            2 => (vec![event(1)], true),
                            3 => (vec![event(2), event(3)], false),
                            _ => (vec![], false),
                        };
                        let dropped = if polls == 2 { 5 } else { 0 };
                        json!({"events": events, "dropped": dropped, "more": more})
                    }
                    "events.unsubscribe" => {
                        ended += 1;
                        json!({"ended": true})
                    }
                    other => panic!("{other}"),
                })
            });
            assert_eq!(answer.unwrap(), expected, "{language:?}");
            assert_eq!(ended, 1, "{language:?} {action}");
            assert!((3..=7).contains(&polls), "{language:?} {action} {polls}");
        }
    }
}

#[test]
fn a_denied_subscription_is_told_to_whoever_listens_and_ends_nothing_else() {
    let node = "
        export const forget = (_, r) => { r.events.subscribe('a'); return 1; };
        export const listen = async (_, r) => { for await (const e of r.events.subscribe('a')); };
    ";
    let python = "
def forget(input, r):
    try:
        r.events.subscribe('a')
    except r.RingfenceError:
        pass
    return 1
def listen(input, r):
    for e in r.events.subscribe('a'):
        pass
";
    for (language, file, source) in
        [(Language::Node, "a.mjs", node), (Language::Python, "a.py", python)]
    {
        let mut runner = Runner::start(language, file, source);
        runner.ready();
        let deny = |_: &str, _: &Value| Err(refused("not_granted", "no consent"));
        assert_eq!(runner.answer_with("forget", &json!({}), deny).unwrap(), 1);
        let error = runner.answer_with("listen", &json!({}), deny).unwrap_err();
        assert_eq!(error.caused_by.as_deref(), Some("not_granted"), "{language:?}");
    }
}

#[test]
fn a_worker_that_ignores_the_end_of_the_session_is_ended_with_it() {
    let source = "
import time
def sleep():
    time.sleep(600)
";
    let mut runner = Runner::start(Language::Python, "a.py", source);
    runner.ready();
    runner.call("sleep", &json!({}));
    let _ = runner.session.end();
    // `close` sends what is left and then the end of the stream.
    let started = std::time::Instant::now();
    assert_eq!(runner.close().0, Some(0));
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn replies_forged_by_plugin_code_are_violations_and_no_results() {
    let node = r#"
        import fs from 'node:fs';
        const say = (m) => fs.writeSync(3, JSON.stringify({ jsonrpc: '2.0', ...m }) + '\n');
        export const forge = () => { say({ id: 999, result: 'forged' }); return 1; };
        export const again = () => { say({ id: 1, result: { protocol: 1, actions: [] } }); return 1; };
        export const unknown = () => { say({ method: 'exit' }); return 1; };
        export const garbage = () => { fs.writeSync(3, '{{{\n'); return 1; };
        export const reuse = async () => {
            say({ id: 'same', method: 'storage.get', params: { key: 'a' } });
            say({ id: 'same', method: 'storage.get', params: { key: 'b' } });
            return 1;
        };
    "#;
    let python = r#"
import os, json
def say(m):
    os.write(3, (json.dumps(dict(m, jsonrpc="2.0")) + "\n").encode())
    return 1
ACTIONS = {
    "forge": lambda: say({"id": 999, "result": "forged"}),
    "again": lambda: say({"id": 1, "result": {"protocol": 1, "actions": []}}),
    "unknown": lambda: say({"method": "exit"}),
    "garbage": lambda: os.write(3, b"{{{\n") and 1,
    "reuse": lambda: [say({"id": "same", "method": "storage.get", "params": {"key": k}}) for k in "ab"] and 1,
}
"#;
    for (language, file, source) in
        [(Language::Node, "a.mjs", node), (Language::Python, "a.py", python)]
    {
        let mut runner = Runner::start(language, file, source);
        runner.ready();
        for (action, word) in [
            ("forge", "forged_reply"),
            ("again", "repeated_reply"),
            ("unknown", "unknown_method"),
            ("garbage", "message"),
            ("reuse", "reused_id"),
        ] {
            let call = runner.call(action, &json!({}));
            let mut words = Vec::new();
            loop {
                match runner.next() {
                    Some(Event::Violation(violation)) => words.push(violation.word()),
                    Some(Event::Request { .. }) => {}
                    Some(Event::CallEnded { call: ended, outcome }) => {
                        assert_eq!((ended, outcome), (call, Ok(json!(1))));
                        break;
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(words, [word], "{language:?} {action}");
        }
    }
}

#[test]
fn a_flood_or_a_frame_without_end_is_cut_off() {
    let source = r#"
import os
def endless():
    while True:
        os.write(3, b"x" * 65536)
def deep():
    os.write(3, b"[" * 5000 + b"\n")
"#;
    for (action, word) in [("endless", "frame"), ("deep", "frame")] {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("a.py"), source).unwrap();
        let limits = SessionLimits {
            frames: ringfence_protocol::frames::FrameLimits::with_bytes(1 << 20),
            ..SessionLimits::default()
        };
        let mut runner = Runner::start_in(Language::Python, folder, "a.py", None, limits);
        runner.ready();
        runner.call(action, &json!({}));
        match runner.next() {
            Some(Event::Violation(violation)) => {
                assert_eq!(violation.word(), word);
                assert!(violation.is_fatal());
                assert!(matches!(violation, Violation::Frame(_)));
            }
            other => panic!("{other:?}"),
        }
    }
}
