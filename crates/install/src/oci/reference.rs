//! `oci:HOST[:PORT]/REPOSITORY[:TAG][@sha256:HEX]`, by the rules of the OCI distribution
//! specification 1.1 ("pull").

use core::net::IpAddr;
use ringfence_types::{Digest, Host, PluginName, UntrustedText};
use std::fmt;

/// Longest repository, in letters; as Docker Hub has it.
const MAX_REPOSITORY: usize = 255;
/// Longest tag, in letters.
const MAX_TAG: usize = 128;
/// What is meant without a tag, as for every other client.
const LATEST: &str = "latest";

/// Where an artifact of an OCI registry is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OciReference {
    host: Host,
    /// `HOST[:PORT]/REPOSITORY`.
    name: String,
    plugin_name: PluginName,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl OciReference {
    /// Reads what stands behind `oci:`. The registry has to be named: nobody is asked
    /// because a name has none.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.strip_prefix("//").unwrap_or(text);
        let (text, digest) = match text.split_once('@') {
            None => (text, None),
            Some((text, digest)) => {
                let digest = digest.parse().map_err(|_| "the digest is no `sha256:HEX`")?;
                (text, Some(digest))
            }
        };
        let (place, rest) =
            text.split_once('/').ok_or("name the registry: `HOST/REPOSITORY:TAG`")?;
        let (host, port) = match place.rsplit_once(':').filter(|_| !place.ends_with(']')) {
            None => (place, None),
            Some((host, port)) => {
                let is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
                let port = port.parse().ok().filter(|_| is_number).ok_or("the port is none")?;
                (host, Some(port))
            }
        };
        let is_registry = host.contains(['.', '[']) || host == "localhost" || port.is_some();
        if !is_registry {
            return Err("name the registry: `HOST/REPOSITORY:TAG`");
        }
        let host = Host::parse(host).map_err(|_| "the registry is no host")?;
        let (repository, tag) = match rest.split_once(':') {
            None => (rest, None),
            Some((repository, tag)) => (repository, Some(tag)),
        };
        if repository.len() > MAX_REPOSITORY || !repository.split('/').all(is_part) {
            return Err("a repository is lower-case letters and digits, with `.`, `_`, `-` and \
                        `/` between them");
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err("a tag is letters, digits, `_`, `.` and `-`, at most 128");
        }
        let port = port.map(|port: u16| format!(":{port}")).unwrap_or_default();
        let plugin_name = plugin_name(&host, &port, repository).ok_or("it is too long")?;
        let name = format!("{host}{port}/{repository}");
        Ok(Self { host, name, plugin_name, tag: tag.map(str::to_owned), digest })
    }

    /// `HOST[:PORT]/REPOSITORY`, without tag and digest.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `HOST[:PORT]`.
    pub(crate) fn place(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    pub(crate) const fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn repository(&self) -> &str {
        self.name.split_once('/').map_or("", |(_, repository)| repository)
    }

    pub(crate) const fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What the manifest is asked for by: the digest where one is given.
    pub(crate) fn wanted(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => LATEST.to_owned(),
        }
    }

    /// The tag that stands in it, if one does.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The last part of the repository.
    pub(crate) fn last(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// Its name as that of a plugin: nobody but who writes there has it.
    pub(crate) const fn plugin_name(&self) -> &PluginName {
        &self.plugin_name
    }
}

/// No two places give one name, or who writes to one would be taken for who writes to the
/// other. Between letters and digits a part of a repository has one of `.`, `_`, `__` and any
/// number of `-`, so that `_-` is in none; a host has no empty label and no capitals.
fn plugin_name(host: &Host, port: &str, repository: &str) -> Option<PluginName> {
    let text = host.to_string();
    let place = match host.address() {
        Some(IpAddr::V6(_)) => format!("V6{}", text.replace(['[', ']'], "").replace(':', "-")),
        _ if text.starts_with(|sign: char| sign.is_ascii_alphanumeric()) => text,
        _ => format!("H{text}"),
    };
    let port = port.replace(':', "..");
    format!("@{place}{port}/{}", repository.replace('/', "_-")).parse().ok()
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_part(part: &str) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    let between = part.split(|sign: char| sign.is_ascii_alphanumeric());
    ends.iter().all(|end| end.is_some_and(is_letter))
        && bytes.iter().all(|byte| is_letter(byte) || b"._-".contains(byte))
        && between.into_iter().all(|signs| {
            matches!(signs, "" | "." | "_" | "__") || signs.bytes().all(|byte| byte == b'-')
        })
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !tag.is_empty()
        && tag.len() <= MAX_TAG
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || b".-".contains(&byte))
}

