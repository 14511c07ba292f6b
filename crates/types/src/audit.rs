//! What is recorded, and the door through which it is recorded.

use crate::{InstanceId, UntrustedText};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How much a reader should care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Normal operation.
    Info,
    /// Something was refused or nearly used up.
    Warning,
    /// Something failed.
    Error,
    /// A sign of an attack or of a broken wall.
    Critical,
}

/// What happened: the closed list of things the log knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A package was read and checked.
    PackageRead,
    /// A package, manifest or input was refused before anything ran.
    Refused,
    /// Somebody granted capabilities.
    Granted,
    /// Somebody revoked capabilities.
    Revoked,
    /// A secret of the store was set or removed, or all were encrypted anew; recorded
    /// before it is done. The metadata says which by name.
    SecretChanged,
    /// A publisher's key was trusted or is trusted no more; recorded before it is done. The
    /// metadata says which.
    TrustChanged,
    /// Advisories were imported; recorded before they count. The metadata says from where.
    AdvisoriesChanged,
    /// A feed of recalls was followed, accepted, refused or is followed no more; recorded
    /// before it counts. The metadata says which.
    FeedChanged,
    /// A plugin was installed, updated, rolled back, removed, switched on or off, or put
    /// into or let out of quarantine; recorded before it is done. The metadata says which.
    PluginChanged,
    /// What runs was ended, or lost a grant, because that was taken back meanwhile. The
    /// metadata says why, and by whom where that is known.
    Recalled,
    /// What an MCP server says of its tools was pinned, is held because it is something else
    /// than what was pinned, or was agreed to; recorded before it counts. The metadata says
    /// which.
    Definitions,
    /// What is run of a plugin for the built-in engine was compiled, was taken from the
    /// cache of an earlier process, or could not be made. The metadata says from what
    /// and at what cost.
    Compilation,
    /// A jail was started; the metadata says what level of isolation it has.
    SandboxStarted,
    /// A jail ended; the metadata says how and what it used.
    SandboxEnded,
    /// An action of the plugin was called.
    ActionCalled,
    /// An action of the plugin ended.
    ActionEnded,
    /// An effect was allowed; recorded before it is performed.
    EffectAllowed,
    /// An allowed effect was performed; the metadata says with what outcome.
    EffectPerformed,
    /// An effect was denied.
    EffectDenied,
    /// A limit was nearly or fully used.
    Limit,
    /// The plugin broke the protocol: forged a reply, reused an id, flooded.
    Violation,
    /// The log was opened, sealed, exported or rotated.
    Log,
}

/// Who caused an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// Ringfence itself.
    System,
    /// A person or program of this operating-system user.
    User {
        /// Numeric user id.
        uid: u32,
    },
    /// The plugin.
    Plugin,
}

/// One event, before it has its place in the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// What happened.
    pub kind: EventKind,
    /// How much it matters.
    pub severity: Severity,
    /// Who caused it.
    pub actor: Actor,
    /// The instance concerned, if one is.
    pub instance: Option<InstanceId>,
    /// What happened, in words; free of control characters.
    pub message: String,
    /// Details by name.
    pub metadata: Map<String, Value>,
}

impl AuditEvent {
    /// An event of Ringfence's own at [`Severity::Info`].
    #[must_use]
    pub fn new(kind: EventKind, message: &str) -> Self {
        Self {
            kind,
            severity: Severity::Info,
            actor: Actor::System,
            instance: None,
            message: UntrustedText::new(message).to_string(),
            metadata: Map::new(),
        }
    }

    /// Sets the severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Sets who caused it.
    #[must_use]
    pub fn actor(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// Sets the instance.
    #[must_use]
    pub fn instance(mut self, instance: &InstanceId) -> Self {
        self.instance = Some(instance.clone());
        self
    }

    /// Adds one detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.to_owned(), value.into());
        self
    }
}

/// Proof that an event has its place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The record's number, counted from 1.
    pub sequence: u64,
}

/// The log could not take an event; whatever it would have recorded must not happen.
#[derive(Debug, thiserror::Error)]
#[error("the audit log cannot be written: {reason}")]
pub struct AuditError {
    /// Why, as a lowercase fragment.
    pub reason: String,
}

/// Where events go. The one implementation that writes is in the audit crate;
/// the stages that cause events know only this.
pub trait AuditSink: Send + Sync {
    /// Appends one event and returns once a crash of this process can no longer
    /// lose it.
    ///
    /// # Errors
    /// When the event could not be written whole; the caller must then refuse
    /// the effect.
    fn append(&self, event: AuditEvent) -> Result<Receipt, AuditError>;
}
