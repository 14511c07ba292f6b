//! The one rule of a jail's network: every connection ends at the gate.
//!
//! Written as the kernel's own messages, in one transaction, because starting
//! a program that writes them takes 16 ms. In the words of nft(8):
//!
//! ```text
//! table inet ringfence {
//!     chain output {
//!         type nat hook output priority -100
//!         limit rate over 500/second burst 1000 packets drop
//!         ct count over 1024 drop
//!         udp dport 53 ip daddr GRANTED return
//!         udp dport 53 redirect to :PORT
//!         ip daddr 127.0.0.0/8 return
//!         ip6 daddr ::1 return
//!         meta l4proto tcp redirect to :PORT
//!     }
//! }
//! ```
//!
//! A chain of this type sees the first packet of a connection or of an exchange
//! of datagrams, and no other.
//!
//! Constants are those of `linux/netfilter/nf_tables.h`.

use super::netlink::{Attributes, Batch};
use crate::spec::DatagramPlace;
use crate::sys::Errno;

const NETLINK_NETFILTER: i32 = 12;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const SUBSYSTEM: u16 = 10;
const NEW_TABLE: u16 = SUBSYSTEM << 8;
const NEW_CHAIN: u16 = SUBSYSTEM << 8 | 3;
const NEW_RULE: u16 = SUBSYSTEM << 8 | 6;
const CREATE: u16 = 0x400;
const APPEND: u16 = 0x800;
const INET: u8 = 1;
const HOOK_OUTPUT: u32 = 3;
/// Address translation of what a machine sends itself.
const PRIORITY: i32 = -100;

const TABLE: &str = "ringfence";
const CHAIN: &str = "output";

/// The register that values are loaded into; 0 holds the verdict.
const REGISTER: u32 = 1;
const VERDICT: u32 = 0;
const RETURN: i32 = -5;
const DROP: i32 = 0;
/// What the kernel remembers of connections and what waits in those that nobody
/// has accepted is memory that no cgroup counts. No honest program needs more at
/// once; what is dropped is tried again by the kernel.
const MOST_AT_ONCE: u32 = 1024;
/// Closed connections are remembered for a while and not counted above.
const MOST_PER_SECOND: u64 = 500;
const BURST: u32 = 1000;
/// `NFT_LIMIT_F_INV` and `NFT_CONNLIMIT_F_INV`: match what is over the limit.
const OVER: u32 = 1;
/// `NFT_META_NFPROTO` and `NFT_META_L4PROTO`.
const META_FAMILY: u32 = 15;
const META_PROTOCOL: u32 = 16;
const BASE_NETWORK: u32 = 1;
const BASE_TRANSPORT: u32 = 2;
const FAMILY_IPV4: u8 = 2;
const FAMILY_IPV6: u8 = 10;
const TCP: u8 = 6;
const UDP: u8 = 17;
/// The port at which names are asked for.
const NAMES: u16 = 53;

