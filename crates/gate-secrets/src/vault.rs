//! Secrets that a vault on the network keeps: HashiCorp Vault, OpenBao, and whatever
//! else speaks the HTTP interface of their key-value store, version 2.
//!
//! One request for every use, `GET /v1/MOUNT/data/PATH`, over TLS. The server is the
//! operator's choice and so is not asked for permission; no redirect, proxy or
//! cookie leads anywhere else, and nothing that it says gets into an error.

mod answer;
mod path;
mod server;

pub use answer::vault_field;
pub use path::{VaultPath, VaultPathError};
pub use server::{VaultServer, VaultToken};

use crate::source::{SecretSource, SourceError};
use std::io::Read as _;
use std::sync::OnceLock;
use ureq::Agent;
use ureq::http::HeaderValue;
use zeroize::Zeroizing;

/// Most bytes of an answer. A secret has 1 MiB at most where nobody changed that.
const MOST: u64 = 1024 * 1024;

/// Why a vault gave no value. Says nothing of a value or a token, and repeats nothing
/// that the server said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// Its address or a variable cannot be used.
    #[error("{0}")]
    Setup(String),
    /// The token cannot be read, or is none.
    #[error("the vault's token {0}")]
    Token(String),
    /// Nothing came back in time.
    #[error("the vault at {address} cannot be asked: {reason}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why not.
        reason: String,
    },
    /// It answered with something else.
    #[error("the vault at {address} gives no `{path}`: {reason}")]
    Refused {
        /// Where.
        address: String,
        /// What was asked for.
        path: String,
        /// What it means, and what mends it.
        reason: String,
    },
}

/// One field of one secret in a vault, asked for anew at every use.
pub struct VaultSource {
    server: VaultServer,
    path: VaultPath,
    /// Made with the first request: reading what this machine trusts takes a while.
    agent: OnceLock<Agent>,
}

impl VaultSource {
    /// Asks this server for this.
    #[must_use]
    pub const fn new(server: VaultServer, path: VaultPath) -> Self {
        Self { server, path, agent: OnceLock::new() }
    }

    fn agent(&self) -> Result<&Agent, VaultError> {
        if let Some(agent) = self.agent.get() {
            return Ok(agent);
        }
        let agent = self.server.agent()?;
        Ok(self.agent.get_or_init(|| agent))
    }

    fn ask(&self) -> Result<Zeroizing<String>, VaultError> {
        let token = self.server.token()?;
        let mut token = HeaderValue::from_str(&token)
            .map_err(|_| VaultError::Token("holds characters that no token has".to_owned()))?;
        token.set_sensitive(true);
        let address = self.server.address();
        let unreachable =
            |error: String| VaultError::Unreachable { address: address.to_owned(), reason: error };
        let mut request = self
            .agent()?
            .get(format!("{address}{}", self.path.request()))
            .header("X-Vault-Token", token)
            // Agents of a vault that listen on this machine ask for it.
            .header("X-Vault-Request", "true");
        if let Some(namespace) = self.server.namespace() {
            request = request.header("X-Vault-Namespace", namespace);
        }
        let answer = request.call().map_err(|error| unreachable(error.to_string()))?;
        let status = answer.status().as_u16();
        let mut body = Zeroizing::new(Vec::with_capacity(4096));
        let reader = answer.into_body().into_with_config().limit(MOST.saturating_add(1)).reader();
        let read = reader.take(MOST.saturating_add(1)).read_to_end(&mut body);
        read.map_err(|error| unreachable(error.to_string()))?;
        if u64::try_from(body.len()).unwrap_or(u64::MAX) > MOST {
            return Err(self.refused(format!("its answer is longer than {MOST} bytes")));
        }
        if status != 200 {
            return Err(self.refused(meaning(status, &body)));
        }
        let missing = || self.refused("the secret has no such field, or it is no text".to_owned());
        vault_field(&body, self.path.field()).ok_or_else(missing)
    }

    fn refused(&self, reason: String) -> VaultError {
        let (address, path) = (self.server.address().to_owned(), self.path.to_string());
        VaultError::Refused { address, path, reason }
    }
}

impl SecretSource for VaultSource {
    fn read(&self) -> Result<Zeroizing<String>, SourceError> {
        self.ask().map_err(|error| SourceError::Vault(Box::new(error)))
    }
}

/// What a status means, and what mends it.
fn meaning(status: u16, body: &[u8]) -> String {
    match status {
        300..=399 => "it redirects, which is not followed with a token; set VAULT_ADDR to the \
                      server that is active"
            .to_owned(),
        400 => "it calls the request malformed; see the mount and VAULT_NAMESPACE".to_owned(),
        403 => "the token may not read it, or is no longer valid; to see: vault token lookup; to \
                get another: vault login"
            .to_owned(),
        404 if answer::was_deleted(body) => {
            "this version was deleted; to bring it back: vault kv undelete".to_owned()
        }
        404 => "there is nothing; is the store of version 2, and the path right?".to_owned(),
        412 | 429 | 472 | 473 => format!("it does not serve this now (status {status})"),
        503 => "it is sealed or in maintenance; to mend: vault operator unseal".to_owned(),
        _ => format!("status {status}"),
    }
}
