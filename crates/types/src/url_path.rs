//! The one form in which the path of a URL is compared.
//!
//! Servers disagree about what a path means: some decode twice, some take a
//! backslash or an encoded slash for a slash, some cut `;parameters` off first.
//! A path that could climb out of a granted prefix in any of these readings has
//! no normal form, and a request for it is refused.

use url::Url;

/// Longest path of a URL, in bytes. RFC 9110 section 4.1 asks for 8000 at least.
pub const MAX_URL_PATH: usize = 8192;

/// The normal form of a path: dot segments removed as the WHATWG URL standard
/// does, escapes of unreserved characters undone and the others in upper case
/// (RFC 3986 section 6.2.2), and `*` escaped, because it is a wildcard in a scope.
///
/// `None` when it has none: not absolute, too long, a query or fragment, control
/// characters, spaces, backslashes, a `%` that escapes nothing, or dot segments
/// that only some servers would see.
#[must_use]
pub fn normal_url_path(path: &str) -> Option<String> {
    let is_bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '?' | '#' | '\\');
    if !path.starts_with('/') || path.len() > MAX_URL_PATH || path.contains(is_bad) {
        return None;
    }
    let url = Url::parse(&format!("http://h{path}")).ok()?;
    let mut normal = String::with_capacity(url.path().len());
    let mut bytes = url.path().bytes();
    while let Some(byte) = bytes.next() {
        let is_escape = byte == b'%';
        let byte = if is_escape { hex(bytes.next()?)? << 4 | hex(bytes.next()?)? } else { byte };
        if is_unreserved(byte) || (!is_escape && is_plain(byte)) {
            normal.push(char::from(byte));
        } else {
            normal.push_str(&format!("%{byte:02X}"));
        }
    }
    is_normal_url_path(&normal).then_some(normal)
}

/// Whether `path` is in the form that [`normal_url_path`] gives. Allocates
/// nothing.
#[must_use]
pub fn is_normal_url_path(path: &str) -> bool {
    if !path.starts_with('/') || path.len() > MAX_URL_PATH {
        return false;
    }
    let mut rest = path.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = match (byte, tail) {
            (
                b'%',
                [high @ (b'0'..=b'9' | b'A'..=b'F'), low @ (b'0'..=b'9' | b'A'..=b'F'), tail @ ..],
            ) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) if !is_unreserved(high << 4 | low) => tail,
                _ => return false,
            },
            (b'%', _) => return false,
            (byte, tail) if is_plain(*byte) => tail,
            _ => return false,
        };
    }
    !climbs(path.as_bytes())
}

/// Whether some reading of the path has a dot segment in it.
fn climbs(path: &[u8]) -> bool {
    let mut rest = path;
    // Dots at the beginning of this segment; none once something else was seen.
    let mut dots = Some(0_u32);
    loop {
        let Some((byte, tail)) = unit(rest) else {
            return matches!(dots, Some(1 | 2));
        };
        rest = tail;
        match byte {
            // Tomcat and others cut `;parameters` off before they look for dots.
            b'/' | b'\\' | b';' => {
                if matches!(dots, Some(1 | 2)) {
                    return true;
                }
                dots = if byte == b';' { None } else { Some(0) };
            }
            b'.' => dots = dots.map(|dots| dots.saturating_add(1)),
            _ => dots = None,
        }
    }
}

/// The next character, with escapes of escapes undone to any depth.
fn unit(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (first, tail) = bytes.split_first()?;
    if *first != b'%' {
        return Some((*first, tail));
    }
    let mut digits = tail;
    while let [b'2', b'5', rest @ ..] = digits {
        if !matches!(rest, [high, low, ..] if hex(*high).is_some() && hex(*low).is_some()) {
            break;
        }
        digits = rest;
    }
    match digits {
        [high, low, rest @ ..] => match (hex(*high), hex(*low)) {
            (Some(high), Some(low)) => Some((high << 4 | low, rest)),
            _ => Some((b'%', tail)),
        },
        _ => Some((b'%', tail)),
    }
}

