//! Where a secret comes from. It is read anew for every use, so that a new value
//! counts from the next request on.

use crate::store::{KEY_VARIABLE, NEW_KEY_VARIABLE, StoreError};
use crate::vault::VaultError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Most bytes that are read of any source.
const MOST: u64 = 64 * 1024;
/// How long a program may take: it may ask a person for a fingerprint. Everything
/// else that the plugin does on the network waits meanwhile, and so does its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// One secret's origin.
pub trait SecretSource: Send + Sync {
    /// Reads the value.
    ///
    /// # Errors
    /// When there is none to be had. The error says nothing of the value.
    fn read(&self) -> Result<Zeroizing<String>, SourceError>;
}

/// Why a source gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A file or a program's output cannot be read.
    #[error("{what}: {error}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        error: io::Error,
    },
    /// The store does not give it.
    #[error(transparent)]
    Store(Box<StoreError>),
    /// A vault does not give it.
    #[error(transparent)]
    Vault(Box<VaultError>),
    /// The program that knows it failed.
    #[error("`{program}` ended with {status}")]
    Failed {
        /// Which.
        program: String,
        /// How.
        status: String,
    },
    /// The program that knows it did not end in time.
    #[error("`{program}` takes too long")]
    Slow {
        /// Which.
        program: String,
    },
}

/// A value that somebody handed over, such as one of a variable.
pub struct FixedSource(Zeroizing<String>);

impl FixedSource {
    /// Keeps this value.
    #[must_use]
    pub const fn new(value: Zeroizing<String>) -> Self {
        Self(value)
    }
}

impl SecretSource for FixedSource {
    fn read(&self) -> Result<Zeroizing<String>, SourceError> {
        Ok(self.0.clone())
    }
}

/// A file that holds the value and nothing else.
#[derive(Clone, Debug)]
pub struct FileSource(PathBuf);

impl FileSource {
    /// Reads this file.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

impl SecretSource for FileSource {
    fn read(&self) -> Result<Zeroizing<String>, SourceError> {
        let failed = |error| SourceError::Io { what: self.0.display().to_string(), error };
        let file = File::open(&self.0).map_err(failed)?;
        text_of(file).map_err(failed)
    }
}

/// A program that prints the value, such as that of a password manager.
#[derive(Clone, Debug)]
pub struct CommandSource {
    program: String,
    arguments: Vec<String>,
    patience: Duration,
}

impl CommandSource {
    /// Starts this program, without a shell.
    #[must_use]
    pub const fn new(program: String, arguments: Vec<String>) -> Self {
        Self { program, arguments, patience: PATIENCE }
    }
}

impl SecretSource for CommandSource {
    fn read(&self) -> Result<Zeroizing<String>, SourceError> {
        let failed = |error| SourceError::Io { what: self.program.clone(), error };
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            // It is asked for one secret and needs no key to all of them.
            .env_remove(KEY_VARIABLE)
            .env_remove(NEW_KEY_VARIABLE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let until = Instant::now() + self.patience;
        let (tell, told) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            // Also what it started itself may keep its output open.
            thread::Builder::new().spawn(move || tell.send(text_of(stdout))).map_err(failed)?;
        }
        let output = told.recv_timeout(self.patience).ok();
        let status = output.as_ref().and_then(|_| ended(&mut child, until).transpose());
        let (Some(output), Some(status)) = (output, status) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(SourceError::Slow { program: self.program.clone() });
        };
        let status = status.map_err(failed)?;
        if !status.success() {
            let program = self.program.clone();
            return Err(SourceError::Failed { program, status: status.to_string() });
        }
        output.map_err(failed)
    }
}

/// How it ended; `None` when it did not in time.
fn ended(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    let end = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let left = until.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&left)) {
        // What interrupts the wait ends it: nobody has to wait longer than that.
        Ok(_) | Err(Errno::INTR) => child.try_wait(),
        Err(error) => Err(error.into()),
    }
}

fn text_of(from: impl Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    from.take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_anew_for_every_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "first value").unwrap();
        let source = FileSource::new(path.clone());
        assert_eq!(*source.read().unwrap(), "first value");
        std::fs::write(&path, "second value").unwrap();
        assert_eq!(*source.read().unwrap(), "second value");
        std::fs::remove_file(&path).unwrap();
        assert!(source.read().unwrap_err().to_string().contains("key"));
    }

    #[test]
    fn a_program_that_fails_gives_no_secret_whatever_it_printed() {
        let shell = |text: &str| CommandSource::new("sh".into(), vec!["-c".into(), text.into()]);
        assert_eq!(*shell("printf secret-value").read().unwrap(), "secret-value");
        let error = shell("printf secret-value; exit 3").read().unwrap_err().to_string();
        assert!(error.contains('3') && !error.contains("secret-value"), "{error}");
    }

    #[test]
    fn a_program_that_hangs_gives_no_secret_and_holds_nobody() {
        for text in ["exec sleep 60", "printf secret-value; exec >&-; exec sleep 60"] {
            let mut source = CommandSource::new("sh".into(), vec!["-c".into(), text.into()]);
            source.patience = Duration::from_millis(300);
            let began = Instant::now();
            let error = source.read().unwrap_err().to_string();
            assert!(error.contains("too long"), "{error}");
            assert!(began.elapsed() < Duration::from_secs(20), "{text}");
        }
    }
}
