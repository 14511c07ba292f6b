//! What a call of a plugin in WebAssembly costs: inside the worker, on the whole
//! path, from its files to its first answer, in memory, and when it must be stopped.

mod guests;
mod inside;
mod plain;
mod ready;
mod rivals;
mod series;
mod standing;
mod table;
mod whole;

use crate::goals::Goal;
use crate::options::Options;
use crate::scratch::Scratch;
use crate::{Result, progress};
use guests::Guest;
use ringfence::Ringfence;
use rivals::{Contender, OURS};
use serde_json::{Value, json};
use series::Series;
use standing::Standing;
use std::path::Path;
use std::time::Duration;
use table::{PARTS, Part};
use whole::Host;

pub(crate) use whole::echo;

/// Title of the whole, for `--only`.
pub(crate) const TITLE: &str = "wasm";

/// What the rows of the whole path begin with.
pub(crate) const WHOLE: &str = "Ringfence, whole path";
pub(crate) const FLOOR: &str = "two processes and a socket, nothing else";

/// One who measured, with everything that came of it.
pub(crate) struct Lane {
    pub(crate) who: String,
    pub(crate) like: Option<Guest>,
    pub(crate) result: std::result::Result<Series, String>,
}

/// Everything about WebAssembly.
pub(crate) struct Wasm {
    lanes: Vec<Lane>,
    standing: Vec<(Guest, std::result::Result<Standing, String>)>,
}

/// Measures one guest in this process, which does nothing else. The words are how,
/// which guest, `quick` or `full`, and for our worker what and where its native
/// code is kept.
pub(crate) fn alone(words: &[String]) -> Result<()> {
    let mut words = words.iter().map(String::as_str);
    let how = words.next().unwrap_or_default();
    let guest = words.next().and_then(Guest::of).ok_or("no such guest")?;
    let quick = words.next() == Some("quick");
    if how == crate::options::PLAIN {
        return plain::run(guest, quick);
    }
    let work = words.next().unwrap_or_default();
    inside::run(guest, quick, work, Path::new(words.next().ok_or("no file")?))
}

/// Measures those whose names hold `part`: all of them when it is empty.
pub(crate) fn measure(options: &Options, scratch: &Scratch, part: &str) -> Result<Wasm> {
    let quick = options.quick;
    let folder = scratch.public("wasm")?;
    let host = Host { ringfence: Ringfence::open_at(folder.join("home"))?, folder: &folder };
    let mut contenders = contenders(options, &host);
    contenders.retain(|contender| {
        // What they are compared with is there in any case.
        contender.who.contains(part) || contender.who == FLOOR
    });
    let lanes = hold(contenders, if quick { 1 } else { 3 }, quick);
    let mut standing = Vec::new();
    let standing_guests = [Guest::Module, Guest::Rust, Guest::BuiltIn];
    for guest in standing_guests.into_iter().filter(|_| "memory".contains(part)) {
        progress(&format!("{TITLE}: memory, {}", guest.name()));
        let count = match (options.long, quick) {
            (true, _) => 1000,
            (false, true) => 10,
            (false, false) => 50,
        };
        standing.push((guest, standing::measure(&host, guest, count)));
    }
    Ok(Wasm { lanes, standing })
}

fn contenders<'a>(options: &Options, host: &'a Host<'a>) -> Vec<Contender<'a>> {
    let quick = options.quick;
    let mut all = Vec::new();
    all.extend(Guest::ALL.map(|guest| rivals::inside(guest, quick, host.folder)));
    all.extend(
        Guest::ALL
            .into_iter()
            .filter(|guest| *guest != Guest::BuiltIn)
            .map(|guest| rivals::plain(guest, quick)),
    );
    all.extend(rivals::others(quick, options.only.is_some()));
    all.push(Contender::new(FLOOR, None, move || whole::floor(quick)));
    all.extend(Guest::ALL.map(|guest| {
        let who = format!("{WHOLE}: {}", guest.name());
        Contender::new(who, Some(guest), move || whole::measure(host, guest, quick))
    }));
    all.extend(Guest::ALL.map(|guest| {
        let mut number = 0;
        let who = format!("Ringfence, start: {}", guest.name());
        Contender::new(who, Some(guest), move || {
            number += 1;
            let folder: &Path = &host.folder.join(format!("start {number}"));
            ready::measure(folder, guest)
        })
    }));
    all
}

