//! Giving up the right to make memory executable, once the code is loaded.

/// From now on no memory of this process becomes executable that was not, for the
/// rest of its life (`PR_SET_MDWE`, Linux 6.3). The jail cannot hold this, because
/// loading native code needs it once. Kernels that do not know it go without.
pub(crate) fn forbid() {
    // SAFETY: needed because no safe interface has this option. Sound because it
    // takes numbers alone and only takes a right from this process.
    let _ = unsafe {
        libc::prctl(
            libc::PR_SET_MDWE,
            u64::from(libc::PR_MDWE_REFUSE_EXEC_GAIN),
            0_u64,
            0_u64,
            0_u64,
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
    use std::process::Command;

    const INSIDE: &str = "RINGFENCE_TEST_INSIDE";

    /// Whether a written page can be made executable.
    fn gains() -> bool {
        // SAFETY: needed because mapping memory is. Sound because the page is new,
        // ours, and never run.
        unsafe {
            let flags = ProtFlags::READ | ProtFlags::WRITE;
            let page =
                mmap_anonymous(std::ptr::null_mut(), 4096, flags, MapFlags::PRIVATE).unwrap();
            mprotect(page, 4096, MprotectFlags::READ | MprotectFlags::EXEC).is_ok()
        }
    }

    #[test]
    fn memory_that_was_written_cannot_become_code_once_that_is_given_up() {
        // For the whole process, so in one of its own.
        if std::env::var_os(INSIDE).is_some() {
            assert!(gains());
            forbid();
            assert!(!gains());
            return;
        }
        let name =
            "new_code::tests::memory_that_was_written_cannot_become_code_once_that_is_given_up";
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(INSIDE, "1")
            .status()
            .unwrap();
        assert!(status.success());
    }
}
