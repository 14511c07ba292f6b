//! A host as most are built: the engine in the host's own process, its defaults,
//! the limits that its documentation shows first. What goes wrong in it is shown
//! beside what becomes of the same plugin here.

use crate::naive::ringfence::plugin::http::{Host as Http, Request, Response};
use crate::naive::ringfence::plugin::log::{Host as Log, Level};
use crate::naive::ringfence::plugin::types::{Failure, Host as Types};
use std::sync::{Arc, Mutex};
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

wasmtime::component::bindgen!({ path: "../wit", world: "plugin" });

/// Every memory of a plugin may have this much, in bytes.
pub(crate) const MEMORY: usize = 256 << 20;

/// What answers a plugin's request.
pub(crate) type Fetch = Box<dyn FnMut(Request) -> Response + Send>;

/// The state of a naive host's store.
pub(crate) struct Naive {
    limits: StoreLimits,
    wasi: WasiCtx,
    table: ResourceTable,
    /// Bytes of every line that the plugin logged.
    pub(crate) logged: Arc<Mutex<Vec<usize>>>,
    pub(crate) fetch: Fetch,
}

impl WasiView for Naive {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Types for Naive {}

impl Log for Naive {
    fn write(&mut self, _: Level, message: String) {
        self.logged.lock().unwrap().push(message.len());
    }
}

impl Http for Naive {
    fn fetch(&mut self, request: Request) -> Result<Response, Failure> {
        Ok((self.fetch)(request))
    }
}

/// The engine's defaults. Of its collectors none is built in, and it would ask for one
/// when another test is built with it.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config.gc_support(false);
    config
}

/// An engine with these settings.
pub(crate) fn engine(config: &mut Config) -> Engine {
    Engine::new(config).unwrap()
}

/// The limits of a store, as documentation shows them.
pub(crate) fn limits() -> StoreLimitsBuilder {
    StoreLimitsBuilder::new().memory_size(MEMORY)
}

/// A component in a host of this kind.
pub(crate) struct NaivePlugin {
    pub(crate) store: Store<Naive>,
    pub(crate) plugin: Plugin,
    pub(crate) instance: wasmtime::component::Instance,
}

impl NaivePlugin {
    pub(crate) fn new(component: &[u8]) -> Self {
        let engine = engine(&mut config());
        let component = Component::new(&engine, component).unwrap();
        let mut linker = Linker::<Naive>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
        ringfence::plugin::types::add_to_linker::<_, HasSelf<_>>(&mut linker, |s| s).unwrap();
        ringfence::plugin::log::add_to_linker::<_, HasSelf<_>>(&mut linker, |s| s).unwrap();
        ringfence::plugin::http::add_to_linker::<_, HasSelf<_>>(&mut linker, |s| s).unwrap();
        let state = Naive {
            limits: limits().build(),
            wasi: WasiCtxBuilder::new().inherit_network().allow_tcp(true).build(),
            table: ResourceTable::new(),
            logged: Arc::default(),
            fetch: Box::new(|_| panic!("nobody asked for it")),
        };
        let mut store = Store::new(&engine, state);
        store.limiter(|state| &mut state.limits);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let plugin = Plugin::new(&mut store, &instance).unwrap();
        Self { store, plugin, instance }
    }

    /// Calls the action `go`, which gives a number.
    pub(crate) fn go(&mut self, input: &str) -> wasmtime::Result<u64> {
        let actions = self.plugin.ringfence_plugin_actions();
        // Texts as the generated function takes them, whatever else is built.
        let (action, input) = ("go".to_owned(), input.to_owned());
        let answer = actions.call_call(&mut self.store, &action, &input)?;
        Ok(answer.unwrap().parse().unwrap())
    }
}
