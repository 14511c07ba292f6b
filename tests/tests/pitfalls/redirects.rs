//! Pitfall 4: a place that was not granted, reached through one that was, or by a
//! way beside the one that is watched.

use crate::component::component;
use crate::naive::NaivePlugin;
use crate::naive::ringfence::plugin::http::Response;
use crate::plugin::{Host, call};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const INTERNAL: &str = "what only this machine may read";

/// A server on this machine's loopback that gives this answer to everybody: its
/// port, and how many have connected.
fn server(answer: String) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connected = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connected);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, connected)
}

fn internal() -> (u16, Arc<AtomicUsize>) {
    let bytes = INTERNAL.len();
    server(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\nConnection: close\r\n\r\n{INTERNAL}"
    ))
}

fn leading_to(port: u16) -> (u16, Arc<AtomicUsize>) {
    server(format!(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    ))
}

/// Fetches the address that it is given: `status * 1000 + bytes of the body`, or 7
/// when it is refused.
fn fetching() -> Vec<u8> {
    component(
        "import ringfence:plugin/http@0.1.0;",
        r#"(import "ringfence:plugin/http@0.1.0" "fetch" (func $fetch
               (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
           ---
           (data (i32.const 80) "GET")
           (func $go (param $input i32) (param $bytes i32) (result i64)
               (call $fetch
                   (i32.add (local.get $input) (i32.const 1))
                   (i32.sub (local.get $bytes) (i32.const 2))
                   (i32.const 80) (i32.const 3) (i32.const 0) (i32.const 0)
                   (i32.const 0) (i32.const 0) (i32.const 0)
                   (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                   (i32.const 512))
               (if (i32.load8_u (i32.const 512)) (then (return (i64.const 7))))
               (i64.extend_i32_u (i32.add
                   (i32.mul (i32.load16_u (i32.const 516)) (i32.const 1000))
                   (i32.load (i32.const 532)))))"#,
    )
}

/// What libraries do when they are asked for an address: they follow.
fn get(address: &str) -> Response {
    let place = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(&place).unwrap();
    // All of it at once: the server reads once.
    let head = format!("GET / HTTP/1.1\r\nHost: {place}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    if let Some((_, to)) = answer.split_once("Location: ") {
        return get(to.split("\r\n").next().unwrap());
    }
    let body = answer.split_once("\r\n\r\n").unwrap().1.as_bytes().to_vec();
    Response { status: 200, headers: Vec::new(), body }
}

#[test]
fn a_redirect_to_a_place_that_was_not_granted_reaches_nobody() {
    let got = u64::try_from(INTERNAL.len()).unwrap();
    let (secret, connected) = internal();
    let (public, _) = leading_to(secret);
    let [public, secret] = [public, secret].map(|port| format!("http://127.0.0.1:{port}/"));
    let mut naive = NaivePlugin::new(&fetching());
    let allowed = public.clone();
    naive.store.data_mut().fetch = Box::new(move |request| {
        if request.url == allowed {
            return get(&request.url);
        }
        Response { status: 403, headers: Vec::new(), body: Vec::new() }
    });
    assert_eq!(naive.go(&json!(secret).to_string()).unwrap(), 403_000, "refused when asked for");
    assert_eq!(naive.go(&json!(public).to_string()).unwrap(), 200_000 + got, "and given so");
    assert_eq!(connected.load(Ordering::SeqCst), 1);

    let (inside, connected) = internal();
    let (granted, asked) = leading_to(inside);
    let manifest = format!("permissions: [network.request: 'http://127.0.0.1:{granted}']\n");
    let host = Host::new();
    let start = host.plugin(&fetching(), &manifest).grant_declared();
    let mut plugin = start.start().unwrap();
    let answer = call(&mut plugin, "go", &json!(format!("http://127.0.0.1:{granted}/")));
    assert_eq!(answer, 302_000, "a redirect is an answer");
    // The plugin follows by itself, and is judged again.
    for place in [format!("http://127.0.0.1:{inside}/"), format!("http://localhost:{inside}/")] {
        assert_eq!(call(&mut plugin, "go", &json!(place)), 7);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "what was granted was reached");
    assert_eq!(connected.load(Ordering::SeqCst), 0);
    assert_eq!(plugin.terminate().effects.denials, 2);
}

/// Connects by a socket of WASI: 1 when it is connected.
fn connecting(port: u16) -> Vec<u8> {
    component(
        "import wasi:sockets/instance-network@0.2.0; import wasi:sockets/tcp@0.2.0; \
         import wasi:sockets/tcp-create-socket@0.2.0; import wasi:io/poll@0.2.0;",
        &format!(
            r#"(import "wasi:sockets/instance-network@0.2.0" "instance-network"
                (func $network (result i32)))
            (import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket"
                (func $create (param i32 i32)))
            (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.start-connect" (func $start
                (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
            (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.subscribe"
                (func $subscribe (param i32) (result i32)))
            (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.finish-connect"
                (func $finish (param i32 i32)))
            (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
            ---
            (func $go (param i32 i32) (result i64) (local $socket i32)
                (call $create (i32.const 0) (i32.const 512))
                (if (i32.load8_u (i32.const 512)) (then (return (i64.add (i64.const 1000) (i64.extend_i32_u (i32.load8_u (i32.const 516)))))))
                (local.set $socket (i32.load (i32.const 516)))
                (call $start (local.get $socket) (call $network)
                    (i32.const 0) (i32.const {port})
                    (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                    (i32.const 0) (i32.const 512))
                (if (i32.load8_u (i32.const 512)) (then (return (i64.const 3))))
                (call $block (call $subscribe (local.get $socket)))
                (call $finish (local.get $socket) (i32.const 512))
                (if (i32.load8_u (i32.const 512)) (then (return (i64.const 4))))
                (i64.const 1))"#
        ),
    )
}

#[test]
fn sockets_of_wasi_reach_nobody_even_where_the_place_was_granted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let wasm = connecting(port);
    assert_eq!(NaivePlugin::new(&wasm).go("null").unwrap(), 1);
    listener.accept().unwrap();
    listener.set_nonblocking(true).unwrap();
    let host = Host::new();
    let granted = format!("permissions: [network.request: '127.0.0.1:{port}']\n");
    for manifest in ["", &granted] {
        let start = host.plugin(&wasm, manifest).grant_declared();
        let outcome = start.start().unwrap().execute("go", &json!(null));
        let connected = outcome.is_ok_and(|answer| answer.value() == Some(&json!(1)));
        assert!(!connected);
        assert!(listener.accept().is_err(), "nobody came");
    }
}
