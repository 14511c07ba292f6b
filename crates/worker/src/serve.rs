//! The worker's life: load what lies on the code descriptor, answer calls, end
//! when the host closes its end.

use crate::component::{PluginGuest, Runner};
use crate::guest::{CallError, Guest};
use crate::host::Host;
use crate::javascript::{self, JavaScriptGuest, STACK};
use crate::ledger::Ledger;
use crate::module::ModuleGuest;
use crate::stop::Stop;
use crate::watchdog::Watchdog;
use crate::wire::{AnswerData, AnswerError, Wire};
use crate::{new_code, pool, program};
use ringfence_protocol::PROTOCOL;
use ringfence_protocol::frames::FrameLimits;
use ringfence_protocol::jsonrpc::METHOD_NOT_FOUND;
use ringfence_protocol::worker::{
    CodeKind, FRAME_ROOM, Inspect, STOPPED, Sources, Stopped, TRAPPED, WorkerSettings,
};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::fs::File;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

/// JSON-RPC code of a failure that the plugin itself reports.
const PLUGIN_FAILED: i64 = -32000;

/// Bytes of stack for our own functions, beside what plugin code may use.
const NATIVE_STACK: usize = 1 << 20;

/// Why there was nothing to serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The code is none that this engine made.
    #[error("the code cannot be loaded: {0}")]
    Code(String),
    /// The kernel gave no thread or clock.
    #[error("the worker cannot start: {0}")]
    Start(#[from] std::io::Error),
    /// A program was stopped; the word of the limit or the trap.
    #[error("stopped: {0}")]
    Stopped(String),
}

#[derive(Deserialize)]
struct CallParameters<'a> {
    action: String,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(default)]
    inspect: Inspect,
}

/// Serves until the host closes its end; gives the exit status.
///
/// # Errors
/// When there is nothing to serve.
pub fn serve(
    settings: WorkerSettings,
    control: Option<OwnedFd>,
    code: &OwnedFd,
    sources: Option<OwnedFd>,
) -> Result<i32, ServeError> {
    let kind = settings.kind;
    let run = || {
        if kind == CodeKind::Program {
            return run_program(settings, control, code);
        }
        Worker::load(settings, control, code, sources)?.answer_calls();
        Ok(0)
    };
    on_its_stack(kind, run).unwrap_or_else(|error| Err(error.into()))
}

/// Does what runs code of this kind on a stack that is large enough: the engine of
/// JavaScript recurses deeper than the first thread's may be.
///
/// # Errors
/// When the kernel gives no thread, or it panicked.
pub fn on_its_stack<T: Send>(kind: CodeKind, run: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    if kind != CodeKind::JavaScript {
        return Ok(run());
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("javascript".to_owned())
            .stack_size(STACK + NATIVE_STACK)
            .spawn_scoped(scope, run)?;
        thread.join().map_err(|_| std::io::Error::other("it panicked"))
    })
}

/// A plugin's code in its engine, with the limits and the host of its calls.
pub struct Worker {
    host: Host,
    settings: Arc<WorkerSettings>,
    guest: Box<dyn Guest>,
}

impl Worker {
    /// Maps the code and links it; nothing of the plugin runs yet, and this process
    /// can make no more code afterwards.
    ///
    /// # Errors
    /// When the kernel gives no thread or clock. Code that cannot be loaded says so
    /// when it is initialised, since that is where somebody waits for it.
    pub fn load(
        settings: WorkerSettings,
        control: Option<OwnedFd>,
        code: &OwnedFd,
        sources: Option<OwnedFd>,
    ) -> Result<Self, ServeError> {
        let (engine, host, settings) = prepare(settings, control)?;
        // SAFETY: as in `component`.
        let module = || unsafe { Module::deserialize_file(&engine, path_of(code)) };
        let guest: wasmtime::Result<Box<dyn Guest>> = match settings.kind {
            CodeKind::Module => module()
                .and_then(|module| {
                    ModuleGuest::new(&engine, &module, host.clone(), Arc::clone(&settings))
                })
                .map(|guest| Box::new(guest) as _),
            CodeKind::JavaScript => {
                let sources = read_sources(sources)?;
                module().and_then(|module| {
                    let (host, settings) = (host.clone(), Arc::clone(&settings));
                    let guest = JavaScriptGuest::new(module, sources, host, settings)?;
                    Ok(Box::new(guest) as _)
                })
            }
            CodeKind::Plugin | CodeKind::Program => {
                let runner = Runner::new(&engine, host.clone(), Arc::clone(&settings))?;
                component(&engine, code)
                    .and_then(|component| PluginGuest::new(runner, &component))
                    .map(|guest| Box::new(guest) as _)
            }
        };
        new_code::forbid();
        let guest = guest.unwrap_or_else(|error| Box::new(Unloadable(format!("{error:#}"))));
        Ok(Self { host, settings, guest })
    }

