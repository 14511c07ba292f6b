//! The one door from a running plugin to the broker.

use ringfence_protocol::{BrokerRequest, ReplyError};
use serde::Serialize;
use serde_json::Value;

/// What a plugin did through the broker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EffectUsage {
    /// Calls of any kind.
    pub calls: u64,
    /// File operations.
    pub file_operations: u64,
    /// Refused calls.
    pub denials: u64,
}

/// Decides, performs and records the effects of one instance.
pub(crate) trait Effects: Send {
    /// A new action begins: counters per action start again.
    fn begin_action(&mut self);
    /// One request of the plugin.
    fn call(&mut self, request: BrokerRequest) -> Result<Value, ReplyError>;
    /// Totals so far.
    fn usage(&self) -> EffectUsage;
}

/// Refuses every request: for instances without a control channel.
pub(crate) struct NoEffects;

impl Effects for NoEffects {
    fn begin_action(&mut self) {}

    fn call(&mut self, request: BrokerRequest) -> Result<Value, ReplyError> {
        Err(ReplyError::failed("unavailable", request.method()))
    }

    fn usage(&self) -> EffectUsage {
        EffectUsage::default()
    }
}
