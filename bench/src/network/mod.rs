//! What a network costs: the same client, inside everybody's walls, talks to the
//! same server on the loopback of this machine.

mod idle;
mod server;
mod starts;
mod ways;

use crate::Result;
use crate::clock::{GAP, idle};
use crate::contest::{Name, Table};
use crate::figures::{Summary, ratio};
use crate::native::compile;
use crate::ours::Ours;
use crate::scratch::Scratch;
use idle::Idle;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use ways::Way;

/// What the client is asked for, and what each of its lines holds.
struct Work {
    mode: &'static str,
    count: usize,
    titles: &'static [&'static str],
}

/// One line of a table.
struct Row {
    name: String,
    result: std::result::Result<Summary, String>,
}

/// Figures of one kind, everybody's.
struct Part {
    title: &'static str,
    /// Bytes that were moved in each time, for a rate.
    bytes: Option<usize>,
    rows: Vec<Row>,
}

/// Everything about the network.
pub(crate) struct Network {
    parts: Vec<Part>,
    /// Starts with and without a network.
    pub(crate) starts: Table,
    idle: std::result::Result<Idle, String>,
}

/// Title of the whole, for `--only`.
pub(crate) const TITLE: &str = "network";

pub(crate) fn measure(ours: &Ours, scratch: &Scratch, quick: bool) -> Result<Network> {
    let folder = scratch.public("network")?;
    let client = compile(&folder, "net", include_str!("../../native/net.c"), &["-O2"])?;
    let port = server::start()?;
    let (bytes, many, rounds) = if quick { (1 << 26, 30, 1) } else { (1 << 30, 200, 5) };
    let works = [
        Work { mode: "download", count: bytes, titles: &["download of 1 GiB"] },
        Work {
            mode: "connect",
            count: many,
            titles: &["connect()", "connect() and the server's first byte"],
        },
        Work {
            mode: "echo",
            count: many * 5,
            titles: &["round trip of 64 bytes, open connection"],
        },
        Work { mode: "http", count: many, titles: &["request of HTTP, open connection"] },
    ];
    let ways = ways::all(ours, &client, &folder, port);
    let mut parts = Vec::new();
    for work in works {
        parts.extend(hold(&work, &ways, &client, port, rounds));
    }
    let starts = starts::measure(ours, if quick { 2 } else { 25 });
    drop(ways);
    Ok(Network { parts, starts, idle: idle::measure(ours, scratch) })
}

/// Everybody in turn, every other round backwards.
fn hold(
    work: &Work,
    ways: &[std::result::Result<Way, (Name, String)>],
    client: &Path,
    port: u16,
    rounds: usize,
) -> Vec<Part> {
    let columns = work.titles.len();
    let mut lanes: Vec<std::result::Result<Vec<Vec<Duration>>, String>> =
        ways.iter().map(|_| Ok(vec![Vec::new(); columns])).collect();
    for round in 0..rounds {
        let mut turns: Vec<_> = ways.iter().zip(&mut lanes).collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for (way, lane) in turns {
            idle(GAP);
            let told = way.as_ref().map_err(|(_, reason)| reason.clone()).and_then(|way| {
                let count = work.count.to_string();
                let words = [work.mode, &way.host, &port.to_string(), &count].map(str::to_owned);
                way.run(client, &words)
            });
            match (told, lane.as_mut()) {
                (Ok(told), Ok(series)) => read(&told, series),
                (Err(reason), Ok(_)) => *lane = Err(reason),
                (_, Err(_)) => {}
            }
        }
    }
    let part = |(column, title): (usize, &&'static str)| Part {
        title,
        bytes: (work.mode == "download").then_some(work.count),
        rows: ways
            .iter()
            .zip(&lanes)
            .map(|(way, lane)| Row {
                name: match way {
                    Ok(way) => way.name.text.clone(),
                    Err((name, _)) => name.text.clone(),
                },
                result: lane.as_ref().map_err(Clone::clone).and_then(|series| {
                    let series = series.get(column).and_then(|series| Summary::of(series));
                    series.ok_or_else(|| "it told nothing".to_owned())
                }),
            })
            .collect(),
    };
    work.titles.iter().enumerate().map(part).collect()
}

fn read(told: &str, series: &mut [Vec<Duration>]) {
    for line in told.lines() {
        for (word, series) in line.split_whitespace().zip(series.iter_mut()) {
            series.extend(word.parse().map(Duration::from_nanos));
        }
    }
}

