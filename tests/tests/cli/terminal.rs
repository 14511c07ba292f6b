//! A person at a terminal: a pseudo-terminal whose other end the test holds.

use crate::program::{Collected, Invocation, wait_at_most};
use rustix::process::Pid;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::time::Duration;

/// A program with a person in front of it.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    /// What the screen was sent.
    pub(crate) screen: Collected,
}

impl Terminal {
    /// Starts `invocation` with the terminal as its standard input, output and
    /// error, and as its controlling terminal.
    pub(crate) fn start(invocation: Invocation) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let noctty = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let line =
            OpenOptions::new().read(true).write(true).custom_flags(noctty).open(path).unwrap();
        // A session of its own whose terminal this is, so that Ctrl-C is a signal.
        let inner = invocation.command;
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(inner.get_program()).args(inner.get_args());
        if let Some(folder) = inner.get_current_dir() {
            command.current_dir(folder);
        }
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.stdin(line.try_clone().unwrap()).stdout(line.try_clone().unwrap()).stderr(line);
        let child = command.spawn().expect("setsid: apt-get install util-linux");
        drop(command);
        let master = File::from(master);
        let keyboard = master.try_clone().unwrap();
        Self { child, keyboard, screen: Collected::start(master) }
    }

    /// Types.
    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end: exit status and everything that was shown.
    pub(crate) fn finish(mut self) -> (Option<i32>, String) {
        let pid = Pid::from_child(&self.child);
        assert!(wait_at_most(pid, Duration::from_secs(60)), "it still runs at the terminal");
        let status = self.child.wait().unwrap();
        let shown = String::from_utf8_lossy(&self.screen.finish()).into_owned();
        (status.code(), shown)
    }
}
