//! What Ringfence wants to reach, and whether it does here.

use crate::contest::{Side, Table};
use crate::figures::milliseconds;
use crate::memory::Memory;
use crate::ours::{COLD, PREPARED};
use crate::run::STATIC;
use serde_json::{Value, json};

/// One goal.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    what: &'static str,
    most: f64,
    unit: &'static str,
    measured: Option<f64>,
}

impl Goal {
    pub(crate) const fn new(
        what: &'static str,
        most: f64,
        unit: &'static str,
        measured: Option<f64>,
    ) -> Self {
        Self { what, most, unit, measured }
    }

    fn verdict(&self) -> &'static str {
        match self.measured {
            None => "not measured",
            Some(measured) if measured <= self.most => "met",
            Some(_) => "NOT met",
        }
    }

    pub(crate) fn line(&self) -> String {
        let measured =
            self.measured.map_or_else(|| "-".to_owned(), |number| format!("{number:.2}"));
        format!(
            "{:<62} at most {:5.2} {:<3} here {measured:>7} {:<3} {}",
            self.what,
            self.most,
            self.unit,
            self.unit,
            self.verdict()
        )
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "what": self.what, "most": self.most, "unit": self.unit,
            "measured": self.measured, "verdict": self.verdict(),
        })
    }
}

/// Medians of the static program on the machine as it is, not under load.
pub(crate) fn all(tables: &[Table], memory: Option<&Memory>) -> Vec<Goal> {
    let table = tables.iter().find(|table| table.title == STATIC);
    let ours = |side: Side, beginning: &str, end: &str| {
        let median = table?.median(|name| {
            name.side == side && name.text.starts_with(beginning) && name.text.ends_with(end)
        });
        median.map(milliseconds)
    };
    vec![
        Goal {
            what: "full jail of a tiny program, library, until nothing is left",
            most: 1.5,
            unit: "ms",
            measured: ours(Side::Library, COLD, "nothing left"),
        },
        Goal {
            what: "the same as a command",
            most: 2.0,
            unit: "ms",
            measured: ours(Side::Command, "", ""),
        },
        Goal {
            what: "prepared jail, until the program runs",
            most: 0.3,
            unit: "ms",
            measured: ours(Side::Library, PREPARED, "program started"),
        },
        Goal {
            what: "python plugin from a parent that has imported everything",
            most: 3.0,
            unit: "ms",
            // There is no such parent yet.
            measured: None,
        },
        Goal {
            what: "memory of an idle jail beside the plugin",
            most: 2.0,
            unit: "MiB",
            measured: memory.map(|memory| memory.proportional_kib() / 1024.0),
        },
    ]
}
