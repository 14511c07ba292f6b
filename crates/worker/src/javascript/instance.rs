//! One instance of the engine: what it imports, and calls into it.

use super::api::{Error, Host};
use super::snapshot::{Base, Guard, Resettable, Snapshot};
use std::ops::Range;
use wasmtime::{
    Caller, Global, Linker, Memory, Module, ResourceLimiter, Store, TypedFunc, UpdateDeadline,
};

/// Most bytes of memory before a plugin is known.
const AT_FIRST: u64 = 16 * 1024 * 1024;

/// What a store carries.
struct State<H> {
    host: H,
    memory: Option<Memory>,
    guard: Guard,
    /// The answer to the last request, until it is taken.
    reply: Vec<u8>,
    /// Most bytes of memory; growth ends with the start.
    limit: u64,
}

impl<H: Send> ResourceLimiter for State<H> {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired as u64 <= self.limit)
    }

    fn table_growing(
        &mut self,
        current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The table that the module begins with, and nothing else.
        Ok(current == 0)
    }
}

pub(super) struct Instance<H: Host> {
    store: Store<State<H>>,
    parts: Parts,
}

impl<H: Host> Instance<H> {
    /// A new instance. When there is none, the host is given back.
    pub(super) fn new(module: &Module, host: H) -> Result<Self, (Error, H)> {
        let state = State {
            host,
            memory: None,
            guard: Guard::default(),
            reply: Vec::new(),
            limit: AT_FIRST,
        };
        let mut store = Store::new(module.engine(), state);
        store.limiter(|state| state);
        store.epoch_deadline_callback(|mut context| {
            context.data_mut().host.epoch().map_err(wasmtime::Error::from)?;
            Ok(UpdateDeadline::Continue(1))
        });
        match Parts::link(&mut store, module) {
            Ok(parts) => Ok(Self { store, parts }),
            Err(error) => {
                let error = Error::Engine(format!("{error:#}"));
                Err((error, store.into_data().host))
            }
        }
    }

    pub(super) fn host(&mut self) -> &mut H {
        &mut self.store.data_mut().host
    }

    pub(super) fn into_host(mut self) -> H {
        self.parts.resettable.release();
        self.store.into_data().host
    }

    /// Sets the most bytes of memory.
    pub(super) fn limit(&mut self, bytes: u64) {
        self.store.data_mut().limit = bytes;
    }

    /// Evaluates a plugin; the names of its actions in JSON.
    pub(super) fn initialise(&mut self, options: &str) -> Result<Vec<u8>, Error> {
        let (start, length) = self.hand_over(options.as_bytes())?;
        let outcome = self.parts.initialise.call(&mut self.store, (start, length));
        Ok(self.answer(outcome)?.to_vec())
    }

    /// From here on every call begins with this state. Memory and the copy of what the
    /// plugin changed in it have `size` bytes together.
    pub(super) fn freeze(&mut self, base: Base, size: u64) -> Result<Snapshot, Error> {
        let engine = |error: std::io::Error| Error::Engine(error.to_string());
        // What lies beneath the end of the stack is of calls that are over.
        let stack = self.parts.stack.get(&mut self.store).i32().unwrap_or(0);
        self.parts.resettable.clear(&mut self.store, usize::try_from(stack).unwrap_or(0));
        let (copy, memory) = self.parts.resettable.used(&self.store, &base);
        let room = size.saturating_sub(copy);
        if room < memory {
            return Err(Error::Memory);
        }
        let snapshot = self.parts.resettable.freeze(&mut self.store, base, room);
        let snapshot = snapshot.map_err(engine)?;
        self.watched();
        Ok(snapshot)
    }

    /// Becomes what the snapshot says.
    pub(super) fn adopt(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        self.limit(snapshot.size());
        let adopted = self.parts.resettable.adopt(&mut self.store, snapshot);
        adopted.map_err(|error| Error::Engine(error.to_string()))?;
        self.watched();
        Ok(())
    }

