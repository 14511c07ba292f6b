//! Limits over all processes of a jail together, on cgroup v2 and v1.
//!
//! Joining costs nothing that can be avoided: on v2 the jail is cloned into its
//! cgroup; on v1 its first process moves itself through `tasks`, since a write
//! to `cgroup.procs` waits for a grace period (7.5 ms on an idle machine).

mod discover;
mod stale;

pub use discover::{Hierarchy, OVERRIDE, discover, sweep};
pub(crate) use stale::own_prefix;

use crate::spec::CgroupLimits;
use crate::sys::{self, Errno, OwnedFd, read_text};
use crate::wire::Usage;
use alloc::borrow::ToOwned;
use alloc::ffi::CString;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// One jail's cgroup, removed by [`Cgroup::remove`].
pub(crate) struct Cgroup {
    version: Version,
    /// Folders made for it, the one that counts memory first.
    folders: Vec<String>,
    /// The one that counts processes.
    pids: Option<String>,
    /// The one that counts processor time.
    time: Option<String>,
}

/// Where the old hierarchies are.
struct One<'a> {
    memory: &'a str,
    pids: Option<&'a str>,
    cpu: Option<&'a str>,
    time: Option<&'a str>,
    /// The jail has internet sockets.
    network: bool,
}

/// What may wait in sockets, as a part of the memory, where it is counted apart.
const SHARE_OF_SOCKETS: u64 = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// How the jail's first process gets in.
pub(crate) enum Entrance {
    /// `CLONE_INTO_CGROUP` with this folder.
    Clone(OwnedFd),
    /// Write `0` to each of these.
    Tasks(Vec<OwnedFd>),
}

/// What failed and on which file.
pub(crate) struct CgroupError {
    pub(crate) errno: Errno,
    pub(crate) path: String,
}

fn failed(path: &str) -> impl FnOnce(Errno) -> CgroupError + '_ {
    |errno| CgroupError { errno, path: path.to_owned() }
}

