//! What this machine can enforce, and how to mend what is missing.

use ringfence_jailer::cgroup::{Hierarchy, OVERRIDE, discover};
use ringfence_sandbox::{Level, Wall};
use serde::Serialize;
use std::path::Path;

/// One fact about the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it is as the process backend wants it.
    pub good: bool,
    /// What was found.
    pub found: String,
    /// How to mend it.
    pub mend: Option<String>,
}

/// The facts that decide what the process backend isolates here.
#[derive(Clone, Debug)]
pub struct Machine {
    hierarchy: Hierarchy,
    landlock: u32,
}

/// Landlock ABI from which on every wall that we ask for stands.
const LANDLOCK_FULL: u32 = 6;

/// The folder for cgroups that the user names, where the user names one.
pub(crate) fn chosen_cgroup() -> Option<String> {
    // What is not text is a folder that cannot be found, and not none at all.
    std::env::var_os(OVERRIDE).map(|folder| folder.to_string_lossy().into_owned())
}

/// Where jails get their cgroups.
pub(crate) fn hierarchy() -> Hierarchy {
    discover(chosen_cgroup().as_deref())
}

impl Machine {
    /// Looks at this machine; starts nothing.
    #[must_use]
    pub fn look() -> Self {
        Self { hierarchy: hierarchy(), landlock: ringfence_jailer::landlock_abi() }
    }

    /// Whether limits hold over all processes of a jail together.
    #[must_use]
    pub fn counts_whole_jail(&self) -> bool {
        !matches!(self.hierarchy, Hierarchy::None { .. })
    }

    /// Whether the kernel may move memory of a jail to a disk just now: it has where
    /// to, and no cgroup keeps the jail from it. Looks again each time.
    #[must_use]
    pub fn may_swap(&self) -> bool {
        has_swap(std::fs::read_to_string("/proc/swaps")) && !self.keeps_from_swap()
    }

    /// Whether jails get a cgroup that can say no (the jailer says it then).
    fn keeps_from_swap(&self) -> bool {
        match &self.hierarchy {
            Hierarchy::Two { parent } => Path::new(parent).join("memory.swap.max").exists(),
            Hierarchy::One { memory, .. } => Path::new(memory).join("memory.swappiness").exists(),
            Hierarchy::None { .. } => false,
        }
    }

    /// The table of walls.
    #[must_use]
    pub fn level(&self) -> Level {
        let wall = |name, isolates, stands, detail: String| Wall { name, isolates, stands, detail };
        let landlock = match self.landlock {
            0 => "the kernel has none, or it is not switched on".to_owned(),
            abi => format!("ABI {abi}"),
        };
        let cgroup = match &self.hierarchy {
            Hierarchy::Two { .. } => "cgroup v2".to_owned(),
            Hierarchy::One { .. } => "cgroup v1".to_owned(),
            Hierarchy::None { reason } => format!("watched by us instead: {reason}"),
        };
        Level {
            backend: "process",
            walls: vec![
                wall(
                    "namespaces",
                    "processes, mounts, network, IPC, host name, users",
                    true,
                    "user, mount, pid, net, ipc, uts, cgroup".to_owned(),
                ),
                wall(
                    "root",
                    "files: only what is granted is there",
                    true,
                    "minimal, read-only".to_owned(),
                ),
                wall(
                    "seccomp",
                    "the kernel's interface",
                    true,
                    "allow-list, x86-64 only".to_owned(),
                ),
                wall("landlock", "files and programs, a second time", self.landlock > 0, landlock),
                wall(
                    "cgroup",
                    "memory, processor and process number of the whole jail",
                    self.counts_whole_jail(),
                    cgroup,
                ),
                wall(
                    "privileges",
                    "no capability, no new privileges",
                    true,
                    "all dropped".to_owned(),
                ),
            ],
        }
    }

