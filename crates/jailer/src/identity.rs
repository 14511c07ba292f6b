//! Who the plugin is, inside and on the host.

use crate::sys::OwnedFd;
use crate::sys::{self, Errno, Forked};
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::ffi::CString;
use alloc::format;
use alloc::vec::Vec;

/// User and group id that the plugin sees itself as. Not 0, so that no program
/// takes itself for an administrator.
pub(crate) const INSIDE: u32 = 1000;

/// First host id for plugins when the jailer runs as root: above the range that
/// systemd gives to its containers (524,288 to 1,879,048,191), below 2^31.
const HOST_BASE: u32 = 1_879_100_000;
/// How many ids follow it.
const HOST_COUNT: u32 = 60_000;

/// The plugin's identity on the host.
pub(crate) enum Identity {
    /// The jailer is root: an id that owns nothing, and a cache of user
    /// namespaces that show one owner's files as the plugin's.
    Mapped { host: u32, owner_maps: BTreeMap<u32, OwnedFd> },
    /// The jailer is an ordinary user, and so is the plugin.
    Own,
}

impl Identity {
    pub(crate) fn choose() -> Self {
        if sys::effective_uid() != 0 {
            return Self::Own;
        }
        let wanted = HOST_BASE + sys::process_id() % HOST_COUNT;
        let map = sys::read_text("/proc/self/uid_map").unwrap_or_default();
        if is_one_ordinary_user(&map) {
            return Self::Own;
        }
        Self::Mapped { host: choose_mapped(&map, wanted), owner_maps: BTreeMap::new() }
    }

    pub(crate) fn is_mapped(&self) -> bool {
        matches!(self, Self::Mapped { .. })
    }

    /// Gives the process `pid`, cloned into a user namespace, its id maps.
    pub(crate) fn write_maps(&self, pid: i32) -> Result<(), Errno> {
        match self {
            // A namespace with no id but root's own: nobody to be instead.
            Self::Mapped { host: 0, .. } => Err(Errno(libc::EPERM)),
            Self::Mapped { host, .. } => write_maps(pid, INSIDE, *host),
            Self::Own => Ok(()),
        }
    }

    /// A user namespace in which files of `owner` on disk belong to the plugin.
    pub(crate) fn owner_map(&mut self, owner: u32) -> Option<OwnedFd> {
        let Self::Mapped { host, owner_maps } = self else {
            return None;
        };
        let map = match owner_maps.entry(owner) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(make_user_namespace(owner, *host).ok()?),
        };
        map.try_clone().ok()
    }
}

/// Whether this root is one of a user namespace that has no other id to give
/// away, such as that of a rootless container, and an ordinary user outside. The
/// plugin then is that user, as it is without the namespace.
fn is_one_ordinary_user(map: &str) -> bool {
    let numbers: Vec<&str> = map.split_whitespace().collect();
    matches!(numbers.as_slice(), ["0", outside, "1"] if *outside != "0")
}

/// `wanted`, or in a user namespace that has no such id, the last one it has.
fn choose_mapped(map: &str, wanted: u32) -> u32 {
    let mut last = wanted;
    for line in map.lines() {
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<u32>().ok());
        let (Some(start), Some(_), Some(count)) = (numbers.next(), numbers.next(), numbers.next())
        else {
            continue;
        };
        let end = start.saturating_add(count.saturating_sub(1));
        if (start..=end).contains(&wanted) {
            return wanted;
        }
        // The very last id of a range is often "nobody" of somebody else.
        last = end.saturating_sub(1).max(start);
    }
    last
}

fn write_maps(pid: i32, inside: u32, host: u32) -> Result<(), Errno> {
    let line = format!("{inside} {host} 1\n");
    for file in ["uid_map", "gid_map"] {
        let path = CString::new(format!("/proc/{pid}/{file}")).map_err(|_| Errno(libc::EINVAL))?;
        sys::write_file(&path, line.as_bytes())?;
    }
    Ok(())
}

/// For an ordinary user: maps the own id only, which needs no privilege.
pub(crate) fn map_self(uid: u32, gid: u32) -> Result<(), Errno> {
    sys::write_file(c"/proc/self/setgroups", b"deny")?;
    sys::write_file(c"/proc/self/uid_map", format!("{INSIDE} {uid} 1\n").as_bytes())?;
    sys::write_file(c"/proc/self/gid_map", format!("{INSIDE} {gid} 1\n").as_bytes())
}

fn make_user_namespace(inside: u32, host: u32) -> Result<OwnedFd, Errno> {
    let (read, write) = sys::pipe()?;
    match sys::fork_with(0x1000_0000, None)? {
        Forked::Child => {
            drop(write);
            // Lives until the parent has opened its namespace.
            let _ = sys::read(&read, &mut [0]);
            sys::exit_now(0)
        }
        Forked::Parent { pid, .. } => {
            drop(read);
            let result = write_maps(pid, inside, host).and_then(|()| {
                let path = CString::new(format!("/proc/{pid}/ns/user"))
                    .map_err(|_| Errno(libc::EINVAL))?;
                sys::open(sys::CWD, &path, libc::O_RDONLY, 0)
            });
            drop(write);
            sys::wait(pid)?;
            result
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_the_user_namespace_lacks_is_never_chosen() {
        assert_eq!(choose_mapped("0 0 4294967295\n", HOST_BASE), HOST_BASE);
        assert_eq!(choose_mapped("0 1000 1\n1 100000 65536\n", HOST_BASE), 65535);
        assert_eq!(choose_mapped("0 1000 1\n", HOST_BASE), 0);
    }

    #[test]
    fn only_a_root_that_is_an_ordinary_user_outside_stays_who_it_is() {
        assert!(is_one_ordinary_user("         0       1000          1\n"));
        assert!(!is_one_ordinary_user("0 0 1\n"));
        assert!(!is_one_ordinary_user("0 0 4294967295\n"));
        assert!(!is_one_ordinary_user("0 1000 1\n1 100000 65536\n"));
    }
}
