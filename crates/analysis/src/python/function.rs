//! Functions and classes of the package: made, called with what is known, and
//! evaluated once for callers that nobody knows.

use std::rc::Rc;

use ruff_python_ast::{ExprLambda, Parameters, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use super::call::Arguments;
use super::evaluator::{Evaluator, Frame};
use super::flow;
use super::heap::{Body, ClassId, Dict, Function, FunctionId, Sequence, Table};
use super::value::{Data, Text, Value};
use crate::event::{Effect, Hiding, Role, Source, When};

/// Calls of functions of the package within each other.
const MAX_CALLS: u32 = 60;
/// How often one function is evaluated for calls with arguments that matter.
const MAX_INLINED: u32 = 2_000;
/// Calls of one function that may show nothing before it is not evaluated for more.
const MAX_MISSES: u32 = 3;
/// How often one function may be within itself.
const MAX_RECURSION: u32 = 12;

impl Function<'_> {
    pub(super) fn is_class_method(&self) -> bool {
        match self.body {
            Body::Named(it) => it.decorator_list.iter().any(|decorator| {
                matches!(&decorator.expression, ruff_python_ast::Expr::Name(name) if name.id.as_str() == "classmethod")
            }),
            Body::Lambda(_) => false,
        }
    }
}

impl<'a> Body<'a> {
    fn parameters(self) -> Option<&'a Parameters> {
        match self {
            Self::Named(it) => Some(&it.parameters),
            Self::Lambda(it) => it.parameters.as_deref(),
        }
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn define_function(&mut self, it: &'a StmtFunctionDef) {
        let name = it.name.id.as_str();
        let decorators: Vec<Value<'a>> =
            it.decorator_list.iter().map(|decorator| self.eval(&decorator.expression)).collect();
        for parameter in it.parameters.iter() {
            if let Some(annotation) = parameter.annotation() {
                self.annotation(annotation);
            }
        }
        if let Some(returns) = &it.returns {
            self.annotation(returns);
        }
        let id = self.make_function(Body::Named(it), Some(&it.parameters));
        let mut value: Value<'a> = Data::Function(id).into();
        for decorator in decorators.into_iter().rev() {
            value = self.decorated(value, &decorator, id, it.range);
        }
        if usize::from(it.name.range.len()) != name.len() && name.is_ascii() {
            value = value.hidden(Hiding::Confusables);
        }
        self.bind(name, value);
    }

