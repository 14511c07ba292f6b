//! Calls of what Node.js and libraries provide: what they do is written down, what
//! they give back is followed.

use std::rc::Rc;

use oxc_span::Span;

use super::api::{Gives, Spec};
use super::function::Call;
use super::heap::Class as ObjectClass;
use super::machine::Machine;
use super::value::{ApiId, Kind, Marks, Value};
use crate::event::{Effect, Hiding, Role, Source};
use crate::sensitive::is_credential;

/// What a datagram is sent with.
const DATAGRAM: &[Role] = &[Role::Data, Role::Port, Role::Host];
const PART_OF_BUFFER: &[Role] = &[Role::Data, Role::Other, Role::Other, Role::Port, Role::Host];

/// What an argument is for where that is told by what it is: a port is a number or the
/// digits of one, a host is text, and a socket may have a path in place of both.
fn fitting(role: Role, value: &Value<'_>) -> Role {
    let text = value.as_text();
    let is_number = matches!(value.kind, Kind::Number(_))
        || text.is_some_and(|text| text.parse::<u16>().is_ok());
    match role {
        Role::Host if is_number => Role::Port,
        Role::Port if text.is_some_and(|text| text.contains(['/', '\\'])) => Role::Path,
        Role::Port if text.is_some() && !is_number => Role::Host,
        role => role,
    }
}

/// Whether this is said to a pool of miners.
fn speaks_of_mining(value: &Value<'_>) -> bool {
    value.as_text().is_some_and(|text| {
        ["mining.subscribe", "mining.authorize", "stratum+tcp:", "stratum+ssl:", "stratum+tls:"]
            .iter()
            .any(|said| text.contains(said))
    })
}

impl<'a> Machine<'a> {
    pub(crate) fn call_api(&mut self, api: ApiId, marks: Marks, call: Call<'a>) -> Value<'a> {
        let name = self.apis.shared_name(api);
        // A call that stands as deep as is followed is one that is followed.
        if self.depth > super::machine::MAX_DEPTH + 64 {
            self.stop(call.span, "it calls deeper than is followed");
            return Value::UNKNOWN;
        }
        self.depth += 2;
        let result = match self.builtin(&name, api, marks, &call) {
            Some(value) => value,
            None => match self.apis.spec(api) {
                Some(spec) => self.perform(api, spec, marks, &call),
                None => self.unknown_api_call(&name, api, marks, call),
            },
        };
        self.depth -= 2;
        result
    }

    pub(crate) fn construct_api(&mut self, api: ApiId, marks: Marks, call: &Call<'a>) -> Value<'a> {
        let name = self.apis.shared_name(api);
        if let Some(value) = self.builtin_new(&name, api, marks, call) {
            return value;
        }
        if let Some(spec) = self.apis.spec(api) {
            return self.perform(api, spec, marks, call);
        }
        let mut data = marks;
        for argument in &call.arguments {
            let more = self.deep_marks(argument);
            data = self.marks.union(data, more);
        }
        // Functions that are handed over at once are called at once, as far as we know.
        self.hand_over(call, data);
        let mut instance = super::heap::Object::new(ObjectClass::Instance(api));
        instance.is_open = true;
        instance.marks = data;
        Value::object(self.allocate(instance))
    }

    fn unknown_api_call(
        &mut self,
        name: &str,
        api: ApiId,
        marks: Marks,
        call: Call<'a>,
    ) -> Value<'a> {
        // A library's own instances do what the library does.
        if matches!(
            name.rsplit('.').next(),
            Some("create" | "extend" | "defaults" | "instance" | "clone")
        ) && name.starts_with("npm:")
        {
            let (module, _) = super::api::module_and_member(name);
            let module = module.to_owned();
            let module = self.apis.intern(&module);
            return Value::api(module);
        }
        if name.ends_with(".env") {
            self.emit_whole_environment(api, call.span);
        }
        let callee = Value::unknown(marks);
        let this = match call.this.kind {
            Kind::Object(_) => {
                let data = self.deep_marks(&call.this);
                Value::unknown(data)
            }
            _ => call.this.clone(),
        };
        // Fluent calls go on with the same thing.
        let is_fluent = matches!(
            name.rsplit('.').next(),
            Some(
                "on" | "once"
                    | "pipe"
                    | "set"
                    | "setHeader"
                    | "addListener"
                    | "setEncoding"
                    | "unref"
            )
        );
        let this_value = call.this.clone();
        if name.ends_with(".pipe")
            && let Some(destination) = call.arguments.first().cloned()
        {
            let data = Value::unknown(this_value.marks);
            self.flow_into(&data, &destination, &call);
        }
        let result = self.unknown_call(&callee, &Call { this, ..call });
        if is_fluent && this_value.as_api().is_some() { this_value } else { result }
    }

    /// Writes down what a call does, and gives what it gives.
    pub(crate) fn perform(
        &mut self,
        api: ApiId,
        spec: Spec,
        marks: Marks,
        call: &Call<'a>,
    ) -> Value<'a> {
        let spread = call.arguments.iter().zip(0..).take(3).find_map(|(value, at): (_, usize)| {
            let Kind::Choice(all) = &value.kind else { return None };
            let telling = all
                .iter()
                .filter(|one| one.as_text().is_some() || matches!(one.kind, Kind::Partial(_)));
            (telling.count() > 1).then(|| (at, Rc::clone(all)))
        });
        match spread {
            Some((at, all)) => {
                for one in all.iter() {
                    let mut arguments = call.arguments.clone();
                    if let Some(argument) = arguments.get_mut(at) {
                        let both = self.marks.union(argument.marks, one.marks);
                        *argument = Value { marks: both, ..one.clone() };
                    }
                    self.describe(api, spec, marks, &arguments, call);
                }
            }
            None => self.describe(api, spec, marks, &call.arguments, call),
        }
        self.give(spec, marks, call)
    }

