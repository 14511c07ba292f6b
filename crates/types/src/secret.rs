//! What a grant of `secrets.use` reaches: one secret, and where it may go.
//!
//! | scope | reaches |
//! |---|---|
//! | `NAME@api.example.com` | requests inside TLS to that host, as `https://api.example.com` |
//! | `NAME@https://api.example.com/v1/*` | these requests; also with methods in front |
//! | `NAME@http://host:8080` | plain HTTP, which anybody on the way can read |
//! | `NAME@api.example.com?key` | the query parameter `key` of such a request, and nothing else of it |
//! | `NAME` | nothing yet: what a package declares, for somebody to say where |
//!
//! Without a parameter, the place is the values of header fields and the user name
//! and password of basic authentication: what servers do not write into their logs.
//! A parameter may stand behind each of the forms.

use crate::network::NetworkScope;
use crate::pattern::PatternError;
use crate::target::NetworkTarget;
use std::fmt;
use std::str::FromStr;

/// Longest name of a secret, in bytes: that of a variable, which is how a plugin
/// gets what stands for it.
const MAX_NAME: usize = 128;
/// Longest name of a query parameter, in bytes.
const MAX_PARAMETER: usize = 64;

/// One secret, and the requests in which it may go out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretScope {
    name: Box<str>,
    to: Option<NetworkScope>,
    /// The one parameter of the query that it may stand in, in place of the head.
    parameter: Option<Box<str>>,
}

/// Where in a request a secret would stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPlace<'a> {
    /// The value of a header field, or basic authentication.
    Head,
    /// The value of this parameter of the query; a name by [`is_query_parameter`].
    Query(&'a str),
    /// Anywhere else: no scope reaches it.
    Elsewhere,
}

/// One use of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretTarget<'a> {
    /// Which.
    pub name: &'a str,
    /// The request that it would go out in.
    pub request: NetworkTarget<'a>,
    /// Where in it.
    pub place: SecretPlace<'a>,
}

/// The narrowest scope text that would allow it, where one could.
impl fmt::Display for SecretTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.request)?;
        match self.place {
            SecretPlace::Query(parameter) => write!(f, "?{parameter}"),
            SecretPlace::Head | SecretPlace::Elsewhere => Ok(()),
        }
    }
}

