//! The examples that are WebAssembly: each does what its siblings for a process do,
//! with the same grants, and no more.

use crate::program::{Done, User, repository};
use serde_json::{Value, json};
use std::fs;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;

const STORAGE: [&str; 4] = ["--grant", "storage.read=notes/*", "--grant", "storage.write=notes/*"];

/// The folder of an example whose component is built. `None`, and a word about it,
/// for one in Rust where the toolchain cannot build it.
#[expect(clippy::print_stderr, reason = "what is not run says so")]
fn example(name: &str) -> Option<PathBuf> {
    let folder = repository(&format!("plugins/examples/{name}"));
    if folder.join("plugin.wasm").is_file() {
        return Some(folder);
    }
    let in_rust = folder.join("Cargo.toml").is_file();
    assert!(in_rust && !has_rust_target(), "{name} is not built: run cargo xtask plugins");
    eprintln!("not run, {name} is not built: rustup target add wasm32-wasip2");
    None
}

fn has_rust_target() -> bool {
    let asked = ["--print", "target-libdir", "--target", "wasm32-wasip2"];
    let output = Command::new("rustc").args(asked).output().unwrap();
    Path::new(String::from_utf8(output.stdout).unwrap().trim()).is_dir()
}

fn run(user: &User, options: &[&str], folder: &Path, rest: &[&str]) -> Done {
    let mut arguments = vec!["run"];
    arguments.extend(options);
    arguments.push(folder.to_str().unwrap());
    arguments.extend(rest);
    user.ringfence(arguments).compiles().run()
}

/// The option that would allow the first thing that was denied.
fn repair_of(done: &Done) -> String {
    let report = done.json();
    report["usage"]["denials"][0]["denial"]["repair"].as_str().unwrap().to_owned()
}

