//! Scope patterns: parsed once, matched without allocation.

use crate::capability::Kind;
use std::fmt;

/// What a capability is limited to.
///
/// | form | matches |
/// |---|---|
/// | `*` | everything of the kind |
/// | `a.b.*` (subjects) | exactly one more token |
/// | `a.b.>` (subjects) | one or more further tokens |
/// | `/data/**` (paths) | `/data` and everything below it |
/// | `/data/*` (paths) | the direct children of `/data` |
/// | `*.example.com:443` (hosts) | every name below `example.com`, that port |
/// | `prefix*` (names) | names that begin so |
/// | anything else | exactly itself |
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    text: Box<str>,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Host pattern with `*.` in front, or a host without a port.
    Host,
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
            Kind::NetworkRequest => host_form(text)?,
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
            Form::Any | Form::Exact | Form::Subject | Form::Host => 0,
        };
        self.text.get(..self.text.len().saturating_sub(cut)).unwrap_or("")
    }

    /// Whether `object` is in this scope. Allocates nothing.
    ///
    /// For paths, `object` must already be absolute and free of `.` and `..`
    /// components; a path that is not matches nothing.
    #[must_use]
    pub fn matches(&self, kind: Kind, object: &str) -> bool {
        let is_path = matches!(kind, Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete);
        if is_path && !is_canonical_path(object) {
            return false;
        }
        match self.form {
            Form::Any => true,
            Form::Exact => *self.text == *object,
            Form::Prefix => object.starts_with(self.stem()),
            Form::Tree => below(self.stem(), object).is_some(),
            Form::Children => below(self.stem(), object)
                .is_some_and(|rest| !rest.is_empty() && !rest.contains('/')),
            Form::Subject => subject_matches(&self.text, object),
            Form::Host => host_matches(&self.text, object),
        }
    }

    /// Whether everything `other` matches is matched by `self`. May say no when
    /// it cannot tell.
    #[must_use]
    pub fn covers(&self, kind: Kind, other: &Pattern) -> bool {
        if self.is_any() || self == other {
            return true;
        }
        match (self.form, other.form) {
            (_, Form::Any) => false,
            (_, Form::Exact) => self.matches(kind, &other.text),
            (Form::Prefix, Form::Prefix) => other.stem().starts_with(self.stem()),
            (Form::Tree, Form::Tree | Form::Children) => below(self.stem(), other.stem()).is_some(),
            (Form::Subject, Form::Subject) => subject_covers(&self.text, &other.text),
            (Form::Host, Form::Host) => host_covers(&self.text, &other.text),
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

/// Canonical host scope: lower case, no trailing dot, optional `:port`.
fn host_form(text: &str) -> Result<(String, Form), PatternError> {
    let lower = text.to_ascii_lowercase();
    let (host, port) = split_port(&lower);
    if let Some(port) = port
        && port.parse::<u16>().ok().is_none_or(|number| number == 0)
    {
        return Err(PatternError::Port);
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |part: &str| {
        !part.is_empty()
            && part.len() <= 63
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let bracketed = name.starts_with('[') && name.ends_with(']');
    if !bracketed && (name.len() > 253 || !name.split('.').all(label)) {
        return Err(PatternError::Host);
    }
    let text = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let form = if host.starts_with("*.") || port.is_none() { Form::Host } else { Form::Exact };
    Ok((text, form))
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    }
}

fn host_matches(pattern: &str, object: &str) -> bool {
    let (want, want_port) = split_port(pattern);
    let (host, port) = split_port(object);
    // A scope without a port means the port of HTTPS, the strictest reading.
    if want_port.unwrap_or("443") != port.unwrap_or("443") {
        return false;
    }
    match want.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => host == want,
    }
}

fn host_covers(wide: &str, narrow: &str) -> bool {
    let (want, want_port) = split_port(wide);
    let (host, port) = split_port(narrow);
    if want_port.unwrap_or("443") != port.unwrap_or("443") {
        return false;
    }
    match (want.strip_prefix('*'), host.strip_prefix('*')) {
        (Some(suffix), Some(inner)) => inner.ends_with(suffix),
        (Some(suffix), None) => host.len() > suffix.len() && host.ends_with(suffix),
        (None, None) => want == host,
        (None, Some(_)) => false,
    }
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
    #[error("a host is a DNS name, with `*.` only in front")]
    Host,
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
