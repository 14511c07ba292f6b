//! One HTTP request for a plugin that asks for it by a call instead of a socket.
//!
//! The connection is the gate's own, outside of the jail, and may be kept for the
//! next request to the same place. Nothing is followed, remembered or taken from the
//! environment: no redirect, no cookie, no proxy.

use crate::asking::{Said, Word, agent, begin};
use crate::judge::{Judge, Refusal};
use crate::outgoing::Outgoing;
use crate::overrides::{OVERRIDES, may_override};
use crate::pinned::Pinned;
use crate::resolve::{Resolver, Unresolved};
use crate::revealed::Revealed;
use crate::rewrite::Placeholder;
use crate::scrub::Scrubber;
use crate::slot::Slot;
use crate::traffic::{Direction, Traffic};
use crate::waiting::{Stop, Waiting};
use ringfence_permission::{NetworkRequest, Permit};
use ringfence_types::{Host, SecretPlace, SecretTarget};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use ureq::Agent;
use zeroize::Zeroizing;

/// Most look-ups of one instance that wait for a name server at a time.
const MOST_LOOK_UPS: usize = 16;

/// Fields that say where a request goes and ends, and how its answer comes: they are
/// ours.
pub const OUR_FIELDS: [&str; 11] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "keep-alive",
    "accept-encoding",
    "proxy-authorization",
];

/// What a permit does not say of a request.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The whole address, of which the permit names host, port and path.
    pub url: &'a str,
    /// Fields of the head; none of [`OUR_FIELDS`].
    pub fields: &'a [(String, String)],
    /// Body; empty for none.
    pub body: &'a [u8],
    /// How long all of it may take.
    pub patience: Duration,
    /// Most bytes of the answer's body.
    pub most: usize,
}

/// An answer; untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Its status.
    pub status: u16,
    /// Its fields, in their order, names in lower case.
    pub fields: Vec<(String, String)>,
    /// Its body, no longer than was asked for.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The gate refused what was allowed by name; it is recorded.
    #[error("{0}")]
    Refused(&'static str),
    /// The request cannot be made so.
    #[error("{0}")]
    Malformed(String),
    /// The answer's body is longer than was asked for.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// Nothing came of it.
    #[error("{0}")]
    Failed(String),
}

/// Makes requests for one instance.
pub struct Fetcher {
    resolver: Resolver,
    traffic: Arc<Traffic>,
    placeholders: Vec<Placeholder>,
    revealed: Arc<Revealed>,
    stop: Stop,
    /// One for each look-up that still waits.
    look_ups: Arc<()>,
    pinned: Pinned,
    /// Made with the first request: reading what this machine trusts takes longer
    /// than the start of a jail.
    agent: OnceLock<Agent>,
}

