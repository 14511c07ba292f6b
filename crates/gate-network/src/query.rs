//! Puts secrets into the query of a request's address, into the parameters that
//! were granted by name.
//!
//! What is a parameter is read as `application/x-www-form-urlencoded` says: pairs
//! between `&`, the name before the first `=`, escapes undone. Where some servers
//! would read another parameter, nothing is put in.

use crate::rewrite::{Placeholder, Reveal, replaced};
use ringfence_types::{SecretPlace, is_query_parameter};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// Most places of one query that are asked about, each at most once. A plugin that
/// writes more of them has the rest go out as they are.
const MOST_ASKED: usize = 16;

/// What was said about one secret in one parameter: its placeholder, the parameter,
/// and the value as it stands in an address.
struct Answer<'p> {
    stands: &'p str,
    parameter: String,
    value: Option<Zeroizing<String>>,
}

/// The target of a request with secrets in its query; `None` when none went in.
pub(crate) fn fill(
    target: &[u8],
    placeholders: &[Placeholder],
    reveal: &mut Reveal<'_>,
) -> Option<Zeroizing<Vec<u8>>> {
    let end = target.iter().position(|byte| *byte == b'#').unwrap_or(target.len());
    let (address, fragment) = target.split_at_checked(end)?;
    let query_at = address.iter().position(|byte| *byte == b'?')?.checked_add(1)?;
    let (before, query) = address.split_at_checked(query_at)?;
    let mut answers = Vec::new();
    let mut out = Zeroizing::new(before.to_vec());
    let mut is_filled = false;
    for (number, pair) in query.split(|byte| *byte == b'&').enumerate() {
        if number > 0 {
            out.push(b'&');
        }
        match filled(pair, placeholders, &mut answers, reveal) {
            Some(pair) => {
                is_filled = true;
                out.extend_from_slice(&pair);
            }
            None => out.extend_from_slice(pair),
        }
    }
    out.extend_from_slice(fragment);
    is_filled.then_some(out)
}

fn filled<'p>(
    pair: &[u8],
    placeholders: &'p [Placeholder],
    answers: &mut Vec<Answer<'p>>,
    reveal: &mut Reveal<'_>,
) -> Option<Zeroizing<Vec<u8>>> {
    let (name, value) = pair.split_at_checked(pair.iter().position(|byte| *byte == b'=')?)?;
    let stand: Vec<_> = placeholders.iter().filter(|one| one.stands_in(value)).collect();
    // Some servers take `;` for `&`: to them this value would begin another parameter.
    if stand.is_empty() || pair.contains(&b';') {
        return None;
    }
    let parameter = unescaped(name).filter(|name| is_query_parameter(name))?;
    for placeholder in stand {
        let known = |answer: &Answer<'_>| {
            answer.stands == placeholder.text && answer.parameter == parameter
        };
        if !answers.iter().any(known) && answers.len() < MOST_ASKED {
            let value = reveal(&placeholder.name, SecretPlace::Query(&parameter));
            let value = value.map(|value| escaped(&value));
            answers.push(Answer { stands: &placeholder.text, parameter: parameter.clone(), value });
        }
    }
    let here = answers.iter().filter(|answer| answer.parameter == parameter);
    let values: Vec<(&str, &str)> =
        here.filter_map(|answer| Some((answer.stands, answer.value.as_ref()?.as_str()))).collect();
    let inside = replaced(value, &values);
    if *inside == value {
        return None;
    }
    let mut out = Zeroizing::new(Vec::with_capacity(name.len().saturating_add(inside.len())));
    out.extend_from_slice(name);
    out.extend_from_slice(&inside);
    Some(out)
}

/// A name with its escapes undone.
fn unescaped(name: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            text.push(char::from(*first));
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        // A sign is no digit, though the parser of numbers takes one.
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.push(char::from(u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?));
        rest = tail;
    }
    Some(text)
}

