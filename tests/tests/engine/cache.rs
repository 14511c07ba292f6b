//! Native code is what the compiler made, and nothing that somebody put there.

use crate::plugin::{Host, call, module};
use ringfence::Ringfence;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

fn answers(number: u32) -> Vec<u8> {
    module(&format!("(func (export \"answer\") (result i32) (i32.const {number}))"))
}

fn compiled(host: &Host) -> Vec<PathBuf> {
    let entries = fs::read_dir(host.home().join("compiled")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn native_code_of_another_plugin_or_changed_in_the_cache_is_made_again() {
    let host = Host::new();
    assert_eq!(call(&mut host.plugin(&answers(1), "").start().unwrap(), "answer", &Value::Null), 1);
    let [first] = compiled(&host).try_into().unwrap();
    assert_eq!(call(&mut host.plugin(&answers(2), "").start().unwrap(), "answer", &Value::Null), 2);
    let second = compiled(&host).into_iter().find(|path| *path != first).unwrap();
    let code = fs::read(&first).unwrap();
    // What runs on is another process of the same home, which has nothing loaded.
    let answer = |host: &Host| {
        let again = Ringfence::open_at(host.home()).unwrap();
        let mut plugin = again.plugin(host.folder.path().join("plugin")).start().unwrap();
        call(&mut plugin, "answer", &Value::Null)
    };
    fs::copy(&first, &second).unwrap();
    fs::set_permissions(&second, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(answer(&host), 2);
    let mut changed = code;
    let middle = changed.len() / 2;
    changed[middle] ^= 0x80;
    fs::write(&second, changed).unwrap();
    assert_eq!(answer(&host), 2);
    // And a good one is used: it is not written again.
    let before = fs::read(&second).unwrap();
    assert_eq!(answer(&host), 2);
    assert_eq!(fs::read(&second).unwrap(), before);
}

#[test]
fn native_code_in_a_package_is_not_taken() {
    let host = Host::new();
    drop(host.plugin(&answers(1), "").start().unwrap());
    let [native] = compiled(&host).try_into().unwrap();
    let mut code = fs::read(native).unwrap();
    code.truncate(code.len() - 32);
    assert!(code.starts_with(b"\x7fELF"));
    let error = host.plugin(&code, "").start().map(drop).unwrap_err();
    assert!(error.to_string().contains("WebAssembly"), "{error}");
}
