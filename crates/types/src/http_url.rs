//! The address of an HTTP request, in the one form in which it is decided and sent.

use crate::host::Host;
use crate::target::{NetworkTarget, Seen};
use crate::url_path::normal_url_path;

/// Longest address, in bytes.
const MAX_URL: usize = 16 * 1024;

/// An `http` or `https` address without user, password and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl {
    text: String,
    secure: bool,
    host: Host,
    port: u16,
    path: String,
}

/// Why a text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpUrlError {
    /// Not by the WHATWG URL standard, or too long.
    #[error("it is no address of the web")]
    Malformed,
    /// Another scheme.
    #[error("only http and https can be asked for")]
    Scheme,
    /// A user name or a password.
    #[error("it holds a user name or a password; send them in a header")]
    Credentials,
}

impl HttpUrl {
    /// Reads an address as a browser would.
    ///
    /// # Errors
    /// When it is none that can be asked for.
    pub fn parse(text: &str) -> Result<Self, HttpUrlError> {
        if text.len() > MAX_URL {
            return Err(HttpUrlError::Malformed);
        }
        let mut url = url::Url::parse(text).map_err(|_| HttpUrlError::Malformed)?;
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(HttpUrlError::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HttpUrlError::Credentials);
        }
        url.set_fragment(None);
        let host = url.host_str().and_then(|host| Host::parse(host).ok());
        let host = host.ok_or(HttpUrlError::Malformed)?;
        // One form also for a final dot and for addresses inside addresses.
        url.set_host(Some(&host.to_string())).map_err(|_| HttpUrlError::Malformed)?;
        let port = url.port_or_known_default().ok_or(HttpUrlError::Malformed)?;
        let path = normal_url_path(url.path()).ok_or(HttpUrlError::Malformed)?;
        Ok(Self { text: url.into(), secure, host, port, path: path.to_string() })
    }

    /// The whole, as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whom it asks.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// At which port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The request that it makes with a method, for a decision.
    #[must_use]
    pub fn request<'a>(&'a self, method: &'a str) -> NetworkTarget<'a> {
        let seen = Seen::Http { secure: self.secure, method, path: &self.path };
        NetworkTarget::tcp(&self.host, self.port).with(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_decided_as_one() {
        for text in [
            "https://api.example.com/a/b?x#y",
            "HTTPS://API.example.COM.:443/a/./c/../b?x",
            "https:\\\\api.example.com/a/b?x",
            "https://api%2eexample.com/a/b?x",
        ] {
            let url = HttpUrl::parse(text).unwrap();
            assert_eq!(url.as_str(), "https://api.example.com/a/b?x", "{text}");
            assert_eq!(url.request("GET").to_string(), "GET https://api.example.com:443/a/b");
        }
        assert_eq!(HttpUrl::parse("http://0x7f.1/").unwrap().as_str(), "http://127.0.0.1/");
        assert_eq!(
            HttpUrl::parse("http://[::ffff:10.0.0.1]:80/").unwrap().as_str(),
            "http://10.0.0.1/"
        );
    }

    #[test]
    fn what_is_no_request_of_the_web_is_refused() {
        for (text, why) in [
            ("/a", HttpUrlError::Malformed),
            ("https://", HttpUrlError::Malformed),
            ("https://a b/", HttpUrlError::Malformed),
            ("file:///etc/passwd", HttpUrlError::Scheme),
            ("javascript:1", HttpUrlError::Scheme),
            ("https://user@a.example/", HttpUrlError::Credentials),
            ("https://:pw@a.example/", HttpUrlError::Credentials),
        ] {
            assert_eq!(HttpUrl::parse(text), Err(why), "{text}");
        }
    }
}
