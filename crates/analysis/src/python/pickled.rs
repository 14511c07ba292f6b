//! Bytes that say which functions are called when they become objects again: pickles,
//! tags of YAML. What they would call is called.

use ruff_text_size::TextRange;

use super::call::Arguments;
use super::evaluator::Evaluator;
use super::heap::Sequence;
use super::value::{Data, Pieces, Trail, Value};
use crate::event::Hiding;

/// Instructions of one pickle that are followed.
const MAX_INSTRUCTIONS: usize = 20_000;
/// Things on the stack of one pickle.
const MAX_STACK: usize = 4_096;

/// The bytes of a pickle, read from the front.
struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        let taken = self.take(bytes)?;
        let mut number = 0u64;
        for byte in taken.iter().rev() {
            number = (number << 8) | u64::from(*byte);
        }
        usize::try_from(number).ok()
    }

    fn line(&mut self) -> Option<String> {
        let end = self.rest.iter().position(|byte| *byte == b'\n')?;
        let line = self.take(end)?;
        self.byte()?;
        Some(String::from_utf8_lossy(line).trim_end_matches('\r').to_owned())
    }

    /// Text after its length, which has so many bytes.
    fn text(&mut self, bytes: usize) -> Option<String> {
        let length = self.number(bytes)?;
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }
}

/// What is on the stack of a pickle.
enum Slot<'a> {
    Mark,
    Thing(Value<'a>),
}

/// A pickle while it is followed.
#[derive(Default)]
struct Machine<'a> {
    stack: Vec<Slot<'a>>,
    memo: std::collections::BTreeMap<usize, Value<'a>>,
    /// What went into the bytes.
    taint: Trail,
}

impl<'a> Machine<'a> {
    fn push(&mut self, value: Value<'a>) {
        if self.stack.len() < MAX_STACK {
            self.stack.push(Slot::Thing(value));
        }
    }

    fn pop(&mut self) -> Value<'a> {
        match self.stack.pop() {
            Some(Slot::Thing(value)) => value,
            Some(Slot::Mark) | None => Value::unknown(),
        }
    }

    fn top(&self) -> Value<'a> {
        match self.stack.last() {
            Some(Slot::Thing(value)) => value.clone(),
            Some(Slot::Mark) | None => Value::unknown(),
        }
    }

    fn since_mark(&mut self) -> Vec<Value<'a>> {
        let mut items = Vec::new();
        while let Some(Slot::Thing(value)) = self.stack.pop() {
            items.push(value);
        }
        items.reverse();
        items
    }
}

