//! What came.

use crate::error::{DownloadError, shown};
use ureq::http::HeaderMap;
use url::Url;

/// An answer with its whole body; a stranger's.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who answered, after whom was led where.
    pub url: Url,
    /// Of HTTP.
    pub status: u16,
    /// The body, no longer than was asked for.
    pub body: Vec<u8>,
    pub(crate) fields: HeaderMap,
}

impl Answer {
    /// Every value of a field of the head that is text.
    pub fn fields<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.fields.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
    }

    /// The body, if the server gives what it was asked for.
    ///
    /// # Errors
    /// When its status is not 200.
    pub fn into_body(self) -> Result<Vec<u8>, DownloadError> {
        match self.status {
            200 => Ok(self.body),
            status => Err(DownloadError::Status { address: shown(&self.url), status }),
        }
    }
}
