//! When a package was published, as its registry says, and whether that is long enough ago.

use crate::error::InstallError;
use jiff::Timestamp;
use ringfence_types::UntrustedText;

/// A moment as clients and registries write it; none for what is none.
pub(crate) fn text(seconds: i64) -> Option<String> {
    Timestamp::from_second(seconds).ok().map(|at| at.to_string())
}

/// Seconds since 1970 of a moment as a registry writes it.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// The latest of these moments, if each of them is there and before `before`.
///
/// # Errors
/// When one is not: what is too young, or of what nobody knows how old it is, is refused.
pub(crate) fn youngest<'a>(
    all: impl Iterator<Item = (&'a str, Option<i64>)>,
    before: i64,
) -> Result<Option<i64>, InstallError> {
    let mut latest = None;
    for (what, published) in all {
        let refused = |why: String| InstallError::Young {
            what: UntrustedText::new(&what.chars().take(214).collect::<String>()).to_string(),
            why,
        };
        let Some(published) = published else {
            let why = "its registry does not say when it was published";
            return Err(refused(why.to_owned()));
        };
        if published > before {
            let at = text(published).unwrap_or_else(|| "?".to_owned());
            return Err(refused(format!("it was published at {at}, which is too short ago")));
        }
        latest = latest.max(Some(published));
    }
    Ok(latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_that_is_too_young_or_has_no_time_is_enough() {
        let of = |all: &[(&'static str, Option<i64>)]| {
            youngest(all.iter().copied(), 100).map_err(|error| error.to_string())
        };
        assert_eq!(of(&[("a", Some(7)), ("b", Some(100))]), Ok(Some(100)));
        assert!(of(&[("a", Some(7)), ("b", Some(101))]).unwrap_err().contains("`b`"));
        assert!(of(&[("a", None), ("b", Some(7))]).unwrap_err().contains("does not say when"));
        assert_eq!(seconds("1970-01-01T00:01:40.999Z"), Some(100));
        assert_eq!(text(100).as_deref(), Some("1970-01-01T00:01:40Z"));
        assert_eq!(seconds("yesterday"), None);
    }
}
