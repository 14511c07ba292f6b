//! Whether anybody wrote to the list of installed plugins, without reading it.

use ringfence_store::FILE;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Times of files are as coarse as the kernel's clock tick (10 ms at most), so what was
/// written this recently may be written once more without looking different.
const COARSE: Duration = Duration::from_millis(100);

/// Which file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

/// One file: which it is, and when it was last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    identity: Identity,
    size: u64,
    written: (i64, i64),
    changed: (i64, i64),
}

/// What the files of the list look like from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    state: Option<Mark>,
    journal: Option<Mark>,
}

impl Marks {
    /// Looks at them.
    ///
    /// # Errors
    /// When the system refuses, or the home is gone.
    pub(super) fn of(home: &Path) -> io::Result<Self> {
        let state = mark(&home.join(FILE))?;
        if state.is_none() {
            // A home that is gone is not one without a list.
            home.metadata()?;
        }
        let journal = mark(&home.join(format!("{FILE}-wal")))?;
        Ok(Self { state, journal })
    }

    /// Which file the list is; none when there is none.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.state.map(|state| state.identity)
    }

    /// Whether the database itself is as it was, whatever its journal has taken in.
    pub(super) fn has_same_base(&self, other: &Self) -> bool {
        self.state == other.state
    }

    /// Whether it could be written once more and still look like this.
    pub(super) fn is_fresh(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        [self.state, self.journal].into_iter().flatten().any(|mark| {
            let (seconds, nanos) = mark.written;
            let at = Duration::new(
                u64::try_from(seconds).unwrap_or_default(),
                u32::try_from(nanos).unwrap_or_default(),
            );
            // A time in the future says nothing: it is looked at again each time.
            now.checked_sub(at).is_none_or(|age| age < COARSE)
        })
    }
}

fn mark(path: &Path) -> io::Result<Option<Mark>> {
    let found: Metadata = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    Ok(Some(Mark {
        identity: Identity(found.dev(), found.ino()),
        size: found.size(),
        written: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_list_that_is_written_or_replaced_looks_different_and_one_that_is_read_does_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE);
        let nothing = Marks::of(home.path()).unwrap();
        assert_eq!(nothing.identity(), None);
        fs::write(&path, "one").unwrap();
        let one = Marks::of(home.path()).unwrap();
        assert!(one != nothing && one.is_fresh());
        fs::read(&path).unwrap();
        assert_eq!(Marks::of(home.path()).unwrap(), one);
        fs::write(home.path().join(format!("{FILE}-wal")), "more").unwrap();
        let more = Marks::of(home.path()).unwrap();
        assert!(more != one && more.has_same_base(&one));
        fs::write(home.path().join("new"), "one").unwrap();
        fs::rename(home.path().join("new"), &path).unwrap();
        let replaced = Marks::of(home.path()).unwrap();
        assert!(replaced.identity() != one.identity() && !replaced.has_same_base(&one));
    }

    #[test]
    fn a_home_that_is_gone_is_not_one_without_a_list() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().to_owned();
        assert!(Marks::of(&path).is_ok());
        drop(home);
        assert!(Marks::of(&path).is_err());
    }
}
