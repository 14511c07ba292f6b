//! What `ringfence advisories` prints. Names, versions and summaries are strangers' texts.

use crate::output;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence_advisories::{
    Checked, CheckedComponent, Component, Data, Finding, Imported, Policy, Source, State, Unsure,
};
use ringfence_types::UntrustedText;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Most malformed records, and most lines about what is not checkable, for a person.
const MOST_LINES: usize = 20;

/// What came of a verb, with whether it is as it should be.
#[derive(Serialize)]
struct Answer<'a, T> {
    ok: bool,
    #[serde(flatten)]
    answer: &'a T,
}

fn shown(text: &str) -> String {
    UntrustedText::new(text).to_string()
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn day(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).map(|at| at.to_zoned(TimeZone::UTC).date());
    at.map_or_else(|_| "?".to_owned(), |day| day.to_string())
}

pub(super) fn imported(imported: &Imported, as_json: bool) {
    for (place, why) in imported.first_malformed.iter().take(MOST_LINES) {
        output::say(&format!("malformed, not taken: {}: {}", shown(place), shown(why)));
    }
    let more = imported.malformed.saturating_sub(MOST_LINES as u64);
    if more > 0 {
        output::say(&format!("malformed, not taken: {more} more"));
    }
    if as_json {
        return output::answer_json(&Answer { ok: true, answer: imported });
    }
    let Imported { read, new, updated, unchanged, foreign, withdrawn, malformed, .. } = imported;
    output::answer(&format!(
        "{read} records: {new} new, {updated} updated, {unchanged} known already, {withdrawn} \
         taken back, {foreign} of no registry known here, {malformed} malformed"
    ));
    let covers: Vec<&str> = imported.covers.iter().map(|known| known.word()).collect();
    let newest = imported.newest.map_or_else(|| "?".to_owned(), day);
    if covers.is_empty() {
        output::answer("added to what is known; counts for no registry as all of it");
    } else {
        output::answer(&format!("all that is known of {}, as of {newest}", covers.join(", ")));
    }
}

pub(super) fn status(data: &[Data], sources: &[Source], as_json: bool) {
    if as_json {
        let answer = json!({ "ok": true, "data": data, "sources": sources });
        return output::answer_json(&answer);
    }
    if data.is_empty() {
        output::say("there is no data yet: ringfence advisories import PATH");
    }
    for data in data {
        output::answer(&format!("{}, imported {}", in_words(data), day(data.imported)));
    }
    for source in sources.iter().take(MOST_LINES) {
        output::answer(&format!(
            "  {}  {} records, {} malformed, newest {}, from {}",
            day(source.imported),
            source.records,
            source.malformed,
            day(source.newest),
            shown(&source.name)
        ));
    }
}

fn in_words(data: &Data) -> String {
    let (days, newest) = (data.age_days, day(data.newest));
    let days = counted(u64::try_from(days).unwrap_or_default(), "day");
    let records = counted(data.records, "record");
    let malware = data.malware;
    format!("{}: {records}, {malware} of malware, as of {newest}, {days} old", data.ecosystem)
}

pub(super) fn checked(checked: &Checked, policy: &Policy, as_json: bool) {
    if as_json {
        return output::answer_json(&Answer { ok: !checked.blocks, answer: checked });
    }
    for data in &checked.data {
        output::say(&format!("data on {}", in_words(data)));
    }
    for stale in &checked.stale_ignores {
        let id = shown(&stale.ignore.id);
        let why = if stale.over {
            format!("counts no more since {}", stale.ignore.until)
        } else {
            "has no effect: nothing here that could be ignored is affected by it".to_owned()
        };
        output::say(&format!("ignored advisory {id} {why}; take it out"));
    }
    for component in &checked.components {
        tell(component);
    }
    not_checkable(checked);
    let [verified, affected, unsure] =
        [State::Verified, State::Affected, State::NotCheckable].map(|state| checked.count(state));
    output::answer(&format!(
        "{}: {verified} verified, {affected} affected, {unsure} not checkable",
        counted(checked.components.len() as u64, "component")
    ));
    if checked.blocks {
        output::answer("BLOCKED");
        output::say(&format!("  help: {}", mend(checked, policy)));
    }
}

