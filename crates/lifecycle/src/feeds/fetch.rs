//! The bytes of a feed: from a file, or by HTTPS from where the operator said.

use super::FeedsError;
use ringfence_download::{Client, Request};
use ringfence_feed::MAX_BYTES;
use rustix::fs::{FileType, Mode, OFlags};
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::time::Duration;
use url::Url;

/// How long it may take in all.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most characters of an address or a path.
const MAX_SOURCE: usize = 2048;

/// Looks whether a feed can come from there: by `https:`, by `http:` from this machine, or
/// from a file by its path from the root.
pub(super) fn check(source: &str) -> Result<(), FeedsError> {
    let wrong = |why| Err(FeedsError::Source { source_text: source.to_owned(), why });
    if source.len() > MAX_SOURCE || source.chars().any(char::is_control) {
        return wrong("it is too long, or has control characters");
    }
    if source.starts_with('/') {
        return Ok(());
    }
    let Ok(url) = source.parse::<Url>() else {
        return wrong("it is an `https://` address, or the path of a file");
    };
    match Client::check(&url) {
        Ok(()) => Ok(()),
        Err(_) if url.scheme() == "http" => {
            wrong("without TLS, somebody on the way can hold it back; use https")
        }
        Err(_) => wrong("it is an `https://` address without a password, or the path of a file"),
    }
}

/// All of it, or why not.
pub(super) fn fetch(source: &str) -> Result<Vec<u8>, FeedsError> {
    check(source)?;
    let failed = |why: String| FeedsError::Fetch { place: source.to_owned(), why };
    if source.starts_with('/') {
        return file(source).map_err(|error| failed(error.to_string()));
    }
    let url: Url = source.parse().map_err(|error: url::ParseError| failed(error.to_string()))?;
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let accept = "application/json";
    let request = Request { url: &url, accept, authorization: None, most, limit: PATIENCE };
    Client::of(&url)
        .and_then(|client| client.get(&request, &mut |_| ControlFlow::Continue(())))
        .and_then(ringfence_download::Answer::into_body)
        .map_err(|error| failed(error.to_string()))
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
