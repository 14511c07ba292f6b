//! The meet of two scopes, and whether two scopes may share an object.

use ringfence_types::{Kind, Pattern};

/// The narrower of the two when one covers the other, else nothing: a meet that
/// cannot be written as one pattern is not granted.
pub(crate) fn meet<'a>(kind: Kind, left: &'a Pattern, right: &'a Pattern) -> Option<&'a Pattern> {
    if left.covers(kind, right) {
        Some(right)
    } else if right.covers(kind, left) {
        Some(left)
    } else {
        None
    }
}

/// What is left of a scope that somebody consented to under a ceiling: what is
/// declared or allowed. A ceiling without a scope takes nothing away, whereas a
/// person who says yes to `network.request` says yes to names and to no address.
pub(crate) fn under<'a>(
    kind: Kind,
    ceiling: &'a Pattern,
    scope: &'a Pattern,
) -> Option<&'a Pattern> {
    if ceiling.is_any() { Some(scope) } else { meet(kind, scope, ceiling) }
}

/// Whether all of `scope` is denied.
pub(crate) fn denies(kind: Kind, denied: &Pattern, scope: &Pattern) -> bool {
    denied.is_any() || denied.covers(kind, scope)
}

/// Whether some object may be in both. Errs on the side of yes: it is asked for
/// what is taken away (denials, revocations), where too much is safe.
pub(crate) fn may_overlap(kind: Kind, left: &Pattern, right: &Pattern) -> bool {
    if left.is_any() || right.is_any() || left.covers(kind, right) || right.covers(kind, left) {
        return true;
    }
    match kind {
        Kind::EventsPublish | Kind::EventsSubscribe => {
            subjects_may_overlap(left.as_str(), right.as_str())
        }
        // `/a/*` and `/a/b/**` share `/a/b` without one covering the other.
        Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete => {
            match (left.path(), right.path()) {
                (Some(left), Some(right)) => left.starts_with(right) || right.starts_with(left),
                _ => true,
            }
        }
        Kind::NetworkRequest => match (left.network(), right.network()) {
            (Some(left), Some(right)) => left.may_overlap(right),
            _ => true,
        },
        Kind::SecretsUse => match (left.secret(), right.secret()) {
            (Some(left), Some(right)) => left.may_overlap(right),
            _ => true,
        },
        // Exact names and prefixes overlap only when one covers the other.
        _ => false,
    }
}

fn subjects_may_overlap(left: &str, right: &str) -> bool {
    let mut left = left.split('.');
    let mut right = right.split('.');
    loop {
        match (left.next(), right.next()) {
            (Some(">"), Some(_)) | (Some(_), Some(">")) | (None, None) => return true,
            (Some("*"), Some(_)) | (Some(_), Some("*")) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(kind: Kind, text: &str) -> Pattern {
        Pattern::parse(kind, text).unwrap()
    }

    #[test]
    fn overlap_is_never_denied_where_a_shared_object_exists() {
        let table: &[(Kind, &[&str], &[&str])] = &[
            (
                Kind::EventsSubscribe,
                &["a", "a.b", "a.*", "*.b", "a.>", ">", "a.*.c", "*", "x.y"],
                &["a", "a.b", "a.c", "x.b", "a.b.c", "x.y"],
            ),
            (
                Kind::FilesRead,
                &["/a/**", "/a/*", "/a/b/**", "/a/b", "/ab/**", "/**", "/a/b/*"],
                &["/a", "/a/b", "/a/b/c", "/ab", "/ab/c", "/x"],
            ),
            (Kind::StorageRead, &["a*", "ab*", "abc", "b", "*"], &["a", "ab", "abc", "b", "bc"]),
        ];
        for (kind, scopes, objects) in table {
            for left in *scopes {
                for right in *scopes {
                    let (l, r) = (scope(*kind, left), scope(*kind, right));
                    let shared = objects
                        .iter()
                        .find(|object| l.matches(*kind, object) && r.matches(*kind, object));
                    if let Some(object) = shared {
                        assert!(may_overlap(*kind, &l, &r), "{left} and {right} share {object}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_meet_is_the_narrower_scope_and_nothing_for_strangers() {
        let kind = Kind::FilesRead;
        let (wide, narrow) = (scope(kind, "/data/**"), scope(kind, "/data/in/**"));
        assert_eq!(meet(kind, &wide, &narrow), Some(&narrow));
        assert_eq!(meet(kind, &narrow, &wide), Some(&narrow));
        assert_eq!(meet(kind, &Pattern::any(), &narrow), Some(&narrow));
        assert_eq!(meet(kind, &narrow, &scope(kind, "/other/**")), None);
    }
}
