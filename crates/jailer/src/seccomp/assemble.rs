//! Turns the list into the kernel's packet-filter language.
//!
//! Loading a program costs time by its length (about 70 microseconds for 47
//! comparisons, 290 for 560 instructions), so calls that are plainly allowed
//! are looked up in a bit map of constants instead of being compared one by
//! one. Running it costs nothing for those: since Linux 5.11 the kernel
//! remembers which calls are allowed whatever their arguments.

use super::list::{Entry, LIST, Rule, SOCKET_OPTIONS};
use super::{profile, reader};
use crate::spec::SeccompProfile;
use alloc::vec;
use alloc::vec::Vec;
use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_IMM, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_JSET,
    BPF_K, BPF_LD, BPF_MISC, BPF_RET, BPF_RSH, BPF_TAX, BPF_W, BPF_X, sock_filter,
};

/// A finished program.
#[derive(Clone)]
pub struct Program(Vec<sock_filter>);

impl Program {
    /// The instructions.
    #[must_use]
    pub fn instructions(&self) -> &[sock_filter] {
        &self.0
    }
}

/// `AUDIT_ARCH_X86_64`.
const ARCH_X86_64: u32 = 0xc000_003e;
/// Calls of the x32 interface have this bit; the interface is refused whole.
const X32_BIT: u32 = 0x4000_0000;
/// Calls above this number are newer than the list: `ENOSYS`, so that libraries
/// fall back. 462 is `mseal`, Linux 6.10.
const NEWEST: u32 = 462;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const fn argument_low(index: u8) -> u32 {
    16 + 8 * index as u32
}

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;
#[expect(clippy::cast_sign_loss, reason = "error numbers are positive")]
const fn refuse(errno: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | (errno as u32 & 0xffff)
}

#[expect(clippy::cast_possible_truncation, reason = "operation codes fit 16 bits")]
const fn op(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}
const fn load(offset: u32) -> sock_filter {
    op(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0)
}
const fn ret(value: u32) -> sock_filter {
    op(BPF_RET | BPF_K, value, 0, 0)
}
const fn jump(condition: u32, k: u32, yes: u8, no: u8) -> sock_filter {
    op(BPF_JMP | condition | BPF_K, k, yes, no)
}

/// The program for one profile.
#[must_use]
pub fn assemble(profile: SeccompProfile) -> Program {
    program(|entry| profile::rule(entry, profile))
}

/// The program for a process of ours that has read all it needs.
#[must_use]
pub(crate) fn assemble_reader() -> Program {
    program(|entry| reader::rule(entry.name, entry.rule))
}

fn program(rule_of: impl Fn(&Entry) -> Option<Rule>) -> Program {
    let mut code = vec![
        load(ARCH),
        // A 32-bit entry has other numbers: nothing in here would mean what it says.
        jump(BPF_JEQ, ARCH_X86_64, 1, 0),
        ret(KILL),
        load(NUMBER),
        jump(BPF_JGE, NEWEST + 1, 0, 1),
        // Also every x32 number, since the bit is above all native ones.
        ret(refuse(libc::ENOSYS)),
    ];
    const { assert!(X32_BIT > NEWEST) };

    let mut allowed = [0_u32; (NEWEST as usize / 32) + 1];
    let mut special = Vec::new();
    for entry in LIST {
        let Ok(number) = u32::try_from(entry.number) else {
            continue;
        };
        let Some(rule) = rule_of(entry) else {
            continue;
        };
        if rule == Rule::Allow {
            if let Some(word) = allowed.get_mut(number as usize / 32) {
                *word |= 1 << (number % 32);
            }
        } else {
            special.push((number, rule));
        }
    }

    bit_map(&mut code, &allowed);
    code.push(load(NUMBER));
    // Calls with the same rule share its instructions.
    while let Some((_, rule)) = special.first().copied() {
        let (same, others): (Vec<_>, Vec<_>) =
            special.into_iter().partition(|(_, other)| *other == rule);
        check(&mut code, &same.iter().map(|(number, _)| *number).collect::<Vec<_>>(), rule);
        special = others;
    }
    code.push(ret(refuse(libc::EPERM)));
    Program(code)
}

