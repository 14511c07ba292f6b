//! One record of OSV, as far as it is needed here.
//!
//! <https://ossf.github.io/osv-schema/>. What is not known is passed over; what is known and
//! wrong makes the record malformed, so that it is counted and named.

use crate::bounded::{AtMost, IfObject, IfText, IfTexts, cut};
use crate::ecosystem::Known;
use crate::severity::Severity;
use crate::versions::{Event, Range, Versions};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The largest record that is read, in bytes. The largest of npm has some 100 KiB.
pub const MAX_RECORD_BYTES: usize = 16 << 20;
/// Most packages in one record.
const MAX_AFFECTED: usize = 10_000;
/// Most versions that are listed one by one for one package.
const MAX_EXACT: usize = 200_000;
/// Most ranges for one package, and most ends of one range.
const MAX_RANGES: usize = 1_000;
const MAX_EVENTS: usize = 10_000;
/// Most other names, vectors and weaknesses.
const MAX_SHORT: usize = 1_000;
/// The longest name of a record or of a package, and the longest text that is kept.
const MAX_ID: usize = 128;
const MAX_NAME: usize = 256;
const MAX_SUMMARY: usize = 300;
/// How far a date may lie ahead of this machine's clock, in microseconds: one day. A record
/// of the year 9999 would never be replaced by a newer one.
const AHEAD: i64 = 86_400_000_000;
/// "Embedded Malicious Code", by which GitHub marks malware.
const EMBEDDED_MALICIOUS_CODE: &str = "CWE-506";

/// Why a record is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// More bytes than are read.
    #[error("larger than {} MiB", MAX_RECORD_BYTES >> 20)]
    TooLarge,
    /// Not JSON, or not of this shape.
    #[error("{0}")]
    Shape(String),
    /// Of a schema that is not known.
    #[error("its schema has another version than 1")]
    Schema,
    /// No name, or one that is none.
    #[error("its id is not one: letters, digits and `-._:+`, at most {MAX_ID}")]
    Id,
    /// No date of its last change, or one that is none.
    #[error("its `{0}` is no date")]
    Date(&'static str),
    /// Changed after now.
    #[error("it was changed in the future")]
    Future,
    /// The name of a package is none.
    #[error("the name of a package is empty, too long or holds control characters")]
    Name,
    /// Something else than a file stands under its name.
    #[error("it is a link or no file")]
    NotAFile,
    /// The bytes in the archive are not those that were packed.
    #[error("it cannot be unpacked: {0}")]
    Packed(&'static str),
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub id: String,
    /// When it was last changed, in microseconds since 1970.
    pub modified: i64,
    /// Whether it was taken back.
    pub withdrawn: bool,
    /// Whether it is about a package that is meant to harm.
    pub malware: bool,
    /// How bad, where somebody says.
    pub severity: Option<Severity>,
    /// In one line; a stranger's text.
    pub summary: String,
    /// Names of the same thing in other databases.
    pub aliases: Vec<String>,
    /// Of which packages; those of registries that are not understood here are left out.
    pub affected: Vec<(Known, String, Versions)>,
}

#[derive(Deserialize)]
struct Written {
    schema_version: Option<String>,
    id: String,
    modified: String,
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: AtMost<String, MAX_SHORT>,
    #[serde(default)]
    summary: IfText,
    #[serde(default)]
    details: IfText,
    #[serde(default)]
    severity: AtMost<WrittenSeverity, MAX_SHORT>,
    #[serde(default)]
    affected: AtMost<WrittenAffected, MAX_AFFECTED>,
    #[serde(default)]
    database_specific: IfObject<Specific>,
}

#[derive(Deserialize)]
struct WrittenSeverity {
    #[serde(default)]
    score: IfText,
}

#[derive(Deserialize)]
struct WrittenAffected {
    package: Option<WrittenPackage>,
    #[serde(default)]
    ranges: AtMost<WrittenRange, MAX_RANGES>,
    #[serde(default)]
    versions: AtMost<String, MAX_EXACT>,
    #[serde(default)]
    severity: AtMost<WrittenSeverity, MAX_SHORT>,
    #[serde(default)]
    database_specific: IfObject<Specific>,
    #[serde(default)]
    ecosystem_specific: IfObject<Specific>,
}

#[derive(Deserialize)]
struct WrittenPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct WrittenRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: AtMost<WrittenEvent, MAX_EVENTS>,
}

/// Kept small, since there can be millions in a record that wants to be large in memory.
#[derive(Deserialize)]
#[serde(from = "EventObject")]
struct WrittenEvent(Box<[Event]>);

