//! Puts secrets into the head of a request, where what stands for them stands.
//!
//! Places are the values of header fields, the user name and password of basic
//! authentication, and parameters of the query that were granted by name.
//! Everywhere else what stands for a secret goes out as it is, and is of no use to
//! anybody.

use crate::query;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringfence_types::SecretPlace;
use zeroize::Zeroizing;

/// What stands for a secret inside the jail.
#[derive(Clone, Debug)]
pub struct Placeholder {
    /// The text that the plugin has.
    pub text: String,
    /// The secret's name.
    pub name: String,
}

impl Placeholder {
    /// Whether it stands in these bytes as it is.
    pub(crate) fn stands_in(&self, bytes: &[u8]) -> bool {
        bytes.windows(self.text.len()).any(|window| window == self.text.as_bytes())
    }
}

/// Asked for a secret by name, for one place; may say no.
pub type Reveal<'r> = dyn FnMut(&str, SecretPlace<'_>) -> Option<Zeroizing<String>> + 'r;

/// Fields that decide who gets the request and where it ends: nothing is ever put
/// into them.
const UNTOUCHED: [&str; 5] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade"];
/// Fields that are said anew: the answer must be readable, and the last one.
const REPLACED: [&str; 2] = ["accept-encoding", "connection"];

/// Fields that are left out where a secret goes out: they have it come back in
/// pieces, or compressed inside WebSocket.
const LEFT_OUT: [&str; 4] = ["range", "if-range", "request-range", "sec-websocket-extensions"];

/// What else is known of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How {
    /// It asks for another protocol.
    pub(crate) upgrades: bool,
    /// The host may know a secret from before, so the whole of its answer is searched.
    pub(crate) whole: bool,
}

/// The head as it goes out. `reveal` is asked once for each secret that stands in
/// its fields, once for each parameter that one stands in, and about those that
/// stand nowhere else than where none may go: so that it is known.
///
/// `head` is one that [`crate::read_http_head`] accepted: lines end with CRLF, no
/// field goes over several.
#[must_use]
pub fn rewrite(
    head: &[u8],
    placeholders: &[Placeholder],
    upgrades: bool,
    reveal: &mut Reveal<'_>,
) -> Zeroizing<Vec<u8>> {
    rewritten(head, placeholders, How { upgrades, whole: false }, reveal)
}

/// The same.
pub(crate) fn rewritten(
    head: &[u8],
    placeholders: &[Placeholder],
    how: How,
    reveal: &mut Reveal<'_>,
) -> Zeroizing<Vec<u8>> {
    let mut lines = head.split_inclusive(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or(&[]);
    let mut asked = Vec::new();
    let mut ask = |name: &str, place: SecretPlace<'_>| {
        asked.push(name.to_owned());
        reveal(name, place)
    };
    let mut out = Zeroizing::new(Vec::with_capacity(head.len() + 64));
    let first_line = filled(first, placeholders, &mut ask);
    out.extend_from_slice(first_line.as_deref().map_or(first, |line| line));
    let values: Vec<(&str, Zeroizing<String>)> = placeholders
        .iter()
        .filter(|placeholder| lines.clone().any(|line| takes(line, placeholder)))
        .filter_map(|one| Some((one.text.as_str(), ask(&one.name, SecretPlace::Head)?)))
        .collect();
    let values: Vec<_> = values.iter().map(|(text, value)| (*text, value.as_str())).collect();
    for placeholder in placeholders.iter().filter(|placeholder| placeholder.stands_in(head)) {
        if !asked.contains(&placeholder.name) {
            let _ = reveal(&placeholder.name, SecretPlace::Elsewhere);
        }
    }
    let whole = how.whole || first_line.is_some() || !values.is_empty();
    for line in lines {
        let name = name_of(line);
        let is = |known: &&str| known.as_bytes() == name;
        if line == b"\r\n" {
            out.extend_from_slice(b"Accept-Encoding: identity\r\n");
            if !how.upgrades {
                out.extend_from_slice(b"Connection: close\r\n");
            }
            out.extend_from_slice(line);
        } else if UNTOUCHED.iter().any(is) && (how.upgrades || !is(&"connection")) {
            out.extend_from_slice(line);
        } else if !REPLACED.iter().any(is) && (!whole || !is_left_out(&name)) {
            out.extend_from_slice(&with_values(line, &name, &values));
        }
    }
    out
}

/// The value of one field, with values where what stands for them stood.
pub(crate) fn field_with_values(
    name: &str,
    value: &str,
    values: &[(&str, &str)],
) -> Zeroizing<Vec<u8>> {
    let line = with_values(format!("{name}: {value}").as_bytes(), name.as_bytes(), values);
    let value = line.split_at_checked(name.len().saturating_add(1)).map_or(&[][..], |(_, v)| v);
    Zeroizing::new(value.trim_ascii().to_vec())
}

