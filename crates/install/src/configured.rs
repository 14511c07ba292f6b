//! What a client says of the user's own configuration.

use crate::client::last;
use crate::error::InstallError;
use ringfence_lifecycle::Interrupt;
use ringfence_types::UntrustedText;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// How long it may take: a client starts, reads some files and ends.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);
/// Most bytes that are read of what it says.
const MAX_SAID: u64 = 4 << 20;
/// How long its last words are waited for when it is gone.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Between two looks at whether it has ended; the first ones come sooner.
const LOOK: Duration = Duration::from_millis(20);

/// A client that is asked how it is configured. It runs outside of any jail, as whenever the
/// user calls it, in a folder where no project can configure it.
pub(crate) struct Asked<'a> {
    /// Which, for a person.
    pub(crate) client: &'static str,
    /// What mends it.
    pub(crate) help: &'static str,
    /// How long it may take.
    pub(crate) limit: Duration,
    /// Ends it.
    pub(crate) interrupt: Option<&'a Interrupt>,
}

impl Asked<'_> {
    /// What it says when it is called by these words.
    pub(crate) fn say(&self, words: &[&OsStr]) -> Result<String, InstallError> {
        let wrong = |why: String| InstallError::Client {
            program: self.client,
            why: UntrustedText::new(&why).to_string(),
            help: self.help,
        };
        let (program, rest) = words.split_first().ok_or_else(|| wrong("no program".to_owned()))?;
        let mut child = Command::new(program)
            .args(rest)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // What it starts itself ends with it.
            .process_group(0)
            .spawn()
            .map_err(|error| wrong(error.to_string()))?;
        let answer = in_background(child.stdout.take());
        let said = in_background(child.stderr.take());
        let status = match self.end(&mut child) {
            Ok(Some(status)) => status,
            Ok(None) => {
                let limit = self.limit.as_secs();
                return Err(wrong(format!("it did not say within {limit} s how it is configured")));
            }
            Err(Ended::Interrupted) => return Err(InstallError::Interrupted),
            Err(Ended::Unknown(error)) => return Err(wrong(error.to_string())),
        };
        let text = |from: Receiver<Vec<u8>>| {
            let bytes = from.recv_timeout(LAST_WORDS).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        if !status.success() {
            return Err(wrong(last(&text(said))));
        }
        Ok(text(answer))
    }

    /// Waits for its end; none when it had to be ended.
    fn end(&self, child: &mut Child) -> Result<Option<ExitStatus>, Ended> {
        let begun = Instant::now();
        let mut pause = Duration::from_micros(200);
        loop {
            if let Some(status) = child.try_wait().map_err(Ended::Unknown)? {
                return Ok(Some(status));
            }
            let interrupted = self.interrupt.is_some_and(Interrupt::is_raised);
            if interrupted || begun.elapsed() >= self.limit {
                kill(child).map_err(Ended::Unknown)?;
                return if interrupted { Err(Ended::Interrupted) } else { Ok(None) };
            }
            #[expect(clippy::disallowed_methods, reason = "nobody tells when it ends by then")]
            std::thread::sleep(pause);
            pause = (pause * 2).min(LOOK);
        }
    }
}

/// Why nobody knows how it ended.
enum Ended {
    Interrupted,
    Unknown(std::io::Error),
}

/// Ends it with all that it started. It was not waited for yet, so its number is its own.
fn kill(child: &mut Child) -> std::io::Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let ended = group.is_some_and(|group| kill_process_group(group, Signal::KILL).is_ok());
    if !ended {
        child.kill()?;
    }
    child.wait().map(drop)
}

/// Reads the beginning, and the rest so that nobody waits for room.
fn in_background(from: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            // What could not be read is missing, and what is left then says nothing.
            let _ = from.by_ref().take(MAX_SAID).read_to_end(&mut bytes);
            let _ = std::io::copy(&mut from, &mut std::io::sink());
        }
        let _ = sender.send(bytes);
    };
    // Without the thread the sender is gone, and nothing was read.
    let _ = std::thread::Builder::new().name("reader".to_owned()).spawn(read);
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(script: &str, limit: Duration, interrupt: Option<&Interrupt>) -> String {
        let asked = Asked { client: "npm", help: "", limit, interrupt };
        match asked.say(&["sh", "-c", script].map(OsStr::new)) {
            Ok(text) => text,
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn a_client_that_never_says_how_it_is_configured_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let alive = folder.path().join("alive");
        let script = format!("(sleep 3; echo > '{}') & sleep 60", alive.display());
        let begun = Instant::now();
        let said = asked(&script, Duration::from_secs(1), None);
        assert!(said.contains("did not say within 1 s"), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(30));
        #[expect(clippy::disallowed_methods, reason = "that nothing happens takes time")]
        std::thread::sleep(Duration::from_secs(3));
        assert!(!alive.exists(), "what it started went on");
        assert_eq!(asked("echo yes", LIMIT, None), "yes\n");
        let said = asked("echo 'npm error no home' >&2; exit 1", LIMIT, None);
        assert!(said.contains("no home"), "{said}");
        let long = asked("head -c 9000000 /dev/zero | tr '\\0' x", LIMIT, None);
        assert_eq!(long.len() as u64, MAX_SAID);
    }

    #[test]
    fn a_person_need_not_wait_for_it() {
        let interrupt = Interrupt::new().unwrap();
        interrupt.raise();
        let said = asked("sleep 60", LIMIT, Some(&interrupt));
        assert!(said.contains("interrupted"), "{said}");
    }
}
