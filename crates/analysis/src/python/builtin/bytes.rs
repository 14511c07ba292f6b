//! Methods of bytes and of numbers.

use std::rc::Rc;

use crate::decode;
use crate::event::Hiding;
use crate::python::call::Arguments;
use crate::python::evaluator::Evaluator;
use crate::python::heap::Sequence;
use crate::python::value::{Data, Pieces, Value, merged};

impl<'a> Evaluator<'a> {
    pub(super) fn bytes_method(
        &mut self,
        object: &Value<'a>,
        bytes: &Rc<[u8]>,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Option<Value<'a>> {
        if !self.burn_for(bytes.len()) {
            return None;
        }
        let first = arguments.positional.first();
        let given = first.and_then(|value| self.as_bytes(value));
        Some(match name {
            "decode" => {
                let encoding = arguments
                    .get(0, "encoding")
                    .and_then(Value::text)
                    .unwrap_or("utf-8")
                    .to_owned();
                return self.decode_named(object, &encoding);
            }
            "hex" => {
                let by = first.and_then(Value::text).unwrap_or("").to_owned();
                let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                Value::made(pairs.join(&by))
            }
            "fromhex" => return from_hexadecimal(first?),
            "replace" => {
                let second = self.as_bytes(arguments.positional.get(1)?)?;
                Value::bytes(replaced(bytes, &given?, &second)?)
            }
            "join" => {
                let items = self.iterate(first?, 1 << 20)?;
                let mut out: Vec<u8> = Vec::new();
                let mut taint = None;
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.extend_from_slice(bytes);
                    }
                    taint = merged(&taint, &item.taint);
                    out.extend_from_slice(&self.as_bytes(item)?);
                }
                Value::bytes(out).with(&taint).hidden(Hiding::Pieces)
            }
            "split" => {
                let by = given?;
                let mut parts: Vec<Value<'a>> = Vec::new();
                let mut rest: &[u8] = bytes;
                while let Some(at) = (!by.is_empty()).then(|| position_of(rest, &by)).flatten() {
                    parts.push(Value::bytes(rest.get(..at)?));
                    rest = rest.get(at + by.len()..)?;
                }
                parts.push(Value::bytes(rest));
                self.list(Sequence::List, parts)
            }
            "strip" | "rstrip" | "lstrip" => Value::bytes(bytes.trim_ascii()),
            "translate" => {
                let table = given?;
                let out: Vec<u8> = bytes
                    .iter()
                    .map(|byte| table.get(usize::from(*byte)).copied().unwrap_or(*byte))
                    .collect();
                Value::bytes(out).hidden(Hiding::Rotation)
            }
            "maketrans" => {
                let second = self.as_bytes(arguments.positional.get(1)?)?;
                let mut table: Vec<u8> = (0..=255).collect();
                for (from, to) in given?.iter().zip(second.iter()) {
                    if let Some(slot) = table.get_mut(usize::from(*from)) {
                        *slot = *to;
                    }
                }
                Value::bytes(table)
            }
            "startswith" => Data::Bool(bytes.starts_with(&given?)).into(),
            "endswith" => Data::Bool(bytes.ends_with(&given?)).into(),
            "find" | "index" => Data::Int(
                position_of(bytes, &given?).and_then(|at| i64::try_from(at).ok()).unwrap_or(-1),
            )
            .into(),
            "lower" => Value::bytes(bytes.to_ascii_lowercase()),
            "upper" => Value::bytes(bytes.to_ascii_uppercase()),
            "__len__" => Data::Int(i64::try_from(bytes.len()).ok()?).into(),
            "tobytes" | "__bytes__" => object.clone(),
            _ => return None,
        })
    }

    /// `decode(encoding)` of bytes or text, by any codec that Python has.
    pub(super) fn decode_named(&mut self, value: &Value<'a>, encoding: &str) -> Option<Value<'a>> {
        if let Data::Partial(_) | Data::Unknown = value.data {
            return Some(value.clone());
        }
        let bytes = self.as_octets(value)?;
        let name = encoding.to_ascii_lowercase().replace(['-', ' '], "_");
        let taint = value.taint.clone();
        let result = match name.as_str() {
            "utf_8" | "utf8" | "ascii" | "u8" | "utf_8_sig" => {
                Value::made(String::from_utf8_lossy(&bytes).into_owned())
            }
            "latin_1" | "latin1" | "iso_8859_1" | "cp1252" | "cp437" | "raw_unicode_escape_l1" => {
                Value::made(bytes.iter().map(|byte| char::from(*byte)).collect::<String>())
            }
            "utf_16_le" | "utf_16" | "utf16" => {
                let units = bytes
                    .chunks_exact(2)
                    .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
                    .map(u16::from_le_bytes);
                Value::made(
                    char::decode_utf16(units)
                        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
                        .collect::<String>(),
                )
            }
            "rot13" | "rot_13" => Value::made(decode::rotated(&String::from_utf8_lossy(&bytes)))
                .hidden(Hiding::Rotation),
            "hex" | "hex_codec" => {
                Value::bytes(decode::hexadecimal(&bytes)).hidden(Hiding::Hexadecimal)
            }
            "base64" | "base_64" | "base64_codec" => {
                Value::bytes(decode::base64(&bytes)?).hidden(Hiding::Base64)
            }
            "zlib" | "zip" | "zlib_codec" => {
                Value::bytes(decode::inflated(&bytes)?).hidden(Hiding::Compression)
            }
            "unicode_escape" | "string_escape" | "raw_unicode_escape" => {
                Value::made(super::format::unescaped(&String::from_utf8_lossy(&bytes)))
                    .hidden(Hiding::Escapes)
            }
            "utf_7" | "utf7" => Value::unknown(),
            _ => return None,
        };
        Some(result.with(&taint))
    }
}

