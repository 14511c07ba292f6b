//! Runs each attempt in a process of its own and writes the report.

use std::io::{self, Write};
use std::time::Duration;

use crate::attack::TOPICS;
use crate::catalog::Class;
use crate::context::Context;
use crate::outcome::{Outcome, Probe, Verdict, neutralise};
use crate::sys;

/// Until an attempt is ended. A connection that is silently dropped
/// is the usual reason.
const LONGEST: Duration = Duration::from_secs(2);

/// For an attempt to take resources: it counts on being slow.
const RESOURCE_LONGEST: Duration = Duration::from_secs(12);

/// Most bytes of one report.
const MOST_REPORT: usize = 4096;

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
/// answer and not the end of the report. It reports through memory: a jail may
/// refuse pipes.
fn attempt_apart(probe: &Probe, context: &Context) -> Outcome {
    let mut shared = match sys::map_shared(MOST_REPORT) {
        Ok(shared) => shared,
        Err(errno) => return Outcome::not_tried(format!("memory: {errno}")),
    };
    let resource = probe.info.class == Class::Resource;
    let longest = if resource { RESOURCE_LONGEST } else { LONGEST };
    let child = sys::spawn(|| {
        if resource {
            // When memory runs out, this process is to go and not the one
            // that reports. Raising one's own score is always allowed.
            let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        }
        let outcome = (probe.attempt)(context);
        shared.write(report_line(&outcome).as_bytes());
        0
    });
    let child = match child {
        Ok(child) => child,
        Err(errno) => return Outcome::not_tried(format!("fork: {errno}")),
    };
    match sys::wait_or_kill(child, longest) {
        Ok(Some(sys::Ended::Exited(0))) => read_report(&shared),
        Ok(Some(sys::Ended::Exited(code))) => {
            Outcome::not_tried(format!("attempt ended with {code}"))
        }
        Ok(Some(sys::Ended::Killed(signal))) => killed(signal),
        Ok(None) => Outcome::shut(format!("no answer in {} s", longest.as_secs())),
        Err(errno) => Outcome::not_tried(format!("wait: {errno}")),
    }
}

fn killed(signal: i32) -> Outcome {
    match signal {
        libc::SIGALRM => Outcome::shut("no answer before its own alarm"),
        libc::SIGSYS => Outcome::shut("killed by the call filter"),
        libc::SIGKILL => Outcome::shut("killed"),
        libc::SIGXCPU | libc::SIGXFSZ => Outcome::shut(format!("stopped by signal {signal}")),
        libc::SIGSEGV | libc::SIGBUS | libc::SIGILL => {
            Outcome::shut(format!("crashed with signal {signal}"))
        }
        other => Outcome::not_tried(format!("ended by signal {other}")),
    }
}

/// The outcome as a line; what does not fit is cut.
fn report_line(outcome: &Outcome) -> String {
    format!("{}\t{}", outcome.verdict.word(), neutralise(&outcome.detail))
}

/// Reads what the attempt wrote: everything before the first NUL byte.
fn read_report(shared: &sys::Mapping) -> Outcome {
    let bytes = shared.read(MOST_REPORT);
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    match text.split_once('\t').map(|(word, detail)| (Verdict::from_word(word), detail)) {
        Some((Some(verdict), detail)) => Outcome { verdict, detail: detail.to_owned() },
        _ => Outcome::not_tried("the attempt said nothing"),
    }
}
