//! Settings of the kernel that are files. Opened for writing, never written.

use std::path::PathBuf;

use super::scratch::{openable, writable};
use crate::catalog::Class::{Boundary, Kernel};
use crate::outcome::{Outcome, Probe, Verdict};

pub(super) const PROBES: &[Probe] = &[
    Probe::new(
        "setting-core-pattern",
        Boundary,
        "name a program that the kernel runs on a crash",
        |_| writable(&["/proc/sys/kernel/core_pattern"]),
    ),
    Probe::new("setting-magic-keys", Boundary, "press the machine's emergency keys", |_| {
        writable(&["/proc/sysrq-trigger", "/proc/sys/kernel/sysrq"])
    }),
    Probe::new("setting-binary-format", Boundary, "register a program for a file format", |_| {
        writable(&["/proc/sys/fs/binfmt_misc/register", "/proc/sys/fs/binfmt_misc/status"])
    }),
    Probe::new(
        "setting-device-helper",
        Boundary,
        "name a program that the kernel runs for devices",
        |_| writable(&["/sys/kernel/uevent_helper", "/proc/sys/kernel/hotplug"]),
    ),
    Probe::new(
        "setting-module-helper",
        Boundary,
        "name a program that the kernel runs for modules",
        |_| writable(&["/proc/sys/kernel/modprobe"]),
    ),
    Probe::new(
        "setting-module-parameters",
        Boundary,
        "change the parameters of the kernel",
        |_| {
            writable(&[
                "/sys/module/kernel/parameters/panic",
                "/sys/module/printk/parameters/time",
                "/sys/module/workqueue/parameters/debug_force_rr_cpu",
            ])
        },
    ),
    Probe::new(
        "setting-address-randomisation",
        Boundary,
        "turn off address randomisation for all",
        |_| writable(&["/proc/sys/kernel/randomize_va_space"]),
    ),
    Probe::new(
        "setting-memory-overcommit",
        Boundary,
        "change how the machine shares out memory",
        |_| {
            writable(&[
                "/proc/sys/vm/overcommit_memory",
                "/proc/sys/vm/drop_caches",
                "/proc/sys/vm/panic_on_oom",
            ])
        },
    ),
    Probe::new(
        "setting-panic-settings",
        Boundary,
        "make the machine stop on the next fault",
        |_| writable(&["/proc/sys/kernel/panic", "/proc/sys/kernel/panic_on_oops"]),
    ),
    Probe::new("setting-pointer-hiding", Boundary, "show kernel addresses to everybody", |_| {
        writable(&["/proc/sys/kernel/kptr_restrict", "/proc/sys/kernel/dmesg_restrict"])
    }),
    Probe::new("setting-link-protection", Boundary, "turn off the protection of links", |_| {
        writable(&[
            "/proc/sys/fs/protected_symlinks",
            "/proc/sys/fs/protected_hardlinks",
            "/proc/sys/fs/suid_dumpable",
        ])
    }),
    Probe::new("setting-process-limits", Boundary, "raise the machine's own limits", |_| {
        writable(&[
            "/proc/sys/kernel/pid_max",
            "/proc/sys/fs/file-max",
            "/proc/sys/kernel/threads-max",
            "/proc/sys/user/max_user_namespaces",
        ])
    }),
    Probe::new("setting-last-process-number", Boundary, "choose the next process number", |_| {
        writable(&["/proc/sys/kernel/ns_last_pid"])
    }),
    Probe::new("setting-host-name-file", Boundary, "change the host name by file", |_| {
        writable(&["/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"])
    }),
    Probe::new("setting-packet-forwarding", Boundary, "make the machine forward packets", |_| {
        writable(&["/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/conf/all/forwarding"])
    }),
    Probe::new("setting-ping-groups", Boundary, "open ping sockets to everybody", |_| {
        writable(&[
            "/proc/sys/net/ipv4/ping_group_range",
            "/proc/sys/net/ipv4/ip_unprivileged_port_start",
        ])
    }),
    Probe::new("setting-perf-settings", Boundary, "open performance counters to everybody", |_| {
        writable(&[
            "/proc/sys/kernel/perf_event_paranoid",
            "/proc/sys/kernel/unprivileged_bpf_disabled",
        ])
    }),
    Probe::new(
        "setting-interrupt-affinity",
        Boundary,
        "move the interrupts of the machine",
        |_| writable(&["/proc/irq/default_smp_affinity"]),
    ),
    Probe::new("setting-memory-type-ranges", Boundary, "change how memory is cached", |_| {
        writable(&["/proc/mtrr"])
    }),
    Probe::new("setting-scsi-devices", Boundary, "add and remove disks", |_| {
        writable(&["/proc/scsi/scsi"])
    }),
    Probe::new("setting-pci-devices", Boundary, "change the settings of a device", |_| {
        writable(&["/proc/bus/pci/00/00.0", "/sys/bus/pci/rescan"])
    }),
    Probe::new("setting-power-state", Boundary, "put the machine to sleep", |_| {
        writable(&["/sys/power/state", "/sys/power/disk", "/sys/power/wake_lock"])
    }),
    Probe::new(
        "setting-security-policy",
        Boundary,
        "change the security policy of the kernel",
        |_| {
            writable(&[
                "/sys/fs/selinux/enforce",
                "/sys/kernel/security/apparmor/.load",
                "/sys/kernel/security/lockdown",
            ])
        },
    ),
    Probe::new("setting-firmware-variables", Boundary, "change the firmware's variables", |_| {
        writable(&["/sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c"])
    }),
    Probe::new("setting-trace-control", Boundary, "trace the kernel", |_| {
        writable(&["/sys/kernel/tracing/tracing_on", "/sys/kernel/debug/tracing/tracing_on"])
    }),
    Probe::new("setting-processor-online", Boundary, "switch processors off", |_| {
        writable(&["/sys/devices/system/cpu/cpu1/online", "/sys/devices/system/cpu/smt/control"])
    }),
    Probe::new("setting-memory-probe", Boundary, "switch memory off", |_| {
        writable(&[
            "/sys/devices/system/memory/memory0/state",
            "/sys/kernel/mm/ksm/run",
            "/sys/kernel/mm/transparent_hugepage/enabled",
        ])
    }),
    Probe::new("setting-kexec-crash-size", Boundary, "give up the memory for crash dumps", |_| {
        writable(&["/sys/kernel/kexec_crash_size"])
    }),
    Probe::new(
        "setting-cgroup-release-agent",
        Boundary,
        "name a program that the kernel runs for a cgroup",
        |_| {
            writable(&[
                "/sys/fs/cgroup/release_agent",
                "/sys/fs/cgroup/memory/release_agent",
                "/sys/fs/cgroup/pids/release_agent",
                "/sys/fs/cgroup/cpu/release_agent",
            ])
        },
    ),
    Probe::new("cgroup-control-write", Boundary, "change its own limits", |_| cgroup(&CONTROLS)),
    Probe::new("cgroup-membership-write", Boundary, "leave its own limits", |_| {
        cgroup(&["cgroup.procs", "tasks", "cgroup.subtree_control"])
    }),
    Probe::new("cgroup-visible", Kernel, "see the cgroup tree", |_| {
        openable(&["/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"])
    }),
];

const CONTROLS: [&str; 9] = [
    "memory.max",
    "memory.high",
    "memory.limit_in_bytes",
    "pids.max",
    "cpu.max",
    "cpu.cfs_quota_us",
    "cpu.shares",
    "freezer.state",
    "cgroup.freeze",
];

/// Looks in every cgroup that the kernel says is ours, and in the root that we
/// see.
fn cgroup(files: &[&str]) -> Outcome {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut directories = vec![PathBuf::from("/sys/fs/cgroup")];
    for line in own.lines().take(32) {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let root = PathBuf::from("/sys/fs/cgroup").join(controllers);
        directories.push(root.join(path.trim_start_matches('/')));
        directories.push(root);
    }
    let mut last = Outcome::shut("absent");
    for directory in directories {
        for file in files {
            let path = directory.join(file);
            let outcome = writable(&[&path.to_string_lossy()]);
            match outcome.verdict {
                Verdict::Open => return outcome,
                _ if outcome.detail != "ENOENT" => last = outcome,
                _ => {}
            }
        }
    }
    last
}