/// Whether a query parameter of this name, with its escapes undone, can be a place
/// for a secret. Neither `&`, `;` nor `=` is in it, so no two servers find another
/// parameter there.
#[must_use]
pub fn is_query_parameter(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~$:[]".contains(&b);
    !name.is_empty() && name.len() <= MAX_PARAMETER && name.bytes().all(plain)
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

    /// The query parameter that it may stand in; `None` for the head.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// Whether `use` is in scope. Allocates nothing.
    #[must_use]
    pub fn matches(&self, target: &SecretTarget<'_>) -> bool {
        let in_place = match (target.place, &self.parameter) {
            (SecretPlace::Head, None) => true,
            (SecretPlace::Query(name), Some(parameter)) => *name == **parameter,
            _ => false,
        };
        in_place
            && *self.name == *target.name
            && self.to.as_ref().is_some_and(|to| to.matches(&target.request))
    }

    /// Whether `use` is to be refused when this scope is denied. Errs on the side of
    /// yes: a name without a place is denied everywhere, a place without a parameter
    /// in all of a request, and servers differ in whether letter case counts.
    #[must_use]
    pub fn may_touch(&self, target: &SecretTarget<'_>) -> bool {
        let in_place = match (target.place, &self.parameter) {
            (_, None) => true,
            (SecretPlace::Query(name), Some(parameter)) => name.eq_ignore_ascii_case(parameter),
            (_, Some(_)) => false,
        };
        in_place
            && *self.name == *target.name
            && self.to.as_ref().is_none_or(|to| to.may_touch(&target.request))
    }

    /// Whether everything that `other` allows is allowed by this one, or could be
    /// by a narrower form of it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.name == other.name
            && match (&self.to, &other.to) {
                (None, _) => true,
                (Some(wide), Some(narrow)) => {
                    self.parameter == other.parameter && wide.covers(narrow)
                }
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
        let (name, place) = match text.split_once('@') {
            Some((name, place)) => (name, Some(place)),
            None => (text, None),
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
            return Err(PatternError::Secret);
        }
        let (to, parameter) = match place.map(|place| (place, place.split_once('?'))) {
            None => (None, None),
            Some((to, None)) => (Some(read_place(to)?), None),
            Some((_, Some((to, parameter)))) if is_query_parameter(parameter) => {
                (Some(read_place(to)?), Some(parameter.into()))
            }
            Some((_, Some(_))) => return Err(PatternError::Secret),
        };
        Ok(Self { name: name.into(), to, parameter })
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
        self.to.as_ref().map_or(Ok(()), |to| write!(f, "@{to}"))?;
        self.parameter.as_ref().map_or(Ok(()), |parameter| write!(f, "?{parameter}"))
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
        scope.matches(&SecretTarget { name: "KEY", request, place: SecretPlace::Head })
    }

    /// What `test` says of the secret at this place of a request for `x.example/v1`.
    fn at(place: SecretPlace<'_>, test: impl Fn(&SecretTarget<'_>) -> bool) -> bool {
        let host: Host = "x.example".parse().unwrap();
        let seen = Seen::Http { secure: true, method: "GET", path: "/v1" };
        let request = NetworkTarget::tcp(&host, 443).with(seen);
        test(&SecretTarget { name: "KEY", request, place })
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
    fn a_secret_for_one_query_parameter_goes_into_no_other_place() {
        use SecretPlace::{Elsewhere, Head, Query};
        let query = scope("KEY@x.example?api_key");
        assert_eq!(query.to_string(), "KEY@https://x.example?api_key");
        assert_eq!(scope(&query.to_string()), query);
        assert_eq!(
            scope("KEY@GET https://x.example/v1?filter[key]").parameter(),
            Some("filter[key]")
        );
        for (place, by_query, by_head) in [
            (Query("api_key"), true, false),
            (Query("API_KEY"), false, false),
            (Query("api_key2"), false, false),
            (Head, false, true),
            (Elsewhere, false, false),
        ] {
            assert_eq!(at(place, |target| query.matches(target)), by_query, "{place:?}");
            let head = scope("KEY@x.example");
            assert_eq!(at(place, |target| head.matches(target)), by_head, "{place:?}");
        }
        let host = scope("KEY@y.example?api_key");
        assert!(!at(Query("api_key"), |target| host.matches(target)));
        assert!(at(Query("k"), |target| target.to_string() == "KEY@GET https://x.example:443/v1?k"));
        for text in [
            "KEY@x.example?",
            "KEY@x.example?a&b",
            "KEY@x.example?a=b",
            "KEY@x.example?a;b",
            "KEY@x.example?a%62",
            "KEY@x.example?a?b",
            "KEY@x.example?a b",
            "KEY?a",
            "KEY@?a",
        ] {
            assert!(text.parse::<SecretScope>().is_err(), "{text}");
        }
    }

    #[test]
    fn who_denies_a_place_denies_it_in_every_spelling() {
        use SecretPlace::{Head, Query};
        for (denied, place, touches) in [
            ("KEY", Query("k"), true),
            ("KEY@x.example", Query("k"), true),
            ("KEY@x.example", Head, true),
            ("KEY@x.example?K", Query("k"), true),
            ("KEY@x.example?k", Query("other"), false),
            ("KEY@x.example?k", Head, false),
            ("OTHER", Head, false),
            ("KEY@y.example", Head, false),
        ] {
            let denied = scope(denied);
            assert_eq!(at(place, |target| denied.may_touch(target)), touches, "{denied} {place:?}");
        }
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
        assert!(scope("KEY").covers(&scope("KEY@x.example?k")));
        for (one, other) in
            [("KEY@x.example", "KEY@x.example?k"), ("KEY@x.example?k", "KEY@x.example?l")]
        {
            assert!(!scope(one).covers(&scope(other)) && !scope(other).covers(&scope(one)));
        }
        assert!(scope("KEY@x.example?k").covers(&scope("KEY@GET https://x.example/v1/*?k")));
        // What is taken away without a parameter is taken away in all of them.
        assert!(scope("KEY@x.example").may_overlap(&scope("KEY@x.example?k")));
    }
}
