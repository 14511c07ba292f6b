//! What the modules of Node.js compute without touching anything.

use std::rc::Rc;

use super::super::function::Call;
use super::super::heap::{Bound, Class as ObjectClass};
use super::super::machine::Machine;
use super::super::value::{Kind, Marks, Partial, Value};
use crate::event::{Effect, Hiding, Role};

impl<'a> Machine<'a> {
    pub(super) fn node_function(
        &mut self,
        method: &str,
        marks: Marks,
        call: &Call<'a>,
    ) -> Option<Value<'a>> {
        if let Some(method) = method.strip_prefix("buffer.Buffer") {
            return self.buffer_function(method.strip_prefix('.').unwrap_or(method), call);
        }
        let first = call.arguments.first().cloned().unwrap_or(Value::UNDEFINED);
        Some(match method {
            "path.join" | "path.resolve" | "path.normalize" => self.join_paths(method, call),
            "path.dirname" => match self.text_of(&first) {
                Some(text) => {
                    let folder = text.rsplit_once('/').map_or(".", |(folder, _)| folder);
                    Value::with(Kind::Text(Rc::new(folder.to_owned())), first.marks)
                }
                None => first,
            },
            "path.basename" | "path.extname" | "path.relative" => {
                match (method, self.text_of(&first)) {
                    ("path.basename", Some(text)) => {
                        let name = text.rsplit('/').next().unwrap_or_default().to_owned();
                        Value::with(Kind::Text(Rc::new(name)), first.marks)
                    }
                    _ => Value::unknown(first.marks),
                }
            }
            "os.homedir" => Value::new(Kind::Literal("~")),
            "os.tmpdir" => Value::new(Kind::Literal("/tmp")),
            "process.cwd" => Value::UNKNOWN,
            "process.nextTick" => {
                let name: Rc<str> = "node:process.nextTick".into();
                let api = self.apis.intern(&name);
                self.timer(&name, api, marks, call);
                Value::UNDEFINED
            }
            "process.exit" | "process.abort" => Value::UNDEFINED,
            "util.promisify" | "util.callbackify" | "util.deprecate" => first,
            "util.inspect" | "util.format" | "querystring.stringify" | "url.format" => {
                let data = call.arguments.clone();
                let mut marks = marks;
                for value in &data {
                    let more = self.deep_marks(value);
                    marks = self.marks.union(marks, more);
                    self.note_environment(value, call);
                }
                Value::unknown(marks)
            }
            "stream.pipeline" | "stream/promises.pipeline" => {
                // What stands between may change it, and is not told apart.
                let data = Value::unknown(self.deep_marks(&first));
                for step in call.arguments.iter().skip(1) {
                    self.flow_into(&data, step, call);
                }
                return None;
            }
            "url.parse" | "url.fileURLToPath" | "url.pathToFileURL" => first,
            "module.createRequire" => Value::api(self.apis.global("require")),
            "module._load" => self.import(&first, call.span),
            "module._compile" | "module.prototype._compile" => {
                let api = self.apis.intern("node:module.prototype._compile");
                self.emit(
                    Effect::DynamicCode,
                    api,
                    call.span,
                    &[(Role::Code, first.clone())],
                    marks,
                );
                self.run_value(&first, call, false);
                Value::UNKNOWN
            }
            "vm.runInThisContext" | "vm.runInNewContext" | "vm.runInContext" | "vm.Script" => {
                let api = self.apis.intern(&format!("node:{method}"));
                self.emit(
                    Effect::DynamicCode,
                    api,
                    call.span,
                    &[(Role::Code, first.clone())],
                    marks,
                );
                let value = self.run_value(&first, call, false);
                if method == "vm.Script" {
                    Value::api(self.apis.intern("node:vm.Script"))
                } else {
                    value
                }
            }
            "zlib.inflateSync"
            | "zlib.gunzipSync"
            | "zlib.unzipSync"
            | "zlib.inflateRawSync"
            | "zlib.brotliDecompressSync" => {
                let marks = self.deep_marks(&first);
                let marks = self.decoded_from(marks, call.span, Hiding::Compression);
                match self.bytes_of(&first).and_then(|bytes| crate::decode::inflated(&bytes)) {
                    Some(bytes) => {
                        let text = Value::with(Kind::Object(self.bytes_object(bytes)), marks);
                        if let Some(object) = text.as_object().and_then(|id| self.change(id)) {
                            object.marks = marks;
                        }
                        text
                    }
                    None => Value::unknown(marks),
                }
            }
            "crypto.Decipher.update" | "crypto.Decipher.final" => {
                let marks = self.deep_marks(&first);
                let hidden = self.decoded_from(marks, call.span, Hiding::Encryption);
                Value::unknown(hidden)
            }
            "string_decoder.StringDecoder.write" => self.bytes_to_text(&first, "utf8", call.span),
            "events.once" => Value::UNKNOWN,
            "child_process.exec.bind" => {
                let bound = Bound {
                    target: call.this.clone(),
                    this: Value::UNDEFINED,
                    arguments: Vec::new(),
                };
                self.new_object(ObjectClass::Bound(Rc::new(bound)))
            }
            "timers/promises.setTimeout" => self.promise(Value::UNDEFINED),
            _ => return None,
        })
    }

    fn bytes_object(&mut self, bytes: Vec<u8>) -> super::super::value::ObjectId {
        self.allocate(super::super::heap::Object::new(ObjectClass::Bytes(Rc::new(bytes))))
    }

    /// Paths put together. What begins within the package, in the home folder or at
    /// the root goes on being there.
    fn join_paths(&mut self, method: &str, call: &Call<'a>) -> Value<'a> {
        let mut joined = Value::new(Kind::Literal(""));
        let slash = Value::new(Kind::Literal("/"));
        for (at, argument) in call.arguments.iter().enumerate() {
            let is_absolute = argument
                .as_text()
                .is_some_and(|text| text.starts_with('/') || text.starts_with('~'));
            if at == 0 || (method == "path.resolve" && is_absolute) {
                joined = match &argument.kind {
                    Kind::Unknown => {
                        Value::with(Kind::Partial(Rc::new(Partial::default())), argument.marks)
                    }
                    _ => argument.clone(),
                };
                continue;
            }
            let starts_with_slash = argument.as_text().is_some_and(|text| text.starts_with('/'));
            if !starts_with_slash {
                joined = self.concatenate(&joined, &slash);
            }
            joined = self.concatenate(&joined, argument);
        }
        // To put a path together is what everyone does; it hides nothing.
        let all = call.arguments.clone();
        let marks = self.marks_of(&all);
        match joined.as_text() {
            Some(text) => {
                let text = tidy(text);
                Value::with(Kind::Text(Rc::new(text)), marks)
            }
            None => Value::with(joined.kind, marks),
        }
    }
}

/// A path without `.` and `..` within it.
fn tidy(path: &str) -> String {
    let root = if path.starts_with('/') {
        "/"
    } else if path.starts_with("./") || path == "." {
        "./"
    } else {
        ""
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{root}{}", parts.join("/"))
}
