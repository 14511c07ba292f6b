//! One request after the other, and where it is led.

use crate::agent::agent;
use crate::answer::Answer;
use crate::error::{DownloadError, shown};
use crate::origin::{Origin, is_here};
use crate::wait::{Errand, whole};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::header::{ACCEPT, AUTHORIZATION, LOCATION};
use url::Url;

/// Most times that one request is led to another place.
const MOST_LED: usize = 5;
/// Longest address, in bytes.
const MAX_ADDRESS: usize = 8 * 1024;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Where.
    pub url: &'a Url,
    /// Which types are taken, as HTTP writes it; empty for any.
    pub accept: &'a str,
    /// What stands in `Authorization`: it goes to the server of `url` and to no other.
    pub authorization: Option<&'a str>,
    /// Most bytes of the body.
    pub most: u64,
    /// How long all of it may take.
    pub limit: Duration,
}

/// Asks one server that a person named, and those it leads to.
///
/// The server that was named may be anywhere, this machine and its network too. Others are
/// asked with TLS and at public addresses only: an answer is a stranger's word, and does not
/// make this machine ask its neighbours.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
}

impl Client {
    /// One for the server of this address.
    ///
    /// # Errors
    /// When it is none of the web, has a password in it, or goes without TLS to another
    /// machine.
    pub fn of(named: &Url) -> Result<Self, DownloadError> {
        origin(named).map(|origin| Self { agent: agent(origin) })
    }

    /// Whether there can be one for this address, without making it.
    ///
    /// # Errors
    /// As for [`of`](Self::of).
    pub fn check(named: &Url) -> Result<(), DownloadError> {
        origin(named).map(|_| ())
    }

    /// Asks, and waits for all of the answer. `meanwhile` is called several times a second
    /// with the time that has passed, and can end it.
    ///
    /// # Errors
    /// When nothing comes, too much, too late, or from where nobody is led. A status that is
    /// not 200 is an answer.
    pub fn get(
        &self,
        request: &Request<'_>,
        meanwhile: &mut dyn FnMut(Duration) -> ControlFlow<()>,
    ) -> Result<Answer, DownloadError> {
        let begun = Instant::now();
        let mut url = request.url.clone();
        url.set_fragment(None);
        let mut authorization = request.authorization;
        for _ in 0..=MOST_LED {
            let answer = self.ask(&url, authorization, request, begun, meanwhile)?;
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let next = led(&answer)?;
            if Origin::of(&next) != Origin::of(&url) {
                authorization = None;
            }
            url = next;
        }
        Err(DownloadError::failed(&url, "it leads from one place to another without an end"))
    }

    fn ask(
        &self,
        url: &Url,
        authorization: Option<&str>,
        request: &Request<'_>,
        begun: Instant,
        meanwhile: &mut dyn FnMut(Duration) -> ControlFlow<()>,
    ) -> Result<Answer, DownloadError> {
        let mut head = ureq::http::Request::get(url.as_str());
        if !request.accept.is_empty() {
            head = head.header(ACCEPT, request.accept);
        }
        if let Some(value) = authorization {
            head = head.header(AUTHORIZATION, value);
        }
        let head = head.body(()).map_err(|error| DownloadError::failed(url, &error.to_string()))?;
        let errand = Errand { url, begun, limit: request.limit, most: request.most };
        whole(&self.agent, head, &errand, meanwhile)
    }
}

/// Where an answer leads.
fn led(answer: &Answer) -> Result<Url, DownloadError> {
    let from = &answer.url;
    let place = answer.fields(LOCATION.as_str()).next();
    let place = place.filter(|place| place.len() <= MAX_ADDRESS);
    let next = place.and_then(|place| from.join(place).ok());
    let next = next.ok_or_else(|| DownloadError::failed(from, "it leads to no address"))?;
    let wrong = |why| DownloadError::Led { from: shown(from), to: shown(&next), why };
    let origin = Origin::of(&next).ok_or_else(|| wrong("only https is followed"))?;
    if !next.username().is_empty() || next.password().is_some() {
        return Err(wrong("it has a name or a password in it"));
    }
    if !origin.is_secure() && Origin::of(from).as_ref() != Some(&origin) {
        return Err(wrong("without TLS nobody is followed"));
    }
    Ok(next)
}

/// The server of an address that a person named.
fn origin(named: &Url) -> Result<Origin, DownloadError> {
    let wrong = |why| DownloadError::Address { address: shown(named), why };
    let origin = Origin::of(named).ok_or_else(|| wrong("only https is asked"))?;
    if !named.username().is_empty() || named.password().is_some() {
        return Err(wrong("it has a name or a password in it"));
    }
    if !origin.is_secure() && !is_here(named) {
        return Err(wrong("without TLS anybody on the way could change it; use https"));
    }
    Ok(origin)
}
