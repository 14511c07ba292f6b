//! Scope patterns: parsed once, matched without allocation.

use crate::capability::Kind;
use crate::host::Host;
use crate::network::{EVERY_NAME, NetworkScope};
use crate::secret::SecretScope;
use crate::target::NetworkTarget;
use std::fmt;
use std::num::NonZeroU16;

/// What a capability is limited to.
///
/// | form | matches |
/// |---|---|
/// | `*` | everything of the kind |
/// | `a.b.*` (subjects) | exactly one more token |
/// | `a.b.>` (subjects) | one or more further tokens |
/// | `/data/**` (paths) | `/data` and everything below it |
/// | `/data/*` (paths) | the direct children of `/data` |
/// | `*.example.com:8443` (network) | every name below `example.com`, that port |
/// | `GET https://example.com/v1/*` (network) | see `crates/types/src/network.rs` for the rest |
/// | `NAME@api.example.com` (secrets) | see `crates/types/src/secret.rs` |
/// | `8080` (listening) | that port of the plugin's own loopback |
/// | `prefix*` (names) | names that begin so |
/// | anything else | exactly itself |
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    text: Box<str>,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Any,
    Exact,
    /// `text` without its last byte is a prefix.
    Prefix,
    /// `/x/**`: `text` without its last three bytes is the folder.
    Tree,
    /// `/x/*`: `text` without its last two bytes is the folder.
    Children,
    /// NATS subject with `*` or `>` tokens.
    Subject,
    /// `text` is its canonical text.
    Network(Box<NetworkScope>),
    /// `text` is its canonical text.
    Secret(Box<SecretScope>),
    /// `text` is its canonical text.
    Port(NonZeroU16),
}

/// Longest scope text, in bytes. Longer than any path (`PATH_MAX` is 4096), host or subject.
const MAX_SCOPE: usize = 4096;

impl Pattern {
    /// The pattern that matches everything.
    #[must_use]
    pub fn any() -> Self {
        Self { text: "*".into(), form: Form::Any }
    }

