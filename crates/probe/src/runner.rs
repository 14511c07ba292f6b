//! Runs each attempt in a process of its own and writes the report.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;

use crate::attack::TOPICS;
use crate::catalog::Class;
use crate::context::Context;
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe, Verdict, neutralise};
use crate::sys;

/// Seconds until an attempt is ended. A connection that is silently dropped
/// is the usual reason.
const SECONDS: u32 = 2;

/// Seconds for an attempt to take resources: it counts on being slow.
const RESOURCE_SECONDS: u32 = 12;

/// Runs every probe, or the one named by `only=`, and writes the report.
///
/// # Errors
///
/// Fails only when `output` cannot be written to.
pub fn run(arguments: &[String], output: &mut dyn Write) -> io::Result<()> {
    let mut context = Context::from_arguments(arguments);
    context.own_pid = sys::own_pid();
    context.inherited = sys::open_descriptors();
    let only = context.get("only").map(ToOwned::to_owned);
    let mut number = 0_usize;
    for probe in TOPICS.iter().flat_map(|topic| topic.iter()) {
        if only.as_deref().is_some_and(|id| id != probe.info.id) {
            continue;
        }
        let outcome = attempt_apart(probe, &context);
        writeln!(
            output,
            "{}\t{}\t{}\t{}",
            probe.info.id,
            probe.info.class.word(),
            outcome.verdict.word(),
            neutralise(&outcome.detail)
        )?;
        // Said at once: a later probe may get the whole jail killed.
        output.flush()?;
        number += 1;
    }
    writeln!(output, "done {number}")?;
    output.flush()
}

/// Runs one attempt in a child process, so that being killed for it is an
/// answer and not the end of the report.
fn attempt_apart(probe: &Probe, context: &Context) -> Outcome {
    let (reader, writer) = match io::pipe() {
        Ok(ends) => ends,
        Err(error) => return Outcome::not_tried(format!("pipe: {}", Errno::from(error))),
    };
    let resource = probe.info.class == Class::Resource;
    let seconds = if resource { RESOURCE_SECONDS } else { SECONDS };
    let child = sys::spawn(|| {
        sys::alarm(seconds);
        if resource {
            // When memory runs out, this process is to go and not the one
            // that reports. Raising one's own score is always allowed.
            let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        }
        report_home(&writer, &(probe.attempt)(context))
    });
    drop(writer);
    let child = match child {
        Ok(child) => child,
        Err(errno) => return Outcome::not_tried(format!("fork: {errno}")),
    };
    let ended = sys::wait(child);
    match ended {
        Ok(sys::Ended::Exited(0)) => read_report(reader),
        Ok(sys::Ended::Exited(code)) => Outcome::not_tried(format!("attempt ended with {code}")),
        Ok(sys::Ended::Killed(signal)) => killed(signal, seconds),
        Err(errno) => Outcome::not_tried(format!("wait: {errno}")),
    }
}

fn killed(signal: i32, seconds: u32) -> Outcome {
    match signal {
        libc::SIGALRM => Outcome::shut(format!("no answer in {seconds} s")),
        libc::SIGSYS => Outcome::shut("killed by the call filter"),
        libc::SIGKILL => Outcome::shut("killed"),
        libc::SIGXCPU | libc::SIGXFSZ => Outcome::shut(format!("stopped by signal {signal}")),
        libc::SIGSEGV | libc::SIGBUS | libc::SIGILL => {
            Outcome::shut(format!("crashed with signal {signal}"))
        }
        other => Outcome::not_tried(format!("ended by signal {other}")),
    }
}

/// Sends the outcome through the pipe in one small write.
fn report_home(mut writer: &PipeWriter, outcome: &Outcome) -> i32 {
    let line = format!("{}\t{}", outcome.verdict.word(), neutralise(&outcome.detail));
    match writer.write_all(line.as_bytes()) {
        Ok(()) => 0,
        Err(_) => 3,
    }
}

/// Reads what is in the pipe without waiting: a stray grandchild may hold the
/// other end open.
fn read_report(mut reader: PipeReader) -> Outcome {
    sys::set_nonblocking(reader.as_raw_fd());
    let mut buffer = [0_u8; 512];
    let length = reader.read(&mut buffer).unwrap_or(0);
    let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
    match text.split_once('\t').map(|(word, detail)| (Verdict::from_word(word), detail)) {
        Some((Some(verdict), detail)) => Outcome { verdict, detail: detail.to_owned() },
        _ => Outcome::not_tried("the attempt said nothing"),
    }
}
