//! What a host application gets from the library: instances that keep their
//! state, errors that it can act on, and an end that is an end.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a failure here is a failure of the test"
)]

use ringfence::{
    Budget, End, Error, ExitCode, Instance, Kind, Observer, Phase, Place, Preset, Publish,
    Resource, Ringfence, RunError, Start,
};
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A host with a home of its own and a folder for plugins.
struct Host {
    folder: tempfile::TempDir,
    ringfence: Ringfence,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ringfence = Ringfence::open_at(folder.path().join("home")).unwrap();
        Self { folder, ringfence }
    }

    /// A python plugin of this code.
    fn python(&self, code: &str) -> Start {
        let plugin = self.folder.path().join("plugin");
        fs::create_dir_all(&plugin).unwrap();
        fs::write(plugin.join("plugin.py"), code).unwrap();
        let manifest = "name: example\nversion: 1.0.0\nruntime: python\nentry: plugin.py\n";
        fs::write(plugin.join("plugin.yaml"), manifest).unwrap();
        self.ringfence.plugin(plugin)
    }
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/examples").join(name)
}

/// The production preset with this time for one call.
fn call_time(milliseconds: u64) -> Budget {
    let mut budget = Preset::Production.budget();
    budget.timeouts.call = Duration::from_millis(milliseconds);
    budget
}

/// Whether the jail's first process is there.
fn lives(host_pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{host_pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn soon(mut holds: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while !holds() && begin.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(10));
    }
    holds()
}

fn call(instance: &mut Instance, action: &str) -> Value {
    instance.execute(action, &Value::Null).unwrap().value().unwrap().clone()
}

fn fails(instance: &mut Instance, action: &str) -> RunError {
    instance.execute(action, &Value::Null).unwrap_err()
}

const COUNTER: &str =
    "count = 0\ndef next(input):\n    global count\n    count += 1\n    return count\n";

#[test]
fn an_instance_keeps_its_state_from_call_to_call_and_shares_it_with_nobody() {
    let host = Host::new();
    let (mut one, mut two) =
        (host.python(COUNTER).start().unwrap(), host.python(COUNTER).start().unwrap());
    for number in 1..=20 {
        assert_eq!(call(&mut one, "next"), number);
    }
    assert_eq!(call(&mut two, "next"), 1);
    assert_eq!(one.actions().unwrap(), ["next"]);
}

