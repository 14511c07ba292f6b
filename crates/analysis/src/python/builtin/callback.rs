//! What is handed over to be called by somebody else: later, in another thread, for each
//! thing of a list, or by its name in a table of settings.

use super::Entries;
use crate::event::Hiding;
use crate::python::call::{Arguments, Call};
use crate::python::evaluator::Evaluator;
use crate::python::heap::{Applied, Class, Instance, Table};
use crate::python::value::{Data, Text, Value};

pub(super) const ENTRIES: Entries = &[
    ("py:weakref.finalize", |this, call| later(this, call, 1)),
    ("py:contextlib.ExitStack.callback", |this, call| later(this, call, 0)),
    ("py:contextlib.AsyncExitStack.callback", |this, call| later(this, call, 0)),
    ("py:asyncio.get_event_loop.run_in_executor", |this, call| later(this, call, 1)),
    ("py:asyncio.get_running_loop.run_in_executor", |this, call| later(this, call, 1)),
    ("py:asyncio.new_event_loop.run_in_executor", |this, call| later(this, call, 1)),
    ("py:asyncio.get_event_loop.call_soon", |this, call| later(this, call, 0)),
    ("py:asyncio.get_event_loop.call_later", |this, call| later(this, call, 1)),
    ("py:signal.signal", |this, call| later(this, call, 1)),
    ("py:sched.scheduler.enter", |this, call| with_tuple(this, call, 2, 3, "argument")),
    ("py:sched.scheduler.enterabs", |this, call| with_tuple(this, call, 2, 3, "argument")),
    ("py:threading.Timer", |this, call| {
        with_tuple(this, call, 1, 2, "args");
        None
    }),
    ("py:threading.start_new_thread", |this, call| with_tuple(this, call, 0, 1, "args")),
    ("py:multiprocessing.Pool.map", |this, call| for_each(this, call)),
    ("py:multiprocessing.Pool.imap", |this, call| for_each(this, call)),
    ("py:multiprocessing.Pool.map_async", |this, call| for_each(this, call)),
    ("py:multiprocessing.Pool.apply", |this, call| with_tuple(this, call, 0, 1, "args")),
    ("py:multiprocessing.Pool.apply_async", |this, call| with_tuple(this, call, 0, 1, "args")),
    ("py:types.SimpleNamespace", |this, call| {
        let given = call.arguments.keyword.clone();
        Some(made_of(this, given))
    }),
    ("py:collections.namedtuple", |this, call| {
        let applied = Applied {
            callee: this.api("py:collections.namedtuple()"),
            positional: vec![call.get(1, "field_names")?.clone()],
            keyword: Vec::new(),
            getter: None,
        };
        Some(Data::Applied(this.heap.add_applied(applied)).into())
    }),
    ("py:collections.namedtuple()", |this, call| {
        let (fields, values) = call.arguments.positional.split_first()?;
        let names: Vec<Text<'_>> = match &fields.data {
            Data::Text(text) => {
                let text = this.lasting(text);
                text.split([',', ' '])
                    .filter(|name| !name.is_empty())
                    .take(256)
                    .map(Text::Literal)
                    .collect()
            }
            _ => this
                .iterate(fields, 256)?
                .into_iter()
                .filter_map(|name| match name.data {
                    Data::Text(text) => Some(text),
                    _ => None,
                })
                .collect(),
        };
        let mut given: Vec<_> = names.into_iter().zip(values.iter().cloned()).collect();
        given.extend(call.arguments.keyword.iter().cloned());
        Some(made_of(this, given))
    }),
    ("py:logging.config.dictConfig", |this, call| {
        let settings = call.first()?.clone();
        call_named(this, &settings, call, 0);
        None
    }),
    ("py:sys.modules.get", |this, call| {
        let modules = this.api("py:sys.modules");
        Some(this.item(&modules, call.first()?, call.range))
    }),
    ("py:importlib.util.find_spec", |this, call| {
        let class = this.names.id("py:importlib.machinery.ModuleSpec");
        let about = call.get(0, "name")?.clone();
        let object = crate::python::heap::Object { class, about };
        Some(Data::Object(this.heap.add_object(object)).into())
    }),
    ("py:importlib.util.module_from_spec", |this, call| {
        let Data::Object(id) = call.first()?.data else { return None };
        let name = this.heap.object(id)?.about.clone();
        name.text()?;
        Some(this.import_by_value(&name, "py:importlib.util.module_from_spec", call.range, true))
    }),
];

