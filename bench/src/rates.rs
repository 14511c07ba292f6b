//! How many starts a second, with every processor at work.

use crate::jobs::Job;
use crate::ours::{Ours, plan, wait_end};
use ringfence_sandbox::Backend;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Starts a second of one contender.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    pub(crate) name: &'static str,
    pub(crate) per_second: Result<f64, String>,
}

impl Rate {
    pub(crate) fn line(&self) -> String {
        match &self.per_second {
            Ok(rate) => format!("{:<44} {rate:8.0} a second", self.name),
            Err(reason) => format!("{:<44} not run: {reason}", self.name),
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "per_second": self.per_second.as_ref().ok(),
            "not_run": self.per_second.as_ref().err(),
        })
    }
}

/// Back to back, one thread for each processor, each for so long.
pub(crate) fn measure(ours: &Ours, job: &Job, span: Duration) -> Vec<Rate> {
    let plan = plan(job);
    let jail = || {
        let mut running = ours.backend.start(&plan).map_err(|error| error.to_string())?;
        wait_end(&mut *running)?;
        running.finish();
        Ok(())
    };
    let bwrap = crate::rivals::find("bwrap");
    let bubblewrap = || {
        let bwrap = bwrap.as_ref().map_err(Clone::clone)?;
        let mut command = Command::new(bwrap);
        command.args(crate::rivals::bubblewrap(job)).args(job.words());
        plainly(&mut command)
    };
    let bare = || plainly(Command::new(&job.program).args(&job.arguments));
    vec![
        Rate { name: "bare (posix_spawn)", per_second: rate(span, bare) },
        Rate { name: "Ringfence library, until nothing is left", per_second: rate(span, jail) },
        Rate { name: "bubblewrap", per_second: rate(span, bubblewrap) },
    ]
}

fn plainly(command: &mut Command) -> Result<(), String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}

fn rate(span: Duration, once: impl Fn() -> Result<(), String> + Sync) -> Result<f64, String> {
    once()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let begin = Instant::now();
    let count = || {
        let mut count = 0_u32;
        while begin.elapsed() < span {
            once()?;
            count += 1;
        }
        Ok(count)
    };
    let counts: Vec<Result<u32, String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.map(|result| result.unwrap_or_else(|_| Err("a thread died".to_owned()))).collect()
    });
    let mut total = 0_u32;
    for count in counts {
        total += count?;
    }
    Ok(f64::from(total) / begin.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::idle;

    #[test]
    fn a_rate_counts_all_threads_and_tells_a_failure() {
        let span = Duration::from_millis(100);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let once = || {
            idle(Duration::from_millis(10));
            Ok(())
        };
        let most = 100.0 * f64::from(u32::try_from(threads).unwrap());
        let rate = rate(span, once).unwrap();
        assert!(rate > 0.0 && rate <= most, "{rate} a second of at most {most}");
        assert_eq!(super::rate(span, || Err("broken".to_owned())), Err("broken".to_owned()));
    }
}