/// The file or folder `name` in `folder`.
fn below(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

/// Opens a file or folder by its path as text.
fn open(path: &str, flags: i32) -> Result<OwnedFd, Errno> {
    let path = CString::new(path).map_err(|_| Errno(libc::EINVAL))?;
    sys::open(sys::CWD, &path, flags, 0)
}

impl Cgroup {
    /// Makes and limits a cgroup named `name`, or says why it cannot.
    pub(crate) fn create(
        hierarchy: &Hierarchy,
        name: &str,
        limits: &CgroupLimits,
        network: bool,
    ) -> Result<Option<(Self, Entrance)>, CgroupError> {
        let mut made = Self { version: Version::One, folders: Vec::new(), pids: None, time: None };
        let result = match hierarchy {
            Hierarchy::None { .. } => return Ok(None),
            Hierarchy::Two { parent } => {
                made.version = Version::Two;
                made.fill_two(&below(parent, name), limits)
            }
            Hierarchy::One { memory, pids, cpu, cpuacct } => {
                let controllers = One {
                    memory,
                    pids: pids.as_deref(),
                    cpu: cpu.as_deref(),
                    time: cpuacct.as_deref(),
                    network,
                };
                made.fill_one(name, &controllers, limits)
            }
        };
        match result {
            Ok(entrance) => Ok(Some((made, entrance))),
            Err(error) => {
                made.remove();
                Err(error)
            }
        }
    }

    fn make(&mut self, folder: &str) -> Result<(), CgroupError> {
        CString::new(folder)
            .map_err(|_| Errno(libc::EINVAL))
            .and_then(|path| sys::mkdir(sys::CWD, &path, 0o777))
            .map_err(failed(folder))?;
        self.folders.push(folder.to_owned());
        Ok(())
    }

    fn fill_two(&mut self, folder: &str, limits: &CgroupLimits) -> Result<Entrance, CgroupError> {
        self.make(folder)?;
        if limits.memory > 0 {
            set(folder, "memory.max", &limits.memory.to_string())?;
            // Kernels without swap accounting have no such file, and then no swap counts.
            set_optional(folder, "memory.swap.max", "0")?;
            // One process killed for memory ends the plugin, never half of it.
            set_optional(folder, "memory.oom.group", "1")?;
        }
        if limits.pids > 0 {
            set(folder, "pids.max", &limits.pids.to_string())?;
        }
        if limits.cpu_percent > 0 {
            let quota = format!("{} 100000", u64::from(limits.cpu_percent) * 1000);
            set_optional(folder, "cpu.max", &quota)?;
        }
        let fd = open(folder, libc::O_RDONLY | libc::O_DIRECTORY).map_err(failed(folder))?;
        self.pids = Some(folder.to_owned());
        self.time = Some(folder.to_owned());
        Ok(Entrance::Clone(fd))
    }

    fn fill_one(
        &mut self,
        name: &str,
        controllers: &One<'_>,
        limits: &CgroupLimits,
    ) -> Result<Entrance, CgroupError> {
        let mut tasks = Vec::new();
        let folder = below(controllers.memory, name);
        self.make(&folder)?;
        if limits.memory > 0 {
            let bytes = limits.memory.to_string();
            set(&folder, "memory.limit_in_bytes", &bytes)?;
            set_optional(&folder, "memory.memsw.limit_in_bytes", &bytes)?;
            set_optional(&folder, "memory.swappiness", "0")?;
        }
        if limits.memory > 0 && controllers.network {
            // Here what waits in sockets is counted only when it has a limit of its
            // own; else one jail could take what the whole machine has for TCP.
            let bytes = (limits.memory / SHARE_OF_SOCKETS).to_string();
            set_optional(&folder, "memory.kmem.tcp.limit_in_bytes", &bytes)?;
        }
        tasks.push(open_tasks(&folder)?);
        if let (Some(pids), true) = (controllers.pids, limits.pids > 0) {
            let folder = below(pids, name);
            self.make(&folder)?;
            set(&folder, "pids.max", &limits.pids.to_string())?;
            tasks.push(open_tasks(&folder)?);
            self.pids = Some(folder);
        }
        if let (Some(cpu), true) = (controllers.cpu, limits.cpu_percent > 0) {
            let folder = below(cpu, name);
            self.make(&folder)?;
            set_optional(&folder, "cpu.cfs_period_us", "100000")?;
            let quota = u64::from(limits.cpu_percent) * 1000;
            set_optional(&folder, "cpu.cfs_quota_us", &quota.to_string())?;
            tasks.push(open_tasks(&folder)?);
        }
        if let Some(time) = controllers.time {
            let folder = below(time, name);
            // Often one hierarchy with the former.
            if controllers.cpu != Some(time) || limits.cpu_percent == 0 {
                self.make(&folder)?;
                tasks.push(open_tasks(&folder)?);
            }
            self.time = Some(folder);
        }
        Ok(Entrance::Tasks(tasks))
    }

    /// The folder that counts memory.
    pub(crate) fn memory_folder(&self) -> Option<&str> {
        self.folders.first().map(String::as_str)
    }

    /// Adds what the kernel counted to `usage`.
    pub(crate) fn read_usage(&self, usage: &mut Usage) {
        let Some(folder) = self.memory_folder() else {
            return;
        };
        let (peak, events, key) = match self.version {
            Version::Two => ("memory.peak", "memory.events", "oom_kill"),
            Version::One => ("memory.max_usage_in_bytes", "memory.oom_control", "oom_kill"),
        };
        if let Some(bytes) = read_number(&below(folder, peak)) {
            usage.peak_memory = bytes;
        }
        usage.out_of_memory = read_key(&below(folder, events), key).unwrap_or(0);
        if let Some(pids) = &self.pids {
            usage.forks_refused = read_key(&below(pids, "pids.events"), "max").unwrap_or(0);
        }
        if let Some(time) = &self.time {
            self.read_time(time, usage);
        }
    }

    /// The processes' own times leave out those that died with the jail.
    fn read_time(&self, folder: &str, usage: &mut Usage) {
        match self.version {
            Version::Two => {
                let stat = below(folder, "cpu.stat");
                let read = |key| read_key(&stat, key);
                if let (Some(user), Some(system)) = (read("user_usec"), read("system_usec")) {
                    (usage.user_micros, usage.system_micros) = (user, system);
                }
            }
            Version::One => {
                if let Some(nanos) = read_number(&below(folder, "cpuacct.usage")) {
                    let total = nanos / 1000;
                    let user =
                        read_number(&below(folder, "cpuacct.usage_user")).unwrap_or(0) / 1000;
                    (usage.user_micros, usage.system_micros) = (user, total.saturating_sub(user));
                }
            }
        }
    }

    /// The folder that counts processor time.
    pub(crate) fn time_folder(&self) -> Option<&str> {
        self.time.as_deref()
    }

    /// Removes the folders; they are empty once the jail's processes are gone.
    pub(crate) fn remove(&mut self) {
        for folder in self.folders.drain(..).rev().filter_map(|path| CString::new(path).ok()) {
            // A process that has just died may still be counted for a moment.
            for _ in 0..100 {
                match sys::remove_folder(&folder) {
                    Err(Errno(libc::EBUSY)) => {
                        let _ = sys::poll(&mut [], 1);
                    }
                    _ => break,
                }
            }
        }
    }
}

fn set(folder: &str, file: &str, value: &str) -> Result<(), CgroupError> {
    let path = below(folder, file);
    write(&path, value).map_err(failed(&path))
}

/// As [`set`], but a kernel without the file has nothing to limit there.
fn set_optional(folder: &str, file: &str, value: &str) -> Result<(), CgroupError> {
    match set(folder, file, value) {
        Err(error) if error.errno == Errno(libc::ENOENT) => Ok(()),
        other => other,
    }
}

/// Writes to a file that is there.
fn write(path: &str, value: &str) -> Result<(), Errno> {
    sys::write_all(&open(path, libc::O_WRONLY)?, value.as_bytes())
}

fn open_tasks(folder: &str) -> Result<OwnedFd, CgroupError> {
    let path = below(folder, "tasks");
    open(&path, libc::O_WRONLY).map_err(failed(&path))
}

fn read_number(path: &str) -> Option<u64> {
    read_text(path)?.trim().parse().ok()
}

fn read_key(path: &str, key: &str) -> Option<u64> {
    let text = read_text(path)?;
    text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
}
