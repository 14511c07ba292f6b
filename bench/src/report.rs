//! What was measured, for people and for programs.

use crate::contest::{Side, Table};
use crate::costs::Cost;
use crate::figures::{milliseconds, ratio};
use crate::goals::Goal;
use crate::machine::Machine;
use crate::memory::Memory;
use crate::network::Network;
use crate::ours::COLD;
use crate::rates::Rate;
use crate::wasm::Wasm;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// Everything.
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) tables: Vec<Table>,
    pub(crate) memory: Result<Memory, String>,
    pub(crate) rates: Vec<Rate>,
    pub(crate) costs: Result<Vec<Cost>, String>,
    pub(crate) goals: Vec<Goal>,
    /// `None` where it is not wanted.
    pub(crate) network: Option<Result<Network, String>>,
    pub(crate) wasm: Option<Result<Wasm, String>>,
}

/// What other rows are compared with: our library and our program.
fn bases(table: &Table) -> [Option<Duration>; 2] {
    let library = table
        .median(|name| {
            name.side == Side::Library
                && name.text.starts_with(COLD)
                && name.text.ends_with("nothing left")
        })
        // For a plugin its first answer.
        .or_else(|| table.median(|name| name.side == Side::Library));
    [library, table.median(|name| name.side == Side::Command)]
}

const LEGEND: [&str; 5] = [
    "Everybody runs once a round, each after 50 ms of rest; times are wall time.",
    "x library: in multiples of our library's cold jail until nothing of it is left,",
    "for a plugin of its first answer. x program: in multiples of `ringfence run`.",
    "The floor is what the kernel itself takes for such walls. Rivals are called as in",
    "bench/src/rivals.rs and oci.rs; none of them sets our limits and our filter.",
];

impl Report {
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut section = |title: &str, lines: &[String]| {
            let _ = writeln!(text, "{title}");
            for line in lines {
                let _ = writeln!(text, "  {line}");
            }
            let _ = writeln!(text);
        };
        section("Machine", &self.machine.lines());
        for table in &self.tables {
            section(&table.title, &table_lines(table));
        }
        match &self.memory {
            Ok(memory) => section("Memory of an idle jail beside its plugin", &memory.lines()),
            Err(reason) => section("Memory", &[format!("not run: {reason}")]),
        }
        let rates: Vec<String> = self.rates.iter().map(Rate::line).collect();
        section("Starts back to back, a thread for each processor", &rates);
        match &self.costs {
            Ok(costs) => {
                let lines: Vec<String> = costs.iter().map(Cost::line).collect();
                section("Decisions and records", &lines);
            }
            Err(reason) => section("Decisions and records", &[format!("not run: {reason}")]),
        }
        let goals: Vec<String> = self.goals.iter().map(Goal::line).collect();
        section("Goals (medians)", &goals);
        match &self.network {
            Some(Ok(network)) => {
                section(&network.starts.title, &table_lines(&network.starts));
                for (title, lines) in network.sections() {
                    section(&title, &lines);
                }
            }
            Some(Err(reason)) => section("Network", &[format!("not run: {reason}")]),
            None => {}
        }
        match &self.wasm {
            Some(Ok(wasm)) => {
                for (title, lines) in wasm.sections() {
                    section(&title, &lines);
                }
            }
            Some(Err(reason)) => section("WebAssembly", &[format!("not run: {reason}")]),
            None => {}
        }
        section("How to read it", &LEGEND.map(str::to_owned));
        text
    }

    pub(crate) fn json(&self) -> Value {
        let costs =
            self.costs.as_ref().map(|costs| costs.iter().map(Cost::json).collect::<Vec<_>>());
        json!({
            "machine": self.machine.json(),
            "tables": self.tables.iter().map(table_json).collect::<Vec<_>>(),
            "memory": self.memory.as_ref().map_or_else(|reason| json!({ "not_run": reason }), Memory::json),
            "rates": self.rates.iter().map(Rate::json).collect::<Vec<_>>(),
            "costs": costs.map_or_else(|reason| json!({ "not_run": reason }), |costs| json!(costs)),
            "goals": self.goals.iter().map(Goal::json).collect::<Vec<_>>(),
            "network": self.network.as_ref().map(|network| match network {
                Ok(network) => json!({
                    "starts": table_json(&network.starts), "figures": network.json(),
                }),
                Err(reason) => json!({ "not_run": reason }),
            }),
            "wasm": self.wasm.as_ref().map(|wasm| match wasm {
                Ok(wasm) => wasm.json(),
                Err(reason) => json!({ "not_run": reason }),
            }),
        })
    }
}

fn table_lines(table: &Table) -> Vec<String> {
    let [library, program] = bases(table);
    let mut lines = vec![format!(
        "{:<60} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "milliseconds", "min", "median", "p95", "x library", "x program"
    )];
    for row in &table.rows {
        let name = &row.name.text;
        lines.push(match &row.result {
            Ok(times) => {
                let times_of = |base: Option<Duration>| {
                    let ratio = base.and_then(|base| ratio(times.median, base));
                    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
                };
                format!(
                    "{name:<60} {:8.2} {:8.2} {:8.2} {:>9} {:>9}",
                    milliseconds(times.min),
                    milliseconds(times.median),
                    milliseconds(times.p95),
                    times_of(library),
                    times_of(program)
                )
            }
            Err(reason) => format!("{name:<60} not run: {reason}"),
        });
    }
    lines
}

fn table_json(table: &Table) -> Value {
    let [library, program] = bases(table);
    let rows: Vec<Value> = table
        .rows
        .iter()
        .map(|row| match &row.result {
            Ok(times) => json!({
                "name": row.name.text,
                "side": side(row.name.side),
                "times": times.json(),
                "ratio_to_library": library.and_then(|base| ratio(times.median, base)),
                "ratio_to_program": program.and_then(|base| ratio(times.median, base)),
            }),
            Err(reason) => {
                json!({ "name": row.name.text, "side": side(row.name.side), "not_run": reason })
            }
        })
        .collect();
    json!({ "title": table.title, "rows": rows })
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Bare => "bare",
        Side::Floor => "floor",
        Side::Library => "library",
        Side::Command => "program",
        Side::Rival => "rival",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::{Name, Row};
    use crate::figures::Summary;

    fn row(side: Side, text: &str, millis: Option<u64>) -> Row {
        let times: Vec<Duration> = millis.map(Duration::from_millis).into_iter().collect();
        Row { name: Name::new(side, text), result: Summary::of(&times).ok_or("gone".to_owned()) }
    }

    fn table() -> Table {
        let rows = vec![
            row(Side::Library, &format!("{COLD}: program started"), Some(1)),
            row(Side::Library, &format!("{COLD}: nothing left"), Some(2)),
            row(Side::Command, "program", Some(4)),
            row(Side::Rival, "slow", Some(8)),
            row(Side::Rival, "absent", None),
        ];
        Table { title: "t".to_owned(), rows }
    }

    #[test]
    fn others_are_compared_with_our_time_until_nothing_is_left() {
        let lines = table_lines(&table());
        assert!(lines[4].ends_with("4.00      2.00"), "{}", lines[4]);
        let value = table_json(&table());
        assert_eq!(value["rows"][3]["ratio_to_library"], 4.0);
    }

    #[test]
    fn who_did_not_run_is_in_both_forms_with_the_reason() {
        assert!(table_lines(&table())[5].ends_with("not run: gone"));
        assert_eq!(table_json(&table())["rows"][4]["not_run"], "gone");
    }
}
