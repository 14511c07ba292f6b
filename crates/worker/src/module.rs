//! Core modules, without the component model: their exported functions are the
//! actions, in one of two forms.
//!
//! - `(i32 address, i32 length) -> i64`, where the module exports its memory and a
//!   function `allocate`, `alloc` or `malloc`: JSON goes in and comes out, the result
//!   being the address in the upper and the length in the lower half.
//! - Any other function of numbers: an array of numbers goes in (or nothing, for no
//!   parameter), a number or an array of numbers comes out.
//!
//! The imports are those of LifeOS, from any import module: `lifeos_create_node`,
//! `lifeos_get_node` and `lifeos_send_event`, each `(i32, i32)` of JSON. One that
//! returns `i32` gives 0 or a negative number; one that returns `i64` gives the
//! answer as JSON, as above.

use crate::guest::{CallError, Guest};
use crate::host::Host;
use crate::stop::Stop;
use ringfence_protocol::worker::WorkerSettings;
use serde_json::{Value, json};
use std::sync::Arc;
use wasmtime::{
    Caller, Engine, ExternType, FuncType, Instance, InstancePre, Linker, Memory, Module, Store,
    TypedFunc, Val, ValType,
};

/// Names under which modules export what gives memory.
const ALLOCATORS: [&str; 3] = ["allocate", "alloc", "malloc"];
/// Exports that are no actions, beside those that begin with an underscore.
const NO_ACTIONS: [&str; 6] = ["allocate", "alloc", "malloc", "free", "deallocate", "dealloc"];
/// Most actions that the session protocol takes.
const MOST_ACTIONS: usize = 256;

/// What LifeOS lets a module ask for.
#[derive(Clone, Copy)]
enum Import {
    CreateNode,
    GetNode,
    SendEvent,
}

impl Import {
    fn of(name: &str) -> Option<Self> {
        match name {
            "lifeos_create_node" => Some(Self::CreateNode),
            "lifeos_get_node" => Some(Self::GetNode),
            "lifeos_send_event" => Some(Self::SendEvent),
            _ => None,
        }
    }

    /// The broker's method and what it is told.
    fn request(self, said: Value) -> (&'static str, Value) {
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        match self {
            Self::CreateNode => {
                let object = text("type").unwrap_or_default();
                ("nodes.write", json!({ "object": object, "params": said }))
            }
            Self::GetNode => {
                let object = text("type").unwrap_or_default();
                ("nodes.read", json!({ "object": object, "params": said }))
            }
            Self::SendEvent => {
                let subject = text("subject").or_else(|| text("type")).unwrap_or_default();
                let payload = said.get("payload").cloned().unwrap_or(said);
                ("events.publish", json!({ "subject": subject, "payload": payload }))
            }
        }
    }
}

/// A plugin as a core module.
pub(crate) struct ModuleGuest {
    pre: InstancePre<Host>,
    host: Host,
    settings: Arc<WorkerSettings>,
    actions: Vec<(String, FuncType)>,
    kept: Option<(Store<Host>, Instance)>,
    /// What the last call was made in, to be dropped.
    used: Option<Store<Host>>,
}

