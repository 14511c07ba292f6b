//! `exec`, `eval`, imports by value, `getattr`, and what else turns values into code
//! or names.

use super::Entries;
use crate::event::{Effect, Hiding, Role, Source};
use crate::python::call::{Arguments, Call};
use crate::python::evaluator::Evaluator;
use crate::python::heap::{Class, Instance, ScopeId, Table};
use crate::python::value::{Data, Text, Value};

pub(super) const ENTRIES: Entries = &[
    ("py:builtins.exec", execute),
    ("py:builtins.eval", execute),
    ("py:builtins.execfile", |this, call| execute_file(this, call)),
    ("py:runpy.run_path", |this, call| execute_file(this, call)),
    ("py:builtins.compile", |_, call| call.get(0, "source").cloned()),
    ("py:ast.parse", |_, call| call.get(0, "source").cloned()),
    ("py:pickle.loads", |this, call| {
        let first = call.first()?;
        let bytes = this.as_octets(first)?;
        let made = this.unpickle(&bytes, &first.taint, call.range)?;
        if made.is_unknown() { None } else { Some(made) }
    }),
    ("py:marshal.loads", |this, call| {
        let first = call.first()?;
        let bytes = this.as_octets(first)?;
        let origin = this.origin(Source::Decoded, call.range, Some("py:marshal.loads"));
        let known = this.marshalled(&bytes, &first.taint);
        Some(known.come_from(origin).hidden(Hiding::Serialised))
    }),
    ("pypi:yaml.load", |this, call| yaml(this, call)),
    ("pypi:yaml.unsafe_load", |this, call| yaml(this, call)),
    ("pypi:yaml.full_load", |this, call| yaml(this, call)),
    ("py:types.FunctionType", |_, call| call.get(0, "code").cloned()),
    ("py:types.LambdaType", |_, call| call.get(0, "code").cloned()),
    ("py:timeit.timeit", |this, call| execute_each(this, call, &["stmt", "setup"])),
    ("py:timeit.repeat", |this, call| execute_each(this, call, &["stmt", "setup"])),
    ("py:timeit.Timer", |this, call| execute_each(this, call, &["stmt", "setup"])),
    ("py:cProfile.run", |this, call| execute_each(this, call, &["statement"])),
    ("py:profile.run", |this, call| execute_each(this, call, &["statement"])),
    ("py:pdb.run", |this, call| execute_each(this, call, &["statement"])),
    ("py:trace.Trace.run", |this, call| execute_each(this, call, &["cmd"])),
    ("py:bdb.Bdb.run", |this, call| execute_each(this, call, &["cmd"])),
    ("py:code.InteractiveInterpreter.runsource", |this, call| {
        execute_each(this, call, &["source"])
    }),
    ("py:code.InteractiveInterpreter.runcode", |this, call| execute_each(this, call, &["code"])),
    ("py:code.InteractiveConsole.push", |this, call| execute_each(this, call, &["line"])),
    ("py:code.InteractiveConsole.runsource", |this, call| execute_each(this, call, &["source"])),
    ("py:builtins.__import__", |this, call| {
        let whole = call.get(3, "fromlist").is_some_and(|list| this.truth(list) == Some(true));
        let name = call.get(0, "name")?.clone();
        Some(import(this, call, &name, whole))
    }),
    ("py:importlib.import_module", |this, call| {
        let name = call.get(0, "name")?.clone();
        Some(import(this, call, &name, true))
    }),
    ("py:importlib.reload", |_, call| call.first().cloned()),
    ("py:pkgutil.resolve_name", |this, call| {
        let name = call.first()?.clone();
        let text = name.text()?;
        let (module, object) = text.split_once(':').or_else(|| text.rsplit_once('.'))?;
        let module = import(this, call, &Value::made(module).with(&name.taint), true);
        let object = Value::made(object).with(&name.taint);
        Some(this.attribute_by_value(&module, &object, call.range))
    }),
    ("py:importlib.machinery.SourceFileLoader.load_module", |this, call| load(this, call)),
    ("py:importlib.machinery.SourceFileLoader.exec_module", |this, call| load(this, call)),
    ("py:importlib.machinery.SourceFileLoader", |this, call| {
        note_path(this, call, 1, "path");
        None
    }),
    ("py:importlib.util.spec_from_file_location", |this, call| {
        note_path(this, call, 1, "location");
        None
    }),
    ("py:importlib.load_source", |this, call| {
        note_path(this, call, 1, "pathname");
        None
    }),
    ("py:builtins.getattr", |this, call| {
        let (object, name) = (call.get(0, "")?.clone(), call.get(1, "")?.clone());
        let found = this.attribute_by_value(&object, &name, call.range);
        Some(match call.get(2, "") {
            Some(default) if !matches!(default.data, Data::None) && found.is_unknown() => {
                found.or(default.clone())
            }
            _ => found,
        })
    }),
    ("py:builtins.object.__getattribute__", |this, call| {
        let (object, name) = (call.get(0, "")?.clone(), call.get(1, "")?.clone());
        Some(this.attribute_by_value(&object, &name, call.range))
    }),
    ("py:builtins.setattr", |this, call| {
        let (object, name) = (call.get(0, "")?.clone(), call.get(1, "")?.clone());
        let value = call.get(2, "")?.clone();
        if let Data::Text(text) = &name.data {
            let text = this.lasting(&Text::clone(text));
            this.set_attribute(&object, text, value, call);
        }
        Some(Value::none())
    }),
    ("py:builtins.globals", |this, _| {
        let id = this.unit.module;
        let scope = this.modules.get(id.0 as usize).map(|module| module.scope)?;
        Some(Data::Namespace(scope).into())
    }),
    ("py:builtins.locals", |this, _| Some(Data::Namespace(this.scope).into())),
    ("py:builtins.vars", |this, call| match call.first() {
        None => Some(Data::Namespace(this.scope).into()),
        Some(object) => match &object.data {
            Data::Api(_) => Some(object.clone()),
            Data::Module(id) => {
                Some(Data::Namespace(this.modules.get(id.0 as usize)?.scope).into())
            }
            Data::Class(id) => Some(Data::Namespace(this.heap.class(*id)?.scope).into()),
            _ => None,
        },
    }),
    ("py:builtins.type", |this, call| {
        if let [name, bases, dict] = call.arguments.positional.as_slice() {
            return make_class(this, name, bases, dict);
        }
        match &call.first()?.data {
            Data::Instance(id) => Some(Data::Class(this.heap.instance(*id)?.class).into()),
            Data::Function(_) => Some(this.api("py:types.FunctionType")),
            Data::Api(id) if !this.names.text(*id).contains('.') => {
                Some(this.api("py:builtins.object"))
            }
            Data::Object(id) => Some(Data::Api(this.heap.object(*id)?.class).into()),
            _ => None,
        }
    }),
    ("py:builtins.super", |this, _| {
        let own = this.lookup("self");
        Some(match own.data {
            Data::Instance(id) => {
                let class = this.heap.instance(id)?.class;
                let bases = this.heap.class(class)?.bases.clone();
                let base = bases.iter().find_map(|base| match base.data {
                    Data::Class(base) => Some(base),
                    _ => None,
                });
                match base {
                    Some(base) => {
                        let instance = Instance { class: base, attributes: Table::default() };
                        Data::Instance(this.heap.add_instance(instance)).into()
                    }
                    None => bases
                        .into_iter()
                        .find(|base| matches!(base.data, Data::Api(_)))
                        .unwrap_or_default(),
                }
            }
            _ => Value::unknown(),
        })
    }),
    ("py:sys.settrace", |_, _| Some(Value::none())),
    ("py:sys._getframe", |this, _| Some(this.api("py:builtins.globals()"))),
    ("py:inspect.currentframe", |this, _| Some(this.api("py:builtins.globals()"))),
    ("py:gc.get_objects", |_, _| Some(Value::unknown().hidden(Hiding::ComputedName))),
    ("pypi:cffi.FFI.dlopen", |_, _| None),
];