/// With the call number in A: returns "allow" when its bit is set, else goes on.
fn bit_map(code: &mut Vec<sock_filter>, allowed: &[u32]) {
    // Per word: compare the number with the word's end, load its bits.
    // A chain, not a tree: 15 words, and the kernel caches the answers.
    let words = allowed.len();
    for (index, bits) in allowed.iter().enumerate() {
        let last = index + 1 == words;
        if !last {
            #[expect(clippy::cast_possible_truncation, reason = "15 words")]
            let end = (index as u32 + 1) * 32;
            code.push(jump(BPF_JGE, end, 2, 0));
        }
        code.push(op(BPF_LD | BPF_IMM, *bits, 0, 0));
        // Jump over the rest of the chain: 3 instructions for each later word, 2 for the last.
        #[expect(clippy::cast_possible_truncation, reason = "15 words")]
        let skip = (words - index - 1) as u32 * 3;
        code.push(op(BPF_JMP | BPF_JA, if last { 0 } else { skip - 1 }, 0, 0));
    }
    // A = bits of the word, X = number. The classic machine has no `X & 31`
    // without losing A, so the shift is done through scratch memory.
    code.extend([
        op(libc::BPF_ST, 0, 0, 0),
        load(NUMBER),
        op(BPF_ALU | BPF_AND | BPF_K, 31, 0, 0),
        op(BPF_MISC | BPF_TAX, 0, 0, 0),
        op(BPF_LD | libc::BPF_MEM, 0, 0, 0),
        op(BPF_ALU | BPF_RSH | BPF_X, 0, 0, 0),
        jump(BPF_JSET, 1, 0, 1),
        ret(ALLOW),
    ]);
}

/// With the call number in A: decides `numbers`, else goes on with A unchanged.
fn check(code: &mut Vec<sock_filter>, numbers: &[u32], rule: Rule) {
    let body = match rule {
        Rule::Allow => vec![ret(ALLOW)],
        Rule::NoSuchCall => vec![ret(refuse(libc::ENOSYS))],
        Rule::Refuse(errno) => vec![ret(refuse(errno))],
        Rule::OneOf { argument, mask, values, errno } => {
            let mut body = vec![load(argument_low(argument))];
            if mask != u32::MAX {
                body.push(op(BPF_ALU | BPF_AND | BPF_K, mask, 0, 0));
            }
            let count = u8::try_from(values.len()).unwrap_or(u8::MAX);
            for (index, value) in (0..count).zip(values) {
                // On a match, past the remaining comparisons and the refusal.
                body.push(jump(BPF_JEQ, *value, count - index, 0));
            }
            body.push(ret(refuse(errno)));
            body.push(ret(ALLOW));
            body
        }
        Rule::OnlySelf { arguments } => {
            let mut body = Vec::new();
            let count = u8::try_from(arguments.len()).unwrap_or(u8::MAX);
            for (index, argument) in (0..count).zip(arguments) {
                body.push(load(argument_low(*argument)));
                // Not zero: past the remaining pairs and the permission.
                body.push(jump(BPF_JEQ, 0, 0, (count - index - 1) * 2 + 1));
            }
            body.push(ret(ALLOW));
            body.push(ret(refuse(libc::EPERM)));
            body
        }
        Rule::NotFirstProcess { argument } => vec![
            load(argument_low(argument)),
            jump(BPF_JEQ, 1, 0, 1),
            ret(refuse(libc::EPERM)),
            ret(ALLOW),
        ],
        Rule::WithoutBits { argument, bits, errno } => {
            vec![
                load(argument_low(argument)),
                jump(BPF_JSET, bits, 0, 1),
                ret(refuse(errno)),
                ret(ALLOW),
            ]
        }
        Rule::NoWritableCode { argument, bits } => vec![
            load(argument_low(argument)),
            op(BPF_ALU | BPF_AND | BPF_K, bits, 0, 0),
            jump(BPF_JEQ, bits, 0, 1),
            ret(refuse(libc::EPERM)),
            ret(ALLOW),
        ],
        Rule::NoNewCode { .. } => vec![ret(refuse(libc::EPERM))],
        Rule::WithNetwork => vec![ret(refuse(libc::EACCES))],
        Rule::Between { argument, values, errno } => between(argument, values, errno),
        Rule::InternetSocket => internet_socket(),
        Rule::SocketOption => {
            let mut body = Vec::new();
            for (level, options) in SOCKET_OPTIONS {
                let block = between(2, options, libc::ENOPROTOOPT);
                body.push(load(argument_low(1)));
                let over = u8::try_from(block.len()).unwrap_or(u8::MAX);
                body.push(jump(BPF_JEQ, *level, 0, over));
                body.extend(block);
            }
            body.push(ret(refuse(libc::ENOPROTOOPT)));
            body
        }
        Rule::UnixStreamPair => {
            const AF_UNIX: u32 = 1;
            const STREAM: u32 = 1;
            const SEQPACKET: u32 = 5;
            vec![
                load(argument_low(0)),
                jump(BPF_JEQ, AF_UNIX, 0, 4),
                load(argument_low(1)),
                // The rest of the argument is flags.
                op(BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0),
                jump(BPF_JEQ, STREAM, 2, 0),
                jump(BPF_JEQ, SEQPACKET, 1, 0),
                ret(refuse(libc::EACCES)),
                ret(ALLOW),
            ]
        }
        Rule::SealedMemoryFile => {
            /// `MFD_NOEXEC_SEAL` and `MFD_EXEC`, Linux 6.3.
            const SEALED: u32 = 0x8;
            const EXEC: u32 = 0x10;
            vec![
                load(argument_low(1)),
                op(BPF_ALU | BPF_AND | BPF_K, SEALED | EXEC, 0, 0),
                jump(BPF_JEQ, SEALED, 1, 0),
                ret(refuse(libc::EACCES)),
                ret(ALLOW),
            ]
        }
    };
    let over = u8::try_from(body.len()).unwrap_or(u8::MAX);
    let count = u8::try_from(numbers.len()).unwrap_or(u8::MAX);
    for (index, number) in (0..count).zip(numbers) {
        let later = count - index - 1;
        code.push(jump(BPF_JEQ, *number, later, if later == 0 { over } else { 0 }));
    }
    code.extend(body);
}

