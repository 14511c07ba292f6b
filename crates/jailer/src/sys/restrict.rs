//! seccomp and Landlock.

use super::{Errno, OwnedFd, Result, address, call, owned, raw};

/// Installs a seccomp program for this process and its children.
pub(crate) fn install_filter(program: &[libc::sock_filter]) -> Result<()> {
    let length = u16::try_from(program.len()).map_err(|_| Errno(libc::E2BIG))?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    call(libc::SYS_seccomp, [libc::SECCOMP_SET_MODE_FILTER as usize, 0, address(&program), 0, 0, 0])
        .map(drop)
}

/// `landlock_create_ruleset`; with `None` the ABI version is asked for.
pub(crate) fn landlock_create<T>(attributes: Option<&T>) -> Result<libc::c_long> {
    match attributes {
        Some(value) => {
            call(libc::SYS_landlock_create_ruleset, [address(value), size_of::<T>(), 0, 0, 0, 0])
        }
        None => call(libc::SYS_landlock_create_ruleset, [0, 0, 1, 0, 0, 0]),
    }
}

/// Takes ownership of the descriptor that [`landlock_create`] returned.
pub(crate) fn landlock_owned(fd: libc::c_long) -> OwnedFd {
    owned(fd)
}

#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent_fd: i32,
}

pub(crate) fn landlock_allow(ruleset: &OwnedFd, path: &OwnedFd, access: u64) -> Result<()> {
    let rule = PathBeneath { allowed_access: access, parent_fd: path.as_raw_fd() };
    let address = core::ptr::from_ref(&rule) as usize;
    call(libc::SYS_landlock_add_rule, [raw(ruleset.as_raw_fd()), 1, address, 0, 0, 0]).map(drop)
}

pub(crate) fn landlock_restrict(ruleset: &OwnedFd) -> Result<()> {
    call(libc::SYS_landlock_restrict_self, [raw(ruleset.as_raw_fd()), 0, 0, 0, 0, 0]).map(drop)
}
