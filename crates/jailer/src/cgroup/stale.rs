//! Removes cgroups whose jailer was killed before it could.

use std::fs;
use std::path::Path;

/// Every cgroup of ours begins with this.
const PREFIX: &str = "ringfence-";

/// What the names of this process's cgroups begin with, so that it can be told
/// later who made them: process id and start time. A number follows.
pub(crate) fn own_prefix() -> String {
    let pid = crate::sys::process_id();
    format!("{PREFIX}{pid}-{}-", start_time(pid).unwrap_or(0))
}

/// Removes the empty cgroups of jailers that no longer run; `true` when one is
/// not empty.
pub(super) fn sweep(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let mut left = false;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
            continue;
        };
        let mut parts = rest.split('-');
        let (Some(Ok(pid)), Some(Ok(started))) =
            (parts.next().map(str::parse::<u32>), parts.next().map(str::parse::<u64>))
        else {
            continue;
        };
        if start_time(pid) != Some(started) {
            // Not empty means not stale yet: the kernel refuses.
            let removed = fs::remove_dir(entry.path());
            left |= removed.is_err_and(|e| e.raw_os_error() == Some(libc::EBUSY));
        }
    }
    left
}

/// When a process started, in clock ticks since boot: field 22 of proc_pid_stat(5).
/// None when it is dead, also when nobody waited for it yet.
fn start_time(pid: u32) -> Option<u64> {
    let stat = super::read_text(format!("/proc/{pid}/stat"))?;
    // The second field is the name in brackets and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cgroup_of_a_dead_jailer_is_removed_and_that_of_a_living_one_stays() {
        let folder = std::env::temp_dir().join(own_prefix() + "77");
        let living = folder.join(own_prefix() + "1");
        let dead = folder.join(format!("{PREFIX}{}-1-1", std::process::id()));
        let foreign = folder.join("system.slice");
        for path in [&living, &dead, &foreign] {
            fs::create_dir_all(path).unwrap();
        }
        sweep(&folder);
        assert!(living.exists() && foreign.exists());
        assert!(!dead.exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