/// Whether a field is left out of a request in which a secret goes out.
pub(crate) fn is_left_out(name: &[u8]) -> bool {
    LEFT_OUT.iter().any(|known| known.as_bytes() == name)
}

/// The first line, `METHOD TARGET VERSION`, with secrets in the query; `None` when
/// none went in.
fn filled(
    line: &[u8],
    placeholders: &[Placeholder],
    ask: &mut Reveal<'_>,
) -> Option<Zeroizing<Vec<u8>>> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let target = query::fill(target, placeholders, ask)?;
    let mut out = Zeroizing::new(Vec::with_capacity(line.len().saturating_add(target.len())));
    for part in [method, b" ", &target, b" ", version] {
        out.extend_from_slice(part);
    }
    Some(out)
}

fn name_of(line: &[u8]) -> Vec<u8> {
    line.split(|byte| *byte == b':').next().unwrap_or(&[]).to_ascii_lowercase()
}

/// Whether what stands for a secret stands where it is replaced in this field: in
/// its value, or in what is decoded of it.
pub(crate) fn takes(line: &[u8], placeholder: &Placeholder) -> bool {
    let name = name_of(line);
    let value = line.get(name.len()..).unwrap_or(&[]);
    !UNTOUCHED.iter().chain(&REPLACED).any(|known| known.as_bytes() == name)
        && !is_left_out(&name)
        && (placeholder.stands_in(value)
            || basic(line).is_some_and(|(_, decoded)| placeholder.stands_in(&decoded)))
}

/// The parts of a field of basic authentication: all before the credentials, and
/// these decoded.
fn basic(line: &[u8]) -> Option<(&[u8], Zeroizing<Vec<u8>>)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    if !name.eq_ignore_ascii_case(b"authorization")
        && !name.eq_ignore_ascii_case(b"proxy-authorization")
    {
        return None;
    }
    let value = value.get(1..)?.trim_ascii();
    let (scheme, credentials) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim_ascii()).ok()?;
    Some((name, Zeroizing::new(decoded)))
}

fn with_values(line: &[u8], name: &[u8], values: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    if let Some((_, decoded)) = basic(line) {
        let changed = replaced(&decoded, values);
        if *changed != *decoded {
            let mut out = Zeroizing::new(name.to_vec());
            out.extend_from_slice(b": Basic ");
            out.extend_from_slice(Zeroizing::new(STANDARD.encode(&*changed)).as_bytes());
            out.extend_from_slice(b"\r\n");
            return out;
        }
    }
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
    let (name, value) = line.split_at_checked(colon).unwrap_or((line, &[]));
    let mut out = Zeroizing::new(name.to_vec());
    out.extend_from_slice(&replaced(value, values));
    out
}

