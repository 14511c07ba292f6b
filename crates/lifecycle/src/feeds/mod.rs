//! Feeds that the operator follows: whose word on what is recalled counts here.
//!
//! What cannot be fetched, is not signed by enough, is older or out of date changes nothing:
//! what was accepted last stands, and the failure is told and written down. The operator's
//! word is above that of every feed.

mod error;
mod fetch;

pub use error::FeedsError;

use crate::engine::now_ms;
use crate::recorded::{Changed, recorded};
use fetch::fetch;
use ringfence_audit::{AuditLog, LogOptions};
use ringfence_feed::{Accepted, Fact, Signers, Subject, Verified};
use ringfence_signing::PublicKey;
use ringfence_store::{AcceptedRow, Applied, FactRow, FeedPolicy, FeedRow, StateError, StateStore};
use ringfence_types::{Actor, AuditEvent, AuditSink as _, EventKind, Severity};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Most letters that are kept of why a feed does not count: some of them are a stranger's.
const MOST_SAID: usize = 300;

/// Most characters of what the operator calls a feed.
const MAX_NAME: usize = 64;

/// The feeds that are followed in a home.
#[derive(Debug)]
pub struct Feeds {
    home: PathBuf,
    store: StateStore,
}

/// What came of an update.
#[derive(Clone, Debug, Serialize)]
pub struct Updated {
    /// Of which feed.
    pub name: String,
    /// The number that counts now.
    pub sequence: u64,
    /// Until when it is the newest for certain, in seconds since 1970-01-01 UTC.
    pub expires_s: u64,
    /// Whether it is another one than before.
    pub is_new: bool,
    /// What followed for what is installed.
    #[serde(flatten)]
    pub applied: Applied,
}

impl Feeds {
    /// Those of this home.
    ///
    /// # Errors
    /// When the list of what is installed, where they stand, cannot be opened.
    pub fn open(home: &Path) -> Result<Self, FeedsError> {
        Ok(Self { home: home.to_owned(), store: StateStore::open(home)? })
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn list(&self) -> Result<Vec<FeedRow>, FeedsError> {
        Ok(self.store.feeds()?)
    }

    /// One of them, with all that it says.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn show(&self, name: &str) -> Result<(FeedRow, Vec<FactRow>), FeedsError> {
        Ok((self.store.feed(name)?, self.store.facts(name)?))
    }

