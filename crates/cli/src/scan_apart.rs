//! `ringfence scan` looks at a package in a process of its own: the parsers read what a
//! stranger wrote, and a file that ends one of them, or keeps it busy, is then a refusal
//! and not the end of whoever asked.
//!
//! Here its time and memory are bounded. Before it looks into anything it also shuts
//! itself in (`scan.rs`): it has to read with the rights of who asked.

use crate::apart::{self, End, Watch};
use crate::arguments::{Scan, ScanFormat};
use crate::failure::Failure;
use crate::fetched::{self, ForLooking};
use crate::signals::Caught;
use crate::{output, scan};
use ringfence_types::ExitCode;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

/// Addresses that the process may use, in bytes. The evaluators reserve a gibibyte of
/// stack each, which takes memory only as far as it is used.
const ADDRESSES: u64 = 8 << 30;
/// What it may write to a file that is its output, in bytes: no report is as large.
const REPORT: u64 = 1 << 30;
/// What the report is about, when it is not about a path.
const SUBJECT: &str = "--subject";
/// How far its registry vouches for it.
const VOUCHED: &str = "--vouched";

pub(crate) fn run(arguments: &Scan) -> ExitCode {
    if let Some(code) = &arguments.explain {
        return scan::explain(code);
    }
    if arguments.apart {
        return match bound(arguments.time_limit) {
            Ok(()) => scan::run(arguments),
            // A bound that does not hold is none.
            Err(error) => {
                let what = format!("this machine refuses to bound the scan: {error}");
                scan::tell(arguments, ExitCode::Internal, &what, None)
            }
        };
    }
    let limit = Duration::from_secs(u64::from(arguments.time_limit));
    // What is in a registry is fetched first, and gone again when it was looked at.
    let source = match fetched::source(arguments.target()).transpose() {
        Ok(source) => source,
        Err(failure) => return tell(arguments, failure),
    };
    // Who looks at what is here already ends with this process.
    let caught = match source.as_ref().map(|_| Caught::begin()).transpose() {
        Ok(caught) => caught,
        Err(failure) => return tell(arguments, failure),
    };
    let interrupt = caught.as_ref().map(Caught::interrupt);
    let fetched = source
        .map(|source| fetched::to_look_at(&source, limit, arguments.min_age, interrupt))
        .transpose();
    let fetched = match fetched {
        Ok(fetched) => fetched,
        Err(failure) => return tell(arguments, failure),
    };
    if let Some(fetched) = fetched.as_ref().filter(|_| arguments.format == ScanFormat::Text) {
        output::say(&format!("ringfence: {}", fetched.vouched.line()));
    }
    let mut watch = Watch { limit, interrupt, waiting: &mut || {} };
    let what = match begin(arguments.target(), fetched.as_ref())
        .and_then(|mut child| apart::wait(&mut child, &mut watch))
    {
        Ok(End::Ended(status)) => match (status.code(), status.signal()) {
            (Some(code), _) => {
                // Of its own codes it has told the reason itself.
                let known = ExitCode::ALL.iter().find(|known| i32::from(known.code()) == code);
                if let Some(known) = known {
                    return *known;
                }
                format!("looking at `{}` failed with status {code}", arguments.target().display())
            }
            (None, Some(signal)) => format!(
                "looking at `{}` ended by signal {signal}: what is in it is larger or deeper \
                 than is read, or made to end its readers",
                arguments.target().display()
            ),
            (None, None) => "looking at the package ended without a reason".to_owned(),
        },
        Ok(End::TooLong) => format!(
            "looking at `{}` took more than {} s",
            arguments.target().display(),
            arguments.time_limit
        ),
        Ok(End::Interrupted) => {
            return scan::tell(arguments, ExitCode::Interrupted, "nothing was looked at", None);
        }
        Err(error) => {
            return scan::tell(
                arguments,
                ExitCode::Internal,
                &format!("cannot start itself: {error}"),
                None,
            );
        }
    };
    let help = "it is refused unread; `--time-limit SECONDS` gives it longer";
    scan::tell(arguments, ExitCode::Refused, &what, Some(help))
}

fn tell(arguments: &Scan, failure: Failure) -> ExitCode {
    let (code, what, help) = failure.into_parts();
    scan::tell(arguments, code, &what, help.as_deref())
}

/// This program again, with the same words, but for a target that was fetched: then it looks
/// at the folder, and reports under the name.
fn begin(target: &Path, fetched: Option<&ForLooking>) -> io::Result<Child> {
    let mut words = std::env::args_os().skip(1);
    let mut command = apart::again();
    command.args(words.next()).arg(apart::APART);
    match fetched {
        None => command.args(words),
        Some(fetched) => {
            command.arg(SUBJECT).arg(target).arg(VOUCHED).arg(fetched.write_vouched()?);
            let folder = fetched.folder();
            command
                .args(words.map(|word| if word == target { folder.clone().into() } else { word }))
        }
    };
    command.spawn()
}

/// What this process may use, from here on. Where less was given to it, it stays at that.
fn bound(seconds: u32) -> io::Result<()> {
    let at_most = |resource, limit: u64| {
        let given = getrlimit(resource).maximum.unwrap_or(limit);
        let limit = Some(given.min(limit));
        setrlimit(resource, Rlimit { current: limit, maximum: limit })
    };
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::thread::set_no_new_privs(true)?;
    at_most(Resource::Core, 0)?;
    at_most(Resource::As, ADDRESSES)?;
    // Beside the clock of who waits: two processors' worth, should that one be gone.
    at_most(Resource::Cpu, u64::from(seconds).saturating_mul(2))?;
    let length = |stream: BorrowedFd<'_>| rustix::fs::fstat(stream).map_or(0, |stat| stat.st_size);
    let length = length(io::stdout().as_fd()).max(length(io::stderr().as_fd()));
    at_most(Resource::Fsize, u64::try_from(length).unwrap_or(0).saturating_add(REPORT))?;
    Ok(())
}