impl ModuleGuest {
    /// Links it; nothing of it runs yet.
    pub(crate) fn new(
        engine: &Engine,
        module: &Module,
        host: Host,
        settings: Arc<WorkerSettings>,
    ) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        for import in module.imports() {
            let (Some(known), ExternType::Func(form)) = (Import::of(import.name()), import.ty())
            else {
                return Err(wasmtime::Error::msg(format!(
                    "it imports `{}` of `{}`, which is not offered to a core module",
                    import.name(),
                    import.module()
                )));
            };
            let gives_text = matches!(form.result(0), Some(ValType::I64));
            let perform = move |caller: Caller<'_, Host>, given: &[Val], results: &mut [Val]| {
                imported(caller, known, given, results.first_mut(), gives_text)
            };
            linker.func_new(import.module(), import.name(), form, perform)?;
        }
        let actions = module
            .exports()
            .filter_map(|export| match export.ty() {
                ExternType::Func(form) if is_action(export.name(), &form) => {
                    Some((export.name().to_owned(), form))
                }
                _ => None,
            })
            .take(MOST_ACTIONS)
            .collect();
        Ok(Self {
            pre: linker.instantiate_pre(module)?,
            host,
            settings,
            actions,
            kept: None,
            used: None,
        })
    }

    fn instantiate(&self) -> Result<(Store<Host>, Instance), Stop> {
        self.host.lock().ledger.forget_memory();
        let mut store = Store::new(self.pre.module().engine(), self.host.clone());
        store.limiter(|host| host);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| {
            let host = store.data().clone();
            host.knocked(store)
        });
        let instance = self.pre.instantiate(&mut store);
        let instance = instance.map_err(|error| self.host.stopped(&error, &mut store))?;
        // What a reactor wants before anything else (WASI application ABI).
        if let Ok(start) = instance.get_typed_func::<(), ()>(&mut store, "_initialize") {
            let started = start.call(&mut store, ());
            started.map_err(|error| self.host.stopped(&error, &mut store))?;
        }
        Ok((store, instance))
    }

    fn run(
        &self,
        store: &mut Store<Host>,
        instance: Instance,
        (name, form): (&str, &FuncType),
        input: &str,
    ) -> Result<String, CallError> {
        if let Some(text) = Text::of(&mut *store, instance, name, form) {
            let answer = text.call(store, input);
            let answer = answer.map_err(|error| self.host.stopped(&error, store))?;
            return String::from_utf8(answer).map_err(|_| said("the result is not UTF-8"));
        }
        let given = numbers(input, form)?;
        let mut results = vec![Val::I32(0); form.results().len()];
        let function = instance.get_func(&mut *store, name).ok_or(CallError::NoSuchAction)?;
        let called = function.call(&mut *store, &given, &mut results);
        called.map_err(|error| self.host.stopped(&error, store))?;
        let mut results: Vec<Value> = results.iter().map(number).collect();
        let answer = match results.len() {
            0 => Value::Null,
            1 => results.remove(0),
            _ => Value::Array(results),
        };
        Ok(answer.to_string())
    }
}

fn said(message: &str) -> CallError {
    CallError::Plugin { name: None, message: message.to_owned(), stack: None, code: None }
}

