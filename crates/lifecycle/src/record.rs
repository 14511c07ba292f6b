//! What the journey writes into the audit log.

use ringfence_limits::Resource;
use ringfence_permission::Admitted;
use ringfence_protocol::worker::Inspect;
use ringfence_sandbox::{End, Level, Usage};
use ringfence_types::{
    Actor, AuditError, AuditEvent, AuditSink, Capability, Digest, EventKind, InstanceId, Publish,
    Severity, UntrustedText,
};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many refused requests of one instance are recorded one by one; a plugin
/// must not be able to fill the disk with them.
const EACH: u64 = 64;

/// Longest text of a stranger in one record, in characters.
const LONGEST: usize = 512;

/// Writes events of one instance.
#[derive(Clone)]
pub(crate) struct Recorder {
    sink: Arc<dyn AuditSink>,
    instance: InstanceId,
    /// Requests of the server to its client that were refused.
    refused_requests: Arc<AtomicU64>,
}

/// A stranger's text, shortened; the log escapes it.
fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What the compiler was given.
pub(crate) struct Given {
    /// What it makes of it.
    pub(crate) made: &'static str,
    pub(crate) digest: Digest,
    pub(crate) bytes: usize,
}

impl Recorder {
    pub(crate) fn new(sink: Arc<dyn AuditSink>, instance: InstanceId) -> Self {
        Self { sink, instance, refused_requests: Arc::default() }
    }

    pub(crate) fn sink(&self) -> &Arc<dyn AuditSink> {
        &self.sink
    }

    fn event(&self, kind: EventKind, message: &str) -> AuditEvent {
        AuditEvent::new(kind, message).instance(&self.instance)
    }

    /// Appends an event after which something may happen: a failure stops it.
    fn must(&self, event: AuditEvent) -> Result<(), AuditError> {
        self.sink.append(event).map(drop)
    }

    /// Appends an event about something that has happened already.
    fn note(&self, event: AuditEvent) {
        // The log remembers that it could not be written, and the next event
        // that something depends on is refused.
        let _ = self.sink.append(event);
    }

    pub(crate) fn granted(&self, admitted: &Admitted, by: &Actor) -> Result<(), AuditError> {
        if admitted.grants().is_empty() {
            return Ok(());
        }
        let list: Vec<String> =
            admitted.grants().iter().map(|grant| grant.capability().to_string()).collect();
        self.must(
            self.event(EventKind::Granted, "capabilities granted for this run")
                .actor(by.clone())
                .with("capabilities", list)
                .with("digest", admitted.grants().digest().to_string()),
        )
    }

    pub(crate) fn published(&self, published: &[Publish]) -> Result<(), AuditError> {
        if published.is_empty() {
            return Ok(());
        }
        let list: Vec<String> =
            published.iter().map(|one| short(&format!("{}={}", one.port, one.at))).collect();
        self.must(
            self.event(EventKind::Granted, "ports published for this run").with("ports", list),
        )
    }

    pub(crate) fn starting(&self, level: &Level, program: &str) -> Result<(), AuditError> {
        let walls: Vec<String> = level
            .walls
            .iter()
            .filter(|wall| wall.stands)
            .map(|wall| format!("{}: {}", wall.name, wall.detail))
            .collect();
        let missing: Vec<String> =
            level.missing().map(|wall| format!("{}: {}", wall.name, wall.detail)).collect();
        self.must(
            self.event(EventKind::SandboxStarted, "sandbox starts")
                .with("backend", level.backend)
                .with("program", short(program))
                .with("walls", walls)
                .with("missing", missing),
        )
    }

    /// What the compiler made in an earlier process is believed again.
    pub(crate) fn taken_from_cache(&self, given: &Given, made: usize) -> Result<(), AuditError> {
        self.must(self.compilation(given, "taken from the cache").with("made_bytes", made))
    }

    /// What came out of a compilation: bytes, or why there are none.
    pub(crate) fn compiled(
        &self,
        given: &Given,
        outcome: Result<usize, String>,
        usage: &Usage,
    ) -> Result<(), AuditError> {
        let measured = |event: AuditEvent| {
            event
                .with("wall_us", micros(usage.wall))
                .with("cpu_us", micros(usage.cpu))
                .with("peak_memory", usage.peak_memory)
        };
        match outcome {
            Ok(made) => {
                self.must(measured(self.compilation(given, "made")).with("made_bytes", made))
            }
            Err(why) => {
                let event = measured(self.compilation(given, "not made"));
                self.note(event.severity(Severity::Warning).with("why", short(&why)));
                Ok(())
            }
        }
    }

