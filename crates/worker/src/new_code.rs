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
    #[cfg(feature = "compile")]
    use ringfence_protocol::worker::{CodeKind, WorkerSettings};
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

    /// Runs the rest of the test of that name in a process of its own, since what is
    /// given up is given up for all of it; tells whether this is that process.
    fn is_inside(name: &str) -> bool {
        if std::env::var_os(INSIDE).is_some() {
            return true;
        }
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("new_code::tests::{name}")])
            .env(INSIDE, "1")
            .status()
            .unwrap();
        assert!(status.success());
        false
    }

    #[test]
    fn memory_that_was_written_cannot_become_code_once_that_is_given_up() {
        if is_inside("memory_that_was_written_cannot_become_code_once_that_is_given_up") {
            assert!(gains());
            forbid();
            assert!(!gains());
        }
    }

    #[cfg(feature = "compile")]
    #[test]
    fn a_worker_whose_code_is_loaded_has_given_it_up() {
        if !is_inside("a_worker_whose_code_is_loaded_has_given_it_up") {
            return;
        }
        let native = crate::compile(b"\0asm\x01\0\0\0").unwrap();
        let code = rustix::fs::memfd_create(c"code", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        assert_eq!(rustix::io::write(&code, &native).unwrap(), native.len());
        let settings = WorkerSettings {
            kind: CodeKind::Module,
            stateful: false,
            strict: true,
            swaps: false,
            memory_bytes: 1 << 20,
            initialise_ms: 1000,
            call_ms: 1000,
            cpu_ms: 1000,
            output_bytes: 1 << 20,
            host_calls: 1,
            host_bytes: 1 << 20,
            folders: Vec::new(),
        };
        assert!(gains());
        let mut worker = crate::Worker::load(settings, None, &code, None).unwrap();
        assert!(!gains());
        assert!(worker.initialise("{}").unwrap().is_empty(), "and the code runs");
    }
}
