//! What a host application gets from the library for secrets: one plugin uses
//! one, at one place, and never has it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failure of the test"
)]

use ringfence::{Error, KeyPlace, Ringfence, Secret, SecretStore, Start, StoreSource};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

const CODE: &str = "import os, urllib.request\n\
    def go(input):\n    \
        headers = {'X-Key': os.environ['API_KEY']}\n    \
        request = urllib.request.Request(os.environ['PLACE'], headers=headers)\n    \
        return urllib.request.urlopen(request, timeout=5).read().decode() + os.environ['API_KEY']\n";

/// A host on this machine; every head that it gets.
fn server() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heads, seen) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut head) = (stream.unwrap(), Vec::new());
            let mut piece = [0; 4096];
            while !head.ends_with(b"\r\n\r\n") {
                let length = stream.read(&mut piece).unwrap();
                if length == 0 {
                    break;
                }
                head.extend_from_slice(&piece[..length]);
            }
            if heads.send(String::from_utf8_lossy(&head).into_owned()).is_err() {
                return;
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, seen)
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned().into()).unwrap()
}

fn plugin(ringfence: &Ringfence, folder: &std::path::Path, port: u16) -> Start {
    let plugin = folder.join("plugin");
    fs::create_dir_all(&plugin).unwrap();
    fs::write(plugin.join("plugin.py"), CODE).unwrap();
    let place = format!("http://api.example:{port}");
    let manifest = format!(
        "name: example\nversion: 1.0.0\nruntime: python\nentry: plugin.py\npermissions:\n\
         - network.request: \"{place}\"\n- secrets.use: API_KEY\n  optional: true\n\
         - secrets.use: K\n  optional: true\n- environment.read: PLACE\n"
    );
    fs::write(plugin.join("plugin.yaml"), manifest).unwrap();
    ringfence
        .plugin(plugin)
        .env("PLACE", format!("{place}/x"))
        .grant(format!("network.request={place}"))
}

#[test]
fn a_running_plugin_uses_the_new_value_of_a_secret_from_its_next_request_on() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let ringfence = Ringfence::open_at(&home).unwrap();
    let (port, seen) = server();
    let store = SecretStore::new(home, KeyPlace::Home);
    store.set("API_KEY", &secret("sk-first-value")).unwrap();
    let source = StoreSource::new(store.clone(), "API_KEY".into());
    let mut running = plugin(&ringfence, folder.path(), port)
        .secret("API_KEY", format!("http://api.example:{port}"), source)
        .resolve("api.example", IpAddr::V4(Ipv4Addr::LOCALHOST))
        .start()
        .unwrap();
    let mut sent = || {
        let answer = running.execute("go", &Value::Null).unwrap().value().unwrap().to_string();
        assert!(answer.contains("yesrfsecret_") && !answer.contains("sk-"), "{answer}");
        seen.recv().unwrap()
    };
    let head = sent();
    assert!(head.contains("sk-first-value"), "{head}");
    store.set("API_KEY", &secret("sk-second-value")).unwrap();
    store.rotate(None).unwrap();
    let head = sent();
    assert!(head.contains("sk-second-value"), "{head}");
    store.remove("API_KEY").unwrap();
    // What stands for it is worth nothing to whoever gets it.
    let head = sent();
    assert!(head.contains("X-Key: rfsecret_") && !head.contains("sk-"), "{head}");
    drop(running);
    // What was brought to one start is not there for another.
    let other = plugin(&ringfence, folder.path(), port).env("API_KEY", "x").start();
    assert!(other.unwrap().execute("go", &Value::Null).is_err(), "nobody resolved the name");
}

#[test]
fn a_secret_without_a_place_or_an_address_without_a_name_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let ringfence = Ringfence::open_at(&home).unwrap();
    let source = || StoreSource::new(SecretStore::new(home.clone(), KeyPlace::Home), "K".into());
    for (name, place) in [("API_KEY", ""), ("A@evil.example", "api.example"), ("API_KEY", "*")] {
        let start = plugin(&ringfence, folder.path(), 1).secret(name, place, source());
        assert!(matches!(start.start().err().unwrap(), Error::Grant { .. }), "{name} {place}");
    }
    let unset = plugin(&ringfence, folder.path(), 1).secret("K", "api.example", source());
    let error = unset.start().err().unwrap().to_string();
    assert!(error.contains("ringfence secret set K"), "{error}");
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for host in ["", "no host", "192.0.2.1"] {
        let start = plugin(&ringfence, folder.path(), 1).resolve(host, local);
        assert!(matches!(start.start().err().unwrap(), Error::Host { .. }), "{host}");
    }
}