fn is_action(name: &str, form: &FuncType) -> bool {
    let numeric =
        |kind: ValType| matches!(kind, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
    !name.starts_with('_')
        && !NO_ACTIONS.contains(&name)
        && form.params().all(numeric)
        && form.results().all(numeric)
}

impl Guest for ModuleGuest {
    fn load(&mut self, _: &str) -> Result<Vec<String>, CallError> {
        let (store, instance) = self.instantiate()?;
        if self.settings.stateful {
            self.kept = Some((store, instance));
        }
        Ok(self.actions.iter().map(|(name, _)| name.clone()).collect())
    }

    fn call(&mut self, action: &str, input: &str) -> Result<String, CallError> {
        self.settle();
        let (name, form) = self
            .actions
            .iter()
            .find(|(name, _)| name == action)
            .cloned()
            .ok_or(CallError::NoSuchAction)?;
        // Taken, not borrowed: after a trap it is not put back.
        let (mut store, instance) = match self.kept.take() {
            Some(kept) => kept,
            None => self.instantiate()?,
        };
        let answer = self.run(&mut store, instance, (&name, &form), input);
        let trapped = matches!(answer, Err(CallError::Stopped(_)));
        if self.settings.stateful && !trapped {
            self.kept = Some((store, instance));
        } else {
            self.used = Some(store);
        }
        answer
    }

    fn settle(&mut self) {
        self.used = None;
    }
}

/// A function that takes and gives text.
struct Text {
    memory: Memory,
    allocate: TypedFunc<u32, u32>,
    function: TypedFunc<(u32, u32), u64>,
}

impl Text {
    fn of(
        store: &mut Store<Host>,
        instance: Instance,
        name: &str,
        form: &FuncType,
    ) -> Option<Self> {
        let params: Vec<ValType> = form.params().collect();
        let is_pair = matches!(params.as_slice(), [ValType::I32, ValType::I32]);
        if !is_pair || form.results().len() != 1 {
            return None;
        }
        let memory = instance.get_memory(&mut *store, "memory")?;
        let allocate =
            ALLOCATORS.iter().find_map(|name| instance.get_typed_func(&mut *store, name).ok())?;
        let function = instance.get_typed_func(&mut *store, name).ok()?;
        Some(Self { memory, allocate, function })
    }

    fn call(&self, store: &mut Store<Host>, input: &str) -> wasmtime::Result<Vec<u8>> {
        let length = u32::try_from(input.len())?;
        let address = self.allocate.call(&mut *store, length)?;
        self.memory.write(&mut *store, usize::try_from(address)?, input.as_bytes())?;
        let packed = self.function.call(&mut *store, (address, length))?;
        store.data().lock().ledger.check_output(packed & u64::from(u32::MAX))?;
        read(self.memory.data(&*store), packed)
    }
}

/// What lies at an address (upper half) with a length (lower half).
fn read(memory: &[u8], packed: u64) -> wasmtime::Result<Vec<u8>> {
    let (address, length) = (packed >> 32, packed & u64::from(u32::MAX));
    let start = usize::try_from(address)?;
    let end = start.saturating_add(usize::try_from(length)?);
    let bytes = memory.get(start..end);
    bytes.map(<[u8]>::to_vec).ok_or_else(|| wasmtime::Error::msg("the result lies outside memory"))
}

/// The parameters of a function of numbers.
fn numbers(input: &str, form: &FuncType) -> Result<Vec<Val>, CallError> {
    let given: Value = serde_json::from_str(input).map_err(|_| said("the input is not JSON"))?;
    let given = match given {
        Value::Array(given) => given,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let wanted = form.params().len();
    if given.len() != wanted {
        return Err(said(&format!("it takes an array of {wanted} numbers")));
    }
    form.params().zip(&given).map(|(kind, value)| of_number(&kind, value)).collect()
}

fn of_number(kind: &ValType, value: &Value) -> Result<Val, CallError> {
    let whole = || value.as_i64().ok_or_else(|| said("it takes whole numbers"));
    let real = || value.as_f64().ok_or_else(|| said("it takes numbers"));
    Ok(match kind {
        ValType::I32 => Val::I32(
            i32::try_from(whole()?).map_err(|_| said("a number does not fit into 32 bits"))?,
        ),
        ValType::I64 => Val::I64(whole()?),
        #[expect(clippy::cast_possible_truncation, reason = "the function takes single precision")]
        ValType::F32 => Val::F32((real()? as f32).to_bits()),
        _ => Val::F64(real()?.to_bits()),
    })
}

fn number(value: &Val) -> Value {
    match value {
        Val::I32(number) => json!(number),
        Val::I64(number) => json!(number),
        Val::F32(bits) => json!(f32::from_bits(*bits)),
        Val::F64(bits) => json!(f64::from_bits(*bits)),
        _ => Value::Null,
    }
}

/// One call of an import.
fn imported(
    mut caller: Caller<'_, Host>,
    import: Import,
    given: &[Val],
    result: Option<&mut Val>,
    gives_text: bool,
) -> wasmtime::Result<()> {
    let [Val::I32(address), Val::I32(length)] = given else {
        return Err(wasmtime::Error::msg("an import takes an address and a length"));
    };
    let packed = u64::from(address.cast_unsigned()) << 32 | u64::from(length.cast_unsigned());
    let memory = caller
        .get_export("memory")
        .and_then(wasmtime::Extern::into_memory)
        .ok_or_else(|| wasmtime::Error::msg("it exports no memory"))?;
    let host = caller.data().clone();
    host.lock().ledger.charge(usize::try_from(length.cast_unsigned())?)?;
    let text = read(memory.data(&caller), packed)?;
    let outcome = match serde_json::from_slice(&text) {
        Ok(said) => {
            let (method, params) = import.request(said);
            host.ask(method, &params)?
        }
        Err(_) => Err(crate::host::no_json("the text")),
    };
    let (code, answer) = match outcome {
        Ok(answer) => (0, answer.get().to_owned()),
        Err(failure) => {
            (-1, json!({ "error": failure.code, "message": failure.message }).to_string())
        }
    };
    if let Some(result) = result {
        *result = if gives_text { give(&mut caller, memory, &answer)? } else { Val::I32(code) };
    }
    Ok(())
}

/// Puts an answer into memory that the module gives.
fn give(caller: &mut Caller<'_, Host>, memory: Memory, answer: &str) -> wasmtime::Result<Val> {
    let allocate = ALLOCATORS
        .iter()
        .find_map(|name| caller.get_export(name)?.into_func())
        .ok_or_else(|| wasmtime::Error::msg("it exports no function that gives memory"))?
        .typed::<u32, u32>(&*caller)?;
    let length = u32::try_from(answer.len())?;
    let address = allocate.call(&mut *caller, length)?;
    memory.write(&mut *caller, usize::try_from(address)?, answer.as_bytes())?;
    let packed = u64::from(address) << 32 | u64::from(length);
    Ok(Val::I64(packed.cast_signed()))
}
