//! Why nothing of a feed counts.

use ringfence_types::UntrustedText;

/// Why nothing of a feed counts. What was accepted before stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// It is larger than any feed.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// It is no feed, or not written as one.
    #[error("it is no feed: {}", UntrustedText::new(.0))]
    Form(String),
    /// It has more facts than a feed may have.
    #[error("it has more than {0} facts")]
    TooMany(usize),
    /// Too few of those who have to sign it did.
    #[error("it is signed by {found} of the keys that count, and {needed} have to")]
    Unsigned {
        /// Whose signatures hold.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// Its time is over: somebody may hold back the newer one.
    #[error("it is out of date, by {0} s; somebody may hold back a newer one")]
    Expired(u64),
    /// It says that it was made in the future.
    #[error("it says that it was made in the future")]
    Early,
    /// It is older than what was accepted.
    #[error("it is number {found}, and number {accepted} was accepted before")]
    Older {
        /// Its sequence number.
        found: u64,
        /// That of what was accepted.
        accepted: u64,
    },
    /// It has the number of what was accepted, and says something else.
    #[error("it is number {0} again, and says something else than before")]
    Forked(u64),
    /// It is another feed of the same signers.
    #[error(
        "it is the feed `{}`, and `{}` was accepted before",
        UntrustedText::new(found),
        UntrustedText::new(accepted)
    )]
    Other {
        /// What it calls itself.
        found: String,
        /// What the accepted one called itself.
        accepted: String,
    },
}

/// Why nobody can be asked to sign like that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignersError {
    /// No key, too many, or one twice.
    #[error("a feed has 1 to {0} signers, each key once")]
    Number(usize),
    /// More signatures are wanted than there are keys, or none.
    #[error("{threshold} signatures cannot come from {signers} keys")]
    Threshold {
        /// How many are wanted.
        threshold: usize,
        /// Of how many keys.
        signers: usize,
    },
    /// Another kind of key.
    #[error("a feed is signed by Ed25519 keys; this one is {0}")]
    Kind(String),
}

impl FeedError {
    /// In a few letters, however many a stranger has put into it.
    pub(crate) fn form(error: &impl ToString) -> Self {
        Self::Form(error.to_string().chars().take(300).collect())
    }
}
