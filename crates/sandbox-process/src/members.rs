//! Adds up what the processes of a jail use, where no cgroup does it.

use std::fs;
use std::time::Duration;

/// Most processes that are looked at: more than any budget allows.
const MOST: usize = 4096;

/// Processor time and resident memory (bytes) of the process `first` and all
/// below it.
pub(crate) fn add_up(first: u32) -> Option<(Duration, u64)> {
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    let (mut ticks, mut pages) = (0_u64, 0_u64);
    let mut waiting = vec![first];
    let mut seen = 0;
    while let Some(pid) = waiting.pop() {
        seen += 1;
        if seen > MOST {
            break;
        }
        let Some((own_ticks, own_pages)) = one(pid) else { continue };
        ticks = ticks.saturating_add(own_ticks);
        pages = pages.saturating_add(own_pages);
        waiting.extend(children(pid));
    }
    (seen > 1 || ticks > 0 || pages > 0).then(|| {
        let time = Duration::from_millis(ticks.saturating_mul(1000) / per_second);
        (time, pages.saturating_mul(page))
    })
}

/// Times and resident pages of one process: fields 14 to 17 and 24 of
/// proc_pid_stat(5), counted from 1. The times of children are those that it
/// has waited for.
fn one(pid: u32) -> Option<(u64, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
    let ticks = (14..=17).filter_map(number).sum();
    Some((ticks, number(24).unwrap_or(0)))
}

/// Direct children, of every thread.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| {
            text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::process::{Command, Stdio};

    #[test]
    fn a_grandchild_counts_and_a_dead_process_does_not() {
        let mut child = Command::new("sh")
            .args(["-c", "sleep 20 & echo; wait"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It has printed once the grandchild exists.
        child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
        let page = u64::try_from(rustix::param::page_size()).unwrap();
        // While it starts its program it has no memory of its own.
        let counted = (0..500).any(|_| {
            let (_, alone) = one(child.id()).unwrap();
            let (_, together) = add_up(child.id()).unwrap();
            let pause = rustix::fs::Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
            let _ = rustix::event::poll(&mut [], Some(&pause));
            together > alone * page
        });
        assert!(counted, "the grandchild was never counted");
        let grandchildren = children(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(add_up(child.id()), None, "of {grandchildren:?}");
        for pid in grandchildren {
            Command::new("kill").arg(pid.to_string()).status().unwrap();
        }
    }
}
