//! Finds where cgroups may be made, for root and for an ordinary user.

use super::{below, stale, write};
use crate::sys::read_text;
use alloc::borrow::ToOwned;
use alloc::ffi::CString;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Where jails get their cgroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hierarchy {
    /// The unified hierarchy; children of `parent` have memory and pids.
    Two {
        /// Folder in which cgroups are made.
        parent: String,
    },
    /// The old hierarchies, one folder per controller.
    One {
        /// Memory controller.
        memory: String,
        /// Process number controller.
        pids: Option<String>,
        /// Processor share controller.
        cpu: Option<String>,
        /// Processor time controller, often mounted with the former.
        cpuacct: Option<String>,
    },
    /// Nowhere.
    None {
        /// Why, for `doctor`.
        reason: String,
    },
}

/// Environment variable that names a delegated cgroup v2 folder.
pub const OVERRIDE: &str = "RINGFENCE_CGROUP";

/// Removes cgroups that a killed jailer left behind; `true` when some could not
/// be, because their last processes are still dying.
#[must_use]
pub fn sweep(hierarchy: &Hierarchy) -> bool {
    let folders: Vec<&String> = match hierarchy {
        Hierarchy::Two { parent } => vec![parent],
        Hierarchy::One { memory, pids, cpu, cpuacct } => {
            [Some(memory), pids.as_ref(), cpu.as_ref(), cpuacct.as_ref()]
                .into_iter()
                .flatten()
                .collect()
        }
        Hierarchy::None { .. } => Vec::new(),
    };
    let left = folders.into_iter().filter(|folder| stale::sweep(folder));
    left.count() > 0
}

/// Looks once, and switches on the controllers of a delegated folder: of `chosen`,
/// which is what [`OVERRIDE`] says, or else of one around this process.
#[must_use]
pub fn discover(chosen: Option<&str>) -> Hierarchy {
    let mounts = read_text("/proc/self/mountinfo").unwrap_or_default();
    let own = read_text("/proc/self/cgroup").unwrap_or_default();
    let mut reason = "no cgroup hierarchy is mounted".to_owned();
    if let Some(parent) = chosen {
        if usable_two(parent) {
            return Hierarchy::Two { parent: parent.to_owned() };
        }
        reason = format!("{OVERRIDE} names a folder without the memory and pids controllers");
    }
    if let Some(folder) = own_folder(&mounts, &own, None) {
        match parent_two(&folder) {
            Some(parent) => return Hierarchy::Two { parent },
            None => "no cgroup v2 folder with memory and pids is writable for this user"
                .clone_into(&mut reason),
        }
    }
    let one =
        |controller| own_folder(&mounts, &own, Some(controller)).filter(|folder| writable(folder));
    match one("memory") {
        Some(memory) => {
            Hierarchy::One { memory, pids: one("pids"), cpu: one("cpu"), cpuacct: one("cpuacct") }
        }
        None => Hierarchy::None { reason },
    }
}

/// The nearest folder from our own cgroup upwards in which we may make cgroups
/// that have memory and pids.
fn parent_two(own: &str) -> Option<String> {
    core::iter::successors(Some(own), |folder| Some(folder.rsplit_once('/')?.0))
        .take_while(|folder| !folder.is_empty())
        .take_while(|folder| {
            super::open(&below(folder, "cgroup.controllers"), libc::O_PATH).is_ok()
        })
        .find(|folder| usable_two(folder))
        .map(ToOwned::to_owned)
}

fn usable_two(folder: &str) -> bool {
    if !writable(folder) || !writable(&below(folder, "cgroup.procs")) {
        return false;
    }
    let control = below(folder, "cgroup.subtree_control");
    let has = |text: &str, name: &str| text.split_whitespace().any(|word| word == name);
    let enabled = read_text(&control).unwrap_or_default();
    if has(&enabled, "memory") && has(&enabled, "pids") {
        if !has(&enabled, "cpu") {
            let _ = write(&control, "+cpu");
        }
        return true;
    }
    // A delegated folder with nothing of its own inside: enable what is there.
    let available = read_text(&below(folder, "cgroup.controllers")).unwrap_or_default();
    if !has(&available, "memory") || !has(&available, "pids") {
        return false;
    }
    let _ = write(&control, "+cpu");
    write(&control, "+memory +pids").is_ok()
}

fn writable(path: &str) -> bool {
    CString::new(path).is_ok_and(|path| crate::sys::may_write(&path))
}

/// Our own folder in the hierarchy of `controller`, or in the unified one.
fn own_folder(mounts: &str, own: &str, controller: Option<&str>) -> Option<String> {
    let (root, mount) = mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.split(' ');
        let (kind, _, options) = (after.next()?, after.next()?, after.next()?);
        let matches = match controller {
            None => kind == "cgroup2",
            Some(name) => kind == "cgroup" && options.split(',').any(|option| option == name),
        };
        let mut before = before.split(' ').skip(3);
        matches.then(|| Some((before.next()?, before.next()?)))?
    })?;
    let path = own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (number, names, path) = (parts.next()?, parts.next()?, parts.next()?);
        let matches = match controller {
            None => number == "0" && names.is_empty(),
            Some(name) => names.split(',').any(|candidate| candidate == name),
        };
        matches.then_some(path)
    })?;
    let inside = path.strip_prefix(root.trim_end_matches('/')).unwrap_or(path);
    Some(below(mount, inside.trim_matches('/')).trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
30 25 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
31 25 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
32 25 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
33 25 0:29 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids
";
    const OWN: &str = "5:memory:/a/b\n4:cpu,cpuacct:/\n3:pids:/docker/abc/x\n0::/user.slice\n";

    #[test]
    fn own_folder_is_found_in_each_hierarchy() {
        let find = |controller| own_folder(MOUNTS, OWN, controller);
        assert_eq!(find(Some("memory")).unwrap(), "/sys/fs/cgroup/memory/a/b");
        assert_eq!(find(Some("cpu")).unwrap(), "/sys/fs/cgroup/cpu");
        assert_eq!(find(Some("pids")).unwrap(), "/sys/fs/cgroup/pids/x");
        assert_eq!(find(None).unwrap(), "/sys/fs/cgroup/unified/user.slice");
        assert_eq!(find(Some("blkio")), None);
    }
}
