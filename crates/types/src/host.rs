//! The one form in which a host is written, compared and recorded.

use std::fmt;
// Addresses only: `core` has no sockets.
use core::net::IpAddr;
use std::str::FromStr;

/// Longest name, in characters without the trailing dot. Source: RFC 1035
/// section 3.1, 255 octets on the wire.
const MAX_NAME: usize = 253;

/// Longest label. Source: RFC 1035 section 2.3.4.
const MAX_LABEL: usize = 63;

/// A host: a name or an address, in one canonical form.
///
/// The only way in is the host parser of the WHATWG URL standard (or an address
/// that is one already), so every spelling of a host is one value: letter case,
/// full-width and percent-encoded letters, a trailing dot, internationalised
/// names, and IPv4 addresses written in decimal, octal or hexadecimal or mapped
/// into IPv6. What that standard allows beyond a DNS name is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host {
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Name(Box<str>),
    Address(IpAddr),
}

impl Host {
    /// Reads a host in any of its spellings; IPv6 addresses stand in brackets.
    ///
    /// # Errors
    /// When it is neither a DNS name nor an address.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        // Longest spelling of 253 characters: each one percent-encoded in UTF-8.
        if text.len() > MAX_NAME * 12 {
            return Err(HostError::TooLong);
        }
        match url::Host::parse(text).map_err(|_| HostError::Malformed)? {
            url::Host::Ipv4(address) => Ok(IpAddr::V4(address).into()),
            url::Host::Ipv6(address) => Ok(IpAddr::V6(address).into()),
            url::Host::Domain(name) => Self::named(name),
        }
    }

    fn named(mut name: String) -> Result<Self, HostError> {
        if name.ends_with('.') {
            name.pop();
        }
        if name.len() > MAX_NAME || name.split('.').any(|label| label.len() > MAX_LABEL) {
            return Err(HostError::TooLong);
        }
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_')
                })
        };
        if !name.split('.').all(is_label) {
            return Err(HostError::Malformed);
        }
        Ok(Self { form: Form::Name(name.into()) })
    }

    /// The name: lower-case ASCII, no trailing dot. `None` for an address.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.form {
            Form::Name(name) => Some(name),
            Form::Address(_) => None,
        }
    }

    /// The address; never an IPv4 address inside IPv6. `None` for a name.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match &self.form {
            Form::Name(_) => None,
            Form::Address(address) => Some(*address),
        }
    }

    /// Whether it is an address at which several hosts receive, or none: multicast,
    /// broadcast to the local network, unspecified.
    #[must_use]
    pub fn is_many_or_none(&self) -> bool {
        let everybody = IpAddr::from([255, 255, 255, 255]);
        self.address().is_some_and(|address| {
            address.is_multicast() || address.is_unspecified() || address == everybody
        })
    }

    /// Whether this is a name of one label, such as `localhost` or `intranet`,
    /// which means another machine on every network.
    #[must_use]
    pub fn is_single_label(&self) -> bool {
        self.name().is_some_and(|name| !name.contains('.'))
    }

    /// Whether a server name of a TLS ClientHello names this host.
    ///
    /// For a name, the same name in any letter case and without a trailing dot
    /// (RFC 6066 section 3). For an address, none or the same address, because
    /// the extension does not carry addresses. Allocates nothing.
    #[must_use]
    pub fn is_server_name(&self, server_name: Option<&str>) -> bool {
        match (&self.form, server_name) {
            (Form::Name(name), Some(given)) => name.eq_ignore_ascii_case(given),
            (Form::Name(_), None) => false,
            (Form::Address(address), Some(given)) => {
                given.parse::<IpAddr>().is_ok_and(|given| given.to_canonical() == *address)
            }
            (Form::Address(_), None) => true,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self { form: Form::Address(address.to_canonical()) }
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// As in a URL: IPv6 addresses in brackets.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Name(name) => f.write_str(name),
            Form::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Form::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Why a text is not a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// More than 253 characters, or a label of more than 63.
    #[error("the host is longer than a DNS name may be")]
    TooLong,
    /// Neither a DNS name nor an address.
    #[error("this is neither a DNS name nor an address")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(spelling: &str) -> Option<String> {
        Host::parse(spelling).ok().map(|host| host.to_string())
    }

    #[test]
    fn every_spelling_of_an_address_is_one_host() {
        for spelling in [
            "127.0.0.1",
            "127.1",
            "127.0.0.1.",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.01",
            "017700000001",
            "%31%32%37.0.0.1",
            "１２７.０.０.１",
            "127。0。0。1",
            "①②⑦.0.0.1",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:FFFF:7F00:0001]",
        ] {
            assert_eq!(text(spelling).as_deref(), Some("127.0.0.1"), "{spelling}");
        }
        assert_eq!(text("[2001:DB8:0::1]").as_deref(), Some("[2001:db8::1]"));
        // Another block than the mapped one: judged where addresses are judged.
        assert_eq!(text("[::127.0.0.1]").as_deref(), Some("[::7f00:1]"));
    }

    #[test]
    fn every_spelling_of_a_name_is_one_host() {
        for spelling in [
            "api.example.com",
            "API.Example.COM",
            "api.example.com.",
            "ａｐｉ.example.com",
            "api%2Eexample%2ecom",
            "%61pi.example.com",
            "api。example．com",
            "a\u{ad}pi.example.com",
        ] {
            assert_eq!(text(spelling).as_deref(), Some("api.example.com"), "{spelling}");
        }
        for spelling in
            ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "b%C3%BCcher.example"]
        {
            assert_eq!(text(spelling).as_deref(), Some("xn--bcher-kva.example"), "{spelling}");
        }
        assert_eq!(text("_dmarc.example.com").as_deref(), Some("_dmarc.example.com"));
        assert_eq!(text("LocalHost").as_deref(), Some("localhost"));
    }

    #[test]
    fn what_is_no_host_is_refused_and_not_repaired() {
        let long_label = format!("{}.com", "a".repeat(64));
        let long_name = format!("{}com", "a.".repeat(126));
        for spelling in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a.b..",
            "a b",
            "a\0b",
            "a\tb",
            "a/b",
            "a\\b",
            "a@b",
            "user:pass@a.b",
            "a:443",
            "a%3A443",
            "a%00b",
            "a%2fb",
            "a?b",
            "a#b",
            "*.a",
            "a,b",
            "a;b",
            "a&b",
            "a!b",
            "xn--\u{fc}",
            "xn--a.example",
            "1.2.3.4.5",
            "256.0.0.1",
            "0x100000000",
            "1.2.3.08",
            "a.1",
            "a.0x1",
            "::1",
            "[::1",
            "[::1%25eth0]",
            "[::1%eth0]",
            "[127.0.0.1]",
            long_label.as_str(),
            long_name.as_str(),
        ] {
            assert_eq!(text(spelling), None, "{spelling:?}");
        }
        assert_eq!(Host::parse(&"a".repeat(10_000_000)), Err(HostError::TooLong));
        assert!(text(&format!("{}.com", "a".repeat(63))).is_some());
    }

    #[test]
    fn a_server_name_names_its_host_in_any_case_and_nothing_else() {
        let host = Host::parse("api.example.com").unwrap();
        assert!(host.is_server_name(Some("API.example.com")));
        for wrong in [
            None,
            Some(""),
            Some("api.example.com."),
            Some("example.com"),
            Some("xapi.example.com"),
        ] {
            assert!(!host.is_server_name(wrong), "{wrong:?}");
        }
        let address = Host::parse("192.0.2.1").unwrap();
        assert!(address.is_server_name(None));
        assert!(address.is_server_name(Some("192.0.2.1")));
        assert!(!address.is_server_name(Some("api.example.com")));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_has_one_form_that_stays(text in "\\PC{0,40}") {
            if let Ok(host) = Host::parse(&text) {
                let again = Host::parse(&host.to_string()).unwrap();
                prop_assert_eq!(&again, &host);
                prop_assert!(host.name().is_none_or(|name| name.is_ascii() && name.len() <= 253));
            }
        }

        #[test]
        fn every_address_has_one_form(octets in any::<[u8; 16]>()) {
            let host = Host::from(IpAddr::from(octets));
            prop_assert_eq!(Host::parse(&host.to_string()).unwrap(), host);
        }
    }
}
