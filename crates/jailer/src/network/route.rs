//! The private loopback, and the routes that make every address a local one.

use super::netlink::Batch;
use crate::sys::Errno;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWROUTE: u16 = 24;
const CREATE: u16 = 0x400;
/// The kernel gives the loopback of a new namespace the number 1.
const LOOPBACK: u32 = 1;
/// `IFF_UP`.
const UP: u32 = 1;
const RTA_OIF: u16 = 4;
const TABLE_LOCAL: u8 = 255;
const PROTOCOL_BOOT: u8 = 3;
const SCOPE_HOST: u8 = 254;
const TYPE_LOCAL: u8 = 2;

/// Switches the loopback on and sends every address of `families` there.
pub(super) fn everything_is_local(families: &[i32]) -> Result<(), Errno> {
    let mut batch = Batch::default();
    // family, padding, type (2), index (4), flags (4), which flags change (4)
    let link = [[0; 4], LOOPBACK.to_ne_bytes(), UP.to_ne_bytes(), UP.to_ne_bytes()].concat();
    batch.message(RTM_NEWLINK, 0, true, &link, |_| {});
    batch.exchange(libc::NETLINK_ROUTE)?;

    // One packet each: the kernel answers the first request of a packet before
    // it looks at the next, but stops at the first that fails.
    for family in families {
        let mut batch = Batch::default();
        // family, lengths of both prefixes, service, table, protocol, scope, type, flags
        let family = u8::try_from(*family).unwrap_or(0);
        let route =
            [family, 0, 0, 0, TABLE_LOCAL, PROTOCOL_BOOT, SCOPE_HOST, TYPE_LOCAL, 0, 0, 0, 0];
        batch.message(RTM_NEWROUTE, CREATE, true, &route, |route| {
            route.bytes(RTA_OIF, &LOOPBACK.to_ne_bytes());
        });
        batch.exchange(libc::NETLINK_ROUTE)?;
    }
    Ok(())
}
