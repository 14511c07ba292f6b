//! The one call path.

use crate::answer::CallError;
use crate::ask::{Asker, Later};
use crate::charge::Charges;
use crate::clock::Clock;
use crate::content::json_size;
use crate::identify::identify;
use crate::operation::Operation;
use crate::perform::{Failure, Performer, Subscriptions};
use crate::process::ProcessRunner;
use crate::record::Recorder;
use crate::tally::{BrokerUsage, CountedDenial, Tally};
use ringfence_gate_events::Bus;
use ringfence_gate_files::Files;
use ringfence_gate_host::{HostServices, Settings, Variables};
use ringfence_gate_network::Fetcher;
use ringfence_gate_secrets::Secrets;
use ringfence_gate_storage::Storage;
use ringfence_permission::Grants;
use ringfence_types::{AuditSink, Denial};
use serde_json::Value;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What performs effects for one instance.
#[derive(Debug)]
pub struct Gates {
    /// Opened on the same grants that the broker gets.
    pub files: Files,
    /// The home's storage; without one, storage calls fail.
    pub storage: Option<Arc<Storage>>,
    /// The bus of the process.
    pub bus: Bus,
    /// What the host application does.
    pub services: Arc<HostServices>,
    /// Where the host keeps settings.
    pub settings: Settings,
    /// What the host lends.
    pub variables: Variables,
    /// Secrets that may go out in requests.
    pub secrets: Secrets,
    /// Makes requests; without one, `http.fetch` fails.
    pub fetcher: Option<Fetcher>,
}

/// Everything that a broker is made of. The instance and its budget are those
/// of the grants.
pub struct BrokerSetup {
    /// What the instance may do and use.
    pub grants: Arc<Grants>,
    /// What performs it.
    pub gates: Gates,
    /// Where it is recorded.
    pub sink: Arc<dyn AuditSink>,
    /// Where the time is read.
    pub clock: Arc<dyn Clock>,
    /// What starts programs; without one, `process.execute` fails.
    pub runner: Option<Arc<dyn ProcessRunner>>,
}

/// The only way from one plugin's call to an effect.
pub struct Broker {
    pub(crate) grants: Arc<Grants>,
    pub(crate) gates: Gates,
    pub(crate) recorder: Recorder,
    pub(crate) clock: Arc<dyn Clock>,
    runner: Option<Arc<dyn ProcessRunner>>,
    /// Who asks a person about what is denied.
    pub(crate) asker: Option<Arc<dyn Asker>>,
    /// What a person allowed since the start, until the end.
    pub(crate) later: Mutex<Vec<Arc<Later>>>,
    subscriptions: Subscriptions,
    pub(crate) charges: Mutex<Charges>,
    pub(crate) tally: Mutex<Tally>,
}