/// Each language has one test, since compiling it for a user takes seconds.
fn does_what_its_siblings_do(name: &str, language: &str) {
    let Some(folder) = example(name) else { return };
    let user = User::new();
    let ask = |options: &[&str], action: &str, input: &Value| {
        let input = input.to_string();
        run(&user, &[&["--json"], options].concat(), &folder, &[action, "-i", &input])
    };
    let result = |done: &Done| {
        assert_eq!(done.code, Some(0), "{done:?}");
        done.json()["result"].clone()
    };
    // Whatever JSON goes in comes out.
    let said = json!({ "name": "Ada \u{1F600} \"\\\n", "list": [1, 2.5, null, true] });
    // While it is compiled nobody is told that it runs.
    let first = run(&user, &[], &folder, &["greet", "-i", "null"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(!first.stderr.contains("has run for"), "{first:?}");
    let waited = first.stderr.contains("has been compiled for 1 s");
    assert!(waited || language != "Python", "{first:?}");
    let greeted = result(&ask(&[], "greet", &said));
    assert_eq!(greeted["greeting"], format!("Hello from {language}!"));
    assert_eq!(greeted["you_said"], said);
    // Without a yes there is no storage, and nothing was stored.
    for refused in ["keep", "show"] {
        let done = ask(&[], refused, &json!("planted"));
        assert_eq!(done.code, Some(3), "{refused}: {done:?}");
        assert!(repair_of(&done).starts_with("--grant storage."), "{done:?}");
    }
    assert_eq!(result(&ask(&STORAGE, "show", &Value::Null)), Value::Null);
    // With one it is kept, over runs.
    assert_eq!(result(&ask(&STORAGE, "keep", &said)), true);
    assert_eq!(result(&ask(&STORAGE, "show", &Value::Null)), said);
    // A file of the granted folder is read, another one is not, by no way round.
    let text = json!(folder.join("texts/three.txt"));
    let denied = ask(&STORAGE, "lines", &text);
    assert_eq!(denied.code, Some(3), "{denied:?}");
    let repair = repair_of(&denied);
    let (option, grant) = repair.split_once(' ').unwrap();
    assert_eq!(result(&ask(&[option, grant], "lines", &text)), 3, "the repair that is named works");
    for outside in ["plugin.yaml", "texts/../plugin.yaml", "texts"] {
        let done = ask(&["--yes"], "lines", &json!(folder.join(outside)));
        assert_ne!(done.code, Some(0), "{outside}: {done:?}");
        assert!(done.json()["result"].is_null(), "{outside}: {done:?}");
    }
    // What fails by itself is an error of the action, and no denial.
    let missing = ask(&["--yes"], "lines", &json!(folder.join("texts/missing.txt")));
    assert_eq!(missing.code, Some(1), "{missing:?}");
    // It is not called with what its manifest refuses, and offers no more than it says.
    assert_eq!(ask(&["--yes"], "lines", &json!(5)).code, Some(2));
    assert_eq!(ask(&["--yes"], "toString", &Value::Null).code, Some(2));
    let kinds = user.kinds();
    assert!(kinds.contains(&"effect_denied".to_owned()), "{kinds:?}");
}

#[test]
fn a_component_in_rust_does_what_a_process_does_with_the_same_grants() {
    does_what_its_siblings_do("wasm-rust", "Rust");
}

#[test]
fn a_component_in_c_does_what_a_process_does_with_the_same_grants() {
    does_what_its_siblings_do("wasm-c", "C");
}

#[test]
fn a_component_in_javascript_does_what_a_process_does_with_the_same_grants() {
    does_what_its_siblings_do("wasm-javascript", "JavaScript");
}

#[test]
fn a_component_in_python_does_what_a_process_does_with_the_same_grants() {
    does_what_its_siblings_do("wasm-python", "Python");
}

#[test]
fn a_program_reads_its_input_and_the_folder_that_was_granted_and_no_other() {
    let Some(folder) = example("wasm-program") else { return };
    let user = User::new();
    let ask = |options: &[&str], input: &str| {
        run(&user, &[&["-q"], options].concat(), &folder, &["-i", input])
    };
    let counted = ask(&[], "three words here");
    assert_eq!((counted.code, counted.stdout.trim()), (Some(0), "3 words"), "{counted:?}");
    let text = json!(folder.join("texts/one.txt")).to_string();
    let before = ask(&[], &text);
    assert!(before.code != Some(0) && before.stdout.is_empty(), "{before:?}");
    let granted = ask(&["--yes"], &text);
    assert_eq!((granted.code, granted.stdout.trim()), (Some(0), "7 words"), "{granted:?}");
    let listed = ask(&["--yes"], &json!(folder.join("texts")).to_string());
    assert_eq!(listed.stdout.trim(), "one.txt", "{listed:?}");
    for outside in [
        folder.join("plugin.yaml"),
        folder.join("texts/../plugin.yaml"),
        "/".into(),
        "/etc/passwd".into(),
        "/proc/self/environ".into(),
        user.home(),
    ] {
        let done = ask(&["--yes"], &json!(outside).to_string());
        assert!(done.code != Some(0) && done.stdout.is_empty(), "{}: {done:?}", outside.display());
    }
}

#[test]
fn a_program_reaches_no_listener_of_the_host_whatever_was_granted() {
    let Some(folder) = example("wasm-program") else { return };
    let user = User::new();
    let streams = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = streams.local_addr().unwrap();
    let datagrams = UdpSocket::bind(address).unwrap();
    streams.set_nonblocking(true).unwrap();
    datagrams.set_nonblocking(true).unwrap();
    for grants in [&[][..], &["--yes"]] {
        let input = format!("connect {address}");
        let done = run(&user, grants, &folder, &["-i", &input]);
        assert_eq!(done.code, Some(1), "{done:?}");
        assert!(!done.stdout.contains("reached"), "{done:?}");
    }
    assert!(streams.accept().is_err(), "nobody came");
    assert!(datagrams.recv(&mut [0; 64]).is_err(), "nothing came");
    // Both listeners do hear who may come.
    let _stream = TcpStream::connect(address).unwrap();
    assert!(streams.accept().is_ok());
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"hello", address).unwrap();
    assert_eq!(datagrams.recv(&mut [0; 64]).unwrap(), 5);
}

#[test]
fn a_core_module_that_wants_wasi_is_refused_before_anything_starts() {
    let user = User::new();
    // It imports one function of WASI as it was before components.
    let import = b"\x02\x24\x01\x16wasi_snapshot_preview1\x09proc_exit\0\0";
    let wasm = [&b"\0asm\x01\0\0\0\x01\x05\x01\x60\x01\x7f\0"[..], import].concat();
    let path = user.write("old.wasm", wasm);
    let done = user.ringfence(["run", path.to_str().unwrap(), "go"]).run();
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("npx @bytecodealliance/jco new"), "{done:?}");
    assert!(!fs::exists(user.home().join("audit")).unwrap(), "nothing was touched");
}
