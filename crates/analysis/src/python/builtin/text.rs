//! Methods of text.

use std::rc::Rc;

use super::format;
use crate::event::Hiding;
use crate::python::call::Arguments;
use crate::python::evaluator::Evaluator;
use crate::python::heap::{Dict, Sequence};
use crate::python::value::{Data, Pieces, Text, Value, merged};

impl<'a> Evaluator<'a> {
    pub(super) fn text_method(
        &mut self,
        object: &Value<'a>,
        text: &Text<'a>,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Option<Value<'a>> {
        if !self.burn_for(text.len()) {
            return None;
        }
        let first = arguments.positional.first();
        let given = first.and_then(Value::text);
        let second = arguments.positional.get(1);
        Some(match name {
            "join" => return self.join_text(text, first?),
            "format" => return Some(self.format_text(text, arguments)),
            "format_map" => {
                let Data::Dict(id) = first?.data else { return None };
                let this = &*self;
                let pieces = format::braces(
                    text,
                    &mut |name| this.heap.dict(id)?.get(&Value::made(name)).cloned(),
                    &|value| this.text_of(value),
                );
                Value::pieces(pieces)
            }
            "encode" => return self.encode_text(text, arguments),
            "decode" => {
                return self.decode_named(object, first.and_then(Value::text).unwrap_or("utf-8"));
            }
            "replace" => {
                let (from, to) = (given?, second?.text()?);
                if from.is_empty() && to.len() > 64 {
                    return None;
                }
                let count = arguments
                    .positional
                    .get(2)
                    .and_then(Value::integer)
                    .and_then(|count| usize::try_from(count).ok());
                let changed = match count {
                    Some(count) => text.replacen(from, to, count),
                    None => text.replace(from, to),
                };
                let differs = changed != **text;
                let value = Value::made(changed);
                if differs { value.hidden(Hiding::Pieces) } else { value }
            }
            "strip" | "lstrip" | "rstrip" => {
                let set: Vec<char> = match given {
                    Some(set) => set.chars().collect(),
                    None => vec![' ', '\t', '\n', '\r', '\u{b}', '\u{c}'],
                };
                let left = if name == "rstrip" {
                    &**text
                } else {
                    text.trim_start_matches(set.as_slice())
                };
                Value::made(if name == "lstrip" {
                    left
                } else {
                    left.trim_end_matches(set.as_slice())
                })
            }
            "lower" | "casefold" => Value::made(text.to_lowercase()),
            "upper" => Value::made(text.to_uppercase()),
            "swapcase" => Value::made(
                text.chars()
                    .map(|letter| {
                        if letter.is_ascii_uppercase() {
                            letter.to_ascii_lowercase()
                        } else {
                            letter.to_ascii_uppercase()
                        }
                    })
                    .collect::<String>(),
            ),
            "title" | "capitalize" => {
                let mut begins = true;
                let all = name == "title";
                Value::made(
                    text.chars()
                        .map(|letter| {
                            let changed = if begins {
                                letter.to_ascii_uppercase()
                            } else {
                                letter.to_ascii_lowercase()
                            };
                            begins = all && !letter.is_alphabetic();
                            changed
                        })
                        .collect::<String>(),
                )
            }
            "split" | "rsplit" => {
                let most = second
                    .or_else(|| arguments.named("maxsplit"))
                    .and_then(Value::integer)
                    .and_then(|most| usize::try_from(most).ok());
                let parts: Vec<&str> = match (given, most) {
                    (Some(""), _) => return None,
                    (Some(by), None) => text.split(by).collect(),
                    (Some(by), Some(most)) if name == "rsplit" => {
                        let mut parts: Vec<&str> =
                            text.rsplitn(most.saturating_add(1), by).collect();
                        parts.reverse();
                        parts
                    }
                    (Some(by), Some(most)) => text.splitn(most.saturating_add(1), by).collect(),
                    (None, _) => text.split_whitespace().collect(),
                };
                self.texts(&parts)
            }
            "splitlines" => {
                let parts: Vec<&str> = text.lines().collect();
                self.texts(&parts)
            }
            "partition" | "rpartition" => {
                let by = given?;
                let parts =
                    if name == "partition" { text.split_once(by) } else { text.rsplit_once(by) };
                let (head, tail) = parts?;
                let parts = [head, by, tail];
                self.texts(&parts)
            }
            "startswith" => Data::Bool(text.starts_with(given?)).into(),
            "endswith" => Data::Bool(text.ends_with(given?)).into(),
            "find" | "index" => {
                Data::Int(text.find(given?).map_or(-1, |at| letters_before(text, at))).into()
            }
            "rfind" | "rindex" => {
                Data::Int(text.rfind(given?).map_or(-1, |at| letters_before(text, at))).into()
            }
            "count" => Data::Int(
                i64::try_from(text.matches(given.filter(|it| !it.is_empty())?).count()).ok()?,
            )
            .into(),
            "isdigit" | "isnumeric" | "isdecimal" => {
                Data::Bool(!text.is_empty() && text.chars().all(char::is_numeric)).into()
            }
            "isalpha" => {
                Data::Bool(!text.is_empty() && text.chars().all(char::is_alphabetic)).into()
            }
            "isalnum" => {
                Data::Bool(!text.is_empty() && text.chars().all(char::is_alphanumeric)).into()
            }
            "isupper" => Data::Bool(
                text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase),
            )
            .into(),
            "islower" => Data::Bool(
                text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase),
            )
            .into(),
            "isspace" => {
                Data::Bool(!text.is_empty() && text.chars().all(char::is_whitespace)).into()
            }
            "zfill" => {
                let width = usize::from(u16::try_from(first?.integer()?).ok()?);
                Value::made(format!("{:0>width$}", &**text))
            }
            "ljust" | "rjust" | "center" => {
                let width = usize::from(u16::try_from(first?.integer()?).ok()?);
                Value::made(if name == "rjust" {
                    format!("{:>width$}", &**text)
                } else {
                    format!("{:<width$}", &**text)
                })
            }
            "removeprefix" => Value::made(text.strip_prefix(given?).unwrap_or(text)),
            "removesuffix" => Value::made(text.strip_suffix(given?).unwrap_or(text)),
            "expandtabs" => Value::made(text.replace('\t', "        ")),
            "translate" => return self.translate_text(text, first?),
            "maketrans" => return self.make_translation(arguments),
            "__add__" => {
                let other = first?.clone();
                return Some(self.binary(ruff_python_ast::Operator::Add, object.clone(), other));
            }
            "__mod__" => {
                let other = first?.clone();
                return Some(self.binary(ruff_python_ast::Operator::Mod, object.clone(), other));
            }
            "__getitem__" => {
                let key = first?.clone();
                return Some(self.item(object, &key, ruff_text_size::TextRange::default()));
            }
            "__len__" => Data::Int(i64::try_from(text.chars().count()).ok()?).into(),
            _ => return None,
        })
    }

    /// What is left of text of which pieces are known.
    pub(super) fn partial_method(
        &mut self,
        pieces: &Rc<Pieces>,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Option<Value<'a>> {
        Some(match name {
            "encode" | "decode" | "strip" | "lstrip" | "rstrip" => {
                Data::Partial(Rc::clone(pieces)).into()
            }
            "lower" => Value::pieces(pieces.map(str::to_lowercase)),
            "upper" => Value::pieces(pieces.map(str::to_uppercase)),
            "replace" => {
                let from = arguments.positional.first()?.text()?;
                let to = arguments.positional.get(1)?.text()?;
                Value::pieces(pieces.map(|piece| piece.replace(from, to)))
            }
            "format" => {
                let inner = self.format_text(&Text::Made(pieces.prefix.as_str().into()), arguments);
                let mut all = inner.as_pieces();
                for piece in &pieces.rest {
                    all.push_unknown();
                    all.push_known(piece);
                }
                Value::pieces(all)
            }
            "split" => {
                let first = pieces.prefix.split_whitespace().next().map(Value::made);
                self.open_list(Sequence::List, first.into_iter().collect())
            }
            _ => return None,
        })
    }

    pub(super) fn texts(&mut self, parts: &[&str]) -> Value<'a> {
        let items = parts.iter().map(|part| Value::made(*part)).collect();
        self.list(Sequence::List, items)
    }

    fn join_text(&mut self, between: &str, parts: &Value<'a>) -> Option<Value<'a>> {
        let open = match parts.data {
            Data::List(id) => self.heap.list(id).is_none_or(|list| list.open),
            _ => false,
        };
        let items = match parts.data {
            Data::List(id) => self.items(id).to_vec(),
            _ => self.iterate(parts, 1 << 20)?,
        };
        if !self.burn_for(items.len() * 4) {
            return None;
        }
        let mut taint = parts.taint.clone();
        let mut out = Pieces::default();
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                out.push_known(between);
            }
            taint = merged(&taint, &item.taint);
            out.push(&item.as_pieces());
        }
        if open {
            out.push_unknown();
        }
        let known = !open && items.len() > 1;
        let value = Value::pieces(out).with(&taint);
        Some(if known && value.text().is_some() { value.hidden(Hiding::Pieces) } else { value })
    }

    fn format_text(&mut self, template: &Text<'a>, arguments: &Arguments<'a>) -> Value<'a> {
        let this = &*self;
        let mut taint = None;
        let pieces = format::braces(
            template,
            &mut |name| {
                let bare = name.split(['.', '[']).next().unwrap_or(name);
                let value = match bare.parse::<usize>() {
                    Ok(position) => arguments.positional.get(position),
                    Err(_) => arguments.named(bare),
                };
                if let Some(value) = value {
                    taint = merged(&taint, &this.deep_taint(value, 2));
                }
                value.filter(|_| bare == name).cloned()
            },
            &|value| this.text_of(value),
        );
        let whole = !pieces.open && pieces.rest.is_empty();
        let value = Value::pieces(pieces).with(&taint);
        if whole && !arguments.positional.is_empty() { value.hidden(Hiding::Pieces) } else { value }
    }

    fn encode_text(&mut self, text: &Text<'a>, arguments: &Arguments<'a>) -> Option<Value<'a>> {
        let encoding = arguments
            .get(0, "encoding")
            .and_then(Value::text)
            .unwrap_or("utf-8")
            .to_ascii_lowercase();
        Some(match encoding.replace('_', "-").as_str() {
            "utf-8" | "utf8" | "ascii" | "u8" => Value::bytes(text.as_bytes()),
            "latin-1" | "latin1" | "iso-8859-1" | "cp1252" => {
                let bytes: Option<Vec<u8>> =
                    text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
                Value::bytes(bytes?)
            }
            "utf-16-le" | "utf-16le" => {
                Value::bytes(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
            }
            "rot13" | "rot-13" => {
                Value::made(crate::decode::rotated(text)).hidden(Hiding::Rotation)
            }
            _ => return None,
        })
    }

    fn translate_text(&mut self, text: &str, table: &Value<'a>) -> Option<Value<'a>> {
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            let key = Data::Int(i64::from(u32::from(letter))).into();
            let found = match &table.data {
                Data::Dict(id) => self.heap.dict(*id)?.get(&key).cloned(),
                Data::Text(table) => usize::try_from(u32::from(letter))
                    .ok()
                    .and_then(|at| table.chars().nth(at))
                    .map(|it| Value::made(it.to_string())),
                _ => return None,
            };
            match found.map(|value| value.data) {
                Some(Data::Text(other)) => out.push_str(&other),
                Some(Data::Int(number)) => out.push(char::from_u32(u32::try_from(number).ok()?)?),
                Some(Data::None) => {}
                _ => out.push(letter),
            }
        }
        Some(Value::made(out).hidden(Hiding::Rotation))
    }

    pub(super) fn make_translation(&mut self, arguments: &Arguments<'a>) -> Option<Value<'a>> {
        let mut dict = Dict::default();
        match arguments.positional.as_slice() {
            [Value { data: Data::Dict(id), .. }] => {
                for (key, value) in self.heap.dict(*id)?.items.iter().take(70_000) {
                    let number = match &key.data {
                        Data::Text(text) => i64::from(u32::from(text.chars().next()?)),
                        Data::Int(number) => *number,
                        _ => continue,
                    };
                    dict.set(Data::Int(number).into(), value.clone());
                }
            }
            [from, to, removed @ ..] => {
                let (from, to) = (from.text()?, to.text()?);
                for (one, other) in from.chars().zip(to.chars()).take(4096) {
                    dict.set(
                        Data::Int(i64::from(u32::from(one))).into(),
                        Value::made(other.to_string()),
                    );
                }
                for letter in removed.first().and_then(Value::text).unwrap_or("").chars().take(4096)
                {
                    dict.set(Data::Int(i64::from(u32::from(letter))).into(), Value::none());
                }
            }
            _ => return None,
        }
        Some(Data::Dict(self.heap.add_dict(dict)).into())
    }
}

fn letters_before(text: &str, at: usize) -> i64 {
    i64::try_from(text.get(..at).unwrap_or_default().chars().count()).unwrap_or(i64::MAX)
}
