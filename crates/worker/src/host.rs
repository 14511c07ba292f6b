//! The host, as plugin code reaches it: one request on the wire per call, charged
//! to the ledger first, waited for no longer than the call has time.

use crate::imports::ringfence::plugin::types::Failure;
use crate::inspection::Inspection;
use crate::ledger::Ledger;
use crate::stop::Stop;
use crate::wire::{self, Wire};
use ringfence_protocol::worker::{Inspect, PROFILE_INTERVAL_US};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wasmtime::{AsContext, ResourceLimiter, Store, UpdateDeadline, WasmBacktrace};

/// Most core instances, memories and tables in one store.
const MOST: usize = 64;

/// The host's side of every store, which come and go with the calls.
#[derive(Clone)]
pub(crate) struct Host {
    // One thread runs calls, so nobody ever waits for this lock.
    inner: Arc<Mutex<Inner>>,
}

/// What there is one of.
pub(crate) struct Inner {
    pub(crate) wire: Wire,
    pub(crate) ledger: Ledger,
    inspection: Inspection,
}

/// An outcome of the broker's, inside the outcome of the engine's.
pub(crate) type Asked<T> = wasmtime::Result<Result<T, Failure>>;

impl Host {
    pub(crate) fn new(wire: Wire, ledger: Ledger) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner { wire, ledger, inspection: Inspection::default() })),
        }
    }

    /// Wire and ledger.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins about which this is asked.
    pub(crate) fn inspect(&self, inspect: Inspect) {
        let mut inner = self.lock();
        inner.inspection = Inspection::begin(inspect);
        if inspect.profile {
            inner.ledger.sample(Duration::from_micros(PROFILE_INTERVAL_US.into()));
        }
    }

    /// The watchdog knocked at running code.
    pub(crate) fn knocked(&self, store: impl AsContext) -> wasmtime::Result<UpdateDeadline> {
        let mut inner = self.lock();
        if let Some(sampler) = &mut inner.inspection.sampler {
            sampler.take(&WasmBacktrace::force_capture(store));
        }
        Ok(inner.ledger.check()?)
    }

    /// What stopped code, of which a core dump is kept if somebody asked for it. The
    /// store is not used again.
    pub(crate) fn stopped<T: 'static>(
        &self,
        error: &wasmtime::Error,
        store: &mut Store<T>,
    ) -> Stop {
        let mut inner = self.lock();
        let stop = Stop::of(error, inner.ledger.memory_refused());
        inner.inspection.keep_core_dump(error, &stop, store);
        stop
    }

    /// Sends what was found out about the call that has ended.
    pub(crate) fn report(&self) -> Result<(), Stop> {
        let mut inner = self.lock();
        std::mem::take(&mut inner.inspection).send(&mut inner.wire)
    }

    /// One call of the broker.
    pub(crate) fn ask(&self, method: &str, params: &Value) -> Asked<Box<RawValue>> {
        let params = RawValue::from_string(params.to_string())?;
        Ok(self.ask_raw(method, &params)?.map_err(explain))
    }

    /// One call of the broker with parameters that are JSON already.
    pub(crate) fn ask_raw(
        &self,
        method: &str,
        params: &RawValue,
    ) -> Result<Result<Box<RawValue>, wire::Failure>, Stop> {
        let mut inner = self.lock();
        inner.ledger.charge(method.len().saturating_add(params.get().len()))?;
        let deadline = inner.ledger.deadline();
        inner.wire.request(method, params, deadline)
    }

    /// One call whose answer has this form.
    pub(crate) fn ask_for<T: DeserializeOwned>(&self, method: &str, params: &Value) -> Asked<T> {
        Ok(match self.ask(method, params)? {
            Ok(answer) => serde_json::from_str(answer.get()).map_err(|_| unexpected(method)),
            Err(failure) => Err(failure),
        })
    }

    /// A line for the operator.
    pub(crate) fn say(&self, level: &str, message: &str) -> Result<(), Stop> {
        let mut inner = self.lock();
        inner.ledger.charge(message.len())?;
        inner.wire.log(level, message)
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.lock().ledger.grow_memory(current, desired))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.lock().ledger.grow_table(current, desired))
    }

    fn instances(&self) -> usize {
        MOST
    }

    fn tables(&self) -> usize {
        MOST
    }

    fn memories(&self) -> usize {
        MOST
    }
}

/// The host answered in a form that this program does not know.
pub(crate) fn unexpected(method: &str) -> Failure {
    Failure {
        code: "failed".to_owned(),
        message: format!("the host's answer to {method} has another form"),
        kind: None,
        object: None,
        withheld_by: None,
        repair: None,
    }
}

/// A parameter that is no JSON.
pub(crate) fn no_json(name: &str) -> Failure {
    Failure {
        code: "invalid".to_owned(),
        message: format!("`{name}` is not JSON"),
        kind: None,
        object: None,
        withheld_by: None,
        repair: None,
    }
}

fn explain(failure: wire::Failure) -> Failure {
    let data = failure.data.unwrap_or_default();
    Failure {
        code: data.code.unwrap_or_else(|| "failed".to_owned()),
        message: failure.message,
        kind: data.kind,
        object: data.object,
        withheld_by: data.withheld_by,
        repair: data.repair,
    }
}
