//! Which vault is asked, and by whom: the variables that its own program has.

use crate::kept;
use crate::vault::VaultError;
use ringfence_types::{HttpUrl, Seen};
use std::ffi::OsString;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::config::Config;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use zeroize::Zeroizing;

/// How long one request may take. A plugin's request waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes of the head of an answer.
const MAX_HEAD: usize = 32 * 1024;
/// Longest token, in bytes. Those that hold their rights themselves have some hundred.
const MAX_TOKEN: usize = 4096;
/// Most bytes of a file with certificates.
const MAX_CERTIFICATES: u64 = 1024 * 1024;

const ADDRESS: &str = "VAULT_ADDR";
const TOKEN: &str = "VAULT_TOKEN";
const TOKEN_FILE: &str = "VAULT_TOKEN_FILE";
const NAMESPACE: &str = "VAULT_NAMESPACE";
const CERTIFICATES: &str = "VAULT_CACERT";

/// A vault, and the token to ask it with.
#[derive(Clone, Debug)]
pub struct VaultServer {
    address: String,
    token: VaultToken,
    namespace: Option<String>,
    certificates: Option<PathBuf>,
}

/// Where the token comes from.
#[derive(Clone)]
pub enum VaultToken {
    /// The host has it.
    Given(Zeroizing<String>),
    /// A file with it and nothing else, read at every use: an agent of the vault that
    /// runs beside writes a new one there before the old one ends.
    File(PathBuf),
}

impl VaultServer {
    /// The server at this address, `https://HOST[:PORT]`, or `http` on this machine.
    ///
    /// # Errors
    /// When the token would go out for everybody to read, or it is no address.
    pub fn new(address: &str, token: VaultToken) -> Result<Self, VaultError> {
        let bad = |reason: &str| VaultError::Setup(format!("the vault's address {reason}"));
        let url = HttpUrl::parse(address).map_err(|error| bad(&format!("is wrong: {error}")))?;
        let is_here = url.host().address().is_some_and(|address| address.is_loopback())
            || url.host().name() == Some("localhost");
        let secure = matches!(url.request("GET").seen, Seen::Http { secure: true, .. });
        if !secure && !is_here {
            return Err(bad("is one without TLS: the token could be read on the way; use https"));
        }
        if url.as_str().contains('?') {
            return Err(bad("has a query"));
        }
        let address = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { address, token, namespace: None, certificates: None })
    }

    /// With a namespace, which is sent as `X-Vault-Namespace`.
    ///
    /// # Errors
    /// When it cannot be one.
    pub fn with_namespace(mut self, namespace: &str) -> Result<Self, VaultError> {
        if namespace.is_empty() || !namespace.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(VaultError::Setup("the vault's namespace is none".to_owned()));
        }
        self.namespace = Some(namespace.to_owned());
        Ok(self)
    }

    /// Trusts the certificate authorities of this file and no others, in place of
    /// those that the machine trusts.
    #[must_use]
    pub fn trusting(mut self, certificates: PathBuf) -> Self {
        self.certificates = Some(certificates);
        self
    }

    /// What the variables say that the vault's own program has: `VAULT_ADDR`,
    /// `VAULT_TOKEN` or `VAULT_TOKEN_FILE`, `VAULT_NAMESPACE`, `VAULT_CACERT`.
    ///
    /// # Errors
    /// When one is missing or wrong.
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, VaultError> {
        // One that is set to nothing is not set, as for the vault's own program.
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| match variable(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(Zeroizing::new(value))),
            Some(Err(_)) => Err(VaultError::Setup(format!("the variable {name} is not UTF-8"))),
        };
        let unset = |what: &str| VaultError::Setup(format!("no vault can be asked: set {what}"));
        let address = text(ADDRESS)?.ok_or_else(|| {
            unset("VAULT_ADDR to its address, such as https://vault.example:8200")
        })?;
        let token = match (text(TOKEN)?, variable(TOKEN_FILE)) {
            (Some(token), _) => VaultToken::Given(token),
            (None, Some(path)) => VaultToken::File(path.into()),
            (None, None) => {
                return Err(unset(
                    "VAULT_TOKEN_FILE to a file with a token, or VAULT_TOKEN to one",
                ));
            }
        };
        let mut server = Self::new(&address, token)?;
        if let Some(namespace) = text(NAMESPACE)? {
            server = server.with_namespace(&namespace)?;
        }
        Ok(match variable(CERTIFICATES) {
            Some(path) => server.trusting(path.into()),
            None => server,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    pub(crate) fn token(&self) -> Result<Zeroizing<String>, VaultError> {
        let token = match &self.token {
            VaultToken::Given(token) => token.clone(),
            VaultToken::File(path) => read_token(path)?,
        };
        let token = Zeroizing::new(token.trim().to_owned());
        if token.is_empty() || token.len() > MAX_TOKEN {
            return Err(VaultError::Token(format!("is empty or longer than {MAX_TOKEN} bytes")));
        }
        Ok(token)
    }

    pub(crate) fn agent(&self) -> Result<Agent, VaultError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(RootCerts::new_with_certs(&self.trusted()?))
            .build();
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .max_response_header_size(MAX_HEAD)
            .max_idle_connections(1)
            .max_idle_age(Duration::from_secs(10))
            .user_agent("ringfence")
            .accept("application/json")
            .accept_encoding("identity")
            .tls_config(tls)
            .build();
        Ok(Agent::new_with_config(config))
    }

    fn trusted(&self) -> Result<Vec<Certificate<'static>>, VaultError> {
        let Some(path) = &self.certificates else {
            let found = rustls_native_certs::load_native_certs().certs;
            return Ok(found.iter().map(|one| Certificate::from_der(one).to_owned()).collect());
        };
        let bad = |reason: String| {
            VaultError::Setup(format!("{CERTIFICATES}, `{}`: {reason}", path.display()))
        };
        let mut pem = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_CERTIFICATES).read_to_end(&mut pem))
            .map_err(|error| bad(error.to_string()))?;
        let certificates: Vec<_> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(bad("it holds no certificate".to_owned()));
        }
        Ok(certificates)
    }
}

fn read_token(path: &Path) -> Result<Zeroizing<String>, VaultError> {
    let bad = |reason: String| VaultError::Token(format!("in `{}` {reason}", path.display()));
    let unread = |error: std::io::Error| bad(format!("cannot be read: {error}"));
    let file = kept::open(path).map_err(unread)?.ok_or_else(|| bad(kept::NOT_KEPT.to_owned()))?;
    let mut text = Zeroizing::new(String::with_capacity(2 * MAX_TOKEN));
    let most = u64::try_from(MAX_TOKEN).unwrap_or(u64::MAX).saturating_add(2);
    file.take(most).read_to_string(&mut text).map_err(unread)?;
    Ok(text)
}

impl fmt::Debug for VaultToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("[redacted]"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}
