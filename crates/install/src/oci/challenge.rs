//! What a registry wants before it answers: `WWW-Authenticate` of RFC 9110, section 11.

/// Longest challenge, in bytes.
const MAX_BYTES: usize = 4096;

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A name and a password.
    Basic,
    /// A token that somebody else gives out. Source: "Token Authentication Specification" of
    /// the distribution project.
    Bearer {
        /// Who gives it.
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

/// The first challenge that is understood.
pub(super) fn read<'a>(fields: impl Iterator<Item = &'a str>) -> Option<Challenge> {
    fields.filter(|field| field.len() <= MAX_BYTES).find_map(one)
}

fn one(field: &str) -> Option<Challenge> {
    let (scheme, rest) = field.trim().split_once(' ').unwrap_or((field.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut service, mut scope) = (None, None, None);
    let mut rest = rest.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after.trim_start())?;
        let slot = match name.trim().to_ascii_lowercase().as_str() {
            "realm" => Some(&mut realm),
            "service" => Some(&mut service),
            "scope" => Some(&mut scope),
            _ => None,
        };
        if let Some(slot) = slot {
            // Said twice, two readers could hear two things.
            if slot.replace(value).is_some() {
                return None;
            }
        }
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(Challenge::Bearer { realm: realm?, service, scope })
}

/// A token or a quoted string, and what stands behind it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        let (value, after) = text.split_at_checked(end)?;
        return Some((value.to_owned(), after));
    };
    let mut value = String::new();
    let mut signs = quoted.char_indices();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '"' => return Some((value, quoted.get(at.checked_add(1)?..)?)),
            '\\' => value.push(signs.next()?.1),
            sign => value.push(sign),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn challenges_of_real_registries_are_read() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull""#;
        let found = read([hub].into_iter());
        let Some(Challenge::Bearer { realm, service, scope }) = found else { panic!() };
        assert_eq!(realm, "https://auth.docker.io/token");
        assert_eq!(service.as_deref(), Some("registry.docker.io"));
        assert_eq!(scope.as_deref(), Some("repository:library/x:pull"));
        let spaced = r#"bearer  Realm = "https://a/\"b" , error=invalid_token"#;
        let Some(Challenge::Bearer { realm, .. }) = read([spaced].into_iter()) else { panic!() };
        assert_eq!(realm, "https://a/\"b");
        assert_eq!(read(["Basic realm=\"x\""].into_iter()), Some(Challenge::Basic));
        assert_eq!(read(["Digest x=1", "Basic"].into_iter()), Some(Challenge::Basic));
    }

    #[test]
    fn what_is_said_twice_or_not_to_its_end_is_no_challenge() {
        for text in [
            "",
            "Bearer",
            "Bearer service=x",
            r#"Bearer realm="https://a"#,
            r#"Bearer realm="https://a",realm="https://b""#,
            r#"Bearer realm="https://a" scope="x""#,
            "Negotiate",
        ] {
            assert_eq!(read([text].into_iter()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_field_of_a_stranger_brings_it_down(text in ".{0,200}") {
            let _ = read([text.as_str()].into_iter());
            let _ = read([format!("Bearer {text}").as_str()].into_iter());
        }
    }
}
