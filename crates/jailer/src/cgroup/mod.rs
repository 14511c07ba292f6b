//! Limits over all processes of a jail together, on cgroup v2 and v1.
//!
//! Joining costs nothing that can be avoided: on v2 the jail is cloned into its
//! cgroup; on v1 its first process moves itself through `tasks`, since a write
//! to `cgroup.procs` waits for a grace period (7.5 ms on an idle machine).

mod discover;
mod kernel_file;
mod stale;

pub use discover::{Hierarchy, discover, sweep};
pub(crate) use kernel_file::read_text;
pub(crate) use stale::own_prefix;

use crate::spec::CgroupLimits;
use crate::sys::Errno;
use crate::wire::Usage;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// One jail's cgroup, removed by [`Cgroup::remove`].
pub(crate) struct Cgroup {
    version: Version,
    /// Folders made for it, the one that counts memory first.
    folders: Vec<PathBuf>,
    /// The one that counts processes.
    pids: Option<PathBuf>,
    /// The one that counts processor time.
    time: Option<PathBuf>,
}

/// Where the old hierarchies are.
struct One<'a> {
    memory: &'a Path,
    pids: Option<&'a Path>,
    cpu: Option<&'a Path>,
    time: Option<&'a Path>,
}

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
    pub(crate) path: PathBuf,
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> CgroupError + '_ {
    |error| CgroupError {
        errno: Errno(error.raw_os_error().unwrap_or(libc::EIO)),
        path: path.to_owned(),
    }
}

impl Cgroup {
    /// Makes and limits a cgroup named `name`, or says why it cannot.
    pub(crate) fn create(
        hierarchy: &Hierarchy,
        name: &str,
        limits: &CgroupLimits,
    ) -> Result<Option<(Self, Entrance)>, CgroupError> {
        let mut made = Self { version: Version::One, folders: Vec::new(), pids: None, time: None };
        let result = match hierarchy {
            Hierarchy::None { .. } => return Ok(None),
            Hierarchy::Two { parent } => {
                made.version = Version::Two;
                made.fill_two(&parent.join(name), limits)
            }
            Hierarchy::One { memory, pids, cpu, cpuacct } => {
                let controllers = One {
                    memory,
                    pids: pids.as_deref(),
                    cpu: cpu.as_deref(),
                    time: cpuacct.as_deref(),
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

    fn make(&mut self, folder: &Path) -> Result<(), CgroupError> {
        fs::create_dir(folder).map_err(failed(folder))?;
        self.folders.push(folder.to_owned());
        Ok(())
    }

    fn fill_two(&mut self, folder: &Path, limits: &CgroupLimits) -> Result<Entrance, CgroupError> {
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
        let fd = fs::OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_DIRECTORY)
            .open(folder)
            .map_err(failed(folder))?;
        self.pids = Some(folder.to_owned());
        self.time = Some(folder.to_owned());
        Ok(Entrance::Clone(fd.into()))
    }

    fn fill_one(
        &mut self,
        name: &str,
        controllers: &One<'_>,
        limits: &CgroupLimits,
    ) -> Result<Entrance, CgroupError> {
        let mut tasks = Vec::new();
        let folder = controllers.memory.join(name);
        self.make(&folder)?;
        if limits.memory > 0 {
            let bytes = limits.memory.to_string();
            set(&folder, "memory.limit_in_bytes", &bytes)?;
            set_optional(&folder, "memory.memsw.limit_in_bytes", &bytes)?;
            set_optional(&folder, "memory.swappiness", "0")?;
        }
        tasks.push(open_tasks(&folder)?);
        if let (Some(pids), true) = (controllers.pids, limits.pids > 0) {
            let folder = pids.join(name);
            self.make(&folder)?;
            set(&folder, "pids.max", &limits.pids.to_string())?;
            tasks.push(open_tasks(&folder)?);
            self.pids = Some(folder);
        }
        if let (Some(cpu), true) = (controllers.cpu, limits.cpu_percent > 0) {
            let folder = cpu.join(name);
            self.make(&folder)?;
            set_optional(&folder, "cpu.cfs_period_us", "100000")?;
            let quota = u64::from(limits.cpu_percent) * 1000;
            set_optional(&folder, "cpu.cfs_quota_us", &quota.to_string())?;
            tasks.push(open_tasks(&folder)?);
        }
        if let Some(time) = controllers.time {
            let folder = time.join(name);
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
    pub(crate) fn memory_folder(&self) -> Option<&Path> {
        self.folders.first().map(PathBuf::as_path)
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
        if let Some(bytes) = read_number(&folder.join(peak)) {
            usage.peak_memory = bytes;
        }
        usage.out_of_memory = read_key(&folder.join(events), key).unwrap_or(0);
        if let Some(pids) = &self.pids {
            usage.forks_refused = read_key(&pids.join("pids.events"), "max").unwrap_or(0);
        }
        if let Some(time) = &self.time {
            self.read_time(time, usage);
        }
    }

    /// The processes' own times leave out those that died with the jail.
    fn read_time(&self, folder: &Path, usage: &mut Usage) {
        match self.version {
            Version::Two => {
                let stat = folder.join("cpu.stat");
                let read = |key| read_key(&stat, key);
                if let (Some(user), Some(system)) = (read("user_usec"), read("system_usec")) {
                    (usage.user_micros, usage.system_micros) = (user, system);
                }
            }
            Version::One => {
                if let Some(nanos) = read_number(&folder.join("cpuacct.usage")) {
                    let total = nanos / 1000;
                    let user = read_number(&folder.join("cpuacct.usage_user")).unwrap_or(0) / 1000;
                    (usage.user_micros, usage.system_micros) = (user, total.saturating_sub(user));
                }
            }
        }
    }

    /// The folder that counts processor time.
    pub(crate) fn time_folder(&self) -> Option<&Path> {
        self.time.as_deref()
    }

    /// Removes the folders; they are empty once the jail's processes are gone.
    pub(crate) fn remove(&mut self) {
        for folder in self.folders.drain(..).rev() {
            // A process that has just died may still be counted for a moment.
            for _ in 0..100 {
                match fs::remove_dir(&folder) {
                    Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                        let _ = crate::sys::poll(&mut [], 1);
                    }
                    _ => break,
                }
            }
        }
    }
}

fn set(folder: &Path, file: &str, value: &str) -> Result<(), CgroupError> {
    let path = folder.join(file);
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|mut file| io::Write::write_all(&mut file, value.as_bytes()))
        .map_err(failed(&path))
}

/// As [`set`], but a kernel without the file has nothing to limit there.
fn set_optional(folder: &Path, file: &str, value: &str) -> Result<(), CgroupError> {
    match set(folder, file, value) {
        Err(error) if error.errno == Errno(libc::ENOENT) => Ok(()),
        other => other,
    }
}

fn open_tasks(folder: &Path) -> Result<OwnedFd, CgroupError> {
    let path = folder.join("tasks");
    fs::OpenOptions::new().write(true).open(&path).map(OwnedFd::from).map_err(failed(&path))
}

fn read_number(path: &Path) -> Option<u64> {
    read_text(path)?.trim().parse().ok()
}

fn read_key(path: &Path, key: &str) -> Option<u64> {
    let text = read_text(path)?;
    text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
}
