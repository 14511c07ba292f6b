//! Looking at the machine from inside: leaks of addresses, of other people's
//! work, and of what the host is.

use std::os::unix::fs::FileExt;

use super::scratch::{openable, readable};
use crate::catalog::Class::{Boundary, Kernel};
use crate::context::{Context, settle};
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("read-kernel-memory-image", Boundary, "read the kernel's memory as a file", |_| {
        openable(&["/proc/kcore"])
    }),
    Probe::new("read-kernel-message-file", Boundary, "read the kernel log as a file", |_| {
        openable(&["/proc/kmsg", "/dev/kmsg"])
    }),
    Probe::new("read-key-list", Kernel, "list the kernel's keys", |_| {
        readable(&["/proc/keys", "/proc/key-users"])
    }),
    Probe::new("read-kernel-timers", Kernel, "list the kernel's timers", |_| {
        openable(&["/proc/timer_list", "/proc/timer_stats"])
    }),
    Probe::new("read-kernel-scheduler", Kernel, "read the scheduler's state", |_| {
        openable(&["/proc/sched_debug", "/sys/kernel/debug/sched/debug", "/proc/schedstat"])
    }),
    Probe::new("read-kernel-allocator", Kernel, "read the kernel allocator's state", |_| {
        readable(&["/proc/slabinfo", "/proc/vmallocinfo", "/proc/pagetypeinfo"])
    }),
    Probe::new("read-kernel-page-flags", Kernel, "read the state of every page", |_| {
        openable(&["/proc/kpageflags", "/proc/kpagecount", "/proc/kpagecgroup"])
    }),
    Probe::new("read-kernel-modules", Kernel, "list the modules of the kernel", |_| {
        openable(&["/proc/modules", "/sys/module"])
    }),
    Probe::new("read-kernel-configuration", Kernel, "read how the kernel was built", |_| {
        openable(&["/proc/config.gz"])
    }),
    Probe::new("read-kernel-command-line", Kernel, "read the kernel's command line", |_| {
        readable(&["/proc/cmdline"])
    }),
    Probe::new("read-kernel-latency", Kernel, "read what the kernel waits for", |_| {
        openable(&["/proc/latency_stats", "/proc/lock_stat"])
    }),
    Probe::new("read-interrupt-counts", Kernel, "watch interrupts, key strokes among them", |_| {
        readable(&["/proc/interrupts", "/proc/softirqs"])
    }),
    Probe::new("read-disk-statistics", Kernel, "watch the disks of the machine", |_| {
        readable(&["/proc/diskstats", "/proc/partitions"])
    }),
    Probe::new("read-hardware-list", Kernel, "list the hardware", |_| {
        openable(&[
            "/proc/bus/pci/devices",
            "/proc/bus/input/devices",
            "/proc/scsi/scsi",
            "/proc/ioports",
        ])
    }),
    Probe::new("read-firmware-tables", Boundary, "read the firmware's tables", |_| {
        openable(&[
            "/sys/firmware/acpi/tables/FACP",
            "/sys/firmware/dmi/tables/DMI",
            "/proc/acpi/wakeup",
            "/sys/firmware/memmap",
        ])
    }),
    Probe::new(
        "read-file-system-statistics",
        Kernel,
        "read the state of the host's file systems",
        |_| openable(&["/proc/fs/ext4", "/proc/fs/xfs/stat", "/proc/fs/jbd2", "/proc/fs/nfsd"]),
    ),
    Probe::new("read-sound-cards", Kernel, "list the sound cards", |_| {
        openable(&["/proc/asound/cards", "/proc/asound/version"])
    }),
    Probe::new("read-swap-list", Kernel, "list the host's swap space", |_| {
        openable(&["/proc/swaps"])
    }),
    Probe::new("read-lock-list", Kernel, "list the file locks of all processes", |_| {
        openable(&["/proc/locks"])
    }),
    Probe::new("read-kernel-tracing", Boundary, "read the kernel's trace", |_| {
        openable(&["/sys/kernel/tracing/trace", "/sys/kernel/debug/tracing/trace"])
    }),
    Probe::new("read-kernel-debugging", Boundary, "read the kernel's debug files", |_| {
        openable(&["/sys/kernel/debug/gpio", "/sys/kernel/debug/x86", "/sys/kernel/debug/bdi"])
    }),
    Probe::new("read-bpf-files", Kernel, "list pinned BPF objects", |_| listed(&["/sys/fs/bpf"])),
    Probe::new("read-system-tree", Kernel, "list the devices of the machine in /sys", |_| {
        openable(&["/sys/class", "/sys/block", "/sys/devices"])
    }),
    Probe::new("read-network-tree", Kernel, "list the network devices in /sys", |_| {
        openable(&["/sys/class/net"])
    }),
    Probe::new("read-kernel-symbols", Boundary, "read the kernel's addresses", |_| {
        addresses("/proc/kallsyms")
    }),
    Probe::new("read-machine-memory-map", Boundary, "read the machine's physical layout", |_| {
        addresses("/proc/iomem")
    }),
    Probe::new("read-physical-pages", Boundary, "learn the physical place of its memory", |_| {
        physical()
    }),
    Probe::new("read-host-paths", Boundary, "learn the host's paths from its mounts", |c| {
        settle(host_paths(c))
    }),
    Probe::new("read-host-cgroup-path", Kernel, "learn where on the host it is confined", |_| {
        cgroup_path()
    }),
    Probe::new("read-hypervisor-identity", Boundary, "read the machine's serial numbers", |_| {
        readable(&["/sys/class/dmi/id/product_uuid", "/sys/class/dmi/id/board_serial"])
    }),
    Probe::new("read-machine-identity", Boundary, "read the identity of the installation", |_| {
        readable(&["/etc/machine-id", "/var/lib/dbus/machine-id"])
    }),
];

