//! The only place that prints.
#![expect(clippy::print_stderr, reason = "this is the surface")]

use ringfence_types::{ExitCode, UntrustedText};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::Timespec;
use rustix::termios::isatty;
use serde::Serialize;
use serde_json::Value;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Whether a person reads standard output.
pub(crate) fn stdout_is_terminal() -> bool {
    isatty(std::io::stdout())
}

/// Whether a person reads standard error.
pub(crate) fn stderr_is_terminal() -> bool {
    isatty(std::io::stderr())
}

/// Whether a person can answer a question.
pub(crate) fn can_ask() -> bool {
    isatty(std::io::stdin()) && stderr_is_terminal()
}

/// A line of ours for the person.
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// Part of a line of ours, without the newline.
pub(crate) fn say_part(text: &str) {
    eprint!("{text}");
    let _ = std::io::stderr().flush();
}

/// Whether a shell takes it as it stands, so that a command with it can be told.
pub(crate) fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-@".contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(plain)
}

/// What went wrong and how to mend it. Names of strangers can be in both.
pub(crate) fn complain(error: &str, help: Option<&str>) {
    eprintln!("ringfence: {}", UntrustedText::multiline(error));
    if let Some(help) = help {
        eprintln!("  help: {}", UntrustedText::multiline(help));
    }
}