fn yaml<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let text = call.first()?.text()?.to_owned();
    this.yaml_tags(&text, call.range);
    None
}

fn import<'a>(
    this: &mut Evaluator<'a>,
    call: &Call<'a>,
    name: &Value<'a>,
    whole: bool,
) -> Value<'a> {
    let api = this.names.text(call.api);
    let name = name.clone().with(&None);
    let relative = name.text().is_some_and(|text| text.starts_with('.'));
    if relative {
        return Value::unknown();
    }
    this.import_by_value(&name, &api, call.range, whole)
}

/// Where the names of code go that is given a dictionary for them.
fn namespace<'a>(this: &mut Evaluator<'a>, value: Option<&Value<'a>>) -> Option<ScopeId> {
    match value.map(|value| &value.data) {
        None | Some(Data::None) => None,
        Some(Data::Namespace(scope)) => Some(*scope),
        Some(Data::Dict(id)) => {
            let scope = this.new_scope(None);
            let items = this.heap.dict(*id)?.items.clone();
            for (key, value) in items {
                if let Data::Text(name) = key.data {
                    let name = this.lasting(&name);
                    this.bind_in(scope, name, value);
                }
            }
            Some(scope)
        }
        _ => {
            let here = this.scope;
            Some(this.new_scope(Some(here)))
        }
    }
}

