//! Methods of lists.

use std::rc::Rc;

use super::super::function::Call;
use super::super::heap::Class as ObjectClass;
use super::super::machine::Machine;
use super::super::value::{Kind, ObjectId, Value};
use crate::event::Hiding;

impl<'a> Machine<'a> {
    /// A method that calls back, on something of which nothing is known.
    pub(super) fn each_unknown(&mut self, call: &Call<'a>) -> Value<'a> {
        let callback = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        let marks = self.deep_marks(&call.this);
        if callback.as_object().is_none() && callback.as_api().is_none() {
            return Value::unknown(marks);
        }
        let element = Value::unknown(marks);
        let result = self.maybe(|machine| {
            machine.call_back(&callback, vec![element.clone(), element], call.span)
        });
        let given = self.deep_marks(&result);
        Value::unknown(self.marks.union(marks, given))
    }

    pub(super) fn array_method(&mut self, method: &str, call: &Call<'a>) -> Value<'a> {
        // The most frequent one of all needs no copy of what is there.
        if method == "push"
            && let Some(object) = call.this.as_object().and_then(|id| self.get(id))
            && let ObjectClass::Array(_) = object.class
            && !object.is_open
            && object.elsewhere.is_none()
        {
            return self
                .known_array_method(method, call.this.as_object(), &[], call)
                .unwrap_or(Value::UNKNOWN);
        }
        let elements = match self.elements_of(&call.this) {
            Ok(elements) => elements,
            Err(one) => return self.open_array_method(method, one, call),
        };
        let id = call.this.as_object();
        self.steps += u64::try_from(elements.len() / 8).unwrap_or(0);
        match self.known_array_method(method, id, &elements, call) {
            Some(value) => value,
            None => {
                let data = self.deep_marks(&call.this);
                let given = self.marks_of(&call.arguments);
                self.hand_over(call, data);
                Value::unknown(self.marks.union(data, given))
            }
        }
    }

    /// A list of which only some elements are known.
    fn open_array_method(&mut self, method: &str, one: Value<'a>, call: &Call<'a>) -> Value<'a> {
        let data = self.deep_marks(&call.this);
        match method {
            "push" | "unshift" => {
                if let Some(id) = call.this.as_object() {
                    for argument in &call.arguments {
                        self.set_elsewhere(id, argument.clone());
                    }
                }
                Value::UNKNOWN
            }
            "forEach" | "map" | "filter" | "find" | "some" | "every" | "flatMap" | "reduce" => {
                let callback = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
                let arguments = if method == "reduce" {
                    let start = call.arguments.get(1).cloned().unwrap_or(Value::UNKNOWN);
                    vec![start, one.clone()]
                } else {
                    vec![one.clone()]
                };
                let result =
                    self.maybe(|machine| machine.call_back(&callback, arguments, call.span));
                let given = self.deep_marks(&result);
                if method == "find" {
                    return one;
                }
                Value::unknown(self.marks.union(data, given))
            }
            "pop" | "shift" | "at" => one,
            _ => Value::unknown(self.marks.union(data, one.marks)),
        }
    }

    fn elements_mut(&mut self, id: Option<ObjectId>) -> Option<&mut Vec<Value<'a>>> {
        match &mut self.change(id?)?.class {
            ObjectClass::Array(elements) => Some(elements),
            _ => None,
        }
    }

