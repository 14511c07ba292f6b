//! Hostile components, written as the text of a core module and of its interfaces.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const PLUGIN: &str = include_str!("../../../wit/plugin.wit");

/// The parts of WASI that are attacked here; a host offers more.
const WASI: [&str; 4] = [
    "package wasi:io@0.2.0;
    interface poll { resource pollable { block: func(); } }
    interface streams { resource input-stream; resource output-stream; }",
    "package wasi:clocks@0.2.0;
    interface monotonic-clock {
        use wasi:io/poll@0.2.0.{pollable};
        now: func() -> u64;
        subscribe-duration: func(when: u64) -> pollable;
    }",
    "package wasi:random@0.2.0;
    interface random { get-random-bytes: func(len: u64) -> list<u8>; }",
    "package wasi:sockets@0.2.0;
    interface network {
        resource network;
        enum error-code {
            unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout,
            concurrency-conflict, not-in-progress, would-block, invalid-state, new-socket-limit,
            address-not-bindable, address-in-use, remote-unreachable, connection-refused,
            connection-reset, connection-aborted, datagram-too-large, name-unresolvable,
            temporary-resolver-failure, permanent-resolver-failure,
        }
        enum ip-address-family { ipv4, ipv6 }
        record ipv4-socket-address { port: u16, address: tuple<u8, u8, u8, u8> }
        record ipv6-socket-address {
            port: u16, flow-info: u32,
            address: tuple<u16, u16, u16, u16, u16, u16, u16, u16>, scope-id: u32,
        }
        variant ip-socket-address { ipv4(ipv4-socket-address), ipv6(ipv6-socket-address) }
    }
    interface instance-network {
        use network.{network};
        instance-network: func() -> network;
    }
    interface tcp {
        use wasi:io/streams@0.2.0.{input-stream, output-stream};
        use wasi:io/poll@0.2.0.{pollable};
        use network.{network, error-code, ip-socket-address};
        resource tcp-socket {
            start-connect: func(network: borrow<network>, remote-address: ip-socket-address)
                -> result<_, error-code>;
            finish-connect: func() -> result<tuple<input-stream, output-stream>, error-code>;
            subscribe: func() -> pollable;
        }
    }
    interface tcp-create-socket {
        use network.{error-code, ip-address-family};
        use tcp.{tcp-socket};
        create-tcp-socket: func(address-family: ip-address-family)
            -> result<tcp-socket, error-code>;
    }",
];

/// What every one of them has: one action, `go`, which takes a text and gives what
/// `$go (param address length) (result i64)` gives, as a number.
const SHELL: &str = r#"
    (memory (export "memory") 4)
    (global $top (mut i32) (i32.const 65536))
    (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
        (local.set $at (global.get $top))
        (global.set $top (i32.and (i32.const -8)
            (i32.add (i32.const 7) (i32.add (local.get $at) (local.get 3)))))
        (local.get $at))
    (data (i32.const 16) "\18\00\00\00\01\00\00\00\40\00\00\00\02\00\00\00")
    (data (i32.const 64) "go")
    (func (export "ringfence:plugin/actions@0.1.0#list") (result i32) (i32.const 16))
    (func (export "ringfence:plugin/actions@0.1.0#call")
        (param i32 i32) (param $input i32) (param $bytes i32) (result i32)
        (local $rest i64) (local $at i32)
        (local.set $rest (call $go (local.get $input) (local.get $bytes)))
        (local.set $at (i32.const 256))
        (loop $digit
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (i32.store8 (local.get $at)
                (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $rest) (i64.const 10)))))
            (local.set $rest (i64.div_u (local.get $rest) (i64.const 10)))
            (br_if $digit (i64.ne (local.get $rest) (i64.const 0))))
        (i32.store (i32.const 128) (i32.const 0))
        (i32.store (i32.const 132) (local.get $at))
        (i32.store (i32.const 136) (i32.sub (i32.const 256) (local.get $at)))
        (i32.const 128))
"#;

/// A component with what it imports and exports beside the actions, in the words of
/// a WIT world, and the fields of its core module: imports, `---`, the rest.
pub(crate) fn component(world: &str, fields: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    for package in [&[PLUGIN][..], &WASI].concat() {
        resolve.push_str("interfaces.wit", package).unwrap();
    }
    let text = format!(
        "package hostile:plugin; world hostile {{ {world} export ringfence:plugin/actions@0.1.0; }}"
    );
    let package = resolve.push_str("world.wit", &text).unwrap();
    let world = resolve.select_world(&[package], Some("hostile")).unwrap();
    let (imports, rest) = fields.split_once("---").unwrap_or(("", fields));
    let mut module = wat::parse_str(format!("(module {imports} {SHELL} {rest})")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}