fn execute<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let code = call.get(0, "source")?.clone();
    let given = call.get(1, "globals").cloned();
    let scope = namespace(this, given.as_ref());
    let result = this.run_text(&code, call.range, scope);
    // What the code bound is in the dictionary it was given.
    if let (Some(scope), Some(Value { data: Data::Dict(dict), .. })) = (scope, given) {
        let mut names: Vec<(&'a str, Value<'a>)> =
            this.heap.scope(scope).map_or_else(Vec::new, |scope| {
                scope.names.iter().map(|(name, value)| (*name, value.clone())).collect()
            });
        names.sort_by(|one, other| one.0.cmp(other.0));
        if let Some(dict) = this.heap.dict_mut(dict) {
            for (name, value) in names {
                dict.set(Value::literal(name), value);
            }
        }
    }
    Some(result.with(&call.callee))
}

fn execute_file<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let path = call.first()?.clone();
    if let Some(content) = path.text().and_then(|path| this.own_content(path, false, call.range)) {
        return Some(this.run_text(&content, call.range, None));
    }
    None
}

fn execute_each<'a>(
    this: &mut Evaluator<'a>,
    call: &Call<'a>,
    names: &[&str],
) -> Option<Value<'a>> {
    for (position, name) in names.iter().enumerate() {
        if let Some(code) = call.get(position, name).cloned() {
            this.run_text(&code, call.range, None);
        }
    }
    None
}

fn load<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let Some(Value { data: Data::Object(id), .. }) = &call.receiver else { return None };
    let path = this.heap.object(*id)?.about.text().map(str::to_owned)?;
    let content = this.own_content(&path, false, call.range)?;
    Some(this.run_text(&content, call.range, None))
}

/// A file of the package that is imported by its path.
fn note_path<'a>(this: &mut Evaluator<'a>, call: &Call<'a>, position: usize, name: &str) {
    let Some(path) = call.get(position, name).and_then(Value::text).map(str::to_owned) else {
        return;
    };
    if let Some(own) = this.own_path(&path)
        && !own.ends_with(".py")
    {
        this.note_load(&own, call.range);
    }
}

/// `type(name, bases, dict)`.
fn make_class<'a>(
    this: &mut Evaluator<'a>,
    name: &Value<'a>,
    bases: &Value<'a>,
    dict: &Value<'a>,
) -> Option<Value<'a>> {
    let _ = name;
    let scope = this.new_scope(Some(this.scope));
    if let Some(inner) = this.heap.scope_mut(scope) {
        inner.is_class = true;
        inner.kept = true;
    }
    if let Data::Dict(id) = dict.data {
        for (key, value) in this.heap.dict(id)?.items.clone() {
            if let Data::Text(name) = key.data {
                let name = this.lasting(&name);
                this.bind_in(scope, name, value);
            }
        }
    }
    let bases = this.iterate(bases, 16).unwrap_or_default();
    let class = this.heap.add_class(Class { scope, bases, template: None });
    let template = this.heap.add_instance(Instance { class, attributes: Table::default() });
    this.heap.class_mut(class)?.template = Some(template);
    Some(Data::Class(class).into())
}

/// Programs that a command names which run code of Python or of a shell: the code is
/// looked at too.
impl<'a> Evaluator<'a> {
    pub(in crate::python) fn look_into_command(&mut self, call: &Call<'a>) {
        let Some(first) = call.first() else { return };
        let parts: Vec<Value<'a>> = match first.data {
            Data::List(id) => self.items(id).to_vec(),
            _ => call.arguments.positional.clone(),
        };
        let interpreter = parts.iter().take(4).any(|part| {
            part.text().is_some_and(|text| {
                let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
                name.starts_with("python") || name == "py" || name.starts_with("pythonw")
            })
        });
        if !interpreter {
            return;
        }
        let mut after_flag = false;
        for part in &parts {
            if after_flag {
                self.emit_named(
                    Effect::DynamicCode,
                    "py:python -c",
                    call.range,
                    &[(Role::Code, part)],
                    &[],
                );
                let scope = self.new_scope(None);
                self.run_text(&part.clone(), call.range, Some(scope));
                return;
            }
            after_flag = part.text() == Some("-c");
            if let Some(path) = part.text().map(str::to_owned)
                && path.contains('.')
                && let Some(own) = self.own_path(&path)
                && !own.ends_with(".py")
            {
                self.note_load(&own, call.range);
            }
        }
    }

    /// Text that is written to a file and is itself a program.
    pub(in crate::python) fn look_into_written(&mut self, data: &Value<'a>, call: &Call<'a>) {
        let Some(bytes) = data.text_or_bytes() else { return };
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let runs = ["exec(", "eval(", "urlopen", "subprocess", "os.system", "requests.", "socket."];
        if text.len() < 24
            || !text.contains("import")
            || !runs.iter().any(|word| text.contains(word))
        {
            return;
        }
        let arguments = Arguments::default();
        let _ = arguments;
        let scope = self.new_scope(None);
        let when = self.when;
        let code = data.clone();
        let fresh = !code.has_source(Source::File);
        if fresh {
            self.run_text(&code, call.range, Some(scope));
        }
        self.when = when;
    }
}
