use super::*;
use proptest::prelude::*;

fn of(text: &str) -> Reach {
    reach(text.parse().unwrap())
}

/// First and last address of a row, and the ones before and behind it.
fn edges(first: u128, bits: u32, width: u32) -> [Option<u128>; 4] {
    let last = first | (if bits == 0 { u128::MAX } else { (1_u128 << (width - bits)) - 1 });
    let top = if width == 128 { u128::MAX } else { (1 << width) - 1 };
    [
        Some(first),
        Some(last),
        first.checked_sub(1),
        last.checked_add(1).filter(|after| *after <= top),
    ]
}

/// The row with the longest prefix, found without the code under test.
fn expected(rows: &[(u128, u32, Block)], address: u128, width: u32) -> Option<Block> {
    (0..=width)
        .rev()
        .find_map(|bits| {
            rows.iter().find(|(first, b, _)| {
                let [low, high, ..] = edges(*first, *b, width);
                *b == bits && low.unwrap() <= address && address <= high.unwrap()
            })
        })
        .map(|row| row.2)
}

#[test]
fn the_first_and_last_address_of_every_row_are_special_and_its_neighbours_are_not_of_it() {
    let rows: Vec<_> = V4
        .iter()
        .map(|(first, bits, block)| (u128::from(first.to_bits()), *bits, *block))
        .collect();
    for (first, bits, block) in &rows {
        for address in edges(*first, *bits, 32).into_iter().flatten() {
            let want = expected(&rows, address, 32).map_or(Reach::Public, Reach::Special);
            let address = Ipv4Addr::from_bits(u32::try_from(address).unwrap());
            assert_eq!(reach(address.into()), want, "{address} near {block:?}");
        }
    }
    let rows: Vec<_> =
        V6.iter().map(|(first, bits, block)| (first.to_bits(), *bits, *block)).collect();
    for (first, bits, block) in &rows {
        for address in edges(*first, *bits, 128).into_iter().flatten() {
            let bits = address;
            let address = Ipv6Addr::from_bits(address);
            let global = bits >> 125 == 1;
            let rows: Vec<_> = rows.iter().copied().filter(|row| row.1 != 0 || !global).collect();
            let outer = expected(&rows, bits, 128).map_or(Reach::Public, Reach::Special);
            let inner = embedded_ipv4(address.into()).map(|inner| reach(inner.into()));
            let want = match inner {
                Some(Reach::Special(_)) => inner.unwrap(),
                _ => outer,
            };
            assert_eq!(reach(address.into()), want, "{address} near {block:?}");
        }
    }
}

#[test]
fn every_row_begins_where_its_prefix_does_and_stands_once() {
    for (first, bits, _) in V4 {
        assert_eq!(first.to_bits() & u32::MAX.checked_shr(*bits).unwrap_or(0), 0, "{first}");
        assert_eq!(V4.iter().filter(|row| row.0 == *first && row.1 == *bits).count(), 1, "{first}");
    }
    for (first, bits, _) in V6 {
        assert_eq!(first.to_bits() & u128::MAX.checked_shr(*bits).unwrap_or(0), 0, "{first}");
        assert_eq!(V6.iter().filter(|row| row.0 == *first && row.1 == *bits).count(), 1, "{first}");
    }
}

#[test]
fn the_neighbours_of_private_networks_are_public() {
    for text in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.31.195.255",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "203.0.114.0",
        "223.255.255.255",
        "8.8.8.8",
        "2000::",
        "2001:200::",
        "2001:db7::",
        "2001:db9::",
        "2003::",
        "2620:4f:8001::",
        "2606:4700::1",
        "3fff:1000::",
        "3ffe::",
    ] {
        assert_eq!(of(text), Reach::Public, "{text}");
    }
}

#[test]
fn addresses_of_the_machine_its_network_and_its_cloud_are_known_in_every_family() {
    for (text, block) in [
        ("127.0.0.1", Block::Loopback),
        ("::1", Block::Loopback),
        ("::ffff:127.0.0.1", Block::Loopback),
        ("::127.0.0.1", Block::Loopback),
        ("::ffff:0:127.0.0.1", Block::Loopback),
        ("64:ff9b::127.0.0.1", Block::Loopback),
        ("64:ff9b:1::10.0.0.1", Block::Private),
        ("2002:7f00:1::", Block::Loopback),
        ("2002:a9fe:a9fe::1", Block::Metadata),
        ("2001:0:102:304::80ff:fffe", Block::Loopback),
        ("2606:4700::5efe:10.0.0.1", Block::Private),
        ("2606:4700::200:5efe:192.168.0.1", Block::Private),
        ("169.254.169.254", Block::Metadata),
        ("::ffff:169.254.169.254", Block::Metadata),
        ("64:ff9b::169.254.169.254", Block::Metadata),
        ("fd00:ec2::254", Block::Metadata),
        ("100.100.100.200", Block::Metadata),
        ("168.63.129.16", Block::Metadata),
        ("0.0.0.0", Block::Unspecified),
        ("::", Block::Unspecified),
        ("255.255.255.255", Block::Broadcast),
        ("224.0.0.251", Block::Multicast),
        ("ff02::fb", Block::Multicast),
        ("fe80::1", Block::LinkLocal),
        ("fec0::1", Block::SiteLocal),
        ("fc00::1", Block::UniqueLocal),
        ("fdff:ffff::1", Block::UniqueLocal),
        ("5f00::1", Block::SegmentRouting),
        ("4000::1", Block::Reserved),
        ("1fff::1", Block::Reserved),
        ("::ffff:8.8.8.8", Block::Ipv4Mapped),
        ("64:ff9b::8.8.8.8", Block::Nat64),
        ("2002:808:808::1", Block::SixToFour),
        ("2001:0:102:304::f7f7:f7f7", Block::Teredo),
    ] {
        assert_eq!(of(text), Reach::Special(block), "{text}");
    }
    assert_eq!(of("2606:4700::5efe:8.8.8.8"), Reach::Public);
}

proptest! {
    #[test]
    fn no_ipv6_spelling_of_a_special_ipv4_address_is_public(bits in any::<u32>(), tail in any::<u64>()) {
        let inner = Ipv4Addr::from_bits(bits);
        let special = reach(inner.into()) != Reach::Public;
        let (bits, tail) = (u128::from(bits), u128::from(tail));
        for address in [
            0xffff << 32 | bits,
            0xffff << 48 | bits,
            bits,
            0x64_ff9b << 96 | bits,
            0x64_ff9b_0001 << 80 | (tail & 0xffff) << 64 | bits,
            0x2002 << 112 | bits << 80 | tail,
            0x2001 << 112 | tail << 32 | (!bits & 0xffff_ffff),
            0x2606_4700 << 96 | (tail & 0xffff_ffff) << 64 | 0x5efe << 32 | bits,
        ] {
            let address = IpAddr::V6(Ipv6Addr::from_bits(address));
            prop_assert!(!special || reach(address) != Reach::Public, "{address} holds {inner}");
        }
    }
}
