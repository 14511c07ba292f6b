//! Fields with which a request asks for another method or path than its first line
//! says. Servers and proxies differ in which they honour; a scope that names a method
//! or a path means what is done.

/// What is said when one stands where a scope has a method or a path.
pub(crate) const OVERRIDES: &str = "a header field of it (such as X-HTTP-Method-Override, \
    X-Original-URL or X-Forwarded-*) can change the method or the path that was granted: leave it \
    out, or grant the host without method and path";

/// How such fields begin.
const FAMILIES: [&[u8]; 5] =
    [b"x-http-method", b"x-method", b"x-original-", b"x-rewrite-", b"x-forwarded-"];
/// Those that are none of a family. `Destination` says where WebDAV copies to.
const OTHERS: [&[u8]; 9] = [
    b"forwarded",
    b"destination",
    b"x-envoy-original-path",
    b"x-proxy-url",
    b"x-override-url",
    b"x-http-path-override",
    b"x-http-url-override",
    b"x-script-name",
    b"x-request-uri",
];

/// Whether a field of this name is one. Some servers read `_` as `-`.
pub(crate) fn may_override(name: &[u8]) -> bool {
    let name: Vec<u8> = name
        .iter()
        .map(|byte| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() })
        .collect();
    FAMILIES.iter().any(|family| name.starts_with(family)) || OTHERS.contains(&name.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_change_what_is_asked_for_are_known_however_they_are_written() {
        for name in [
            "X-HTTP-Method-Override",
            "x_http_method_override",
            "X-HTTP-Method",
            "X-Method-Override",
            "X-Original-URL",
            "X-Rewrite-URL",
            "X-Forwarded-Prefix",
            "Forwarded",
            "Destination",
        ] {
            assert!(may_override(name.as_bytes()), "{name}");
        }
        for name in ["Accept", "X-Key", "X-Originality", "Authorization", "X-Requested-With"] {
            assert!(!may_override(name.as_bytes()), "{name}");
        }
    }
}