/// What is counted stays a count after a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Broker {
    /// A broker for one instance.
    #[must_use]
    pub fn new(setup: BrokerSetup) -> Self {
        let charges = Charges::new(setup.grants.budget(), setup.clock.monotonic());
        Self {
            recorder: Recorder { instance: setup.grants.instance().clone(), sink: setup.sink },
            grants: setup.grants,
            gates: setup.gates,
            clock: setup.clock,
            runner: setup.runner,
            asker: None,
            later: Mutex::default(),
            subscriptions: Subscriptions::default(),
            charges: Mutex::new(charges),
            tally: Mutex::default(),
        }
    }

    /// One call of the plugin, from its words to the effect and the record of
    /// it. Several threads may call at the same time.
    ///
    /// # Errors
    /// A [`CallError`]; unless it is [`CallError::Failed`], or a denial whose
    /// reason says that it was performed, nothing happened outside.
    pub fn call(&self, method: &str, params: &Value) -> Result<Value, CallError> {
        lock(&self.tally).usage.calls += 1;

        // 1. Identify: what does the plugin want?
        let identified = self.identify(method, params);

        // 2. Decide: may it? By what was granted at the start, or by what a person granted
        // since; who waited for their answer looks at the clock after it.
        let later = identified.as_ref().ok().and_then(|operation| self.later(method, operation));
        let now_ms = self.clock.now_ms();
        let (grants, files) = match &later {
            Some(later) => (&later.grants, &later.files),
            None => (&self.grants, &self.gates.files),
        };
        let decided = match &identified {
            Ok(operation) => Ok(operation.decide(grants, now_ms)),
            Err(error) => Err(error),
        };

        // 3. Charge: can it pay? The call itself is charged in any case.
        let payable = self.charge(identified.as_ref().ok(), matches!(decided, Ok(Ok(_))));
        let operation = match (&identified, payable) {
            (_, Err(Unpaid::Call(reason))) => {
                return Err(self.flooded(method, identified.as_ref().ok(), reason));
            }
            (Err(_), Ok(())) | (Err(_), Err(Unpaid::Operation(_))) => {
                let error = identified.err().unwrap_or_else(|| CallError::unknown_method(method));
                lock(&self.tally).usage.malformed += 1;
                // Nothing happens, so a log that cannot be written changes nothing.
                let _ = self.recorder.malformed(method, &error);
                return Err(error);
            }
            (Ok(operation), Err(Unpaid::Operation(reason))) => {
                let denial = Denial::budget(operation.kind(), operation.object(), reason);
                return Err(self.denied(method, denial));
            }
            (Ok(operation), Ok(())) => operation,
        };
        let permitted = match decided {
            Ok(Ok(permitted)) => permitted,
            Ok(Err(denial)) => return Err(self.denied(method, denial)),
            Err(_) => return Err(CallError::unknown_method(method)),
        };

        // Recorded before it is performed: no record, no effect.
        if let Err(error) = self.recorder.allowed(method, operation) {
            let denial =
                Denial::not_recorded(operation.kind(), operation.object(), error.to_string());
            return Err(self.denied(method, denial));
        }

        // 4. Perform: the permit goes to its gate.
        let performer = Performer {
            gates: &self.gates,
            files,
            runner: self.runner.as_deref(),
            judge: self,
            patience: lock(&self.charges)
                .time_left(self.grants.budget().timeouts.call, self.clock.monotonic()),
            subscriptions: &self.subscriptions,
            output_bytes: usize::try_from(self.grants.budget().output_bytes).unwrap_or(usize::MAX),
            now_ms,
        };
        // A gate that panics must not take the host with it, nor go unrecorded.
        let outcome = catch_unwind(AssertUnwindSafe(|| performer.perform(permitted)))
            .map_err(|_| "the gate failed in a way that it should not".to_owned());

        // 5. Record: what became of it.
        self.concluded(method, operation, outcome)
    }

    /// Starts a new action: counts per action begin again.
    pub fn begin_action(&self) {
        lock(&self.charges).begin_action(self.clock.monotonic());
    }

    /// What the instance did so far.
    #[must_use]
    pub fn usage(&self) -> BrokerUsage {
        let charges = lock(&self.charges);
        BrokerUsage {
            calls_this_action: charges.calls_this_action(),
            file_operations: charges.file_operations(),
            network_requests: charges.network_requests(),
            ..lock(&self.tally).usage
        }
    }

    /// The different denials so far, each with its count, at most
    /// [`crate::MAX_KEPT_DENIALS`].
    #[must_use]
    pub fn denials(&self) -> Vec<CountedDenial> {
        lock(&self.tally).denials()
    }

    /// What the instance was granted.
    #[must_use]
    pub const fn grants(&self) -> &Arc<Grants> {
        &self.grants
    }

    fn identify<'p>(&self, method: &str, params: &'p Value) -> Result<Operation<'p>, CallError> {
        let limit = self.grants.budget().input_bytes;
        if json_size(params) > limit {
            return Err(CallError::invalid(format!(
                "the parameters are larger than {limit} bytes"
            )));
        }
        identify(method, params, |id| self.subscriptions.get(id))
    }

    fn charge(&self, operation: Option<&Operation<'_>>, allowed: bool) -> Result<(), Unpaid> {
        let now = self.clock.monotonic();
        let mut charges = lock(&self.charges);
        charges.call(now).map_err(Unpaid::Call)?;
        let paid = match operation {
            Some(operation) if allowed => {
                charges.operation(operation, now).map_err(Unpaid::Operation)
            }
            _ => Ok(()),
        };
        let warnings = charges.take_warnings();
        drop(charges);
        for warning in warnings.into_iter().flatten() {
            // A warning is no effect: the call goes on to its own record.
            let _ = self.recorder.nearly_used(warning);
        }
        paid
    }

    fn flooded(
        &self,
        method: &str,
        operation: Option<&Operation<'_>>,
        reason: String,
    ) -> CallError {
        let Some(operation) = operation else {
            // Not understood and not paid for: counted, not worth a record.
            lock(&self.tally).usage.malformed += 1;
            return CallError::invalid(reason);
        };
        let denial = Denial::budget(operation.kind(), operation.object(), reason);
        lock(&self.tally).denied(&denial);
        let suppressed = lock(&self.charges).record_flood(self.clock.monotonic());
        if let Some(suppressed) = suppressed {
            // Nothing happens, so a log that cannot be written changes nothing.
            let _ = self.recorder.denied(method, &denial, suppressed);
        }
        CallError::Denied(denial)
    }

    fn denied(&self, method: &str, denial: Denial) -> CallError {
        let _ = lock(&self.tally).denied(&denial);
        // Nothing happens, so a log that cannot be written changes nothing.
        let _ = self.recorder.denied(method, &denial, 0);
        CallError::Denied(denial)
    }

    /// Writes the outcome down and turns it into the answer.
    fn concluded(
        &self,
        method: &str,
        operation: &Operation<'_>,
        outcome: Result<Result<Value, Failure>, String>,
    ) -> Result<Value, CallError> {
        let (kind, object) = (operation.kind(), operation.object());
        let limit = self.grants.budget().output_bytes;
        let summary = match &outcome {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(
                Failure::NotFound(reason)
                | Failure::Invalid(reason)
                | Failure::Budget(reason)
                | Failure::Failed(reason),
            )) => Err(("failed", reason.clone())),
            Err(reason) => Err(("panicked", reason.clone())),
        };
        {
            let usage = &mut lock(&self.tally).usage;
            if summary.is_ok() {
                usage.performed += 1;
            } else {
                usage.failed += 1;
            }
        }
        if operation.has_consequences() || matches!(summary, Err(("panicked", _))) {
            self.recorder.performed(method, operation, summary).map_err(|error| {
                let reason = format!("it was tried, but its outcome is not recorded: {error}");
                let denial = Denial::not_recorded(kind, object, reason);
                lock(&self.tally).denied(&denial);
                CallError::Denied(denial)
            })?;
        }
        let failed = |reason| CallError::Failed { kind, object: object.to_owned(), reason };
        match outcome {
            Ok(Ok(value)) if json_size(&value) <= limit => Ok(value),
            Ok(Ok(_)) => Err(failed(format!("the answer is larger than {limit} bytes"))),
            Ok(Err(Failure::NotFound(reason))) => {
                Err(CallError::NotFound { kind, object: object.to_owned(), reason })
            }
            Ok(Err(Failure::Invalid(reason))) => Err(CallError::invalid(reason)),
            Ok(Err(Failure::Budget(reason))) => {
                let denial = Denial::budget(kind, object, reason);
                Err(self.denied(method, denial))
            }
            Ok(Err(Failure::Failed(reason))) | Err(reason) => Err(failed(reason)),
        }
    }
}

/// What could not be paid.
enum Unpaid {
    /// The call itself: one too many in this second or this action.
    Call(String),
    /// What the operation uses beside the call.
    Operation(String),
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("instance", self.grants.instance()).finish_non_exhaustive()
    }
}
