//! `functools`, `operator`, `itertools`: functions made of functions.

use super::Entries;
use crate::python::call::{Arguments, Call};
use crate::python::evaluator::Evaluator;
use crate::python::heap::{Applied, Getter, Sequence};
use crate::python::value::{Data, Value};

pub(super) const ENTRIES: Entries = &[
    ("py:functools.partial", partial),
    ("py:functools.partialmethod", partial),
    ("py:builtins.staticmethod", |this, call| {
        let first = call.first()?.clone();
        if let Data::Function(id) = first.data
            && let Some(function) = this.heap.function_mut(id)
        {
            function.is_static = true;
        }
        Some(first)
    }),
    ("py:functools.reduce", reduce),
    ("py:builtins.reduce", reduce),
    ("py:builtins.apply", |this, call| {
        let function = call.first()?.clone();
        let positional = this.iterate(call.get(1, "")?, 256)?;
        Some(this.call(&function, Arguments { positional, ..Default::default() }, call.range))
    }),
    ("py:functools.wraps", |this, _| Some(this.api("py:functools.wraps()"))),
    ("py:functools.wraps()", |_, call| call.first().cloned()),
    ("py:functools.lru_cache", |_, call| {
        call.first().filter(|first| matches!(first.data, Data::Function(_))).cloned()
    }),
    ("py:functools.cache", |_, call| call.first().cloned()),
    ("py:operator.attrgetter", |this, call| getter(this, call, Getter::Attribute)),
    ("py:operator.itemgetter", |this, call| getter(this, call, Getter::Item)),
    ("py:operator.methodcaller", |this, call| getter(this, call, Getter::Method)),
    ("py:operator.call", |this, call| {
        let (function, rest) = call.arguments.positional.split_first()?;
        let (function, positional) = (function.clone(), rest.to_vec());
        Some(this.call(
            &function,
            Arguments { positional, keyword: call.arguments.keyword.clone(), open: false },
            call.range,
        ))
    }),
    ("py:operator.getitem", |this, call| {
        let (object, key) = (call.first()?.clone(), call.get(1, "")?.clone());
        Some(this.item(&object, &key, call.range))
    }),
    ("py:operator.xor", |this, call| operate(this, call, ruff_python_ast::Operator::BitXor)),
    ("py:operator.add", |this, call| operate(this, call, ruff_python_ast::Operator::Add)),
    ("py:operator.concat", |this, call| operate(this, call, ruff_python_ast::Operator::Add)),
    ("py:operator.sub", |this, call| operate(this, call, ruff_python_ast::Operator::Sub)),
    ("py:operator.mul", |this, call| operate(this, call, ruff_python_ast::Operator::Mult)),
    ("py:operator.mod", |this, call| operate(this, call, ruff_python_ast::Operator::Mod)),
    ("py:itertools.chain", |this, call| {
        let mut all = Vec::new();
        for argument in &call.arguments.positional {
            all.extend(this.iterate(argument, 1 << 18)?);
        }
        Some(this.list(Sequence::List, all))
    }),
    ("py:itertools.chain.from_iterable", |this, call| {
        let mut all = Vec::new();
        for inner in this.iterate(call.first()?, 1 << 16)? {
            all.extend(this.iterate(&inner, 1 << 16)?);
        }
        Some(this.list(Sequence::List, all))
    }),
    ("py:itertools.islice", |this, call| {
        let end = usize::try_from(call.get(1, "")?.integer()?).ok()?;
        let items = this.iterate(call.first()?, 1 << 18)?;
        Some(this.list(Sequence::List, items.into_iter().take(end).collect()))
    }),
    ("py:itertools.starmap", |this, call| {
        let function = call.first()?.clone();
        let mut results = Vec::new();
        for inner in this.iterate(call.get(1, "")?, 1 << 16)? {
            let positional = this.iterate(&inner, 256)?;
            results.push(this.call(
                &function,
                Arguments { positional, ..Default::default() },
                call.range,
            ));
        }
        Some(this.list(Sequence::List, results))
    }),
    ("py:itertools.cycle", |this, call| endless(this, call)),
    ("py:itertools.count", |this, call| endless(this, call)),
    ("py:itertools.repeat", |this, call| {
        if call.arguments.positional.len() == 1 { endless(this, call) } else { None }
    }),
    ("py:concurrent.futures.ThreadPoolExecutor", |this, call| strange(this, call)),
    ("py:concurrent.futures.ProcessPoolExecutor", |this, call| strange(this, call)),
    ("py:concurrent.futures.ThreadPoolExecutor.submit", submit),
    ("py:concurrent.futures.ProcessPoolExecutor.submit", submit),
    ("py:concurrent.futures.ThreadPoolExecutor.map", submit),
    ("py:concurrent.futures.ProcessPoolExecutor.map", submit),
    ("py:concurrent.futures.ThreadPoolExecutor.__enter__", |_, call| call.receiver.clone()),
    ("py:asyncio.run", |_, call| call.first().cloned()),
    ("py:asyncio.gather", |_, call| call.first().cloned()),
    ("py:asyncio.wait_for", |_, call| call.first().cloned()),
];

fn partial<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let (callee, rest) = call.arguments.positional.split_first()?;
    let applied = Applied {
        callee: callee.clone(),
        positional: rest.to_vec(),
        keyword: call.arguments.keyword.clone(),
        getter: None,
    };
    Some(Data::Applied(this.heap.add_applied(applied)).into())
}

fn getter<'a>(this: &mut Evaluator<'a>, call: &Call<'a>, getter: Getter) -> Option<Value<'a>> {
    let positional = call.arguments.positional.clone();
    let applied =
        Applied { callee: Value::unknown(), positional, keyword: Vec::new(), getter: Some(getter) };
    Some(Data::Applied(this.heap.add_applied(applied)).into())
}

fn reduce<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let function = call.first()?.clone();
    let mut items = this.iterate(call.get(1, "")?, 1 << 16)?.into_iter();
    let mut result = match call.get(2, "") {
        Some(begin) => begin.clone(),
        None => items.next()?,
    };
    for item in items {
        if !this.burn(1) {
            return None;
        }
        result = this.call(
            &function,
            Arguments { positional: vec![result, item], ..Default::default() },
            call.range,
        );
    }
    Some(result)
}

fn operate<'a>(
    this: &mut Evaluator<'a>,
    call: &Call<'a>,
    operator: ruff_python_ast::Operator,
) -> Option<Value<'a>> {
    let (one, other) = (call.first()?.clone(), call.get(1, "")?.clone());
    Some(this.binary(operator, one, other))
}

fn endless<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let about = Value::unknown();
    let object = crate::python::heap::Object { class: call.api, about };
    Some(Data::Object(this.heap.add_object(object)).into())
}

fn strange<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    endless(this, call)
}

fn submit<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let (function, rest) = call.arguments.positional.split_first()?;
    let (function, positional) = (function.clone(), rest.to_vec());
    Some(this.call(&function, Arguments { positional, ..Default::default() }, call.range))
}
