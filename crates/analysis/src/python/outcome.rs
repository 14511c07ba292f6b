//! What a call of the library gives, and how it is written down.

use super::api::{Gives, Specification, Use};
use super::call::Call;
use super::evaluator::Evaluator;
use super::heap::Object;
use super::value::{Data, Value};
use crate::event::{Argument, Effect, Hiding, Role, Source};

impl<'a> Evaluator<'a> {
    pub(super) fn gives(&mut self, specification: &Specification, call: &Call<'a>) -> Value<'a> {
        match specification.gives {
            Gives::Like => self.like(call),
            Gives::Nothing => Value::none(),
            Gives::From(source) => {
                let name = self.name_of_source(source, specification, call);
                let known =
                    Value::unknown().come_from(self.origin(source, call.range, name.as_deref()));
                if source == Source::Decoded {
                    let api = self.names.text(call.api);
                    let hiding =
                        if api.contains("rypt") { Hiding::Encryption } else { Hiding::Serialised };
                    let like = self.like(call);
                    let known = known.with(&like.taint);
                    // What is not in the package is not hidden in it, and text that a
                    // person can read hides nothing.
                    let is_own = call.arguments.all().any(|value| {
                        matches!(value.data, Data::Bytes(_)) || !value.hidings().is_empty()
                    });
                    return if is_own || hiding == Hiding::Encryption {
                        known.hidden(hiding)
                    } else {
                        known
                    };
                }
                // What a program or a server is told is not what it answers; what was
                // read to say where something is stays known.
                let receiver = call.receiver.as_ref().and_then(|receiver| receiver.taint.clone());
                known.with(&receiver)
            }
            Gives::Receiver => call.receiver.clone().unwrap_or_default(),
            Gives::Itself | Gives::Object(_) => {
                let class = match specification.gives {
                    Gives::Object(name) => self.names.id(name),
                    _ => call.api,
                };
                let about = specification
                    .parameters
                    .iter()
                    .enumerate()
                    .find(|(_, (purpose, _))| matches!(purpose, Use::As(_)))
                    .and_then(|(position, (_, name))| call.get(position, name).cloned());
                // A key within a key is called by its own name.
                let inner = specification.parameters.iter().enumerate().find_map(
                    |(position, (purpose, name))| match purpose {
                        Use::As(Role::Name) => call.get(position, name),
                        _ => None,
                    },
                );
                let about = match inner {
                    Some(inner) if inner.text().is_some_and(|name| name.contains('\\')) => {
                        Some(inner.clone())
                    }
                    _ => about,
                };
                let about = match (about, specification.effect) {
                    (Some(about), _) => about,
                    (None, Some(Effect::FileWrite)) => Value::literal("/tmp/"),
                    (None, _) => Value::unknown(),
                };
                let taint = match specification.effect {
                    Some(Effect::Spawn | Effect::Shell) => {
                        self.tainted(Source::ProcessOutput, call.range, None)
                    }
                    Some(Effect::Peripheral) => self.tainted(Source::Peripheral, call.range, None),
                    _ => None,
                };
                let made = about.is_unknown()
                    || matches!(specification.effect, None | Some(Effect::Request));
                let extra = if made { self.taint_of(&call.arguments) } else { None };
                let object = self.heap.add_object(Object { class, about: about.with(&extra) });
                Value::from(Data::Object(object)).with(&taint)
            }
        }
    }

    fn name_of_source(
        &self,
        source: Source,
        specification: &Specification,
        call: &Call<'a>,
    ) -> Option<String> {
        let wanted = match source {
            Source::Network => [Role::Url, Role::Host],
            Source::File | Source::Credential => [Role::Path, Role::Name],
            Source::ProcessOutput => [Role::Command, Role::CommandArgument],
            _ => {
                let api = self.names.text(call.api);
                return Some(api.to_string());
            }
        };
        let named =
            specification.parameters.iter().enumerate().find_map(|(position, (purpose, name))| {
                match purpose {
                    Use::As(role) if wanted.contains(role) => call.get(position, name).cloned(),
                    _ => None,
                }
            });
        let named = named.or_else(|| match &call.receiver {
            Some(Value { data: Data::Object(id), .. }) => {
                self.heap.object(*id).map(|object| object.about.clone())
            }
            _ => None,
        })?;
        let named = match &named.data {
            Data::Object(id) => self.heap.object(*id).map(|object| object.about.clone())?,
            Data::List(id) => self.items(*id).first().cloned()?,
            _ => named,
        };
        let pieces = named.as_pieces();
        (!pieces.is_empty()).then(|| {
            std::iter::once(pieces.prefix).chain(pieces.rest).collect::<Vec<_>>().join("*")
        })
    }

    /// Writes the event of a call down, each argument by what it is for.
    pub(super) fn emit_call(
        &mut self,
        effect: Effect,
        specification: &Specification,
        call: &Call<'a>,
    ) {
        let api = self.names.text(call.api);
        let mut given: Vec<(Role, Value<'a>)> = Vec::new();
        let mut used: Vec<&str> = Vec::new();
        let mut taken = 0;
        if let Some(role) = specification.receiver
            && let Some(Value { data: Data::Object(id), .. }) = &call.receiver
            && let Some(object) = self.heap.object(*id)
        {
            given.push((role, object.about.clone()));
        }
        for (position, (purpose, name)) in specification.parameters.iter().enumerate() {
            taken = position + 1;
            used.push(name);
            if let Use::As(role) = purpose
                && let Some(value) = call.get(position, name)
            {
                self.spread(*role, value, &mut given);
            }
        }
        let rest = specification.rest.unwrap_or(Role::Other);
        for value in call.arguments.positional.iter().skip(taken).take(super::freeze::MAX_WORDS) {
            given.push((rest, value.clone()));
        }
        for (name, value) in &call.arguments.keyword {
            if !used.contains(&&**name)
                && (value.taint.is_some() || value.text().is_some() || &**name == "shell")
            {
                given.push((Role::Other, value.clone()));
            }
        }
        let mut effect = effect;
        let shell =
            call.arguments.named("shell").is_some_and(|shell| self.truth(shell) != Some(false));
        if effect == Effect::Spawn && shell && api.contains("subprocess") {
            effect = Effect::Shell;
        }
        let mut hidden: Vec<Hiding> =
            call.callee.as_ref().map_or_else(Vec::new, |taint| taint.hiding.clone());
        for (role, value) in &given {
            if role.decides() {
                let deep = self.deep_taint(value, 2);
                for hiding in deep.as_ref().map_or(&[][..], |taint| &taint.hiding) {
                    // Text put together is how text is made: it hides only code.
                    let plain = matches!(hiding, Hiding::Pieces) && *role != Role::Code;
                    if !plain && !hidden.contains(hiding) {
                        hidden.push(*hiding);
                    }
                }
            }
        }
        let is_too_long = given.iter().any(|(role, value)| {
            matches!(role, Role::Command | Role::CommandArgument)
                && (value.text().is_some_and(|text| text.len() > crate::value::MAX_TEXT_BYTES)
                    || matches!(value.data, Data::List(id) if self.items(id).len() > super::freeze::MAX_WORDS))
        });
        if is_too_long || call.arguments.positional.len() > super::freeze::MAX_WORDS {
            self.cut(call.range, "a command is longer than is written down");
        }
        let choice = given.iter().position(|(_, value)| matches!(value.data, Data::Choice(_)));
        let alternatives = match choice.and_then(|position| given.get(position)) {
            Some((_, Value { data: Data::Choice(all), taint })) => {
                all.iter().map(|one| one.clone().with(taint)).collect()
            }
            _ => vec![Value::unknown()],
        };
        for one in alternatives {
            if let Some(slot) = choice.and_then(|position| given.get_mut(position)) {
                slot.1 = one;
            }
            let arguments = given
                .iter()
                .map(|(role, value)| Argument { role: *role, value: self.frozen(value) })
                .collect();
            self.emit(effect, &api, call.range, arguments, &hidden);
        }
    }

    /// One argument to the roles of its parts: a list of a program and its arguments, a
    /// pair of a host and a port.
    fn spread(&mut self, role: Role, value: &Value<'a>, given: &mut Vec<(Role, Value<'a>)>) {
        let Data::List(id) = value.data else {
            given.push((role, value.clone()));
            return;
        };
        let items = self.items(id).to_vec();
        match (role, items.split_first()) {
            (Role::Command, Some((program, rest))) => {
                given.push((Role::Command, program.clone()));
                let rest = rest.to_vec();
                let open = self.heap.list(id).is_some_and(|list| list.open);
                let rest = if open {
                    self.open_list(super::heap::Sequence::List, rest)
                } else {
                    self.list(super::heap::Sequence::List, rest)
                };
                given.push((Role::CommandArgument, rest));
            }
            (Role::Host, Some((host, rest))) => {
                given.push((Role::Host, host.clone()));
                if let Some(port) = rest.first() {
                    given.push((Role::Port, port.clone()));
                }
            }
            _ => given.push((role, value.clone())),
        }
    }
}
