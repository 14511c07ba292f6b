//! Why the state cannot be read or written.

use ringfence_private::PrivateError;
use ringfence_types::UntrustedText;
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why the state cannot be read or written. Whatever it is, nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file is not ours alone, or the system refuses.
    #[error("the list of installed plugins: {0}")]
    Private(#[from] PrivateError),
    /// The file is a database of something else.
    #[error("`{}` is a database of another program", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The file is not what was written.
    #[error("the list of installed plugins, `{}`, is damaged", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// A row says what no version of this program writes.
    #[error("the list of installed plugins holds a {what} that cannot be read")]
    Row {
        /// What cannot be read.
        what: &'static str,
    },
    /// Written by a newer version.
    #[error("the list of installed plugins has format {found}, this version knows up to {known}")]
    NewerFormat {
        /// The format of the file.
        found: usize,
        /// The newest format that this version knows.
        known: usize,
    },
    /// Another process holds the file for too long.
    #[error("another process is changing the list of installed plugins")]
    Busy,
    /// No room on the file system.
    #[error("the file system is full")]
    Full,
    /// No plugin of this name is installed.
    #[error("no plugin `{}` is installed", UntrustedText::new(name))]
    NotInstalled {
        /// What was asked for.
        name: String,
    },
    /// A rating that is none.
    #[error("a rating is 1 to 5")]
    Stars,
    /// A name that a person takes for another one.
    #[error("`{name}` is easily taken for `{installed}`, which is installed")]
    Similar {
        /// The new name.
        name: String,
        /// What is installed.
        installed: String,
    },
    /// Another process was faster.
    #[error("`{name}` was changed by another process meanwhile")]
    Changed {
        /// Which plugin.
        name: String,
    },
    /// There is nothing to go back to.
    #[error("there is no earlier version of `{name}` to go back to")]
    NoEarlier {
        /// Which plugin.
        name: String,
    },
    /// A feed recalls it.
    #[error(
        "`{name}` is recalled by the feed `{feed}` ({}): {}",
        UntrustedText::new(fact),
        UntrustedText::new(reason)
    )]
    Recalled {
        /// What was to be installed.
        name: String,
        /// Which feed.
        feed: String,
        /// Which fact of it; a stranger's text.
        fact: String,
        /// Why; a stranger's text.
        reason: String,
    },
    /// No feed of this name is followed.
    #[error("no feed `{}` is followed", UntrustedText::new(name))]
    NoFeed {
        /// What was asked for.
        name: String,
    },
    /// A feed of this name is followed, or there are too many.
    #[error("a feed `{name}` is followed already, or {most} of them are")]
    FeedThere {
        /// What it was to be called.
        name: String,
        /// How many can be followed.
        most: i64,
    },
    /// Nobody waits for this answer.
    #[error(
        "no question `{}` is open: it was answered, or its time is over",
        UntrustedText::new(id)
    )]
    NoQuestion {
        /// What was answered.
        id: String,
    },
    /// It is in a state in which this cannot be done.
    #[error("`{name}` is {state}: {reason}")]
    State {
        /// Which plugin.
        name: String,
        /// In which state.
        state: &'static str,
        /// Why it is in it.
        reason: String,
    },
    /// The home cannot be looked at.
    #[error("`{}` cannot be looked at: {error}", path.display())]
    Home {
        /// Which folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Anything else.
    #[error("the list of installed plugins cannot be used")]
    Database {
        /// What the database said.
        source: rusqlite::Error,
    },
}

impl From<rusqlite::Error> for StateError {
    fn from(source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path: PathBuf::from(crate::FILE) }
            }
            _ => Self::Database { source },
        }
    }
}

impl StateError {
    /// When the home `path` cannot be looked at.
    #[must_use]
    pub fn unreadable(path: &Path, error: std::io::Error) -> Self {
        Self::Home { path: path.to_owned(), error }
    }

    /// Whether it may be otherwise a moment later, with nobody mending anything.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Busy | Self::Full | Self::Database { .. } | Self::Private(_))
    }

    /// What mends it, where it can be told.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            // A journal that stays behind would be brought into the next file.
            Self::Foreign { path: file } | Self::Damaged { path: file } => Some(format!(
                "`mkdir {0}.old && mv {1}* {0}.old/`, then install your plugins again; what they \
                 may do is asked anew",
                file.with_extension("").display(),
                file.display()
            )),
            Self::NewerFormat { .. } => {
                Some("use the version of ringfence that wrote it, or a newer one".to_owned())
            }
            Self::NotInstalled { .. } => Some("what is installed: ringfence list".to_owned()),
            Self::Similar { installed, .. } => Some(format!(
                "look at both names; if you mean the new one: ringfence remove {installed}"
            )),
            Self::Recalled { feed, fact, .. } => Some(format!(
                "if you know better: ringfence feed ignore {feed} '{}'",
                UntrustedText::new(fact)
            )),
            Self::NoFeed { .. } => Some("which are: ringfence feed list".to_owned()),
            Self::FeedThere { name, .. } => Some(format!("ringfence feed remove {name}")),
            Self::NoQuestion { .. } => Some("what is open: ringfence approvals".to_owned()),
            Self::Changed { .. } | Self::Busy => Some("look at it again, and repeat".to_owned()),
            _ => None,
        }
    }
}