    fn describe(
        &mut self,
        api: ApiId,
        spec: Spec,
        marks: Marks,
        values: &[Value<'a>],
        call: &Call<'a>,
    ) {
        let mut arguments = Vec::new();
        let mut effect = spec.effect;
        if effect == Effect::FileRead && self.opens_for_writing(api, values) {
            effect = Effect::FileWrite;
        }
        // A datagram may be a part of a buffer: where it begins and how long it is
        // stand before the port.
        let is_part = spec.roles == DATAGRAM
            && values.get(2).is_some_and(|value| matches!(value.kind, Kind::Number(_)));
        let roles = if is_part { PART_OF_BUFFER } else { spec.roles };
        for (at, value) in values.iter().enumerate() {
            let role = roles.get(at).copied();
            let is_function = value.as_object().is_some_and(|id| {
                matches!(
                    self.get(id).map(|object| &object.class),
                    Some(ObjectClass::Function(_) | ObjectClass::Bound(_))
                )
            });
            if is_function && role != Some(Role::Code) {
                continue;
            }
            let role = match role {
                Some(role) => role,
                None if at < 3 => Role::Other,
                None => continue,
            };
            let is_record = value.as_object().is_some_and(|id| {
                matches!(self.get(id).map(|object| &object.class), Some(ObjectClass::Plain))
            });
            if is_record
                && matches!(role, Role::Url | Role::Other | Role::Port | Role::Host)
                && matches!(spec.effect, Effect::Request | Effect::Connect | Effect::Listen)
            {
                self.describe_options(value, &mut arguments, call.span);
                continue;
            }
            if is_record && matches!(spec.effect, Effect::Spawn | Effect::Shell) {
                let shell = self.member(value, "shell", call.span);
                if shell.truth() == Some(true) && effect == Effect::Spawn {
                    effect = Effect::Shell;
                }
                let has_environment = self.member(value, "env", call.span);
                if let Some(api) = has_environment.as_api() {
                    self.emit_whole_environment(api, call.span);
                }
                arguments.push((Role::Other, value.clone()));
                continue;
            }
            if let Some(api) = value.as_api() {
                self.emit_whole_environment(api, call.span);
            }
            // `https://host/path` may be split over text and an object that follows.
            arguments.push((fitting(role, value), value.clone()));
        }
        let mut all = marks;
        if call.this.as_api().is_some() || call.this.is_unknown() {
            all = self.marks.union(all, Marks::NONE);
        }
        self.emit(effect, api, call.span, &arguments, all);
        if effect == Effect::FileWrite
            && spec.roles.contains(&Role::Target)
            && let Some(from) = arguments.iter().find(|(role, _)| *role == Role::Path)
            && [".copy", ".cp"].iter().any(|copies| self.apis.name(api).contains(copies))
        {
            // What is copied is read.
            let from = [from.clone()];
            self.emit(Effect::FileRead, api, call.span, &from, all);
        }
        if matches!(effect, Effect::Connect | Effect::Request)
            && let Some(asked) = arguments.iter().find(|(_, value)| speaks_of_mining(value))
        {
            let asked = [asked.clone()];
            self.emit(Effect::Mining, api, call.span, &asked, all);
        }
        if effect == Effect::DynamicCode {
            self.note_loads(&arguments, call.span);
        }
    }

    fn describe_options(
        &mut self,
        value: &Value<'a>,
        arguments: &mut Vec<(Role, Value<'a>)>,
        span: Span,
    ) {
        const ROLES: &[(&str, Role)] = &[
            ("url", Role::Url),
            ("uri", Role::Url),
            ("href", Role::Url),
            ("baseURL", Role::Url),
            ("hostname", Role::Host),
            ("host", Role::Host),
            ("port", Role::Port),
            ("path", Role::Data),
            ("pathname", Role::Data),
            ("search", Role::Data),
            ("body", Role::Data),
            ("data", Role::Data),
            ("json", Role::Data),
            ("form", Role::Data),
            ("formData", Role::Data),
            ("payload", Role::Data),
            ("params", Role::Data),
            ("qs", Role::Data),
            ("query", Role::Data),
            ("headers", Role::Data),
            ("auth", Role::Data),
        ];
        let mut is_known = false;
        for (key, role) in ROLES {
            let part = self.member(value, key, span);
            if part.is_undefined() || (part.is_unknown() && part.marks.is_none()) {
                continue;
            }
            is_known = true;
            arguments.push((*role, part));
        }
        if !is_known {
            arguments.push((Role::Other, value.clone()));
        }
    }

    /// What a call gives back, and hands to its callbacks.
    fn give(&mut self, spec: Spec, marks: Marks, call: &Call<'a>) -> Value<'a> {
        let source = match spec.gives {
            Gives::From(source) | Gives::ThingFrom(_, source) => Some(source),
            Gives::Nothing | Gives::Thing(_) => None,
        };
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        let name = match self.url_of(&first, call.span) {
            Some(text) => Some(text),
            None => self.told(&first),
        };
        let mut data = Marks::NONE;
        if let Some(mut source) = source {
            if source == Source::File && name.as_deref().is_some_and(is_credential) {
                source = Source::Credential;
            }
            data = self.origin(source, call.span, name.as_deref());
            if source == Source::Network
                && let Some(before) = self.tried.last().copied()
            {
                let both = self.marks.union(before, data);
                if let Some(tried) = self.tried.last_mut() {
                    *tried = both;
                }
            }
            if source == Source::File
                && let Some(value) = self.file_of_package(&first, data, call)
            {
                self.answer(call, &value);
                return value;
            }
        }
        let value = match spec.gives {
            Gives::Thing(name) | Gives::ThingFrom(name, _) => {
                let id = self.apis.intern(name);
                let marks = self.marks.union(data, marks);
                Value::with(Kind::Api(id), marks)
            }
            _ => Value::unknown(data),
        };
        let answer = Value::unknown(data);
        // A connection calls its listeners on itself.
        let this = if value.as_api().is_some() { value.clone() } else { Value::UNKNOWN };
        self.answer_on(&this, call, &answer);
        value
    }

    /// Whether a file is opened to be changed: by its flags, in letters or in bits.
    fn opens_for_writing(&self, api: ApiId, values: &[Value<'a>]) -> bool {
        let name = self.apis.name(api);
        if !name.ends_with(".open") && !name.ends_with(".openSync") {
            return false;
        }
        match values.get(1).map(|flags| &flags.kind) {
            Some(Kind::Number(bits)) => *bits > 0.0 && bits % 4.0 != 0.0,
            Some(_) => values
                .get(1)
                .and_then(Value::as_text)
                .is_some_and(|flags| flags.contains(['w', 'a', '+'])),
            None => false,
        }
    }

    /// Data goes into something that is written to: what a call of its `write` would do.
    pub(crate) fn flow_into(&mut self, data: &Value<'a>, into: &Value<'a>, call: &Call<'a>) {
        let Some(into) = into.as_api().filter(|_| !data.marks.is_none()) else { return };
        for method in ["write", "send"] {
            let Some(api) = self.apis.member(into, method) else { return };
            if let Some(spec) = self.apis.spec(api) {
                let written = [data.clone()];
                self.describe(api, spec, Marks::NONE, &written, call);
                return;
            }
        }
    }

    /// Calls the callbacks among the arguments with what came.
    fn answer(&mut self, call: &Call<'a>, data: &Value<'a>) {
        self.answer_on(&Value::UNKNOWN, call, data);
    }

    fn answer_on(&mut self, this: &Value<'a>, call: &Call<'a>, data: &Value<'a>) {
        let functions = call.arguments.iter().filter(|value| {
            value.as_object().is_some_and(|id| {
                matches!(
                    self.get(id).map(|object| &object.class),
                    Some(ObjectClass::Function(_) | ObjectClass::Bound(_))
                )
            })
        });
        let functions: Vec<Value<'a>> = functions.cloned().collect();
        for function in functions {
            let error = Value::unknown(data.marks);
            let second = data.clone();
            let arguments = vec![error, second.clone(), second];
            let this = this.clone();
            self.call(&function, Call { this, arguments, is_open: true, span: call.span });
        }
    }

    /// An address, where the value is one or names one.
    fn url_of(&mut self, value: &Value<'a>, span: Span) -> Option<String> {
        value.as_object()?;
        for key in ["url", "uri", "href", "hostname", "host", "path"] {
            let part = self.member(value, key, span);
            if let Some(text) = part.as_text() {
                return Some(text.to_owned());
            }
        }
        None
    }

    /// What is known of a text, for a person and for telling what it names.
    pub(crate) fn told(&mut self, value: &Value<'a>) -> Option<String> {
        match &value.kind {
            Kind::Literal(text) => Some((*text).to_owned()),
            Kind::Text(text) => Some((**text).clone()),
            Kind::Partial(partial) => {
                let mut text = partial.prefix.clone();
                for piece in &partial.rest {
                    text.push('…');
                    text.push_str(piece);
                }
                Some(text)
            }
            Kind::Choice(all) => {
                let all = Rc::clone(all);
                all.iter().find_map(|one| self.told(one))
            }
            _ => None,
        }
    }

    /// The text of a file of the package that the code reads.
    fn file_of_package(
        &mut self,
        path: &Value<'a>,
        marks: Marks,
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        let path = path.as_text()?.to_owned();
        let file = self.find_file(&path)?;
        let source = self.tree.file(file)?;
        if source.bytes.len() > 1 << 20 {
            return None;
        }
        let encoding = call.arguments.get(1).is_some_and(|value| match &value.kind {
            Kind::Literal(_) | Kind::Text(_) => true,
            Kind::Object(id) => {
                self.get(*id).is_some_and(|object| object.property("encoding").is_some())
            }
            _ => false,
        });
        if !self.may_make(source.bytes.len()) {
            return None;
        }
        if encoding {
            let text = String::from_utf8(source.bytes.to_vec()).ok()?;
            return Some(Value::with(Kind::Text(Rc::new(text)), marks));
        }
        let mut bytes =
            super::heap::Object::new(ObjectClass::Bytes(Rc::new(source.bytes.to_vec())));
        bytes.marks = marks;
        Some(Value::with(Kind::Object(self.allocate(bytes)), marks))
    }

    /// Files of the package that are read and run as code.
    fn note_loads(&mut self, arguments: &[(Role, Value<'a>)], span: Span) {
        for (role, value) in arguments {
            if *role != Role::Code {
                continue;
            }
            let marks = self.deep_marks(value);
            for origin in self.marks.origins(marks) {
                if origin.source == Source::File
                    && let Some(name) = origin.name
                    && let Some(file) = self.find_file(&name)
                {
                    self.note_load(file, span);
                }
            }
        }
    }

    pub(crate) fn note_load(&mut self, file: crate::place::FileId, span: Span) {
        let Some(path) = self.tree.file(file).map(|file| file.path.clone()) else { return };
        let place = self.place(span);
        if !self.loads.iter().any(|(known, _)| *known == path) {
            self.loads.push((path, place));
        }
    }

    /// Marks of data that was decoded from these.
    pub(crate) fn decoded_from(&mut self, value: Marks, span: Span, hiding: Hiding) -> Marks {
        let decoded = self.decoded(span, hiding);
        self.marks.union(value, decoded)
    }
}
