//! A tree to facts: what each file is, who reads it, and what was found.

use crate::facts::Facts;
use crate::limits::Limits;
use crate::tree::Tree;

/// Everything that can be found out about these files within these limits.
#[must_use]
pub fn facts(_tree: &Tree<'_>, _limits: &Limits) -> Facts {
    Facts::default()
}
