//! What is taken back is taken back from what runs, within two seconds.

use crate::installed::Owner;
use crate::program::{Done, Started, pause, repository, soon, wait_at_most};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// From the end of the command that takes it back to the end of what ran.
const TWO_SECONDS: Duration = Duration::from_secs(2);

/// Counts in a file for as long as it lives. HOW is done first.
const COUNTS: &str = "
import os, signal, sys, threading, time

def count(place):
    number = 0
    while True:
        number += 1
        with open(place, 'w') as file: file.write(str(number))
        if number == 3: print('is up', file=sys.stderr, flush=True)
        time.sleep(0.02)

def spin(input, ringfence):
    HOW
    count('FOLDER/marker')
";

/// A user who installed `spin`, which counts in a folder that it was granted.
struct Spins {
    owner: Owner,
}

impl Spins {
    fn new(how: &str) -> Self {
        let owner = Owner::new();
        owner.user.write("data/keep", "");
        let spins = Self { owner };
        spins.write("spin", "spin", how);
        spins.owner.ends(&["install", "--yes", "--despite-findings", "at/spin"], 0);
        spins
    }

    fn folder(&self) -> PathBuf {
        self.owner.user.path("data").canonicalize().unwrap()
    }

    fn write(&self, at: &str, name: &str, how: &str) {
        let folder = self.folder();
        let folder = folder.display();
        let code = COUNTS.replace("HOW", how).replace("FOLDER", &folder.to_string());
        let permissions = format!(
            "permissions:\n  - files.read: {folder}/**\n  - files.write: {folder}/**\n  \
             - files.delete: {folder}/**\n  - storage.write\n"
        );
        self.owner.plugin(at, name, "1.0.0", &code, &permissions);
    }

    /// It counts.
    fn started(&self, words: &[&str]) -> Started {
        let started = self.owner.user.ringfence(words).start();
        started.stderr.wait_for("is up");
        started
    }

    fn runs(&self) -> Started {
        self.started(&["run", "spin", "spin"])
    }

    fn marker(&self) -> String {
        fs::read_to_string(self.folder().join("marker")).unwrap_or_default()
    }

    /// It ends in time, with this exit code and these words, and nothing of it goes on.
    fn ends(&self, started: Started, code: i32, says: &[&str]) -> Done {
        assert!(wait_at_most(started.pid(), TWO_SECONDS), "it runs on");
        let before = self.marker();
        let done = started.finish();
        assert_eq!(done.code, Some(code), "{done:?}");
        for text in says {
            assert!(done.stderr.contains(text), "`{text}` is not said: {done:?}");
        }
        pause(Duration::from_millis(300));
        assert_eq!(self.marker(), before, "something of it goes on");
        done
    }

    /// What was recalled, as the log has it.
    fn recalled(&self) -> Vec<serde_json::Value> {
        let records = self.owner.user.records().into_iter();
        let found = records.filter(|record| record["event"]["kind"] == "recalled");
        found.map(|record| record["event"]["metadata"]["recall"].clone()).collect()
    }
}

#[test]
fn a_quarantine_ends_what_runs_and_says_who_and_why() {
    let spins = Spins::new("pass");
    let started = spins.runs();
    spins.owner.ends(&["quarantine", "spin", "--reason", "it phoned home"], 0);
    let release = "ringfence quarantine --release spin";
    spins.ends(started, 10, &["quarantine", "uid ", "it phoned home", release]);
    let recalled = spins.recalled();
    assert_eq!(recalled.len(), 1, "{recalled:?}");
    assert_eq!(recalled[0]["cause"], "quarantined");
    assert_eq!(recalled[0]["reason"], "it phoned home");
    assert!(recalled[0]["by"].as_str().unwrap().starts_with("uid "));
    spins.owner.ends(&["run", "spin", "spin"], 9);
    spins.owner.ends(&["audit", "verify"], 0);
}

