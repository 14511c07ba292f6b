//! `ringfence trust`: whose packages count as known.

use crate::arguments::{Trust, TrustAccept, TrustAdd, TrustList, TrustRevoke, TrustRotate};
use crate::failure::Failure;
use crate::verify::now;
use crate::{keys, output, trust_registry};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence::{
    Publishers, Revocation, Rotation, TrustError, TrustStore, TrustedKey, home_folder,
};
use ringfence_types::{ExitCode, UntrustedText};

pub(crate) fn run(verb: Trust) -> ExitCode {
    let as_json = matches!(&verb, Trust::List(list) if list.json);
    let outcome = match verb {
        Trust::Add(arguments) => add(arguments),
        Trust::List(arguments) => list(&arguments),
        Trust::Revoke(arguments) => revoke(arguments),
        Trust::Rotate(arguments) => rotate(&arguments),
        Trust::Accept(arguments) => accept(&arguments),
        Trust::Registry(arguments) => trust_registry::registry(&arguments),
        Trust::Root(arguments) => trust_registry::root(&arguments),
    };
    outcome.unwrap_or_else(|failure| failure.tell(as_json))
}

impl From<TrustError> for Failure {
    fn from(error: TrustError) -> Self {
        Self::caused(error.exit_code(), &error)
    }
}

pub(crate) fn store() -> Result<TrustStore, Failure> {
    let home = home_folder().map_err(|error| Failure::caused(ExitCode::Usage, &error))?;
    Ok(TrustStore::new(home))
}

fn add(arguments: TrustAdd) -> Result<ExitCode, Failure> {
    let key = keys::public(&arguments.key)?;
    let until = arguments.until.map(|day| {
        // The day itself still counts.
        day.tomorrow()
            .and_then(|next| next.to_zoned(TimeZone::UTC))
            .map(|at| at.timestamp().as_second())
    });
    let until = until.transpose().map_err(Failure::usage)?;
    let now = now();
    if until.is_some_and(|until| until <= now) {
        return Err(Failure::usage("its last day is over already"));
    }
    let id = key.id();
    let entry = TrustedKey {
        id,
        key: key.der().to_vec(),
        scheme: arguments.scheme.unwrap_or_else(|| key.usual_scheme()),
        scopes: arguments.scope,
        since: now,
        until,
        revoked: None,
        named_by: None,
    };
    store()?.change("a publisher's key is trusted", &id.to_string(), |publishers| {
        publishers.add(&arguments.name, entry).map_err(Failure::usage)
    })?;
    output::say(&format!("trusted as {}: {}", UntrustedText::new(&arguments.name), key.kind()));
    output::answer(&id.to_string());
    Ok(ExitCode::Success)
}

pub(crate) fn day(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).map(|at| at.to_zoned(TimeZone::UTC).date());
    at.map_or_else(|_| "?".to_owned(), |day| day.to_string())
}

fn list(arguments: &TrustList) -> Result<ExitCode, Failure> {
    let publishers = store()?.load()?;
    if arguments.json {
        return trust_registry::list_json(&publishers);
    }
    if publishers.all().is_empty() {
        output::say("you trust nobody yet: ringfence trust add NAME KEY --scope PACKAGE");
    }
    let now = now();
    for publisher in publishers.all() {
        output::answer(&UntrustedText::new(&publisher.name).to_string());
        for key in &publisher.keys {
            let scopes: Vec<String> = key
                .scopes
                .iter()
                .map(|scope| UntrustedText::new(&scope.to_string()).to_string())
                .collect();
            let state = match key.unusable(now) {
                Some(why) => format!("COUNTS NO MORE: {why}"),
                None => key.until.map_or_else(
                    || "no end".to_owned(),
                    |until| format!("until {}", day(until.saturating_sub(1))),
                ),
            };
            output::answer(&format!("  {}  {}", key.id, key.scheme));
            output::answer(&format!(
                "    for {}; since {}, {state}",
                scopes.join(", "),
                day(key.since)
            ));
        }
    }
    trust_registry::list()
}

fn revoke(arguments: TrustRevoke) -> Result<ExitCode, Failure> {
    let key = arguments.key;
    store()?.change("a publisher's key is trusted no more", &key.to_string(), |publishers| {
        let revocation = Revocation { since: now(), reason: arguments.reason };
        publishers
            .revoke(key, revocation)
            .map_err(|error| Failure::usage(error).help("their names: ringfence trust list"))
    })?;
    output::say("it counts no more, for no package");
    Ok(ExitCode::Success)
}

fn rotate(arguments: &TrustRotate) -> Result<ExitCode, Failure> {
    let (old, new) = (keys::secret(&arguments.old)?, keys::secret(&arguments.new)?);
    let old_scheme = arguments.old_scheme.unwrap_or_else(|| old.public().usual_scheme());
    let new_scheme = arguments.new_scheme.unwrap_or_else(|| new.public().usual_scheme());
    let rotation = Rotation::make((&old, old_scheme), (&new, new_scheme), !arguments.keep_old)
        .map_err(Failure::usage)?;
    let bytes = rotation.to_bytes().map_err(Failure::usage)?;
    keys::write_new(&arguments.output, 0o644, &bytes)?;
    output::say(&format!(
        "for those who trust {}: ringfence trust accept {}",
        rotation.old(),
        arguments.output.display()
    ));
    output::answer(&rotation.new_key().id().to_string());
    Ok(ExitCode::Success)
}

fn accept(arguments: &TrustAccept) -> Result<ExitCode, Failure> {
    let rotation = Rotation::parse(&keys::read(&arguments.file)?).map_err(Failure::usage)?;
    let id = rotation.new_key().id();
    let said = "a publisher's key is trusted, which another names";
    store()?.change(said, &id.to_string(), |publishers: &mut Publishers| {
        rotation.apply(publishers, now()).map_err(Failure::usage)
    })?;
    output::say(&format!("{} named it: trusted from now on is", rotation.old()));
    output::answer(&id.to_string());
    Ok(ExitCode::Success)
}
