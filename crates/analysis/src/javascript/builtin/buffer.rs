//! Bytes: `Buffer`, typed arrays, and the encodings between bytes and text.

use std::rc::Rc;

use oxc_span::Span;

use super::super::function::Call;
use super::super::heap::{Class as ObjectClass, Object};
use super::super::machine::Machine;
use super::super::operator::{MAX_TEXT_BYTES, to_int32};
use super::super::value::{Kind, Marks, Value};
use crate::decode;
use crate::event::Hiding;

impl<'a> Machine<'a> {
    fn bytes_value(&mut self, bytes: Vec<u8>, marks: Marks) -> Value<'a> {
        if !self.may_make(bytes.len()) {
            return Value::unknown(marks);
        }
        let mut object = Object::new(ObjectClass::Bytes(Rc::new(bytes)));
        object.marks = marks;
        Value::with(Kind::Object(self.allocate(object)), marks)
    }

    /// The bytes of a value that is a buffer or text.
    pub(super) fn bytes_of(&mut self, value: &Value<'a>) -> Option<Rc<Vec<u8>>> {
        match &value.kind {
            Kind::Object(id) => match &self.get(*id)?.class {
                ObjectClass::Bytes(bytes) => Some(Rc::clone(bytes)),
                ObjectClass::Array(elements) => {
                    let mut bytes = Vec::with_capacity(elements.len());
                    for element in elements {
                        let Kind::Number(number) = element.kind else { return None };
                        bytes.push(u8::try_from(to_int32(number) & 0xff).unwrap_or(0));
                    }
                    Some(Rc::new(bytes))
                }
                _ => None,
            },
            _ => value.as_text().map(|text| Rc::new(text.as_bytes().to_vec())),
        }
    }

    /// `new Uint8Array(…)`.
    pub(super) fn new_bytes(&mut self, call: &Call<'a>) -> Value<'a> {
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        if let Kind::Number(length) = first.kind
            && let Some(length) =
                super::super::expression::index(length).filter(|length| *length <= 1 << 22)
        {
            return self.bytes_value(vec![0; length], Marks::NONE);
        }
        self.buffer_from(call)
    }

    pub(super) fn buffer_from(&mut self, call: &Call<'a>) -> Value<'a> {
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        let marks = self.deep_marks(&first);
        let encoding = match call.arguments.get(1) {
            Some(encoding) => self.text_of(encoding).map(|text| text.to_lowercase()),
            None => Some("utf8".to_owned()),
        };
        let is_text = first.as_text().is_some();
        match (is_text, encoding.as_deref()) {
            (true, Some("base64" | "base64url")) => {
                let text = first.as_text().unwrap_or_default().to_owned();
                let marks = self.decoded_from(marks, call.span, Hiding::Base64);
                match decode::base64(text.as_bytes()) {
                    Some(bytes) => self.bytes_value(bytes, marks),
                    None => Value::unknown(marks),
                }
            }
            (true, Some("hex")) => {
                let text = first.as_text().unwrap_or_default().to_owned();
                let marks = self.decoded_from(marks, call.span, Hiding::Hexadecimal);
                let bytes = decode::hexadecimal(text.as_bytes());
                self.bytes_value(bytes, marks)
            }
            (true, Some("latin1" | "binary" | "ascii")) => {
                let text = first.as_text().unwrap_or_default();
                let bytes = text
                    .chars()
                    .map(|letter| u8::try_from(u32::from(letter) & 0xff).unwrap_or(0))
                    .collect();
                self.bytes_value(bytes, marks)
            }
            (true, None) => Value::unknown(marks),
            (false, _) => match self.bytes_of(&first) {
                Some(bytes) => {
                    let is_codes = first.as_object().is_some_and(|id| {
                        matches!(
                            self.get(id).map(|object| &object.class),
                            Some(ObjectClass::Array(_))
                        )
                    });
                    let marks = if is_codes && bytes.len() >= 4 {
                        self.decoded_from(marks, call.span, Hiding::CharacterCodes)
                    } else {
                        marks
                    };
                    self.bytes_value(bytes.to_vec(), marks)
                }
                None => Value::unknown(marks),
            },
            (true, Some(_)) => {
                let bytes = first.as_text().unwrap_or_default().as_bytes().to_vec();
                self.bytes_value(bytes, marks)
            }
        }
    }

    pub(super) fn bytes_to_text(
        &mut self,
        value: &Value<'a>,
        encoding: &str,
        span: Span,
    ) -> Value<'a> {
        let marks = self.deep_marks(value);
        let Some(bytes) = self.bytes_of(value) else { return Value::unknown(marks) };
        if bytes.len() > MAX_TEXT_BYTES || !self.may_make(bytes.len()) {
            return Value::unknown(marks);
        }
        let _ = span;
        let text = match encoding {
            "hex" => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            "base64" | "base64url" => encoded(&bytes),
            "latin1" | "binary" | "ascii" => bytes.iter().map(|byte| char::from(*byte)).collect(),
            "utf16le" | "ucs2" | "ucs-2" | "utf-16le" => {
                let units: Vec<u16> = bytes
                    .chunks_exact(2)
                    .filter_map(|pair| <[u8; 2]>::try_from(pair).ok().map(u16::from_le_bytes))
                    .collect();
                String::from_utf16_lossy(&units)
            }
            _ => String::from_utf8_lossy(&bytes).into_owned(),
        };
        Value::with(Kind::Text(Rc::new(text)), marks)
    }

    pub(super) fn base64_function(
        &mut self,
        decodes: bool,
        first: &Value<'a>,
        call: &Call<'a>,
    ) -> Value<'a> {
        let marks = self.deep_marks(first);
        let Some(text) = first.as_text().map(str::to_owned) else { return Value::unknown(marks) };
        if decodes {
            let marks = self.decoded_from(marks, call.span, Hiding::Base64);
            match decode::base64(text.as_bytes()) {
                Some(bytes) if self.may_make(bytes.len()) => {
                    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                    Value::with(Kind::Text(Rc::new(text)), marks)
                }
                _ => Value::unknown(marks),
            }
        } else {
            let bytes: Vec<u8> = text
                .chars()
                .map(|letter| u8::try_from(u32::from(letter) & 0xff).unwrap_or(0))
                .collect();
            Value::with(Kind::Text(Rc::new(encoded(&bytes))), marks)
        }
    }

    /// Functions and methods of `Buffer`.
    pub(super) fn buffer_function(&mut self, method: &str, call: &Call<'a>) -> Option<Value<'a>> {
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        Some(match method {
            "from" | "" => self.buffer_from(call),
            "alloc" | "allocUnsafe" => self.new_bytes(call),
            "concat" => {
                let parts = self.elements_of(&first).unwrap_or_default();
                let marks = self.deep_marks(&first);
                let mut all = Vec::new();
                for part in &parts {
                    match self.bytes_of(part) {
                        Some(bytes) if all.len() + bytes.len() <= MAX_TEXT_BYTES => {
                            all.extend_from_slice(&bytes);
                        }
                        _ => return Some(Value::unknown(marks)),
                    }
                }
                if parts.is_empty() {
                    return Some(Value::unknown(marks));
                }
                self.bytes_value(all, marks)
            }
            "isBuffer" => Value::UNKNOWN,
            "prototype.toString" | "prototype.toLocaleString" => {
                let encoding = match call.arguments.first() {
                    Some(encoding) => self.text_of(encoding).map(|text| text.to_lowercase()),
                    None => Some("utf8".to_owned()),
                };
                let marks = self.deep_marks(&call.this);
                match encoding {
                    Some(encoding) => self.bytes_to_text(&call.this.clone(), &encoding, call.span),
                    None => Value::unknown(marks),
                }
            }
            "prototype.slice" | "prototype.subarray" => {
                let elements = self.elements_of(&call.this).ok()?;
                let list = self.new_array(elements);
                let inner = Call {
                    this: list,
                    arguments: call.arguments.clone(),
                    is_open: false,
                    span: call.span,
                };
                let part = self.array_method("slice", &inner);
                let bytes = self.bytes_of(&part)?;
                let marks = self.deep_marks(&call.this);
                self.bytes_value(bytes.to_vec(), marks)
            }
            method => match method.strip_prefix("prototype.") {
                // A buffer has the methods of a list of numbers.
                Some(method @ ("map" | "reduce" | "forEach" | "join" | "reverse" | "filter")) => {
                    let marks = self.deep_marks(&call.this);
                    let elements = self.elements_of(&call.this).ok()?;
                    let list = self.new_array(elements);
                    let inner = Call {
                        this: list,
                        arguments: call.arguments.clone(),
                        is_open: false,
                        span: call.span,
                    };
                    let result = self.array_method(method, &inner);
                    match self.bytes_of(&result) {
                        Some(bytes)
                            if method == "map" || method == "reverse" || method == "filter" =>
                        {
                            let data = self.deep_marks(&result);
                            let marks = self.marks.union(marks, data);
                            self.bytes_value(bytes.to_vec(), marks)
                        }
                        _ => result,
                    }
                }
                _ => return None,
            },
        })
    }
}

fn encoded(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
