//! Components that export the actions of `ringfence:plugin`.

use crate::clock::Coarse;
use crate::guest::{CallError, Guest};
use crate::host::Host;
use crate::imports::{Plugin, PluginPre};
use crate::stop::Stop;
use ringfence_protocol::worker::{CodeKind, Folder, Stopped, WorkerSettings};
use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Runtime;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

/// Most handles of resources at once. The engine's own limit is 100,000.
const HANDLES: usize = 10_000;
/// Most bytes of randomness for one question.
const RANDOM_BYTES: u64 = 64 << 10;
/// Codes of the world's `failure`: an action's error with one of these names says
/// that it let a failure of ours pass.
const FAILURES: [&str; 7] =
    ["not_granted", "not_recorded", "budget", "invalid", "not_found", "failed", "unknown_method"];

/// The jail's own folder for what nobody keeps.
const TEMPORARY: &str = "/tmp";

/// What a store holds beside the plugin's own memory.
pub(crate) struct State {
    pub(crate) host: Host,
    wasi: Option<WasiCtx>,
    table: ResourceTable,
    folders: Arc<[Folder]>,
    /// What stands for `/tmp` in this store, where it must not outlive it.
    scratch: Option<Scratch>,
    /// A program's input and output are the worker's own.
    stdio: bool,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (folders, scratch, stdio) = (&self.folders, self.scratch.as_mut(), self.stdio);
        // Made when it is first asked for: many plugins never do, and opening
        // folders costs more than their whole call.
        let ctx = self.wasi.get_or_insert_with(|| wasi(folders, scratch, stdio));
        WasiCtxView { ctx, table: &mut self.table }
    }
}

fn wasi(folders: &[Folder], mut scratch: Option<&mut Scratch>, stdio: bool) -> WasiCtx {
    let mut builder = WasiCtxBuilder::new();
    // There is one thread: nobody to hand slow work to, and no other call to delay.
    builder
        .allow_blocking_current_thread(true)
        .wall_clock(Coarse::new())
        .monotonic_clock(Coarse::new())
        .max_random_size(RANDOM_BYTES)
        .envs(&environment())
        .inherit_stderr()
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false);
    if stdio {
        builder.inherit_stdio();
    }
    for folder in folders {
        let rights = if folder.writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        let place = match scratch.take_if(|_| folder.path == TEMPORARY) {
            Some(scratch) => scratch.make(),
            None => Some(Path::new(&folder.path)),
        };
        // What cannot be opened is not there.
        let _ = place.map(|place| builder.preopened_dir(place, &folder.path, rights));
    }
    builder.build()
}