fn tell(checked: &CheckedComponent) {
    if checked.findings.is_empty() {
        return;
    }
    let word = if checked.blocks { "BLOCKED" } else { "affected" };
    let component = &checked.component;
    let place = component.places.first().map(|place| format!(" ({})", shown(place)));
    let place = place.unwrap_or_default();
    output::answer(&format!("{word} {}{place}", name(component)));
    for finding in &checked.findings {
        output::answer(&format!("  {}", line(finding)));
    }
}

fn name(component: &Component) -> String {
    let version = component.version.as_deref().unwrap_or("of no exact version");
    let ecosystem = component.ecosystem.to_string();
    format!("{} {} {}", shown(&ecosystem), shown(&component.name), shown(version))
}

fn line(finding: &Finding) -> String {
    let severity = match finding.severity {
        _ if finding.malware => "MALWARE",
        Some(severity) => severity.word(),
        None => "severity unknown",
    };
    let aliases = if finding.aliases.is_empty() {
        String::new()
    } else {
        let some: Vec<String> = finding.aliases.iter().take(3).map(|id| shown(id)).collect();
        format!(" ({})", some.join(", "))
    };
    let fixed = match &finding.fixed {
        Some(fixed) => format!("; fixed in {}", shown(fixed)),
        None if finding.malware => String::new(),
        None => "; no fix is known".to_owned(),
    };
    let ignored = finding.ignored.as_deref();
    let ignored = ignored.map(|why| format!("; ignored: {}", shown(why))).unwrap_or_default();
    let id = shown(&finding.id);
    format!("{severity}  {id}{aliases}: {}{fixed}{ignored}", shown(&finding.summary))
}

fn not_checkable(checked: &Checked) {
    // Of what a whole registry has in common, one line says it.
    let mut alike: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut lines = Vec::new();
    for one in &checked.components {
        let Some(unsure) = &one.unsure else { continue };
        let of_registry =
            matches!(unsure, Unsure::NoData | Unsure::TooOld { .. } | Unsure::UnknownEcosystem);
        if of_registry {
            let ecosystem = shown(&one.component.ecosystem.to_string());
            *alike.entry((ecosystem, why(unsure))).or_default() += 1;
        } else {
            lines.push(format!("{}: {}", name(&one.component), why(unsure)));
        }
    }
    let alike = alike.into_iter().map(|((ecosystem, why), count)| {
        format!("{} of {ecosystem}: {why}", counted(count, "component"))
    });
    let unread = checked.unread.iter();
    let unread = unread.map(|part| format!("{}: {}", shown(&part.place), shown(&part.why)));
    let lines: Vec<String> = alike.chain(lines).chain(unread).collect();
    for line in lines.iter().take(MOST_LINES) {
        output::answer(&format!("not checkable: {line}"));
    }
    if let Some(more) = lines.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
        output::answer(&format!("not checkable: {more} more, see --json"));
    }
}

fn why(unsure: &Unsure) -> String {
    match unsure {
        Unsure::NoData => "there is no data on its registry".to_owned(),
        Unsure::TooOld { days } => format!("the data is {days} days old"),
        Unsure::UnknownEcosystem => "its registry is not understood here".to_owned(),
        Unsure::NoVersion => "which version it is, nobody says".to_owned(),
        Unsure::UnreadVersion => "its version cannot be read".to_owned(),
        Unsure::UnreadAdvisories { ids } => {
            let ids: Vec<String> = ids.iter().map(|id| shown(id)).collect();
            format!("advisories name versions in a way that is not read: {}", ids.join(", "))
        }
    }
}

/// What mends the first thing that blocks.
fn mend(checked: &Checked, policy: &Policy) -> String {
    let findings = || checked.components.iter().flat_map(|one| &one.findings);
    if findings().any(|finding| finding.malware) {
        return "it holds a package that is meant to harm: do not use it; there is no option for \
                it"
        .to_owned();
    }
    if findings().any(|finding| finding.blocks) {
        return "take the fixed versions, or accept an advisory for a time with --ignore FILE \
                (see: ringfence advisories check --help)"
            .to_owned();
    }
    let unsure = checked.components.iter().filter_map(|one| one.unsure.as_ref());
    let old = |unsure: &Unsure| matches!(unsure, Unsure::NoData | Unsure::TooOld { .. });
    if unsure.into_iter().any(old) {
        let days = policy.max_age_days.unwrap_or_default();
        return format!(
            "nothing is called clean without data of at most {days} days: ringfence advisories \
             import PATH; or --max-age DAYS, or --allow-unchecked"
        );
    }
    "parts of it could not be checked: give exact versions in a lock file, or --allow-unchecked"
        .to_owned()
}