impl Part {
    fn direct(&self) -> Option<Summary> {
        self.rows.first().and_then(|row| row.result.as_ref().ok()).copied()
    }

    fn lines(&self) -> Vec<String> {
        let rate = self.bytes.is_some();
        let head = if rate {
            ["best", "median", "worst", "x direct"]
        } else {
            ["min", "median", "p95", "added"]
        };
        let unit = if rate { "GB a second" } else { "microseconds" };
        let [a, b, c, d] = head;
        let mut lines = vec![format!("{unit:<40} {a:>9} {b:>9} {c:>9} {d:>9}")];
        for Row { name, result } in &self.rows {
            lines.push(match result {
                Ok(times) => {
                    let [a, b, c] =
                        [times.min, times.median, times.p95].map(|time| self.figure(time));
                    let last = self.beside_direct(times.median);
                    format!("{name:<40} {a:9.2} {b:9.2} {c:9.2} {last:9.2}")
                }
                Err(reason) => format!("{name:<40} not run: {reason}"),
            });
        }
        lines
    }

    /// The figure for a time, in the unit of this part.
    fn figure(&self, time: Duration) -> f64 {
        match self.bytes {
            #[expect(clippy::cast_precision_loss, reason = "a gigabyte, shown to two places")]
            Some(bytes) => bytes as f64 / time.as_secs_f64() / 1e9,
            None => time.as_secs_f64() * 1e6,
        }
    }

    /// A rate as a part of the direct one; a time as what comes on top of it.
    fn beside_direct(&self, median: Duration) -> f64 {
        let direct = self.direct().map_or(Duration::ZERO, |direct| direct.median);
        match self.bytes {
            Some(_) => ratio(direct, median).unwrap_or_default(),
            None => self.figure(median) - self.figure(direct),
        }
    }

    /// What ours is beside direct, and beside another.
    fn ours(&self, than: Option<&str>) -> Option<f64> {
        let median = |wanted: &str| {
            let row = self.rows.iter().find(|row| row.name.starts_with(wanted))?;
            row.result.as_ref().ok().map(|times| times.median)
        };
        let ours = median("Ringfence")?;
        match than {
            Some(other) => ratio(median(other)?, ours),
            None => Some(self.beside_direct(ours)),
        }
    }

    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| match &row.result {
            Ok(times) => json!({
                "name": row.name, "times": times.json(),
                "beside_direct": self.beside_direct(times.median),
            }),
            Err(reason) => json!({ "name": row.name, "not_run": reason }),
        });
        json!({ "title": self.title, "rows": rows.collect::<Vec<_>>() })
    }
}

impl Network {
    /// Sections of the report: a title and its lines.
    pub(crate) fn sections(&self) -> Vec<(String, Vec<String>)> {
        let mut all: Vec<_> = self
            .parts
            .iter()
            .map(|part| (format!("Network: {}", part.title), part.lines()))
            .collect();
        let memory = match &self.idle {
            Ok(idle) => idle.lines(),
            Err(reason) => vec![format!("not run: {reason}")],
        };
        all.push((
            "Network: memory of an idle jail with one, beside one without".to_owned(),
            memory,
        ));
        let all_goals = self.goals().into_iter().map(|(what, figure)| {
            let figure = figure.map_or_else(|| "not measured".to_owned(), |f| format!("{f:.2}"));
            format!("{what:<66} here {figure}")
        });
        all.push(("Network: goals (medians)".to_owned(), all_goals.collect()));
        all
    }

    fn goals(&self) -> Vec<(&'static str, Option<f64>)> {
        let part = |title: &str| self.parts.iter().find(|part| part.title.starts_with(title));
        let ours = |title, than| part(title).and_then(|part| part.ours(than));
        vec![
            ("download beside direct: at least 0.33", ours("download", None)),
            ("download beside slirp4netns: more than 1", ours("download", Some("slirp"))),
            ("added to connect(): under 100 microseconds", ours("connect()", None)),
            (
                "added until the server's first byte, microseconds (no goal)",
                ours("connect() and", None),
            ),
            ("added to a round trip: under 30 microseconds", ours("round trip", None)),
            ("added to a request of HTTP: under 30 microseconds", ours("request", None)),
            (
                "memory of an idle jail's network: under 1024 KiB",
                self.idle.as_ref().ok().map(Idle::kib),
            ),
        ]
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "parts": self.parts.iter().map(Part::json).collect::<Vec<_>>(),
            "idle": self.idle.as_ref().map_or_else(|reason| json!({ "not_run": reason }), Idle::json),
            "goals": self.goals().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        })
    }
}