    /// Starts the plugin with what the host tells it, as JSON, and gives the names of
    /// its actions.
    ///
    /// # Errors
    /// When it cannot be loaded, fails, or is stopped.
    pub fn initialise(&mut self, told: &str) -> Result<Vec<String>, CallError> {
        begin(&self.host, &self.settings, self.settings.initialise_ms);
        let loaded = self.guest.load(told);
        self.host.lock().ledger.end();
        loaded
    }

    /// Calls an action with JSON, and gives JSON.
    ///
    /// # Errors
    /// When there is no such action, it fails, or is stopped; the next call finds the
    /// plugin ready.
    pub fn call(&mut self, action: &str, input: &str) -> Result<String, CallError> {
        let outcome = self.inspected(action, input, Inspect::default());
        self.guest.settle();
        outcome
    }

    /// Calls it and takes down what is asked for.
    fn inspected(
        &mut self,
        action: &str,
        input: &str,
        inspect: Inspect,
    ) -> Result<String, CallError> {
        begin(&self.host, &self.settings, self.settings.call_ms);
        // After the beginning: samples are taken while something runs.
        self.host.inspect(inspect);
        let outcome = self.guest.call(action, input);
        self.host.lock().ledger.end();
        outcome
    }

    fn answer_calls(&mut self) {
        loop {
            let Some(frame) = self.host.lock().wire.next() else { return };
            let (Some(id), Some(method)) = (frame.id, frame.method) else { continue };
            let answered = match method.as_str() {
                "initialize" => {
                    let told = frame.params.as_ref().map_or("null", |told| told.get());
                    let ready = self.initialise(told).map(|actions| {
                        json!({ "protocol": PROTOCOL, "actions": actions }).to_string()
                    });
                    self.answer(id, &ready)
                }
                "call" => {
                    let text = frame.params.as_ref().map_or("null", |params| params.get());
                    let Ok(call) = serde_json::from_str::<CallParameters<'_>>(text) else { return };
                    let input = call.input.map_or("null", RawValue::get);
                    let outcome = self.inspected(&call.action, input, call.inspect);
                    if self.host.report().is_err() {
                        return;
                    }
                    self.answer(id, &outcome)
                }
                _ => self.host.lock().wire.answer(
                    id,
                    Err(AnswerError {
                        code: METHOD_NOT_FOUND,
                        message: "no such method",
                        data: AnswerData::default(),
                    }),
                ),
            };
            if answered.is_err() {
                return;
            }
            // Nobody waits for this.
            self.guest.settle();
        }
    }

    /// Sends what became of a call.
    fn answer(&self, id: i64, outcome: &Result<String, CallError>) -> Result<(), Stop> {
        let wire = &mut self.host.lock().wire;
        let failed = |code, message, data| Err(AnswerError { code, message, data });
        let mut text = String::new();
        let answer = match outcome {
            Ok(result) if over(result, &self.settings) => stopped(Stopped::Output),
            Ok(result) => match serde_json::from_str::<&RawValue>(result) {
                Ok(result) => Ok(result),
                Err(_) => failed(PLUGIN_FAILED, "the result is not JSON", AnswerData::default()),
            },
            Err(CallError::NoSuchAction) => {
                failed(METHOD_NOT_FOUND, "no such action", AnswerData::default())
            }
            Err(CallError::Plugin { name, message, stack, code }) => failed(
                PLUGIN_FAILED,
                message,
                AnswerData {
                    name: name.as_deref(),
                    stack: stack.as_deref(),
                    code: code.as_deref(),
                },
            ),
            Err(CallError::Stopped(Stop::Limit(limit))) => stopped(*limit),
            Err(CallError::Stopped(stop)) => {
                text.push_str(&stop.to_string());
                failed(TRAPPED, &text, AnswerData { name: Some("Trap"), ..AnswerData::default() })
            }
        };
        match wire.answer(id, answer) {
            // What the host would not take was not sent.
            Err(Stop::Limit(limit)) => wire.answer(id, stopped(limit)),
            Err(Stop::Trap(reason)) => {
                let data = AnswerData { name: Some("Trap"), ..AnswerData::default() };
                wire.answer(id, failed(TRAPPED, &reason, data))
            }
            sent => sent,
        }
    }
}

