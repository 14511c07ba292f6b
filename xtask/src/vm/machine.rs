//! Boots the machine and reads its console.

use super::parts::Parts;
use crate::Result;
use crate::run::command;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What the console said.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Who and which.
    pub(crate) passed: Vec<(String, String)>,
    pub(crate) failed: Vec<(String, String)>,
    /// The kernel's own name for itself.
    pub(crate) kernel: Option<String>,
    /// The script came to its end.
    pub(crate) ended: bool,
}

impl Outcome {
    /// Reads one line of the console; lines of ours begin with `VM-`.
    fn see(&mut self, line: &str) {
        // The kernel may write into the middle of a line, never before it.
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["VM-PASS", who, name] => self.passed.push(((*who).to_owned(), (*name).to_owned())),
            ["VM-FAIL", who, name] => self.failed.push(((*who).to_owned(), (*name).to_owned())),
            ["VM-KERNEL", version] => self.kernel = Some((*version).to_owned()),
            ["VM-END"] => self.ended = true,
            _ => {}
        }
    }
}

/// Boots, and stops the machine at its end or at the limit.
///
/// Two processors take turns: on threads of their own, the emulator may run code
/// that the guest's kernel has just patched, such as for `perf_event_open`, and
/// that kernel then ends with `Oops: int3`.
pub(crate) fn boot(parts: &Parts, image: &Path, limit: Duration) -> Result<Outcome> {
    let mut child = command(parts.emulator)
        .args([
            "-accel",
            "tcg,thread=single",
            "-cpu",
            "max",
            "-M",
            "q35",
            "-smp",
            "2",
            "-m",
            "3072",
        ])
        .args(["-nographic", "-nodefaults", "-no-reboot", "-nic", "none", "-serial", "stdio"])
        .arg("-kernel")
        .arg(&parts.kernel)
        .args(["-append", "console=ttyS0 root=/dev/nvme0n1 rw init=/vm/init panic=-1 quiet"])
        .arg("-drive")
        .arg(format!("file={},if=none,id=disk,format=raw,cache=unsafe", image.display()))
        .args(["-device", "nvme,drive=disk,serial=ringfence"])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("no console")?;
    let (send, receive) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(std::result::Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let end = Instant::now() + limit;
    let mut outcome = Outcome::default();
    loop {
        match receive.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                println!("{line}");
                outcome.see(&line);
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                println!("vm: stopped after {} s", limit.as_secs());
                child.kill()?;
                outcome.ended = false;
                break;
            }
        }
    }
    child.wait()?;
    drop(receive);
    let _ = reader.join();
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_dies_before_its_end_has_not_ended() {
        let mut outcome = Outcome::default();
        for line in ["VM-KERNEL 6.12.1", "VM-PASS root a::b", "VM-FAIL user c", "noise VM-END"] {
            outcome.see(line);
        }
        assert_eq!((outcome.passed.len(), outcome.failed.len(), outcome.ended), (1, 1, false));
        outcome.see("VM-END");
        assert!(outcome.ended);
    }
}
