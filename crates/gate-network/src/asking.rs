//! The thread that makes one request for a call, so that whoever waits for the answer
//! can be told to stop.

use crate::authority::provider;
use crate::fetch::FetchError;
use crate::outside;
use crate::pinned::Pinned;
use crate::slot::Slot;
use crate::waiting::Waiting;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
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

/// A piece of an answer, in their order.
pub(crate) enum Said {
    Head(ureq::http::response::Parts),
    Bytes(Zeroizing<Vec<u8>>),
    End,
}

pub(crate) type Word = Result<Said, FetchError>;

/// Tells an answer until nobody listens.
fn tell_all(answer: ureq::http::Response<Body>, tell: &SyncSender<Word>) {
    let (head, body) = answer.into_parts();
    if tell.send(Ok(Said::Head(head))).is_err() {
        return;
    }
    let mut reader = body.into_reader();
    let mut buffer = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let word = match reader.read(&mut buffer) {
            Ok(0) => Ok(Said::End),
            Ok(length) => {
                Ok(Said::Bytes(Zeroizing::new(buffer.get(..length).unwrap_or(&[]).to_vec())))
            }
            Err(error) => Err(FetchError::Failed(error.to_string())),
        };
        let is_over = !matches!(word, Ok(Said::Bytes(_)));
        if tell.send(word).is_err() || is_over {
            return;
        }
    }
}

/// Makes a request, and tells what comes. The thread ends with the time that there is,
/// or when nobody listens.
pub(crate) fn begin(
    agent: &Agent,
    request: ureq::http::Request<impl AsSendBody + Send + 'static>,
    waiting: &Waiting<'_>,
    slot: Slot,
) -> io::Result<Receiver<Word>> {
    let agent = agent.clone();
    let patience = waiting.left();
    let (tell, hear) = sync_channel(1);
    let thread = std::thread::Builder::new().name("ringfence-fetch".to_owned());
    thread.spawn(move || {
        let _slot = slot;
        let request = agent.configure_request(request);
        let request = request.timeout_global(Some(patience)).build();
        match agent.run(request) {
            Ok(answer) => tell_all(answer, &tell),
            Err(error) => drop(tell.send(Err(FetchError::Failed(error.to_string())))),
        }
    })?;
    Ok(hear)
}

/// What speaks HTTP, to the addresses that were judged.
pub(crate) fn agent(pinned: Pinned) -> Agent {
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