    fn known_array_method(
        &mut self,
        method: &str,
        id: Option<ObjectId>,
        elements: &[Value<'a>],
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        Some(match method {
            "join" | "toString" => {
                let separator = if method == "join" && !first.is_undefined() {
                    self.text_of(&first)?
                } else {
                    Rc::new(",".to_owned())
                };
                self.join_elements(elements, &separator)
            }
            "reverse" => {
                let hidden = self.hidden(Hiding::Reversal);
                let mut reversed: Vec<Value<'a>> = elements.iter().rev().cloned().collect();
                if elements.iter().all(|element| element.as_text().is_some()) {
                    for element in &mut reversed {
                        element.marks = self.marks.union(element.marks, hidden);
                    }
                }
                match self.elements_mut(id) {
                    Some(elements) => {
                        *elements = reversed;
                        call.this.clone()
                    }
                    None => self.new_array(reversed),
                }
            }
            "push" => {
                let more = call.arguments.clone();
                let limit = super::super::heap::MAX_ELEMENTS;
                let list = self.elements_mut(id)?;
                let (fits, count) = (list.len() + more.len() <= limit, more.len());
                if fits && self.may_hold(count) {
                    self.elements_mut(id)?.extend(more);
                }
                Value::count(self.elements_mut(id)?.len())
            }
            "pop" => self.elements_mut(id)?.pop().unwrap_or(Value::UNDEFINED),
            "shift" => {
                let list = self.elements_mut(id)?;
                if list.is_empty() { Value::UNDEFINED } else { list.remove(0) }
            }
            "unshift" => {
                let more = call.arguments.clone();
                let limit = super::super::heap::MAX_ELEMENTS;
                if elements.len() + more.len() <= limit && self.may_hold(more.len()) {
                    self.elements_mut(id)?.splice(0..0, more);
                }
                Value::count(self.elements_mut(id)?.len())
            }
            "slice" => {
                let (start, end) = self.range(elements.len(), call)?;
                self.new_array(elements.get(start..end).unwrap_or_default().to_vec())
            }
            "splice" => {
                let (start, _) = self.range(elements.len(), call)?;
                let count = match call.arguments.get(1) {
                    Some(count) => {
                        super::super::expression::index(self.number_in(count)?.max(0.0))?
                    }
                    None => elements.len(),
                };
                let end = (start + count).min(elements.len());
                let more: Vec<Value<'a>> = call.arguments.iter().skip(2).cloned().collect();
                let limit = super::super::heap::MAX_ELEMENTS;
                if elements.len() + more.len() > limit || !self.may_hold(more.len()) {
                    return None;
                }
                let removed: Vec<Value<'a>> =
                    self.elements_mut(id)?.splice(start..end, more).collect();
                self.new_array(removed)
            }
            "concat" => {
                let mut all = elements.to_vec();
                for argument in &call.arguments {
                    let is_list = argument.as_object().is_some_and(|id| {
                        matches!(
                            self.get(id).map(|object| &object.class),
                            Some(ObjectClass::Array(_))
                        )
                    });
                    if is_list {
                        all.extend(self.elements_of(argument).ok()?);
                    } else {
                        all.push(argument.clone());
                    }
                }
                if all.len() > super::super::heap::MAX_ELEMENTS {
                    return None;
                }
                self.new_array(all)
            }
            "at" => {
                let at = self.number_in(&first)?;
                #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
                let at = if at < 0.0 { at + elements.len() as f64 } else { at };
                elements
                    .get(super::super::expression::index(at)?)
                    .cloned()
                    .unwrap_or(Value::UNDEFINED)
            }
            "indexOf" | "includes" => {
                let mut found = None;
                for (at, element) in elements.iter().enumerate() {
                    match self.strictly_equal(element, &first) {
                        Some(true) => {
                            found = Some(at);
                            break;
                        }
                        Some(false) => {}
                        None => return None,
                    }
                }
                if method == "includes" {
                    Value::boolean(found.is_some())
                } else {
                    found.map_or(Value::number(-1.0), Value::count)
                }
            }
            "fill" => {
                if let Some(list) = self.elements_mut(id) {
                    for element in list.iter_mut() {
                        *element = first.clone();
                    }
                }
                call.this.clone()
            }
            "keys" => self.new_array((0..elements.len()).map(Value::count).collect()),
            "values" | "flat" => {
                let mut all = Vec::new();
                for element in elements {
                    match self.elements_of(element) {
                        Ok(inner) if method == "flat" && element.as_text().is_none() => {
                            all.extend(inner);
                        }
                        _ => all.push(element.clone()),
                    }
                }
                self.new_array(all)
            }
            "sort" => return None,
            "entries" => {
                let pairs: Vec<Value<'a>> = elements
                    .iter()
                    .enumerate()
                    .map(|(at, element)| self.new_array(vec![Value::count(at), element.clone()]))
                    .collect();
                self.new_array(pairs)
            }
            "forEach" | "map" | "filter" | "find" | "findIndex" | "some" | "every" | "flatMap"
            | "reduce" | "reduceRight" => {
                return Some(self.each(method, elements, call));
            }
            _ => return None,
        })
    }

    pub(super) fn join_elements(&mut self, elements: &[Value<'a>], separator: &str) -> Value<'a> {
        let separator = Value::text(separator.to_owned());
        if elements.len() > 64
            && let Some(value) = self.join_texts(elements, &separator)
        {
            return value;
        }
        let mut text = Value::new(Kind::Literal(""));
        for (at, element) in elements.iter().enumerate() {
            if at > 0 {
                text = self.concatenate(&text, &separator);
            }
            if !matches!(element.kind, Kind::Undefined | Kind::Null) {
                text = self.concatenate(&text, element);
            }
        }
        if elements.len() > 1 && text.as_text().is_some_and(|text| text.len() > 3) {
            let hidden = self.hidden(Hiding::Pieces);
            text.marks = self.marks.union(text.marks, hidden);
        }
        text
    }

    fn join_texts(&mut self, elements: &[Value<'a>], separator: &Value<'a>) -> Option<Value<'a>> {
        let separator = separator.as_text()?;
        let mut out = String::new();
        let mut marks = self.hidden(Hiding::Pieces);
        for (at, element) in elements.iter().enumerate() {
            if at > 0 {
                out.push_str(separator);
            }
            match &element.kind {
                Kind::Number(number) => {
                    out.push_str(&super::super::operator::text_of_number(*number));
                }
                _ => out.push_str(element.as_text()?),
            }
            marks = self.marks.union(marks, element.marks);
            if out.len() > super::super::operator::MAX_TEXT_BYTES {
                return None;
            }
        }
        self.may_make(out.len()).then(|| Value::with(Kind::Text(Rc::new(out)), marks))
    }

    fn range(&mut self, length: usize, call: &Call<'a>) -> Option<(usize, usize)> {
        #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
        let whole = length as f64;
        let mut bound = |at: usize, default: f64| -> Option<usize> {
            let number = match call.arguments.get(at) {
                Some(value) if !value.is_undefined() => self.number_in(value)?,
                _ => default,
            };
            let number = if number.is_nan() { 0.0 } else { number };
            let number = if number < 0.0 { (whole + number).max(0.0) } else { number.min(whole) };
            super::super::expression::index(number.trunc())
        };
        let (start, end) = (bound(0, 0.0)?, bound(1, whole)?);
        Some((start, end.max(start)))
    }

    /// Methods that call back for each element.
    fn each(&mut self, method: &str, elements: &[Value<'a>], call: &Call<'a>) -> Value<'a> {
        let callback = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        let mut results = Vec::with_capacity(elements.len());
        let mut carried = call.arguments.get(1).cloned();
        let is_reduce = method.starts_with("reduce");
        let (mut unsure, begun) = (false, self.steps);
        for at in 0..elements.len() {
            let place = if method == "reduceRight" { elements.len() - 1 - at } else { at };
            let Some(element) = elements.get(place).cloned() else { break };
            if at > 1 && !self.can_spend(call.span) {
                self.exhausted_by(call.span, at, self.steps - begun);
                unsure = true;
                break;
            }
            let run = |machine: &mut Self, arguments: Vec<Value<'a>>| {
                let call = Call {
                    this: call.arguments.get(1).cloned().unwrap_or(Value::UNDEFINED),
                    arguments,
                    is_open: false,
                    span: call.span,
                };
                if at < 2 {
                    machine.call(&callback, call)
                } else {
                    machine.spend(call.span, |machine| machine.call(&callback, call))
                }
            };
            if is_reduce {
                carried = Some(match carried.take() {
                    Some(before) => {
                        run(self, vec![before, element, Value::count(place), call.this.clone()])
                    }
                    None => element,
                });
                continue;
            }
            let result = run(self, vec![element.clone(), Value::count(place), call.this.clone()]);
            match (method, result.truth()) {
                ("filter", Some(true)) => results.push(element),
                ("filter", Some(false)) | ("forEach", _) => {}
                ("filter", None) => {
                    unsure = true;
                    results.push(element);
                }
                ("find", Some(true)) => return element,
                ("find", None) => {
                    unsure = true;
                    results.push(element);
                }
                ("findIndex", Some(true)) if !unsure => return Value::count(place),
                ("findIndex", None) => unsure = true,
                ("some", Some(true)) if !unsure => return Value::boolean(true),
                ("every", Some(false)) if !unsure => return Value::boolean(false),
                ("some" | "every", None) => unsure = true,
                ("map" | "flatMap", _) => results.push(result),
                _ => {}
            }
        }
        match method {
            "reduce" | "reduceRight" => carried.unwrap_or(Value::UNDEFINED),
            "find" => {
                let mut any = Value::UNKNOWN;
                for one in results.into_iter().take(6) {
                    any = self.either(any, one, false);
                }
                if unsure { any } else { Value::UNDEFINED }
            }
            "findIndex" => {
                if unsure {
                    Value::UNKNOWN
                } else {
                    Value::number(-1.0)
                }
            }
            "some" | "every" => {
                if unsure {
                    Value::UNKNOWN
                } else {
                    Value::boolean(method == "every")
                }
            }
            "forEach" => Value::UNDEFINED,
            "flatMap" => {
                let mut all = Vec::new();
                for one in results {
                    match self.elements_of(&one) {
                        Ok(inner) if one.as_text().is_none() => all.extend(inner),
                        _ => all.push(one),
                    }
                }
                self.new_array(all)
            }
            _ => {
                let array = self.new_array(results);
                if unsure && let Some(object) = array.as_object().and_then(|id| self.change(id)) {
                    object.is_open = true;
                }
                array
            }
        }
    }

    pub(super) fn array_from(&mut self, method: &str, call: &Call<'a>) -> Value<'a> {
        if method == "Array.of" {
            return self.new_array(call.arguments.clone());
        }
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        let mut elements = self.elements_of(&first);
        if elements.is_err()
            && let Some(id) = first.as_object()
            && let Some(property) = self.get(id).and_then(|object| object.property("length"))
            && let Kind::Number(length) = property.value.kind
            && let Some(length) =
                super::super::expression::index(length).filter(|length| *length < 1 << 16)
        {
            elements = Ok(vec![Value::UNDEFINED; length]);
        }
        match elements {
            Ok(elements) => match call.arguments.get(1) {
                Some(callback) => {
                    let call = Call {
                        this: first.clone(),
                        arguments: vec![callback.clone()],
                        is_open: false,
                        span: call.span,
                    };
                    self.each("map", &elements, &call)
                }
                None => self.new_array(elements),
            },
            Err(one) => Value::unknown(one.marks),
        }
    }
}
