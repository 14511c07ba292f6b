//! What is analysed: the files of a package, as bytes.

use std::borrow::Cow;

use crate::place::FileId;

/// One file of a package.
#[derive(Clone, Debug)]
pub struct SourceFile<'a> {
    /// Path from the package's root, with `/` between its parts.
    pub path: String,
    /// The whole content.
    pub bytes: Cow<'a, [u8]>,
}

/// The files of a package, in the order of their paths whatever order they came in,
/// so that the same bytes give the same report.
#[derive(Clone, Debug, Default)]
pub struct Tree<'a> {
    files: Vec<SourceFile<'a>>,
}

impl<'a> Tree<'a> {
    /// A tree of these files. Of two files with one path the first is kept.
    #[must_use]
    pub fn new(mut files: Vec<SourceFile<'a>>) -> Self {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files.dedup_by(|later, earlier| later.path == earlier.path);
        Self { files }
    }

    /// All files with their names.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile<'a>)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// The file of this name.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<&SourceFile<'a>> {
        self.files.get(usize::try_from(id.0).ok()?)
    }

    /// The file at this path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        let position = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        u32::try_from(position).ok().map(FileId)
    }
}
