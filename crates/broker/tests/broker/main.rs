//! Every method: allowed, denied, hostile; and that a refusal is in the log
//! while its effect is nowhere.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken set-up must fail the test"
)]

mod events;
mod files;
mod hostile;
mod lent;
mod limits;
mod network;
mod nodes;
mod order;
mod process;
mod shims;
mod storage;
mod visit;

use ringfence_broker::{
    Broker, BrokerSetup, CallError, Clock, Gates, ProcessError, ProcessOutput, ProcessRequest,
    ProcessRunner,
};
use ringfence_gate_events::Bus;
use ringfence_gate_files::Files;
use ringfence_gate_host::{
    HostCall, HostService, HostServiceError, HostServices, Settings, Variables,
};
use ringfence_gate_storage::Storage;
use ringfence_limits::{Budget, Preset};
use ringfence_permission::{
    AdmitRequest, Available, Consent, Consented, Permit, Policy, ProcessExecute, admit,
};
use ringfence_types::{
    AuditError, AuditEvent, AuditSink, Digest, EventKind, Kind, Receipt, WithheldBy,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// A log in memory that can be broken.
#[derive(Default)]
pub(crate) struct Log {
    events: Mutex<Vec<AuditEvent>>,
    /// Events with this kind, and from then on all, cannot be written.
    broken_from: Mutex<Option<EventKind>>,
}

impl Log {
    pub(crate) fn break_at(&self, kind: EventKind) {
        *self.broken_from.lock().unwrap() = Some(kind);
    }

    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.events.lock().unwrap().iter().map(|event| event.kind).collect()
    }

    pub(crate) fn last(&self) -> AuditEvent {
        self.events.lock().unwrap().last().unwrap().clone()
    }

    pub(crate) fn of(&self, kind: EventKind) -> Vec<AuditEvent> {
        let events = self.events.lock().unwrap();
        events.iter().filter(|event| event.kind == kind).cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.events.lock().unwrap().clear();
    }
}

impl AuditSink for Log {
    fn append(&self, event: AuditEvent) -> Result<Receipt, AuditError> {
        if *self.broken_from.lock().unwrap() == Some(event.kind) {
            return Err(AuditError { reason: "no space left".into() });
        }
        let mut events = self.events.lock().unwrap();
        events.push(event);
        Ok(Receipt { sequence: events.len() as u64 })
    }
}

/// A clock that stands until it is moved.
pub(crate) struct Still(AtomicU64);

impl Still {
    pub(crate) fn advance(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Still {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A host service and a program runner that note that they were reached.
#[derive(Default)]
pub(crate) struct Reached {
    pub(crate) service: AtomicU64,
    pub(crate) program: AtomicU64,
    pub(crate) panics: AtomicBool,
}

impl HostService for Reached {
    fn call(&self, call: HostCall<'_>) -> Result<Value, HostServiceError> {
        self.service.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panics.load(Ordering::SeqCst), "a broken service");
        match call.method {
            "fail" => Err(HostServiceError::Failed("the mail server is down".into())),
            "huge" => Ok(json!("x".repeat(2_000_000))),
            _ => Ok(json!({ "object": call.object, "params": call.params })),
        }
    }
}

impl ProcessRunner for Reached {
    fn run(
        &self,
        permit: Permit<'_, ProcessExecute>,
        request: ProcessRequest<'_>,
    ) -> Result<ProcessOutput, ProcessError> {
        self.program.fetch_add(1, Ordering::SeqCst);
        let program = permit.spend().object;
        if program == "missing" {
            return Err(ProcessError::NotFound);
        }
        if program == "flood" {
            return Ok(ProcessOutput { stdout: vec![b'x'; 5_000_000], ..Default::default() });
        }
        let mut stdout = format!("{program} {}", request.arguments.join(" ")).into_bytes();
        stdout.extend(request.stdin);
        Ok(ProcessOutput { exit_code: 3, stdout, stderr: vec![0xff], truncated: false })
    }
}

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) folder: PathBuf,
    pub(crate) broker: Broker,
    pub(crate) log: Arc<Log>,
    pub(crate) clock: Arc<Still>,
    pub(crate) reached: Arc<Reached>,
    pub(crate) bus: Bus,
}

