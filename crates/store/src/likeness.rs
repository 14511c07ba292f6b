//! What a person takes two names for.

use ringfence_types::PluginName;

/// What a name looks like at a glance: two names with the same likeness are not installed
/// beside each other. Upper and lower case are the same, and so are `-`, `_` and `.` (as on
/// PyPI), `0` and `o`, `1`, `l` and `i`, `rn` and `m`, `vv` and `w`. A name holds nothing
/// but ASCII, so there are no look-alikes of other scripts.
#[must_use]
pub fn likeness(name: &PluginName) -> String {
    let mut folded = String::with_capacity(name.as_str().len());
    for c in name.as_str().chars() {
        match c.to_ascii_lowercase() {
            '-' | '_' | '.' => {
                // PyPI takes any run of them for one.
                if !folded.ends_with('-') {
                    folded.push('-');
                }
            }
            '0' => folded.push('o'),
            '1' | 'i' => folded.push('l'),
            other => folded.push(other),
        }
    }
    folded.replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> String {
        likeness(&name.parse().unwrap())
    }

    #[test]
    fn names_that_a_person_mixes_up_have_one_likeness_and_others_do_not() {
        for (left, right) in [
            ("Tool", "tool"),
            ("my-tool", "my_tool"),
            ("my.tool", "my--tool"),
            ("t00l", "tool"),
            ("maiI", "mail"),
            ("modem", "modern"),
            ("vvater", "water"),
            ("@acme/tool", "@acme/t0ol"),
        ] {
            assert_eq!(of(left), of(right), "{left} {right}");
        }
        for (left, right) in [("tool", "tools"), ("@acme/tool", "tool"), ("@a/b", "@b/a")] {
            assert_ne!(of(left), of(right), "{left} {right}");
        }
    }
}
