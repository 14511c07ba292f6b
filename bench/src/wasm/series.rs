//! Times by name, as the programs that measure themselves print them: one line for
//! each kind of work, its word, then nanoseconds.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Kinds of work, each with all its times.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series(BTreeMap<String, Vec<Duration>>);

impl Series {
    pub(crate) fn add(&mut self, work: &str, time: Duration) {
        self.0.entry(work.to_owned()).or_default().push(time);
    }

    pub(crate) fn get(&self, work: &str) -> Option<&[Duration]> {
        self.0.get(work).map(Vec::as_slice)
    }

    pub(crate) fn extend(&mut self, other: Self) {
        for (work, times) in other.0 {
            self.0.entry(work).or_default().extend(times);
        }
    }

    /// Does the work so often, and keeps each time and the mean of the processor's.
    pub(crate) fn measure(
        &mut self,
        work: &str,
        count: usize,
        mut once: impl FnMut() -> Result<(), String>,
    ) -> Result<(), String> {
        // The first ones learn, fault pages in and fill caches.
        for _ in 0..count.div_ceil(10).min(200) {
            once()?;
        }
        let before = processor_time();
        for _ in 0..count {
            let begin = Instant::now();
            once()?;
            self.add(work, begin.elapsed());
        }
        let used = processor_time().saturating_sub(before);
        self.add(&processor(work), used / u32::try_from(count.max(1)).unwrap_or(u32::MAX));
        Ok(())
    }

    pub(crate) fn print(&self) {
        for (work, times) in &self.0 {
            let times: Vec<String> = times.iter().map(|time| time.as_nanos().to_string()).collect();
            println!("{work}\t{}", times.join(" "));
        }
    }

    fn read(text: &str) -> Self {
        let mut series = Self::default();
        for (work, times) in text.lines().filter_map(|line| line.split_once('\t')) {
            for time in times.split(' ').filter_map(|word| word.parse().ok()) {
                series.add(work, Duration::from_nanos(time));
            }
        }
        series
    }

    /// What a program prints that measures itself.
    pub(crate) fn told_by(command: &mut Command) -> Result<Self, String> {
        let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(said.lines().next_back().unwrap_or("it says nothing").to_owned());
        }
        Ok(Self::read(&String::from_utf8_lossy(&output.stdout)))
    }
}

/// The word for the processor's share of some work.
pub(crate) fn processor(work: &str) -> String {
    format!("{work} (processor)")
}

fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_and_other_lines_are_passed_over() {
        let series = Series::read("a warning\nfresh\t10 20\nwarm\t5\n");
        let nanos = |all: &[u64]| all.iter().copied().map(Duration::from_nanos).collect::<Vec<_>>();
        assert_eq!(series.get("fresh").unwrap(), nanos(&[10, 20]));
        assert_eq!(series.get("warm").unwrap(), nanos(&[5]));
        assert_eq!(series.get("mebibyte"), None);
    }

    #[test]
    fn work_that_fails_gives_no_time() {
        let mut series = Series::default();
        assert!(series.measure("fresh", 3, || Err("no".to_owned())).is_err());
        assert_eq!(series, Series::default());
    }
}