#[test]
fn an_error_of_the_plugin_or_a_wrong_name_does_not_end_the_instance() {
    let host = Host::new();
    let code = format!("{COUNTER}def fail(input): raise KeyError('no such order')\n");
    let mut instance = host.python(&code).start().unwrap();
    call(&mut instance, "next");
    match fails(&mut instance, "fail") {
        RunError::Plugin(error) => {
            assert!(error.message.contains("no such order"), "{error:?}");
            assert_eq!(error.name.as_deref(), Some("KeyError"), "{error:?}");
        }
        other => panic!("{other:?}"),
    }
    match fails(&mut instance, "nxet") {
        RunError::NoSuchAction { actions, .. } => assert!(actions.contains(&"next".to_owned())),
        other => panic!("{other:?}"),
    }
    let large = Value::String("x".repeat((1 << 20) + 1));
    match instance.execute("next", &large).unwrap_err() {
        RunError::Resource { resource: Resource::Input, limit, used } => {
            assert_eq!(limit, 1 << 20);
            assert!(used.unwrap() > limit);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(call(&mut instance, "next"), 2, "it lives and remembers");
    instance.terminate();
    assert_eq!(host.ringfence.statistics().failed, 0, "it ended well");
}

#[test]
fn a_time_out_is_typed_and_after_it_nothing_runs() {
    let host = Host::new();
    let code = "import time\ndef slow(input): time.sleep(60)\ndef quick(input): return 1\n";
    let mut instance = host.python(code).budget(call_time(300)).start().unwrap();
    call(&mut instance, "quick");
    let pid = instance.host_pid();
    assert!(lives(pid));
    let begin = Instant::now();
    match fails(&mut instance, "slow") {
        RunError::Timeout { phase: Phase::Call, limit } => assert_eq!(limit.as_millis(), 300),
        other => panic!("{other:?}"),
    }
    assert!(begin.elapsed() < Duration::from_secs(3));
    assert!(!lives(pid), "the host still holds the instance, but nothing of it runs");
    let over = fails(&mut instance, "quick");
    match &over {
        RunError::Over { why: Some(why) } => assert!(why.contains("stopped after"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(instance.actions().is_err() && instance.tools().is_err());
    assert_eq!(host.ringfence.statistics().running, 1, "until it is let go");
    instance.terminate();
    let statistics = host.ringfence.statistics();
    assert_eq!((statistics.running, statistics.started, statistics.failed), (0, 1, 1));
}

#[test]
fn a_start_that_takes_too_long_is_a_time_out_of_the_start() {
    let host = Host::new();
    let mut budget = Preset::Production.budget();
    budget.timeouts.initialise = Duration::from_millis(300);
    let mut instance = host.python("import time\ntime.sleep(60)\n").budget(budget).start().unwrap();
    match instance.initialise().unwrap_err() {
        RunError::Timeout { phase: Phase::Initialise, limit } => assert_eq!(limit.as_millis(), 300),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_used_up_resource_says_which_and_what_was_allowed() {
    let host = Host::new();
    let code = "def memory(input): return len(b'x' * (500 << 20))\n\
                def output(input): return 'x' * (11 << 20)\n\
                def processor(input):\n    while True: pass\n";
    let start = |budget| host.python(code).budget(budget).start().unwrap();
    let mut cpu = Preset::Production.budget();
    cpu.cpu_time = Duration::from_millis(300);
    cpu.cpu_percent = 100;
    for (action, budget, wanted, allowed) in [
        ("memory", Preset::Production.budget(), Resource::Memory, 256 << 20),
        ("output", Preset::Production.budget(), Resource::Output, 10 << 20),
        ("processor", cpu, Resource::CpuTime, 300),
    ] {
        let error = fails(&mut start(budget), action);
        match error {
            RunError::Resource { resource, limit, .. } => {
                assert_eq!((resource, limit), (wanted, allowed), "{action}");
            }
            other => panic!("{action}: {other:?}"),
        }
    }
}

#[test]
fn a_crash_says_how_and_what_the_plugin_said_last() {
    let host = Host::new();
    let code = "import os, sys\ndef die(input):\n    print('last words', file=sys.stderr, flush=True)\n    os.abort()\n";
    let mut instance = host.python(code).start().unwrap();
    let error = fails(&mut instance, "die");
    assert_eq!(error.exit_code(), ExitCode::Crash);
    match error {
        RunError::Crash { end: End::Signalled(6), stderr } => assert_eq!(stderr, "last words"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_needed_and_not_granted_is_a_denial_before_anything_runs() {
    let host = Host::new();
    let refused = host.ringfence.plugin(example("notes-python")).start().err().unwrap();
    assert_eq!(refused.exit_code(), ExitCode::Denied);
    let denial = refused.denial().unwrap();
    assert_eq!((denial.kind, denial.object.as_str()), (Kind::StorageRead, "notes*"));
    assert!(denial.repair.is_some());
    assert_eq!(host.ringfence.statistics().started, 0);
    let wrong = host.ringfence.plugin(example("hello-python")).grant("files.raed=/x").start();
    match wrong.err().unwrap() {
        Error::Grant { text, reason } => {
            assert!(text == "files.raed=/x" && reason.contains("unknown"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_denied_effect_is_told_to_the_plugin_to_the_caller_and_in_the_end() {
    let host = Host::new();
    let plugin = example("notes-python");
    let start =
        host.ringfence.plugin(&plugin).grant("storage.read=notes*").grant("storage.write=notes*");
    let mut notes = start.start().unwrap();
    let path = plugin.canonicalize().unwrap().join("notes/first.txt");
    let input = json!({ "path": path });
    let error = notes.execute("load", &input).unwrap_err();
    assert_eq!(error.exit_code(), ExitCode::Denied, "{error:?}");
    assert_eq!(
        notes.execute("add", &json!({ "text": "x" })).unwrap().value().unwrap()["number"],
        1
    );
    let ended = notes.terminate();
    assert_eq!(ended.effects.denials, 1, "{ended:?}");
    let denial = &ended.denials[0].denial;
    assert_eq!((denial.kind, denial.object.as_str()), (Kind::FilesRead, path.to_str().unwrap()));
    assert!(denial.repair.as_deref().unwrap().contains("files.read"));
    // With the grant it works, and reads both lines.
    let mut notes = host.ringfence.plugin(&plugin).grant_declared().start().unwrap();
    assert_eq!(notes.execute("load", &input).unwrap().value().unwrap()["loaded"], 2);
    let ended = notes.terminate();
    assert_eq!((ended.effects.denials, ended.effects.file_operations), (0, 1), "{ended:?}");
}

#[test]
fn what_a_plugin_stores_is_there_in_the_next_process_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=3 {
        let ringfence = Ringfence::open_at(folder.path().join("home")).unwrap();
        let mut notes = ringfence.plugin(example("notes-python")).grant_declared().start().unwrap();
        let answer = notes.execute("add", &json!({ "text": "milk" })).unwrap();
        assert_eq!(answer.value().unwrap()["number"], number);
    }
    // Another plugin that uses the same key finds nothing.
    let ringfence = Ringfence::open_at(folder.path().join("home")).unwrap();
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for file in ["plugin.yaml", "notes.py"] {
        fs::copy(example("notes-python").join(file), copy.join(file)).unwrap();
    }
    fs::create_dir(copy.join("notes")).unwrap();
    let mut other = ringfence.plugin(copy).grant_declared().start().unwrap();
    assert_eq!(call(&mut other, "list"), json!([]));
}

#[test]
fn an_interrupt_from_another_thread_ends_a_call() {
    let host = Host::new();
    let code = "import time\ndef slow(input): time.sleep(60)\n";
    let mut instance = host.python(code).start().unwrap();
    instance.initialise().unwrap();
    let (pid, interrupt) = (instance.host_pid(), instance.interrupt());
    let begin = Instant::now();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        interrupt.raise();
    });
    let error = fails(&mut instance, "slow");
    assert!(matches!(error, RunError::Interrupted), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(3));
    assert!(!lives(pid));
    other.join().unwrap();
}

#[test]
fn an_interrupt_ends_an_instance_that_is_in_no_call() {
    let host = Host::new();
    let code = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\ndef go(input): return 1\n";
    let mut instance = host.python(code).start().unwrap();
    call(&mut instance, "go");
    let pid = instance.host_pid();
    instance.interrupt().raise();
    assert!(soon(|| !lives(pid)), "it works in the background of the host");
    let error = fails(&mut instance, "go");
    assert!(matches!(error, RunError::Interrupted), "{error:?}");
    let error = fails(&mut instance, "go");
    assert!(matches!(error, RunError::Over { .. }), "{error:?}");
}

#[test]
fn terminate_all_ends_every_instance_and_none_starts_afterwards() {
    let host = Host::new();
    let code = "import time\ndef slow(input): time.sleep(60)\ndef go(input): return 1\n";
    let mut idle = host.python(code).start().unwrap();
    call(&mut idle, "go");
    let plain = host.ringfence.command(["sleep", "60"]).start().unwrap();
    let mut busy = host.python(code).start().unwrap();
    let pids = [idle.host_pid(), plain.host_pid(), busy.host_pid()];
    let caller = thread::spawn(move || busy.execute("slow", &Value::Null));
    thread::sleep(Duration::from_millis(300));
    assert!(pids.iter().all(|pid| lives(*pid)));
    assert_eq!(host.ringfence.statistics().running, 3);
    host.ringfence.terminate_all();
    assert!(soon(|| !pids.iter().any(|pid| lives(*pid))));
    let error = caller.join().unwrap().unwrap_err();
    assert!(matches!(error, RunError::Interrupted), "{error:?}");
    match host.python(code).start().err().unwrap() {
        Error::Run(RunError::Interrupted) => {}
        other => panic!("{other:?}"),
    }
    drop((idle, plain));
    let statistics = host.ringfence.statistics();
    assert_eq!((statistics.running, statistics.started), (0, 3));
}

#[test]
fn a_dropped_instance_is_gone() {
    let host = Host::new();
    let mut instance = host.python(COUNTER).start().unwrap();
    call(&mut instance, "next");
    let pid = instance.host_pid();
    drop(instance);
    assert!(!lives(pid));
    assert_eq!(host.ringfence.statistics().running, 0);
}

#[test]
fn usage_is_known_while_it_runs_and_when_it_has_ended() {
    let host = Host::new();
    let code = "kept = []\ndef work(input):\n    kept.append(b'x' * (40 << 20))\n    return sum(range(10**6))\n";
    let mut instance = host.python(code).start().unwrap();
    call(&mut instance, "work");
    let live = instance.usage().expect("counted for the whole jail");
    assert!(live.memory > 40 << 20, "{live:?}");
    assert!(live.cpu > Duration::ZERO, "{live:?}");
    let ended = instance.terminate();
    assert!(ended.usage.peak_memory > 40 << 20, "{ended:?}");
    assert!(ended.usage.cpu >= live.cpu, "{ended:?}");
    let statistics = host.ringfence.statistics();
    assert_eq!(statistics.peak_memory, ended.usage.peak_memory);
    assert_eq!(statistics.cpu, ended.usage.cpu);
}

#[test]
fn a_plain_program_runs_once_with_its_input_and_then_is_over() {
    let host = Host::new();
    let mut cat = host.ringfence.command(["cat"]).start().unwrap();
    let answer = cat.execute("run", &json!("two words")).unwrap();
    assert_eq!(answer.bytes(), Some(&b"two words"[..]));
    let again = cat.execute("run", &Value::Null).unwrap_err();
    assert!(matches!(again, RunError::Over { why: None }), "{again:?}");
    let mut failing = host.ringfence.command(["sh", "-c", "echo no >&2; exit 3"]).start().unwrap();
    match failing.execute("run", &Value::Null).unwrap_err() {
        RunError::Status { status: 3, stderr, .. } => assert_eq!(stderr, "no"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_lists_its_tools_and_is_called_many_times() {
    let host = Host::new();
    let mut server = host.ringfence.plugin(example("mcp-echo")).start().unwrap();
    let names: Vec<String> = server.tools().unwrap().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["echo", "sum"]);
    assert_eq!(server.server().unwrap().name, "mcp-echo");
    for number in 0..5 {
        let answer = server.execute("echo", &json!({ "text": number.to_string() })).unwrap();
        assert_eq!(answer.value().unwrap()["content"][0]["text"], number.to_string());
    }
}

/// Keeps what it hears.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<u8>>>);

impl Observer for Ear {
    fn log(&mut self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

#[test]
fn an_observer_hears_what_a_plugin_says_beside_its_answer() {
    let host = Host::new();
    let ear = Ear::default();
    let code = "import sys\nprint('while loading')\ndef go(input):\n    print('on stdout')\n    print('on stderr', file=sys.stderr)\n    return 1\n";
    let mut instance = host.python(code).observer(ear.clone()).start().unwrap();
    assert_eq!(call(&mut instance, "go"), 1);
    instance.terminate();
    let heard = String::from_utf8(ear.0.lock().unwrap().clone()).unwrap();
    for line in ["while loading", "on stdout", "on stderr"] {
        assert!(heard.contains(line), "{line}: {heard}");
    }
}

#[test]
fn many_threads_share_one_ringfence_and_each_gets_its_own_answers() {
    let host = Host::new();
    drop(host.python(COUNTER));
    let plugin = host.folder.path().join("plugin");
    let threads: Vec<_> = (0..6)
        .map(|number: u64| {
            let start = host.ringfence.clone().plugin(&plugin);
            thread::spawn(move || {
                let mut instance = start.start().unwrap();
                (0..=number).map(|_| call(&mut instance, "next")).last().unwrap()
            })
        })
        .collect();
    for (number, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), number + 1);
    }
    assert_eq!(host.ringfence.statistics().started, 6);
}

#[test]
fn thirty_instances_leave_no_descriptor_behind() {
    let host = Host::new();
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let once = || {
        let mut instance = host.ringfence.command(["true"]).start().unwrap();
        instance.execute("run", &Value::Null).unwrap();
    };
    once();
    let before = open();
    (0..30).for_each(|_| once());
    assert_eq!(open(), before);
}

#[test]
fn what_a_person_should_read_can_be_had_without_starting_anything() {
    let host = Host::new();
    let start = host.ringfence.plugin(example("notes-python"));
    let review = start.review().unwrap();
    assert_eq!((review.card.name.as_str(), review.card.asks.len()), ("notes-python", 3));
    assert!(review.has_question());
    assert_eq!(review.unmet().count(), 2, "the third is optional");
    let granted = start.grant_declared().review().unwrap();
    assert!(!granted.has_question() && granted.refusal().is_none());
    assert_eq!(host.ringfence.statistics().started, 0);
}

#[test]
fn a_home_that_others_can_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = Ringfence::open_at(folder.path()).err().unwrap();
    assert!(matches!(error, Error::Home(_)), "{error:?}");
    assert!(error.to_string().contains("writable by nobody else"), "{error}");
    // One that is not there is made, private.
    let ringfence = Ringfence::open_at(folder.path().join("new")).unwrap();
    let mode = fs::metadata(ringfence.engine().home()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

const LISTENER: &str = "import socket, threading
kept = []
def serve(server):
    while True:
        kept.append(server.accept()[0])
        kept[-1].sendall(b'hello')
def listen(input):
    server = socket.socket()
    server.bind(('127.0.0.1', 8000))
    server.listen()
    threading.Thread(target=serve, args=(server,), daemon=True).start()
";

#[test]
fn a_published_port_of_an_instance_is_open_as_long_as_the_instance_lives() {
    let host = Host::new();
    let start = host.python(LISTENER);
    let permissions = "permissions:\n  - network.listen: 8000\n";
    let manifest = host.folder.path().join("plugin/plugin.yaml");
    fs::write(&manifest, fs::read_to_string(&manifest).unwrap() + permissions).unwrap();
    let publish: Publish = "8000=127.0.0.1:0".parse().unwrap();
    let mut instance = start.publish(publish).start().unwrap();
    let loopback = |one: &Publish| match one.at {
        Place::Loopback(at) => Some(at),
        Place::Unix(_) => None,
    };
    let at = instance.published().iter().find_map(loopback).unwrap();
    call(&mut instance, "listen");
    for _ in 0..2 {
        let mut heard = [0; 5];
        TcpStream::connect(at).unwrap().read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
    }
    let mut open = TcpStream::connect(at).unwrap();
    open.read_exact(&mut [0; 5]).unwrap();
    assert_eq!(instance.terminate().effects.network_visits, 3);
    assert!(open.read(&mut [0; 5]).is_err(), "half an answer is no whole one");
    assert!(TcpStream::connect(at).is_err());
}
