//! The built-in JavaScript engine: one WebAssembly module for all plugins, a
//! plugin's source as data, and a fresh state for every call.
//!
//! `engine.wasm` (see `crates/worker/engine/README.md`) is compiled once. A plugin is
//! evaluated once in an instance of it; memory and mutable globals are then the
//! [`Snapshot`], and after every call what was written is put back. A call that ended
//! in a trap or was stopped costs the instance: the next one is built from the
//! snapshot.
//!
//! The state that a call could leave is memory and globals and nothing else, because
//! [`verify`] refuses modules that could change a table or drop a segment.

mod api;
mod instance;
mod pages;
mod snapshot;
#[cfg(feature = "compile")]
mod verify;

pub use api::{Error, Host, PluginError, Sources, Stop};
pub use snapshot::{Guard, Resettable, Snapshot};
#[cfg(feature = "compile")]
pub use verify::{Reason, verify};

use instance::Instance;
use wasmtime::{Config, Engine, Module};

/// The engine as a WebAssembly module.
#[cfg(feature = "compile")]
pub const ENGINE: &[u8] = include_bytes!("../../engine/engine.wasm");

/// Native stack that the engine may use, in bytes. Its own limit counts another
/// stack and comes first with this much; found by 35 kinds of recursion in
/// `tests/recursion.rs`. The thread needs about 1 MiB more.
pub const STACK: usize = 8 * 1024 * 1024;

/// Bytes of linear memory beside the JavaScript heap: tables, stack, and what the
/// allocator loses between blocks.
const OVERHEAD: u64 = 3 * 1024 * 1024;

/// The most actions and the longest name are the runner's: see `sdk/node/runner.cjs`.
const MAX_ACTIONS: usize = 256;

/// A plugin in the engine, with the host that answers it.
pub struct JavaScript<H: Host> {
    module: Module,
    actions: Vec<String>,
    snapshot: Option<Snapshot>,
    // None while it is being replaced: after a trap, between two calls.
    instance: Option<Instance<H>>,
    host: Option<H>,
}

impl<H: Host> JavaScript<H> {
    /// What the engine asks of a configuration; the rest is the caller's. Memory must
    /// be allocated on demand: a pool would write to what is protected here.
    pub fn configure(config: &mut Config) {
        config.epoch_interruption(true);
        config.max_wasm_stack(STACK);
        #[cfg(feature = "run")]
        config.async_stack_size(STACK + 1024 * 1024);
        config.allocation_strategy(wasmtime::InstanceAllocationStrategy::OnDemand);
    }

    /// Native code of the engine. Takes about a second; for a process that may compile.
    ///
    /// # Errors
    /// [`Error::Engine`]: the configuration of `engine` does not suit the module.
    #[cfg(feature = "compile")]
    pub fn compile(engine: &Engine) -> Result<Vec<u8>, Error> {
        engine.precompile_module(ENGINE).map_err(|error| Error::Engine(format!("{error:#}")))
    }

    /// An instance that is ready for a plugin. It can be made before the plugin is
    /// known; it is what takes longest (about 4 ms).
    ///
    /// # Errors
    /// [`Error::Engine`]: `module` is not the engine, or there is no memory for it.
    pub fn load(module: Module, host: H) -> Result<Self, Error> {
        let mut instance = Instance::new(&module, host).map_err(|(error, _)| error)?;
        instance.prepare()?;
        Ok(Self {
            module,
            actions: Vec::new(),
            snapshot: None,
            instance: Some(instance),
            host: None,
        })
    }

    /// Evaluates a plugin, once, and keeps what came of it as the state in which every
    /// call begins. Returns the names of its actions.
    ///
    /// # Errors
    /// [`Error::Plugin`] with what the plugin threw; the other kinds as for
    /// [`call`](Self::call). The instance is used up by an error.
    pub fn initialise(&mut self, sources: &Sources<'_>) -> Result<Vec<String>, Error> {
        let Some(instance) = self.instance.as_mut().filter(|_| self.snapshot.is_none()) else {
            return Err(Error::Engine("a plugin was initialised before".into()));
        };
        let size = sources.memory.saturating_add(OVERHEAD);
        instance.limit(size);
        let outcome = instance.initialise(&sources.to_json());
        let names = match outcome {
            Ok(names) => names,
            Err(error) => {
                self.discard();
                return Err(error);
            }
        };
        self.actions = serde_json::from_slice(&names)
            .map_err(|error| Error::Engine(format!("the engine names its actions: {error}")))?;
        self.actions.truncate(MAX_ACTIONS);
        self.snapshot = Some(instance.freeze(size)?);
        Ok(self.actions.clone())
    }

    /// Runs an action from the snapshot. `input` and the result are JSON.
    ///
    /// # Errors
    /// - [`Error::NoAction`]: the plugin has none of that name.
    /// - [`Error::Plugin`]: what the action threw.
    /// - [`Error::Stopped`]: what the host said at an epoch or in a request.
    /// - [`Error::Memory`]: the heap was full.
    /// - [`Error::Trap`]: the engine itself failed; always a reason to look.
    pub fn call(&mut self, action: &str, input: &str) -> Result<String, Error> {
        let index = self.actions.iter().position(|name| name == action);
        let index = index.ok_or_else(|| Error::NoAction(action.to_owned()))?;
        let index = u32::try_from(index).map_err(|_| Error::NoAction(action.to_owned()))?;
        self.revive()?;
        let (Some(instance), Some(snapshot)) = (self.instance.as_mut(), self.snapshot.as_ref())
        else {
            return Err(Error::Engine("there is no instance".into()));
        };
        let outcome = instance.call(index, input.as_bytes());
        let again = match &outcome {
            Ok(_) | Err(Error::Plugin(_) | Error::Memory) => instance.reset(snapshot),
            Err(_) => false,
        };
        if !again {
            self.discard();
        }
        outcome
    }

    /// The host, for what belongs to one call.
    pub fn host(&mut self) -> Option<&mut H> {
        match self.instance.as_mut() {
            Some(instance) => Some(instance.host()),
            None => self.host.as_mut(),
        }
    }

    /// Builds the instance again when the last call cost it (about a millisecond).
    ///
    /// # Errors
    /// [`Error::Engine`]: there is no memory, or nothing was initialised.
    pub fn revive(&mut self) -> Result<(), Error> {
        if self.instance.is_some() {
            return Ok(());
        }
        let (Some(snapshot), Some(host)) = (self.snapshot.as_ref(), self.host.take()) else {
            return Err(Error::Engine("no plugin was initialised".into()));
        };
        match Instance::new(&self.module, host) {
            Ok(mut instance) => {
                instance.adopt(snapshot)?;
                self.instance = Some(instance);
                Ok(())
            }
            Err((error, host)) => {
                self.host = Some(host);
                Err(error)
            }
        }
    }

    /// How many pages are put back after a call, of how many; for tests and figures.
    #[must_use]
    pub fn pages(&self) -> (usize, usize) {
        self.instance.as_ref().map_or((0, 0), Instance::pages)
    }

    /// Whether the state is that of the snapshot, which it is between two calls; for
    /// tests.
    #[must_use]
    pub fn is_reset(&mut self) -> bool {
        match (self.instance.as_mut(), self.snapshot.as_ref()) {
            (Some(instance), Some(snapshot)) => instance.equals(snapshot),
            (None, Some(_)) => true, // It will be made from it.
            _ => false,
        }
    }

    fn discard(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.host = Some(instance.into_host());
        }
    }
}
