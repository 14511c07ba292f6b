//! What speaks HTTP: to the server that was named wherever it is, to others only where
//! anybody could.

use crate::origin::{Origin, is_public};
use rustls::crypto::ring::default_provider;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// Most bytes of the head of an answer.
const MAX_HEAD: usize = 64 * 1024;
/// How long a server may take to take a connection.
const CONNECT: Duration = Duration::from_secs(15);

/// One that may ask `named` wherever it is. It follows nobody by itself, remembers nothing
/// and takes no proxy from the environment: that would look up names in our place.
pub(crate) fn agent(named: Origin) -> Agent {
    let trusted: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .root_certs(RootCerts::new_with_certs(&trusted))
        .build();
    let config = Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_response_header_size(MAX_HEAD)
        .timeout_connect(Some(CONNECT))
        .user_agent(concat!("ringfence/", env!("CARGO_PKG_VERSION")))
        .accept("")
        .accept_encoding("identity")
        .tls_config(tls)
        .build();
    let resolver = Guarded { named, system: DefaultResolver::default() };
    Agent::with_parts(config, DefaultConnector::new(), resolver)
}

/// Looks names up, and refuses what they lead to in a private network unless it was named.
/// The connection is made to the addresses that were looked at.
#[derive(Debug)]
struct Guarded {
    named: Origin,
    system: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.system.resolve(uri, config, timeout)?;
        let secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_named = self.named.is_at(host, port);
        let refused = |why: &str| Err(Error::Io(io::Error::other(why.to_owned())));
        let is_here = is_named && found.iter().all(|place| place.ip().is_loopback());
        if !(secure || is_here) {
            return refused("without TLS only this machine is asked");
        }
        if !is_named && !found.iter().all(is_public) {
            return refused("its name leads into a private network, where nobody is led");
        }
        Ok(found)
    }
}
