//! The one door from a running plugin to the broker.

use crate::asking::{Asking, Held};
use crate::jailed::Jailed;
use crate::network::{Inside, NetworkSide, Way};
use crate::observer::Silent;
use crate::plain;
use crate::plan::Surroundings;
use crate::record::Recorder;
use crate::review::Terms;
use crate::{error::RunError, interrupt::Interrupt};
use ringfence_broker::{
    Asker, Broker, BrokerSetup, BrokerUsage, CountedDenial, Gates, ProcessError, ProcessOutput,
    ProcessRequest, ProcessRunner, SystemClock,
};
use ringfence_gate_events::Bus;
use ringfence_gate_files::Files;
use ringfence_gate_host::{HostServices, Settings, Variables};
use ringfence_gate_network::{Door, Resolver, Traffic};
use ringfence_gate_secrets::Secrets;
use ringfence_gate_storage::Storage;
use ringfence_limits::Budget;
use ringfence_permission::{Grants, Permit, ProcessExecute};
use ringfence_protocol::ReplyError;
use ringfence_sandbox::{Backend, End, Plan, Programs, StartError};
use ringfence_sandbox_process::{Interpreter, ProcessBackend};
use ringfence_types::Kind;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

/// What every instance of an engine shares.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) backend: Arc<ProcessBackend>,
    pub(crate) bus: Bus,
    pub(crate) services: Arc<HostServices>,
    pub(crate) settings: Settings,
    pub(crate) resolver: Resolver,
    pub(crate) secrets: Secrets,
}

impl Shared {
    /// With what the operator brings to one run.
    pub(crate) fn for_run(&self, terms: &Terms) -> Self {
        let mut shared = self.clone();
        shared.resolver = shared.resolver.and_given(&terms.hosts);
        shared.secrets = shared.secrets.and(&terms.secrets);
        shared
    }
}

/// What an instance has beside that, where it may use it.
pub(crate) struct Own {
    /// The home's storage.
    pub(crate) storage: Option<Arc<Storage>>,
    /// What its jail knows of the network gate.
    pub(crate) inside: Inside,
    /// Its limits. Those of a worker's jail are wider by what the worker needs.
    pub(crate) budget: Budget,
    /// How long an action may take.
    pub(crate) until: Until,
    /// Who asks a person about what is denied.
    pub(crate) asking: Option<Asking>,
}

/// Decides, performs and records the effects of one instance.
pub(crate) struct Effects {
    /// Nothing to ask for: the plugin has no control channel.
    broker: Option<Arc<Broker>>,
    until: Until,
    way: Option<Way>,
    /// Who may be asked about a call, and for how long calls waited for that.
    asks: Option<Held>,
}

/// When the running action has to be over; a program that it starts as well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Until(Arc<Mutex<Option<Instant>>>);

impl Until {
    fn set(&self, limit: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now().checked_add(limit);
    }

    /// It waited for a person, which is not its time.
    pub(crate) fn later(&self, by: Duration) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *until = until.and_then(|until| until.checked_add(by));
    }

    /// `limit`, or what is left when that is less.
    fn at_most(&self, limit: Duration) -> Duration {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.map_or(limit, |until| limit.min(until.saturating_duration_since(Instant::now())))
    }
}

/// Passes requests of one instance to its broker.
#[derive(Clone)]
pub(crate) struct Caller {
    broker: Option<Arc<Broker>>,
}

impl Caller {
    /// One request of the plugin.
    pub(crate) fn call(&self, method: &str, params: &Value) -> Result<Value, ReplyError> {
        let none = Value::Null;
        let Some(broker) = &self.broker else {
            return Err(ReplyError::new(-32601, "no broker", &none));
        };
        broker.call(method, params).map_err(|error| {
            let json = error.to_json();
            ReplyError::new(
                error.code().into(),
                &error.to_string(),
                json.get("data").unwrap_or(&none),
            )
        })
    }
}

impl Effects {
    /// For a plugin that speaks to nobody.
    pub(crate) fn none() -> Self {
        Self { broker: None, until: Until::default(), way: None, asks: None }
    }

    /// For a plugin with a control channel or a network.
    pub(crate) fn new(
        grants: &Arc<Grants>,
        shared: &Shared,
        own: Own,
        plan: &Plan,
        around: &Surroundings<'_>,
        recorder: &Recorder,
        interrupts: Vec<Interrupt>,
    ) -> Result<Self, RunError> {
        let files = Files::open(grants)
            .map_err(|error| StartError::Plan(format!("a granted folder: {error}")))?;
        let Own { storage, inside, budget, until, asking } = own;
        let asks = asking.as_ref().map(Asking::held);
        let asker = asking.map(|asking| Arc::new(asking) as Arc<dyn Asker>);
        let traffic = Arc::new(Traffic::new(&plan.budget));
        let revealed = Arc::default();
        let way = Way { resolver: shared.resolver.clone(), inside, traffic, revealed };
        let served = Arc::default();
        let runner = NestedJail {
            broker: Arc::clone(&served),
            way: way.clone(),
            until: until.clone(),
            backend: Arc::clone(&shared.backend),
            plan: Plan { budget, ..plan.clone() },
            search: around.search.to_owned(),
            recorder: recorder.clone(),
            interrupts: interrupts.clone(),
        };
        let broker = Broker::new(BrokerSetup {
            grants: Arc::clone(grants),
            gates: Gates {
                files,
                storage,
                bus: shared.bus.clone(),
                services: Arc::clone(&shared.services),
                settings: shared.settings.clone(),
                variables: Variables::new(variables(plan)),
                secrets: shared.secrets.clone(),
                // Made out here, so a plugin whose jail has no network makes them too.
                fetcher: (!grants.of_kind(Kind::NetworkRequest).is_empty())
                    .then(|| way.fetcher(interrupts)),
            },
            sink: Arc::clone(recorder.sink()),
            clock: Arc::new(SystemClock::new()),
            runner: Some(Arc::new(runner)),
        });
        let broker = Arc::new(broker.asking(asker));
        let _ = served.set(Arc::downgrade(&broker));
        Ok(Self { broker: Some(broker), until, way: Some(way), asks })
    }