/// `register(something, function, argument...)`.
fn later<'a>(this: &mut Evaluator<'a>, call: &Call<'a>, position: usize) -> Option<Value<'a>> {
    let function = call.arguments.positional.get(position)?.clone();
    let positional = call.arguments.positional.get(position + 1..).unwrap_or_default().to_vec();
    if is_callable(&function) {
        this.call(&function, Arguments { positional, ..Default::default() }, call.range);
    }
    None
}

/// `register(function, (argument...))`.
fn with_tuple<'a>(
    this: &mut Evaluator<'a>,
    call: &Call<'a>,
    position: usize,
    arguments: usize,
    name: &str,
) -> Option<Value<'a>> {
    let function = call.arguments.positional.get(position)?.clone();
    let positional = match call.get(arguments, name) {
        Some(given) => this.iterate(&given.clone(), 256).unwrap_or_default(),
        None => Vec::new(),
    };
    if is_callable(&function) {
        this.call(&function, Arguments { positional, ..Default::default() }, call.range);
    }
    None
}

fn for_each<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let function = call.arguments.positional.first()?.clone();
    let given = call.arguments.positional.get(1)?.clone();
    apply_to_each(this, &function, &given, call);
    None
}

/// Calls a function for the first things of a collection.
pub(in crate::python) fn apply_to_each<'a>(
    this: &mut Evaluator<'a>,
    function: &Value<'a>,
    given: &Value<'a>,
    call: &Call<'a>,
) {
    if !is_callable(function) {
        return;
    }
    let items = this.iterate(given, 4096).unwrap_or_else(|| vec![this.element_of(given)]);
    for item in items.into_iter().take(16) {
        let arguments = Arguments { positional: vec![item], ..Default::default() };
        this.call(function, arguments, call.range);
    }
}

fn is_callable(value: &Value<'_>) -> bool {
    matches!(value.data, Data::Api(_) | Data::Function(_) | Data::Applied(_) | Data::Method(_))
}

/// A thing with these attributes.
fn made_of<'a>(this: &mut Evaluator<'a>, given: Vec<(Text<'a>, Value<'a>)>) -> Value<'a> {
    let scope = this.new_scope(None);
    if let Some(inner) = this.heap.scope_mut(scope) {
        inner.is_class = true;
        inner.kept = true;
    }
    let class = this.heap.add_class(Class { scope, bases: Vec::new(), template: None });
    let mut attributes = Table::default();
    for (name, value) in given {
        attributes.insert(this.lasting(&name), value);
    }
    Data::Instance(this.heap.add_instance(Instance { class, attributes })).into()
}

/// Settings in which `()` names what makes a thing, and the rest is what it is given.
fn call_named<'a>(this: &mut Evaluator<'a>, settings: &Value<'a>, call: &Call<'a>, depth: u32) {
    let Data::Dict(id) = settings.data else { return };
    let items = this.heap.dict(id).map(|dict| dict.items.clone()).unwrap_or_default();
    let maker = items.iter().find(|(key, _)| key.text() == Some("()"));
    if let Some((_, maker)) = maker {
        let callee = match &maker.data {
            Data::Text(text) => match text.rsplit_once('.') {
                Some((module, name)) => {
                    let module = this.api(&super::super::names::module(module));
                    this.attribute_by_value(&module, &Value::made(name), call.range)
                }
                None => Value::unknown(),
            },
            _ => maker.clone(),
        };
        let mut arguments = Arguments::default();
        for (key, value) in &items {
            if let Data::Text(name) = &key.data
                && &**name != "()"
            {
                arguments.keyword.push((name.clone(), value.clone()));
            }
        }
        this.call(&callee.hidden(Hiding::ComputedName), arguments, call.range);
    }
    if depth < 6 {
        for (_, value) in items.iter().take(64) {
            call_named(this, value, call, depth + 1);
        }
    }
}