/// Allowed when the argument lies in one of `values`.
fn between(argument: u8, values: &[(u32, u32)], errno: i32) -> Vec<sock_filter> {
    let mut body = vec![load(argument_low(argument))];
    let count = u8::try_from(values.len()).unwrap_or(u8::MAX);
    for (index, (first, last)) in (0..count).zip(values) {
        let refusal = (count - index) * 2 - 1;
        // Below this range, and so between two: the refusal.
        body.push(jump(BPF_JGE, *first, 0, refusal));
        body.push(jump(BPF_JGT, *last, 0, refusal));
    }
    body.push(ret(refuse(errno)));
    body.push(ret(ALLOW));
    body
}

/// IPv4 or IPv6; a stream of TCP or a datagram of UDP. Others, such as MPTCP,
/// ICMP and raw sockets, answer as if the kernel did not have them.
fn internet_socket() -> Vec<sock_filter> {
    const INET: u32 = 2;
    const INET6: u32 = 10;
    let [stream, datagram] = [(1, 6), (2, 17)];
    vec![
        load(argument_low(0)),
        jump(BPF_JEQ, INET, 2, 0),
        jump(BPF_JEQ, INET6, 1, 0),
        ret(refuse(libc::EAFNOSUPPORT)),
        load(argument_low(1)),
        // The rest of the argument is flags.
        op(BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0),
        jump(BPF_JEQ, stream.0, 0, 3),
        load(argument_low(2)),
        jump(BPF_JEQ, 0, 6, 0),
        jump(BPF_JEQ, stream.1, 5, 4),
        jump(BPF_JEQ, datagram.0, 0, 3),
        load(argument_low(2)),
        jump(BPF_JEQ, 0, 2, 0),
        jump(BPF_JEQ, datagram.1, 1, 0),
        ret(refuse(libc::EPROTONOSUPPORT)),
        ret(ALLOW),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer, by a small machine for the instructions used here.
    fn run(program: &[sock_filter], arch: u32, number: u32, arguments: [u64; 6]) -> u32 {
        let mut data = [0_u8; 64];
        data[0..4].copy_from_slice(&number.to_le_bytes());
        data[4..8].copy_from_slice(&arch.to_le_bytes());
        for (index, argument) in arguments.iter().enumerate() {
            data[16 + index * 8..24 + index * 8].copy_from_slice(&argument.to_le_bytes());
        }
        let (mut a, mut x, mut memory, mut pc) = (0_u32, 0_u32, [0_u32; 16], 0_usize);
        loop {
            let i = program[pc];
            pc += 1;
            let (code, k) = (u32::from(i.code), i.k);
            let branch = |yes: bool| usize::from(if yes { i.jt } else { i.jf });
            match code {
                c if c == BPF_LD | BPF_W | BPF_ABS => {
                    a = u32::from_le_bytes(data[k as usize..k as usize + 4].try_into().unwrap());
                }
                c if c == BPF_LD | BPF_IMM => a = k,
                c if c == BPF_LD | libc::BPF_MEM => a = memory[k as usize],
                c if c == libc::BPF_ST => memory[k as usize] = a,
                c if c == BPF_MISC | BPF_TAX => x = a,
                c if c == BPF_ALU | BPF_AND | BPF_K => a &= k,
                c if c == BPF_ALU | BPF_RSH | BPF_X => a >>= x,
                c if c == BPF_JMP | BPF_JA => pc += k as usize,
                c if c == BPF_JMP | BPF_JEQ | BPF_K => pc += branch(a == k),
                c if c == BPF_JMP | BPF_JGE | BPF_K => pc += branch(a >= k),
                c if c == BPF_JMP | BPF_JGT | BPF_K => pc += branch(a > k),
                c if c == BPF_JMP | BPF_JSET | BPF_K => pc += branch(a & k != 0),
                c if c == BPF_RET | BPF_K => return k,
                other => panic!("instruction {other:#x} is not used by the assembler"),
            }
        }
    }

    fn answer(jit: bool, number: libc::c_long, arguments: [u64; 6]) -> u32 {
        let program =
            assemble(SeccompProfile { writable_executable: jit, network: false, worker: false });
        run(program.instructions(), ARCH_X86_64, u32::try_from(number).unwrap(), arguments)
    }

    #[test]
    fn every_call_number_gets_what_the_list_says() {
        for (jit, network) in [(false, false), (true, false), (false, true), (true, true)] {
            let program =
                assemble(SeccompProfile { writable_executable: jit, network, worker: false });
            for number in 0..=NEWEST + 10 {
                let got = run(program.instructions(), ARCH_X86_64, number, [0; 6]);
                let entry = LIST.iter().find(|e| e.number == i64::from(number));
                match entry.map(|e| e.rule) {
                    Some(Rule::Allow) => assert_eq!(got, ALLOW, "{number}"),
                    Some(Rule::NoSuchCall) => assert_eq!(got, refuse(libc::ENOSYS), "{number}"),
                    Some(Rule::Refuse(errno)) => assert_eq!(got, refuse(errno), "{number}"),
                    Some(_) => {}
                    None if number > NEWEST => assert_eq!(got, refuse(libc::ENOSYS), "{number}"),
                    None => assert_eq!(got, refuse(libc::EPERM), "{number}"),
                }
            }
        }
    }

    #[test]
    fn the_worker_makes_code_executable_and_never_writable_at_once_and_opens_no_socket() {
        let profile = SeccompProfile { writable_executable: false, network: false, worker: true };
        let program = assemble(profile);
        let answer = |number: libc::c_long, arguments| {
            run(program.instructions(), ARCH_X86_64, u32::try_from(number).unwrap(), arguments)
        };
        for call in [libc::SYS_mmap, libc::SYS_mprotect] {
            assert_eq!(answer(call, [0, 4096, 0x1 | 0x4, 0, 0, 0]), ALLOW);
            assert_eq!(answer(call, [0, 4096, 0x1 | 0x2, 0, 0, 0]), ALLOW);
            assert_eq!(answer(call, [0, 4096, 0x1 | 0x2 | 0x4, 0, 0, 0]), refuse(libc::EPERM));
        }
        assert_eq!(answer(libc::SYS_ioctl, [3, 0xc060_6610, 0, 0, 0, 0]), ALLOW);
        assert_eq!(answer(libc::SYS_ioctl, [3, 0x5412, 0, 0, 0, 0]), refuse(libc::ENOTTY));
        for call in [libc::SYS_socket, libc::SYS_kill, libc::SYS_fork, libc::SYS_memfd_create] {
            assert_eq!(answer(call, [2, 1, 0, 0, 0, 0]), refuse(libc::EPERM), "{call}");
        }
    }

    #[test]
    fn a_reader_makes_threads_and_neither_a_process_nor_code_nor_a_descriptor() {
        let program = assemble_reader();
        let reader = |number: libc::c_long, arguments| {
            run(program.instructions(), ARCH_X86_64, u32::try_from(number).unwrap(), arguments)
        };
        let no = refuse(libc::EPERM);
        let thread = 0x003d_0f00;
        assert_eq!(reader(libc::SYS_clone, [thread, 0, 0, 0, 0, 0]), ALLOW);
        // fork, vfork, a thread in another namespace.
        for flags in [17, 0x4111, thread | 0x4000_0000, thread | 0x0002_0000, u64::MAX] {
            assert_eq!(reader(libc::SYS_clone, [flags, 0, 0, 0, 0, 0]), no, "{flags:#x}");
        }
        assert_eq!(reader(libc::SYS_clone3, [0; 6]), refuse(libc::ENOSYS));
        for call in [libc::SYS_mmap, libc::SYS_mprotect] {
            assert_eq!(reader(call, [0, 4096, 0x1 | 0x2, 0, 0, 0]), ALLOW);
            assert_eq!(reader(call, [0, 4096, 0x1 | 0x4, 0, 0, 0]), no);
        }
        let set_seccomp = [22, 2, 0, 0, 0, 0];
        assert_eq!(reader(libc::SYS_prctl, set_seccomp), refuse(libc::EINVAL));
        assert_eq!(reader(libc::SYS_ioctl, [1, 0x5412, 0, 0, 0, 0]), refuse(libc::ENOTTY));
        for call in [libc::SYS_openat, libc::SYS_read, libc::SYS_socket, libc::SYS_execve] {
            assert_eq!(reader(call, [0; 6]), no, "{call}");
        }
    }

    fn networked(number: libc::c_long, arguments: [u64; 6]) -> u32 {
        let program =
            assemble(SeccompProfile { writable_executable: false, network: true, worker: false });
        run(program.instructions(), ARCH_X86_64, u32::try_from(number).unwrap(), arguments)
    }

    #[test]
    fn with_a_network_sockets_are_tcp_and_udp_over_ip_and_nothing_else() {
        let flags = 0o2000000 | 0o4000;
        for (family, kind, protocol) in [(2, 1, 0), (2, 1, 6), (10, 1, 0), (2, 2, 17), (10, 2, 0)] {
            let asked = [family, kind | flags, protocol, 0, 0, 0];
            assert_eq!(networked(libc::SYS_socket, asked), ALLOW, "{asked:?}");
            assert_eq!(answer(true, libc::SYS_socket, asked), refuse(libc::EACCES));
        }
        // Unix, netlink, packet, vsock, AF_ALG, Bluetooth, and what is not known yet.
        for family in (0..70).filter(|family| ![2, 10].contains(family)) {
            let asked = [family, 1, 0, 0, 0, 0];
            assert_eq!(networked(libc::SYS_socket, asked), refuse(libc::EAFNOSUPPORT));
        }
        let no = refuse(libc::EPROTONOSUPPORT);
        // Raw, ICMP, MPTCP, SCTP, UDP-Lite, TCP's number on a datagram.
        for (kind, protocol) in
            [(3, 0), (3, 1), (2, 1), (1, 262), (1, 132), (5, 132), (2, 136), (2, 6)]
        {
            assert_eq!(networked(libc::SYS_socket, [2, kind, protocol, 0, 0, 0]), no);
        }
    }

    #[test]
    fn with_a_network_no_socket_option_loads_a_filter_or_another_protocol() {
        for (level, option) in [(1, 2), (1, 6), (1, 9), (1, 15), (6, 1), (6, 4), (0, 10), (41, 26)]
        {
            assert_eq!(networked(libc::SYS_setsockopt, [3, level, option, 0, 0, 0]), ALLOW);
        }
        // SO_ATTACH_FILTER, SO_ATTACH_BPF, SO_ZEROCOPY, SO_BINDTODEVICE, SO_MARK, TCP_REPAIR,
        // TCP_ULP, TCP_MD5SIG, TCP_ZEROCOPY_RECEIVE, IP_HDRINCL, IP_TRANSPARENT, multicast,
        // IPT_SO_SET_REPLACE, UDP_ENCAP, SCTP, netlink, vsock.
        for (level, option) in [
            (1, 26),
            (1, 50),
            (1, 60),
            (1, 25),
            (1, 36),
            (6, 19),
            (6, 31),
            (6, 14),
            (6, 35),
            (0, 3),
            (0, 19),
            (0, 35),
            (0, 64),
            (41, 20),
            (41, 64),
            (17, 100),
            (132, 1),
            (270, 1),
            (40, 1),
            (0xffff_ffff, 1),
        ] {
            let got = networked(libc::SYS_setsockopt, [3, level, option, 0, 0, 0]);
            assert_eq!(got, refuse(libc::ENOPROTOOPT), "{level} {option}");
        }
    }

    #[test]
    fn thirty_two_bit_and_x32_entries_are_refused_for_every_number() {
        let program = assemble(SeccompProfile::default());
        for number in 0..600 {
            assert_eq!(run(program.instructions(), 0x4000_0003, number, [0; 6]), KILL);
            assert_eq!(
                run(program.instructions(), ARCH_X86_64, number | X32_BIT, [0; 6]),
                refuse(libc::ENOSYS)
            );
        }
    }

    #[test]
    fn no_flag_of_clone_makes_a_namespace() {
        for bit in [17, 25, 26, 27, 28, 29, 30] {
            let flags = (1_u64 << bit) | 17;
            assert_eq!(answer(true, libc::SYS_clone, [flags, 0, 0, 0, 0, 0]), refuse(libc::EPERM));
        }
        let thread = 0x003d_0f00;
        assert_eq!(answer(false, libc::SYS_clone, [thread, 0, 0, 0, 0, 0]), ALLOW);
    }

    #[test]
    fn terminal_injection_is_refused_even_with_high_bits_set() {
        for request in [0x5412_u64, 0x1_0000_5412, 0x541c, 0x5423, 0xffff_ffff_0000_5412] {
            assert_eq!(
                answer(true, libc::SYS_ioctl, [0, request, 0, 0, 0, 0]),
                refuse(libc::ENOTTY),
                "{request:#x}"
            );
        }
        assert_eq!(answer(false, libc::SYS_ioctl, [0, 0x5413, 0, 0, 0, 0]), ALLOW);
    }

    #[test]
    fn code_cannot_be_written_and_run_without_a_compiler() {
        let (w, x) = (2, 4);
        assert_eq!(answer(false, libc::SYS_mmap, [0, 0, w | x, 0, 0, 0]), refuse(libc::EPERM));
        assert_eq!(answer(false, libc::SYS_mmap, [0, 0, x | 1, 0, 0, 0]), ALLOW);
        assert_eq!(answer(false, libc::SYS_mprotect, [0, 0, x | 1, 0, 0, 0]), refuse(libc::EPERM));
        assert_eq!(answer(true, libc::SYS_mprotect, [0, 0, w | x, 0, 0, 0]), ALLOW);
        assert_eq!(answer(false, libc::SYS_memfd_create, [0, 8, 0, 0, 0, 0]), refuse(libc::EACCES));
        assert_eq!(answer(true, libc::SYS_memfd_create, [0, 0, 0, 0, 0, 0]), refuse(libc::EACCES));
        assert_eq!(answer(true, libc::SYS_memfd_create, [0, 9, 0, 0, 0, 0]), ALLOW);
        assert_eq!(
            answer(true, libc::SYS_memfd_create, [0, 0x18, 0, 0, 0, 0]),
            refuse(libc::EACCES)
        );
    }

    #[test]
    fn the_first_process_of_the_jail_cannot_be_slowed_limited_or_moved() {
        let no = refuse(libc::EPERM);
        assert_eq!(answer(true, libc::SYS_prlimit64, [1, 7, 0, 0, 0, 0]), no);
        assert_eq!(answer(true, libc::SYS_prlimit64, [0, 7, 0, 0, 0, 0]), ALLOW);
        assert_eq!(answer(true, libc::SYS_setpriority, [0, 1, 19, 0, 0, 0]), no);
        assert_eq!(answer(true, libc::SYS_setpriority, [2, 0, 19, 0, 0, 0]), no);
        assert_eq!(answer(true, libc::SYS_setpriority, [0, 0, 19, 0, 0, 0]), ALLOW);
        assert_eq!(answer(true, libc::SYS_sched_setaffinity, [1, 8, 0, 0, 0, 0]), no);
        assert_eq!(answer(true, libc::SYS_sched_setaffinity, [0, 8, 0, 0, 0, 0]), ALLOW);
        assert_eq!(answer(true, libc::SYS_sched_setaffinity, [7, 8, 0, 0, 0, 0]), ALLOW);
    }

    #[test]
    fn set_user_id_bits_devices_and_foreign_sockets_are_refused() {
        assert_eq!(answer(false, libc::SYS_chmod, [0, 0o4755, 0, 0, 0, 0]), refuse(libc::EPERM));
        assert_eq!(answer(false, libc::SYS_chmod, [0, 0o755, 0, 0, 0, 0]), ALLOW);
        assert_eq!(
            answer(false, libc::SYS_fchmodat2, [0, 0, 0o2755, 0, 0, 0]),
            refuse(libc::EPERM)
        );
        assert_eq!(answer(false, libc::SYS_mknod, [0, 0o060_644, 0, 0, 0, 0]), refuse(libc::EPERM));
        assert_eq!(answer(false, libc::SYS_mknod, [0, 0o010_644, 0, 0, 0, 0]), ALLOW);
        let pair = |family, kind| answer(false, libc::SYS_socketpair, [family, kind, 0, 0, 0, 0]);
        for kind in [1, 5, 0x80801] {
            assert_eq!(pair(1, kind), ALLOW);
            assert_eq!(pair(2, kind), refuse(libc::EACCES));
        }
        // Datagrams, and raw ones that become datagrams, go to any address.
        for kind in [0, 2, 3, 0x80802] {
            assert_eq!(pair(1, kind), refuse(libc::EACCES));
        }
        for family in 0..50 {
            assert_eq!(
                answer(true, libc::SYS_socket, [family, 1, 0, 0, 0, 0]),
                refuse(libc::EACCES)
            );
        }
    }

    #[test]
    fn nothing_makes_the_host_wait_or_load_a_filter() {
        let refused = |number, arguments, errno| {
            assert_eq!(answer(true, number, arguments), refuse(errno));
        };
        // F_SETLEASE, F_NOTIFY, SO_ATTACH_FILTER.
        refused(libc::SYS_fcntl, [3, 1024, 1, 0, 0, 0], libc::EINVAL);
        refused(libc::SYS_fcntl, [3, 1026, 1, 0, 0, 0], libc::EINVAL);
        refused(libc::SYS_setsockopt, [3, 1, 26, 0, 16, 0], libc::ENOPROTOOPT);
        refused(libc::SYS_mknod, [0, 0o104_755, 0, 0, 0, 0], libc::EPERM);
        for command in 0..2000 {
            let allowed = matches!(command, 0..=16 | 36..=38 | 1027..=1034);
            let answer = answer(false, libc::SYS_fcntl, [3, command, 0, 0, 0, 0]);
            assert_eq!(answer == ALLOW, allowed, "{command}");
        }
    }

    #[test]
    fn the_program_is_short_because_loading_it_is_paid_on_every_start() {
        let length = assemble(SeccompProfile::default()).instructions().len();
        assert!(length < 240, "{length} instructions");
    }
}