fn run_program(
    settings: WorkerSettings,
    control: Option<OwnedFd>,
    code: &OwnedFd,
) -> Result<i32, ServeError> {
    let (engine, host, settings) = prepare(settings, control)?;
    let component = component(&engine, code).map_err(|error| loading(&error))?;
    let runner = Runner::new(&engine, host.clone(), Arc::clone(&settings))?;
    new_code::forbid();
    begin(&host, &settings, settings.call_ms);
    program::run(&runner, &component).map_err(|stop| ServeError::Stopped(stop.to_string()))
}

fn loading(error: &wasmtime::Error) -> ServeError {
    ServeError::Code(format!("{error:#}"))
}

/// What every kind of code needs.
fn prepare(
    settings: WorkerSettings,
    control: Option<OwnedFd>,
) -> Result<(Engine, Host, Arc<WorkerSettings>), ServeError> {
    let settings = Arc::new(settings);
    let engine = engine(&settings).map_err(|error| loading(&error))?;
    let shortest = settings.call_ms.min(settings.cpu_ms).min(settings.initialise_ms);
    let watchdog = Watchdog::start(&engine, Duration::from_millis(shortest))?;
    let control = match control {
        Some(control) => control,
        // A program has nobody to ask: what it writes there goes nowhere.
        None => OwnedFd::from(File::options().read(true).write(true).open("/dev/null")?),
    };
    let largest = usize::try_from(settings.output_bytes).unwrap_or(usize::MAX);
    let wire = Wire::new(control, FrameLimits::with_bytes(largest.saturating_add(FRAME_ROOM)));
    let host = Host::new(wire, Ledger::new(&settings, watchdog));
    Ok((engine, host, settings))
}

fn path_of(code: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", code.as_raw_fd())
}

fn component(engine: &Engine, code: &OwnedFd) -> wasmtime::Result<Component> {
    // SAFETY: needed because native code is trusted by whoever loads it. Sound
    // because the descriptor holds what the compiler made in its own jail and the
    // host kept under a code of authentication; a package cannot put it there, and
    // what a broken compiler could make still runs in this jail.
    unsafe { Component::deserialize_file(engine, path_of(code)) }
}

fn read_sources(descriptor: Option<OwnedFd>) -> Result<Sources, ServeError> {
    let descriptor = descriptor.ok_or_else(|| ServeError::Code("no sources".to_owned()))?;
    // Opened anew, so that they are read from their start whoever else holds them.
    let bytes = std::fs::read(path_of(&descriptor))?;
    Sources::from_bytes(&bytes).map_err(|error| ServeError::Code(error.to_string()))
}

/// A plugin that cannot be loaded.
struct Unloadable(String);

impl Guest for Unloadable {
    fn load(&mut self, _: &str) -> Result<Vec<String>, CallError> {
        Err(CallError::Plugin {
            name: None,
            message: format!("it cannot be loaded: {}", self.0),
            stack: None,
            code: None,
        })
    }

    fn call(&mut self, _: &str, _: &str) -> Result<String, CallError> {
        Err(CallError::NoSuchAction)
    }

    fn settle(&mut self) {}
}

fn engine(settings: &WorkerSettings) -> wasmtime::Result<Engine> {
    if settings.kind == CodeKind::JavaScript {
        return Engine::new(&javascript::configuration());
    }
    let memory = usize::try_from(settings.memory_bytes).unwrap_or(usize::MAX);
    // Knowing which pages were written needs a kernel that tells (6.7), and a
    // /proc that shows it. It does not tell of pages that lie on a disk just now:
    // they would come back to the next call as the last one left them.
    let tells = !settings.swaps;
    Engine::new(&pool::pooled(memory, tells)).or_else(|_| Engine::new(&pool::pooled(memory, false)))
}

fn begin(host: &Host, settings: &WorkerSettings, limit_ms: u64) {
    host.lock().ledger.begin(settings, Duration::from_millis(limit_ms));
}

fn stopped<'a>(limit: Stopped) -> Result<&'a RawValue, AnswerError<'a>> {
    Err(AnswerError {
        code: STOPPED,
        message: "a limit is used up",
        data: AnswerData { name: Some(limit.word()), ..AnswerData::default() },
    })
}

fn over(result: &str, settings: &WorkerSettings) -> bool {
    u64::try_from(result.len()).unwrap_or(u64::MAX) > settings.output_bytes
}