    fn watched(&mut self) {
        let state = self.store.data_mut();
        state.guard = self.parts.resettable.guard();
        state.limit = 0; // Growth would not be undone.
    }

    /// Runs an action; its result in JSON.
    pub(super) fn call(&mut self, action: u32, input: &[u8]) -> Result<String, Error> {
        let (start, length) = self.hand_over(input)?;
        let outcome = self.parts.call.call(&mut self.store, (action, start, length));
        let text = std::str::from_utf8(self.answer(outcome)?);
        text.map(str::to_owned).map_err(|_| Error::Trap("a result that is not UTF-8".into()))
    }

    /// Puts the state back. False when the instance is of no use any more.
    pub(super) fn reset(&mut self, snapshot: &Snapshot) -> bool {
        self.store.data_mut().reply = Vec::new();
        self.parts.resettable.reset(&mut self.store, snapshot)
    }

    pub(super) fn pages(&self) -> (usize, usize) {
        self.parts.resettable.pages()
    }

    pub(super) fn equals(&mut self, snapshot: &Snapshot) -> bool {
        self.parts.resettable.equals(&mut self.store, snapshot)
    }

    /// Copies bytes in, with room for one more.
    fn hand_over(&mut self, bytes: &[u8]) -> Result<(u32, u32), Error> {
        self.store.set_epoch_deadline(1);
        let length = u32::try_from(bytes.len()).map_err(|_| Error::Memory)?;
        let start = if bytes.len() < self.parts.inbox.len() {
            self.parts.inbox.start
        } else {
            let start = self.parts.allocate.call(&mut self.store, length);
            start.map_err(|error| Error::from_trap(&error))? as usize
        };
        let end = start.saturating_add(bytes.len());
        let writable = start != 0 && self.store.data().guard.writable(start, bytes.len());
        let target = self.parts.memory.data_mut(&mut self.store).get_mut(start..end);
        match target.filter(|_| writable) {
            Some(target) => target.copy_from_slice(bytes),
            None => return Err(Error::Memory),
        }
        u32::try_from(start).map(|start| (start, length)).map_err(|_| Error::Memory)
    }

    /// The bytes that a packed value points to.
    fn answer(&mut self, outcome: wasmtime::Result<i64>) -> Result<&[u8], Error> {
        let packed = outcome.map_err(|error| Error::from_trap(&error))?.cast_unsigned();
        let part = (packed >> 32 & 0x7fff_ffff, packed & 0xffff_ffff);
        let part = (usize::try_from(part.0).unwrap_or(0), usize::try_from(part.1).unwrap_or(0));
        let is_error = packed >> 63 == 1;
        if !is_error {
            self.host().output(part.1).map_err(Error::Stopped)?;
        }
        let bytes = self.parts.memory.data(&self.store).get(part.0..part.0.saturating_add(part.1));
        let bytes = bytes.ok_or_else(|| Error::Trap("an answer outside of memory".into()))?;
        if is_error { Err(Error::from_engine(bytes)) } else { Ok(bytes) }
    }
}

/// The exports of the engine.
struct Parts {
    memory: Memory,
    resettable: Resettable,
    /// Where the stack ends, which begins at address 0 and grows towards it.
    stack: Global,
    allocate: TypedFunc<u32, u32>,
    initialise: TypedFunc<(u32, u32), i64>,
    call: TypedFunc<(u32, u32, u32), i64>,
    /// Room that is always there.
    inbox: Range<usize>,
}

