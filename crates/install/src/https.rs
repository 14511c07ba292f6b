//! `https://...#sha256=HEX`: a packed package, an archive or a file of WebAssembly from
//! anywhere, if it is the one that was meant.

use crate::client::Around;
use crate::contents::{MAX_BYTES, contents};
use crate::error::InstallError;
use crate::fetched::Fetched;
use crate::source::Source;
use crate::vouched::Vouched;
use ringfence_download::{Client, Request};
use ringfence_types::{Digest, UntrustedText};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::time::Instant;
use url::Url;

/// Longest address, in bytes.
const MAX_ADDRESS: usize = 4096;
/// What stands before the digest. Source: the `sha256` key of direct references (PEP 610).
const KEY: &str = "sha256=";

/// A file of the web and what it has to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebFile {
    /// Without its fragment.
    url: Url,
    digest: Digest,
}

impl WebFile {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_ADDRESS {
            return Err("it is longer than 4096 letters");
        }
        let mut url: Url = text.parse().map_err(|_| "it is no address of the web")?;
        Client::check(&url).map_err(|_| "only `https` without a password in it is fetched")?;
        let digest = url.fragment().and_then(|fragment| fragment.strip_prefix(KEY));
        let hex =
            digest.ok_or("what it has to be is missing: `#sha256=` and 64 digits behind it")?;
        let digest = format!("sha256:{hex}").parse().map_err(|_| "the digest is no SHA-256")?;
        url.set_fragment(None);
        Ok(Self { url, digest })
    }

    /// The last part of its path.
    pub(crate) fn last(&self) -> &str {
        self.url.path_segments().and_then(Iterator::last).unwrap_or_default()
    }

    /// `HOST` or `HOST:PORT`.
    pub(crate) fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Without its query, which may hold a token.
    pub(crate) fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        format!("{}#{KEY}{}", UntrustedText::new(url.as_str()), self.digest.hex())
    }

    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }
}

impl fmt::Display for WebFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{KEY}{}", UntrustedText::new(self.url.as_str()), self.digest.hex())
    }
}

pub(crate) fn fetch(
    source: &Source,
    file: &WebFile,
    around: &Around,
) -> Result<Fetched, InstallError> {
    let begun = Instant::now();
    let request = Request {
        url: &file.url,
        accept: "",
        authorization: None,
        most: MAX_BYTES,
        limit: around.limit,
    };
    let client = Client::of(&file.url)?;
    let bytes = client.get(&request, &mut around.meanwhile(begun))?.into_body()?;
    let found = Digest::from_bytes(Sha256::digest(&bytes).into());
    let what = source.shown();
    if found != file.digest {
        let why = format!("what came has the digest {found}");
        return Err(InstallError::refused(&what, why));
    }
    let packed = contents(&what, file.last(), bytes)?;
    let version = packed.statement().version.clone().unwrap_or_else(|| file.digest.hex());
    Ok(Fetched {
        source: source.clone(),
        version,
        registry: file.place(),
        packages: Vec::new(),
        vouched: Vouched::nobody(),
        published: None,
        packed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_web_is_named_with_what_it_has_to_be_or_not_at_all() {
        let hex = "ab".repeat(32);
        let file = WebFile::parse(&format!("https://a.example/x/tool-1.wasm?a=b#sha256={hex}"));
        let file = file.unwrap();
        assert_eq!((file.last(), file.place().as_str()), ("tool-1.wasm", "a.example"));
        assert_eq!(WebFile::parse(&file.to_string()), Ok(file));
        for text in [
            "https://a.example/x".to_owned(),
            "https://a.example/x#sha256=abc".to_owned(),
            format!("https://a.example/x#md5={hex}"),
            format!("http://a.example/x#sha256={hex}"),
            format!("https://u:p@a.example/x#sha256={hex}"),
            format!("ftp://a.example/x#sha256={hex}"),
        ] {
            assert!(WebFile::parse(&text).is_err(), "{text}");
        }
    }
}
