//! The text of a network scope: reading and writing.

use crate::host::Host;
use crate::network::{EVERY_NAME, Hosts, NetworkScope, PathScope, Ports, Protocol};
use crate::pattern::PatternError;
use crate::url_path::normal_url_path;
use std::fmt;
use std::str::FromStr;

/// Most methods of one scope.
const MAX_METHODS: usize = 16;

/// Longest method, in bytes. The longest of IANA's registry of HTTP methods
/// (`UPDATEREDIRECTREF`) has 17.
const MAX_METHOD: usize = 32;

impl Protocol {
    const SCHEMES: [Self; 4] = [Self::Https, Self::Http, Self::TlsOpaque, Self::Udp];

    const fn scheme(self) -> &'static str {
        match self {
            Self::AnyTcp => "",
            Self::Https => "https://",
            Self::Http => "http://",
            Self::TlsOpaque => "tls-opaque://",
            Self::Udp => "udp://",
        }
    }

    /// Source of the numbers: RFC 9110 sections 4.2.1 and 4.2.2.
    const fn default_port(self) -> Option<u16> {
        match self {
            Self::AnyTcp | Self::Https | Self::TlsOpaque => Some(443),
            Self::Http => Some(80),
            Self::Udp => None,
        }
    }

    const fn is_http(self) -> bool {
        matches!(self, Self::Https | Self::Http)
    }
}

impl FromStr for NetworkScope {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(EVERY_NAME.clone());
        }
        let (methods, rest) = match text.split_once(' ') {
            Some((methods, rest)) => (read_methods(methods)?, rest.trim_start_matches(' ')),
            None => (Vec::new(), text),
        };
        let (protocol, rest) = read_scheme(rest)?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let has_inside = !methods.is_empty() || !path.is_empty();
        if has_inside && !protocol.is_http() {
            return Err(PatternError::NotHttp);
        }
        let (host, port) = split_port(authority)?;
        let port = match (port, protocol.default_port()) {
            // What is open inside a jail is made for each port, before it starts.
            (Some("*") | None, _) if protocol == Protocol::Udp => {
                return Err(PatternError::DatagramPort);
            }
            (Some("*"), _) => Ports::Every,
            (Some(text), _) => Ports::One(read_port(text)?),
            (None, Some(port)) => Ports::One(port),
            (None, None) => return Err(PatternError::DatagramPort),
        };
        let path = if path.is_empty() { None } else { Some(read_path(path)?) };
        let hosts = read_hosts(host)?;
        let many = matches!(&hosts, Hosts::One(host) if host.is_many_or_none());
        if protocol == Protocol::Udp && many {
            return Err(PatternError::DatagramHost);
        }
        Ok(Self { hosts, port, protocol, methods, path })
    }
}

fn read_methods(text: &str) -> Result<Vec<Box<str>>, PatternError> {
    let mut methods = Vec::new();
    for method in text.split(',') {
        if !is_http_method(method) || methods.len() >= MAX_METHODS {
            return Err(PatternError::Method);
        }
        methods.push(method.into());
    }
    methods.sort_unstable();
    methods.dedup();
    Ok(methods)
}

/// Whether this is an HTTP method that a scope can name: upper-case letters,
/// digits, `-` and `_`. Methods differ by letter case (RFC
/// 9110 section 9.1), and `get` in a scope would never match a request.
#[must_use]
pub fn is_http_method(text: &str) -> bool {
    (1..=MAX_METHOD).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_".contains(&b))
}

fn read_scheme(text: &str) -> Result<(Protocol, &str), PatternError> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok((Protocol::AnyTcp, text));
    };
    Protocol::SCHEMES
        .into_iter()
        .find(|known| {
            known.scheme().strip_suffix("://").is_some_and(|word| word.eq_ignore_ascii_case(scheme))
        })
        .map(|known| (known, rest))
        .ok_or(PatternError::Scheme)
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), PatternError> {
    match authority.rsplit_once(']') {
        Some((front, rest)) => {
            let host = authority.get(..=front.len()).unwrap_or("");
            match rest.strip_prefix(':') {
                Some(port) => Ok((host, Some(port))),
                None if rest.is_empty() => Ok((host, None)),
                None => Err(PatternError::Host),
            }
        }
        None => Ok(match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }),
    }
}

fn read_port(text: &str) -> Result<u16, PatternError> {
    // `parse` alone would take `+443`.
    let is_number = text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(port) if is_number && port != 0 => Ok(port),
        _ => Err(PatternError::Port),
    }
}

fn read_hosts(text: &str) -> Result<Hosts, PatternError> {
    let host = |text: &str| Host::parse(text).map_err(|_| PatternError::Host);
    let Some(suffix) = text.strip_prefix("*.") else {
        return Ok(Hosts::One(host(text)?));
    };
    let suffix = host(suffix)?;
    // `*.com` is nobody's set of names, and below an address there is nothing.
    if suffix.name().is_none() || suffix.is_single_label() {
        return Err(PatternError::Suffix);
    }
    Ok(Hosts::Below(suffix))
}

fn read_path(text: &str) -> Result<PathScope, PatternError> {
    let (stem, is_prefix) = match text.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (text, false),
    };
    if stem.contains('*') {
        return Err(PatternError::Star);
    }
    // With the dots in it, the author meant another path than the one written.
    let climbs = |part: &str| matches!(part, "." | "..");
    let normal = normal_url_path(stem).ok_or(PatternError::UrlPath)?;
    if stem.to_ascii_lowercase().replace("%2e", ".").split('/').any(climbs) {
        return Err(PatternError::UrlPath);
    }
    Ok(PathScope { stem: normal.into(), is_prefix })
}

