//! How much work a package may cause. None of it is time: the same package is cut at
//! the same place on every machine.

/// Bounds of one analysis. What is past one is said in the facts, never passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of one file of code, in bytes; a larger one is not parsed.
    pub file_bytes: usize,
    /// Most bytes of code in all files together, in bytes.
    pub total_bytes: usize,
    /// Most files of code.
    pub files: usize,
    /// Most pieces of code that are found inside commands and strings.
    pub inner_pieces: usize,
    /// How often code may be found inside code that was found inside code.
    pub inner_depth: u32,
}

impl Default for Limits {
    /// Enough for the largest honest packages that were measured, twice over.
    fn default() -> Self {
        Self {
            file_bytes: 24 << 20,
            total_bytes: 512 << 20,
            files: 100_000,
            inner_pieces: 4_096,
            inner_depth: 6,
        }
    }
}
