//! Calls that replace, extend or stop the kernel.
//!
//! Every one is made with arguments that the kernel refuses after it has
//! checked the right to make it.

use crate::catalog::Class::Kernel;
use crate::outcome::{Outcome, Probe};
use crate::sys::{call, leave_terminal, legacy};

const NO_FILE: &std::ffi::CStr = c"/nonexistent/ringfence-probe";

pub(super) const PROBES: &[Probe] = &[
    Probe::new("module-init", Kernel, "load a module from memory", |_| {
        Outcome::unless_refused(call!(libc::SYS_init_module, 0, 0, c""))
    }),
    Probe::new("module-finit", Kernel, "load a module from a file", |_| {
        Outcome::unless_refused(call!(libc::SYS_finit_module, -1, c"", 0))
    }),
    Probe::new("module-delete", Kernel, "unload a module", |_| {
        Outcome::unless_refused(call!(
            libc::SYS_delete_module,
            c"ringfence_probe_absent",
            libc::O_NONBLOCK
        ))
    }),
    Probe::new("module-create", Kernel, "create a module the old way", |_| {
        Outcome::unless_refused(legacy(174, &[c"x".into(), 0.into()]))
    }),
    Probe::new("module-query", Kernel, "query modules the old way", |_| {
        Outcome::unless_refused(legacy(178, &[c"x".into(), 0.into()]))
    }),
    Probe::new("kexec-load", Kernel, "prepare another kernel from memory", |_| {
        // The flags name no architecture that exists.
        Outcome::unless_refused(call!(libc::SYS_kexec_load, 0, 0, 0, 0xffff_ff00_u32))
    }),
    Probe::new("kexec-file-load", Kernel, "prepare another kernel from a file", |_| {
        Outcome::unless_refused(call!(libc::SYS_kexec_file_load, -1, -1, 0, 0, 0x8000_0000_u32))
    }),
    Probe::new("reboot-machine", Kernel, "reboot, with a number the kernel refuses", |_| {
        Outcome::unless_refused(call!(libc::SYS_reboot, 1, 2, 3, 0))
    }),
    Probe::new("swap-on", Kernel, "add swap space", |_| {
        Outcome::unless_refused(call!(libc::SYS_swapon, NO_FILE, 0))
    }),
    Probe::new("swap-off", Kernel, "remove swap space", |_| {
        Outcome::unless_refused(call!(libc::SYS_swapoff, NO_FILE))
    }),
    Probe::new("process-accounting", Kernel, "turn on process accounting", |_| {
        Outcome::unless_refused(call!(libc::SYS_acct, NO_FILE))
    }),
    Probe::new("quota-control", Kernel, "control disk quotas", |_| {
        Outcome::unless_refused(call!(libc::SYS_quotactl, 0x8000_0200_u32, NO_FILE, 0, 0))
    }),
    Probe::new("quota-control-descriptor", Kernel, "control disk quotas by descriptor", |_| {
        Outcome::unless_refused(call!(443_i64, -1, 0x8000_0200_u32, 0, 0))
    }),
    Probe::new("kernel-log-read", Kernel, "read the kernel log", |_| {
        let mut buffer = [0_u8; 64];
        Outcome::if_success(call!(libc::SYS_syslog, 3, &mut buffer, 64))
    }),
    Probe::new("kernel-log-size", Kernel, "ask for the size of the kernel log", |_| {
        Outcome::if_success(call!(libc::SYS_syslog, 10, 0, 0))
    }),
    Probe::new("terminal-hang-up", Kernel, "hang up its terminal", |_| {
        // In a session of its own there is no terminal to lose.
        match leave_terminal() {
            Ok(()) => Outcome::if_success(call!(libc::SYS_vhangup)),
            Err(errno) => Outcome::not_tried(format!("setsid: {errno}")),
        }
    }),
    Probe::new("port-privilege-level", Kernel, "raise its port privilege level", |_| {
        Outcome::if_success(legacy(172, &[3.into()]))
    }),
    Probe::new("port-permission", Kernel, "get at hardware ports", |_| {
        Outcome::if_success(legacy(173, &[0x80.into(), 1.into(), 1.into()]))
    }),
    Probe::new("descriptor-table-local", Kernel, "write the local descriptor table", |_| {
        let mut buffer = [0_u8; 64];
        Outcome::if_success(legacy(154, &[0.into(), (&mut buffer).into(), 64.into()]))
    }),
];
