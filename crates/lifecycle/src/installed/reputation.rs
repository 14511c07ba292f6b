//! What is known of a plugin from having had it here: 0 to 100 out of six signals.
//!
//! It tells how long and how well something has worked on this machine, and who signed it. It
//! decides nothing, and takes the place of no scan: what was quiet for a year can turn.

use super::{InstalledError, Plugins};
use crate::engine::now_ms;
use ringfence_store::{ReputationEvent, ScanRow, SignatureRow};
use ringfence_types::{EventKind, PluginName};
use serde::Serialize;
use serde_json::json;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Installs after which more say nothing more.
const MANY_INSTALLS: f64 = 1000.0;
/// Days after which more say nothing more.
const LONG: f64 = 365.0;
/// Of the normal distribution, for an interval of 95 %.
const Z: f64 = 1.96;

/// How far that goes, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReputationLevel {
    /// Below 30: too little is known, or it is bad.
    Untrusted,
    /// 30 and more.
    New,
    /// 50 and more.
    Reliable,
    /// 70 and more.
    Trusted,
    /// 90 and more.
    Verified,
}

impl ReputationLevel {
    const fn of(score: u8) -> Self {
        match score {
            90.. => Self::Verified,
            70..=89 => Self::Trusted,
            50..=69 => Self::Reliable,
            30..=49 => Self::New,
            _ => Self::Untrusted,
        }
    }

    /// As it is shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Untrusted => "untrusted",
            Self::New => "new",
            Self::Reliable => "reliable",
            Self::Trusted => "trusted",
            Self::Verified => "verified",
        }
    }
}

/// What one signal gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReputationPart {
    /// Which signal.
    pub signal: &'static str,
    /// Points.
    pub points: f64,
    /// Most points that it can give.
    pub most: u8,
    /// Of what, for a person.
    pub because: String,
}

/// What is known of a plugin from having had it here.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reputation {
    /// 0 to 100: the sum of the parts, rounded down.
    pub score: u8,
    /// In a word.
    pub level: ReputationLevel,
    /// The six signals.
    pub parts: Vec<ReputationPart>,
}

/// What it is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen<'a> {
    /// Installs and updates.
    pub(super) installs: u64,
    pub(super) runs: u64,
    /// Runs that failed by its own fault.
    pub(super) failures: u64,
    /// How often it was rated, and the sum of that, 1 to 5 each.
    pub(super) ratings: (u64, u64),
    pub(super) scan: Option<&'a ScanRow>,
    pub(super) signature: Option<&'a SignatureRow>,
    /// Since it was first installed here.
    pub(super) days: u64,
}

impl Seen<'_> {
    pub(super) fn reputation(&self) -> Reputation {
        let parts = vec![
            self.installs(),
            self.errors(),
            self.ratings(),
            self.scans(),
            self.author(),
            self.age(),
        ];
        let sum: f64 = parts.iter().map(|part| part.points).sum();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was put between 0 and 100"
        )]
        let score = sum.clamp(0.0, 100.0) as u8;
        Reputation { score, level: ReputationLevel::of(score), parts }
    }

    fn installs(&self) -> ReputationPart {
        let share = (1.0 + float(self.installs)).ln() / (1.0 + MANY_INSTALLS).ln();
        part("installs", 25, share, format!("{} installs and updates", self.installs))
    }

    /// The lower end of Wilson's interval (1927): few runs prove little, however well they go.
    fn errors(&self) -> ReputationPart {
        let because = format!("{} of {} runs failed by its own fault", self.failures, self.runs);
        let runs = float(self.runs.max(self.failures));
        if runs < 1.0 {
            return part("error rate", 15, 0.0, "it was never run".to_owned());
        }
        let good = 1.0 - float(self.failures) / runs;
        let middle = good + Z * Z / (2.0 * runs);
        let spread = Z * (good * (1.0 - good) / runs + Z * Z / (4.0 * runs * runs)).sqrt();
        part("error rate", 15, (middle - spread) / (1.0 + Z * Z / runs), because)
    }

    fn ratings(&self) -> ReputationPart {
        let (count, sum) = self.ratings;
        if count == 0 {
            return part("rating", 10, 0.0, "nobody rated it: ringfence rate".to_owned());
        }
        let mean = float(sum) / float(count);
        part("rating", 10, (mean - 1.0) / 4.0, format!("rated {mean:.1} of 5"))
    }

    fn scans(&self) -> ReputationPart {
        match self.scan {
            None => part("scans", 15, 0.0, "nobody looked at it".to_owned()),
            Some(scan) if scan.outcome == "blocked" => {
                part("scans", 15, 0.0, "a scan blocks it".to_owned())
            }
            Some(scan) => part(
                "scans",
                15,
                f64::from(scan.score) / 100.0,
                format!("a scan gave it {} of 100", scan.score),
            ),
        }
    }

    fn author(&self) -> ReputationPart {
        let level = self.signature.map(|signature| signature.level.as_str());
        match level {
            Some("trusted") => part("author", 10, 1.0, "signed by a trusted publisher".to_owned()),
            Some("unknown") => {
                part("author", 10, 0.2, "signed by a key that nobody here knows".to_owned())
            }
            _ => part("author", 10, 0.0, "nobody signed it".to_owned()),
        }
    }

    fn age(&self) -> ReputationPart {
        part(
            "age",
            25,
            float(self.days) / LONG,
            format!("{} days since it was first installed", self.days),
        )
    }
}

