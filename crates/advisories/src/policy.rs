//! What the operator wants blocked.

use crate::record::is_id;
use crate::severity::Severity;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize, Serializer};

/// How old data may be without being called so, in days.
pub const DEFAULT_MAX_AGE_DAYS: u32 = 30;
/// The largest list of ignored advisories that is read, in bytes.
pub const MAX_POLICY_BYTES: usize = 1 << 20;

/// What blocks. Malware always does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From which severity on; none: only malware. An unknown one counts as high.
    pub block: Option<Severity>,
    /// How old the data may be, in days; none: as old as it is.
    pub max_age_days: Option<u32>,
    /// Whether what could not be checked blocks.
    pub demand_data: bool,
    /// What does not block, and until when.
    pub ignored: Vec<Ignore>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            block: Some(Severity::Critical),
            max_age_days: Some(DEFAULT_MAX_AGE_DAYS),
            demand_data: true,
            ignored: Vec::new(),
        }
    }
}

/// An advisory that the operator has looked at and accepts for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ignore {
    /// The record's name, or one of its other names.
    pub id: String,
    /// Why it does not matter here.
    pub reason: String,
    /// The last day (UTC) on which it counts.
    #[serde(serialize_with = "in_text")]
    pub until: Date,
}

fn in_text<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

impl Ignore {
    /// Whether its last day is over. `now` is in seconds since 1970.
    #[must_use]
    pub fn is_over(&self, now: i64) -> bool {
        let end = self.until.tomorrow().and_then(|day| day.to_zoned(TimeZone::UTC));
        end.is_ok_and(|end| end.timestamp().as_second() <= now)
    }
}

/// Why a list of ignored advisories is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML, or not of this shape.
    #[error("{0}")]
    Shape(#[from] toml::de::Error),
    /// A name that no advisory has.
    #[error("`{0}` is no name of an advisory")]
    Id(String),
    /// Malware cannot be ignored.
    #[error("`{0}` is malware, which cannot be ignored; take the package out")]
    Malware(String),
    /// Somebody has to be able to understand it later.
    #[error("`{0}` is ignored without a reason")]
    NoReason(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    ignore: Vec<WrittenIgnore>,
}

/// TOML has dates of its own, and people write them in quotes as well.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenIgnore {
    id: String,
    reason: String,
    until: toml::Value,
}

impl Policy {
    /// Reads `[[ignore]]` tables with `id`, `reason` and `until`.
    ///
    /// # Errors
    /// When a table is not of this form.
    pub fn read_ignored(text: &str) -> Result<Vec<Ignore>, PolicyError> {
        let written: Written = toml::from_str(text)?;
        written.ignore.into_iter().map(WrittenIgnore::check).collect()
    }
}

impl WrittenIgnore {
    fn check(self) -> Result<Ignore, PolicyError> {
        let day = match &self.until {
            toml::Value::String(text) => text.clone(),
            toml::Value::Datetime(day) => day.to_string(),
            _ => String::new(),
        };
        if !is_id(&self.id) {
            return Err(PolicyError::Id(self.id));
        }
        if self.id.starts_with("MAL-") {
            return Err(PolicyError::Malware(self.id));
        }
        if self.reason.trim().is_empty() {
            return Err(PolicyError::NoReason(self.id));
        }
        let until = day.parse::<Date>().map_err(|_| {
            let why = format!("`until` of `{}` is no day such as 2027-01-31", self.id);
            PolicyError::Shape(serde::de::Error::custom(why))
        })?;
        Ok(Ignore { id: self.id, reason: self.reason, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_advisory_has_a_reason_and_an_end_and_is_no_malware() {
        let good =
            "[[ignore]]\nid = \"CVE-2020-1\"\nreason = \"not reached\"\nuntil = 2027-01-31\n";
        let [ignore] = Policy::read_ignored(good).unwrap().try_into().unwrap();
        let last_second = 1_801_439_999;
        assert!(!ignore.is_over(last_second) && ignore.is_over(last_second + 1));
        assert!(Policy::read_ignored("").unwrap().is_empty());
        for (from, to) in [
            ("until = 2027-01-31\n", ""),
            ("until = 2027-01-31", "until = \"never\""),
            ("reason = \"not reached\"\n", ""),
            ("not reached", " "),
            ("CVE-2020-1", "MAL-2020-1"),
            ("CVE-2020-1", "CVE 2020"),
            ("reason", "why"),
            ("[[ignore]]", "[[ignored]]"),
        ] {
            let bad = good.replace(from, to);
            assert!(bad != good && Policy::read_ignored(&bad).is_err(), "{bad}");
        }
        assert!(Policy::read_ignored(&good.replace("2027-01-31", "\"2027-01-31\"")).is_ok());
    }
}