    /// Every fact, for `ringfence doctor`.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        vec![user_namespaces(), self.cgroup(), seccomp(), self.landlock(), tun()]
    }

    fn cgroup(&self) -> Fact {
        let (good, found) = match &self.hierarchy {
            Hierarchy::Two { parent } => (true, format!("v2, delegated at {parent}")),
            Hierarchy::One { memory, pids, cpu, cpuacct } => (
                pids.is_some() && cpu.is_some() && cpuacct.is_some(),
                format!("v1, memory at {memory}"),
            ),
            Hierarchy::None { reason } => (false, reason.clone()),
        };
        let mend = (!good).then(|| {
            "start it in a delegated cgroup: systemd-run --user --scope -p Delegate=yes ringfence ..., or name one with RINGFENCE_CGROUP; without, limits hold per process".to_owned()
        });
        Fact { name: "cgroup", good, found, mend }
    }

    fn landlock(&self) -> Fact {
        let good = self.landlock >= LANDLOCK_FULL;
        let mend = (!good).then(|| match self.landlock {
            0 => "boot with `lsm=landlock,...` or a kernel from 5.13 on; the mounts stand alone without it".to_owned(),
            _ => "a kernel from 6.12 on also restricts signals and abstract sockets; other walls hold them meanwhile".to_owned(),
        });
        Fact { name: "landlock", good, found: format!("ABI {}", self.landlock), mend }
    }
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

fn user_namespaces() -> Fact {
    let maximum = read("/proc/sys/user/max_user_namespaces");
    let clone = read("/proc/sys/kernel/unprivileged_userns_clone");
    let apparmor = read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    let root = rustix::process::geteuid().is_root();
    let (good, found, mend) = if maximum.as_deref() == Some("0") {
        (
            false,
            "switched off (user.max_user_namespaces = 0)",
            Some("sysctl -w user.max_user_namespaces=10000"),
        )
    } else if !root && clone.as_deref() == Some("0") {
        (
            false,
            "only for root (kernel.unprivileged_userns_clone = 0)",
            Some("sysctl -w kernel.unprivileged_userns_clone=1"),
        )
    } else if !root && apparmor.as_deref() == Some("1") {
        (
            false,
            "restricted by AppArmor",
            Some(
                "install an AppArmor profile for ringfence with `userns,`, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            ),
        )
    } else if !Path::new("/proc/self/ns/user").exists() {
        (false, "not in this kernel", Some("use a kernel with CONFIG_USER_NS"))
    } else {
        (true, "available", None)
    };
    Fact { name: "user namespaces", good, found: found.to_owned(), mend: mend.map(str::to_owned) }
}

fn seccomp() -> Fact {
    let actions = read("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    let good = actions.contains("kill_process");
    Fact {
        name: "seccomp",
        good,
        found: if actions.is_empty() {
            "not in this kernel".to_owned()
        } else {
            "filter mode".to_owned()
        },
        mend: (!good).then(|| "use a kernel from 4.14 on with CONFIG_SECCOMP_FILTER".to_owned()),
    }
}

fn tun() -> Fact {
    let good = Path::new("/dev/net/tun").exists();
    Fact {
        name: "tun",
        good,
        found: if good { "available" } else { "no /dev/net/tun" }.to_owned(),
        mend: (!good).then(|| "modprobe tun; nothing needs it yet".to_owned()),
    }
}

/// Whether the kernel's list names a place beneath its heading. A kernel without
/// the list has none; where it cannot be read there may be one.
fn has_swap(list: std::io::Result<String>) -> bool {
    match list {
        Ok(list) => list.lines().skip(1).any(|line| !line.trim().is_empty()),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn memory_goes_to_a_disk_only_where_the_kernel_has_one_for_it() {
        let heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
        assert!(!has_swap(Ok(heading.to_owned())));
        assert!(has_swap(Ok(format!("{heading}/dev/sda2 partition\t8388604\t0\t-2\n"))));
        assert!(!has_swap(Err(Error::from(ErrorKind::NotFound))));
        assert!(has_swap(Err(Error::from(ErrorKind::PermissionDenied))));
    }

    #[test]
    fn only_a_cgroup_that_knows_of_swap_keeps_a_jail_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().to_str().unwrap().to_owned();
        let machine = |hierarchy| Machine { hierarchy, landlock: 0 };
        let two = machine(Hierarchy::Two { parent: parent.clone() });
        let one = machine(Hierarchy::One { memory: parent, pids: None, cpu: None, cpuacct: None });
        let none = machine(Hierarchy::None { reason: String::new() });
        assert!(!two.keeps_from_swap() && !one.keeps_from_swap() && !none.keeps_from_swap());
        std::fs::write(folder.path().join("memory.swap.max"), "0").unwrap();
        std::fs::write(folder.path().join("memory.swappiness"), "0").unwrap();
        assert!(two.keeps_from_swap() && one.keeps_from_swap() && !none.keeps_from_swap());
    }
}
