//! The forms in which a server shows what it was sent.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// Shortest form. One of a few letters would be found everywhere.
const SHORTEST: usize = 6;

/// What is not escaped in addresses besides letters and digits: by most, by
/// `encodeURIComponent`, by Python, by forms, by `encodeURI`, and in queries.
const PLAIN_IN_ADDRESSES: [&str; 6] =
    ["-._~", "-._~!*'()", "-._~/", "-._*", "-._~!*'();,/?:@&=+$#", "-._~!*();,/?:@&=+$%[]{}|\\^`"];
/// What is escaped in HTML: by most, by some, and by templates of JavaScript and Go.
const ESCAPED_IN_HTML: [&str; 4] = ["&<>\"", "&<>\"'", "&<>\"'/`=", "&<>\"'+"];
/// What is escaped in JSON by its number, besides quotes and backslashes: what would
/// end a script, by Go and by others.
const NUMBERED_IN_JSON: [&str; 3] = ["<>&", "<>&'", "<>&'=+"];

/// Shortest secret of which the first half alone is looked for. A plugin that sends
/// guesses to a host that shows them sees a right one by its stars: half of it, less
/// what everybody knows such as `sk_live_`, must be too much to be guessed at once.
const HALVED: usize = 32;

/// How one byte of a secret may stand in a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// As one byte, or as so many as the form always has.
    Byte,
    Json,
    Html,
    Address,
}

impl Unit {
    pub(crate) const ALL: [Self; 4] = [Self::Byte, Self::Json, Self::Html, Self::Address];
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// How many units of each kind of [`Unit::ALL`] behind it are the rest of the
    /// secret, whatever they are.
    pub(crate) rest: [usize; Unit::ALL.len()],
}

/// What is looked for of a secret, and how many bytes the rest of it has.
pub(crate) fn known_of(secret: &str) -> (&str, usize) {
    let mut end = secret.ceil_char_boundary(secret.len().div_ceil(2));
    if secret.len() < HALVED {
        end = secret.len();
    }
    // What looks like an escape is not cut in two.
    let is_cut = |end: usize| {
        secret.as_bytes().get(end.saturating_sub(2)..end).is_some_and(|two| two.contains(&b'%'))
    };
    while end < secret.len() && (is_cut(end) || !secret.is_char_boundary(end)) {
        end = end.saturating_add(1);
    }
    let (known, rest) = secret.split_at_checked(end).unwrap_or((secret, ""));
    (known, rest.len())
}

/// A secret as it stands, escaped for JSON, HTML and addresses, in base64 at every
/// place in a group of three, and in hex. They are to be found whatever the case of
/// their letters: names of fields, hosts and digits are written in either.
///
/// Of a long secret it is the first half, with how much more the rest is. So a host
/// that shows most of a secret does not show it; and whoever sends guesses to have
/// them searched learns nothing about the second half, which is never looked at.
pub(crate) fn forms_of(secret: &str) -> Vec<Form> {
    let (known, rest) = known_of(secret);
    let mut forms = spellings(known, rest);
    forms.retain(|form| form.bytes.len() >= SHORTEST);
    // Most secrets have nothing to escape.
    forms.sort_unstable_by(|left, right| left.bytes.as_slice().cmp(right.bytes.as_slice()));
    forms.dedup_by(|next, kept| {
        let same = next.bytes == kept.bytes;
        if same {
            for (most, other) in kept.rest.iter_mut().zip(next.rest) {
                *most = other.max(*most);
            }
        }
        same
    });
    forms
}

