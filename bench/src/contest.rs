//! One kind of work, everybody in turn.

use crate::clock::{GAP, idle};
use crate::figures::Summary;
use std::time::Duration;

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// No isolation.
    Bare,
    /// The least that the kernel takes.
    Floor,
    /// Ringfence within this process.
    Library,
    /// Ringfence as a program.
    Command,
    /// Somebody else's program.
    Rival,
}

/// What one figure is of.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) side: Side,
    pub(crate) text: String,
}

impl Name {
    pub(crate) fn new(side: Side, text: impl Into<String>) -> Self {
        Self { side, text: text.into() }
    }
}

/// Somebody who does the work.
pub(crate) trait Contender {
    /// One name for each figure of a run.
    fn names(&self) -> Vec<Name>;

    /// Done once before all rounds, and not counted: shows that it works.
    fn try_out(&mut self) -> Result<(), String> {
        self.get_ready()?;
        self.once().map(drop)
    }

    /// Done before the idle gap of each round, and not counted.
    fn get_ready(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// One run: one time for each name.
    fn once(&mut self) -> Result<Vec<Duration>, String>;
}

/// A contender, or why it is not here.
pub(crate) enum Entry {
    Runs(Box<dyn Contender>),
    Absent { name: Name, reason: String },
}

impl Entry {
    pub(crate) fn absent(side: Side, name: &str, reason: impl Into<String>) -> Self {
        Self::Absent { name: Name::new(side, name), reason: reason.into() }
    }
}

/// A line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: Name,
    pub(crate) result: Result<Summary, String>,
}

/// One table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// Median of the first row that `wanted` accepts and that was measured.
    pub(crate) fn median(&self, wanted: impl Fn(&Name) -> bool) -> Option<Duration> {
        let row = self.rows.iter().find(|row| wanted(&row.name) && row.result.is_ok())?;
        row.result.as_ref().ok().map(|summary| summary.median)
    }
}

struct Lane {
    names: Vec<Name>,
    contender: Option<Box<dyn Contender>>,
    times: Vec<Vec<Duration>>,
    reason: String,
}

/// Everybody runs once a round, so that a machine that becomes slower or
/// busier is so for all. Every other round goes backwards, so that nobody always
/// follows the same neighbour and finishes what that one left to the kernel.
pub(crate) fn hold(title: impl Into<String>, entries: Vec<Entry>, rounds: usize) -> Table {
    let mut lanes: Vec<Lane> = entries.into_iter().map(enter).collect();
    for round in 0..rounds {
        if round % 2 == 0 {
            lanes.iter_mut().for_each(Lane::run);
        } else {
            lanes.iter_mut().rev().for_each(Lane::run);
        }
    }
    Table { title: title.into(), rows: lanes.into_iter().flat_map(Lane::rows).collect() }
}

fn enter(entry: Entry) -> Lane {
    match entry {
        Entry::Absent { name, reason } => {
            Lane { names: vec![name], contender: None, times: Vec::new(), reason }
        }
        Entry::Runs(mut contender) => {
            let names = contender.names();
            let times = vec![Vec::new(); names.len()];
            match contender.try_out() {
                Ok(()) => Lane { names, contender: Some(contender), times, reason: String::new() },
                Err(reason) => Lane { names, contender: None, times, reason },
            }
        }
    }
}

impl Lane {
    fn run(&mut self) {
        let Some(contender) = &mut self.contender else { return };
        let ready = contender.get_ready();
        idle(GAP);
        match ready.and_then(|()| contender.once()) {
            Ok(times) => {
                for (series, time) in self.times.iter_mut().zip(times) {
                    series.push(time);
                }
            }
            Err(reason) => {
                // Half a series is none.
                self.reason = format!("failed later: {reason}");
                self.contender = None;
            }
        }
    }

    fn rows(self) -> Vec<Row> {
        let runs = self.contender.is_some();
        let reason = self.reason;
        let mut times = self.times.into_iter();
        self.names
            .into_iter()
            .map(|name| {
                let series = times.next().unwrap_or_default();
                let summary = if runs { Summary::of(&series) } else { None };
                Row { name, result: summary.ok_or_else(|| reason.clone()) }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    struct Scribe {
        letter: char,
        log: Rc<RefCell<String>>,
        fails_after: usize,
    }

    impl Contender for Scribe {
        fn names(&self) -> Vec<Name> {
            vec![Name::new(Side::Rival, self.letter)]
        }

        fn once(&mut self) -> Result<Vec<Duration>, String> {
            self.log.borrow_mut().push(self.letter);
            self.fails_after = self.fails_after.checked_sub(1).ok_or("tired")?;
            Ok(vec![Duration::from_millis(1)])
        }
    }

    fn held(fails_after: usize, rounds: usize) -> (String, Table) {
        let log = Rc::new(RefCell::new(String::new()));
        let scribe = |letter, fails_after| {
            Entry::Runs(Box::new(Scribe { letter, log: Rc::clone(&log), fails_after }))
        };
        let entries = vec![scribe('a', 99), scribe('b', fails_after), scribe('c', 99)];
        let table = hold("letters", entries, rounds);
        let text = log.borrow().clone();
        (text, table)
    }

    #[test]
    fn everybody_runs_once_a_round_and_neighbours_change() {
        let (order, table) = held(99, 3);
        assert_eq!(order, "abcabccbaabc");
        assert!(table.rows.iter().all(|row| row.result.as_ref().unwrap().count == 3));
    }

    #[test]
    fn one_that_fails_is_listed_with_the_reason_and_does_not_stop_the_others() {
        let (order, table) = held(0, 2);
        assert_eq!(order, "abcacca");
        assert_eq!(table.rows[1].result.as_ref().unwrap_err(), "tired");
        let (_, table) = held(2, 3);
        assert_eq!(table.rows[1].result.as_ref().unwrap_err(), "failed later: tired");
        assert_eq!(table.rows[2].result.as_ref().unwrap().count, 3);
    }
}
