//! The one place that a client may ask.

use crate::error::InstallError;
use ringfence_types::{Capability, Host, Kind, UntrustedText};
use std::net::{IpAddr, ToSocketAddrs as _};
use url::Url;

/// What a registry on this machine is called in a jail, where the loopback is the jail's own.
/// The domain is reserved for private use.
const HERE: &str = "registry.ringfence.internal";

/// A registry, as the user's configuration of the client names it.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// As it is asked for in the jail.
    url: Url,
    /// As it was configured.
    own: Url,
    host: String,
    port: u16,
    addresses: Vec<IpAddr>,
}

impl Registry {
    /// Looks up its address here, outside of the jail: it is of the user's own
    /// configuration, so that it may be a machine of the user's own network, too.
    pub(crate) fn of(text: &str) -> Result<Self, InstallError> {
        let wrong = |shown: &str, why: String| InstallError::Registry {
            url: UntrustedText::new(shown).to_string(),
            why: UntrustedText::new(&why).to_string(),
        };
        let url = Url::parse(text).map_err(|error| wrong("(unreadable)", error.to_string()))?;
        let mut shown = url.clone();
        // A name and a password stand in no error.
        let (_, _) = (shown.set_username(""), shown.set_password(None));
        let shown = shown.as_str();
        if !matches!(url.scheme(), "https" | "http") {
            return Err(wrong(shown, "it is neither https nor http".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let why = "it has a name or a password in it, which are not handed into a jail";
            return Err(wrong(shown, why.to_owned()));
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(wrong(shown, "it has no host".to_owned()));
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        let addresses: Vec<IpAddr> = (host.as_str(), port)
            .to_socket_addrs()
            .map_err(|error| wrong(shown, format!("its name is not known: {error}")))?
            .map(|address| address.ip())
            .collect();
        let own = url.clone();
        let (mut url, mut host) = (url, host);
        if addresses.iter().any(IpAddr::is_loopback) {
            host = HERE.to_owned();
            url.set_host(Some(HERE)).map_err(|error| wrong(shown, error.to_string()))?;
        }
        Ok(Self { host, port, addresses, url, own })
    }

    /// As a client in the jail asks for it.
    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The same with a `/` at its end, before what is asked for.
    pub(crate) fn base(&self) -> String {
        format!("{}/", self.url.as_str().trim_end_matches('/'))
    }

    /// As configured, with a `/` at its end: by what an operator names it.
    pub(crate) fn own_url(&self) -> String {
        format!("{}/", self.own.as_str().trim_end_matches('/'))
    }

    /// Another place at its host, as a client in the jail asks for it.
    pub(crate) fn sibling(&self, path: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(path);
        url.into()
    }

    /// An address that stands in a document of the registry, at `page`, as a client in the
    /// jail asks for it. None for what lies elsewhere.
    pub(crate) fn inside(&self, page: &str, address: &str) -> Option<String> {
        let mut url = Url::parse(page).ok()?.join(address).ok()?;
        let is = |one: &Url| (one.host(), one.port()) == (url.host(), url.port());
        if url.scheme() != self.url.scheme() || !(is(&self.url) || is(&self.own)) {
            return None;
        }
        url.set_host(self.url.host_str()).ok()?;
        Some(url.into())
    }

    /// The name under which a registry on this machine is asked for without encryption, as
    /// the user configured it.
    pub(crate) fn plain_here(&self) -> Option<&str> {
        (self.host == HERE && self.url.scheme() == "http").then_some(HERE)
    }

    /// As configured: `HOST` or, where the port is unusual, `HOST:PORT`.
    pub(crate) fn place(&self) -> String {
        let host = self.own.host_str().unwrap_or_default();
        match self.own.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// What lets a jail reach it and nothing else.
    pub(crate) fn capability(&self) -> Result<Capability, InstallError> {
        let place = format!("{}:{}", self.bracketed(), self.port);
        Capability::new(Kind::NetworkRequest, &place)
            .map_err(|error| self.wrong(&error.to_string()))
    }

    /// Its name with its addresses; nothing for one that is an address.
    pub(crate) fn addresses(&self) -> Result<Option<(Host, Vec<IpAddr>)>, InstallError> {
        let host = Host::parse(&self.host).map_err(|error| self.wrong(&error.to_string()))?;
        Ok(host.address().is_none().then(|| (host, self.addresses.clone())))
    }

    /// Whether a file's address is at this registry.
    pub(crate) fn holds(&self, text: &str) -> bool {
        Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http")
                && [self.url.host(), self.own.host()].contains(&url.host())
        })
    }

    fn wrong(&self, why: &str) -> InstallError {
        InstallError::Registry {
            url: self.url.to_string(),
            why: UntrustedText::new(why).to_string(),
        }
    }
}