#[test]
fn a_plugin_that_resists_its_end_is_ended_as_soon() {
    for how in [
        // Daemons in sessions of their own, deaf to every signal.
        "[os.fork() or (os.setsid(), [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 3, 15)], \
         count('FOLDER/marker')) for _ in range(3)]",
        // All of it is stopped, and could answer nobody.
        "threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGSTOP)).start()",
        // It says so much that who reads it has nothing else to do.
        "threading.Thread(target=lambda: [print('x' * 1000, file=sys.stderr) for _ in \
         iter(int, 1)]).start()",
        "threading.Thread(target=lambda: [ringfence.log.info('x' * 1000) for _ in \
         iter(int, 1)]).start()",
    ] {
        let spins = Spins::new(how);
        let started = spins.runs();
        pause(Duration::from_millis(700));
        spins.owner.ends(&["quarantine", "spin"], 0);
        spins.ends(started, 10, &["quarantine"]);
    }
}

#[test]
fn bytes_in_quarantine_are_ended_whatever_they_are_called_and_wherever_they_lie() {
    let spins = Spins::new("pass");
    let yes = ["run", "--yes"];
    let grants: Vec<String> = ["read", "write", "delete"]
        .iter()
        .map(|kind| format!("--grant=files.{kind}={}/**", spins.folder().display()))
        .collect();
    let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
    spins.owner.ends(&["pack", "at/spin", "-o", "spin.ringfence"], 0);
    for target in ["./at/spin", "./spin.ringfence"] {
        let started = spins.started(&[&yes[..], &grants, &[target, "spin"]].concat());
        spins.owner.ends(&["quarantine", "spin", "--reason", "these bytes"], 0);
        spins.ends(started, 10, &["these bytes"]);
        spins.owner.ends(&["quarantine", "--release", "spin"], 0);
    }
    // What has other bytes runs on.
    spins.write("other", "other", "'another'");
    let started = spins.started(&[&yes[..], &grants, &["./at/other", "spin"]].concat());
    spins.owner.ends(&["quarantine", "spin"], 0);
    pause(TWO_SECONDS);
    let before = spins.marker();
    assert!(soon(|| spins.marker() != before), "it was ended for another one");
    started.signal_group(rustix::process::Signal::INT);
    assert_eq!(started.finish().code, Some(130));
}

#[test]
fn who_changes_the_files_beside_its_code_is_known_by_those_that_it_began_with() {
    let spins = Spins::new("pass");
    spins.owner.user.write("at/self/own/keep", "");
    let own = spins.owner.user.path("at/self/own").canonicalize().unwrap();
    let how = "open('FOLDER/more', 'w').write('x')";
    let code = COUNTS.replace("HOW", how).replace("FOLDER", &own.display().to_string());
    let permissions = "permissions:\n  - files.read: ./own/**\n  - files.write: ./own/**\n  \
        - files.delete: ./own/**\n";
    spins.owner.plugin("self", "self", "1.0.0", &code, permissions);
    spins.owner.ends(&["install", "--yes", "--despite-findings", "at/self"], 0);
    let started = spins.started(&["run", "--yes", "./at/self", "spin"]);
    assert!(own.join("more").exists(), "it is another folder by now");
    spins.owner.ends(&["quarantine", "self", "--reason", "these bytes"], 0);
    spins.ends(started, 10, &["these bytes"]);
}

#[test]
fn what_is_switched_off_or_removed_does_not_run_on_and_what_is_updated_does() {
    let spins = Spins::new("pass");
    let started = spins.runs();
    spins.owner.ends(&["disable", "spin"], 0);
    spins.ends(started, 10, &["switched off", "ringfence enable spin"]);
    spins.owner.ends(&["enable", "spin"], 0);
    let started = spins.runs();
    spins.write("spin", "spin", "'another'");
    spins.owner.ends(&["update", "--despite-findings", "--allow-downgrade", "spin"], 0);
    pause(TWO_SECONDS);
    let before = spins.marker();
    assert!(soon(|| spins.marker() != before), "an update ends nobody's work");
    spins.owner.ends(&["remove", "spin"], 0);
    spins.ends(started, 10, &["removed"]);
}

