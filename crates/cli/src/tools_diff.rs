//! Two definitions side by side, for a person.

use ringfence::{PinRow, definition_lines};
use ringfence_types::UntrustedText;

/// Most lines of a definition that are compared; of longer ones all of both is shown.
const MOST_LINES: usize = 1500;
/// Lines around a change that are shown.
const AROUND: usize = 2;

/// Lines with `-` for what was pinned and `+` for what is held. Every line begins with a sign
/// of ours, so that no text in it can pass for another one.
pub(crate) fn difference(before: Option<&str>, after: &str) -> Vec<String> {
    let after = definition_lines(after);
    let Some(before) = before.map(definition_lines) else {
        return after.iter().map(|line| format!("+ {line}")).collect();
    };
    if before.len() > MOST_LINES || after.len() > MOST_LINES {
        let mut lines: Vec<String> = before.iter().map(|line| format!("- {line}")).collect();
        lines.extend(after.iter().map(|line| format!("+ {line}")));
        return lines;
    }
    near(&aligned(&before, &after))
}

/// A whole definition that is pinned.
pub(crate) fn whole(row: &PinRow) -> Vec<String> {
    let Some(pinned) = &row.pinned else { return Vec::new() };
    let mut lines = vec![format!("{} `{}`", row.kind, UntrustedText::new(&row.name))];
    lines.extend(definition_lines(&pinned.text).into_iter().map(|line| format!("  | {line}")));
    lines
}

/// Sign and text of every line, by the longest common subsequence.
fn aligned(before: &[String], after: &[String]) -> Vec<(char, String)> {
    let width = after.len() + 1;
    let mut longest = vec![0_u16; (before.len() + 1) * width];
    let at = |longest: &[u16], row: usize, column: usize| {
        longest.get(row * width + column).copied().unwrap_or(0)
    };
    for (row, old) in before.iter().enumerate().rev() {
        for (column, new) in after.iter().enumerate().rev() {
            let value = if old == new {
                at(&longest, row + 1, column + 1).saturating_add(1)
            } else {
                at(&longest, row + 1, column).max(at(&longest, row, column + 1))
            };
            if let Some(cell) = longest.get_mut(row * width + column) {
                *cell = value;
            }
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut lines = Vec::with_capacity(before.len() + after.len());
    loop {
        match (before.get(row), after.get(column)) {
            (Some(old), Some(new)) if old == new => {
                lines.push((' ', old.clone()));
                (row, column) = (row + 1, column + 1);
            }
            (Some(old), new)
                if new.is_none()
                    || at(&longest, row + 1, column) >= at(&longest, row, column + 1) =>
            {
                lines.push(('-', old.clone()));
                row += 1;
            }
            (_, Some(new)) => {
                lines.push(('+', new.clone()));
                column += 1;
            }
            (_, None) => return lines,
        }
    }
}

/// Only what is near a change.
fn near(lines: &[(char, String)]) -> Vec<String> {
    let is_change = |at: usize| lines.get(at).is_some_and(|(sign, _)| *sign != ' ');
    let mut shown = Vec::new();
    let mut left_out = false;
    for (at, (sign, line)) in lines.iter().enumerate() {
        let around = at.saturating_sub(AROUND)..=at.saturating_add(AROUND);
        if around.clone().any(is_change) {
            shown.push(format!("{sign} {line}"));
            left_out = false;
        } else if !left_out {
            shown.push("  ...".to_owned());
            left_out = true;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_is_around_it_and_nothing_else() {
        let before = r#"{"a":1,"b":2,"c":3,"d":"one\ntwo\nthree","e":5,"f":6,"g":7}"#;
        let after = r#"{"a":1,"b":2,"c":3,"d":"one\nTWO\nthree","e":5,"f":6,"g":7}"#;
        let lines = difference(Some(before), after);
        let changed: Vec<&String> = lines.iter().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(changed, [r"-     two\n", r"+     TWO\n"], "{lines:?}");
        assert!(lines.len() < 9, "{lines:?}");
    }

    #[test]
    fn no_text_of_a_definition_moves_a_cursor_or_begins_a_line() {
        let hostile = "\"\\u001b[2J\\n+ clean\\n- \\u202eevil\\u200b\\r\\u009b1A\"";
        for before in [None, Some("\"x\"")] {
            for line in difference(before, hostile) {
                assert!(line.starts_with(['+', '-', ' ']), "{line:?}");
                assert_eq!(UntrustedText::new(&line).to_string(), line);
            }
        }
    }

    #[test]
    fn what_is_too_long_to_compare_is_shown_whole() {
        let long = |text: &str| format!("[{}\"{text}\"]", "1,".repeat(MOST_LINES));
        let lines = difference(Some(&long("a")), &long("b"));
        assert!(lines.len() > 2 * MOST_LINES);
        assert!(lines.iter().any(|line| line.contains("\"a\"")), "the old one is there");
    }
}
