//! Installed plugins: one file for each verb, and what `ringfence run NAME` needs.

mod gc;
mod grant;
mod info;
mod install;
mod list;
mod quarantine;
mod rate;
mod remove;
mod revoke;
mod rollback;
mod run;
mod scanned;
mod source;
mod switch;
mod update;

pub(crate) use run::{add_kept, ended, named, ready};

use crate::arguments::InstalledVerb;
use crate::failure::Failure;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence::{InstalledError, Plugins, home_folder};
use ringfence_types::{ExitCode, UntrustedText};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn run(verb: &InstalledVerb) -> ExitCode {
    let (as_json, outcome) = match verb {
        InstalledVerb::Install(verb) => (verb.terms.json, install::run(verb)),
        InstalledVerb::List(verb) => (verb.json, list::run(verb)),
        InstalledVerb::Info(verb) => (verb.json, info::run(verb)),
        InstalledVerb::Update(verb) => (verb.terms.json, update::run(verb)),
        InstalledVerb::Rollback(verb) => (verb.json, rollback::run(verb)),
        InstalledVerb::Remove(verb) => (verb.json, remove::run(verb)),
        InstalledVerb::Enable(verb) => (verb.json, switch::enable(verb)),
        InstalledVerb::Disable(verb) => (verb.json, switch::disable(verb)),
        InstalledVerb::Quarantine(verb) => (verb.json, quarantine::run(verb)),
        InstalledVerb::Grant(verb) => (verb.json, grant::run(verb)),
        InstalledVerb::Revoke(verb) => (verb.json, revoke::run(verb)),
        InstalledVerb::Rate(verb) => (verb.json, rate::run(verb)),
        InstalledVerb::Gc(verb) => (verb.json, gc::run(verb)),
    };
    outcome.unwrap_or_else(|failure| failure.tell(as_json))
}

impl From<InstalledError> for Failure {
    fn from(error: InstalledError) -> Self {
        let failure = Self::caused(error.exit_code(), &error);
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

pub(crate) fn home() -> Result<PathBuf, Failure> {
    home_folder().map_err(|error| Failure::caused(ExitCode::Usage, &error))
}

fn plugins() -> Result<Plugins, Failure> {
    Ok(Plugins::open(&home()?)?)
}

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A version for people.
fn version(version: Option<&str>) -> String {
    version.map_or_else(|| "(no version)".to_owned(), |text| UntrustedText::new(text).to_string())
}

/// A moment for people, in UTC.
pub(crate) fn moment(ms: u64) -> String {
    let at = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.map_or_else(
        || "?".to_owned(),
        |at| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}
