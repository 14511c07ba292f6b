//! A jail for a process of ours that has read all it needs, and now looks into what a
//! stranger wrote. It is the jail's first process without a jail around it: it shuts
//! itself in where it stands.

use crate::sys::{self, Errno};
use crate::wire::Stage;
use crate::{init, landlock, seccomp};

/// The first descriptor that is not a standard stream.
const FIRST_OTHER: u32 = 3;

/// Gives up, for ever: every descriptor but the standard streams, every capability, all
/// files and networks (Landlock, where the kernel has it), and every system call but
/// those for memory, own threads, clocks and writing to what is open. Returns the ABI
/// of Landlock in force, 0 when there is none.
///
/// Who calls this has no other thread, which would keep all of it, and no descriptor
/// that it still wants.
///
/// # Errors
/// The step that the kernel refused. The process may then have lost a part of what it
/// had, and must not go on as if it were shut in.
pub fn shut_in() -> Result<u32, (Stage, Errno)> {
    let at = |stage| move |errno| (stage, errno);
    init::give_up_capabilities().map_err(at(Stage::Capabilities))?;
    let abi = landlock::restrict(&[], false).map_err(at(Stage::Landlock))?;
    sys::close_range(FIRST_OTHER, u32::MAX).map_err(at(Stage::Settings))?;
    sys::set_rlimit(libc::RLIMIT_NOFILE, FIRST_OTHER.into()).map_err(at(Stage::Rlimit))?;
    let filter = seccomp::assemble_reader();
    sys::install_filter(filter.instructions()).map_err(at(Stage::Seccomp))?;
    Ok(abi)
}
