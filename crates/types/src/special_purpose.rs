//! Which addresses belong to the public network, and what the others are for.
//!
//! Sources, as of October 2025:
//! - IANA IPv4 Special-Purpose Address Registry (RFC 6890, RFC 8190);
//! - IANA IPv6 Special-Purpose Address Registry;
//! - IANA IPv6 Address Space: nothing outside `2000::/3` is global unicast;
//! - IANA registries of multicast addresses (RFC 5771, RFC 4291);
//! - the documentation of cloud providers for their metadata services.
//!
//! Blocks that the registries call globally reachable (AS112, AMT, anycast
//! relays) are in the table too: no plugin has business with them.

// Addresses only: `core` has no sockets.
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address may be reached because its name was allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An ordinary address of the public network.
    Public,
    /// An address with a special purpose. That a name resolves to it is no
    /// reason to reach it.
    Special(Block),
}

macro_rules! blocks {
    ($($variant:ident $plain:literal;)*) => {
        /// What a block of addresses is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Block {
            $(#[doc = $plain] $variant,)*
        }

        impl Block {
            /// In words for people.
            #[must_use]
            pub const fn plain(self) -> &'static str {
                match self { $(Self::$variant => $plain,)* }
            }
        }
    };
}

blocks! {
    Unspecified "this host or this network";
    Loopback "this machine itself";
    Private "a private network";
    LinkLocal "the local link";
    Metadata "the metadata service of a cloud";
    Shared "shared address space behind a carrier's translation";
    UniqueLocal "a private network of IPv6";
    SiteLocal "a private network of IPv6, by an old rule";
    Multicast "many receivers at once";
    Broadcast "everybody on the local network";
    Documentation "documentation only";
    Benchmarking "measuring of network equipment";
    ProtocolAssignments "assignments to protocols";
    Reserved "nothing yet: it is reserved";
    Discard "throwing packets away";
    Ipv4Mapped "an IPv4 address written as IPv6";
    Ipv4Compatible "an IPv4 address written as IPv6, by an old rule";
    Ipv4Translated "an IPv4 address behind a stateless translator";
    Nat64 "an IPv4 address behind a translator";
    Nat64Local "an IPv4 address behind a local translator";
    SixToFour "an IPv4 address behind a 6to4 relay";
    SixToFourRelay "6to4 relays";
    Teredo "an IPv4 address behind a Teredo relay";
    Orchid "identifiers that are no addresses";
    DroneId "identifiers of drones that are no addresses";
    SegmentRouting "instructions to routers";
    As112 "the sink for reverse look-ups of private addresses";
    Amt "multicast tunnels";
}

/// One row: the first address of a block, how many leading bits it shares with
/// the others, and its purpose. Where rows overlap, the longest prefix counts.
type Row<A> = (A, u32, Block);

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u32, block: Block) -> Row<Ipv4Addr> {
    (Ipv4Addr::new(a, b, c, d), bits, block)
}

const V4: &[Row<Ipv4Addr>] = &[
    v4(0, 0, 0, 0, 8, Block::Unspecified), // RFC 791 section 3.2
    v4(10, 0, 0, 0, 8, Block::Private),    // RFC 1918
    v4(100, 64, 0, 0, 10, Block::Shared),  // RFC 6598
    v4(100, 100, 100, 200, 32, Block::Metadata), // Alibaba Cloud
    v4(127, 0, 0, 0, 8, Block::Loopback),  // RFC 1122 section 3.2.1.3
    v4(168, 63, 129, 16, 32, Block::Metadata), // Azure, in public space
    v4(169, 254, 0, 0, 16, Block::LinkLocal), // RFC 3927
    v4(169, 254, 0, 23, 32, Block::Metadata), // Tencent Cloud
    v4(169, 254, 10, 10, 32, Block::Metadata), // Tencent Cloud
    v4(169, 254, 42, 42, 32, Block::Metadata), // Scaleway
    v4(169, 254, 169, 254, 32, Block::Metadata), // AWS, Google Cloud, Azure and others
    v4(169, 254, 170, 2, 32, Block::Metadata), // AWS, credentials of ECS tasks
    v4(169, 254, 170, 23, 32, Block::Metadata), // AWS, credentials of EKS pods
    v4(172, 16, 0, 0, 12, Block::Private), // RFC 1918
    v4(192, 0, 0, 0, 24, Block::ProtocolAssignments), // RFC 6890 section 2.1
    v4(192, 0, 0, 192, 32, Block::Metadata), // Oracle Cloud
    v4(192, 0, 2, 0, 24, Block::Documentation), // RFC 5737
    v4(192, 31, 196, 0, 24, Block::As112), // RFC 7535
    v4(192, 52, 193, 0, 24, Block::Amt),   // RFC 7450
    v4(192, 88, 99, 0, 24, Block::SixToFourRelay), // RFC 7526
    v4(192, 168, 0, 0, 16, Block::Private), // RFC 1918
    v4(192, 175, 48, 0, 24, Block::As112), // RFC 7534
    v4(198, 18, 0, 0, 15, Block::Benchmarking), // RFC 2544
    v4(198, 51, 100, 0, 24, Block::Documentation), // RFC 5737
    v4(203, 0, 113, 0, 24, Block::Documentation), // RFC 5737
    v4(224, 0, 0, 0, 4, Block::Multicast), // RFC 5771
    v4(233, 252, 0, 0, 24, Block::Documentation), // RFC 6676
    v4(240, 0, 0, 0, 4, Block::Reserved),  // RFC 1112 section 4
    v4(255, 255, 255, 255, 32, Block::Broadcast), // RFC 8190
];