#[test]
fn a_capability_that_is_asked_for_call_by_call_is_refused_at_the_next_call() {
    let owner = Owner::new();
    let code = "
import sys, time
def keep(input, ringfence):
    ringfence.storage.set('kept', 1)
    print('is up', file=sys.stderr, flush=True)
    begin = time.time()
    while time.time() - begin < 20:
        try: ringfence.storage.set('kept', 2)
        except Exception as error: return str(error)
        time.sleep(0.05)
    return 'never'
";
    owner.plugin("keep", "keep", "1.0.0", code, "permissions:\n  - storage.write\n");
    owner.ends(&["install", "--yes", "at/keep"], 0);
    let started = owner.user.ringfence(["run", "keep", "keep"]).start();
    started.stderr.wait_for("is up");
    owner.ends(&["revoke", "keep", "storage.write"], 0);
    assert!(wait_at_most(started.pid(), TWO_SECONDS), "it keeps on writing");
    let done = started.finish();
    // The plugin lives, and was told.
    assert_eq!(done.code, Some(0), "{done:?}");
    let told = done.stdout.clone();
    assert!(told.contains("storage.write"), "{told}");
    assert!(!told.contains("never"), "{told}");
    assert!(owner.user.kinds().contains(&"recalled".to_owned()));
}

#[test]
fn a_connection_that_is_open_and_silent_is_closed_when_its_grant_is_taken_back() {
    let owner = Owner::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let code = format!(
        "
import socket, sys
def wait(input, ringfence):
    client = socket.create_connection(('shop.example', {port}))
    client.sendall(bytes(16) + b'hello')
    print('is up', file=sys.stderr, flush=True)
    try: said = client.recv(10)
    except OSError as error: said = error
    try:
        client = socket.create_connection(('shop.example', {port}), 2)
        client.sendall(bytes(16) + b'again')
        again = client.recv(10)
    except OSError as error: again = error
    return [repr(said), repr(again)]
"
    );
    let permissions = format!("permissions:\n  - network.request: shop.example:{port}\n");
    owner.plugin("wait", "wait", "1.0.0", &code, &permissions);
    owner.ends(&["install", "--yes", "--despite-findings", "at/wait"], 0);
    let started = owner
        .user
        .ringfence(["run", "--resolve", "shop.example=127.0.0.1", "wait", "wait"])
        .start();
    listener.set_nonblocking(true).unwrap();
    let mut server = None;
    assert!(soon(|| {
        server = server.take().or_else(|| listener.accept().ok());
        server.is_some()
    }));
    let (mut server, _) = server.unwrap();
    server.set_nonblocking(false).unwrap();
    server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut heard = [0; 21];
    server.read_exact(&mut heard).unwrap();
    started.stderr.wait_for("is up");
    owner.ends(&["revoke", "wait", &format!("network.request=shop.example:{port}")], 0);
    let begin = Instant::now();
    assert_eq!(server.read(&mut heard).unwrap_or(0), 0, "it is closed for the server, too");
    assert!(begin.elapsed() < TWO_SECONDS, "{:?}", begin.elapsed());
    let _ = server.write_all(b"late");
    let done = started.finish();
    assert_eq!(done.code, Some(0), "{done:?}");
    let told = done.stdout.clone();
    assert!(!told.contains("late") && !told.contains("b'again'"), "{told}");
    assert!(listener.accept().is_err(), "no connection after that");
}

