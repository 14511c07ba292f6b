//! Classes of the package and what is made of them.

use ruff_python_ast::StmtClassDef;
use ruff_text_size::TextRange;

use super::call::Arguments;
use super::evaluator::Evaluator;
use super::heap::{Class, ClassId, FunctionId, Instance, Table};
use super::value::{Data, Value};
use crate::event::{Hiding, When};

impl<'a> Evaluator<'a> {
    pub(super) fn define_class(&mut self, it: &'a StmtClassDef) {
        let decorators: Vec<Value<'a>> =
            it.decorator_list.iter().map(|decorator| self.eval(&decorator.expression)).collect();
        let mut bases = Vec::new();
        if let Some(arguments) = &it.arguments {
            let given = self.arguments(arguments);
            bases = given.positional;
            bases.truncate(16);
            if let Some((_, Value { data: Data::Function(function), .. })) =
                given.keyword.iter().find(|(name, _)| &**name == "metaclass")
            {
                self.call_function(*function, Arguments::default());
            }
        }
        let outer = self.scope;
        let scope = self.new_scope(Some(outer));
        if let Some(inner) = self.heap.scope_mut(scope) {
            inner.is_class = true;
            inner.kept = true;
        }
        if let Some(outer) = self.heap.scope_mut(outer) {
            outer.kept = true;
        }
        self.scope = scope;
        self.block(&it.body);
        self.scope = outer;
        let id = self.heap.add_class(Class { scope, bases, template: None });
        let template = self.heap.add_instance(Instance { class: id, attributes: Table::default() });
        if let Some(class) = self.heap.class_mut(id) {
            class.template = Some(template);
        }
        let methods: Vec<FunctionId> = self.heap.scope(scope).map_or_else(Vec::new, |scope| {
            scope
                .names
                .values()
                .filter_map(|value| match value.data {
                    Data::Function(function) => Some(function),
                    _ => None,
                })
                .collect()
        });
        for method in methods {
            if let Some(function) = self.heap.function_mut(method)
                && function.scope == scope
            {
                function.class = Some(id);
            }
        }
        let mut value: Value<'a> = Data::Class(id).into();
        for decorator in decorators.into_iter().rev() {
            if matches!(decorator.data, Data::Function(_)) {
                let arguments =
                    Arguments { positional: vec![value.clone()], ..Arguments::default() };
                let result = self.call(&decorator, arguments, it.range);
                if !matches!(result.data, Data::Unknown | Data::None) {
                    value = result;
                }
            }
        }
        self.bind(it.name.id.as_str(), value.clone());
        let bases = self.heap.class(id).map(|class| class.bases.clone()).unwrap_or_default();
        for base in bases {
            if let Data::Class(_) = base.data {
                self.special_method(&base, "__init_subclass__", Vec::new(), it.range);
            }
        }
        self.describe_reduction(id, it.range);
        self.run_install_command(id);
    }

    /// What a class says of how its pickled things are made again is called then.
    fn describe_reduction(&mut self, id: ClassId, range: TextRange) {
        let scope = self.heap.class(id).map(|class| class.scope);
        for name in ["__reduce__", "__reduce_ex__"] {
            let own = scope
                .and_then(|scope| self.heap.scope(scope))
                .and_then(|scope| scope.names.get(name))
                .cloned();
            let Some(Value { data: Data::Function(function), .. }) = own else { continue };
            self.evaluate_generally(function);
            let Some(result) = self.heap.function(function).map(|it| it.result.clone()) else {
                continue;
            };
            let Data::List(pair) = result.data else { continue };
            let [callee, given, ..] = self.items(pair) else { continue };
            let (callee, given) = (callee.clone(), given.clone());
            if let Data::Api(_) = callee.data {
                let positional = self.iterate(&given, 64).unwrap_or_default();
                let arguments = Arguments { positional, ..Arguments::default() };
                let when = std::mem::replace(&mut self.when, When::Call);
                self.call(&callee.hidden(Hiding::Serialised), arguments, range);
                self.when = when;
            }
        }
    }

    /// A command that `setup.py` adds to the installation runs then.
    fn run_install_command(&mut self, id: ClassId) {
        if self.when != When::Install {
            return;
        }
        let extends = self.heap.class(id).is_some_and(|class| {
            class.bases.iter().any(|base| match base.data {
                Data::Api(api) => {
                    let name = self.names.text(api);
                    name.contains("setuptools") || name.contains("distutils")
                }
                _ => false,
            })
        });
        if !extends {
            return;
        }
        let template = self.heap.class(id).and_then(|class| class.template);
        let Some(template) = template else { return };
        let this: Value<'a> = Data::Instance(template).into();
        for name in ["initialize_options", "finalize_options", "run"] {
            let method = self.in_class(id, name, 0);
            if let Data::Function(function) = method.data {
                let arguments =
                    Arguments { positional: vec![this.clone()], ..Arguments::default() };
                self.inline(function, arguments);
            }
        }
    }

    pub(super) fn instantiate(
        &mut self,
        id: ClassId,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let instance = self.heap.add_instance(Instance { class: id, attributes: Table::default() });
        let value: Value<'a> = Data::Instance(instance).into();
        let taint = self.taint_of(arguments);
        let mut is_made_here = false;
        for name in ["__new__", "__init__"] {
            let found = self.in_class(id, name, 0);
            match found.data {
                Data::Function(function) => {
                    is_made_here = true;
                    let mut all =
                        Arguments { positional: vec![value.clone()], ..arguments.clone() };
                    all.positional.extend(arguments.positional.iter().cloned());
                    self.call_function(function, all);
                }
                Data::Api(_) => {
                    self.call(&found, arguments.clone(), range);
                }
                _ => {}
            }
        }
        // A class that only extends one of the library is made the way that one is.
        let bases = self.heap.class(id).map(|class| class.bases.clone()).unwrap_or_default();
        if let Some(base @ Value { data: Data::Api(api), .. }) = bases.first()
            && !is_made_here
            && !self.names.specifications(*api).is_empty()
        {
            self.call(base, arguments.clone(), range);
        }
        // A thread of one's own class runs its `run`.
        let extends_thread = self.heap.class(id).is_some_and(|class| class.bases.iter().any(|base| {
            matches!(base.data, Data::Api(api) if matches!(&*self.names.text(api), "py:threading.Thread" | "py:multiprocessing.Process"))
        }));
        if extends_thread {
            self.call_method_named(&value, "run", range);
        }
        value.with(&taint)
    }
}
