//! Socket families and protocols, one by one. Each is code in the kernel that
//! is reachable from one call, and several of them brought exploits.
//!
//! A filter on families alone is not enough: a protocol number turns a harmless
//! family into MPTCP or SCTP. Outside a jail a privileged attempt may make the
//! kernel load the module of a family, as any program could.

use crate::catalog::Class::Kernel;
use crate::outcome::{Outcome, Probe};
use crate::sys::{call, descriptor};

const STREAM: i32 = libc::SOCK_STREAM;
const DGRAM: i32 = libc::SOCK_DGRAM;
const RAW: i32 = libc::SOCK_RAW;
const SEQPACKET: i32 = libc::SOCK_SEQPACKET;
const DCCP: i32 = 6;

macro_rules! families {
    ($($id:literal $what:literal $family:expr, $kind:expr, $protocol:expr;)*) => {
        pub(super) const PROBES: &[Probe] = &[
            Probe::new("socketpair-unix", Kernel, "create a pair of Unix sockets", |_| pair()),
            $(Probe::new($id, Kernel, concat!("create ", $what), |_| {
                socket($family, $kind, $protocol)
            }),)*
        ];
    };
}

families! {
    "socket-unix-stream" "a Unix stream socket"
        libc::AF_UNIX, STREAM, 0;
    "socket-unix-datagram" "a Unix datagram socket"
        libc::AF_UNIX, DGRAM, 0;
    "socket-unix-sequenced" "a Unix packet socket"
        libc::AF_UNIX, SEQPACKET, 0;
    "socket-inet-stream" "a TCP socket"
        libc::AF_INET, STREAM, 0;
    "socket-inet-datagram" "a UDP socket"
        libc::AF_INET, DGRAM, 0;
    "socket-inet6-stream" "a TCP socket for IPv6"
        libc::AF_INET6, STREAM, 0;
    "socket-inet6-datagram" "a UDP socket for IPv6"
        libc::AF_INET6, DGRAM, 0;
    "socket-inet-raw-icmp" "a raw ICMP socket"
        libc::AF_INET, RAW, 1;
    "socket-inet-raw-any" "a raw IP socket"
        libc::AF_INET, RAW, 255;
    "socket-inet6-raw-icmp" "a raw ICMP socket for IPv6"
        libc::AF_INET6, RAW, 58;
    "socket-inet-ping" "a ping socket"
        libc::AF_INET, DGRAM, 1;
    "socket-multipath" "an MPTCP socket"
        libc::AF_INET, STREAM, 262;
    "socket-sctp" "an SCTP socket"
        libc::AF_INET, STREAM, 132;
    "socket-sctp-sequenced" "an SCTP packet socket"
        libc::AF_INET, SEQPACKET, 132;
    "socket-udp-lite" "a UDP-Lite socket"
        libc::AF_INET, DGRAM, 136;
    "socket-dccp" "a DCCP socket"
        libc::AF_INET, DCCP, 33;
    "socket-l2tp" "an L2TP socket"
        libc::AF_INET, DGRAM, 115;
    "socket-packet-raw" "a raw packet socket"
        libc::AF_PACKET, RAW, 0x0300;
    "socket-packet-datagram" "a packet socket"
        libc::AF_PACKET, DGRAM, 0x0300;
    "socket-netlink-route" "a netlink socket for routing"
        libc::AF_NETLINK, RAW, 0;
    "socket-netlink-diagnose" "a netlink socket for socket diagnosis"
        libc::AF_NETLINK, RAW, 4;
    "socket-netlink-xfrm" "a netlink socket for IPsec"
        libc::AF_NETLINK, RAW, 6;
    "socket-netlink-selinux" "a netlink socket for SELinux"
        libc::AF_NETLINK, RAW, 7;
    "socket-netlink-iscsi" "a netlink socket for iSCSI"
        libc::AF_NETLINK, RAW, 8;
    "socket-netlink-audit" "a netlink socket for the kernel's audit"
        libc::AF_NETLINK, RAW, 9;
    "socket-netlink-connector" "a netlink socket for process events"
        libc::AF_NETLINK, RAW, 11;
    "socket-netlink-netfilter" "a netlink socket for the firewall"
        libc::AF_NETLINK, RAW, 12;
    "socket-netlink-device-events" "a netlink socket for device events"
        libc::AF_NETLINK, RAW, 15;
    "socket-netlink-generic" "a generic netlink socket"
        libc::AF_NETLINK, RAW, 16;
    "socket-netlink-rdma" "a netlink socket for remote memory"
        libc::AF_NETLINK, RAW, 20;
    "socket-netlink-crypto" "a netlink socket for cryptography"
        libc::AF_NETLINK, RAW, 21;
    "socket-vsock-stream" "a socket to the hypervisor"
        libc::AF_VSOCK, STREAM, 0;
    "socket-vsock-datagram" "a datagram socket to the hypervisor"
        libc::AF_VSOCK, DGRAM, 0;
    "socket-crypto" "a kernel cryptography socket"
        libc::AF_ALG, SEQPACKET, 0;
    "socket-ipsec-key" "an IPsec key socket"
        libc::AF_KEY, RAW, 2;
    "socket-xdp" "an XDP socket"
        libc::AF_XDP, RAW, 0;
    "socket-tipc" "a TIPC socket"
        libc::AF_TIPC, SEQPACKET, 0;
    "socket-rds" "an RDS socket"
        libc::AF_RDS, SEQPACKET, 0;
    "socket-bluetooth-hci" "a Bluetooth controller socket"
        libc::AF_BLUETOOTH, RAW, 1;
    "socket-bluetooth-l2cap" "a Bluetooth socket"
        libc::AF_BLUETOOTH, SEQPACKET, 0;
    "socket-can-raw" "a CAN bus socket"
        libc::AF_CAN, RAW, 1;
    "socket-can-broadcast" "a CAN broadcast socket"
        libc::AF_CAN, DGRAM, 2;
    "socket-can-isotp" "a CAN transport socket"
        libc::AF_CAN, DGRAM, 6;
    "socket-nfc" "an NFC socket"
        libc::AF_NFC, SEQPACKET, 0;
    "socket-smc" "an SMC socket"
        43, STREAM, 0;
    "socket-smc6" "an SMC socket for IPv6"
        43, STREAM, 1;
    "socket-qualcomm-router" "a Qualcomm router socket"
        42, DGRAM, 0;
    "socket-kernel-multiplexor" "a kernel connection multiplexor"
        41, DGRAM, 0;
    "socket-caif" "a CAIF socket"
        libc::AF_CAIF, SEQPACKET, 0;
    "socket-phonet" "a Phonet socket"
        libc::AF_PHONET, DGRAM, 0;
    "socket-low-rate-wireless" "an IEEE 802.15.4 socket"
        libc::AF_IEEE802154, DGRAM, 0;
    "socket-amateur-radio" "an AX.25 socket"
        libc::AF_AX25, SEQPACKET, 0;
    "socket-x25" "an X.25 socket"
        libc::AF_X25, SEQPACKET, 0;
    "socket-rose" "a ROSE socket"
        libc::AF_ROSE, SEQPACKET, 0;
    "socket-netrom" "a NET/ROM socket"
        libc::AF_NETROM, SEQPACKET, 0;
    "socket-appletalk" "an AppleTalk socket"
        libc::AF_APPLETALK, DGRAM, 0;
    "socket-ipx" "an IPX socket"
        libc::AF_IPX, DGRAM, 0;
    "socket-logical-link" "a logical link socket"
        libc::AF_LLC, STREAM, 0;
    "socket-point-to-point" "a PPP over Ethernet socket"
        libc::AF_PPPOX, STREAM, 0;
    "socket-isdn" "an ISDN socket"
        libc::AF_ISDN, DGRAM, 0;
    "socket-atm" "an ATM socket"
        libc::AF_ATMPVC, DGRAM, 0;
    "socket-rxrpc" "an RxRPC socket"
        libc::AF_RXRPC, DGRAM, 2;
    "socket-management-component" "an MCTP socket"
        45, DGRAM, 0;
}

fn socket(family: i32, kind: i32, protocol: i32) -> Outcome {
    let kind = kind | libc::SOCK_CLOEXEC;
    Outcome::if_success(descriptor(call!(libc::SYS_socket, family, kind, protocol)))
}

fn pair() -> Outcome {
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    let mut numbers = [0_u8; 8];
    // Both ends close when this attempt ends.
    Outcome::if_success(call!(libc::SYS_socketpair, libc::AF_UNIX, kind, 0, &mut numbers))
}
