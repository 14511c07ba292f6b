//! Starts with and without a network.

use crate::contest::{Entry, Name, Side, Table, hold};
use crate::jobs::Job;
use crate::ours::{Ours, cold};
use crate::rivals::{Timed, bubblewrap, find};
use std::ffi::OsString;

/// A program that ends at once, so that what is left is the way to it.
pub(super) fn measure(ours: &Ours, rounds: usize) -> Table {
    let title = "network: start of /usr/bin/true with and without one";
    let job = match find("true") {
        Ok(program) => Job::new(&program, &[]),
        Err(reason) => {
            return hold(title, vec![Entry::absent(Side::Bare, "everybody", reason)], 0);
        }
    };
    let run = |more: &[&str]| {
        let all = more.iter().map(OsString::from).chain(["--".into()]).chain(job.words());
        let how = ["run -q", if more.is_empty() { "" } else { " --grant network.request" }];
        ours.plain_command(&how.concat(), all)
    };
    let bwrap = |name: &str, share: bool| match find("bwrap") {
        Ok(program) => {
            let mut words = vec![program.into_os_string()];
            words.extend(bubblewrap(&job));
            if share {
                words.insert(2, "--share-net".into());
            }
            words.extend(job.words());
            Timed::entry(Name::new(Side::Rival, name), &words, None)
        }
        Err(reason) => Entry::absent(Side::Rival, name, reason),
    };
    let pasta = match find("pasta") {
        Ok(program) => {
            let mut words = vec![program.into_os_string()];
            words.extend(["-f", "-q", "--config-net"].map(OsString::from));
            if rustix::process::geteuid().is_root() {
                words.extend(["--runas", "0"].map(OsString::from));
            }
            words.push("--".into());
            words.extend(job.words());
            Timed::entry(Name::new(Side::Rival, "pasta alone"), &words, None)
        }
        Err(reason) => Entry::absent(Side::Rival, "pasta alone", reason),
    };
    let entries = vec![
        cold(ours, &job, false),
        cold(ours, &job, true),
        run(&[]),
        run(&["--grant", "network.request=bench.example"]),
        bwrap("bubblewrap, no network", false),
        bwrap("bubblewrap, the host's network", true),
        pasta,
    ];
    hold(title, entries, rounds)
}