    /// Parses `text` by the grammar of `kind`.
    ///
    /// # Errors
    /// When the text is empty, too long, holds control characters, or is not of
    /// the kind's grammar.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > MAX_SCOPE {
            return Err(PatternError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PatternError::Control);
        }
        if text == "*" || text == "**" {
            return Ok(Self::any());
        }
        let (text, form) = match kind {
            Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete => path_form(text)?,
            Kind::EventsPublish | Kind::EventsSubscribe => (text.to_owned(), subject_form(text)?),
            Kind::NetworkRequest => {
                let scope: NetworkScope = text.parse()?;
                (scope.to_string(), Form::Network(Box::new(scope)))
            }
            Kind::SecretsUse => {
                let scope: SecretScope = text.parse()?;
                (scope.to_string(), Form::Secret(Box::new(scope)))
            }
            Kind::NetworkListen => {
                let port = port_of(text)?;
                (port.to_string(), Form::Port(port))
            }
            _ => (text.to_owned(), name_form(text)?),
        };
        Ok(Self { text: text.into(), form })
    }

    /// Whether this matches everything of its kind.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.form == Form::Any
    }

    /// The text it was parsed from, in canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it reaches on the network, when it is a scope of that kind; `*` is
    /// every name.
    #[must_use]
    pub fn network(&self) -> Option<&NetworkScope> {
        match &self.form {
            Form::Any => Some(&EVERY_NAME),
            Form::Network(scope) => Some(scope),
            _ => None,
        }
    }

    /// Which secret and where it may go, when it is a scope of that kind.
    #[must_use]
    pub fn secret(&self) -> Option<&SecretScope> {
        match &self.form {
            Form::Secret(scope) => Some(scope),
            _ => None,
        }
    }

    /// Which port may be published, when it is a scope of that kind. `*` is none:
    /// ports are named one by one.
    #[must_use]
    pub const fn port(&self) -> Option<NonZeroU16> {
        match self.form {
            Form::Port(port) => Some(port),
            _ => None,
        }
    }

    /// For a path pattern, the folder or file that it stands on.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self.form {
            Form::Tree | Form::Children => Some(match self.stem() {
                "" => "/",
                stem => stem,
            }),
            Form::Exact if self.text.starts_with('/') => Some(&self.text),
            _ => None,
        }
    }

    fn stem(&self) -> &str {
        let cut = match self.form {
            Form::Prefix => 1,
            Form::Children => 2,
            Form::Tree => 3,
            Form::Any
            | Form::Exact
            | Form::Subject
            | Form::Network(_)
            | Form::Secret(_)
            | Form::Port(_) => 0,
        };
        self.text.get(..self.text.len().saturating_sub(cut)).unwrap_or("")
    }

    /// Whether `object` is in this scope. Allocates nothing, but to read a host.
    ///
    /// For paths, `object` must already be absolute and free of `.` and `..`
    /// components; a path that is not matches nothing. For the network, it is
    /// `host:port` of a TCP connection of which nothing else is known; a gate
    /// asks [`NetworkScope::matches`], which allocates nothing.
    #[must_use]
    pub fn matches(&self, kind: Kind, object: &str) -> bool {
        let is_path = matches!(kind, Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete);
        if is_path && !is_canonical_path(object) {
            return false;
        }
        if kind == Kind::NetworkRequest {
            return self.network().is_some_and(|scope| network_matches(scope, object));
        }
        match self.form {
            Form::Any => true,
            Form::Exact | Form::Port(_) => *self.text == *object,
            Form::Prefix => object.starts_with(self.stem()),
            Form::Tree => below(self.stem(), object).is_some(),
            Form::Children => below(self.stem(), object)
                .is_some_and(|rest| !rest.is_empty() && !rest.contains('/')),
            Form::Subject => subject_matches(&self.text, object),
            // Decided with the request that it would go out in.
            Form::Network(_) | Form::Secret(_) => false,
        }
    }

    /// Whether everything `other` matches is matched by `self`. May say no when
    /// it cannot tell.
    ///
    /// On the network `*` is every name: it covers no address, no datagrams and
    /// no opaque TLS. Where it stands for no limit at all, as in a policy that
    /// names no scope, ask [`Self::is_any`].
    #[must_use]
    pub fn covers(&self, kind: Kind, other: &Pattern) -> bool {
        if self == other {
            return true;
        }
        if kind == Kind::NetworkRequest {
            return match (self.network(), other.network()) {
                (Some(wide), Some(narrow)) => wide.covers(narrow),
                _ => false,
            };
        }
        match (&self.form, &other.form) {
            (Form::Any, _) => true,
            (_, Form::Any) => false,
            (_, Form::Exact) => self.matches(kind, &other.text),
            (Form::Prefix, Form::Prefix) => other.stem().starts_with(self.stem()),
            (Form::Tree, Form::Tree | Form::Children) => below(self.stem(), other.stem()).is_some(),
            (Form::Secret(wide), Form::Secret(narrow)) => wide.covers(narrow),
            (Form::Subject, Form::Subject) => subject_covers(&self.text, &other.text),
            _ => false,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The rest of `path` below `folder`, without the slash; empty for the folder itself.
fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Absolute, no empty, `.` or `..` component, no trailing slash (but for `/`).
fn is_canonical_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else {
        return false;
    };
    rest.is_empty() || rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn path_form(text: &str) -> Result<(String, Form), PatternError> {
    let (stem, form, suffix) = if let Some(stem) = text.strip_suffix("/**") {
        (stem, Form::Tree, "/**")
    } else if let Some(stem) = text.strip_suffix("/*") {
        (stem, Form::Children, "/*")
    } else if text.len() > 1 && text.ends_with('/') {
        (text.trim_end_matches('/'), Form::Tree, "/**")
    } else {
        (text, Form::Exact, "")
    };
    if stem.contains('*') {
        return Err(PatternError::Star);
    }
    let is_root = stem.is_empty() && form != Form::Exact;
    if !is_root && !is_canonical_path(stem) {
        return Err(PatternError::Path);
    }
    Ok((format!("{stem}{suffix}"), form))
}

fn subject_form(text: &str) -> Result<Form, PatternError> {
    let mut form = Form::Exact;
    let mut tokens = text.split('.').peekable();
    while let Some(token) = tokens.next() {
        match token {
            "" => return Err(PatternError::Subject),
            "*" => form = Form::Subject,
            ">" if tokens.peek().is_none() => form = Form::Subject,
            _ if token.contains(['*', '>']) || token.contains(char::is_whitespace) => {
                return Err(PatternError::Subject);
            }
            _ => {}
        }
    }
    Ok(form)
}

fn subject_matches(pattern: &str, subject: &str) -> bool {
    let mut pattern = pattern.split('.');
    let mut subject = subject.split('.');
    loop {
        match (pattern.next(), subject.next()) {
            (Some(">"), Some(token)) => return !token.is_empty(),
            (Some("*"), Some(token)) if !token.is_empty() => {}
            (Some(want), Some(token)) if want == token => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

fn subject_covers(wide: &str, narrow: &str) -> bool {
    let mut wide = wide.split('.');
    let mut narrow = narrow.split('.');
    loop {
        match (wide.next(), narrow.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(want), Some(token)) if want == token => {}
            _ => return false,
        }
    }
}

/// A TCP connection to `object`, which is `host:port` or a host alone (443).
fn network_matches(scope: &NetworkScope, object: &str) -> bool {
    let (host, port) = match object.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (object, "443"),
    };
    let is_number = port.bytes().all(|b| b.is_ascii_digit());
    match (Host::parse(host), port.parse()) {
        (Ok(host), Ok(port)) if is_number && port != 0 => {
            scope.matches(&NetworkTarget::tcp(&host, port))
        }
        _ => false,
    }
}

/// A port is written in one way only: digits, and none of them a leading zero.
fn port_of(text: &str) -> Result<NonZeroU16, PatternError> {
    let port: NonZeroU16 = text.parse().map_err(|_| PatternError::Port)?;
    if port.to_string() == text { Ok(port) } else { Err(PatternError::Port) }
}

fn name_form(text: &str) -> Result<Form, PatternError> {
    match text.strip_suffix('*') {
        Some(stem) if stem.contains('*') => Err(PatternError::Star),
        Some(_) => Ok(Form::Prefix),
        None if text.contains('*') => Err(PatternError::Star),
        None => Ok(Form::Exact),
    }
}

/// Why a text is not a scope.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Nothing was written.
    #[error("the scope is empty")]
    Empty,
    /// More than 4096 bytes.
    #[error("the scope is longer than {MAX_SCOPE} bytes")]
    TooLong,
    /// Control characters have no place in a scope.
    #[error("the scope holds control characters")]
    Control,
    /// `*` stands where the grammar has no wildcard.
    #[error("`*` may only stand at the end")]
    Star,
    /// A path must be absolute and canonical.
    #[error("a path must be absolute, without `.`, `..` or empty components")]
    Path,
    /// An event subject is malformed.
    #[error("a subject is tokens joined by `.`, with `*` as a token or `>` as the last one")]
    Subject,
    /// A host is malformed.
    #[error("a host is a DNS name or an address, with `*.` only in front of a name")]
    Host,
    /// A wildcard stands before too little.
    #[error("`*.` stands before a name of at least two labels, such as `*.example.com`")]
    Suffix,
    /// Another scheme than the four.
    #[error("a scheme is `https://`, `http://`, `tls-opaque://` or `udp://`")]
    Scheme,
    /// A method or path where no HTTP is spoken.
    #[error("methods and paths need `https://` or `http://` before the host")]
    NotHttp,
    /// A list of methods is malformed.
    #[error("methods are upper-case words joined by `,`, such as `GET,POST`")]
    Method,
    /// The path of a URL is malformed.
    #[error("the path of a URL has no `.` or `..` segments, query, fragment or `*` but at its end")]
    UrlPath,
    /// A secret is malformed, or goes where it could not be put into a request.
    #[error(
        "a secret is NAME@HOST or NAME@HOST?PARAMETER, with letters, digits and `_` in the name, \
         HTTP at the host, and the plain name of one query parameter"
    )]
    Secret,
    /// Datagrams are granted port by port.
    #[error("datagrams need one exact port, such as `udp://dns.example.com:853`")]
    DatagramPort,
    /// Datagrams that could have more than one receiver, or nobody knows which.
    #[error("datagrams go to one host, and never to a multicast, broadcast or unspecified address")]
    DatagramHost,
    /// A port is not a number from 1 to 65535.
    #[error("a port is a number from 1 to 65535")]
    Port,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(kind: Kind, scope: &str, object: &str) -> bool {
        Pattern::parse(kind, scope).unwrap().matches(kind, object)
    }

    #[test]
    fn a_folder_scope_holds_the_folder_and_what_is_below_and_no_neighbour() {
        assert!(ok(Kind::FilesRead, "/data/**", "/data"));
        assert!(ok(Kind::FilesRead, "/data/", "/data/a/b"));
        assert!(!ok(Kind::FilesRead, "/data/**", "/database"));
        assert!(!ok(Kind::FilesRead, "/data/*", "/data/a/b"));
        assert!(ok(Kind::FilesRead, "/data/*", "/data/a"));
        assert!(ok(Kind::FilesRead, "/**", "/etc/passwd"));
    }

    #[test]
    fn a_port_to_publish_is_one_number_and_nothing_wider() {
        let port = Pattern::parse(Kind::NetworkListen, "8080").unwrap();
        assert_eq!((port.port(), port.as_str()), (NonZeroU16::new(8080), "8080"));
        assert!(ok(Kind::NetworkListen, "8080", "8080"));
        assert!(!ok(Kind::NetworkListen, "8080", "8081"));
        for text in ["0", "65536", "-1", "+80", "080", "80-90", "80,81", "8*", "http", " 80"] {
            assert!(Pattern::parse(Kind::NetworkListen, text).is_err(), "{text}");
        }
        assert_eq!(Pattern::any().port(), None, "the widest scope names no port");
    }

    #[test]
    fn a_path_that_is_not_canonical_is_in_no_scope_not_even_the_widest() {
        for path in ["/data/../etc/passwd", "data", "/data//a", "/data/./a", "", "/data/"] {
            assert!(!ok(Kind::FilesRead, "/data/**", path), "{path}");
            assert!(!ok(Kind::FilesRead, "*", path), "{path}");
        }
    }

    #[test]
    fn subjects_match_by_token_as_nats_does() {
        assert!(ok(Kind::EventsPublish, "chat.*.message", "chat.room1.message"));
        assert!(!ok(Kind::EventsPublish, "chat.*.message", "chat.a.b.message"));
        assert!(ok(Kind::EventsPublish, "chat.>", "chat.a.b"));
        assert!(!ok(Kind::EventsPublish, "chat.>", "chat"));
        assert!(!ok(Kind::EventsPublish, "chat", "chatter"));
        assert!(Pattern::parse(Kind::EventsPublish, "chat.>.x").is_err());
        assert!(Pattern::parse(Kind::EventsPublish, "chat..x").is_err());
    }

    #[test]
    fn a_host_scope_without_a_port_means_https_and_a_wildcard_never_means_the_apex() {
        assert!(ok(Kind::NetworkRequest, "api.example.com", "api.example.com:443"));
        assert!(!ok(Kind::NetworkRequest, "api.example.com", "api.example.com:80"));
        assert!(ok(Kind::NetworkRequest, "*.example.com", "a.example.com:443"));
        assert!(!ok(Kind::NetworkRequest, "*.example.com", "example.com:443"));
        assert!(!ok(Kind::NetworkRequest, "*.example.com", "badexample.com:443"));
        assert!(!ok(Kind::NetworkRequest, "*", "192.0.2.1:443"));
        assert!(ok(Kind::NetworkRequest, "192.0.2.1", "0xc0000201:443"));
        assert!(Pattern::parse(Kind::NetworkRequest, "exa mple.com").is_err());
        assert!(Pattern::parse(Kind::NetworkRequest, "a.*.com").is_err());
    }

    #[test]
    fn covering_is_never_claimed_where_a_counterexample_exists() {
        let kind = Kind::EventsPublish;
        let scopes = ["a", "a.b", "a.*", "a.>", "*.b", "*.*", ">", "a.*.c", "*"];
        let objects = ["a", "a.b", "a.c", "x.b", "a.b.c", "a.x.c", "q"];
        for wide in scopes {
            for narrow in scopes {
                let (wide_p, narrow_p) =
                    (Pattern::parse(kind, wide).unwrap(), Pattern::parse(kind, narrow).unwrap());
                if wide_p.covers(kind, &narrow_p) {
                    for object in objects {
                        assert!(
                            !narrow_p.matches(kind, object) || wide_p.matches(kind, object),
                            "{wide} was said to cover {narrow}, but not {object}"
                        );
                    }
                }
            }
        }
    }
}
