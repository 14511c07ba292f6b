//! `ringfence feed`: signed lists of what is recalled.

use crate::arguments::{
    Feed as Verb, FeedAdd, FeedIgnore, FeedList, FeedNew, FeedOf, FeedSign, FeedUpdate,
};
use crate::failure::Failure;
use crate::verify::now;
use crate::{keys, output};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence::{FeedPolicy, FeedRow, Feeds, FeedsError, Updated, home_folder};
use ringfence_feed::{Feed, MAX_BYTES, PAYLOAD_TYPE};
use ringfence_signing::{Envelope, Scheme};
use ringfence_types::{ExitCode, UntrustedText};
use serde_json::json;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

const DAY: u64 = 24 * 60 * 60;

pub(crate) fn run(verb: Verb) -> ExitCode {
    let as_json = verb.is_json();
    let outcome = match verb {
        Verb::Add(arguments) => add(&arguments),
        Verb::Update(arguments) => update(&arguments),
        Verb::List(arguments) => list(&arguments),
        Verb::Show(arguments) => show(&arguments),
        Verb::Remove(arguments) => remove(&arguments),
        Verb::Ignore(arguments) => ignore(&arguments),
        Verb::New(arguments) => new(&arguments),
        Verb::Sign(arguments) => sign(&arguments),
    };
    outcome.unwrap_or_else(|failure| failure.tell(as_json))
}

impl From<FeedsError> for Failure {
    fn from(error: FeedsError) -> Self {
        let failure = Self::caused(error.exit_code(), &error);
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

fn feeds() -> Result<Feeds, Failure> {
    let home = home_folder().map_err(|error| Failure::caused(ExitCode::Usage, &error))?;
    Ok(Feeds::open(&home)?)
}

fn safe(text: &str) -> String {
    UntrustedText::new(text).to_string()
}

fn add(arguments: &FeedAdd) -> Result<ExitCode, Failure> {
    let signers: Result<Vec<_>, Failure> =
        arguments.signer.iter().map(|path| keys::public(path)).collect();
    let policy = if arguments.warn { FeedPolicy::Warn } else { FeedPolicy::Quarantine };
    let threshold = usize::try_from(arguments.threshold).unwrap_or(usize::MAX);
    let source = match arguments.source.contains("://") {
        true => arguments.source.clone(),
        false => {
            let path = Path::new(&arguments.source).canonicalize().map_err(|error| {
                Failure::usage(format!("`{}`: {error}", safe(&arguments.source)))
            })?;
            path.to_str().map(str::to_owned).ok_or_else(|| {
                Failure::usage("its path is not UTF-8; follow it from another one")
            })?
        }
    };
    let feeds = feeds()?;
    feeds.add(&arguments.name, &source, (signers?, threshold), policy)?;
    let updated = feeds.update(&arguments.name);
    match updated {
        Ok(updated) => told(&[updated], arguments.json),
        Err(error) => {
            // It is followed: what is wrong may be mended where it comes from.
            output::say(&format!("{} is followed, and says nothing yet", arguments.name));
            return Err(error.into());
        }
    }
    Ok(ExitCode::Success)
}

fn update(arguments: &FeedUpdate) -> Result<ExitCode, Failure> {
    let feeds = feeds()?;
    let names: Vec<String> = match &arguments.name {
        Some(name) => vec![name.clone()],
        None => feeds.list()?.into_iter().map(|feed| feed.name).collect(),
    };
    let (mut updated, mut failed) = (Vec::new(), None);
    for name in names {
        match feeds.update(&name) {
            Ok(one) => updated.push(one),
            // One that fails must not hold up the others.
            Err(error) => {
                if arguments.name.is_none() {
                    output::say(&format!("{name}: {error}"));
                }
                failed = Some(error);
            }
        }
    }
    if let Some(error) = failed {
        if !arguments.json {
            told(&updated, false);
        }
        return Err(error.into());
    }
    told(&updated, arguments.json);
    Ok(ExitCode::Success)
}

fn told(updated: &[Updated], as_json: bool) {
    if as_json {
        output::answer_json(&json!({ "ok": true, "feeds": updated }));
        return;
    }
    for one in updated {
        let what = if one.is_new { "accepted" } else { "nothing new" };
        output::answer(&format!("{} {} {what}", one.name, one.sequence));
        for (name, fact) in &one.applied.quarantined {
            output::say(&format!("{name} is in quarantine by {} ({})", one.name, safe(fact)));
        }
        for (name, fact) in &one.applied.warned {
            output::say(&format!("{} warns of {name} ({})", one.name, safe(fact)));
        }
        for name in &one.applied.released {
            output::say(&format!("{name} is let out, switched off: ringfence enable {name}"));
        }
    }
}

fn day(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|at| Timestamp::from_second(at).ok());
    at.map_or_else(
        || "?".to_owned(),
        |at| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string(),
    )
}

fn list(arguments: &FeedList) -> Result<ExitCode, Failure> {
    let feeds = feeds()?.list()?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "feeds": feeds }));
        return Ok(ExitCode::Success);
    }
    for feed in &feeds {
        output::answer(&line(feed));
    }
    Ok(ExitCode::Success)
}