pub(super) fn from_hexadecimal<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    let digits: Vec<u8> =
        value.text_or_bytes()?.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    Some(Value::bytes(decode::hexadecimal(&digits)).with(&value.taint).hidden(Hiding::Hexadecimal))
}

/// Methods of whole numbers.
pub(super) fn number_method<'a>(
    object: &Value<'a>,
    name: &str,
    arguments: &Arguments<'a>,
) -> Option<Value<'a>> {
    match name {
        "to_bytes" => {
            let mut bytes: Vec<u8> = match &object.data {
                Data::Int(number) if *number >= 0 => {
                    number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
                }
                Data::Large(bytes) => bytes.to_vec(),
                _ => return None,
            };
            let length = arguments
                .get(0, "length")
                .and_then(Value::integer)
                .and_then(|length| usize::try_from(length).ok());
            if let Some(length) = length
                && length < 1 << 16
            {
                while bytes.len() < length {
                    bytes.insert(0, 0);
                }
            }
            if arguments.get(1, "byteorder").and_then(Value::text) == Some("little") {
                bytes.reverse();
            }
            Some(Value::bytes(bytes).hidden(Hiding::CharacterCodes))
        }
        "bit_length" => match &object.data {
            Data::Int(number) => {
                Some(Data::Int(i64::from(64 - number.unsigned_abs().leading_zeros())).into())
            }
            Data::Large(bytes) => {
                let first = bytes.first().map_or(0, |byte| 8 - byte.leading_zeros());
                let rest = bytes.len().saturating_sub(1).checked_mul(8)?;
                Some(Data::Int(i64::from(first).checked_add(i64::try_from(rest).ok()?)?).into())
            }
            _ => None,
        },
        "__str__" | "__repr__" => {
            let text = object.as_pieces();
            Some(Value::pieces(Pieces { prefix: text.prefix, ..Pieces::default() }))
        }
        "__xor__" => {
            Some(Data::Int(object.integer()? ^ arguments.positional.first()?.integer()?).into())
        }
        _ => None,
    }
}

fn position_of(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() {
        return Some(0);
    }
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    if from.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = position_of(rest, from) {
        out.extend_from_slice(rest.get(..at)?);
        out.extend_from_slice(to);
        rest = rest.get(at + from.len()..)?;
        if out.len() > crate::python::value::MAX_TEXT_BYTES {
            return None;
        }
    }
    out.extend_from_slice(rest);
    Some(out)
}
