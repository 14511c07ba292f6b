//! One HTTP request for a plugin that asks for it by a call instead of a socket.
//!
//! The connection is the gate's own, outside of the jail, and may be kept for the
//! next request to the same place. Nothing is followed, remembered or taken from the
//! environment: no redirect, no cookie, no proxy.

use crate::authority::provider;
use crate::judge::{Judge, Refusal};
use crate::outgoing::Outgoing;
use crate::outside;
use crate::pinned::Pinned;
use crate::resolve::{Resolver, Unresolved};
use crate::rewrite::Placeholder;
use crate::slot::Slot;
use crate::traffic::{Direction, Traffic};
use ringfence_permission::{NetworkRequest, Permit};
use ringfence_types::SecretTarget;
use std::fmt;
use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use ureq::config::Config;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, AsSendBody, Body};
use zeroize::Zeroizing;

/// Most bytes of the head of an answer.
const MAX_ANSWER_HEAD: usize = 64 * 1024;
/// As many bytes as one read takes.
const CHUNK: usize = 32 * 1024;

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
    pinned: Pinned,
    /// Made with the first request: reading what this machine trusts takes longer
    /// than the start of a jail.
    agent: OnceLock<Agent>,
}

impl Fetcher {
    /// One that has asked nobody yet.
    #[must_use]
    pub fn new(resolver: Resolver, traffic: Arc<Traffic>, placeholders: Vec<Placeholder>) -> Self {
        let (pinned, agent) = (Pinned::default(), OnceLock::new());
        Self { resolver, traffic, placeholders, pinned, agent }
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
        let Some(_slot) = Slot::take() else { return Err(refuse(Refusal::Full)) };
        let found = self.resolver.addresses_now(target, judge);
        let addresses = found.map_err(|unresolved| match unresolved {
            Unresolved::Refused(refusal) => refuse(refusal),
            Unresolved::Failed(error) => FetchError::Failed(format!("the look-up: {error}")),
        })?;
        self.pinned.set(target.host, target.port, addresses);
        let ringfence_types::Seen::Http { method, .. } = target.seen else {
            return Err(FetchError::Malformed("it is no HTTP request".to_owned()));
        };
        let out = Outgoing::of(ask, &self.placeholders, &mut |name, place| {
            judge.secret(SecretTarget { name, request: target, place })
        });
        let mut request = ureq::http::Request::builder().method(method).uri(out.url());
        let mut length = out.url().len().saturating_add(ask.body.len());
        for (name, value) in out.fields() {
            length = length.saturating_add(name.len()).saturating_add(value.len());
            request = request.header(name, value.as_slice());
        }
        let charge = |direction, bytes| {
            let charged = self.traffic.charge(direction, bytes);
            charged.map_err(|exceeded| refuse(Refusal::Budget(exceeded))).map(|warning| {
                if let Some(warning) = warning {
                    judge.nearly_used(warning);
                }
            })
        };
        charge(Direction::Sent, length)?;
        // Some errors repeat the address.
        let text = |error: &dyn fmt::Display| out.clean_text(error.to_string().as_bytes());
        let malformed = |error: ureq::http::Error| FetchError::Malformed(text(&error));
        let answer = if ask.body.is_empty() {
            self.run(request.body(()).map_err(malformed)?, ask.patience)
        } else {
            self.run(request.body(ask.body).map_err(malformed)?, ask.patience)
        };
        let answer = answer.map_err(|error| FetchError::Failed(text(&error)))?;
        Self::read(answer, &out, ask.most, charge)
    }

    fn run(
        &self,
        request: ureq::http::Request<impl AsSendBody>,
        patience: Duration,
    ) -> Result<ureq::http::Response<Body>, ureq::Error> {
        let agent = self.agent();
        let request = agent.configure_request(request);
        agent.run(request.timeout_global(Some(patience)).build())
    }

    fn read(
        answer: ureq::http::Response<Body>,
        out: &Outgoing<'_>,
        most: usize,
        charge: impl Fn(Direction, usize) -> Result<(), FetchError>,
    ) -> Result<HttpAnswer, FetchError> {
        let (head, body) = answer.into_parts();
        let is_coded = |field, plain: &str| {
            head.headers.get_all(field).iter().any(|how| how.as_bytes() != plain.as_bytes())
        };
        let coded = is_coded("content-encoding", "identity");
        if (coded || is_coded("transfer-encoding", "chunked")) && out.is_secret() {
            return Err(FetchError::Refused(
                "the answer is coded, so no secret could be found in it",
            ));
        }
        let mut fields = Vec::new();
        for (name, value) in &head.headers {
            charge(Direction::Received, name.as_str().len().saturating_add(value.len()))?;
            let text = |bytes| out.clean_text(bytes);
            fields.push((text(name.as_str().as_bytes()), text(value.as_bytes())));
        }
        let mut whole = Zeroizing::new(Vec::new());
        let mut reader = body.into_reader();
        let mut buffer = vec![0; CHUNK];
        loop {
            let length = reader.read(&mut buffer).map_err(|e| FetchError::Failed(e.to_string()))?;
            if length == 0 {
                break;
            }
            charge(Direction::Received, length)?;
            whole.extend_from_slice(buffer.get(..length).unwrap_or(&[]));
            if whole.len() > most {
                return Err(FetchError::TooLong(most));
            }
        }
        Ok(HttpAnswer { status: head.status.as_u16(), fields, body: out.clean(&whole) })
    }
}

fn agent(pinned: Pinned) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider())
        .root_certs(RootCerts::new_with_certs(&outside::trusted()))
        .build();
    let config = Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .allow_non_standard_methods(true)
        .max_response_header_size(MAX_ANSWER_HEAD)
        .max_idle_connections_per_host(1)
        .max_idle_connections(4)
        .max_idle_age(Duration::from_secs(10))
        .user_agent("")
        .accept("")
        .accept_encoding("identity")
        .tls_config(tls)
        .build();
    Agent::with_parts(config, DefaultConnector::new(), pinned)
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").finish_non_exhaustive()
    }
}