/// A value as it stands in a query: all but unreserved characters escaped, so that
/// none of it ends the parameter, whatever reads it.
fn escaped(value: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(value.len().saturating_mul(3)));
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STANDS: &str = "rfsecret_0123456789abcdef";
    const VALUE: &str = "sk/&=+ %41;#?\"";
    const ESCAPED: &str = "sk%2F%26%3D%2B%20%2541%3B%23%3F%22";

    /// The target when the secret may go into `key` and `filter[id]`, and what was asked.
    fn with_asked(target: &str) -> (Option<String>, Vec<String>) {
        let placeholders = [Placeholder { text: STANDS.to_owned(), name: "KEY".to_owned() }];
        let mut asked = Vec::new();
        let out = fill(target.as_bytes(), &placeholders, &mut |name, place| {
            let SecretPlace::Query(parameter) = place else { panic!("{place:?}") };
            asked.push(parameter.to_owned());
            let granted = name == "KEY" && ["key", "filter[id]"].contains(&parameter);
            granted.then(|| Zeroizing::new(VALUE.to_owned()))
        });
        (out.map(|out| String::from_utf8(out.to_vec()).unwrap()), asked)
    }

    fn out(target: &str) -> Option<String> {
        with_asked(target).0
    }

    #[test]
    fn a_secret_goes_into_the_granted_parameter_escaped_and_wherever_it_stands() {
        for (target, expected) in [
            ("/?key=S", "/?key=V"),
            ("/a?x=1&key=pre-S-post&y=%20", "/a?x=1&key=pre-V-post&y=%20"),
            ("?key=S&key=S", "?key=V&key=V"),
            ("/?k%65y=S", "/?k%65y=V"),
            ("/?filter%5Bid%5D=S", "/?filter%5Bid%5D=V"),
            ("/?filter[id]=SS", "/?filter[id]=VV"),
            ("http://h/?key==S", "http://h/?key==V"),
            ("/?key=S&other=S", "/?key=V&other=S"),
            ("/S?key=S#S", "/S?key=V#S"),
        ] {
            let filled = out(&target.replace('S', STANDS));
            let expected = expected.replace('S', STANDS).replace('V', ESCAPED);
            assert_eq!(filled, Some(expected), "{target}");
        }
    }

    #[test]
    fn it_goes_into_no_other_parameter_however_a_server_might_read_the_query() {
        for target in [
            "/S",
            "/?S",
            "/?S=1",
            "/?other=S",
            "/?KEY=S",
            "/?key",
            "/#key=S",
            "/?a#?key=S",
            "/#?key=S",
            // To some servers these are the parameter `other`, or `key` of something else.
            "/?key=1;other=S",
            "/?other=1;key=S",
            "/?other=1?key=S",
            "/?a?key=S",
            "/?key%3DS",
            "/?key%00=S",
            "/?key%=S",
            "/?%+65key=S",
            "/?+key=S",
            "/?key%26=S",
            "/?=S",
        ] {
            let (filled, asked) = with_asked(&target.replace('S', STANDS));
            assert_eq!(filled, None, "{target}");
            // What is asked for is written into the log.
            assert!(asked.iter().all(|name| is_query_parameter(name)), "{target}: {asked:?}");
        }
    }

    #[test]
    fn a_plugin_that_names_a_thousand_parameters_asks_about_few_and_each_once() {
        let pairs: Vec<_> = (0..1000).map(|number| format!("p{}={STANDS}", number % 50)).collect();
        let (filled, asked) = with_asked(&format!("/?{}&key={STANDS}", pairs.join("&")));
        assert_eq!((filled, asked.len()), (None, MOST_ASKED));
    }

    proptest! {
        #[test]
        fn whatever_the_query_is_only_placeholders_in_granted_parameters_change(
            target in r"/[a?]{0,3}((key|k%65y|other|[%&=;#?+a-f0-9]{1,3})=?(S|[%&=;#?+a-f0-9]{0,3})[&;]?){0,6}"
        ) {
            let target = target.replace('S', STANDS);
            if let Some(filled) = out(&target) {
                prop_assert_eq!(filled.replace(ESCAPED, STANDS), target);
                // A server that splits as the standard says finds it in `key` alone.
                let query = filled.split_once('?').unwrap().1.split('#').next().unwrap();
                for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
                    prop_assert!(name == "key" || !value.contains(VALUE), "{}", filled);
                }
                prop_assert!(!filled.split_once('#').is_some_and(|(_, end)| end.contains(ESCAPED)));
            }
        }
    }
}