fn line(feed: &FeedRow) -> String {
    let state = match &feed.accepted {
        None => "nothing accepted yet".to_owned(),
        Some(accepted) => {
            let now = u64::try_from(now()).unwrap_or_default();
            let late = if accepted.expires_s <= now { "OUT OF DATE since" } else { "until" };
            format!("number {}, {late} {}", accepted.sequence, day(accepted.expires_s))
        }
    };
    let failure =
        feed.failure.as_ref().map(|why| format!("; the last attempt failed: {}", safe(why)));
    format!(
        "{}  {} of {} keys, {}, {state}{}  {}",
        feed.name,
        feed.threshold,
        feed.signers.len(),
        feed.policy.word(),
        failure.unwrap_or_default(),
        safe(&feed.source)
    )
}

fn show(arguments: &FeedOf) -> Result<ExitCode, Failure> {
    let (feed, facts) = feeds()?.show(&arguments.name)?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "feed": feed, "facts": facts }));
        return Ok(ExitCode::Success);
    }
    output::say(&line(&feed));
    for fact in facts {
        let state = match (fact.revoked, fact.ignored) {
            (true, _) => " (taken back)",
            (false, true) => " (ignored)",
            (false, false) => "",
        };
        let versions = fact.versions.join(" ");
        let text = format!(
            "{} {} {} {} {versions} - {}",
            fact.id, fact.dated, fact.kind, fact.subject, fact.reason
        );
        output::answer(&format!("{}{state}", safe(&text)));
    }
    Ok(ExitCode::Success)
}

fn released(names: &[String], as_json: bool) {
    if as_json {
        output::answer_json(&json!({ "ok": true, "released": names }));
        return;
    }
    for name in names {
        output::say(&format!("{name} is let out, switched off: ringfence enable {name}"));
    }
}

fn remove(arguments: &FeedOf) -> Result<ExitCode, Failure> {
    released(&feeds()?.remove(&arguments.name)?, arguments.json);
    Ok(ExitCode::Success)
}

fn ignore(arguments: &FeedIgnore) -> Result<ExitCode, Failure> {
    let feeds = feeds()?;
    if arguments.undo {
        if !feeds.follow(&arguments.name, &arguments.fact)? {
            output::say("it was not ignored");
        }
        released(&[], arguments.json);
    } else {
        released(&feeds.ignore(&arguments.name, &arguments.fact)?, arguments.json);
    }
    Ok(ExitCode::Success)
}

fn new(arguments: &FeedNew) -> Result<ExitCode, Failure> {
    let facts = read(&arguments.facts)?;
    let issued = u64::try_from(now()).unwrap_or_default();
    let facts: serde_json::Value = serde_json::from_slice(&facts)
        .map_err(|error| Failure::usage(format!("`{}`: {error}", arguments.facts.display())))?;
    let text = json!({
        "feed": arguments.name, "sequence": arguments.sequence, "issued": issued,
        "expires": issued.saturating_add(u64::from(arguments.days) * DAY), "facts": facts,
    });
    // Read as everybody will read it.
    let feed = Feed::parse(text.to_string().as_bytes()).map_err(Failure::usage)?;
    let payload = feed.to_bytes().map_err(Failure::usage)?;
    let bytes = Envelope::new(PAYLOAD_TYPE, payload).to_bytes().map_err(Failure::usage)?;
    keys::write_new(&arguments.output, 0o644, &bytes)?;
    output::say(&format!(
        "{} facts; nobody has signed it yet: ringfence feed sign {} --key KEY",
        feed.facts.len(),
        arguments.output.display()
    ));
    Ok(ExitCode::Success)
}

fn sign(arguments: &FeedSign) -> Result<ExitCode, Failure> {
    let path = &arguments.file;
    let wrong =
        |error: &dyn std::fmt::Display| Failure::usage(format!("`{}`: {error}", path.display()));
    let mut envelope = Envelope::parse(&read(path)?).map_err(|error| wrong(&error))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(wrong(&"it is no feed"));
    }
    // Nobody signs what nobody could read.
    let feed = Feed::parse(&envelope.payload).map_err(|error| wrong(&error))?;
    let key = keys::secret(&arguments.key)?;
    envelope.sign(&key, Scheme::Ed25519).map_err(Failure::usage)?;
    let bytes = envelope.to_bytes().map_err(|error| wrong(&error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| wrong(&error))?;
    let permissions = path.metadata().map_err(|error| wrong(&error))?.permissions();
    file.write_all(&bytes)
        .and_then(|()| file.as_file().set_permissions(permissions))
        .and_then(|()| file.as_file().sync_all())
        .map_err(|error| wrong(&error))?;
    file.persist(path).map_err(|error| wrong(&error.error))?;
    output::say(&format!(
        "{} number {}, {} facts, {} signatures",
        safe(&feed.feed),
        feed.sequence,
        feed.facts.len(),
        envelope.signatures.len()
    ));
    Ok(ExitCode::Success)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::usage(format!("`{}`: {error}", path.display()));
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| wrong(&error))?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
    if bytes.len() > MAX_BYTES {
        return Err(wrong(&format!("it is larger than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}
