//! What the other side may not do.

use crate::frames::FrameError;
use crate::jsonrpc::{Id, MessageError};

/// The other side broke the protocol. The offending message has no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The bytes are not a frame.
    #[error("{0}")]
    Frame(FrameError),
    /// The frame is not a message.
    #[error("{0}")]
    Message(MessageError),
    /// A reply to something that was never asked.
    #[error("a reply to request {id}, which was never sent")]
    ForgedReply {
        /// The id of the reply.
        id: Id,
    },
    /// A second reply to the same request.
    #[error("a second reply to request {id}")]
    RepeatedReply {
        /// The id of the reply.
        id: Id,
    },
    /// A request with the id of another one that is not answered yet.
    #[error("request id {id} is used again before it was answered")]
    ReusedId {
        /// The id.
        id: Id,
    },
    /// More requests at once than allowed.
    #[error("more than {maximum} requests at once")]
    TooManyInFlight {
        /// Most requests that may wait for an answer.
        maximum: usize,
    },
    /// A method that this side does not have.
    #[error("unknown method `{}`", ringfence_types::UntrustedText::new(method))]
    UnknownMethod {
        /// The method, cut to 128 bytes.
        method: String,
    },
    /// A message that does not fit the state: calls before the handshake, a
    /// handshake reply of the wrong shape.
    #[error("{what}")]
    OutOfOrder {
        /// What was wrong, as a lowercase fragment.
        what: &'static str,
    },
    /// So many violations that nothing more is read.
    #[error("more than {maximum} violations; nothing more is read")]
    TooMany {
        /// Most violations that are reported one by one.
        maximum: usize,
    },
}

impl Violation {
    /// Whether the stream can no longer be trusted to mean anything, so that the
    /// only sound answer is to stop the plugin.
    ///
    /// The others can come from a clumsy program as well as from a hostile one.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::Frame(
                FrameError::TooLarge { .. }
                    | FrameError::TooDeep { .. }
                    | FrameError::TooManyValues { .. }
            ) | Self::TooManyInFlight { .. }
                | Self::TooMany { .. }
        )
    }

    /// A stable word for records and `--json`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Frame(_) => "frame",
            Self::Message(_) => "message",
            Self::ForgedReply { .. } => "forged_reply",
            Self::RepeatedReply { .. } => "repeated_reply",
            Self::ReusedId { .. } => "reused_id",
            Self::TooManyInFlight { .. } => "too_many_in_flight",
            Self::UnknownMethod { .. } => "unknown_method",
            Self::OutOfOrder { .. } => "out_of_order",
            Self::TooMany { .. } => "too_many_violations",
        }
    }
}

impl From<MessageError> for Violation {
    fn from(error: MessageError) -> Self {
        Self::Message(error)
    }
}
