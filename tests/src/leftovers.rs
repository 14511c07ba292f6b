//! What exists on the host because of jails.

use crate::run::patience;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Everything of ours that could be left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftovers {
    /// Descendants of this process: number and name.
    pub processes: BTreeSet<String>,
    /// Mounts of this process's namespace.
    pub mounts: BTreeSet<String>,
    /// cgroups whose name is one of ours.
    pub cgroups: BTreeSet<PathBuf>,
    /// What our descriptors point to; numbers of sockets and pipes left out.
    pub descriptors: Vec<String>,
    /// Entries of the folders for temporary files that have our name.
    pub folders: BTreeSet<PathBuf>,
}

impl Leftovers {
    /// Looks now. cgroups are those made by descendants of this process or by
    /// processes that are gone.
    #[must_use]
    pub fn look() -> Self {
        let mut cgroups = BTreeSet::new();
        for base in own_cgroups() {
            for entry in fs::read_dir(base).into_iter().flatten().flatten() {
                if is_ours(&entry.file_name().to_string_lossy()) {
                    cgroups.insert(entry.path());
                }
            }
        }
        let mut descriptors: Vec<String> = fs::read_dir("/proc/self/fd")
            .unwrap()
            .flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .map(|link| link.to_string_lossy().split('[').next().unwrap_or_default().to_owned())
            .collect();
        descriptors.sort();
        let folders = ["/tmp", "/var/tmp", "/dev/shm", "/run"]
            .into_iter()
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flat_map(Iterator::flatten)
            .filter(|entry| entry.file_name().to_string_lossy().contains("ringfence"))
            .map(|entry| entry.path())
            .collect();
        let mounts = fs::read_to_string("/proc/self/mountinfo")
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        Self { processes: descendants(), mounts, cgroups, descriptors, folders }
    }
}

/// `ringfence-<process>-<start>-<number>` of a jailer that is our descendant or gone.
fn is_ours(name: &str) -> bool {
    let Some(pid) = name.strip_prefix("ringfence-").and_then(|rest| rest.split('-').next()) else {
        return false;
    };
    let alive = Path::new("/proc").join(pid).exists();
    !alive || descendants().iter().any(|line| line.split(' ').next() == Some(pid))
}

fn own_cgroups() -> BTreeSet<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut found = BTreeSet::new();
    for line in own.lines() {
        let mut parts = line.splitn(3, ':');
        let (_, names, path) =
            (parts.next(), parts.next().unwrap_or(""), parts.next().unwrap_or("/"));
        for base in [
            "/sys/fs/cgroup".to_owned(),
            format!("/sys/fs/cgroup/{names}"),
            format!("/sys/fs/cgroup/{}", names.replace(',', "/")),
        ] {
            let folder = Path::new(&base).join(path.trim_start_matches('/'));
            found.extend(
                folder
                    .ancestors()
                    .take_while(|f| f.starts_with("/sys/fs/cgroup"))
                    .map(Path::to_path_buf),
            );
        }
    }
    found
}

/// Children of a process, with their names.
#[must_use]
pub fn children_of(pid: u32) -> Vec<(u32, String)> {
    let mut children = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in text.split_whitespace().filter_map(|word| word.parse().ok()) {
            let name = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
            children.push((child, name.trim().to_owned()));
        }
    }
    children
}

fn descendants() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut todo = vec![std::process::id()];
    while let Some(pid) = todo.pop() {
        for (child, name) in children_of(pid) {
            if found.insert(format!("{child} {name}")) {
                todo.push(child);
            }
        }
    }
    found
}

/// Waits until `holds`, at most `limit`, which a slow machine puts off; says
/// whether it does.
pub fn eventually(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let limit = patience(limit);
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    holds()
}