/// A text with values in the place of what stands for them.
pub(crate) fn replaced(text: &[u8], values: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    'next: while let Some((first, tail)) = rest.split_first() {
        for (placeholder, value) in values {
            if let Some(after) = rest.strip_prefix(placeholder.as_bytes()) {
                out.extend_from_slice(value.as_bytes());
                rest = after;
                continue 'next;
            }
        }
        out.push(*first);
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDS: &str = "rfsecret_0123456789abcdef";

    fn rewritten(head: &str) -> String {
        let placeholders = [Placeholder { text: STANDS.to_owned(), name: "KEY".to_owned() }];
        let mut reveal = |name: &str, place: SecretPlace<'_>| {
            let granted = name == "KEY" && place == SecretPlace::Head;
            granted.then(|| Zeroizing::new("sk-true".to_owned()))
        };
        let out = rewrite(head.as_bytes(), &placeholders, false, &mut reveal);
        String::from_utf8(out.to_vec()).unwrap()
    }

    /// Where it is asked for, whatever is answered.
    fn asked(head: &str) -> Vec<String> {
        let placeholders = [Placeholder { text: STANDS.to_owned(), name: "KEY".to_owned() }];
        let mut asked = Vec::new();
        let _ = rewrite(head.as_bytes(), &placeholders, false, &mut |_, place| {
            asked.push(format!("{place:?}"));
            None
        });
        asked
    }

    #[test]
    fn a_secret_is_asked_for_at_each_place_and_what_stands_nowhere_else_is_known() {
        let basic = STANDARD.encode(format!("user:{STANDS}"));
        for (head, places) in [
            ("GET /?a=1 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n".to_owned(), &[][..]),
            (format!("GET / HTTP/1.1\r\nX: {STANDS}\r\nY: {STANDS}\r\n\r\n"), &["Head"]),
            (format!("GET / HTTP/1.1\r\nAuthorization: Basic {basic}\r\n\r\n"), &["Head"]),
            (
                format!("GET /{STANDS}?k={STANDS} HTTP/1.1\r\nX: {STANDS}\r\n\r\n"),
                &["Query(\"k\")", "Head"],
            ),
            (format!("GET /{STANDS} HTTP/1.1\r\nHost: a\r\n\r\n"), &["Elsewhere"]),
            (format!("GET /?{STANDS} HTTP/1.1\r\nHost: a\r\n\r\n"), &["Elsewhere"]),
            (format!("GET / HTTP/1.1\r\nRange: {STANDS}\r\n\r\n"), &["Elsewhere"]),
            (format!("GET / HTTP/1.1\r\nHost: {STANDS}\r\n{STANDS}: a\r\n\r\n"), &["Elsewhere"]),
        ] {
            assert_eq!(asked(&head), places, "{head}");
        }
    }

    #[test]
    fn a_secret_in_the_query_changes_nothing_else_of_the_first_line() {
        let placeholders = [Placeholder { text: STANDS.to_owned(), name: "KEY".to_owned() }];
        // It is asked for whole as well, as one that goes out in a field is.
        let head = format!(
            "GET /{STANDS}?a=1&k={STANDS} HTTP/1.1\r\nHost: a\r\nRange: bytes=0-3\r\nX: {STANDS}\r\n\r\n"
        );
        let out = rewrite(head.as_bytes(), &placeholders, false, &mut |_, place| {
            (place == SecretPlace::Query("k")).then(|| Zeroizing::new("sk/true".to_owned()))
        });
        let out = String::from_utf8(out.to_vec()).unwrap();
        let expected =
            format!("GET /{STANDS}?a=1&k=sk%2Ftrue HTTP/1.1\r\nHost: a\r\nX: {STANDS}\r\n");
        assert!(out.starts_with(&expected), "{out}");
    }

    #[test]
    fn a_secret_goes_into_fields_and_basic_credentials() {
        let basic = STANDARD.encode(format!("user:{STANDS}"));
        let head = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {STANDS}\r\nX-Key:{STANDS}\r\nAuthorization: basic {basic}\r\n\r\n"
        );
        assert_eq!(
            rewritten(&head),
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk-true\r\nX-Key:sk-true\r\nauthorization: Basic {}\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n",
                STANDARD.encode("user:sk-true")
            )
        );
    }

    #[test]
    fn it_goes_nowhere_else_and_the_answer_must_be_readable_and_the_last() {
        let head = format!(
            "GET /{STANDS}?k={STANDS} HTTP/1.1\r\nHost: {STANDS}\r\n{STANDS}: x\r\nAccept-Encoding: gzip, br\r\nConnection: keep-alive\r\n\r\n"
        );
        let out = rewritten(&head);
        assert!(!out.contains("sk-true"), "{out}");
        assert!(!out.contains("gzip") && !out.contains("keep-alive"), "{out}");
        assert!(out.ends_with("Accept-Encoding: identity\r\nConnection: close\r\n\r\n"), "{out}");
    }

    #[test]
    fn an_answer_to_a_secret_is_asked_for_whole_and_not_compressed() {
        let asked = "Range: bytes=0-3\r\nIf-Range: x\r\nrequest-range: bytes=0-3\r\n\
            Sec-WebSocket-Extensions: permessage-deflate\r\n";
        let out = rewritten(&format!("GET / HTTP/1.1\r\nHost: a\r\n{asked}X: {STANDS}\r\n\r\n"));
        assert!(out.starts_with("GET / HTTP/1.1\r\nHost: a\r\nX: sk-true\r\n"), "{out}");
        // Whoever sends no secret resumes a download as ever.
        let out = rewritten(&format!("GET / HTTP/1.1\r\nHost: a\r\n{asked}\r\n"));
        assert!(out.contains(asked), "{out}");
        // Unless the host may know one from before.
        let how = How { upgrades: false, whole: true };
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{asked}\r\n");
        let out = super::rewritten(head.as_bytes(), &[], how, &mut |_, _| None);
        assert!(!String::from_utf8_lossy(&out).to_lowercase().contains("range"), "{out:?}");
    }

    #[test]
    fn a_secret_that_is_refused_stays_what_stands_for_it() {
        let placeholders = [Placeholder { text: STANDS.to_owned(), name: "KEY".to_owned() }];
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {STANDS}\r\n\r\n");
        let out = rewrite(head.as_bytes(), &placeholders, false, &mut |_, _| None);
        assert!(String::from_utf8_lossy(&out).contains(STANDS));
    }
}