/// How a world differs from the usual one.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) instance: Option<&'static str>,
    pub(crate) bus: Option<Bus>,
    pub(crate) policy: Policy,
    pub(crate) expires_ms: Option<u64>,
    pub(crate) budget: Option<fn(&mut Budget)>,
}

pub(crate) const START: u64 = 1_000_000;

impl World {
    /// `consent` may name the granted folder as `FOLDER`.
    pub(crate) fn new(consent: &[&str]) -> Self {
        Self::with(consent, Setup::default())
    }

    pub(crate) fn with(consent: &[&str], setup: Setup) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let folder = base.join("granted");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(base.join("secret"), "SECRET").unwrap();
        let reached = Arc::new(Reached::default());
        let mut services = HostServices::new();
        services
            .register(
                "mail",
                &[Kind::AiComplete, Kind::UserProfile, Kind::NodesWrite],
                Arc::clone(&reached) as _,
            )
            .unwrap();
        let mut budget = Preset::Production.budget();
        budget.output_bytes = 1_000_000;
        budget.input_bytes = 100_000;
        budget.broker_calls_per_second = 10_000;
        budget.broker_calls = 10_000;
        budget.queries_per_second = 1000;
        budget.messages_per_second = 1000;
        if let Some(change) = setup.budget {
            change(&mut budget);
        }
        let digest = Digest::from_bytes([0; 32]);
        let items = consent
            .iter()
            .map(|text| Consented {
                capability: text.replace("FOLDER", folder.to_str().unwrap()).parse().unwrap(),
                by: "ada".into(),
                at_ms: START,
                expires_ms: setup.expires_ms,
                digest,
            })
            .collect();
        let admitted = admit(AdmitRequest {
            instance: &setup.instance.unwrap_or("demo").parse().unwrap(),
            digest: &digest,
            declared: &[],
            inferred: true,
            policy: &setup.policy,
            consent: &Consent { items },
            available: &Available::built_in().with_host_kinds(services.kinds()).unwrap(),
            budget,
            now_ms: START,
        })
        .unwrap();
        let bus = setup.bus.unwrap_or_default();
        let log = Arc::new(Log::default());
        let clock = Arc::new(Still(AtomicU64::new(START)));
        let broker = Broker::new(BrokerSetup {
            gates: Gates {
                files: Files::open(admitted.grants()).unwrap(),
                storage: Some(Arc::new(Storage::open(&base.join("storage.db")).unwrap())),
                bus: bus.clone(),
                services: Arc::new(services),
                settings: Settings::default(),
                variables: Variables::new(BTreeMap::from([
                    ("APP_MODE".to_owned(), "test".to_owned()),
                    ("TOKEN".to_owned(), "hunter2".to_owned()),
                ])),
                secrets: ringfence_gate_secrets::Secrets::default(),
                fetcher: None,
            },
            grants: Arc::clone(admitted.grants()),
            sink: Arc::clone(&log) as _,
            clock: Arc::clone(&clock) as _,
            runner: Some(Arc::clone(&reached) as _),
        });
        Self { dir, folder, broker, log, clock, reached, bus }
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        self.folder.join(rest).to_str().unwrap().to_owned()
    }

    pub(crate) fn ok(&self, method: &str, params: &Value) -> Value {
        match self.broker.call(method, params) {
            Ok(value) => value,
            Err(error) => panic!("{method} {params}: {error}"),
        }
    }

    pub(crate) fn err(&self, method: &str, params: &Value) -> CallError {
        match self.broker.call(method, params) {
            Ok(value) => panic!("{method} {params} gave {value}"),
            Err(error) => error,
        }
    }

    /// The call is denied by this set, and the log says so.
    pub(crate) fn denied(&self, method: &str, params: &Value, by: WithheldBy) {
        let error = self.err(method, params);
        assert_eq!(error.code(), -32001, "{method} {params}: {error}");
        let CallError::Denied(denial) = error else {
            panic!("{error:?}");
        };
        assert_eq!(denial.withheld_by, Some(by), "{method} {params}");
        let event = self.log.last();
        assert_eq!(event.kind, EventKind::EffectDenied);
        assert_eq!(event.metadata["capability"], denial.kind.word());
        assert_eq!(event.metadata["withheld_by"], json!(by));
        assert_eq!(event.instance.unwrap().as_str(), "demo");
    }
}