/// Whether two paths may be one file on some server: letter case, repeated
/// slashes and every escape are ignored, and for a prefix what comes behind.
/// For what is denied, where too much is safe. Allocates nothing.
pub(crate) fn may_be_same_path(wanted: &str, is_prefix: bool, path: &str) -> bool {
    let (mut wanted, mut path) = (loose(wanted.as_bytes()), loose(path.as_bytes()));
    loop {
        match (wanted.next(), path.next()) {
            (None, None) => return true,
            (None, Some(_)) => return is_prefix,
            // `/admin` and `/admin/` are one place to many servers.
            (Some(b'/'), None) => return wanted.next().is_none(),
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

fn loose(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = bytes;
    let mut after_slash = false;
    std::iter::from_fn(move || {
        loop {
            let (byte, tail) = unit(rest)?;
            rest = tail;
            let byte = if byte == b'\\' { b'/' } else { byte.to_ascii_lowercase() };
            let repeated = byte == b'/' && after_slash;
            after_slash = byte == b'/';
            if !repeated {
                return Some(byte);
            }
        }
    })
}

/// RFC 3986 section 2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Any text as the path of an address: all but unreserved characters and slashes is
/// percent-encoded.
#[must_use]
pub fn escaped_url_path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_unreserved(byte) || byte == b'/' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What stands unescaped in a normal path: what the path percent-encode set of
/// the WHATWG URL standard leaves alone, without `%`, `*` and the backslash.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'#' | b'<' | b'>' | b'?' | b'^' | b'`' | b'{' | b'}' | b'%' | b'*' | b'\\'
        )
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_that_mean_the_same_have_one_form() {
        for (raw, normal) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/.%2e/b", "/b"),
            ("/../../b", "/b"),
            ("/a/./b/", "/a/b/"),
            ("/%61/%7e%5f", "/a/~_"),
            ("/a%2fb", "/a%2Fb"),
            ("/a*", "/a%2A"),
            ("/ü", "/%C3%BC"),
            ("//a", "//a"),
            ("/@scope%2fname", "/@scope%2Fname"),
            ("/a.b/...", "/a.b/..."),
        ] {
            assert_eq!(normal_url_path(raw).as_deref(), Some(normal), "{raw}");
        }
    }

    #[test]
    fn any_text_becomes_a_path_of_its_own_letters_only() {
        assert_eq!(escaped_url_path("a b/\u{e4}?#%"), "a%20b/%C3%A4%3F%23%25");
        assert_eq!(escaped_url_path("-._~/x"), "-._~/x");
    }

    #[test]
    fn a_path_that_climbs_on_some_servers_only_has_no_form() {
        for raw in [
            "/a/..%2fb",
            "/a/%2e%2e%2fb",
            "/a%2f..%2fb",
            "/a/..%5cb",
            "/a/..\\b",
            "/a/%252e%252e/b",
            "/a/%25252e%25252e/b",
            "/a/%25%32%65./b",
            "/a/..;/b",
            "/a/.;x=1/b",
            "/a/%2e%2e%3bx/b",
            "/a/..%252fb",
            "/a%",
            "/a%2",
            "/%%32e",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\nb",
            "a",
            "",
            "*",
        ] {
            assert_eq!(normal_url_path(raw), None, "{raw}");
        }
        assert_eq!(normal_url_path(&format!("/{}", "a".repeat(MAX_URL_PATH))), None);
    }

    #[test]
    fn a_denied_path_is_recognised_under_the_names_servers_give_it() {
        for path in ["/admin", "/Admin", "//admin", "/admin/", "/admin%2Fx", "/%2561dmin/x"] {
            assert!(may_be_same_path("/admin", true, path), "{path}");
        }
        assert!(may_be_same_path("/admin/", true, "/admin"));
        assert!(!may_be_same_path("/admin", false, "/admin/x"));
        assert!(!may_be_same_path("/admin", true, "/adm"));
    }

    proptest! {
        #[test]
        fn any_path_has_no_form_or_one_that_stays(path in "/(%[0-9a-fA-F]{2}|%25|%2e|[a-z./;*%\\\\é]|\\PC){0,24}") {
            if let Some(normal) = normal_url_path(&path) {
                prop_assert!(is_normal_url_path(&normal));
                prop_assert_eq!(normal_url_path(&normal), Some(normal));
            }
        }
    }
}