/// Sends every TCP connection but those of the plugin with itself, and every
/// question for a name but what goes to one of the `datagrams`, to `port` of the
/// loopback.
pub(super) fn everything_to(port: u16, datagrams: &[DatagramPlace]) -> Result<(), Errno> {
    let mut batch = Batch::default();
    let all = |_: &mut Attributes<'_>| {};
    batch.message(BATCH_BEGIN, 0, false, &header(0, SUBSYSTEM), all);
    batch.message(NEW_TABLE, CREATE, true, &header(INET, 0), |table| table.text(1, TABLE));
    batch.message(NEW_CHAIN, CREATE, true, &header(INET, 0), |chain| {
        chain.text(1, TABLE);
        chain.text(3, CHAIN);
        chain.nested(4, |hook| {
            hook.number(1, HOOK_OUTPUT);
            hook.bytes(2, &PRIORITY.to_be_bytes());
        });
        chain.text(7, "nat");
    });
    rule(&mut batch, |rule| {
        expression(rule, "limit", |limit| {
            limit.bytes(1, &MOST_PER_SECOND.to_be_bytes());
            limit.bytes(2, &1_u64.to_be_bytes());
            limit.number(3, BURST);
            limit.number(5, OVER);
        });
        verdict(rule, DROP);
    });
    rule(&mut batch, |rule| {
        expression(rule, "connlimit", |limit| {
            limit.number(1, MOST_AT_ONCE);
            limit.number(2, OVER);
        });
        verdict(rule, DROP);
    });
    for place in datagrams.iter().filter(|place| place.port == NAMES) {
        rule(&mut batch, |rule| {
            meta_is(rule, META_PROTOCOL, &[UDP]);
            payload_is(rule, BASE_TRANSPORT, 2, &NAMES.to_be_bytes());
            if let Some(address) = place.ipv4() {
                meta_is(rule, META_FAMILY, &[FAMILY_IPV4]);
                payload_is(rule, BASE_NETWORK, 16, &address);
            } else {
                meta_is(rule, META_FAMILY, &[FAMILY_IPV6]);
                payload_is(rule, BASE_NETWORK, 24, &place.address);
            }
            verdict(rule, RETURN);
        });
    }
    rule(&mut batch, |rule| {
        meta_is(rule, META_PROTOCOL, &[UDP]);
        payload_is(rule, BASE_TRANSPORT, 2, &NAMES.to_be_bytes());
        redirect(rule, port);
    });
    rule(&mut batch, |rule| {
        meta_is(rule, META_FAMILY, &[FAMILY_IPV4]);
        payload_is(rule, BASE_NETWORK, 16, &[127]);
        verdict(rule, RETURN);
    });
    rule(&mut batch, |rule| {
        meta_is(rule, META_FAMILY, &[FAMILY_IPV6]);
        payload_is(rule, BASE_NETWORK, 24, &1_u128.to_be_bytes());
        verdict(rule, RETURN);
    });
    rule(&mut batch, |rule| {
        meta_is(rule, META_PROTOCOL, &[TCP]);
        redirect(rule, port);
    });
    batch.message(BATCH_END, 0, false, &header(0, SUBSYSTEM), all);
    batch.exchange(NETLINK_NETFILTER)
}

/// Family, version 0, and in the order of the network what the batch is for.
fn header(family: u8, resource: u16) -> [u8; 4] {
    let [high, low] = resource.to_be_bytes();
    [family, 0, high, low]
}

fn rule(batch: &mut Batch, fill: impl FnOnce(&mut Attributes<'_>)) {
    batch.message(NEW_RULE, CREATE | APPEND, true, &header(INET, 0), |rule| {
        rule.text(1, TABLE);
        rule.text(2, CHAIN);
        rule.nested(4, fill);
    });
}

fn expression(rule: &mut Attributes<'_>, name: &str, fill: impl FnOnce(&mut Attributes<'_>)) {
    rule.nested(1, |element| {
        element.text(1, name);
        element.nested(2, fill);
    });
}

fn meta_is(rule: &mut Attributes<'_>, key: u32, value: &[u8]) {
    expression(rule, "meta", |meta| {
        meta.number(1, REGISTER);
        meta.number(2, key);
    });
    is(rule, value);
}

fn payload_is(rule: &mut Attributes<'_>, base: u32, offset: u32, value: &[u8]) {
    expression(rule, "payload", |payload| {
        payload.number(1, REGISTER);
        payload.number(2, base);
        payload.number(3, offset);
        payload.number(4, u32::try_from(value.len()).unwrap_or(0));
    });
    is(rule, value);
}

fn is(rule: &mut Attributes<'_>, value: &[u8]) {
    expression(rule, "cmp", |compare| {
        compare.number(1, REGISTER);
        compare.number(2, 0);
        compare.nested(3, |data| data.bytes(1, value));
    });
}

fn give(rule: &mut Attributes<'_>, data: impl FnOnce(&mut Attributes<'_>), register: u32) {
    expression(rule, "immediate", |immediate| {
        immediate.number(1, register);
        immediate.nested(2, data);
    });
}

fn verdict(rule: &mut Attributes<'_>, code: i32) {
    give(rule, |data| data.nested(2, |verdict| verdict.bytes(1, &code.to_be_bytes())), VERDICT);
}

fn redirect(rule: &mut Attributes<'_>, port: u16) {
    give(rule, |data| data.bytes(1, &port.to_be_bytes()), REGISTER);
    expression(rule, "redir", |redirect| redirect.number(1, REGISTER));
}
