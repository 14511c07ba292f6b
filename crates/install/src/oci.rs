//! `oci:`: WebAssembly and packed packages out of a registry of the Open Container
//! Initiative. Source: OCI distribution specification 1.1, "Pull".
//!
//! What a tag means, the registry says. What a manifest and a file are, their digests say:
//! those are compared here.

mod challenge;
mod credentials;
mod manifest;
mod reference;

pub use reference::OciReference;

use crate::client::Around;
use crate::contents::{MAX_BYTES, contents};
use crate::error::InstallError;
use crate::fetched::Fetched;
use crate::source::Source;
use crate::vouched::Vouched;
use challenge::Challenge;
use credentials::Credentials;
use manifest::{Descriptor, Leads};
use ringfence_download::{Answer, Client, Request};
use ringfence_types::Digest;
use sha2::{Digest as _, Sha256};
use std::time::{Duration, Instant};
use url::Url;
use zeroize::Zeroizing;

/// Most manifests on the way to a file: a list, and one of it.
const MOST_MANIFESTS: usize = 3;
/// Most bytes of who gives out tokens.
const MAX_TOKEN: u64 = 256 * 1024;

pub(crate) fn fetch(
    source: &Source,
    reference: &OciReference,
    around: &Around,
) -> Result<Fetched, InstallError> {
    let mut registry = Registry::of(source, reference, around)?;
    let mut wanted = reference.wanted();
    let mut expected = reference.digest().copied();
    for _ in 0..MOST_MANIFESTS {
        let bytes = registry.get("manifests", &wanted, manifest::ACCEPT, manifest::MAX_BYTES)?;
        let found = digest(&bytes);
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            let why = format!("its manifest has the digest {found} and not {expected}");
            return Err(InstallError::refused(&source.to_string(), why));
        }
        let leads = manifest::read(&bytes)
            .map_err(|why| InstallError::refused(&source.to_string(), why))?;
        match leads {
            Leads::Manifest(next) => {
                wanted = next.digest.to_string();
                expected = Some(next.digest);
            }
            Leads::Layer(layer) => {
                let bytes = registry.layer(&layer)?;
                let packed = contents(&source.to_string(), reference.last(), bytes)?;
                // A tag can be anything; what says its version is asked first.
                let own = packed.statement().version.clone();
                let version = own.or_else(|| reference.tag().map(str::to_owned));
                let version = version.unwrap_or_else(|| wanted.clone());
                return Ok(Fetched {
                    source: source.clone(),
                    version,
                    registry: reference.place().to_owned(),
                    packages: Vec::new(),
                    vouched: Vouched::nobody(),
                    published: None,
                    packed,
                });
            }
        }
    }
    let why = "its manifests lead from one list to another";
    Err(InstallError::refused(&source.to_string(), why))
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

/// The registry, with what it wants to be shown.
struct Registry<'a> {
    source: &'a Source,
    reference: &'a OciReference,
    around: &'a Around,
    client: Client,
    base: Url,
    credentials: Option<Credentials>,
    authorization: Option<Zeroizing<String>>,
    begun: Instant,
}

impl<'a> Registry<'a> {
    fn of(
        source: &'a Source,
        reference: &'a OciReference,
        around: &'a Around,
    ) -> Result<Self, InstallError> {
        let host = reference.host();
        let is_here = host.name().is_some_and(|name| name == "localhost")
            || host.address().is_some_and(|address| address.is_loopback());
        // As other clients do: what is on this machine needs no certificate.
        let scheme = if is_here { "http" } else { "https" };
        let place = match reference.place() {
            // It has its interface under another name.
            "docker.io" => "registry-1.docker.io",
            place => place,
        };
        let wrong = |why: String| InstallError::refused(&source.to_string(), why);
        let base: Url = format!("{scheme}://{place}/v2/{}/", reference.repository())
            .parse()
            .map_err(|error: url::ParseError| wrong(error.to_string()))?;
        let client = Client::of(&base)?;
        let credentials = credentials::find(reference.place(), |name| std::env::var_os(name))?;
        let (authorization, begun) = (None, Instant::now());
        Ok(Self { source, reference, around, client, base, credentials, authorization, begun })
    }