/// A line that is an answer.
pub(crate) fn answer(line: &str) {
    // A reader that went away needs no answer and no panic.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Bytes of a plugin as an answer: as they are for a program, neutralised for a
/// terminal.
pub(crate) fn answer_bytes(bytes: &[u8]) {
    let mut out = std::io::stdout();
    let _ = if stdout_is_terminal() {
        write!(out, "{}", UntrustedText::multiline(&String::from_utf8_lossy(bytes)))
    } else {
        out.write_all(bytes)
    };
    let _ = out.flush();
}

/// As [`answer_bytes`], for a run that goes on meanwhile: `false` when nobody
/// took them until then, so that time and limits are watched again.
pub(crate) fn answer_bytes_until(bytes: &[u8], until: Instant) -> bool {
    if stdout_is_terminal() {
        answer_bytes(bytes);
        return true;
    }
    let mut out = std::io::stdout().lock();
    // A line that is held back would be written together with the next piece.
    let _ = out.flush();
    write_until(out.as_fd(), bytes, until)
}

fn write_until(output: BorrowedFd<'_>, bytes: &[u8], until: Instant) -> bool {
    bytes.chunks(PIECE).all(|piece| {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut fds = [PollFd::from_borrowed_fd(output, PollFlags::OUT)];
        let has_room = poll(&mut fds, Some(&left)).is_ok_and(|ready| ready > 0);
        // A reader that went away takes nothing and holds up nobody.
        has_room && write_whole(output, piece)
    })
}

fn write_whole(output: BorrowedFd<'_>, mut piece: &[u8]) -> bool {
    while !piece.is_empty() {
        match rustix::io::write(output, piece) {
            Ok(length) => piece = piece.get(length..).unwrap_or(&[]),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    true
}

/// A value of a plugin as an answer: a text as it is, anything else as JSON.
pub(crate) fn answer_value(value: &Value) {
    let text = match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    answer_bytes(format!("{text}\n").as_bytes());
}

/// One JSON object on standard output.
pub(crate) fn answer_json(value: &impl Serialize) {
    answer(&inert_json(serde_json::to_string(value).unwrap_or_default()));
}

/// The same JSON with escapes for what acts on a terminal or misleads a reader.
/// JSON itself escapes only the controls below U+0020: U+009B begins a command
/// to a terminal as well.
fn inert_json(json: String) -> String {
    if json.is_ascii() && !json.contains('\u{7f}') {
        return json;
    }
    let mut inert = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        let mut bytes = [0; 4];
        let text: &str = c.encode_utf8(&mut bytes);
        if c.is_ascii() && c != '\u{7f}' || UntrustedText::new(text).to_string() == text {
            inert.push(c);
            continue;
        }
        // Such characters stand only inside of strings.
        for unit in c.encode_utf16(&mut units) {
            inert.push_str(&format!("\\u{unit:04x}"));
        }
    }
    inert
}

/// Bytes of a plugin's own log, neutralised: standard error is a terminal or
/// becomes a log file.
pub(crate) fn log_bytes(bytes: &[u8]) {
    offer(&UntrustedText::multiline(&String::from_utf8_lossy(bytes)).to_string());
}

/// How long a reader of standard error may take to make room, once.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
const NO_PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
/// Fits into a pipe that says it has room (PIPE_BUF of pipe(7)).
const PIECE: usize = 4096;

/// Writes to standard error while somebody reads it, and drops the rest: who
/// waits here watches neither time nor limits of what runs.
pub(crate) fn offer(text: &str) {
    static STALLED: AtomicBool = AtomicBool::new(false);
    offer_to(std::io::stderr(), text, &STALLED);
}

fn offer_to(mut output: impl Write + AsFd, text: &str, stalled: &AtomicBool) {
    for piece in text.as_bytes().chunks(PIECE) {
        let patience = if stalled.load(Ordering::Relaxed) { NO_PATIENCE } else { PATIENCE };
        let mut fds = [PollFd::from_borrowed_fd(output.as_fd(), PollFlags::OUT)];
        let has_room = poll(&mut fds, Some(&patience)).is_ok_and(|ready| ready > 0);
        stalled.store(!has_room, Ordering::Relaxed);
        if !has_room || output.write_all(piece).is_err() {
            return;
        }
    }
}

/// The common shape of a failure in `--json`.
pub(crate) fn failure_json(code: ExitCode, message: &str, help: Option<&str>) -> Value {
    serde_json::json!({
        "ok": false,
        "error": { "code": code.word(), "message": message, "help": help },
    })
}

/// A number of bytes for people.
pub(crate) fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut whole = bytes;
    let mut rest = 0;
    let mut unit = 0;
    while whole >= 1024 && unit + 1 < UNITS.len() {
        rest = whole % 1024;
        whole /= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).unwrap_or(&"");
    if unit == 0 || rest == 0 {
        format!("{whole} {name}")
    } else {
        format!("{whole}.{} {name}", rest * 10 / 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_nobody_reads_delays_a_run_by_a_moment_at_most() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let (mut output, stalled) = (std::fs::File::from(write), AtomicBool::new(false));
        let begun = Instant::now();
        for _ in 0..100 {
            offer_to(&mut output, &"x".repeat(100_000), &stalled);
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(2));
        let mut buffer = vec![0; 1 << 20];
        assert!(rustix::io::read(&read, &mut buffer[..]).unwrap() >= PIECE);
        offer_to(&mut output, "heard again", &stalled);
        let length = rustix::io::read(&read, &mut buffer[..]).unwrap();
        assert!(String::from_utf8_lossy(&buffer[..length]).ends_with("heard again"));
    }

    #[test]
    fn an_answer_that_nobody_reads_waits_until_the_end_of_the_call_and_no_longer() {
        use std::time::Duration;
        let (read, write) = rustix::pipe::pipe().unwrap();
        let long = vec![b'x'; 1 << 20];
        let begun = Instant::now();
        assert!(!write_until(write.as_fd(), &long, begun + Duration::from_millis(200)));
        assert!((200..2000).contains(&begun.elapsed().as_millis()));
        let reader = std::thread::spawn(move || {
            std::io::Read::read_to_end(&mut std::fs::File::from(read), &mut Vec::new()).unwrap()
        });
        assert!(write_until(write.as_fd(), &long, begun + Duration::from_secs(20)));
        drop(write);
        assert!(reader.join().unwrap() > 1 << 20, "nothing of the second one was dropped");
    }

    #[test]
    fn json_means_the_same_and_moves_no_cursor() {
        let hostile = "\x1b[2J\u{9b}2J\u{7f}\u{202e}\u{e0041} na\u{ef}ve \u{6f22}\n";
        let value = serde_json::json!({ "a": hostile });
        let text = inert_json(value.to_string());
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert_eq!(UntrustedText::new(&text).to_string(), text);
        assert!(text.contains("na\u{ef}ve \u{6f22}"));
    }
}
