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

/// A secret as it stands, escaped for JSON, HTML and addresses, in base64 at every
/// place in a group of three, and in hex. They are to be found whatever the case of
/// their letters: names of fields, hosts and digits are written in either.
pub(crate) fn forms_of(secret: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = vec![Zeroizing::new(secret.as_bytes().to_vec())];
    let mut add = |text: String| forms.push(Zeroizing::new(text.into_bytes()));
    let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
    add(json.replace('/', "\\/"));
    add(json.replace('\'', "\\'"));
    for numbered in NUMBERED_IN_JSON {
        let text = escaped(&json, |c| numbered.contains(c), |c| format!("\\u{:04x}", u32::from(c)));
        add(text.replace('/', "\\/"));
        add(text);
    }
    add(json);
    for set in ESCAPED_IN_HTML {
        let is_meant = |c| set.contains(c);
        add(escaped(secret, is_meant, |c| named(c, "&#34;", |c| format!("&#{};", u32::from(c)))));
        add(escaped(secret, is_meant, |c| named(c, "&quot;", |c| format!("&#{};", u32::from(c)))));
        add(escaped(secret, is_meant, |c| {
            named(c, "&quot;", |c| format!("&#x{:x};", u32::from(c)))
        }));
        add(escaped(secret, is_meant, |c| named(c, "&quot;", |c| format!("&#0{};", u32::from(c)))));
    }
    for plain in PLAIN_IN_ADDRESSES {
        let is_meant = |c: char| !c.is_ascii_alphanumeric() && !plain.contains(c);
        let text = escaped(secret, is_meant, |c| {
            c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
        });
        add(text.replace("%20", "+"));
        add(text);
    }
    let mut hex = String::new();
    for byte in secret.bytes() {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    add(hex);
    for before in 0..3_usize {
        let mut bytes = Zeroizing::new(vec![0; before]);
        bytes.extend_from_slice(secret.as_bytes());
        // Letters that hold bits of neighbours differ with them.
        let first = (8 * before).div_ceil(6);
        let end = 8 * bytes.len() / 6;
        for text in [STANDARD_NO_PAD.encode(&*bytes), URL_SAFE_NO_PAD.encode(&*bytes)] {
            add(text.get(first..end).unwrap_or_default().to_owned());
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    // Most secrets have nothing to escape.
    forms.sort_unstable_by(|left, right| left.as_slice().cmp(right.as_slice()));
    forms.dedup();
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
        let forms = forms_of("Ab/c+d=\"e'f<g 1");
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
            assert!(forms.iter().any(|known| ***known == *form.as_bytes()), "{form}");
        }
        let mut plain = forms_of("sk-0123456789abcdef");
        plain.retain(|form| form.starts_with(b"sk"));
        assert_eq!(plain.len(), 1, "each form is looked for once");
    }
}
