//! What a plugin hears when a call has no result: JSON-RPC error objects with
//! stable codes.

use ringfence_types::{Denial, DenialCode, Kind, UntrustedText};
use serde_json::{Map, Value, json};

/// Most characters of a stranger's text that an answer repeats.
const MAX_SHOWN: usize = 256;

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No such method.
    #[error("no method `{}`", UntrustedText::new(method))]
    UnknownMethod {
        /// What was called, cut to a bounded length.
        method: String,
    },
    /// The parameters are not those of the method.
    #[error("{reason}")]
    InvalidParams {
        /// What is wrong with them.
        reason: String,
    },
    /// A decision said no; nothing was performed.
    #[error(transparent)]
    Denied(Denial),
    /// Allowed, but there is nothing of that name.
    #[error("{kind}: {reason}")]
    NotFound {
        /// What was tried.
        kind: Kind,
        /// On what.
        object: String,
        /// What is missing.
        reason: String,
    },
    /// Allowed and tried, but it failed.
    #[error("{kind}: {reason}")]
    Failed {
        /// What was tried.
        kind: Kind,
        /// On what.
        object: String,
        /// What went wrong.
        reason: String,
    },
}

impl CallError {
    pub(crate) fn unknown_method(method: &str) -> Self {
        Self::UnknownMethod { method: shown(method) }
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::InvalidParams { reason: reason.into() }
    }

    /// The JSON-RPC error code. Part of the plugin interface.
    #[must_use]
    pub const fn code(&self) -> i32 {
        match self {
            Self::UnknownMethod { .. } => -32601,
            Self::InvalidParams { .. } => -32602,
            Self::Denied(denial) => match denial.code {
                DenialCode::NotGranted | DenialCode::NotRecorded => -32001,
                DenialCode::Budget => -32002,
                DenialCode::Invalid => -32602,
            },
            Self::NotFound { .. } => -32003,
            Self::Failed { .. } => -32000,
        }
    }

    /// The word for `code` in `data`. Part of the plugin interface.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::UnknownMethod { .. } => "unknown_method",
            Self::InvalidParams { .. } => "invalid",
            Self::Denied(denial) => match denial.code {
                DenialCode::NotGranted => "not_granted",
                DenialCode::NotRecorded => "not_recorded",
                DenialCode::Budget => "budget",
                DenialCode::Invalid => "invalid",
            },
            Self::NotFound { .. } => "not_found",
            Self::Failed { .. } => "failed",
        }
    }

    /// The JSON-RPC error object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut data = Map::new();
        data.insert("code".into(), self.word().into());
        match self {
            Self::UnknownMethod { .. } | Self::InvalidParams { .. } => {}
            Self::Denied(denial) => {
                data.insert("kind".into(), denial.kind.word().into());
                data.insert("object".into(), shown(&denial.object).into());
                if let Some(by) = denial.withheld_by {
                    data.insert("withheldBy".into(), json!(by));
                }
                if let Some(repair) = &denial.repair {
                    data.insert("repair".into(), repair.as_str().into());
                }
            }
            Self::NotFound { kind, object, .. } | Self::Failed { kind, object, .. } => {
                data.insert("kind".into(), kind.word().into());
                data.insert("object".into(), shown(object).into());
            }
        }
        json!({ "code": self.code(), "message": self.to_string(), "data": data })
    }
}

/// The beginning of a stranger's text, cut at a character.
pub(crate) fn shown(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_SHOWN);
    match text.get(..end) {
        Some(head) if end < text.len() => format!("{head}..."),
        _ => text.to_owned(),
    }
}
