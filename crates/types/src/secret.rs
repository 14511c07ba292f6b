//! What a grant of `secrets.use` reaches: one secret, and where it may go.
//!
//! | scope | reaches |
//! |---|---|
//! | `NAME@api.example.com` | requests inside TLS to that host, as `https://api.example.com` |
//! | `NAME@https://api.example.com/v1/*` | these requests; also with methods in front |
//! | `NAME@http://host:8080` | plain HTTP, which anybody on the way can read |
//! | `NAME` | nothing yet: what a package declares, for somebody to say where |

use crate::network::NetworkScope;
use crate::pattern::PatternError;
use crate::target::NetworkTarget;
use std::fmt;
use std::str::FromStr;

/// Longest name of a secret, in bytes: that of a variable, which is how a plugin
/// gets what stands for it.
const MAX_NAME: usize = 128;

/// One secret, and the requests in which it may go out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretScope {
    name: Box<str>,
    to: Option<NetworkScope>,
}

/// One use of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretTarget<'a> {
    /// Which.
    pub name: &'a str,
    /// The request that it would go out in.
    pub request: NetworkTarget<'a>,
}

impl SecretScope {
    /// The secret's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it may go; `None` for nowhere.
    #[must_use]
    pub const fn to(&self) -> Option<&NetworkScope> {
        self.to.as_ref()
    }

    /// Whether `use` is in scope. Allocates nothing.
    #[must_use]
    pub fn matches(&self, target: &SecretTarget<'_>) -> bool {
        *self.name == *target.name && self.to.as_ref().is_some_and(|to| to.matches(&target.request))
    }

    /// Whether everything that `other` allows is allowed by this one, or could be
    /// by a narrower form of it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.name == other.name
            && match (&self.to, &other.to) {
                (None, _) => true,
                (Some(wide), Some(narrow)) => wide.covers(narrow),
                (Some(_), None) => false,
            }
    }

    /// Whether some use may be in both.
    #[must_use]
    pub fn may_overlap(&self, other: &Self) -> bool {
        self.name == other.name
            && match (&self.to, &other.to) {
                (Some(left), Some(right)) => left.may_overlap(right),
                _ => true,
            }
    }
}

impl FromStr for SecretScope {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (name, to) = match text.split_once('@') {
            Some((name, to)) => (name, Some(to)),
            None => (text, None),
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
            return Err(PatternError::Secret);
        }
        let to = match to {
            None => None,
            Some(to) => Some(read_place(to)?),
        };
        Ok(Self { name: name.into(), to })
    }
}

/// A place without a scheme is one inside TLS: a secret goes out in a request
/// that can be read, and encrypted unless somebody writes otherwise.
fn read_place(text: &str) -> Result<NetworkScope, PatternError> {
    let scope: NetworkScope =
        if text.contains("://") { text.parse()? } else { format!("https://{text}").parse()? };
    if scope.is_http() { Ok(scope) } else { Err(PatternError::Secret) }
}

impl fmt::Display for SecretScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.to.as_ref().map_or(Ok(()), |to| write!(f, "@{to}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Host;
    use crate::target::Seen;

    fn scope(text: &str) -> SecretScope {
        text.parse().unwrap()
    }

    fn goes(scope: &SecretScope, host: &str, secure: bool, path: &str) -> bool {
        let host: Host = host.parse().unwrap();
        let port = if secure { 443 } else { 80 };
        let seen = Seen::Http { secure, method: "GET", path };
        let request = NetworkTarget::tcp(&host, port).with(seen);
        scope.matches(&SecretTarget { name: "KEY", request })
    }

    #[test]
    fn a_secret_goes_to_its_host_inside_tls_and_nowhere_else() {
        let key = scope("KEY@api.example.com");
        assert_eq!(key.to_string(), "KEY@https://api.example.com");
        assert_eq!(scope(&key.to_string()), key);
        assert!(goes(&key, "api.example.com", true, "/x"));
        assert!(!goes(&key, "api.example.com", false, "/x"));
        assert!(!goes(&key, "evil.example.com", true, "/x"));
        assert!(!goes(&scope("OTHER@api.example.com"), "api.example.com", true, "/x"));
        assert!(!goes(&scope("KEY"), "api.example.com", true, "/x"), "it says nowhere");
        assert!(goes(&scope("KEY@http://api.example.com"), "api.example.com", false, "/x"));
        assert!(!goes(&scope("KEY@https://api.example.com/v1/*"), "api.example.com", true, "/x"));
    }

    #[test]
    fn what_cannot_be_read_on_the_way_out_is_no_place_for_a_secret() {
        for text in [
            "",
            "@x.example",
            "K Y@x.example",
            "KEY@",
            "KEY@tls-opaque://x.example",
            "KEY@udp://x.example:1",
            "KEY@*",
            "K-Y",
            "KEY@a@b",
        ] {
            assert!(text.parse::<SecretScope>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_declared_name_covers_every_place_and_a_place_covers_only_itself() {
        assert!(scope("KEY").covers(&scope("KEY@x.example")));
        assert!(!scope("KEY@x.example").covers(&scope("KEY")));
        assert!(!scope("KEY").covers(&scope("OTHER@x.example")));
        assert!(scope("KEY@x.example").covers(&scope("KEY@GET https://x.example/v1/*")));
        assert!(!scope("KEY@x.example").may_overlap(&scope("KEY@y.example")));
    }
}
