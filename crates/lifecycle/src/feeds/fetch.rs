//! The bytes of a feed: from a file, or by HTTPS from where the operator said.

use super::FeedsError;
use ringfence_feed::MAX_BYTES;
use rustix::fs::{FileType, Mode, OFlags};
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::config::Config;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// How long it may take in all.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most bytes of the head of an answer.
const MAX_HEAD: usize = 16 << 10;
/// Most characters of an address or a path.
const MAX_SOURCE: usize = 2048;

/// Looks whether a feed can come from there: by `https:`, by `http:` from this machine, or
/// from a file by its path from the root.
pub(super) fn check(source: &str) -> Result<(), FeedsError> {
    let wrong = |why| Err(FeedsError::Source { source_text: source.to_owned(), why });
    if source.len() > MAX_SOURCE || source.chars().any(char::is_control) {
        return wrong("it is too long, or has control characters");
    }
    if source.starts_with("https://") || source.starts_with('/') {
        return Ok(());
    }
    match source.strip_prefix("http://") {
        Some(rest) if is_here(rest) => Ok(()),
        Some(_) => wrong("without TLS, somebody on the way can hold it back; use https"),
        None => wrong("it is an `https://` address, or the path of a file"),
    }
}

/// Whether the address behind `http://` is on this machine.
fn is_here(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    // No user, whose name could hide the host.
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

/// All of it, or why not.
pub(super) fn fetch(source: &str) -> Result<Vec<u8>, FeedsError> {
    check(source)?;
    let failed = |why: String| FeedsError::Fetch { place: source.to_owned(), why };
    if source.starts_with('/') {
        return file(source).map_err(|error| failed(error.to_string()));
    }
    let answer = agent().get(source).call().map_err(|error| failed(error.to_string()))?;
    let status = answer.status().as_u16();
    if status != 200 {
        return Err(failed(format!(
            "it was answered with status {status}; no redirect is followed"
        )));
    }
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let reader = answer.into_body().into_with_config().limit(most).reader();
    bounded(reader, most).map_err(|error| failed(error.to_string()))
}

fn file(path: &str) -> io::Result<Vec<u8>> {
    // A pipe is not waited for.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let status = rustix::fs::fstat(&file)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("it is no regular file"));
    }
    bounded(File::from(file), u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1))
}

fn bounded(reader: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than any feed has: it is refused for that.
    reader.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn agent() -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let found = rustls_native_certs::load_native_certs().certs;
    let trusted: Vec<Certificate<'static>> =
        found.iter().map(|one| Certificate::from_der(one).to_owned()).collect();
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::new_with_certs(&trusted))
        .build();
    let config = Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .max_response_header_size(MAX_HEAD)
        .user_agent("ringfence")
        .accept("application/json")
        .accept_encoding("identity")
        .tls_config(tls)
        .build();
    Agent::new_with_config(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_comes_from_a_file_by_https_or_from_this_machine() {
        for source in [
            "https://example.com/feed.json",
            "/var/lib/feed.json",
            "http://127.0.0.1:8000/feed.json",
            "http://localhost/feed",
            "http://[::1]:80/feed",
        ] {
            assert!(check(source).is_ok(), "{source}");
        }
        for source in [
            "http://example.com/feed.json",
            "http://127.0.0.1@example.com/",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com:80/",
            "feed.json",
            "file:///etc/passwd",
            "ftp://127.0.0.1/",
            "",
            "https://example.com/\n",
        ] {
            assert!(check(source).is_err(), "{source}");
        }
    }
}
