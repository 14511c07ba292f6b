//! The host's handle on its jailer program.

use crate::channel;
use crate::jail::Jail;
use ringfence_jailer::{JailSpec, MAX_MESSAGE};
use ringfence_sandbox::StartError;
use rustix::fs::{MemfdFlags, SealFlags};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

static PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ringfence-jailer"));

/// A running jailer. When it is dropped, or this process dies in any way, the
/// jailer ends every jail and itself.
#[derive(Debug)]
pub struct Jailer {
    control: Option<OwnedFd>,
    child: Child,
}

impl Jailer {
    /// Starts the jailer from a sealed copy in memory: what runs with privileges
    /// is what was built, whatever happens on disk. With `only_one` it serves one
    /// request.
    ///
    /// # Errors
    /// When this process may not start programs from memory, or has no
    /// descriptors left.
    pub fn start(only_one: bool) -> Result<Self, StartError> {
        let failed = |step: &'static str| {
            move |error: std::io::Error| StartError::Unavailable {
                step: step.to_owned(),
                reason: error.to_string(),
                help: None,
            }
        };
        let program = sealed_program().map_err(failed("preparing the jailer"))?;
        let (ours, theirs) =
            channel::packet_pair().map_err(|e| failed("creating a socket")(e.into()))?;
        // Started through posix_spawn, which shares memory with a big host
        // instead of copying its page tables. A statically linked host has none
        // that sets a folder too: the jailer leaves ours by itself.
        let child = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()))
            .env_clear()
            .arg(if only_one { "one" } else { "many" })
            .args(crate::machine::chosen_cgroup())
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to a whole process group: the jailer must
            // outlive it to clean up.
            .process_group(0)
            .spawn()
            .map_err(failed("starting the jailer"))?;
        Ok(Self { control: Some(ours), child })
    }

    /// Asks for one jail; returns at once, the jail is built meanwhile.
    ///
    /// # Errors
    /// When the jailer is gone.
    pub fn create(&self, spec: &JailSpec) -> Result<Jail, StartError> {
        let gone = |error: rustix::io::Errno| StartError::Jailer(format!("it is gone: {error}"));
        let bytes = spec.encode();
        if bytes.len() > MAX_MESSAGE {
            return Err(StartError::Plan(format!("it is larger than {MAX_MESSAGE} bytes")));
        }
        let (status, their_status) = channel::packet_pair().map_err(gone)?;
        let (go, their_go) = channel::packet_pair().map_err(gone)?;
        let control =
            self.control.as_ref().ok_or_else(|| StartError::Jailer("it is closed".into()))?;
        channel::send(control, &bytes, &[their_status.as_fd(), their_go.as_fd()]).map_err(gone)?;
        Ok(Jail::new(status, go))
    }

    /// Process id of the jailer.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Jailer {
    fn drop(&mut self) {
        // Closing the socket is the request to end everything.
        drop(self.control.take());
        let _ = self.child.wait();
    }
}

fn sealed_program() -> std::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Since Linux 6.3 an executable memory file must say that it is one.
    let fd = rustix::fs::memfd_create("ringfence-jailer", flags | MemfdFlags::EXEC)
        .or_else(|_| rustix::fs::memfd_create("ringfence-jailer", flags))?;
    let mut file = File::from(fd);
    file.write_all(PROGRAM)?;
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals)?;
    Ok(file.into())
}
