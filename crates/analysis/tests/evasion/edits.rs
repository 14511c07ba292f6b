//! Replacing parts of a text.

/// Parts of a text and what they become. Parts must not overlap.
#[derive(Default)]
pub(crate) struct Edits {
    parts: Vec<(usize, usize, String)>,
}

impl Edits {
    pub(crate) fn replace(&mut self, start: u32, end: u32, with: impl Into<String>) {
        self.parts.push((start as usize, end as usize, with.into()));
    }

    /// The text with all of them made; nothing where there is nothing to change.
    pub(crate) fn apply(mut self, text: &str) -> Option<String> {
        self.parts.sort();
        self.parts.dedup();
        let mut changed = text.to_owned();
        for (start, end, with) in self.parts.iter().rev() {
            changed.replace_range(*start..*end, with);
        }
        (!self.parts.is_empty()).then_some(changed)
    }
}