    fn decorated(
        &mut self,
        value: Value<'a>,
        decorator: &Value<'a>,
        id: FunctionId,
        range: TextRange,
    ) -> Value<'a> {
        match &decorator.data {
            Data::Api(api) => {
                let name = self.names.text(*api);
                let Some(function) = self.heap.function_mut(id) else { return value };
                match &*name {
                    "py:builtins.staticmethod" => function.is_static = true,
                    "py:builtins.property" | "py:functools.cached_property" => {
                        function.is_property = true;
                    }
                    "py:atexit.register" => {
                        let arguments =
                            Arguments { positional: vec![value.clone()], ..Arguments::default() };
                        self.call(decorator, arguments, range);
                    }
                    // `@exec`, `@print`: a decorator is a call.
                    "py:builtins.exec" | "py:builtins.eval" | "py:os.system" => {
                        let called = self.call(&value, Arguments::default(), range);
                        let given = if called.is_unknown() { value } else { called };
                        let arguments =
                            Arguments { positional: vec![given], ..Arguments::default() };
                        return self.call(decorator, arguments, range);
                    }
                    _ => {}
                }
                value
            }
            Data::Function(_) | Data::Applied(_) | Data::Class(_) => {
                let arguments =
                    Arguments { positional: vec![value.clone()], ..Arguments::default() };
                let result = self.call(decorator, arguments, range);
                if matches!(result.data, Data::Unknown | Data::None) { value } else { result }
            }
            _ => value,
        }
    }

    pub(super) fn define_lambda(&mut self, it: &'a ExprLambda) -> Value<'a> {
        Data::Function(self.make_function(Body::Lambda(it), it.parameters.as_deref())).into()
    }

    fn make_function(&mut self, body: Body<'a>, parameters: Option<&'a Parameters>) -> FunctionId {
        let mut defaults = Vec::new();
        for parameter in parameters.into_iter().flat_map(Parameters::iter_non_variadic_params) {
            if let Some(default) = &parameter.default {
                let value = self.eval(default);
                defaults.push((parameter.parameter.name.id.as_str(), value));
            }
        }
        let scope = self.scope;
        if let Some(scope) = self.heap.scope_mut(scope) {
            scope.kept = true;
        }
        let id = self.heap.add_function(Function {
            body,
            scope,
            unit: Rc::clone(&self.unit),
            defaults,
            class: None,
            is_static: false,
            is_property: false,
            inlined: 0,
            hits: 0,
            misses: 0,
            active: 0,
            known: false,
            matters: false,
            decodes: false,
            result: Value::unknown(),
        });
        self.pending.push(id);
        id
    }

    pub(super) fn call_function(&mut self, id: FunctionId, arguments: Arguments<'a>) -> Value<'a> {
        let Some(function) = self.heap.function(id) else { return Value::unknown() };
        let (known, active, inlined) = (function.known, function.active, function.inlined);
        let unrolled = active < MAX_RECURSION && (active == 0 || self.all_known(&arguments));
        let small = is_small(function.body);
        let patience = if small { MAX_MISSES * 50 } else { MAX_MISSES };
        // A call that stands on its own is none of the many for which this is a bound.
        let alone = self.calls == 0 && self.rounds == 0;
        let worthless =
            !alone && function.misses > patience.saturating_add(function.hits.saturating_mul(2));
        let within = self.calls < MAX_CALLS && inlined < MAX_INLINED;
        if !within && self.interesting(&arguments) {
            self.cut_here("it calls more, or deeper, than is followed");
        }
        let may = within && unrolled && !worthless && self.has_fuel();
        if !may {
            if worthless && !known && active == 0 && self.depth < 1_000 {
                self.evaluate_generally(id);
            }
            let taint = self.taint_of(&arguments);
            return Value::unknown().with(&taint);
        }
        let loads = self.when != When::Call && !known;
        if !loads {
            if !known && active == 0 {
                self.evaluate_generally(id);
            }
            let function = self.heap.function(id);
            let (matters, decodes, result) = function
                .map_or((false, false, Value::unknown()), |it| {
                    (it.matters, it.decodes, it.result.clone())
                });
            let depends = matches!(result.data, Data::Function(_))
                || result.has_source(Source::Caller)
                || result.is_unknown();
            let interesting = self.interesting(&arguments);
            let gives = depends && (decodes || small);
            let worth = self.frame.exact
                || (interesting && (matters || gives))
                || (matters && self.when != When::Call && inlined == 0);
            if !worth || (self.inline_budget == 0 && !self.all_known(&arguments)) {
                let taint = self.taint_of(&arguments);
                return result.with(&taint);
            }
        }
        self.inline_budget = self.inline_budget.saturating_sub(1);
        self.inline(id, arguments)
    }

    fn all_known(&self, arguments: &Arguments<'a>) -> bool {
        !arguments.open
            && arguments.all().all(|value| match &value.data {
                Data::Unknown => false,
                Data::List(id) => self.heap.list(*id).is_some_and(|list| !list.open),
                _ => true,
            })
            && arguments.all().next().is_some()
    }

    /// Whether a function with these arguments may do what it would not do with unknown
    /// ones.
    fn interesting(&self, arguments: &Arguments<'a>) -> bool {
        arguments.all().any(|value| match &value.data {
            Data::Unknown => value.taint.as_ref().is_some_and(|taint| {
                taint.origins.iter().any(|origin| origin.source != Source::Caller)
            }),
            Data::None
            | Data::Bool(_)
            | Data::Float(_)
            | Data::Instance(_)
            | Data::Namespace(_) => value.taint.is_some(),
            Data::Module(_) => false,
            _ => true,
        })
    }

    /// Evaluates the body of a function with these arguments.
    pub(super) fn inline(&mut self, id: FunctionId, arguments: Arguments<'a>) -> Value<'a> {
        let exact = self.all_known(&arguments);
        self.burn(2);
        let Some(function) = self.heap.function_mut(id) else { return Value::unknown() };
        function.inlined += 1;
        if function.inlined == 1 {
            // What a loop calls for the first time is something new.
            self.learned += 1;
        }
        let (news, decoded) = (self.news, self.decoded);
        let result = self.enter(id, Some(arguments), exact);
        let known = !matches!(result.data, Data::Unknown | Data::None | Data::Instance(_));
        let shown = self.news > news || (known && self.decoded > decoded);
        if let Some(function) = self.heap.function_mut(id) {
            if shown {
                function.hits = function.hits.saturating_add(1);
            } else {
                function.misses = function.misses.saturating_add(1);
            }
        }
        result
    }

    /// Evaluates a function for callers that nobody knows.
    pub(super) fn evaluate_generally(&mut self, id: FunctionId) {
        let is_deepest = self.is_deepest();
        let Some(function) = self.heap.function_mut(id) else { return };
        if function.known {
            return;
        }
        if is_deepest {
            // Later, from where nothing is around.
            self.pending.push(id);
            return;
        }
        let Some(function) = self.heap.function_mut(id) else { return };
        function.known = true;
        let (body, class) = (function.body, function.class);
        if let Some(class) = class {
            // What the beginning of an instance leaves is what its other methods find.
            let beginning = self.in_class(class, "__init__", 0);
            if let Data::Function(first) = beginning.data
                && first != id
                && self.heap.function(first).is_some_and(|it| !it.known)
            {
                self.evaluate_generally(first);
            }
        }
        let when = std::mem::replace(&mut self.when, When::Call);
        let (emitted, decoded) = (self.emitted, self.decoded);
        let branches = std::mem::take(&mut self.branches);
        let undo = std::mem::take(&mut self.undo);
        let result = self.deeper(|this| this.enter(id, None, false)).unwrap_or_default();
        self.branches = branches;
        self.undo = undo;
        let matters = self.emitted > emitted;
        let decodes = self.decoded > decoded;
        self.when = when;
        if let Body::Named(it) = body
            && flow::always_calls_itself(it, class.is_some())
        {
            let unit = self.heap.function(id).map(|function| Rc::clone(&function.unit));
            if let Some(unit) = unit {
                let outer = std::mem::replace(&mut self.unit, unit);
                let name = Value::literal(it.name.id.as_str());
                self.emit_named(
                    Effect::EndlessLoop,
                    "py:recursion",
                    it.name.range,
                    &[(Role::Name, &name)],
                    &[],
                );
                self.unit = outer;
            }
        }
        if let Some(function) = self.heap.function_mut(id) {
            function.matters = matters;
            function.decodes = decodes;
            function.result = result;
        }
    }

    fn enter(
        &mut self,
        id: FunctionId,
        arguments: Option<Arguments<'a>>,
        exact: bool,
    ) -> Value<'a> {
        let Some(function) = self.heap.function_mut(id) else { return Value::unknown() };
        function.active += 1;
        let (body, parent, unit, class) =
            (function.body, function.scope, Rc::clone(&function.unit), function.class);
        let general = arguments.is_none();
        let scope = self.new_scope(Some(parent));
        let outer_scope = std::mem::replace(&mut self.scope, scope);
        let outer_unit = std::mem::replace(&mut self.unit, unit);
        let frame = Frame { exact, ..Frame::default() };
        let outer_frame = std::mem::replace(&mut self.frame, frame);
        if let Some(parameters) = body.parameters() {
            self.bind_parameters(id, parameters, arguments, class);
        }
        if !general {
            self.calls += 1;
        }
        let value = match body {
            Body::Lambda(it) => self.eval(&it.body),
            Body::Named(it) => {
                self.block(&it.body);
                let returned = self.frame.returned.take();
                match self.frame.yielded.take() {
                    Some(items) if exact => self.list(Sequence::List, items),
                    Some(items) => self.open_list(Sequence::List, items),
                    None => returned.unwrap_or_else(Value::none),
                }
            }
        };
        if !general {
            self.calls -= 1;
        }
        self.frame = outer_frame;
        self.unit = outer_unit;
        self.scope = outer_scope;
        if let Some(ended) = self.heap.scope_mut(scope)
            && !ended.kept
        {
            ended.names = Table::default();
        }
        if let Some(function) = self.heap.function_mut(id) {
            function.active = function.active.saturating_sub(1);
        }
        value
    }

    fn bind_parameters(
        &mut self,
        id: FunctionId,
        parameters: &'a Parameters,
        arguments: Option<Arguments<'a>>,
        class: Option<ClassId>,
    ) {
        let scope = self.scope;
        let defaults =
            self.heap.function(id).map(|function| function.defaults.clone()).unwrap_or_default();
        let default = |name: &str| {
            defaults.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        };
        let (is_static, is_class) = self
            .heap
            .function(id)
            .map_or((false, false), |function| (function.is_static, function.is_class_method()));
        let general = arguments.is_none();
        let caller =
            if general { self.tainted(Source::Caller, parameters.range(), None) } else { None };
        let arguments = arguments.unwrap_or_default();
        let mut given = arguments.positional.into_iter();
        let mut keyword = arguments.keyword;
        for (position, parameter) in
            parameters.posonlyargs.iter().chain(&parameters.args).enumerate()
        {
            let name = parameter.parameter.name.id.as_str();
            let value = match given.next() {
                Some(value) => value,
                None if general && position == 0 && class.is_some() && !is_static => {
                    match (class, is_class) {
                        (Some(class), true) => Data::Class(class).into(),
                        (Some(class), false) => self
                            .heap
                            .class(class)
                            .and_then(|class| class.template)
                            .map_or_else(Value::unknown, |template| {
                                Data::Instance(template).into()
                            }),
                        (None, _) => Value::unknown(),
                    }
                }
                None => {
                    let named = keyword
                        .iter()
                        .position(|(known, _)| &**known == name)
                        .map(|index| keyword.swap_remove(index).1);
                    match (named, default(name)) {
                        (Some(value), _) => value,
                        (None, Some(value)) if !general => value,
                        (None, Some(value)) if matters_as_default(&value) => value.with(&caller),
                        (None, _) => Value::unknown().with(&caller),
                    }
                }
            };
            self.bind_in(scope, name, value);
        }
        if let Some(rest) = &parameters.vararg {
            let value = if general {
                Value::unknown().with(&caller)
            } else {
                let rest: Vec<Value<'a>> = given.collect();
                if arguments.open {
                    self.open_list(Sequence::Tuple, rest)
                } else {
                    self.list(Sequence::Tuple, rest)
                }
            };
            self.bind_in(scope, rest.name.id.as_str(), value);
        }
        for parameter in &parameters.kwonlyargs {
            let name = parameter.parameter.name.id.as_str();
            let named = keyword
                .iter()
                .position(|(known, _)| &**known == name)
                .map(|index| keyword.swap_remove(index).1);
            let value = named.or_else(|| default(name)).unwrap_or_default().with(&caller);
            self.bind_in(scope, name, value);
        }
        if let Some(rest) = &parameters.kwarg {
            let value = if general || arguments.open {
                Value::unknown().with(&caller)
            } else {
                let mut dict = Dict::default();
                for (name, value) in keyword {
                    dict.set(Value::from(Data::Text(Text::clone(&name))), value);
                }
                Data::Dict(self.heap.add_dict(dict)).into()
            };
            self.bind_in(scope, rest.name.id.as_str(), value);
        }
    }
}

/// Whether a function is so short that evaluating it again costs nothing.
fn is_small(body: Body<'_>) -> bool {
    use ruff_python_ast::Stmt;
    match body {
        Body::Lambda(_) => true,
        Body::Named(it) => {
            it.body.len() <= 3
                && it.body.iter().all(|statement| {
                    matches!(
                        statement,
                        Stmt::Expr(_)
                            | Stmt::Return(_)
                            | Stmt::Assign(_)
                            | Stmt::Global(_)
                            | Stmt::Import(_)
                            | Stmt::Pass(_)
                    )
                })
        }
    }
}

/// A default that a caller hardly changes: a function, a module, hidden text.
fn matters_as_default(value: &Value<'_>) -> bool {
    matches!(
        value.data,
        Data::Api(_)
            | Data::Function(_)
            | Data::Text(_)
            | Data::Bytes(_)
            | Data::List(_)
            | Data::Dict(_)
    )
}
