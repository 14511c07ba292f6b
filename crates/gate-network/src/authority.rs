//! A certificate authority for one jail, and certificates for the hosts whose
//! requests must be read. Its key never leaves this memory; its certificate is
//! trusted inside that jail and nowhere else.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use ringfence_types::Host;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// The one protocol that is offered for what is looked into: HTTP/1.1, whose
/// requests stand one behind the other.
pub(crate) const PROTOCOL: &[u8] = b"http/1.1";
/// How long a certificate holds. No run of a jail is longer, and clients that
/// refuse certificates of more than 398 days take it.
const VALID: Duration = Duration::from_secs(30 * 24 * 3600);
/// Clocks differ.
const EARLIER: Duration = Duration::from_secs(24 * 3600);

/// The authority of one jail.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
    /// One key for all hosts: they all end here.
    key: KeyPair,
    configs: Mutex<HashMap<Host, Arc<ServerConfig>>>,
}

/// A certificate or key could not be made.
#[derive(Debug, thiserror::Error)]
#[error("a certificate for a jail cannot be made: {reason}")]
pub struct AuthorityError {
    reason: String,
}

impl AuthorityError {
    fn new(error: impl fmt::Display) -> Self {
        Self { reason: error.to_string() }
    }
}

impl Authority {
    /// A new authority with a key of its own.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new() -> Result<Self, AuthorityError> {
        let mut params = params(Vec::new(), "Ringfence, for this jail only")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(AuthorityError::new)?;
        let certificate = params.self_signed(&key).map_err(AuthorityError::new)?;
        Ok(Self {
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
            key: KeyPair::generate().map_err(AuthorityError::new)?,
            configs: Mutex::default(),
        })
    }

    /// Its certificate, to be trusted inside the jail.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.pem
    }

    /// How to answer a client that wants `host`.
    pub(crate) fn config_for(&self, host: &Host) -> Result<Arc<ServerConfig>, AuthorityError> {
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = configs.get(host) {
            return Ok(Arc::clone(config));
        }
        let name = host.to_string();
        let name = name.trim_matches(['[', ']']);
        let mut params = params(vec![name.to_owned()], name)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&self.key, &self.issuer).map_err(AuthorityError::new)?;
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(AuthorityError::new)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key))
            .map_err(AuthorityError::new)?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        let config = Arc::new(config);
        // As many as the jail has names, which are limited.
        configs.insert(host.clone(), Arc::clone(&config));
        Ok(config)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

fn params(names: Vec<String>, common: &str) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::new(names).map_err(AuthorityError::new)?;
    let now = SystemTime::now();
    params.not_before = now.checked_sub(EARLIER).unwrap_or(now).into();
    params.not_after = now.checked_add(VALID).unwrap_or(now).into();
    params.distinguished_name = DistinguishedName::new();
    // A common name is at most 64 characters, X.520.
    let common: String = common.chars().take(64).collect();
    params.distinguished_name.push(DnType::CommonName, common);
    Ok(params)
}

/// The one implementation of the ciphers, whatever else is linked.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
