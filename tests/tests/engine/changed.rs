//! What is compiled is what was looked at, and a refusal of it is safe to show.

use crate::plugin::{Host, module};
use std::fs;
use std::path::PathBuf;

fn answers(number: u32) -> Vec<u8> {
    module(&format!("(func (export \"answer\") (result i32) (i32.const {number}))"))
}

fn compiled(host: &Host) -> Vec<PathBuf> {
    let entries = fs::read_dir(host.home().join("compiled")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_was_changed_after_the_review_is_not_compiled_whatever_stands_in_its_place() {
    let host = Host::new();
    let file = host.folder.path().join("plugin/plugin.wasm");
    let wasm = answers(2);
    let changed = || fs::write(&file, &wasm).unwrap();
    let linked = || std::os::unix::fs::symlink("/proc/version", &file).unwrap();
    let piped = || {
        let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
        assert!(made.success());
    };
    let hollow = || fs::File::create(&file).unwrap().set_len(1 << 40).unwrap();
    for change in [&changed as &dyn Fn(), &linked, &piped, &hollow] {
        let review = host.plugin(&answers(1), "").review().unwrap();
        fs::remove_file(&file).unwrap();
        change();
        let observer = Box::new(ringfence::Silent);
        let started = host.ringfence.engine().start(review, None, observer).map(drop);
        let error = started.unwrap_err().to_string();
        assert!(error.contains("plugin.wasm"), "{error}");
        assert!(compiled(&host).is_empty());
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn a_hostile_name_in_the_compilers_words_cannot_act_on_a_terminal() {
    let host = Host::new();
    let name = "\x1b[2J\u{202e}";
    // Two exports of one name: the compiler repeats it in its refusal.
    let export = [&[u8::try_from(name.len()).unwrap()], name.as_bytes(), &[0, 0]].concat();
    let size = u8::try_from(1 + 2 * export.len()).unwrap();
    let wasm = [
        &b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07"[..],
        &[size, 2],
        &export,
        &export,
        b"\x0a\x04\x01\x02\0\x0b",
    ]
    .concat();
    let error = host.plugin(&wasm, "").start().map(drop).unwrap_err().to_string();
    assert!(error.contains("duplicate export"), "{error}");
    assert!(!error.contains(['\x1b', '\u{202e}']), "{error:?}");
}