    fn compilation(&self, given: &Given, became: &str) -> AuditEvent {
        self.event(EventKind::Compilation, &format!("{} {became}", given.made))
            .with("source", given.digest.to_string())
            .with("bytes", given.bytes)
    }

    pub(crate) fn ended(&self, end: End, usage: &Usage, why: Option<&str>) {
        let severity = if why.is_some() { Severity::Warning } else { Severity::Info };
        let how = match (end, why) {
            (End::Killed, None) => "stopped by us after its work".to_owned(),
            (End::Killed, Some(_)) => "killed".to_owned(),
            (End::Exited(status), _) => format!("exit status {status}"),
            (End::Signalled(signal), _) => format!("signal {signal}"),
        };
        let mut event = self
            .event(EventKind::SandboxEnded, "sandbox ended")
            .severity(severity)
            .with("end", how)
            .with("wall_us", micros(usage.wall))
            .with("cpu_us", micros(usage.cpu))
            .with("peak_memory", usage.peak_memory);
        if let Some(why) = why {
            event = event.with("why", short(why));
        }
        self.note(event);
    }

    pub(crate) fn calling(&self, action: &str, inspect: Inspect) -> Result<(), AuditError> {
        let mut event =
            self.event(EventKind::ActionCalled, "action called").with("action", short(action));
        // A core dump takes what the plugin was told out of the jail.
        if inspect.is_any() {
            event = event.with("profile", inspect.profile).with("core_dump", inspect.core_dump);
        }
        self.must(event)
    }

    pub(crate) fn called(&self, action: &str, error: Option<&str>) {
        let mut event = self
            .event(EventKind::ActionEnded, "action ended")
            .with("action", short(action))
            .with("ok", error.is_none());
        if let Some(error) = error {
            event = event.severity(Severity::Warning).with("error", short(error));
        }
        self.note(event);
    }

    /// What came of a question that a call waited for; before the call goes on.
    pub(crate) fn asked(
        &self,
        capability: &Capability,
        granted: bool,
        outcome: &str,
        by: &str,
    ) -> Result<(), AuditError> {
        let (kind, severity) = match granted {
            true => (EventKind::Granted, Severity::Info),
            false => (EventKind::Refused, Severity::Warning),
        };
        self.must(
            self.event(kind, "a call that was denied waited for a person")
                .severity(severity)
                .with("capability", short(&capability.to_string()))
                .with("outcome", short(outcome))
                .with("by", short(by)),
        )
    }

    /// Before it counts.
    pub(crate) fn definitions(
        &self,
        severity: Severity,
        said: &str,
        details: Value,
    ) -> Result<(), AuditError> {
        let event = self.event(EventKind::Definitions, said).severity(severity);
        self.must(event.with("definitions", details))
    }

    pub(crate) fn violation(&self, what: &str) {
        self.note(
            self.event(EventKind::Violation, "the plugin broke the protocol")
                .severity(Severity::Critical)
                .actor(Actor::Plugin)
                .with("what", short(what)),
        );
    }

    /// The first ones each, from then on whenever their number has doubled.
    pub(crate) fn refused_request(&self, method: &str) {
        let number = self.refused_requests.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if number > EACH && !number.is_power_of_two() {
            return;
        }
        self.note(
            self.event(
                EventKind::EffectDenied,
                "a request of the server to its client was refused",
            )
            .severity(Severity::Warning)
            .actor(Actor::Plugin)
            .with("method", short(method))
            .with("number", number),
        );
    }

    pub(crate) fn nearly_used(&self, resource: Resource, limit: u64, used: u64) {
        self.note(
            self.event(EventKind::Limit, &format!("more than 80 % of {resource} used"))
                .severity(Severity::Warning)
                .with("resource", resource.to_string())
                .with("limit", limit)
                .with("used", used),
        );
    }

    pub(crate) fn refused(&self, why: &str) {
        self.note(
            self.event(EventKind::Refused, &UntrustedText::new(&short(why)).to_string())
                .severity(Severity::Warning),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_types::Receipt;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Counted(Mutex<Vec<AuditEvent>>);

    impl AuditSink for Counted {
        fn append(&self, event: AuditEvent) -> Result<Receipt, AuditError> {
            let mut events = self.0.lock().unwrap();
            events.push(event);
            Ok(Receipt { sequence: events.len() as u64 })
        }
    }

    #[test]
    fn a_server_that_floods_its_client_with_requests_does_not_fill_the_log() {
        let sink = Arc::new(Counted::default());
        let recorder = Recorder::new(sink.clone(), "one".parse().unwrap());
        for _ in 0..100_000 {
            recorder.clone().refused_request("sampling/createMessage");
        }
        // 64 and then 128, 256 .. 65,536.
        assert_eq!(sink.0.lock().unwrap().len(), 64 + 10);
    }
}
