//! One file of a package, as lists of them name it.

use crate::digest::Digest;
use serde::{Deserialize, Serialize};

/// One file, or one link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// From the package's root, with `/`.
    pub path: String,
    /// Bytes; 0 for a link.
    pub size: u64,
    /// Of the content, or of a link's target as text.
    pub digest: Digest,
    /// Whether it may be executed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// Where it leads, if it is a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}