/// The canonical text, which is read as the same scope.
impl fmt::Display for NetworkScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, method) in self.methods.iter().enumerate() {
            let before = if index == 0 { "" } else { "," };
            write!(f, "{before}{method}")?;
        }
        if !self.methods.is_empty() {
            f.write_str(" ")?;
        }
        f.write_str(self.protocol.scheme())?;
        match &self.hosts {
            Hosts::EveryName => return f.write_str("*"),
            Hosts::Below(suffix) => write!(f, "*.{suffix}")?,
            Hosts::One(host) => write!(f, "{host}")?,
        }
        match self.port {
            Ports::Every => f.write_str(":*")?,
            Ports::One(port) if self.protocol.default_port() == Some(port) => {}
            Ports::One(port) => write!(f, ":{port}")?,
        }
        if let Some(path) = &self.path {
            f.write_str(&path.stem)?;
            if path.is_prefix {
                f.write_str("*")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Option<String> {
        text.parse::<NetworkScope>().ok().map(|scope| scope.to_string())
    }

    #[test]
    fn every_spelling_of_a_scope_is_written_in_one_way() {
        for (text, canon) in [
            ("*", "*"),
            ("api.example.com", "api.example.com"),
            ("API.Example.com.:443", "api.example.com"),
            ("api.example.com:0443", "api.example.com"),
            ("api.example.com:*", "api.example.com:*"),
            ("*.EXAMPLE.com.:8443", "*.example.com:8443"),
            ("0x7f.1:80", "127.0.0.1:80"),
            ("[::FFFF:192.0.2.1]:5432", "192.0.2.1:5432"),
            ("[2001:DB8:0::1]:443", "[2001:db8::1]"),
            ("HTTPS://bücher.example:443/", "https://xn--bcher-kva.example/"),
            ("http://a.example:80/x/*", "http://a.example/x/*"),
            ("http://a.example:443", "http://a.example:443"),
            ("https://*.a.example/%7Eu/*", "https://*.a.example/~u/*"),
            ("tls-opaque://a.example:443", "tls-opaque://a.example"),
            ("udp://a.example:53", "udp://a.example:53"),
            ("POST,GET,GET  https://a.example/v1/*", "GET,POST https://a.example/v1/*"),
            ("GET http://a.example", "GET http://a.example"),
            ("localhost:3000", "localhost:3000"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(canon), "{text}");
            assert_eq!(canonical(canon).as_deref(), Some(canon), "{canon}");
        }
    }

    #[test]
    fn a_scope_that_could_be_read_in_two_ways_is_an_error() {
        for text in [
            "",
            "a.example:0",
            "a.example:65536",
            "a.example:+443",
            "a.example:",
            "a.example:44a",
            "a.example:443:443",
            "*:443",
            "https://*",
            "*.",
            "*.com",
            "*.192.0.2.1",
            "*.*.example",
            "a.*.example",
            "a*.example",
            "%2A.a.example",
            "＊.a.example",
            "ftp://a.example",
            "://a.example",
            "a.example/path",
            "GET a.example",
            "GET tls-opaque://a.example",
            "udp://a.example",
            "udp://a.example:*",
            "udp://*.a.example:*",
            "udp://224.0.0.251:5353",
            "udp://[ff02::1]:5353",
            "udp://255.255.255.255:9",
            "udp://0.0.0.0:53",
            "udp://[::]:53",
            "udp://a.example:53/x",
            "tls-opaque://a.example/x",
            "get https://a.example",
            "GET, https://a.example",
            "GET POST https://a.example",
            "https://u@a.example",
            "https://a.example\\@b.example",
            "https://a.example/../b",
            "https://a.example/%2e%2E/b",
            "https://a.example/./b",
            "https://a.example/x/..",
            "https://a.example/..%2fb",
            "https://a.example/..*",
            "https://a.example/x?y",
            "https://a.example/x#y",
            "https://a.example?y",
            "https://a.example/a*b",
            "https://a.example/**",
            "https://a.example/a b",
            "2001:db8::1",
            "[::1]x",
            "x[::1]",
            "[::1]]:443",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn a_grant_of_datagrams_without_one_port_or_one_receiver_names_the_mend() {
        let why = |text: &str| text.parse::<NetworkScope>().unwrap_err().to_string();
        for text in ["udp://a.example", "udp://a.example:*", "udp://*.a.example:*"] {
            assert!(why(text).contains("such as `udp://dns.example.com:853`"), "{text}");
        }
        for text in ["udp://239.1.2.3:5000", "udp://[ff05::2]:5000", "udp://255.255.255.255:9"] {
            assert!(why(text).contains("never to a multicast"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_no_scope_or_one_that_is_written_and_read_as_itself(
            text in "((GET|PUT|DELETE|,| ){0,4})(https://|http://|tls-opaque://|udp://)?(\\*\\.)?[a-zA-Zé0-9.\\[\\]:%\\*/?#_-]{1,24}(:[0-9*]{1,5})?(/[a-z%2E.*/~]{0,9})?"
        ) {
            if let Ok(scope) = text.parse::<NetworkScope>() {
                let canon = scope.to_string();
                prop_assert_eq!(canon.parse::<NetworkScope>().unwrap(), scope, "{}", canon);
            }
        }

        #[test]
        fn any_text_at_all_is_read_without_harm(text in "\\PC{0,60}") {
            let _ = text.parse::<NetworkScope>();
        }
    }
}
