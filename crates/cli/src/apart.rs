//! This program again, in a process of its own that looks at what a stranger wrote: bounded
//! in time, ended when a person says so, heard when it fails.

use ringfence::Interrupt;
use ringfence_types::UntrustedText;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Says the word of the verb's hidden option, which is for the process itself.
pub(crate) const APART: &str = "--apart";
/// How long it may look where nobody said anything, in seconds: as `ringfence scan` does.
pub(crate) const USUAL_SECONDS: u32 = 300;
/// The largest report that is read, in bytes.
const MAX_REPORT: u64 = 256 << 20;
/// Most bytes that are kept of what it says beside the report.
const MAX_SAID: usize = 64 << 10;
/// Most letters of that which are told.
const MOST_TOLD: usize = 400;
/// Between two looks at a process that has not ended; the first ones come sooner.
const LOOK: Duration = Duration::from_millis(20);
/// How long its last words are waited for when it is gone.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// By itself, or by a signal.
    Ended(ExitStatus),
    /// It took longer than it may.
    TooLong,
    /// A person ended it.
    Interrupted,
}

/// Why there is no report.
#[derive(Debug)]
pub(crate) enum NoReport {
    /// A person ended it.
    Interrupted,
    /// It failed, in words that are safe to show.
    Failed(String),
}

/// Who watches it.
pub(crate) struct Watch<'a> {
    /// How long it may take.
    pub(crate) limit: Duration,
    /// Ends it.
    pub(crate) interrupt: Option<&'a Interrupt>,
    /// Hears that time passes.
    pub(crate) waiting: &'a mut dyn FnMut(),
}

/// This program again.
pub(crate) fn again() -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.stdin(Stdio::null());
    command
}

/// Waits for its end, or makes one.
pub(crate) fn wait(child: &mut Child, watch: &mut Watch<'_>) -> io::Result<End> {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        let ended = child.try_wait()?;
        // At a terminal the person's signal ends the process as well, before anybody asks.
        if watch.interrupt.is_some_and(Interrupt::is_raised) {
            end(child, ended)?;
            return Ok(End::Interrupted);
        }
        if let Some(status) = ended {
            return Ok(End::Ended(status));
        }
        if begun.elapsed() >= watch.limit {
            end(child, None)?;
            return Ok(End::TooLong);
        }
        (watch.waiting)();
        #[expect(clippy::disallowed_methods, reason = "nobody tells when a process ends by then")]
        std::thread::sleep(pause);
        pause = (pause * 2).min(LOOK);
    }
}

fn end(child: &mut Child, ended: Option<ExitStatus>) -> io::Result<()> {
    if ended.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

/// The report about a folder, in JSON, whatever its score.
pub(crate) fn report(
    folder: &Path,
    more: &[OsString],
    watch: &mut Watch<'_>,
) -> Result<Vec<u8>, NoReport> {
    let mut command = again();
    command.args(["scan", APART, "--format", "json", "--fail-on", "score:0", "--time-limit"]);
    command.arg(watch.limit.as_secs().max(1).to_string()).args(more).arg("--").arg(folder);
    heard(command, watch)
}

/// What a process writes that looks at something.
fn heard(mut command: Command, watch: &mut Watch<'_>) -> Result<Vec<u8>, NoReport> {
    let failed = |what: String| NoReport::Failed(UntrustedText::new(&what).to_string());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("it cannot be started: {error}")))?;
    let report = in_background(child.stdout.take(), MAX_REPORT);
    let said = in_background(child.stderr.take(), MAX_SAID as u64);
    let end = wait(&mut child, watch).map_err(|error| failed(error.to_string()))?;
    let take = |from: mpsc::Receiver<Vec<u8>>| from.recv_timeout(LAST_WORDS).unwrap_or_default();
    let report = take(report);
    match end {
        End::Ended(status) if status.success() => Ok(report),
        End::Ended(status) => Err(failed(format!("{}{}", how(status), why(&report, &take(said))))),
        End::TooLong => Err(failed(format!("it took more than {} s", watch.limit.as_secs()))),
        End::Interrupted => Err(NoReport::Interrupted),
    }
}

/// Reads all of it, and keeps the beginning: who writes must not wait for room.
fn in_background(from: Option<impl Read + Send + 'static>, most: u64) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            // What could not be read is missing from the report, which then is none.
            let _ = from.by_ref().take(most).read_to_end(&mut bytes);
            let _ = io::copy(&mut from, &mut io::sink());
        }
        let _ = sender.send(bytes);
    };
    // Without the thread the sender is gone, and nothing was read.
    let _ = std::thread::Builder::new().name("reader".to_owned()).spawn(read);
    receiver
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with status {code}"),
        (None, Some(signal)) => format!(
            "it was ended by signal {signal}: what is in it is larger or deeper than is read, or \
             made to end its readers"
        ),
        (None, None) => "it ended without a reason".to_owned(),
    }
}

/// What it said itself: in its answer, else at its end on standard error.
fn why(report: &[u8], said: &[u8]) -> String {
    let answer: Option<serde_json::Value> = serde_json::from_slice(report).ok();
    let message = answer.as_ref().and_then(|answer| answer.pointer("/error/message")?.as_str());
    let said = String::from_utf8_lossy(said);
    let last = || said.lines().rfind(|line| !line.trim().is_empty()).map(str::trim);
    match message.or_else(last) {
        None => String::new(),
        Some(text) => format!(": {}", text.chars().take(MOST_TOLD).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Result<Vec<u8>, NoReport> {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        heard(command, &mut Watch { limit, interrupt: None, waiting: &mut || {} })
    }

    fn failed(script: &str, limit: Duration) -> String {
        match shell(script, limit) {
            Err(NoReport::Failed(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_it_said_on_standard_error_is_told_when_it_fails_and_made_safe() {
        assert_eq!(shell("echo report; echo noise >&2", LONG).unwrap(), b"report\n");
        let why = failed("printf 'first\\n\\033[2Jno memory\\n\\n' >&2; exit 70", LONG);
        assert!(why.starts_with("it ended with status 70: "), "{why}");
        assert!(why.contains("no memory") && !why.contains('\u{1b}'), "{why}");
        let why = failed(r#"echo '{"error":{"message":"too deep"}}'; echo x >&2; exit 9"#, LONG);
        assert_eq!(why, "it ended with status 9: too deep");
        assert!(failed("kill -SEGV $$", LONG).contains("signal 11"));
    }

    #[test]
    fn who_writes_more_than_is_read_does_not_wait_and_who_never_ends_is_ended() {
        let why = failed("head -c 10000000 /dev/zero | tr '\\0' x >&2; exit 1", LONG);
        assert!(why.len() < 1000, "{}", why.len());
        let begun = Instant::now();
        assert_eq!(failed("exec sleep 60", Duration::from_secs(1)), "it took more than 1 s");
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_person_ends_it() {
        let interrupt = Interrupt::new().unwrap();
        interrupt.raise();
        let mut command = Command::new("sleep");
        command.arg("60").stdin(Stdio::null());
        let mut watch = Watch { limit: LONG, interrupt: Some(&interrupt), waiting: &mut || {} };
        assert!(matches!(heard(command, &mut watch), Err(NoReport::Interrupted)));
    }
}