impl<'a> Evaluator<'a> {
    /// Follows a pickle; gives what it makes, where that is known.
    pub(super) fn unpickle(
        &mut self,
        bytes: &[u8],
        taint: &Trail,
        range: TextRange,
    ) -> Option<Value<'a>> {
        if !self.burn_for(bytes.len()) {
            return None;
        }
        let mut reader = Reader { rest: bytes };
        let mut machine = Machine { taint: taint.clone(), ..Machine::default() };
        for _ in 0..MAX_INSTRUCTIONS {
            let code = reader.byte()?;
            if code == b'.' {
                return Some(machine.pop());
            }
            self.unpickle_step(code, &mut reader, &mut machine, range)?;
        }
        None
    }

    fn unpickle_step(
        &mut self,
        code: u8,
        reader: &mut Reader<'_>,
        machine: &mut Machine<'a>,
        range: TextRange,
    ) -> Option<()> {
        match code {
            b'(' => {
                if machine.stack.len() < MAX_STACK {
                    machine.stack.push(Slot::Mark);
                }
            }
            b'0' => drop(machine.stack.pop()),
            b'1' => drop(machine.since_mark()),
            b'2' => {
                let top = machine.top();
                machine.push(top);
            }
            b'c' => {
                let (module, name) = (reader.line()?, reader.line()?);
                let global = self.pickled_global(&module, &name, range);
                machine.push(global);
            }
            0x93 => {
                let (name, module) = (machine.pop(), machine.pop());
                let global = match (module.text(), name.text()) {
                    (Some(module), Some(name)) => {
                        let (module, name) = (module.to_owned(), name.to_owned());
                        self.pickled_global(&module, &name, range)
                    }
                    _ => Value::unknown().hidden(Hiding::ComputedName),
                };
                machine.push(global);
            }
            b'R' | 0x81 => {
                let (given, callee) = (machine.pop(), machine.pop());
                let positional = self.iterate(&given, 256).unwrap_or_default();
                let made = self.pickled_call(&callee.with(&machine.taint), positional, range);
                machine.push(made);
            }
            b'i' => {
                let (module, name) = (reader.line()?, reader.line()?);
                let callee = self.pickled_global(&module, &name, range);
                let positional = machine.since_mark();
                let made = self.pickled_call(&callee.with(&machine.taint), positional, range);
                machine.push(made);
            }
            b'o' => {
                let mut given = machine.since_mark();
                if !given.is_empty() {
                    let callee = given.remove(0);
                    let made = self.pickled_call(&callee.with(&machine.taint), given, range);
                    machine.push(made);
                }
            }
            b'b' => drop(machine.pop()),
            b'S' => {
                let line = reader.line()?;
                let text = line.trim_matches(['\'', '"']);
                machine.push(Value::made(super::builtin::format::unescaped(text)));
            }
            b'V' => machine.push(Value::made(reader.line()?)),
            b'X' => machine.push(Value::made(reader.text(4)?)),
            0x8c | b'U' => machine.push(Value::made(reader.text(1)?)),
            0x8d => machine.push(Value::made(reader.text(8)?)),
            b'T' => machine.push(Value::made(reader.text(4)?)),
            b'C' => {
                let length = reader.number(1)?;
                machine.push(Value::bytes(reader.take(length)?));
            }
            b'B' => {
                let length = reader.number(4)?;
                machine.push(Value::bytes(reader.take(length)?));
            }
            b'I' | b'L' | b'F' => {
                let number = reader.line()?.trim_end_matches('L').parse::<i64>();
                machine.push(number.map_or_else(|_| Value::unknown(), |it| Data::Int(it).into()));
            }
            b'K' => machine.push(integer(reader.number(1)?)),
            b'M' => machine.push(integer(reader.number(2)?)),
            b'J' => machine.push(integer(reader.number(4)?)),
            b'G' => {
                reader.take(8)?;
                machine.push(Value::unknown());
            }
            0x8a => {
                let length = reader.number(1)?;
                reader.take(length)?;
                machine.push(Value::unknown());
            }
            b'N' => machine.push(Value::none()),
            0x88 | 0x89 => machine.push(Data::Bool(code == 0x88).into()),
            b')' | b']' | b'}' | 0x8f => {
                let empty = self.list(Sequence::List, Vec::new());
                machine.push(empty);
            }
            b't' | b'l' | 0x91 => {
                let items = machine.since_mark();
                let list = self.list(Sequence::Tuple, items);
                machine.push(list);
            }
            0x85..=0x87 => {
                let mut items: Vec<Value<'a>> =
                    (0..=code.saturating_sub(0x85)).map(|_| machine.pop()).collect();
                items.reverse();
                let list = self.list(Sequence::Tuple, items);
                machine.push(list);
            }
            b'a' => drop(machine.pop()),
            b's' => {
                machine.pop();
                machine.pop();
            }
            b'e' | b'u' | 0x90 => drop(machine.since_mark()),
            b'd' => {
                machine.since_mark();
                machine.push(Value::unknown());
            }
            b'p' => {
                let slot = reader.line()?.parse().ok()?;
                remember(machine, slot);
            }
            b'q' => {
                let slot = reader.number(1)?;
                remember(machine, slot);
            }
            b'r' => {
                let slot = reader.number(4)?;
                remember(machine, slot);
            }
            0x94 => remember(machine, machine.memo.len()),
            b'g' => {
                let slot: usize = reader.line()?.parse().ok()?;
                machine.push(machine.memo.get(&slot).cloned().unwrap_or_default());
            }
            b'h' => {
                let slot = reader.number(1)?;
                machine.push(machine.memo.get(&slot).cloned().unwrap_or_default());
            }
            b'j' => {
                let slot = reader.number(4)?;
                machine.push(machine.memo.get(&slot).cloned().unwrap_or_default());
            }
            0x80 => drop(reader.take(1)?),
            0x95 => drop(reader.take(8)?),
            // What is not known ends it: the bytes after it mean nothing.
            _ => return None,
        }
        Some(())
    }

    fn pickled_global(&mut self, module: &str, name: &str, range: TextRange) -> Value<'a> {
        let module = self.api(&super::names::module(module));
        let found = self.attribute_by_value(&module, &Value::made(name), range);
        found.hidden(Hiding::Serialised)
    }

    fn pickled_call(
        &mut self,
        callee: &Value<'a>,
        positional: Vec<Value<'a>>,
        range: TextRange,
    ) -> Value<'a> {
        let arguments = Arguments { positional, ..Arguments::default() };
        self.call(callee, arguments, range).hidden(Hiding::Serialised)
    }

    /// The names and texts that marshalled code has in it: what a person can judge it by.
    pub(super) fn marshalled(&self, bytes: &[u8], taint: &Trail) -> Value<'a> {
        let mut pieces = Pieces { open: true, ..Pieces::default() };
        let mut found = 0;
        for run in bytes.split(|byte| !(byte.is_ascii_graphic() || *byte == b' ')) {
            if run.len() >= 2 && found < 64 {
                found += 1;
                pieces.push_known(&String::from_utf8_lossy(run));
                pieces.push_unknown();
            }
        }
        Value::pieces(pieces).with(taint)
    }

    /// Calls what the tags of a YAML text name.
    pub(super) fn yaml_tags(&mut self, text: &str, range: TextRange) {
        const TAGS: &[&str] = &["!!python/object/apply:", "!!python/object/new:"];
        for tag in TAGS {
            for (at, _) in text.match_indices(tag).take(16) {
                let rest = text.get(at + tag.len()..).unwrap_or_default();
                let (name, given) =
                    rest.split_once(|letter: char| letter.is_whitespace()).unwrap_or((rest, ""));
                let Some((module, name)) = name.rsplit_once('.') else { continue };
                let callee = self.pickled_global(module, name, range);
                let line = given.trim_start().lines().next().unwrap_or_default();
                let positional = line
                    .trim_start_matches(['[', '-', ' '])
                    .split(']')
                    .next()
                    .map(|given| Value::made(given.trim().trim_matches(['\'', '"'])))
                    .into_iter()
                    .collect();
                self.pickled_call(&callee, positional, range);
            }
        }
    }
}

fn remember(machine: &mut Machine<'_>, slot: usize) {
    if machine.memo.len() < MAX_STACK {
        let top = machine.top();
        machine.memo.insert(slot, top);
    }
}

fn integer<'a>(number: usize) -> Value<'a> {
    i64::try_from(number).map_or_else(|_| Value::unknown(), |number| Data::Int(number).into())
}