impl Parts {
    fn link<H: Host>(store: &mut Store<State<H>>, module: &Module) -> wasmtime::Result<Self> {
        store.set_epoch_deadline(1);
        let mut linker = Linker::new(module.engine());
        imports(&mut linker)?;
        let instance = linker.instantiate(&mut *store, module)?;
        let resettable = Resettable::of(store, module, &instance)
            .ok_or_else(|| wasmtime::Error::msg("it has not exactly one memory"))?;
        let memory = resettable.memory();
        store.data_mut().memory = Some(memory);
        let stack = instance
            .get_global(&mut *store, "__stack_pointer")
            .ok_or_else(|| wasmtime::Error::msg("it does not say where its stack is"))?;
        let inbox = instance.get_typed_func::<(), i64>(&mut *store, "inbox")?;
        let inbox = inbox.call(&mut *store, ())?.cast_unsigned();
        let start = usize::try_from(inbox >> 32)?;
        Ok(Self {
            memory,
            resettable,
            stack,
            allocate: instance.get_typed_func(&mut *store, "allocate")?,
            initialise: instance.get_typed_func(&mut *store, "initialise")?,
            call: instance.get_typed_func(&mut *store, "call")?,
            inbox: start..start.saturating_add(usize::try_from(inbox & 0xffff_ffff)?),
        })
    }
}

fn outside() -> wasmtime::Error {
    wasmtime::Error::msg("the engine names bytes outside of its memory")
}

/// The bytes at `start` to read, with the rest of the store.
fn bytes<'a, H>(
    caller: &'a mut Caller<'_, State<H>>,
    start: u32,
    length: u32,
) -> wasmtime::Result<(&'a mut [u8], &'a mut State<H>)> {
    let memory = caller.data().memory.ok_or_else(outside)?;
    let (data, state) = memory.data_and_store_mut(caller);
    let start = start as usize;
    let data = data.get_mut(start..start.saturating_add(length as usize)).ok_or_else(outside)?;
    Ok((data, state))
}

/// As [`bytes`], to write.
fn bytes_to_write<'a, H>(
    caller: &'a mut Caller<'_, State<H>>,
    start: u32,
    length: u32,
) -> wasmtime::Result<(&'a mut [u8], &'a mut State<H>)> {
    if !caller.data().guard.writable(start as usize, length as usize) {
        return Err(outside());
    }
    bytes(caller, start, length)
}

fn imports<H: Host>(linker: &mut Linker<State<H>>) -> wasmtime::Result<()> {
    type Of<'a, H> = Caller<'a, State<H>>;
    const MODULE: &str = "ringfence";
    linker.func_wrap(MODULE, "request", |mut caller: Of<'_, H>, start: u32, length: u32| {
        let (json, state) = bytes(&mut caller, start, length)?;
        state.reply = state.host.request(json)?;
        Ok(i32::try_from(state.reply.len()).unwrap_or(-1))
    })?;
    linker.func_wrap(MODULE, "take", |mut caller: Of<'_, H>, start: u32| {
        let reply = std::mem::take(&mut caller.data_mut().reply);
        let length = u32::try_from(reply.len()).map_err(|_| outside())?;
        let (target, _) = bytes_to_write(&mut caller, start, length)?;
        target.copy_from_slice(&reply);
        Ok(())
    })?;
    linker.func_wrap(
        MODULE,
        "log",
        |mut caller: Of<'_, H>, level: i32, start: u32, length: u32| {
            let (text, state) = bytes(&mut caller, start, length)?;
            let level = u8::try_from(level.clamp(0, 3)).unwrap_or(3);
            Ok(state.host.log(level, &String::from_utf8_lossy(text))?)
        },
    )?;
    linker.func_wrap(MODULE, "now", |mut caller: Of<'_, H>| caller.data_mut().host.now_ms())?;
    linker.func_wrap(MODULE, "random", |mut caller: Of<'_, H>, start: u32, length: u32| {
        let (target, state) = bytes_to_write(&mut caller, start, length)?;
        Ok(state.host.random(target)?)
    })?;
    linker.func_wrap(MODULE, "sleep", |mut caller: Of<'_, H>, ms: f64| {
        Ok(caller.data_mut().host.sleep(ms)?)
    })?;
    Ok(())
}