fn listed(directories: &[&str]) -> Outcome {
    for directory in directories {
        if std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
            return Outcome::open(*directory);
        }
    }
    Outcome::shut("empty or absent")
}

/// Open when the file gives an address that is not zero: hidden ones are.
fn addresses(path: &str) -> Outcome {
    let start = match super::scratch::first_bytes(path) {
        Ok(start) => start,
        Err(errno) => return Outcome::shut(errno.to_string()),
    };
    // "ffffffff81000000 T _text" or "00001000-0009fbff : System RAM".
    let shown = start
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|word| word.bytes().any(|byte| byte != b'0' && byte != b'-'));
    match shown {
        Some(address) => Outcome::open(address),
        None => Outcome::shut("addresses are hidden"),
    }
}

/// The map of our own pages, with the frame number in the low 55 bits.
fn physical() -> Outcome {
    let mut mapping = match sys::map_anonymous(4096, libc::PROT_READ | libc::PROT_WRITE) {
        Ok(mapping) => mapping,
        Err(errno) => return Outcome::not_tried(errno.to_string()),
    };
    mapping.touch();
    let file = match std::fs::File::open("/proc/self/pagemap") {
        Ok(file) => file,
        Err(error) => return Outcome::shut(Errno::from(error).to_string()),
    };
    let mut entry = [0_u8; 8];
    let offset = (mapping.address() / 4096 * 8) as u64;
    match file.read_at(&mut entry, offset) {
        Ok(8) if u64::from_ne_bytes(entry) & ((1 << 55) - 1) != 0 => Outcome::open("frame shown"),
        Ok(_) => Outcome::shut("frames are hidden"),
        Err(error) => Outcome::shut(Errno::from(error).to_string()),
    }
}

/// The source of a bind mount is shown as a path of the host.
fn host_paths(context: &Context) -> Result<Outcome, Outcome> {
    let home = context.need("home")?;
    let text = std::fs::read_to_string("/proc/self/mountinfo")
        .map_err(|error| Outcome::shut(Errno::from(error).to_string()))?;
    let mut roots = text.lines().filter_map(|line| line.split(' ').nth(3));
    Ok(match roots.find(|root| home.len() > 1 && root.starts_with(home)) {
        Some(root) => Outcome::open(root),
        None => Outcome::shut("none beneath the home"),
    })
}

fn cgroup_path() -> Outcome {
    let Ok(text) = std::fs::read_to_string("/proc/self/cgroup") else {
        return Outcome::shut("absent");
    };
    let path = text.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    match path.into_iter().find(|path| *path != "/") {
        Some(path) => Outcome::open(path),
        None => Outcome::shut("shown as the root"),
    }
}
