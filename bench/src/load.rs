//! Busy processes, for what a start costs on a machine that has other work.

use crate::Result;
use crate::options::SPIN;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many; more than four for each processor of a small machine.
pub(crate) const BUSY: usize = 9;

/// Processes that only use the processor, ended when dropped.
pub(crate) struct Load(Vec<Child>);

impl Load {
    pub(crate) fn start() -> Result<Self> {
        let own = std::env::current_exe()?;
        let mut load = Self(Vec::new());
        for _ in 0..BUSY {
            let mut command = Command::new(&own);
            load.0.push(command.arg(SPIN).stdin(Stdio::piped()).spawn()?);
        }
        Ok(load)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Is busy until standard input ends, which it does when the starter dies in
/// whatever way.
pub(crate) fn spin() {
    let done = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&done);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        told.store(true, Ordering::Relaxed);
    });
    while !done.load(Ordering::Relaxed) {
        std::hint::spin_loop();
    }
}