impl fmt::Display for OciReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", UntrustedText::new(&self.name))?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn what_people_write_is_read_and_written_back() {
        for (text, again, wanted, name) in [
            ("ghcr.io/a/b", "ghcr.io/a/b", "latest", "@ghcr.io/a_-b"),
            ("//ghcr.io/a/b:1.0", "ghcr.io/a/b:1.0", "1.0", "@ghcr.io/a_-b"),
            ("localhost:5000/x:V_1", "localhost:5000/x:V_1", "V_1", "@localhost..5000/x"),
            ("127.0.0.1:5000/x", "127.0.0.1:5000/x", "latest", "@127.0.0.1..5000/x"),
            ("[::1]:5000/a__b/c--d", "[::1]:5000/a__b/c--d", "latest", "@V6--1..5000/a__b_-c--d"),
            ("GHCR.io/a.b/c-d", "ghcr.io/a.b/c-d", "latest", "@ghcr.io/a.b_-c-d"),
        ] {
            let read = OciReference::parse(text).unwrap();
            assert_eq!((read.to_string().as_str(), read.wanted().as_str()), (again, wanted));
            assert_eq!(read.plugin_name().as_str(), name);
        }
        let pinned = OciReference::parse(&format!("ghcr.io/a/b:1@sha256:{HEX}")).unwrap();
        assert_eq!(pinned.wanted(), format!("sha256:{HEX}"));
        assert_eq!(OciReference::parse(&pinned.to_string()), Ok(pinned));
    }

    #[test]
    fn no_two_places_have_one_name() {
        let places = [
            "h.example/good-org/tool",
            "h.example/good/org-tool",
            "h.example/good/org/tool",
            "h.example/good_org/tool",
            "h.example/good-org-tool",
            "h.example:5000/x",
            "h.example-5000/x",
            "[::1]:5000/x",
            "[::1:5000]/x",
            "v6--1:5000/x",
            "h.example/a--b",
            "h.example/a-b",
            "h.example/a",
        ];
        let names: std::collections::BTreeSet<String> = places
            .iter()
            .map(|place| OciReference::parse(place).unwrap().plugin_name().to_string())
            .collect();
        assert_eq!(names.len(), places.len(), "{names:?}");
        // Without a name of its own it would have the one that its files say.
        let long = format!("h.example/{}", "b".repeat(210));
        assert!(OciReference::parse(&long).is_err());
    }

    #[test]
    fn names_without_a_registry_and_tricks_are_refused() {
        for text in [
            "",
            "alpine",
            "library/alpine",
            "ghcr.io",
            "ghcr.io/",
            "ghcr.io/A/b",
            "ghcr.io/a//b",
            "ghcr.io/../x",
            "ghcr.io/a/..",
            "ghcr.io/-a",
            "ghcr.io/a.",
            "ghcr.io/a..b",
            "ghcr.io/a___b",
            "ghcr.io/a:",
            "ghcr.io/a:-x",
            "ghcr.io/a:x/y",
            "ghcr.io/a@sha256:abc",
            "ghcr.io/a@md5:abc",
            "ghcr.io/a b",
            "ghcr.io/a?x=1",
            "ghcr.io/a#x",
            "user:pw@ghcr.io/a",
            "ghcr.io:+5/a",
            "ghcr.io:99999/a",
            "ghcr.io\\x/a",
            "ghcr.io/a%2fb",
        ] {
            assert!(OciReference::parse(text).is_err(), "{text}");
        }
    }
}