/// Everybody in turn, every other round backwards.
fn hold(contenders: Vec<Contender<'_>>, rounds: usize, quick: bool) -> Vec<Lane> {
    let mut lanes: Vec<(Contender<'_>, std::result::Result<Series, String>)> =
        contenders.into_iter().map(|contender| (contender, Ok(Series::default()))).collect();
    for round in 0..rounds {
        let mut turns: Vec<_> = lanes.iter_mut().collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for (contender, result) in turns {
            let Ok(series) = result else { continue };
            if contender.is_large() && quick {
                *result = Err("not measured with `--quick`: it is compiled for long".to_owned());
                continue;
            }
            if contender.is_large() && round > 0 {
                continue;
            }
            progress(&format!("{TITLE}: {}", contender.who));
            crate::clock::idle(crate::clock::GAP);
            match (contender.once)() {
                Ok(more) => series.extend(more),
                // Half a series is none.
                Err(reason) => *result = Err(reason),
            }
        }
    }
    let lane = |(contender, result): (Contender<'_>, _)| Lane {
        who: contender.who,
        like: contender.like,
        result,
    };
    lanes.into_iter().map(lane).collect()
}

impl Wasm {
    /// Sections of the report: a title and its lines.
    pub(crate) fn sections(&self) -> Vec<(String, Vec<String>)> {
        let mut all: Vec<_> = PARTS
            .iter()
            .map(|part| (format!("WebAssembly: {}", part.title), part.lines(&self.lanes)))
            .collect();
        let memory = self.standing.iter().map(|(guest, result)| match result {
            Ok(standing) => standing.line(guest.name()),
            Err(reason) => format!("{:<30} not measured: {reason}", guest.name()),
        });
        all.push(("WebAssembly: memory of plugins that are loaded".to_owned(), memory.collect()));
        let missing = self.lanes.iter().filter_map(|lane| {
            let reason = lane.result.as_ref().err()?;
            Some(format!("{:<50} {reason}", lane.who))
        });
        all.push(("WebAssembly: not measured".to_owned(), missing.collect()));
        all.push((
            "WebAssembly: goals (medians)".to_owned(),
            self.goals().iter().map(Goal::line).collect(),
        ));
        all
    }

    pub(crate) fn json(&self) -> Value {
        let lanes = self.lanes.iter().map(|lane| match &lane.result {
            Ok(series) => json!({
                "who": lane.who,
                "parts": PARTS.iter().filter_map(|part| part.json(series)).collect::<Vec<_>>(),
            }),
            Err(reason) => json!({ "who": lane.who, "not_measured": reason }),
        });
        let standing = self.standing.iter().map(|(guest, result)| match result {
            Ok(standing) => json!({ "guest": guest.name(), "memory": standing.json() }),
            Err(reason) => json!({ "guest": guest.name(), "not_measured": reason }),
        });
        json!({
            "lanes": lanes.collect::<Vec<_>>(),
            "memory": standing.collect::<Vec<_>>(),
            "goals": self.goals().iter().map(Goal::json).collect::<Vec<_>>(),
        })
    }

    /// The median of somebody's work, in this unit.
    fn median(&self, beginning: &str, guest: Guest, work: &str, unit: Duration) -> Option<f64> {
        let who = format!("{beginning}: {}", guest.name());
        let lane = self.lanes.iter().find(|lane| lane.who == who)?;
        let median = Part::median(lane.result.as_ref().ok()?, work)?;
        Some(median.as_secs_f64() / unit.as_secs_f64())
    }

    fn goals(&self) -> Vec<Goal> {
        const MICRO: Duration = Duration::from_micros(1);
        const MILLI: Duration = Duration::from_millis(1);
        let fresh = self.median(OURS, Guest::BuiltIn, "fresh", MICRO);
        let memory = |guest| {
            let (_, result) = self.standing.iter().find(|(of, _)| *of == guest)?;
            Some(result.as_ref().ok()?.thousand_mb())
        };
        vec![
            Goal::new("fresh JavaScript call inside the worker", 10.0, "us", fresh),
            Goal::new("the same with its state put back, verified", 1.0, "us", fresh),
            Goal::new(
                "whole path and back, fresh core module",
                25.0,
                "us",
                self.median(WHOLE, Guest::Module, "whole fresh", MICRO),
            ),
            Goal::new(
                "whole path and back, fresh JavaScript",
                25.0,
                "us",
                self.median(WHOLE, Guest::BuiltIn, "whole fresh", MICRO),
            ),
            Goal::new(
                "JavaScript from source to ready, after the first",
                500.0,
                "ms",
                self.median("Ringfence, start", Guest::BuiltIn, "ready second", MILLI),
            ),
            Goal::new("1,000 core modules loaded", 400.0, "MB", memory(Guest::Module)),
            Goal::new("1,000 JavaScript plugins loaded", 400.0, "MB", memory(Guest::BuiltIn)),
            Goal::new(
                "past the limit of a call, core module in the worker",
                0.2,
                "ms",
                self.median(OURS, Guest::Module, "overshoot", MILLI),
            ),
            Goal::new(
                "past the limit of a call, JavaScript in the worker",
                0.2,
                "ms",
                self.median(OURS, Guest::BuiltIn, "overshoot", MILLI),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_is_named_with_the_reason_and_does_not_stop_the_others() {
        let mut rounds = 0;
        let fails = Contender::new("absent", None, || Err("gone".to_owned()));
        let works = Contender::new("present", None, || {
            rounds += 1;
            let mut series = Series::default();
            series.add("fresh", Duration::from_micros(rounds));
            Ok(series)
        });
        let lanes = hold(vec![fails, works], 3, false);
        assert_eq!(lanes[0].result.as_ref().unwrap_err(), "gone");
        assert_eq!(lanes[1].result.as_ref().unwrap().get("fresh").unwrap().len(), 3);
        let wasm = Wasm { lanes, standing: Vec::new() };
        let sections = wasm.sections();
        let (_, missing) =
            sections.iter().find(|(title, _)| title.ends_with("not measured")).unwrap();
        assert!(missing[0].starts_with("absent") && missing[0].ends_with("gone"));
    }
}
