//! Patterns of paths: `*` is anything within one name, `**` is any number of folders.

/// A pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
}

impl Glob {
    /// This pattern.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a path is one of these.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        // For each place in the pattern, which places in the path it can stand at: no
        // pattern takes longer than the product of both lengths.
        let mut reached = vec![false; path.len() + 1];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        for part in self.text.split('/') {
            let mut next = vec![false; path.len() + 1];
            if part == "**" {
                let mut open = false;
                for (here, there) in reached.iter().zip(&mut next) {
                    open |= *here;
                    *there = open;
                }
            } else {
                for (number, name) in path.iter().enumerate() {
                    let here = reached.get(number).copied().unwrap_or(false);
                    if here
                        && name_matches(part.as_bytes(), name.as_bytes())
                        && let Some(there) = next.get_mut(number + 1)
                    {
                        *there = true;
                    }
                }
            }
            reached = next;
        }
        reached.last().copied().unwrap_or(false)
    }
}

/// One name against one part, with the usual two-place search for `*`.
fn name_matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(byte) if name.get(n) == Some(byte) => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((back, from)) => {
                    star = Some((back, from + 1));
                    p = back + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_within_a_name_and_two_of_them_do_not() {
        let matches = |glob: &str, path: &str| Glob::new(glob).matches(path);
        assert!(matches("dist/*.js", "dist/a.min.js"));
        assert!(!matches("dist/*.js", "dist/b/a.js"));
        assert!(matches("**/a.js", "a.js"));
        assert!(matches("**/a.js", "x/y/a.js"));
        assert!(matches("x/**", "x/y/a.js"));
        assert!(!matches("x/**", "z/y/a.js"));
        assert!(matches("a*b*c", "aXbYbZc"));
        assert!(!matches("a", "ab"));
        assert!(!matches(&"*a".repeat(2000), &"a".repeat(1999)));
    }
}
