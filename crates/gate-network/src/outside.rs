//! TLS with the true server, for what is looked into.

use crate::authority::{PROTOCOL, provider};
use ringfence_types::Host;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The certificate authorities that this machine trusts.
pub(crate) fn trusted() -> Vec<ureq::tls::Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs().certs;
    found
        .iter()
        .map(|certificate| ureq::tls::Certificate::from_der(certificate).to_owned())
        .collect()
}

/// The same, read once.
fn config() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    // Certificates that this library cannot read are of no use to it.
    let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(io::Error::other("this machine trusts no certificate authority"));
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

/// Makes sure that `server` is `host`, by its certificate.
pub(crate) async fn greet(host: &Host, server: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let name = match (host.name(), host.address()) {
        (Some(name), _) => ServerName::try_from(name.to_owned()).map_err(io::Error::other)?,
        (None, Some(address)) => ServerName::from(address),
        (None, None) => return Err(io::ErrorKind::InvalidInput.into()),
    };
    TlsConnector::from(config()?).connect(name, server).await
}
