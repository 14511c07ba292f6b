//! Modules that decode: `base64`, `binascii`, `codecs`, `zlib`, `json` and their like.

use ruff_text_size::TextRange;

use super::Entries;
use crate::decode;
use crate::event::{Hiding, Source};
use crate::python::call::{Arguments, Call};
use crate::python::evaluator::Evaluator;
use crate::python::heap::{Dict, Sequence};
use crate::python::value::{Data, Text, Value};

pub(super) const ENTRIES: Entries = &[
    ("py:base64.b64decode", |this, call| decoded(this, call, Hiding::Base64, decode::base64)),
    ("py:base64.standard_b64decode", |this, call| {
        decoded(this, call, Hiding::Base64, decode::base64)
    }),
    ("py:base64.urlsafe_b64decode", |this, call| {
        decoded(this, call, Hiding::Base64, decode::base64)
    }),
    ("py:base64.decodebytes", |this, call| decoded(this, call, Hiding::Base64, decode::base64)),
    ("py:base64.decodestring", |this, call| decoded(this, call, Hiding::Base64, decode::base64)),
    ("py:binascii.a2b_base64", |this, call| decoded(this, call, Hiding::Base64, decode::base64)),
    ("py:base64.b32decode", |this, call| decoded(this, call, Hiding::Base64, decode::base32)),
    ("py:base64.b85decode", |this, call| decoded(this, call, Hiding::Base64, decode::base85)),
    ("py:base64.a85decode", |this, call| decoded(this, call, Hiding::Base64, decode::ascii85)),
    ("py:base64.b16decode", |this, call| {
        decoded(this, call, Hiding::Hexadecimal, |bytes| Some(decode::hexadecimal(bytes)))
    }),
    ("py:binascii.unhexlify", |this, call| {
        decoded(this, call, Hiding::Hexadecimal, |bytes| Some(decode::hexadecimal(bytes)))
    }),
    ("py:binascii.a2b_hex", |this, call| {
        decoded(this, call, Hiding::Hexadecimal, |bytes| Some(decode::hexadecimal(bytes)))
    }),
    ("py:zlib.decompress", |this, call| decoded(this, call, Hiding::Compression, inflated)),
    ("py:gzip.decompress", |this, call| decoded(this, call, Hiding::Compression, inflated)),
    ("py:bz2.decompress", |this, call| opaque(this, call, Hiding::Compression)),
    ("py:lzma.decompress", |this, call| opaque(this, call, Hiding::Compression)),
    ("py:zlib.decompressobj", |this, call| {
        let class = this.names.id("py:zlib.decompressobj()");
        let _ = call;
        let about = Value::none();
        Some(
            Data::Object(this.heap.add_object(crate::python::heap::Object { class, about })).into(),
        )
    }),
    ("py:zlib.decompressobj().decompress", |this, call| {
        decoded(this, call, Hiding::Compression, inflated)
    }),
    ("py:base64.b64encode", |this, call| encoded(this, call)),
    ("py:base64.urlsafe_b64encode", |this, call| encoded(this, call)),
    ("py:binascii.hexlify", |this, call| {
        let first = call.first()?;
        let bytes = this.as_octets(first)?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Value::bytes(digits.into_bytes()).with(&first.taint))
    }),
    ("py:codecs.decode", |this, call| {
        let encoding = call.get(1, "encoding").and_then(Value::text).unwrap_or("utf-8").to_owned();
        let first = call.first()?.clone();
        let value = this.decode_named(&first, &encoding)?;
        Some(if encoding.contains("utf") { value } else { noted(this, value, call.range) })
    }),
    ("py:codecs.encode", |this, call| {
        let encoding =
            call.get(1, "encoding").and_then(Value::text).unwrap_or("utf-8").to_ascii_lowercase();
        let first = call.first()?.clone();
        if encoding.replace(['-', '_'], "") == "rot13" {
            return this.decode_named(&first, "rot13");
        }
        let arguments =
            Arguments { positional: vec![Value::made(encoding)], ..Arguments::default() };
        this.builtin_method(&first, "encode", &arguments, call.range)
    }),
    ("py:codecs.getdecoder", |this, call| {
        let decoder = this.api("py:codecs.decode");
        let keyword = vec![(Text::Literal("encoding"), call.first()?.clone())];
        let applied = crate::python::heap::Applied {
            callee: decoder,
            positional: Vec::new(),
            keyword,
            getter: None,
        };
        Some(Data::Applied(this.heap.add_applied(applied)).into())
    }),
    ("py:urllib.parse.unquote", |_, call| {
        let first = call.first()?;
        Some(Value::made(decode::percent(first.text()?)).with(&first.taint))
    }),
    ("py:urllib.parse.quote", |_, call| call.first().cloned()),
    ("py:urllib.parse.quote_plus", |_, call| call.first().cloned()),
    ("py:urllib.parse.urljoin", |_, call| {
        let (base, path) = (call.first()?, call.get(1, "url")?);
        let joined = url::Url::parse(base.text()?).ok()?.join(path.text()?).ok()?;
        Some(Value::made(joined.to_string()))
    }),
    ("py:quopri.decodestring", |this, call| {
        let bytes = this.as_octets(call.first()?)?;
        let text = String::from_utf8_lossy(&bytes).replace("=\n", "").replace('=', "%");
        let value = Value::bytes(decode::percent(&text).into_bytes());
        Some(value.with(&call.first()?.taint))
    }),
    ("py:html.unescape", |_, call| {
        let first = call.first()?;
        let text = first
            .text()?
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        Some(Value::made(text).with(&first.taint))
    }),
    ("py:textwrap.dedent", |_, call| {
        let first = call.first()?;
        let text = first.text()?;
        let indent = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.len() - line.trim_start().len())
            .min()?;
        let dedented: Vec<&str> =
            text.lines().map(|line| line.get(indent..).unwrap_or("")).collect();
        Some(Value::made(dedented.join("\n")).with(&first.taint))
    }),
    ("py:inspect.cleandoc", |_, call| call.first().cloned()),
    ("py:json.loads", |this, call| {
        let first = call.first()?;
        let text = first.text_or_bytes()?;
        if !this.burn_for(text.len() * 8) {
            return None;
        }
        let parsed: serde_json::Value = serde_json::from_slice(text).ok()?;
        let value = from_json(this, &parsed, 0);
        Some(value.with(&first.taint))
    }),
    ("py:ast.literal_eval", |this, call| {
        let first = call.first()?;
        // Only constants: what would be a call is none.
        first.text().filter(|text| !text.contains('('))?;
        Some(this.run_text(&first.clone(), call.range, None))
    }),
    ("py:struct.unpack", |this, call| {
        let bytes = this.as_bytes(call.get(1, "")?)?;
        let layout = call.first()?.text()?;
        if !layout
            .trim_start_matches(['<', '>', '=', '!', '@'])
            .trim_start_matches(|letter: char| letter.is_ascii_digit())
            .eq("B")
        {
            return None;
        }
        let items = bytes.iter().map(|byte| Data::Int(i64::from(*byte)).into()).collect();
        Some(this.list(Sequence::Tuple, items))
    }),
];

fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    decode::inflated(bytes)
}

fn noted<'a>(this: &Evaluator<'a>, value: Value<'a>, range: TextRange) -> Value<'a> {
    value.come_from(this.origin(Source::Decoded, range, None))
}

/// The first argument decoded; known to have been, even where it is not known.
fn decoded<'a>(
    this: &mut Evaluator<'a>,
    call: &Call<'a>,
    hiding: Hiding,
    undo: fn(&[u8]) -> Option<Vec<u8>>,
) -> Option<Value<'a>> {
    let first = call.first()?;
    let taint = this.deep_taint(first, 1);
    let bytes = this.as_octets(first);
    let result = match bytes {
        Some(bytes) if this.burn_for(bytes.len()) => {
            undo(&bytes).map_or_else(Value::unknown, Value::bytes)
        }
        _ => Value::unknown(),
    };
    Some(noted(this, result.with(&taint), call.range).hidden(hiding))
}

fn opaque<'a>(this: &mut Evaluator<'a>, call: &Call<'a>, hiding: Hiding) -> Option<Value<'a>> {
    let taint = this.deep_taint(call.first()?, 1);
    Some(noted(this, Value::unknown().with(&taint), call.range).hidden(hiding))
}

fn encoded<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    use base64::Engine as _;
    let first = call.first()?;
    let taint = this.deep_taint(first, 2);
    let value = match this.as_octets(first) {
        Some(bytes) => {
            Value::bytes(base64::engine::general_purpose::STANDARD.encode(bytes).into_bytes())
        }
        None => Value::unknown(),
    };
    Some(value.with(&taint))
}

fn from_json<'a>(this: &mut Evaluator<'a>, json: &serde_json::Value, depth: u32) -> Value<'a> {
    if depth > 32 {
        return Value::unknown();
    }
    match json {
        serde_json::Value::Null => Value::none(),
        serde_json::Value::Bool(yes) => Data::Bool(*yes).into(),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(Value::unknown, |number| Data::Int(number).into())
        }
        serde_json::Value::String(text) => Value::made(text.as_str()),
        serde_json::Value::Array(items) => {
            let items = items.iter().map(|item| from_json(this, item, depth + 1)).collect();
            this.list(Sequence::List, items)
        }
        serde_json::Value::Object(entries) => {
            let mut dict = Dict::default();
            for (key, item) in entries {
                let item = from_json(this, item, depth + 1);
                dict.set(Value::made(key.as_str()), item);
            }
            Data::Dict(this.heap.add_dict(dict)).into()
        }
    }
}
