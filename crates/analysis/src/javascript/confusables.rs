//! Names of a program that a reader takes for other ones.

use crate::names::skeleton;

/// The first name in the text that looks like another name of it, or that mixes
/// letters of Cyrillic with the Latin ones they look like.
pub(crate) fn misleading<'a>(
    text: &str,
    names: &(impl Iterator<Item = &'a str> + Clone),
) -> Option<&'a str> {
    let twins: Vec<(&str, String)> = names
        .clone()
        .filter(|name| !name.is_ascii() && !name.chars().any(is_accented))
        .map(|name| (name, skeleton(name)))
        .filter(|(_, looks)| looks.is_ascii())
        .collect();
    let has_twin =
        |looks: &str| names.clone().any(|name| name.is_ascii() && name.eq_ignore_ascii_case(looks));
    twins
        .iter()
        .filter(|(name, looks)| is_mixed(name) || has_twin(looks))
        .map(|(name, _)| *name)
        .min_by_key(|name| (text.find(name), *name))
}

/// A letter of a language that is written in Latin letters.
fn is_accented(letter: char) -> bool {
    matches!(letter, '\u{c0}'..='\u{24f}')
}

/// Latin and Cyrillic letters in one name: no language does that.
fn is_mixed(name: &str) -> bool {
    name.chars().any(|letter| letter.is_ascii_alphabetic())
        && name.chars().any(|letter| matches!(letter, '\u{400}'..='\u{52f}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&'static str]) -> Option<&'static str> {
        misleading(&names.join(" "), &names.iter().copied())
    }

    #[test]
    fn a_name_that_looks_like_another_is_found() {
        assert_eq!(found(&["admin", "\u{430}dmin"]), Some("\u{430}dmin"));
        assert_eq!(found(&["x", "\u{443}\u{441}t"]), Some("\u{443}\u{441}t"));
        assert_eq!(found(&["a", "\u{251}"]), Some("\u{251}"));
    }

    #[test]
    fn names_in_the_language_of_their_writer_are_left_alone() {
        assert_eq!(found(&["cafe", "caf\u{e9}"]), None);
        assert_eq!(found(&["\u{440}\u{443}\u{43a}\u{430}", "hand"]), None);
        assert_eq!(found(&["\u{394}x", "\u{3bc}s", "ms"]), None);
    }
}
