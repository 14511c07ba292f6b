//! Attributes: of modules, classes, instances, and of whatever lets a program climb
//! from a constant to the interpreter.

use super::evaluator::Evaluator;
use super::heap::{Applied, ClassId, FunctionId, InstanceId};
use super::value::{Data, Text, Value, merged};
use crate::event::{Hiding, Source};
use ruff_text_size::TextRange;

impl<'a> Evaluator<'a> {
    pub(super) fn attribute(
        &mut self,
        object: &Value<'a>,
        name: &'a str,
        range: TextRange,
    ) -> Value<'a> {
        let found = match &object.data {
            Data::Unknown => self.of_unknown(name),
            Data::Api(id) => {
                // A class that was looked for among all classes: its functions lead to
                // the names of the module that they are from.
                if matches!(name, "__globals__" | "func_globals")
                    && self.names.text(*id).contains("__subclasses__")
                {
                    return self
                        .api("py:builtins.globals()")
                        .hidden(Hiding::ComputedName)
                        .with(&object.taint);
                }
                let Some(child) = self.names.child(*id, name) else { return Value::unknown() };
                return self.api_value(child, name, range).with(&object.taint);
            }
            Data::Module(id) => self.of_module(*id, name, range),
            Data::Instance(id) => self.of_instance(*id, name, range),
            Data::Class(id) => self.of_class(*id, name, range),
            Data::Object(id) => return self.of_object(*id, object, name),
            Data::Choice(all) => {
                let all = std::rc::Rc::clone(all);
                return self
                    .each_of(&all, |this, one| this.attribute(&one, name, range))
                    .with(&object.taint);
            }
            Data::Function(_) => match name {
                "__globals__" | "func_globals" | "__builtins__" => {
                    self.api("py:builtins.globals()").hidden(Hiding::ComputedName)
                }
                "__code__" | "func_code" | "__wrapped__" | "__func__" => object.clone(),
                "__call__" => object.clone(),
                "__doc__" => self.described(object),
                _ => Value::unknown(),
            },
            Data::Namespace(_) => {
                Data::Method(std::rc::Rc::new((object.clone(), Text::Literal(name)))).into()
            }
            Data::Applied(id) => match (name, self.heap.applied(*id)) {
                ("func", Some(applied)) => applied.callee.clone(),
                ("__func__", Some(applied)) => applied.callee.clone(),
                ("__self__", Some(applied)) => {
                    applied.positional.first().cloned().unwrap_or_default()
                }
                ("__globals__" | "__builtins__", _) => {
                    self.api("py:builtins.globals()").hidden(Hiding::ComputedName)
                }
                _ => Value::unknown(),
            },
            _ => match name {
                "__class__" => {
                    let class = class_name(&object.data);
                    self.api(class).hidden(Hiding::ComputedName)
                }
                "__doc__" => Value::unknown(),
                _ => Data::Method(std::rc::Rc::new((object.clone(), Text::Literal(name)))).into(),
            },
        };
        found.with(&object.taint)
    }

    /// The text that a function of the package begins with.
    fn described(&self, function: &Value<'a>) -> Value<'a> {
        let Data::Function(id) = function.data else { return Value::unknown() };
        match self.heap.function(id).map(|function| function.body) {
            Some(super::heap::Body::Named(it)) => description(&it.body),
            _ => Value::unknown(),
        }
    }

    fn of_unknown(&mut self, name: &str) -> Value<'a> {
        match name {
            // From any function one comes to the interpreter.
            "__globals__" | "func_globals" | "f_globals" | "f_builtins" | "__builtins__" => {
                self.api("py:builtins.globals()").hidden(Hiding::ComputedName)
            }
            "__mro__" | "__bases__" | "__base__" => {
                self.api(&format!("py:builtins.object.{name}")).hidden(Hiding::ComputedName)
            }
            _ => Value::unknown(),
        }
    }

    /// What a name of the library is as a value; some are constants.
    pub(super) fn api_value(
        &mut self,
        id: super::names::ApiId,
        name: &str,
        range: TextRange,
    ) -> Value<'a> {
        if !self.names.is_special(id) {
            return Data::Api(id).into();
        }
        let api = self.names.text(id);
        match &*api {
            "py:sys.executable" => Value::literal("python"),
            "py:os.sep" | "py:os.path.sep" => Value::literal("/"),
            "py:os.linesep" => Value::literal("\n"),
            "py:os.pathsep" => Value::literal(":"),
            "py:os.curdir" => Value::literal("."),
            "py:os.pardir" => Value::literal(".."),
            "py:os.devnull" => Value::literal("/dev/null"),
            "py:string.ascii_lowercase" => Value::literal("abcdefghijklmnopqrstuvwxyz"),
            "py:string.ascii_uppercase" => Value::literal("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            "py:string.ascii_letters" => {
                Value::literal("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
            }
            "py:string.digits" => Value::literal("0123456789"),
            "py:string.hexdigits" => Value::literal("0123456789abcdefABCDEF"),
            "py:string.punctuation" => Value::literal("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
            "py:string.whitespace" => Value::literal(" \t\n\r\u{b}\u{c}"),
            "py:string.printable" => Value::literal(
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\u{b}\u{c}",
            ),
            "py:sys.argv" => {
                Value::from(Data::Api(id)).come_from(self.origin(Source::Caller, range, None))
            }
            "py:sys.platform" | "py:os.name" => Value::unknown(),
            "py:os.environ" => {
                Value::from(Data::Api(id)).come_from(self.origin(Source::Environment, range, None))
            }
            _ if name == "__name__" => Value::unknown(),
            _ if matches!(name, "__base__" | "__class__") && api.starts_with("py:builtins.") => {
                self.api("py:builtins.object").hidden(Hiding::ComputedName)
            }
            _ => Data::Api(id).into(),
        }
    }

    fn of_module(
        &mut self,
        id: super::heap::ModuleId,
        name: &'a str,
        range: TextRange,
    ) -> Value<'a> {
        self.run_module(id);
        let Some(module) = self.modules.get(id.0 as usize) else { return Value::unknown() };
        let scope = module.scope;
        if name == "__dict__" {
            return Data::Namespace(scope).into();
        }
        if let Some(value) = self.heap.scope(scope).and_then(|scope| scope.names.get(name)) {
            return value.clone();
        }
        let inner = format!("{}.{name}", module.name);
        if let Some(inner) = self.module_by_name.get(&inner).copied() {
            self.run_module(inner);
            return Data::Module(inner).into();
        }
        let getter =
            self.heap.scope(scope).and_then(|scope| scope.names.get("__getattr__")).cloned();
        match getter {
            Some(getter @ Value { data: Data::Function(_), .. }) => {
                let arguments = super::call::Arguments {
                    positional: vec![Value::literal(name)],
                    ..Default::default()
                };
                self.call(&getter, arguments, range)
            }
            _ => Value::unknown(),
        }
    }

    pub(super) fn of_instance(
        &mut self,
        id: InstanceId,
        name: &'a str,
        range: TextRange,
    ) -> Value<'a> {
        let Some(instance) = self.heap.instance(id) else { return Value::unknown() };
        let class = instance.class;
        if let Some(value) = instance.attributes.get(name) {
            return value.clone();
        }
        if name == "__class__" {
            return Data::Class(class).into();
        }
        let template = self.heap.class(class).and_then(|class| class.template);
        if let Some(value) =
            template.and_then(|id| self.heap.instance(id)).and_then(|it| it.attributes.get(name))
        {
            return value.clone();
        }
        let found = self.in_class(class, name, 0);
        match found.data {
            Data::Function(function) => self.bound(function, Data::Instance(id).into(), range),
            // A descriptor says itself what it gives.
            Data::Instance(_) => {
                let given = vec![Data::Instance(id).into(), Data::Class(class).into()];
                self.special_method(&found, "__get__", given, range).unwrap_or(found)
            }
            Data::Unknown if !name.starts_with("__") => {
                let getter = self.in_class(class, "__getattr__", 0);
                if let Data::Function(_) = getter.data {
                    let this = Data::Instance(id).into();
                    let arguments = super::call::Arguments {
                        positional: vec![this, Value::literal(name)],
                        ..Default::default()
                    };
                    return self.call(&getter, arguments, range);
                }
                found
            }
            _ => found,
        }
    }

    fn bound(&mut self, function: FunctionId, receiver: Value<'a>, range: TextRange) -> Value<'a> {
        let (is_static, is_property) = self
            .heap
            .function(function)
            .map_or((false, false), |function| (function.is_static, function.is_property));
        let callee: Value<'a> = Data::Function(function).into();
        if is_static {
            return callee;
        }
        let positional = vec![receiver];
        if is_property {
            let arguments = super::call::Arguments { positional, ..Default::default() };
            return self.call(&callee, arguments, range);
        }
        Data::Applied(self.heap.add_applied(Applied {
            callee,
            positional,
            keyword: Vec::new(),
            getter: None,
        }))
        .into()
    }

    fn of_class(&mut self, id: ClassId, name: &'a str, range: TextRange) -> Value<'a> {
        match name {
            "__mro__" | "__bases__" | "__base__" => {
                return self
                    .api(&format!("py:builtins.object.{name}"))
                    .hidden(Hiding::ComputedName);
            }
            "__dict__" => {
                return self
                    .heap
                    .class(id)
                    .map_or_else(Value::unknown, |class| Data::Namespace(class.scope).into());
            }
            _ => {}
        }
        let found = self.in_class(id, name, 0);
        if let Data::Function(function) = found.data
            && self.heap.function(function).is_some_and(super::heap::Function::is_class_method)
        {
            return self.bound(function, Data::Class(id).into(), range);
        }
        found
    }

    /// What a class or one that it extends has by this name.
    pub(super) fn in_class(&mut self, id: ClassId, name: &'a str, depth: u32) -> Value<'a> {
        let mut left = 48;
        self.in_class_within(id, name, depth, &mut left)
    }

    /// Looks through so many classes: they may extend each other in a net.
    fn in_class_within(
        &mut self,
        id: ClassId,
        name: &'a str,
        depth: u32,
        left: &mut u32,
    ) -> Value<'a> {
        if *left == 0 {
            return Value::unknown();
        }
        *left -= 1;
        let Some(class) = self.heap.class(id) else { return Value::unknown() };
        if let Some(value) = self.heap.scope(class.scope).and_then(|scope| scope.names.get(name)) {
            return value.clone();
        }
        if depth > 8 {
            return Value::unknown();
        }
        let count = class.bases.len();
        for at in 0..count {
            let base = self.heap.class(id).and_then(|class| class.bases.get(at));
            match base.map(|base| &base.data) {
                Some(Data::Class(base)) => {
                    let base = *base;
                    let found = self.in_class_within(base, name, depth + 1, left);
                    if !found.is_unknown() {
                        return found;
                    }
                }
                // Only where something is known of it: a base is otherwise just strange.
                Some(Data::Api(base)) => {
                    let base = *base;
                    if let Some(child) = self.names.child(base, name)
                        && !self.names.specifications(child).is_empty()
                    {
                        return Data::Api(child).into();
                    }
                }
                _ => {}
            }
        }
        Value::unknown()
    }

    fn of_object(
        &mut self,
        id: super::heap::ObjectId,
        object: &Value<'a>,
        name: &'a str,
    ) -> Value<'a> {
        let Some(it) = self.heap.object(id) else { return Value::unknown() };
        let (class, about) = (it.class, it.about.clone());
        let taint = merged(&object.taint, &about.taint);
        if self.is_path(class) {
            if let Some(value) = self.path_attribute(&about, name) {
                return value.with(&taint);
            }
        } else if name == "name" && !about.is_unknown() {
            return about;
        }
        let Some(child) = self.names.child(class, name) else {
            return Value::unknown().with(&taint);
        };
        if self.names.specifications(child).is_empty() && self.names.intrinsic(child).is_none() {
            // An attribute of a reply or a process: what it came from is known.
            return Data::Method(std::rc::Rc::new((object.clone(), Text::Literal(name)))).into();
        }
        Value::from(Data::Method(std::rc::Rc::new((object.clone(), Text::Literal(name)))))
            .with(&taint)
    }
}

/// The text that a body begins with.
pub(super) fn description<'a>(body: &'a [ruff_python_ast::Stmt]) -> Value<'a> {
    if let Some(ruff_python_ast::Stmt::Expr(first)) = body.first()
        && let ruff_python_ast::Expr::StringLiteral(text) = &*first.value
    {
        return Value::literal(text.value.to_str());
    }
    Value::unknown()
}

fn class_name(data: &Data<'_>) -> &'static str {
    match data {
        Data::Text(_) => "py:builtins.str",
        Data::Bytes(_) => "py:builtins.bytes",
        Data::Int(_) => "py:builtins.int",
        Data::Dict(_) => "py:builtins.dict",
        Data::List(_) => "py:builtins.tuple",
        _ => "py:builtins.object",
    }
}
