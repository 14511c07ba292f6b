//! The same guests in Wasmtime as it comes: its default settings, no limit, no
//! worker. What they import is a trap, which `greet` does not meet.

use super::guests::{Guest, SHORT, mebibyte};
use super::series::Series;
use crate::Result;
use ringfence_protocol::worker::CodeKind;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentType, InstancePre as ComponentPre, Lift,
    Linker as ComponentLinker, TypedFunc,
};
use wasmtime::{Engine, Instance, InstancePre, Linker, Module, Store};

const ACTIONS: &str = "ringfence:plugin/actions@0.1.0";

#[derive(ComponentType, Lift)]
#[component(record)]
struct Failure {
    #[component(name = "name")]
    _name: Option<String>,
    #[component(name = "message")]
    _message: String,
}

type Call = TypedFunc<(&'static str, String), (std::result::Result<String, Failure>,)>;

/// Measures one guest and prints the times.
pub(crate) fn run(guest: Guest, quick: bool) -> Result<()> {
    let engine = Engine::default();
    let wasm = guest.code()?;
    let mut plain: Box<dyn Plain> = match guest.kind() {
        CodeKind::Module => Box::new(PlainModule::new(&engine, &wasm)?),
        CodeKind::Plugin => Box::new(PlainComponent::new(&engine, &wasm)?),
        CodeKind::Program | CodeKind::JavaScript => {
            return Err("Wasmtime has no engine for it".into());
        }
    };
    let mut series = Series::default();
    let calls = guest.calls(quick);
    series.measure("fresh", calls, || {
        plain.begin()?;
        plain.greet(SHORT)?;
        plain.end();
        Ok(())
    })?;
    plain.begin()?;
    series.measure("warm", calls, || plain.greet(SHORT))?;
    let large = mebibyte();
    series.measure("mebibyte", (calls / 50).max(5), || plain.greet(&large))?;
    series.print();
    Ok(())
}

trait Plain {
    fn begin(&mut self) -> std::result::Result<(), String>;
    fn greet(&mut self, input: &str) -> std::result::Result<(), String>;
    fn end(&mut self);
}

fn said(error: &wasmtime::Error) -> String {
    format!("{error:#}")
}

fn check(given: &str, answer: &str) -> std::result::Result<(), String> {
    if answer.len() < given.len() { Err("it did not repeat it".to_owned()) } else { Ok(()) }
}

struct PlainComponent {
    pre: ComponentPre<()>,
    call: ComponentExportIndex,
    kept: Option<(Store<()>, Call)>,
}

impl PlainComponent {
    fn new(engine: &Engine, wasm: &[u8]) -> Result<Self> {
        let component = Component::new(engine, wasm)?;
        let mut linker = ComponentLinker::new(engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let (_, actions) = component.get_export(None, ACTIONS).ok_or("no actions")?;
        let (_, call) = component.get_export(Some(&actions), "call").ok_or("no call")?;
        Ok(Self { pre: linker.instantiate_pre(&component)?, call, kept: None })
    }
}

impl Plain for PlainComponent {
    fn begin(&mut self) -> std::result::Result<(), String> {
        let mut store = Store::new(self.pre.engine(), ());
        let instance = self.pre.instantiate(&mut store).map_err(|error| said(&error))?;
        let call = instance.get_typed_func(&mut store, self.call).map_err(|error| said(&error))?;
        self.kept = Some((store, call));
        Ok(())
    }

    fn greet(&mut self, input: &str) -> std::result::Result<(), String> {
        let (store, call) = self.kept.as_mut().ok_or("no instance")?;
        let (answer,) =
            call.call(store, ("greet", input.to_owned())).map_err(|error| said(&error))?;
        check(input, &answer.map_err(|_| "it failed")?)
    }

    fn end(&mut self) {
        self.kept = None;
    }
}

struct PlainModule {
    pre: InstancePre<()>,
    kept: Option<(Store<()>, Instance)>,
}

impl PlainModule {
    fn new(engine: &Engine, wasm: &[u8]) -> Result<Self> {
        let module = Module::new(engine, wasm)?;
        let mut linker = Linker::new(engine);
        linker.define_unknown_imports_as_traps(&module)?;
        Ok(Self { pre: linker.instantiate_pre(&module)?, kept: None })
    }
}

impl Plain for PlainModule {
    fn begin(&mut self) -> std::result::Result<(), String> {
        let mut store = Store::new(self.pre.module().engine(), ());
        let instance = self.pre.instantiate(&mut store).map_err(|error| said(&error))?;
        self.kept = Some((store, instance));
        Ok(())
    }

    fn greet(&mut self, input: &str) -> std::result::Result<(), String> {
        let (store, instance) = self.kept.as_mut().ok_or("no instance")?;
        let mut store = store;
        let length = i32::try_from(input.len()).map_err(|error| error.to_string())?;
        let alloc = instance
            .get_typed_func::<i32, i32>(&mut store, "alloc")
            .map_err(|error| said(&error))?;
        let greet = instance
            .get_typed_func::<(i32, i32), i64>(&mut store, "greet")
            .map_err(|error| said(&error))?;
        let memory = instance.get_memory(&mut store, "memory").ok_or("no memory")?;
        let at = alloc.call(&mut store, length).map_err(|error| said(&error))?;
        let place = usize::try_from(at).map_err(|error| error.to_string())?;
        memory.write(&mut store, place, input.as_bytes()).map_err(|error| error.to_string())?;
        let answer = greet.call(&mut store, (at, length)).map_err(|error| said(&error))?;
        let [place, length] = [answer >> 32, answer & 0xffff_ffff].map(usize::try_from);
        let place = place.map_err(|error| error.to_string())?;
        let mut bytes = vec![0; length.map_err(|error| error.to_string())?];
        memory.read(&store, place, &mut bytes).map_err(|error| error.to_string())?;
        check(input, &String::from_utf8(bytes).map_err(|error| error.to_string())?)
    }

    fn end(&mut self) {
        self.kept = None;
    }
}