const fn v6(first: [u16; 8], bits: u32, block: Block) -> Row<Ipv6Addr> {
    let [a, b, c, d, e, f, g, h] = first;
    (Ipv6Addr::new(a, b, c, d, e, f, g, h), bits, block)
}

const V6: &[Row<Ipv6Addr>] = &[
    v6([0; 8], 0, Block::Reserved),        // all but the rows below
    v6([0; 8], 96, Block::Ipv4Compatible), // RFC 4291 section 2.5.5.1
    v6([0; 8], 128, Block::Unspecified),   // RFC 4291
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, Block::Loopback), // RFC 4291
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, Block::Ipv4Mapped), // RFC 4291
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, Block::Ipv4Translated), // RFC 2765 section 2.1
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, Block::Nat64), // RFC 6052
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, Block::Nat64Local), // RFC 8215
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, Block::Discard), // RFC 6666
    v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, Block::Discard), // RFC 9780
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Block::ProtocolAssignments), // RFC 2928
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, Block::Teredo), // RFC 4380
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, Block::Benchmarking), // RFC 5180
    v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32, Block::Amt), // RFC 7450
    v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, Block::As112), // RFC 7535
    v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, Block::Orchid), // RFC 4843
    v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, Block::Orchid), // RFC 7343
    v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, Block::DroneId), // RFC 9374
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, Block::Documentation), // RFC 3849
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, Block::SixToFour), // RFC 3056
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, Block::As112), // RFC 7534
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Block::Documentation), // RFC 9637
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, Block::SegmentRouting), // RFC 9602
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, Block::UniqueLocal), // RFC 4193
    v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128, Block::Metadata), // Scaleway
    v6([0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128, Block::Metadata), // Oracle Cloud
    v6([0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200], 128, Block::Metadata), // Alibaba Cloud
    v6([0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1], 128, Block::Metadata), // Linode
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128, Block::Metadata), // AWS, EKS pods
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128, Block::Metadata), // AWS
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128, Block::Metadata), // Google Cloud
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, Block::LinkLocal), // RFC 4291
    v6([0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128, Block::Metadata), // OpenStack
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Block::SiteLocal), // RFC 3879
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Block::Multicast), // RFC 4291
];

/// Global unicast. Source: IANA IPv6 Address Space.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What an address is for. One that holds an IPv4 address is judged by both:
/// the purpose of the inner one is named when it has any.
#[must_use]
pub fn reach(address: IpAddr) -> Reach {
    let outer = match address {
        IpAddr::V4(address) => longest(V4, |(first, bits, _)| {
            shares(first.to_bits().into(), address.to_bits().into(), 96 + bits)
        }),
        IpAddr::V6(address) => longest(V6, |(first, bits, _)| {
            let in_row = shares(first.to_bits(), address.to_bits(), *bits);
            // The row of everything leaves out what is assigned.
            in_row && !(*bits == 0 && is_global_unicast(address))
        }),
    };
    let inner = embedded_ipv4(address).map(|inner| reach(IpAddr::V4(inner)));
    match (inner, outer) {
        (Some(Reach::Special(block)), _) | (_, Some(block)) => Reach::Special(block),
        _ => Reach::Public,
    }
}

fn longest<A>(rows: &[Row<A>], holds: impl Fn(&Row<A>) -> bool) -> Option<Block> {
    rows.iter().filter(|row| holds(row)).max_by_key(|(_, bits, _)| *bits).map(|row| row.2)
}

const fn shares(left: u128, right: u128, bits: u32) -> bool {
    bits == 0 || (left ^ right).leading_zeros() >= bits
}

const fn is_global_unicast(address: Ipv6Addr) -> bool {
    shares(GLOBAL_UNICAST.0.to_bits(), address.to_bits(), GLOBAL_UNICAST.1)
}

/// The IPv4 address that a translator or tunnel would make of an IPv6 address.
#[must_use]
pub fn embedded_ipv4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let joined = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // Mapped, compatible, translated.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        // Both NAT64 prefixes, at the length of 96 bits (RFC 6052 section 2.2).
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        // 6to4 (RFC 3056 section 2).
        | [0x2002, high, low, ..]
        // ISATAP in any prefix (RFC 5214 section 6.1).
        | [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => Some(joined(high, low)),
        // Teredo writes the client's address inverted (RFC 4380 section 4).
        [0x2001, 0, _, _, _, _, high, low] => Some(joined(!high, !low)),
        _ => None,
    }
}

#[cfg(test)]
#[path = "special_purpose_tests.rs"]
mod tests;