fn part(signal: &'static str, most: u8, share: f64, because: String) -> ReputationPart {
    // To a hundredth, so that the parts that are shown add up.
    let points = (share.clamp(0.0, 1.0) * f64::from(most) * 100.0).round() / 100.0;
    ReputationPart { signal, points, most, because }
}

/// As exact as a share of it has to be.
fn float(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

impl Plugins {
    /// What is known of a plugin from having had it here.
    pub(super) fn reputation(
        &self,
        name: &PluginName,
        scan: Option<&ScanRow>,
        signature: Option<&SignatureRow>,
    ) -> Result<Reputation, InstalledError> {
        let count = |event| self.store.seen(name, event).map(|(count, _)| count);
        let since = self.store.first_installed(name)?;
        let days = since.map_or(0, |since| now_ms().saturating_sub(since) / DAY_MS);
        let seen = Seen {
            installs: count(ReputationEvent::Installed)?
                .saturating_add(count(ReputationEvent::Updated)?),
            runs: self.store.runs(name)?,
            failures: count(ReputationEvent::Failed)?,
            ratings: self.store.seen(name, ReputationEvent::Rated)?,
            scan,
            signature,
            days,
        };
        Ok(seen.reputation())
    }

    /// Writes down how content a person is with it, 1 to 5; in place of what was said before.
    ///
    /// # Errors
    /// When it is not installed, `stars` is another number, or it cannot be written.
    pub fn rate(&self, name: &PluginName, stars: u8) -> Result<(), InstalledError> {
        self.plugin(name)?;
        let what = json!({ "name": name, "stars": stars });
        self.change(EventKind::PluginChanged, "a plugin is rated", what, || {
            self.store.rate(name, stars, now_ms())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(score: u8, outcome: &str) -> ScanRow {
        ScanRow { score, outcome: outcome.to_owned(), codes: Vec::new(), at_ms: 0 }
    }

    fn signature(level: &str) -> SignatureRow {
        SignatureRow { level: level.to_owned(), publisher: None, keys: Vec::new(), at_ms: 0 }
    }

    #[test]
    fn what_is_long_here_works_well_and_is_signed_has_the_highest_level() {
        let (scan, signature) = (scan(100, "clean"), signature("trusted"));
        let best = Seen {
            installs: 1000,
            runs: 100_000,
            failures: 0,
            ratings: (1, 5),
            scan: Some(&scan),
            signature: Some(&signature),
            days: 400,
        };
        let found = best.reputation();
        assert_eq!((found.score, found.level), (100, ReputationLevel::Verified), "{found:?}");
        let most: Vec<u8> = found.parts.iter().map(|part| part.most).collect();
        assert_eq!(most, [25, 15, 10, 15, 10, 25]);
    }

    #[test]
    fn of_what_is_new_nothing_is_known_however_well_it_begins() {
        let scan = scan(100, "clean");
        let new = Seen { installs: 1, runs: 3, scan: Some(&scan), ..Seen::default() };
        let found = new.reputation();
        assert!(found.score < 30, "{found:?}");
        assert_eq!(found.level, ReputationLevel::Untrusted);
    }

    #[test]
    fn failures_a_scan_that_blocks_and_bad_ratings_take_points() {
        let points = |seen: &Seen<'_>, signal: &str| {
            let parts = seen.reputation().parts;
            parts.iter().find(|part| part.signal == signal).unwrap().points
        };
        let well = Seen { runs: 1000, failures: 1, ..Seen::default() };
        let badly = Seen { runs: 1000, failures: 400, ..Seen::default() };
        assert!(points(&well, "error rate") > 14.8, "{}", points(&well, "error rate"));
        assert!(points(&badly, "error rate") < 9.0, "{}", points(&badly, "error rate"));
        let few = Seen { runs: 2, ..Seen::default() };
        assert!(points(&few, "error rate") < 6.0, "{}", points(&few, "error rate"));
        let blocked = scan(95, "blocked");
        assert!(points(&Seen { scan: Some(&blocked), ..Seen::default() }, "scans") < 0.1);
        let rated = |sum| points(&Seen { ratings: (1, sum), ..Seen::default() }, "rating");
        assert!(rated(1) < 0.1 && rated(3) > 4.9 && rated(5) > 9.9);
    }

    proptest! {
        #[test]
        fn whatever_was_seen_it_is_between_nothing_and_all(
            installs: u64, runs: u64, failures: u64, rated: u64, sum: u64, days: u64,
        ) {
            let seen = Seen { installs, runs, failures, ratings: (rated, sum), days, ..Seen::default() };
            let found = seen.reputation();
            prop_assert!(found.score <= 100);
            for part in found.parts {
                prop_assert!((0.0..=f64::from(part.most)).contains(&part.points));
            }
        }

        #[test]
        fn more_failures_never_help(runs in 1..100_000_u64, failures in 0..100_000_u64) {
            let score = |failures| Seen { runs, failures, ..Seen::default() }.reputation().score;
            let failures = failures.min(runs - 1);
            prop_assert!(score(failures + 1) <= score(failures));
        }
    }
}