    /// The one file of an artifact, if it is what the manifest says.
    fn layer(&mut self, layer: &Descriptor) -> Result<Vec<u8>, InstallError> {
        let what = self.source.to_string();
        if layer.size > MAX_BYTES {
            return Err(InstallError::refused(&what, "it is larger than 512 MiB"));
        }
        let bytes = self.get("blobs", &layer.digest.to_string(), "", layer.size)?;
        let found = digest(&bytes);
        if found != layer.digest {
            let why = format!("its file has the digest {found} and not {}", layer.digest);
            return Err(InstallError::refused(&what, why));
        }
        Ok(bytes)
    }

    fn get(
        &mut self,
        kind: &str,
        name: &str,
        accept: &str,
        most: u64,
    ) -> Result<Vec<u8>, InstallError> {
        let wrong = |error: url::ParseError| {
            InstallError::refused(&self.source.to_string(), error.to_string())
        };
        let url = self.base.join(&format!("{kind}/{name}")).map_err(wrong)?;
        let answer = self.ask(&url, accept, self.authorization.as_ref(), most)?;
        if answer.status != 401 {
            return Ok(answer.into_body()?);
        }
        // Once: who is not content with what it asked for is not asked again.
        self.authorization = self.authorized(&answer)?;
        Ok(self.ask(&url, accept, self.authorization.as_ref(), most)?.into_body()?)
    }

    /// What the registry wants to see.
    fn authorized(&mut self, answer: &Answer) -> Result<Option<Zeroizing<String>>, InstallError> {
        // A store of files that it led to is somebody else, and gets no password of it.
        if answer.url.origin() != self.base.origin() {
            let why = "where its registry leads, somebody asks for a password";
            return Err(InstallError::refused(&self.source.to_string(), why));
        }
        match challenge::read(answer.fields("www-authenticate")) {
            None => Ok(None),
            Some(Challenge::Basic) => Ok(self.credentials.as_ref().map(Credentials::header)),
            Some(Challenge::Bearer { realm, service, scope }) => {
                let what = self.source.to_string();
                let mut url: Url = realm.parse().map_err(|_| {
                    InstallError::refused(&what, "its registry names nobody who gives out tokens")
                })?;
                let own = format!("repository:{}:pull", self.reference.repository());
                // Only to read, and only this: whatever else it says that is wanted.
                let scope = scope.filter(|scope| *scope == own).unwrap_or(own);
                if let Some(service) = &service {
                    url.query_pairs_mut().append_pair("service", service);
                }
                url.query_pairs_mut().append_pair("scope", &scope);
                let is_own = url.host() == self.base.host() && url.port() == self.base.port();
                let secure = url.scheme() == "https";
                if !secure && !is_own {
                    let why = "its registry sends for a token without TLS";
                    return Err(InstallError::refused(&what, why));
                }
                let credentials = self.credentials.as_ref().map(Credentials::header);
                let body = self.ask(&url, "application/json", credentials.as_ref(), MAX_TOKEN)?;
                token(&body.into_body()?)
                    .map(Some)
                    .ok_or_else(|| InstallError::refused(&what, "its registry gives no token"))
            }
        }
    }

    fn ask(
        &self,
        url: &Url,
        accept: &str,
        authorization: Option<&Zeroizing<String>>,
        most: u64,
    ) -> Result<Answer, InstallError> {
        let left = self.around.limit.checked_sub(self.begun.elapsed());
        let limit = left.unwrap_or(Duration::from_millis(1));
        let authorization = authorization.map(|value| value.as_str());
        let request = Request { url, accept, authorization, most, limit };
        Ok(self.client.get(&request, &mut self.around.meanwhile(self.begun))?)
    }
}

/// What stands in an answer of who gives out tokens.
fn token(body: &[u8]) -> Option<Zeroizing<String>> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let token = ["token", "access_token"].iter().find_map(|key| answer.get(key)?.as_str())?;
    let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| Zeroizing::new(format!("Bearer {token}")))
}
