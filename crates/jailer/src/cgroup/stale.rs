//! Removes cgroups whose jailer was killed before it could.

use super::below;
use crate::sys::{self, Errno, read_text};
use alloc::ffi::CString;
use alloc::format;
use alloc::string::String;

/// Every cgroup of ours begins with this.
const PREFIX: &str = "ringfence-";

/// What the names of this process's cgroups begin with, so that it can be told
/// later who made them: process id and start time. A number follows.
pub(crate) fn own_prefix() -> String {
    let pid = sys::process_id();
    format!("{PREFIX}{pid}-{}-", start_time(pid).unwrap_or(0))
}

/// Removes the empty cgroups of jailers that no longer run; `true` when one is
/// not empty.
pub(super) fn sweep(folder: &str) -> bool {
    let names = CString::new(folder).ok().and_then(|folder| sys::names(&folder).ok());
    let mut left = false;
    for name in names.unwrap_or_default() {
        let Some(rest) = name.strip_prefix(PREFIX) else {
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
            let path = CString::new(below(folder, &name));
            left |= path.is_ok_and(|path| sys::remove_folder(&path) == Err(Errno(libc::EBUSY)));
        }
    }
    left
}

/// When a process started, in clock ticks since boot: field 22 of proc_pid_stat(5).
/// None when it is dead, also when nobody waited for it yet.
fn start_time(pid: u32) -> Option<u64> {
    let stat = read_text(&format!("/proc/{pid}/stat"))?;
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
    use std::fs;

    #[test]
    fn the_cgroup_of_a_dead_jailer_is_removed_and_that_of_a_living_one_stays() {
        let folder = std::env::temp_dir().join(own_prefix() + "77");
        let living = folder.join(own_prefix() + "1");
        let dead = folder.join(format!("{PREFIX}{}-1-1", std::process::id()));
        let foreign = folder.join("system.slice");
        for path in [&living, &dead, &foreign] {
            fs::create_dir_all(path).unwrap();
        }
        sweep(folder.to_str().unwrap());
        assert!(living.exists() && foreign.exists());
        assert!(!dead.exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
