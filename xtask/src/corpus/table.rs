//! What every tool found, as tables of Markdown.

use super::{Cases, Labelled};
use std::collections::{BTreeMap, BTreeSet};

/// Of the cases of one class.
#[derive(Default)]
struct Count {
    all: u32,
    said: u32,
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Prints, for each set of cases, recall by class and all in one number for each tool.
///
/// The F1 of a class takes as false alarms the honest programs of which the tool says
/// something, in proportion to the size of the class; macro F1 is the mean over classes.
pub(crate) fn print(cases: &Cases) {
    let sets: BTreeSet<&str> = cases.keys().filter_map(|name| name.split('/').next()).collect();
    for set in sets {
        let of: Vec<(&str, &Labelled)> = cases
            .iter()
            .filter(|(name, _)| name.split('/').next() == Some(set))
            .map(|(name, case)| (name.split('/').nth(1).unwrap_or_default(), case))
            .collect();
        let levels: BTreeSet<_> = of.iter().flat_map(|(_, case)| case.said.keys()).collect();
        let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut sums = Vec::new();
        for level in &levels {
            let mut classes: BTreeMap<&str, Count> = BTreeMap::new();
            for (class, case) in &of {
                let count = classes.entry(class).or_default();
                count.all += 1;
                count.said += u32::from(case.said.get(*level).copied().unwrap_or_default());
            }
            let honest = classes.remove("honest").unwrap_or_default();
            let bad: u32 = classes.values().map(|count| count.all).sum();
            let found: u32 = classes.values().map(|count| count.said).sum();
            let mut macro_f1 = 0.0;
            for (class, count) in &classes {
                let false_alarms = f64::from(honest.said) * share(f64::from(count.all), bad.into());
                let said = f64::from(count.said);
                let missed = f64::from(count.all - count.said);
                macro_f1 += share(2.0 * said, 2.0 * said + false_alarms + missed);
                lines.entry(class).or_default().push(format!("{}/{}", count.said, count.all));
            }
            let number = u32::try_from(classes.len()).unwrap_or_default();
            sums.push(format!(
                "| {} | {} | {found}/{bad} | {}/{} | {:.3} | {:.3} |",
                level.0,
                level.1,
                honest.said,
                honest.all,
                share(found.into(), f64::from(found + honest.said)),
                share(macro_f1, number.into())
            ));
        }
        println!("\n## {set}\n");
        println!("| tool | level | recall | honest flagged | precision | macro F1 |");
        println!("|---|---|---|---|---|---|\n{}\n", sums.join("\n"));
        let head: Vec<String> =
            levels.iter().map(|(tool, level)| format!("{tool}: {level}")).collect();
        println!("| class | {} |\n|---{}|", head.join(" | "), "|---".repeat(head.len()));
        for (class, cells) in lines {
            println!("| {class} | {} |", cells.join(" | "));
        }
    }
}
