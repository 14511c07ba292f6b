//! A defect of ours, or of a parser, that one file sets off costs that file alone: the
//! others are looked at all the same, or anybody could hide a package behind it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::place::FileId;

/// Why a file was not evaluated that set a defect off.
pub(crate) const DEFECT: &str = "its evaluation failed: this is a defect of ours";
/// Why files were not evaluated together.
pub(crate) const APART: &str = "it was followed without the files around it: a defect of ours";

/// What came of files that belong together.
pub(crate) struct Survived<T> {
    /// What they gave: all together, or each for itself.
    pub(crate) given: Vec<T>,
    /// The files that gave nothing.
    pub(crate) failed: Vec<FileId>,
    /// Whether each was looked at for itself.
    pub(crate) is_apart: bool,
}

/// Runs something that may fail by a defect; nothing, if it does.
pub(crate) fn attempt<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}

/// Evaluates files together and, should that fail, each for itself.
pub(crate) fn survive<T>(files: &[FileId], evaluate: impl Fn(&[FileId]) -> T) -> Survived<T> {
    if let Some(all) = attempt(|| evaluate(files)) {
        return Survived { given: vec![all], failed: Vec::new(), is_apart: false };
    }
    let mut survived = Survived { given: Vec::new(), failed: Vec::new(), is_apart: true };
    for file in files {
        match attempt(|| evaluate(&[*file])) {
            Some(one) => survived.given.push(one),
            None => survived.failed.push(*file),
        }
    }
    survived
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_sets_a_defect_off_hides_no_other() {
        let files: Vec<FileId> = (0..4).map(FileId).collect();
        let survived = survive(&files, |some| {
            assert!(!some.contains(&FileId(2)), "a defect");
            some.to_vec()
        });
        assert_eq!(survived.given, [[FileId(0)], [FileId(1)], [FileId(3)]]);
        assert_eq!(survived.failed, [FileId(2)]);
        assert!(survived.is_apart);
        let whole = survive(&files, <[FileId]>::to_vec);
        assert_eq!(whole.given, [files]);
        assert!(whole.failed.is_empty() && !whole.is_apart);
    }
}
