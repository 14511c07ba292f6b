//! What the log hears of a call.

use crate::answer::{CallError, shown};
use crate::network::method;
use crate::operation::Operation;
use ringfence_gate_network::{Ended, VisitEnded, Visitor};
use ringfence_limits::NearlyUsed;
use ringfence_types::{
    Actor, AuditError, AuditEvent, AuditSink, Denial, EventKind, InstanceId, Kind, NetworkTarget,
    Severity, UntrustedText,
};
use serde_json::json;
use std::sync::Arc;

/// Writes down what one instance does.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) instance: InstanceId,
    pub(crate) sink: Arc<dyn AuditSink>,
}

/// A stranger's text, bounded and neutralised.
fn safe(text: &str) -> String {
    UntrustedText::new(&shown(text)).to_string()
}

impl Recorder {
    /// Before the effect: no record, no effect.
    pub(crate) fn allowed(
        &self,
        method: &str,
        operation: &Operation<'_>,
    ) -> Result<(), AuditError> {
        let event = self.about(EventKind::EffectAllowed, method, operation, "allowed");
        self.append(match operation {
            Operation::Execute { arguments, .. } => {
                event.with("arguments", safe(&arguments.join(" ")))
            }
            _ => event,
        })
    }

    /// Before a connection, a request on one, or a secret in it: no record, no effect.
    pub(crate) fn allowed_object(
        &self,
        method: &str,
        kind: Kind,
        object: &str,
    ) -> Result<(), AuditError> {
        self.append(self.about_object(EventKind::EffectAllowed, method, (kind, object), "allowed"))
    }

    /// After a connection, or a flow of datagrams.
    pub(crate) fn connection_ended(&self, ended: &Ended<'_>) -> Result<(), AuditError> {
        let object = NetworkTarget::over(ended.transport, ended.host, ended.port).to_string();
        let millis = u64::try_from(ended.duration.as_millis()).unwrap_or(u64::MAX);
        let mut event = self
            .about_object(
                EventKind::EffectPerformed,
                method(ended.transport),
                (Kind::NetworkRequest, &object),
                "performed",
            )
            .with("sent_bytes", ended.sent)
            .with("received_bytes", ended.received)
            .with("duration_ms", millis);
        if let Some(address) = ended.address {
            event = event.with("address", address.to_string());
        }
        self.append(match ended.failure {
            None => event.with("outcome", "done"),
            Some(reason) => event
                .severity(Severity::Warning)
                .with("outcome", "failed")
                .with("reason", safe(reason)),
        })
    }

    /// Before somebody is let in: no record, no effect.
    pub(crate) fn visit(
        &self,
        method: &str,
        port: &str,
        visitor: &Visitor,
    ) -> Result<(), AuditError> {
        let what = (Kind::NetworkListen, port);
        let event = self.about_object(EventKind::EffectAllowed, method, what, "allowed");
        self.append(event.with("visitor", visitor.to_string()))
    }

    /// After somebody was there.
    pub(crate) fn visit_ended(
        &self,
        method: &str,
        ended: &VisitEnded<'_>,
    ) -> Result<(), AuditError> {
        let port = ended.port.to_string();
        let what = (Kind::NetworkListen, port.as_str());
        let event = self
            .about_object(EventKind::EffectPerformed, method, what, "performed")
            .with("visitor", ended.visitor.to_string())
            .with("sent_bytes", ended.sent)
            .with("received_bytes", ended.received)
            .with("duration_ms", u64::try_from(ended.duration.as_millis()).unwrap_or(u64::MAX));
        self.append(match ended.failure {
            None => event.with("outcome", "done"),
            Some(reason) => event
                .severity(Severity::Warning)
                .with("outcome", "failed")
                .with("reason", safe(reason)),
        })
    }

    /// After an effect with consequences.
    pub(crate) fn performed(
        &self,
        method: &str,
        operation: &Operation<'_>,
        outcome: Result<(), (&str, String)>,
    ) -> Result<(), AuditError> {
        let event = self.about(EventKind::EffectPerformed, method, operation, "performed");
        self.append(match outcome {
            Ok(()) => event.with("outcome", "done"),
            Err((outcome, reason)) => event
                .severity(Severity::Error)
                .with("outcome", outcome)
                .with("reason", safe(&reason)),
        })
    }

    pub(crate) fn denied(
        &self,
        method: &str,
        denial: &Denial,
        suppressed: u64,
    ) -> Result<(), AuditError> {
        let mut event = self
            .event(EventKind::EffectDenied, &safe(&denial.to_string()))
            .severity(Severity::Warning)
            .with("method", safe(method))
            .with("capability", denial.kind.word())
            .with("object", safe(&denial.object))
            .with("code", json!(denial.code))
            .with("reason", safe(&denial.reason));
        if let Some(by) = denial.withheld_by {
            event = event.with("withheld_by", json!(by));
        }
        if let Some(repair) = &denial.repair {
            event = event.with("repair", safe(repair));
        }
        if suppressed > 0 {
            event = event.with("unrecorded_before", suppressed);
        }
        self.append(event)
    }

    /// A call that was not understood.
    pub(crate) fn malformed(&self, method: &str, error: &CallError) -> Result<(), AuditError> {
        self.append(
            self.event(EventKind::Violation, "a call was not understood")
                .severity(Severity::Warning)
                .with("method", safe(method))
                .with("code", error.code())
                .with("reason", safe(&error.to_string())),
        )
    }

    pub(crate) fn nearly_used(&self, warning: NearlyUsed) -> Result<(), AuditError> {
        let message =
            format!("{} of {} {} are used", warning.used, warning.limit, warning.resource);
        self.append(
            AuditEvent::new(EventKind::Limit, &message)
                .severity(Severity::Warning)
                .instance(&self.instance)
                .with("resource", json!(warning.resource))
                .with("used", warning.used)
                .with("limit", warning.limit),
        )
    }

    fn about(
        &self,
        kind: EventKind,
        method: &str,
        operation: &Operation<'_>,
        verb: &str,
    ) -> AuditEvent {
        self.event(kind, &format!("{} {verb}", operation.kind()))
            .with("method", method)
            .with("capability", operation.kind().word())
            .with("object", safe(operation.object()))
    }

    fn about_object(
        &self,
        event: EventKind,
        method: &str,
        (kind, object): (Kind, &str),
        verb: &str,
    ) -> AuditEvent {
        self.event(event, &format!("{kind} {verb}"))
            .with("method", method)
            .with("capability", kind.word())
            .with("object", safe(object))
    }

    fn event(&self, kind: EventKind, message: &str) -> AuditEvent {
        AuditEvent::new(kind, message).actor(Actor::Plugin).instance(&self.instance)
    }

    fn append(&self, event: AuditEvent) -> Result<(), AuditError> {
        self.sink.append(event).map(drop)
    }
}