#[test]
fn a_folder_that_a_jail_holds_is_taken_back_with_its_end() {
    let spins = Spins::new("pass");
    let started = spins.runs();
    let write = format!("files.write={}/**", spins.folder().display());
    // What it does not hold, it loses and lives.
    spins.owner.ends(&["revoke", "spin", "storage.write"], 0);
    pause(Duration::from_secs(1));
    let before = spins.marker();
    assert!(soon(|| spins.marker() != before));
    spins.owner.ends(&["revoke", "spin", &write], 0);
    spins.ends(started, 10, &["files.write", "taken back by uid "]);
    let causes: Vec<_> = spins.recalled().iter().map(|one| one["cause"].clone()).collect();
    assert_eq!(causes, ["revoked", "revoked"]);
    // It starts again, without.
    let done = spins.owner.run(&["run", "-q", "spin", "spin"]);
    assert_eq!(done.code, Some(3), "{done:?}");
}

#[test]
fn a_list_that_is_lost_while_something_runs_ends_it() {
    for (what, says) in [
        ("noise", "damaged"),
        ("a page of noise", "damaged"),
        ("another one", "another file"),
        ("none", "gone"),
        ("no home", "cannot be read any more"),
    ] {
        let spins = Spins::new("pass");
        let home = spins.owner.user.home();
        let path = home.join("state.sqlite");
        let started = spins.runs();
        match what {
            "noise" => fs::write(&path, vec![0xa5; 20_000]).unwrap(),
            "a page of noise" => {
                let mut bytes = fs::read(&path).unwrap();
                bytes[4096..4200].fill(0xff);
                fs::write(&path, bytes).unwrap();
            }
            "another one" => {
                // The same, as it was before somebody took something back.
                fs::copy(&path, home.join("copy")).unwrap();
                fs::rename(home.join("copy"), &path).unwrap();
            }
            "none" => fs::remove_file(&path).unwrap(),
            _ => fs::rename(&home, home.with_extension("away")).unwrap(),
        }
        assert!(wait_at_most(started.pid(), TWO_SECONDS), "{what}: it runs on");
        let done = started.finish();
        assert!(done.stderr.contains(says), "{what}: {done:?}");
        if what != "no home" {
            assert_eq!(done.code, Some(10), "{what}: {done:?}");
        }
        let before = spins.marker();
        pause(Duration::from_millis(200));
        assert_eq!(spins.marker(), before, "{what}");
    }
}

#[test]
fn a_server_and_a_plain_program_and_a_worker_are_ended_too() {
    let owner = Owner::new();
    let echo = repository("plugins/examples/mcp-echo");
    owner.ends(&["install", "--yes", "--despite-findings", echo.to_str().unwrap()], 0);
    let hello = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":\
                 {\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},\
                 \"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}\n";
    owner.user.write("at/plain/main.sh", "echo is up\nwhile true; do sleep 0.1; done\n");
    owner.user.write(
        "at/plain/plugin.yaml",
        "name: plain\nversion: 1.0.0\nruntime: command\nprotocol: plain\nentry: [sh, main.sh]\n",
    );
    let spin = "export function spin() { console.log('is up'); while (true) {} }\n";
    owner.user.write("at/worker/main.js", spin);
    owner.user.write(
        "at/worker/plugin.yaml",
        "name: worker\nversion: 1.0.0\nruntime: javascript\nentry: main.js\nactions: {spin: {}}\n",
    );
    for name in ["plain", "worker"] {
        let at = format!("at/{name}");
        owner.ends(&["install", "--yes", "--despite-findings", &at], 0);
    }
    for (name, words, input) in [
        ("mcp-echo", &["run", "--mcp", "mcp-echo"][..], hello),
        ("plain", &["run", "plain"], ""),
        ("worker", &["run", "worker", "spin"], ""),
    ] {
        let invocation = owner.user.ringfence(words).input(input).stays().compiles();
        let started = invocation.start();
        match name {
            "mcp-echo" => started.stdout.wait_for("mcp-echo"),
            "plain" => started.stdout.wait_for("is up"),
            _ => started.stderr.wait_for("is up"),
        };
        owner.ends(&["quarantine", name, "--reason", "recalled"], 0);
        assert!(wait_at_most(started.pid(), TWO_SECONDS), "{name} runs on");
        let done = started.finish();
        assert_eq!(done.code, Some(10), "{name}: {done:?}");
    }
}
