//! Why something was not done with a feed.

use crate::recorded::RecordError;
use ringfence_feed::{FeedError, SignersError};
use ringfence_store::StateError;
use ringfence_types::{ExitCode, UntrustedText};

/// Why something was not done with a feed. What was accepted last stands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedsError {
    /// Where feeds stand cannot be read or changed so.
    #[error(transparent)]
    State(#[from] StateError),
    /// The log does not take it.
    #[error("the audit log: {0}")]
    Record(#[from] RecordError),
    /// Nobody can be asked to sign like that.
    #[error(transparent)]
    Signers(#[from] SignersError),
    /// What came does not count.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// A feed cannot be called that.
    #[error("`{}` is no name for a feed: 1 to 64 letters, digits, `-`, `_` and `.`", UntrustedText::new(.0))]
    Name(String),
    /// It cannot come from there.
    #[error("`{}` is no place for a feed: {why}", UntrustedText::new(source_text))]
    Source {
        /// From where.
        source_text: String,
        /// Why not.
        why: &'static str,
    },
    /// It did not come.
    #[error(
        "it cannot be fetched from `{}`: {}",
        UntrustedText::new(place),
        UntrustedText::new(why)
    )]
    Fetch {
        /// From where.
        place: String,
        /// Why not.
        why: String,
    },
}

impl FeedsError {
    /// The exit status of the command line for it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Record(_) => ExitCode::Audit,
            Self::Feed(_) => ExitCode::Refused,
            _ => ExitCode::Usage,
        }
    }

    /// What mends it, where it can be told.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::State(error) => error.help(),
            Self::Feed(FeedError::Unsigned { .. }) => {
                Some("its signers changed? ask them by another way, then add it anew".to_owned())
            }
            Self::Feed(FeedError::Expired(_) | FeedError::Older { .. } | FeedError::Forked(_)) => {
                Some("ask who makes it; what was accepted before still counts".to_owned())
            }
            _ => None,
        }
    }
}