    /// Follows a feed from now on. Nothing of it is fetched yet.
    ///
    /// # Errors
    /// When it cannot be followed so, or the log does not take it.
    pub fn add(
        &self,
        name: &str,
        source: &str,
        (signers, threshold): (Vec<PublicKey>, usize),
        policy: FeedPolicy,
    ) -> Result<(), FeedsError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
            return Err(FeedsError::Name(name.to_owned()));
        }
        fetch::check(source)?;
        let signers = Signers::new(signers, threshold)?;
        let keys: Vec<String> = signers.keys().iter().map(|key| key.id().to_string()).collect();
        let feed = FeedRow {
            name: name.to_owned(),
            source: source.to_owned(),
            signers: signers.keys().iter().map(|key| key.der().to_vec()).collect(),
            threshold,
            policy,
            accepted: None,
            failure: None,
            failed_ms: None,
        };
        let what = json!({
            "name": name, "source": source, "signers": keys, "threshold": threshold,
            "policy": policy,
        });
        self.change("a feed is followed", what, |stamp| self.store.add_feed(&feed, stamp))
    }

    /// Fetches what a feed says now and does what follows.
    ///
    /// # Errors
    /// Why it changed nothing; that is written down.
    pub fn update(&self, name: &str) -> Result<Updated, FeedsError> {
        let feed = self.store.feed(name)?;
        self.updated(&feed).inspect_err(|error| {
            let why: String = error.to_string().chars().take(MOST_SAID).collect();
            // What was accepted stands, whether or not it can be written down that this failed.
            let _ = self.store.feed_failed(name, &why, now_ms());
            let event = AuditEvent::new(EventKind::FeedChanged, "a feed was not accepted")
                .severity(Severity::Warning)
                .with("feed", json!({ "name": name, "source": feed.source, "reason": why }));
            let _ = self.note([event]);
        })
    }

    fn updated(&self, feed: &FeedRow) -> Result<Updated, FeedsError> {
        let signers: Result<Vec<PublicKey>, _> =
            feed.signers.iter().map(|der| PublicKey::from_der(der)).collect();
        let signers = signers.map_err(|_| StateError::Row { what: "feed" })?;
        let signers = Signers::new(signers, feed.threshold)?;
        let Verified { feed: said, digest } = signers.verify(&fetch(&feed.source)?)?;
        let last = feed.accepted.as_ref().map(|last| Accepted {
            feed: last.feed.clone(),
            sequence: last.sequence,
            digest: last.digest,
        });
        let now = now_ms();
        let verified = Verified { feed: said, digest };
        let is_new = verified.follows(last.as_ref(), now / 1000)?;
        let said = verified.feed;
        let (sequence, expires_s) = (said.sequence, said.expires);
        let name = feed.name.clone();
        if !is_new {
            let applied = Applied::default();
            return Ok(Updated { name, sequence, expires_s, is_new, applied });
        }
        let accepted = AcceptedRow {
            feed: said.feed,
            sequence,
            digest,
            issued_s: said.issued,
            expires_s,
            at_ms: now,
        };
        let facts: Vec<FactRow> = said.facts.into_iter().map(row).collect();
        let what = json!({
            "name": name, "sequence": sequence, "digest": digest, "facts": facts.len(),
            "expires_s": expires_s,
        });
        let before = feed.accepted.as_ref();
        let applied = self.change("a feed is accepted", what, |_| {
            self.store.accept_feed(&name, before, &accepted, &facts)
        })?;
        self.tell(&name, &applied);
        Ok(Updated { name, sequence, expires_s, is_new, applied })
    }

    /// Writes down what followed for what is installed.
    fn tell(&self, feed: &str, applied: &Applied) {
        let event = |said: &str, plugin: &str, fact: Option<&str>| {
            let what = json!({ "name": plugin, "feed": feed, "fact": fact });
            AuditEvent::new(EventKind::PluginChanged, said)
                .severity(Severity::Warning)
                .with("plugin", what)
        };
        let held = applied.quarantined.iter();
        let held =
            held.map(|(name, fact)| event("a feed put a plugin into quarantine", name, Some(fact)));
        let warned = applied.warned.iter();
        let warned = warned.map(|(name, fact)| event("a feed warns of a plugin", name, Some(fact)));
        let out = applied.released.iter();
        let out = out.map(|name| event("a plugin is let out: its fact was taken back", name, None));
        // It has happened, and stands in the list itself.
        let _ = self.note(held.chain(warned).chain(out));
    }

    /// Follows a feed no more. Gives the plugins that are let out, switched off.
    ///
    /// # Errors
    /// When there is none of this name, or the log does not take it.
    pub fn remove(&self, name: &str) -> Result<Vec<String>, FeedsError> {
        self.store.feed(name)?;
        let what = json!({ "name": name });
        self.change("a feed is followed no more", what, |stamp| self.store.remove_feed(name, stamp))
    }

    /// Does not follow one fact of a feed. Gives the plugins that are let out, switched off.
    ///
    /// # Errors
    /// When there is no such feed, or the log does not take it.
    pub fn ignore(&self, name: &str, fact: &str) -> Result<Vec<String>, FeedsError> {
        self.store.feed(name)?;
        let what = json!({ "name": name, "fact": fact });
        self.change("a fact of a feed is ignored", what, |stamp| {
            self.store.ignore_fact(name, fact, stamp)
        })
    }

    /// Follows a fact again. Gives whether it was ignored.
    ///
    /// # Errors
    /// When there is no such feed, or the log does not take it.
    pub fn follow(&self, name: &str, fact: &str) -> Result<bool, FeedsError> {
        self.store.feed(name)?;
        let what = json!({ "name": name, "fact": fact });
        self.change("a fact of a feed counts again", what, |_| self.store.follow_fact(name, fact))
    }

    /// Makes a change after the log has taken what is said of it.
    fn change<T>(
        &self,
        said: &str,
        what: Value,
        change: impl FnOnce((&str, u64)) -> Result<T, StateError>,
    ) -> Result<T, FeedsError> {
        let not_done = format!("not done after all: {said}");
        let kind = EventKind::FeedChanged;
        let changed = Changed { kind, said, not_done: &not_done, what: ("feed", what) };
        let by = format!("uid {}", rustix::process::getuid().as_raw());
        Ok(recorded(&self.home, &changed, || change((&by, now_ms())))??)
    }

    fn note(&self, events: impl IntoIterator<Item = AuditEvent>) -> Result<(), FeedsError> {
        let mut events = events.into_iter().peekable();
        if events.peek().is_none() {
            return Ok(());
        }
        let log = AuditLog::open(&self.home, LogOptions::default())
            .map_err(|error| crate::recorded::RecordError::Open(error.to_string()))?;
        let write = |error: ringfence_types::AuditError| {
            crate::recorded::RecordError::Write(error.to_string())
        };
        let uid = rustix::process::geteuid().as_raw();
        for event in events {
            log.append(event.actor(Actor::User { uid })).map_err(write)?;
        }
        log.close().map_err(|error| crate::recorded::RecordError::Write(error.to_string()))?;
        Ok(())
    }
}

/// A fact as it is looked up.
fn row(fact: Fact) -> FactRow {
    let Fact { id, date, reason, subject, revoked } = fact;
    let (kind, subject, versions) = match subject {
        Subject::Package { digest } => ("package", digest.to_string(), Vec::new()),
        Subject::Key { key } => ("key", key.to_string(), Vec::new()),
        Subject::Publisher { name } => ("publisher", name, Vec::new()),
        Subject::Registry { registry, name, versions } => {
            let known = match registry.as_str() {
                "pypi" => ringfence_advisories::Known::PyPi,
                _ => ringfence_advisories::Known::Npm,
            };
            ("registry", format!("{registry}:{}", known.name(&name)), versions)
        }
    };
    let kind = kind.to_owned();
    FactRow { id, dated: date, reason, kind, subject, versions, revoked, ignored: false }
}