/// Every form of `secret`, behind which `behind` bytes more are part of it.
fn spellings(secret: &str, behind: usize) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut add = |unit: Unit, rest: usize, text: String| {
        let rest = Unit::ALL.map(|known| if known == unit { rest } else { 0 });
        forms.push(Form { bytes: Zeroizing::new(text.into_bytes()), rest });
    };
    add(Unit::Byte, behind, secret.to_owned());
    let mut add_json = |text| add(Unit::Json, behind, text);
    let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
    add_json(json.replace('/', "\\/"));
    add_json(json.replace('\'', "\\'"));
    for numbered in NUMBERED_IN_JSON {
        let text = escaped(&json, |c| numbered.contains(c), |c| format!("\\u{:04x}", u32::from(c)));
        add_json(text.replace('/', "\\/"));
        add_json(text);
    }
    add_json(json);
    for set in ESCAPED_IN_HTML {
        for (quote, before, is_hex) in [
            ("&#34;", "", false),
            ("&quot;", "", false),
            ("&quot;", "x", true),
            ("&quot;", "0", false),
        ] {
            let number = |c| {
                let code = u32::from(c);
                if is_hex { format!("&#{before}{code:x};") } else { format!("&#{before}{code};") }
            };
            let text = escaped(secret, |c| set.contains(c), |c| named(c, quote, number));
            add(Unit::Html, behind, text);
        }
    }
    for plain in PLAIN_IN_ADDRESSES {
        let is_meant = |c: char| !c.is_ascii_alphanumeric() && !plain.contains(c);
        let text = escaped(secret, is_meant, |c| {
            c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
        });
        add(Unit::Address, behind, text.replace("%20", "+"));
        add(Unit::Address, behind, text);
    }
    let mut hex = String::new();
    for byte in secret.bytes() {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    add(Unit::Byte, behind.saturating_mul(2), hex);
    for before in 0..3_usize {
        let mut bytes = Zeroizing::new(vec![0; before]);
        bytes.extend_from_slice(secret.as_bytes());
        // Letters that hold bits of neighbours differ with them.
        let first = (8 * before).div_ceil(6);
        let sextets = |length: usize| length.saturating_mul(8) / 6;
        let end = sextets(bytes.len());
        let rest = sextets(bytes.len().saturating_add(behind)).saturating_sub(end);
        for text in [STANDARD_NO_PAD.encode(&*bytes), URL_SAFE_NO_PAD.encode(&*bytes)] {
            add(Unit::Byte, rest, text.get(first..end).unwrap_or_default().to_owned());
        }
    }
    forms
}

fn escaped(text: &str, is_meant: impl Fn(char) -> bool, how: impl Fn(char) -> String) -> String {
    text.chars().map(|c| if is_meant(c) { how(c) } else { c.to_string() }).collect()
}

/// A character of HTML by its name, if it has one that everybody uses.
fn named(c: char, quote: &str, number: impl Fn(char) -> String) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => quote.to_owned(),
        c => number(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_as_the_usual_libraries_escape_it() {
        let forms = spellings("Ab/c+d=\"e'f<g 1", 0);
        for form in [
            // Python's quote, encodeURIComponent, encodeURI, a form.
            "Ab/c%2Bd%3D%22e%27f%3Cg%201",
            "Ab%2Fc%2Bd%3D%22e'f%3Cg%201",
            "Ab/c+d=%22e'f%3Cg%201",
            "Ab%2Fc%2Bd%3D%22e%27f%3Cg+1",
            // Python's html.escape, Go's template, Jinja, Mustache.
            "Ab/c+d=&quot;e&#x27;f&lt;g 1",
            "Ab/c&#43;d=&#34;e&#39;f&lt;g 1",
            "Ab/c+d=&#34;e&#39;f&lt;g 1",
            "Ab&#x2f;c+d&#x3d;&quot;e&#x27;f&lt;g 1",
            // JSON of most, of PHP and of Go.
            "Ab/c+d=\\\"e'f<g 1",
            "Ab\\/c+d=\\\"e'f<g 1",
            "Ab/c+d=\\\"e'f\\u003cg 1",
        ] {
            assert!(forms.iter().any(|known| **known.bytes == *form.as_bytes()), "{form}");
        }
        let mut plain = forms_of("sk-0123456789abcdef");
        plain.retain(|form| form.bytes.starts_with(b"sk"));
        assert_eq!(plain.len(), 1, "each form is looked for once");
    }
}