/// The variables that are text; WASI knows no others.
fn environment() -> Vec<(String, String)> {
    let text = |text: OsString| text.into_string().ok();
    std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

/// A folder of one store in the jail's `/tmp`. Each has its own, so that what cannot
/// be removed at its end takes room of the plugin's and shows to no later call.
struct Scratch {
    path: PathBuf,
    is_made: bool,
}

impl Scratch {
    fn numbered(number: u64) -> Self {
        Self { path: format!("{TEMPORARY}/.store-{number}").into(), is_made: false }
    }

    /// Makes the folder; `None` when something has that name, or there is no room.
    fn make(&mut self) -> Option<&Path> {
        // The jail knows this call and not the one of the standard library.
        rustix::fs::mkdirat(rustix::fs::CWD, &self.path, rustix::fs::Mode::RWXU).ok()?;
        self.is_made = true;
        Some(&self.path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.is_made {
            // Links in it are removed and not followed.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// What every component is run with.
pub(crate) struct Runner {
    engine: Engine,
    runtime: Runtime,
    host: Host,
    settings: Arc<WorkerSettings>,
    folders: Arc<[Folder]>,
    /// Stores so far, whose numbers name their folders.
    stores: AtomicU64,
}

impl Runner {
    pub(crate) fn new(
        engine: &Engine,
        host: Host,
        settings: Arc<WorkerSettings>,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let folders = settings.folders.clone().into();
        let (engine, stores) = (engine.clone(), AtomicU64::new(0));
        Ok(Self { engine, runtime, host, settings, folders, stores })
    }

    /// A linker with WASI and the families of the broker.
    pub(crate) fn linker(&self) -> wasmtime::Result<Linker<State>> {
        let mut linker = Linker::new(&self.engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        Plugin::add_to_linker::<State, HasSelf<Host>>(&mut linker, |state| &mut state.host)?;
        Ok(linker)
    }

    /// A store in which nothing has run.
    pub(crate) fn store(&self, stdio: bool) -> Store<State> {
        self.host.lock().ledger.forget_memory();
        let number = self.stores.fetch_add(1, Ordering::Relaxed);
        let begins_anew = self.settings.kind == CodeKind::Plugin && !self.settings.stateful;
        let state = State {
            scratch: begins_anew.then(|| Scratch::numbered(number)),
            host: self.host.clone(),
            wasi: None,
            table: ResourceTable::new(),
            folders: Arc::clone(&self.folders),
            stdio,
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.host);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| {
            let host = store.data().host.clone();
            host.knocked(store)
        });
        let bytes = self.settings.output_bytes.saturating_add(self.settings.host_bytes);
        store.set_hostcall_fuel(usize::try_from(bytes).unwrap_or(usize::MAX));
        store.set_max_component_handles(HANDLES);
        store
    }

    /// Drives code until it is done or its time is over.
    pub(crate) fn drive<T>(
        &self,
        work: impl Future<Output = wasmtime::Result<T>>,
    ) -> Result<T, Stop> {
        let result = self.attempt(work);
        result.map_err(|error| Stop::of(&error, self.host.lock().ledger.memory_refused()))
    }

    /// A wait of WASI is ended by dropping it, code by the epoch.
    fn attempt<T>(&self, work: impl Future<Output = wasmtime::Result<T>>) -> wasmtime::Result<T> {
        let deadline = self.host.lock().ledger.deadline();
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                result = work => result,
                () = tokio::time::sleep_until(deadline.into()) => {
                    Err(Stop::Limit(Stopped::Time).into())
                }
            }
        })
    }
}

/// A plugin as a component.
pub(crate) struct PluginGuest {
    runner: Runner,
    pre: PluginPre<State>,
    actions: Vec<String>,
    /// The instance that serves all calls, when one does.
    kept: Option<(Store<State>, Plugin)>,
    /// What the last call was made in, to be dropped.
    used: Option<Store<State>>,
}

impl PluginGuest {
    /// Links it; nothing of it runs yet.
    pub(crate) fn new(runner: Runner, component: &Component) -> wasmtime::Result<Self> {
        let pre = PluginPre::new(runner.linker()?.instantiate_pre(component)?)?;
        Ok(Self { runner, pre, actions: Vec::new(), kept: None, used: None })
    }

    fn instantiate(&self) -> Result<(Store<State>, Plugin), Stop> {
        let mut store = self.runner.store(false);
        let plugin = self.runner.attempt(self.pre.instantiate_async(&mut store));
        let plugin = plugin.map_err(|error| self.runner.host.stopped(&error, &mut store))?;
        Ok((store, plugin))
    }
}

impl Guest for PluginGuest {
    fn load(&mut self, _: &str) -> Result<Vec<String>, CallError> {
        let (mut store, plugin) = self.instantiate()?;
        let list = plugin.ringfence_plugin_actions();
        self.actions = self.runner.drive(list.call_list(&mut store))?;
        if self.runner.settings.stateful {
            self.kept = Some((store, plugin));
        }
        Ok(self.actions.clone())
    }

    fn call(&mut self, action: &str, input: &str) -> Result<String, CallError> {
        self.settle();
        if !self.actions.iter().any(|name| name == action) {
            return Err(CallError::NoSuchAction);
        }
        // Taken, not borrowed: after a trap it is not put back.
        let (mut store, plugin) = match self.kept.take() {
            Some(kept) => kept,
            None => self.instantiate()?,
        };
        let actions = plugin.ringfence_plugin_actions();
        let (action, input) = (action.to_owned(), input.to_owned());
        let outcome = self.runner.attempt(actions.call_call(&mut store, &action, &input));
        let outcome = outcome.map_err(|error| self.runner.host.stopped(&error, &mut store))?;
        if self.runner.settings.stateful {
            self.kept = Some((store, plugin));
        } else {
            self.used = Some(store);
        }
        outcome.map_err(|error| CallError::Plugin {
            code: error.name.clone().filter(|name| FAILURES.contains(&name.as_str())),
            name: error.name,
            message: error.message,
            stack: None,
        })
    }

    fn settle(&mut self) {
        self.used = None;
    }
}
