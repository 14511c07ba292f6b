//! One kind of work, everybody's figures under each other.

use super::guests::Guest;
use super::rivals::OURS;
use super::series::{Series, processor};
use super::{FLOOR, Lane, WHOLE};
use crate::figures::ratio;
use serde_json::{Value, json};
use std::time::Duration;

/// One kind of work.
pub(crate) struct Part {
    pub(crate) title: &'static str,
    work: &'static str,
    unit: Unit,
    /// What the last column compares with.
    base: Base,
}

#[derive(Clone, Copy)]
enum Unit {
    Microseconds,
    Milliseconds,
}

#[derive(Clone, Copy)]
enum Base {
    /// Our row for the same guest, which begins with this.
    Ours(&'static str),
    Floor,
    None,
}

const fn part(title: &'static str, work: &'static str, unit: Unit, base: Base) -> Part {
    Part { title, work, unit, base }
}

const INSIDE: Base = Base::Ours(OURS);
const PATH: Base = Base::Ours(WHOLE);

/// In the order of the report.
pub(crate) const PARTS: [Part; 14] = [
    part("fresh: state made, called, dropped", "fresh", Unit::Microseconds, INSIDE),
    part("warm: one more call of a state that is kept", "warm", Unit::Microseconds, INSIDE),
    part("warm: 1 MiB of JSON in and out", "mebibyte", Unit::Microseconds, INSIDE),
    part("past a limit of 20 ms, code that never ends", "overshoot", Unit::Microseconds, INSIDE),
    part("128 bytes there and back", "floor", Unit::Microseconds, Base::None),
    part("whole path, fresh", "whole fresh", Unit::Microseconds, Base::Floor),
    part("whole path, warm", "whole warm", Unit::Microseconds, Base::Floor),
    part("whole path, warm, one effect", "whole asking", Unit::Microseconds, Base::Floor),
    part("whole path, warm, 1 MiB", "whole mebibyte", Unit::Microseconds, Base::Floor),
    part("whole path, past a limit of 20 ms", "whole overshoot", Unit::Microseconds, PATH),
    part("ready: the very first", "ready first", Unit::Milliseconds, Base::None),
    part("ready: other code", "ready second", Unit::Milliseconds, Base::None),
    part("ready: the same, another process", "ready cached", Unit::Milliseconds, Base::None),
    part("ready: the same, this process", "ready here", Unit::Milliseconds, Base::None),
];

/// Least, middle and nearly greatest.
struct Figures {
    count: usize,
    min: Duration,
    median: Duration,
    p99: Duration,
}

impl Figures {
    fn of(times: &[Duration]) -> Option<Self> {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied()
        };
        Some(Self { count: sorted.len(), min: at(0)?, median: at(50)?, p99: at(99)? })
    }
}

impl Part {
    pub(crate) fn median(series: &Series, work: &str) -> Option<Duration> {
        Some(Figures::of(series.get(work)?)?.median)
    }

    fn base(&self, lane: &Lane, lanes: &[Lane]) -> Option<Duration> {
        let (who, work) = match self.base {
            Base::None => return None,
            Base::Floor => (FLOOR.to_owned(), "floor"),
            Base::Ours(beginning) => {
                (format!("{beginning}: {}", lane.like.map_or("", Guest::name)), self.work)
            }
        };
        let base = lanes.iter().find(|lane| lane.who == who)?;
        Self::median(base.result.as_ref().ok()?, work)
    }

    fn figure(&self, time: Duration) -> f64 {
        match self.unit {
            Unit::Microseconds => time.as_secs_f64() * 1e6,
            Unit::Milliseconds => time.as_secs_f64() * 1e3,
        }
    }

    pub(crate) fn lines(&self, lanes: &[Lane]) -> Vec<String> {
        let unit = match self.unit {
            Unit::Microseconds => "microseconds",
            Unit::Milliseconds => "milliseconds",
        };
        let last = match self.base {
            Base::Floor => "x floor",
            Base::Ours(_) => "x ours",
            Base::None => "",
        };
        let mut lines = vec![format!(
            "{unit:<50} {:>10} {:>10} {:>10} {:>10} {:>9} {last:>8}",
            "min", "median", "p99", "processor", "a second"
        )];
        for lane in lanes {
            let Ok(series) = &lane.result else { continue };
            let Some(figures) = series.get(self.work).and_then(Figures::of) else { continue };
            let used = Self::median(series, &processor(self.work));
            let dash = || "-".to_owned();
            let shown = used.map_or_else(dash, |used| format!("{:.2}", self.figure(used)));
            // Of a core, where all of the work is in one thread.
            let rate = used.filter(|used| !used.is_zero() && !self.work.starts_with("whole"));
            let rate = rate.map_or_else(dash, |used| format!("{:.0}", 1.0 / used.as_secs_f64()));
            let beside = self.base(lane, lanes).and_then(|base| ratio(figures.median, base));
            let beside = beside.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let [min, median, p99] =
                [figures.min, figures.median, figures.p99].map(|time| self.figure(time));
            lines.push(format!(
                "{:<50} {min:10.2} {median:10.2} {p99:10.2} {shown:>10} {rate:>9} {beside:>8}",
                lane.who
            ));
        }
        lines
    }

    /// Somebody's figures of this work, if there are any.
    pub(crate) fn json(&self, series: &Series) -> Option<Value> {
        let Figures { count, min, median, p99 } = Figures::of(series.get(self.work)?)?;
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        Some(json!({
            "title": self.title, "count": count, "min_us": micros(min),
            "median_us": micros(median), "p99_us": micros(p99),
            "processor_us": Self::median(series, &processor(self.work)).map(micros),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(who: &str, micros: u64) -> Lane {
        let mut series = Series::default();
        series.add("fresh", Duration::from_micros(micros));
        series.add(&processor("fresh"), Duration::from_micros(2));
        Lane { who: who.to_owned(), like: Some(Guest::C), result: Ok(series) }
    }

    #[test]
    fn others_are_compared_with_our_row_of_the_same_guest() {
        let lanes = [lane("Ringfence worker: C component", 2), lane("rival", 7)];
        let lines = PARTS[0].lines(&lanes);
        assert!(lines[1].ends_with("500000     1.00"), "{}", lines[1]);
        assert!(lines[2].ends_with("3.50"), "{}", lines[2]);
    }
}