impl Fetcher {
    /// One that has asked nobody yet, and goes on until `stop` says so. What goes out
    /// is remembered with what the gates of the instance send.
    #[must_use]
    pub fn new(
        resolver: Resolver,
        traffic: Arc<Traffic>,
        placeholders: Vec<Placeholder>,
        revealed: Arc<Revealed>,
        stop: Stop,
    ) -> Self {
        let (look_ups, pinned, agent) = (Arc::default(), Pinned::default(), OnceLock::new());
        Self { resolver, traffic, placeholders, revealed, stop, look_ups, pinned, agent }
    }

    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| agent(self.pinned.clone()))
    }

    /// Makes the one request that the permit is for.
    ///
    /// # Errors
    /// When the gate refuses, or there is no answer.
    pub fn fetch(
        &self,
        permit: Permit<'_, NetworkRequest>,
        ask: &Ask<'_>,
        judge: &dyn Judge,
    ) -> Result<HttpAnswer, FetchError> {
        let target = permit.spend().object;
        let refuse = |refusal| {
            judge.refused(target, refusal);
            FetchError::Refused("the network gate refused it")
        };
        let Some(slot) = Slot::take() else { return Err(refuse(Refusal::Full)) };
        // Also when the grant is taken back meanwhile, which is recorded.
        let stop = || (self.stop)() || !judge.still_allows(target);
        let waiting = Waiting::at_most(ask.patience, &stop);
        if Arc::strong_count(&self.look_ups) > MOST_LOOK_UPS {
            return Err(FetchError::Failed("too many look-ups of names wait".to_owned()));
        }
        let held = Arc::clone(&self.look_ups);
        let found = self.resolver.addresses_now(target, judge, &waiting, held);
        let addresses = found.map_err(|unresolved| match unresolved {
            Unresolved::Refused(refusal) => refuse(refusal),
            Unresolved::Failed(error) => FetchError::Failed(format!("the look-up: {error}")),
        })?;
        self.pinned.set(target.host, target.port, addresses);
        let ringfence_types::Seen::Http { method, .. } = target.seen else {
            return Err(FetchError::Malformed("it is no HTTP request".to_owned()));
        };
        let overrides = ask.fields.iter().any(|(name, _)| may_override(name.as_bytes()));
        if overrides && judge.binds(target, None) {
            return Err(refuse(Refusal::Malformed(OVERRIDES)));
        }
        let whole = self.revealed.is_known_to(target.host);
        let out = Outgoing::of(ask, &self.placeholders, whole, &mut |name, place| {
            let wanted = SecretTarget { name, request: target, place };
            let goes_in = place != SecretPlace::Elsewhere;
            if overrides && goes_in && judge.binds(target, Some(wanted)) {
                refuse(Refusal::Malformed(OVERRIDES));
                return None;
            }
            let secret = judge.secret(wanted)?;
            self.revealed.remember(name, &secret, target.host, target.port);
            Some(secret)
        });
        let mut request = ureq::http::Request::builder().method(method).uri(out.url());
        let mut length = out.url().len().saturating_add(ask.body.len());
        for (name, value) in out.fields() {
            length = length.saturating_add(name.len()).saturating_add(value.len());
            request = request.header(name, value.as_slice());
        }
        let charge = |direction, bytes| {
            if !judge.still_allows(target) {
                return Err(FetchError::Refused("its grant was taken back meanwhile"));
            }
            let charged = self.traffic.charge(direction, bytes);
            charged.map_err(|exceeded| refuse(Refusal::Budget(exceeded))).map(|warning| {
                if let Some(warning) = warning {
                    judge.nearly_used(warning);
                }
            })
        };
        charge(Direction::Sent, length)?;
        let malformed = |error: ureq::http::Error| FetchError::Malformed(out.clean(&error));
        let words = if ask.body.is_empty() {
            begin(self.agent(), request.body(()).map_err(malformed)?, &waiting, slot)
        } else {
            begin(self.agent(), request.body(ask.body.to_vec()).map_err(malformed)?, &waiting, slot)
        };
        let failed = |error: std::io::Error| FetchError::Failed(error.to_string());
        let words = words.map_err(failed)?;
        let hear = || match waiting.hear(&words).map_err(failed)? {
            Err(FetchError::Failed(error)) => Err(FetchError::Failed(out.clean(&error))),
            heard => heard,
        };
        self.read(hear, target.host, ask.most, charge)
    }

    fn read(
        &self,
        hear: impl Fn() -> Word,
        host: &Host,
        most: usize,
        charge: impl Fn(Direction, usize) -> Result<(), FetchError>,
    ) -> Result<HttpAnswer, FetchError> {
        let Said::Head(head) = hear()? else {
            return Err(FetchError::Failed("there is no answer".to_owned()));
        };
        let is_coded = |field, plain: &str| {
            head.headers.get_all(field).iter().any(|how| how.as_bytes() != plain.as_bytes())
        };
        let coded =
            is_coded("content-encoding", "identity") || is_coded("transfer-encoding", "chunked");
        let mut whole = Zeroizing::new(Vec::new());
        for (name, value) in &head.headers {
            charge(Direction::Received, name.as_str().len().saturating_add(value.len()))?;
        }
        while let Said::Bytes(bytes) = hear()? {
            charge(Direction::Received, bytes.len())?;
            whole.extend_from_slice(&bytes);
            if whole.len() > most {
                return Err(FetchError::TooLong(most));
            }
        }
        // What went out until now, by this request or by any other way.
        let secrets = self.revealed.to(host);
        if coded && !secrets.is_empty() {
            return Err(FetchError::Refused(
                "the answer is coded, so no secret could be found in it",
            ));
        }
        let mut scrubber = Scrubber::new(secrets.iter().map(|secret| secret.as_str()));
        let mut clean = |bytes: &[u8]| scrubber.pass(bytes, true).to_vec();
        let mut fields = Vec::new();
        for (name, value) in &head.headers {
            let mut text = |bytes| String::from_utf8_lossy(&clean(bytes)).into_owned();
            fields.push((text(name.as_str().as_bytes()), text(value.as_bytes())));
        }
        Ok(HttpAnswer { status: head.status.as_u16(), fields, body: clean(&whole) })
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").finish_non_exhaustive()
    }
}