    /// Who decides about a network, how it finds names, and where somebody comes in.
    pub(crate) fn network_side(&self, doors: Vec<Door>) -> Option<NetworkSide> {
        let judge = Arc::clone(self.broker.as_ref()?);
        Some(NetworkSide { judge, way: self.way.clone()?, doors })
    }

    /// A new action begins, which may take this long: counters per action start
    /// again.
    pub(crate) fn begin_action(&self, limit: Duration) {
        self.until.set(limit);
        if let Some(broker) = &self.broker {
            broker.begin_action();
        }
    }

    /// The way of the plugin's requests, for any thread.
    pub(crate) fn caller(&self) -> Caller {
        Caller { broker: self.broker.clone() }
    }

    /// Whether a call may wait for a person, so that somebody else has to watch the jail.
    pub(crate) const fn asks(&self) -> bool {
        self.asks.is_some()
    }

    /// For how long calls waited for a person, all together.
    pub(crate) fn held(&self) -> Duration {
        self.asks.as_ref().map(Held::total).unwrap_or_default()
    }

    /// Totals so far.
    pub(crate) fn usage(&self) -> BrokerUsage {
        self.broker.as_deref().map(Broker::usage).unwrap_or_default()
    }

    /// The different denials so far.
    pub(crate) fn denials(&self) -> Vec<CountedDenial> {
        self.broker.as_deref().map(Broker::denials).unwrap_or_default()
    }
}

/// The lent variables that are text; the others only the program itself can read.
fn variables(plan: &Plan) -> BTreeMap<String, String> {
    let text = |value: &OsString| value.clone().into_string().ok();
    plan.environment.iter().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

/// Runs a permitted program in a jail of its own that sees what the plugin sees.
struct NestedJail {
    backend: Arc<ProcessBackend>,
    plan: Plan,
    search: OsString,
    recorder: Recorder,
    interrupts: Vec<Interrupt>,
    until: Until,
    /// The broker that it serves, which decides about its network too.
    broker: Arc<OnceLock<Weak<Broker>>>,
    way: Way,
}

impl ProcessRunner for NestedJail {
    fn run(
        &self,
        permit: Permit<'_, ProcessExecute>,
        request: ProcessRequest<'_>,
    ) -> Result<ProcessOutput, ProcessError> {
        let spent = permit.spend();
        let found = Interpreter::resolve(OsStr::new(spent.object), &self.search)
            .map_err(|_| ProcessError::NotFound)?;
        let mut arguments = found.arguments;
        arguments.extend(request.arguments.iter().map(OsString::from));
        let mut budget = self.plan.budget.clone();
        budget.timeouts.call = self.until.at_most(budget.timeouts.call);
        budget.output_bytes = u64::try_from(request.max_output_bytes).unwrap_or(u64::MAX);
        let plan = Plan {
            runtime: found.runtime,
            program: found.program,
            arguments,
            files: Vec::new(),
            programs: Programs::None,
            just_in_time_compiler: false,
            control: false,
            published: Vec::new(),
            code: Vec::new(),
            long_lived: false,
            budget,
            ..self.plan.clone()
        };
        let failed = |error: RunError| ProcessError::Failed(error.to_string());
        let running =
            self.backend.start(&plan).map_err(|error| ProcessError::Failed(error.to_string()))?;
        let broker = self.broker.get().and_then(Weak::upgrade);
        let network =
            broker.map(|judge| NetworkSide { judge, way: self.way.clone(), doors: Vec::new() });
        let mut jailed = Jailed::new(
            running,
            plan.budget.clone(),
            self.recorder.clone(),
            self.interrupts.clone(),
            network,
        )
        .map_err(failed)?;
        jailed.as_long_as(spent.grant.lease().clone());
        let result = plain::run(&mut jailed, request.stdin, &mut Silent);
        let stderr = jailed.stderr_text().into_bytes();
        let (end, _) = jailed.finish();
        let exit_code = match end {
            End::Exited(status) => status,
            End::Signalled(signal) => 128_i32.saturating_add(signal),
            End::Killed => 137,
        };
        match result {
            Ok(stdout) => Ok(ProcessOutput { exit_code, stdout, stderr, truncated: false }),
            Err(RunError::Status { output, .. }) => {
                Ok(ProcessOutput { exit_code, stdout: output, stderr, truncated: false })
            }
            Err(RunError::Crash { .. }) => {
                Ok(ProcessOutput { exit_code, stdout: Vec::new(), stderr, truncated: false })
            }
            Err(RunError::Timeout { limit, .. }) => Err(ProcessError::TimedOut {
                limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            }),
            Err(error @ RunError::Resource { .. }) => Err(ProcessError::Limit(error.to_string())),
            Err(error) => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_an_action_starts_gets_no_more_time_than_the_action_has_left() {
        let until = Until::default();
        let (short, long) = (Duration::from_secs(10), Duration::from_secs(60));
        assert_eq!(until.at_most(short), short, "while the plugin is loaded");
        until.clone().set(short);
        assert!(until.at_most(long) <= short);
        until.set(Duration::ZERO);
        assert_eq!(until.at_most(long), Duration::ZERO);
    }
}
