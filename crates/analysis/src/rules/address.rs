//! Where a request goes: hosts in one form, whatever way they were written.

use ringfence_types::{Block, Host, Reach, reach};

use crate::event::{Event, Role};
use crate::value::{Shape, Value};

/// What is known of where an event connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: Host,
    /// As it was written, for comparing with the one form.
    pub(crate) written: String,
    pub(crate) port: u16,
    /// Lowercase; empty where there is none.
    pub(crate) scheme: String,
    /// The path as far as it is known.
    pub(crate) path: String,
}

/// The names by which clouds answer for their metadata services.
const METADATA_NAMES: &[&str] = &[
    "metadata.google.internal",
    "metadata.goog",
    "metadata",
    "instance-data",
    "instance-data.ec2.internal",
];

/// The address of an event, where its host is known.
pub(crate) fn address_of(event: &Event) -> Option<Address> {
    let port = event.argument(Role::Port).and_then(Value::text);
    let port = port.and_then(|text| text.trim().parse::<u16>().ok());
    for role in [Role::Url, Role::Host] {
        for value in event.arguments_of(role) {
            let found = match role {
                Role::Host => value.text().and_then(|text| from_host(text.trim(), port)),
                _ => from_value(value),
            };
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

fn from_value(value: &Value) -> Option<Address> {
    match &value.shape {
        Shape::Text(text) => from_url(text),
        // The host is known only where something ends it.
        Shape::Partial { prefix, .. } => {
            let after = prefix.split_once("://").map_or(prefix.as_ref(), |(_, after)| after);
            after.contains(['/', '?', '#']).then(|| from_url(prefix)).flatten()
        }
        Shape::Record(fields) => {
            let text = |name: &str| {
                let field = fields.iter().find(|(key, _)| key.as_ref() == name);
                field.and_then(|(_, value)| value.text())
            };
            if let Some(url) = text("url").or_else(|| text("href")) {
                return from_url(&url);
            }
            let host = text("hostname").or_else(|| text("host"))?;
            let port = text("port").and_then(|port| port.parse().ok());
            let mut address = from_host(&host, port)?;
            address.path = text("path").map(std::borrow::Cow::into_owned).unwrap_or_default();
            Some(address)
        }
        _ => None,
    }
}

/// The address that a URL names.
pub(crate) fn from_url(text: &str) -> Option<Address> {
    let text = text.trim();
    let (scheme, after) = text.split_once("://").unwrap_or(("", text));
    let end = after.find(['/', '?', '#', '\\']).unwrap_or(after.len());
    let authority = after.get(..end)?;
    let written = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let url = if scheme.is_empty() {
        // `host/path` without a scheme is a URL only where it cannot be a path.
        if !authority.contains('.') && !authority.contains(':') || authority.starts_with('.') {
            return None;
        }
        url::Url::parse(&format!("http://{text}")).ok()?
    } else {
        url::Url::parse(text).ok()?
    };
    let scheme = if scheme.is_empty() { "" } else { url.scheme() };
    let host = Host::parse(url.host_str()?).ok()?;
    let port = url.port_or_known_default().unwrap_or(443);
    Some(Address {
        host,
        written: strip_port(written).to_owned(),
        port,
        scheme: scheme.to_owned(),
        path: url.path().to_owned(),
    })
}

fn from_host(text: &str, port: Option<u16>) -> Option<Address> {
    if text.contains("://") {
        return from_url(text);
    }
    let bare = text.trim_matches(['[', ']']);
    let is_v6 = bare.contains(':') && bare.parse::<core::net::Ipv6Addr>().is_ok();
    let (host, own_port) = if is_v6 {
        (format!("[{bare}]"), None)
    } else {
        let own = text.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        (strip_port(text).to_owned(), own)
    };
    Some(Address {
        host: Host::parse(&host).ok()?,
        written: host,
        port: port.or(own_port).unwrap_or(443),
        scheme: String::new(),
        path: String::new(),
    })
}

fn strip_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

impl Address {
    /// What kind of inner place it is, where it is one.
    pub(crate) fn internal(&self) -> Option<Block> {
        if let Some(address) = self.host.address() {
            return match reach(address) {
                Reach::Special(block) => Some(block),
                Reach::Public => None,
            };
        }
        let name = self.host.name()?;
        let is_below = |parent: &str| {
            name == parent || name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
        };
        if METADATA_NAMES.contains(&name) {
            Some(Block::Metadata)
        } else if is_below("localhost") || is_below("localhost.localdomain") {
            Some(Block::Loopback)
        } else if ["local", "internal", "intranet", "lan", "corp", "home.arpa"]
            .iter()
            .any(|parent| is_below(parent))
        {
            Some(Block::Private)
        } else {
            None
        }
    }

    /// Whether an address was written so that a reader does not see which one it is:
    /// decimal, hexadecimal, octal, mapped into IPv6, by letters of other scripts.
    pub(crate) fn is_disguised(&self) -> bool {
        let Some(address) = self.host.address() else { return false };
        let written = self.written.trim_matches(['[', ']']);
        match written.parse::<core::net::IpAddr>() {
            Ok(plain) => plain != address,
            Err(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_address_is_the_same_however_it_is_written() {
        for text in [
            "http://127.0.0.1/x",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://user@127.1:8080/",
            "http://\u{2460}\u{2461}\u{2466}.0.0.1/",
        ] {
            let address = from_url(text).unwrap();
            assert_eq!(address.internal(), Some(Block::Loopback), "{text}");
            assert_eq!(address.is_disguised(), text != "http://127.0.0.1/x", "{text}");
        }
        let metadata = from_url("http://metadata.google.internal/computeMetadata/v1/").unwrap();
        assert_eq!(metadata.internal(), Some(Block::Metadata));
        assert_eq!(from_url("https://example.com/").unwrap().internal(), None);
        assert_eq!(from_url("./lib/index.js"), None);
    }
}
