//! Why nothing came.

use ringfence_types::UntrustedText;
use url::Url;

/// Why nothing came. What is shown of an address is without its query, which may hold a
/// signature or a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The address is none that can be asked for.
    #[error("`{address}` cannot be fetched: {why}")]
    Address {
        /// Safe to show.
        address: String,
        /// Why.
        why: &'static str,
    },
    /// An answer led to a place where nobody is led.
    #[error("`{from}` leads to `{to}`: {why}")]
    Led {
        /// Who leads; safe to show.
        from: String,
        /// Where to; safe to show.
        to: String,
        /// Why that is not followed.
        why: &'static str,
    },
    /// The server says no.
    #[error("`{address}` answers with status {status}")]
    Status {
        /// Safe to show.
        address: String,
        /// Of HTTP.
        status: u16,
    },
    /// There is more than may be.
    #[error("`{address}` is larger than {most} bytes")]
    TooLarge {
        /// Safe to show.
        address: String,
        /// Bytes.
        most: u64,
    },
    /// It took longer than it may.
    #[error("`{address}` did not come in the time that there was")]
    TooSlow {
        /// Safe to show.
        address: String,
    },
    /// The person who waits does not want to any more.
    #[error("interrupted while `{address}` was fetched")]
    Interrupted {
        /// Safe to show.
        address: String,
    },
    /// The network, the name, the certificate, or what HTTP is.
    #[error("`{address}` cannot be fetched: {why}")]
    Failed {
        /// Safe to show.
        address: String,
        /// Why; safe to show.
        why: String,
    },
}

impl DownloadError {
    pub(crate) fn failed(url: &Url, why: &str) -> Self {
        let why: String = why.chars().take(MOST_LETTERS).collect();
        Self::Failed { address: shown(url), why: UntrustedText::new(&why).to_string() }
    }
}

/// Most letters of a stranger's text in an error.
const MOST_LETTERS: usize = 300;

/// An address without what is secret in it.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let text: String = url.as_str().chars().take(MOST_LETTERS).collect();
    UntrustedText::new(&text).to_string()
}
