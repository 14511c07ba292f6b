//! A plugin in JavaScript behind the worker's own doors: the ledger counts what it
//! does, the wire carries what it asks for.

use super::api::{Error, Host as Answers, Sources as Evaluated};
use super::plugin::JavaScript;
use crate::clock;
use crate::guest::{CallError, Guest};
use crate::host::Host;
use crate::stop::Stop;
use ringfence_protocol::worker::{Sources, Stopped, WorkerSettings};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::Module;

/// The words of the log for the levels of the engine.
const LEVELS: [&str; 4] = ["debug", "info", "warning", "error"];

/// What the host says of a plugin, as far as it concerns the engine.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    plugin: String,
    config: Value,
}

#[derive(Deserialize)]
struct Request<'a> {
    method: String,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

/// A plugin whose sources were handed over.
pub(crate) struct JavaScriptGuest {
    javascript: JavaScript<Bridge>,
    sources: Sources,
    settings: Arc<WorkerSettings>,
}

impl JavaScriptGuest {
    /// Makes the engine ready; nothing of the plugin runs yet.
    pub(crate) fn new(
        module: Module,
        sources: Sources,
        host: Host,
        settings: Arc<WorkerSettings>,
    ) -> Result<Self, Error> {
        let mut javascript = JavaScript::load(module, Bridge { host })?;
        javascript.keep_state(settings.stateful);
        Ok(Self { javascript, sources, settings })
    }
}

impl Guest for JavaScriptGuest {
    fn load(&mut self, told: &str) -> Result<Vec<String>, CallError> {
        let told: Told = serde_json::from_str(told).unwrap_or_default();
        // What was handed over is needed once, and the engine has its own copy.
        let sources = std::mem::take(&mut self.sources);
        Ok(self.javascript.initialise(&Evaluated {
            files: &sources.files,
            entry: &sources.entry,
            class: None,
            plugin: &told.plugin,
            config: &told.config,
            strict: self.settings.strict,
            memory: self.settings.memory_bytes,
        })?)
    }

    fn call(&mut self, action: &str, input: &str) -> Result<String, CallError> {
        Ok(self.javascript.run(action, input)?)
    }

    fn settle(&mut self) {
        self.javascript.settle();
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        match error {
            Error::Plugin(error) => Self::Plugin {
                name: Some(error.name),
                message: error.message,
                stack: error.stack,
                code: error.code,
            },
            Error::Stopped(stop) => Self::Stopped(stop),
            Error::Memory => Self::Stopped(Stop::Limit(Stopped::Memory)),
            Error::NoAction(_) => Self::NoSuchAction,
            Error::Trap(reason) | Error::Engine(reason) => Self::Stopped(Stop::Trap(reason)),
        }
    }
}

/// Answers the engine.
struct Bridge {
    host: Host,
}

impl Answers for Bridge {
    fn request(&mut self, json: &[u8]) -> Result<Vec<u8>, Stop> {
        let Ok(Request { method, params }) = serde_json::from_slice(json) else {
            return Ok(answer("error", &json!({ "message": "the request is not JSON" })));
        };
        let params = params.unwrap_or(RawValue::NULL);
        Ok(match self.host.ask_raw(&method, params)? {
            Ok(result) => answer("result", &result),
            Err(failure) => answer("error", &failure),
        })
    }

    fn log(&mut self, level: u8, text: &str) -> Result<(), Stop> {
        let word = LEVELS.get(usize::from(level)).copied().unwrap_or("error");
        self.host.say(word, text)
    }

    fn now_ms(&mut self) -> f64 {
        clock::now().as_secs_f64() * 1000.0
    }

    fn random(&mut self, bytes: &mut [u8]) -> Result<(), Stop> {
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty()) {
                Ok(more) => filled += more,
                Err(rustix::io::Errno::INTR) => {}
                // Numbers that somebody could guess are worse than none.
                Err(error) => return Err(Stop::Trap(format!("no randomness: {error}"))),
            }
        }
        Ok(())
    }

    fn sleep(&mut self, ms: f64) -> Result<(), Stop> {
        let inner = self.host.lock();
        let deadline = inner.ledger.deadline();
        let wanted = Duration::try_from_secs_f64(ms.max(0.0) / 1000.0).unwrap_or(Duration::MAX);
        let until = Instant::now().checked_add(wanted).filter(|until| *until < deadline);
        inner.wire.pause(until.unwrap_or(deadline))?;
        if until.is_none() { Err(Stop::Limit(Stopped::Time)) } else { Ok(()) }
    }

    fn epoch(&mut self) -> Result<(), Stop> {
        self.host.lock().ledger.check().map(drop)
    }

    fn output(&mut self, bytes: usize) -> Result<(), Stop> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.host.lock().ledger.check_output(bytes)
    }
}

/// What the engine reads: an object with one member.
fn answer(name: &str, value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(&std::collections::BTreeMap::from([(name, value)]))
        .unwrap_or_else(|_| br#"{"error":{"message":"the answer is not JSON"}}"#.to_vec())
}