#[derive(Deserialize)]
struct EventObject {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// What databases say in words of their own.
#[derive(Deserialize)]
struct Specific {
    #[serde(default)]
    severity: IfText,
    #[serde(default)]
    cvss: IfText,
    #[serde(default)]
    cwe_ids: IfTexts<MAX_SHORT>,
    #[serde(rename = "malicious-packages-origins")]
    origins: Option<IgnoredAny>,
}

impl Record {
    /// Reads one. `now` is in microseconds since 1970.
    ///
    /// # Errors
    /// When the bytes are no record, or one that says what cannot be.
    pub fn parse(bytes: &[u8], now: i64) -> Result<Self, Malformed> {
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(Malformed::TooLarge);
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let written: Written = serde_json::from_slice(bytes)
            .map_err(|error| Malformed::Shape(cut(&error.to_string(), MAX_SUMMARY).to_owned()))?;
        let known_schema = |version: &String| version.starts_with("1.") || version == "1";
        if !written.schema_version.as_ref().is_none_or(known_schema) {
            return Err(Malformed::Schema);
        }
        if !is_id(&written.id) {
            return Err(Malformed::Id);
        }
        let modified = date(&written.modified).ok_or(Malformed::Date("modified"))?;
        if modified > now.saturating_add(AHEAD) {
            return Err(Malformed::Future);
        }
        if let Some(withdrawn) = &written.withdrawn {
            date(withdrawn).ok_or(Malformed::Date("withdrawn"))?;
        }
        let aliases: Vec<String> = written.aliases.0.into_iter().filter(|id| is_id(id)).collect();
        let specific = written.database_specific.0;
        let malware = is_malware(&written.id, &aliases, specific.as_ref());
        let mut severity =
            worst(&written.severity.0).max(specific.as_ref().and_then(Specific::severity));
        let mut affected = Vec::new();
        for part in written.affected.0 {
            let Some((registry, name)) = part.package()? else { continue };
            severity = severity.max(part.severity());
            affected.push((registry, name, part.versions(malware)));
        }
        let summary = written.summary.0.or(written.details.0).unwrap_or_default();
        let summary = summary.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        Ok(Self {
            id: written.id,
            modified,
            withdrawn: written.withdrawn.is_some(),
            malware,
            severity,
            summary: cut(summary.trim(), MAX_SUMMARY).to_owned(),
            aliases,
            affected,
        })
    }
}

fn is_malware(id: &str, aliases: &[String], specific: Option<&Specific>) -> bool {
    let named = |id: &str| id.starts_with("MAL-");
    let marked = |specific: &Specific| {
        let weakness = |cwe: &String| cwe == EMBEDDED_MALICIOUS_CODE;
        specific.origins.is_some() || specific.cwe_ids.0.iter().any(weakness)
    };
    named(id) || aliases.iter().any(|alias| named(alias)) || specific.is_some_and(marked)
}

/// Names that can be typed and told apart, in the databases that there are.
pub(crate) fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:+".contains(&byte);
    id.len() <= MAX_ID
        && id.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && id.bytes().all(plain)
}

fn date(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

/// The worst of all that is said: a database that leaves out a metric scores lower.
fn worst(severities: &[WrittenSeverity]) -> Option<Severity> {
    severities.iter().filter_map(|one| Severity::from_vector(one.score.0.as_deref()?)).max()
}

impl Specific {
    fn severity(&self) -> Option<Severity> {
        let word = self.severity.0.as_deref().and_then(Severity::from_word);
        word.max(self.cvss.0.as_deref().and_then(Severity::from_vector))
    }
}

impl WrittenAffected {
    /// Its registry and name, where the registry is understood.
    fn package(&self) -> Result<Option<(Known, String)>, Malformed> {
        let Some(package) = &self.package else { return Ok(None) };
        let Some(registry) = Known::from_word(&package.ecosystem) else { return Ok(None) };
        if !is_name(&package.name) {
            return Err(Malformed::Name);
        }
        Ok(Some((registry, registry.name(&package.name))))
    }

    fn severity(&self) -> Option<Severity> {
        let said = [&self.database_specific, &self.ecosystem_specific];
        let said = said.iter().filter_map(|specific| specific.0.as_ref()?.severity()).max();
        worst(&self.severity.0).max(said)
    }

    fn versions(self, malware: bool) -> Versions {
        let mut versions = Versions { exact: self.versions.0, ..Versions::default() };
        let mut other = false;
        for range in self.ranges.0 {
            match range.kind.as_str() {
                "SEMVER" | "ECOSYSTEM" => {
                    let mut events = Vec::with_capacity(range.events.0.len());
                    for event in range.events.0 {
                        // Of a kind that is not known here.
                        other |= event.0.is_empty();
                        events.extend(event.0);
                    }
                    versions.ranges.push(Range { events });
                }
                // Commits of a repository say nothing about what a registry has.
                "GIT" => {}
                _ => other = true,
            }
        }
        let says_nothing = versions.ranges.is_empty() && versions.exact.is_empty();
        if says_nothing && malware {
            let all = Range { events: vec![Event::Introduced("0".to_owned())] };
            versions.ranges.push(all);
        }
        versions.unread = other || says_nothing && !malware;
        versions
    }
}

impl From<EventObject> for WrittenEvent {
    fn from(object: EventObject) -> Self {
        let said = [
            object.introduced.map(Event::Introduced),
            object.fixed.map(Event::Fixed),
            object.last_affected.map(Event::LastAffected),
            object.limit.map(Event::Limit),
        ];
        Self(said.into_iter().flatten().collect())
    }
}

/// Whether a registry could have such a name.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
