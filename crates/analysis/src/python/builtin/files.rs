//! `open` and the files it gives.

use super::Entries;
use crate::event::{Effect, Role, Source};
use crate::python::call::Call;
use crate::python::evaluator::Evaluator;
use crate::python::heap::Object;
use crate::python::value::{Data, Value};

pub(super) const ENTRIES: Entries = &[
    ("py:builtins.open", |this, call| {
        let path = call.get(0, "file")?.clone();
        let mode = call.get(1, "mode").cloned().unwrap_or(Value::literal("r"));
        Some(this.open_file(call, &path, &mode))
    }),
    ("py:os.open", |_, _| None),
    ("py:gzip.open", |this, call| {
        let path = call.get(0, "filename")?.clone();
        let mode = call.get(1, "mode").cloned().unwrap_or(Value::literal("r"));
        Some(this.open_file(call, &path, &mode))
    }),
    ("py:bz2.open", |this, call| {
        let path = call.get(0, "filename")?.clone();
        let mode = call.get(1, "mode").cloned().unwrap_or(Value::literal("r"));
        Some(this.open_file(call, &path, &mode))
    }),
    ("py:builtins.open.read", |this, call| read(this, call)),
    ("py:builtins.open.readlines", |this, call| read_unknown(this, call)),
    ("py:builtins.open.readline", |this, call| read_unknown(this, call)),
    ("py:builtins.open.__iter__", |this, call| read_unknown(this, call)),
    ("py:builtins.open.write", |this, call| Some(write(this, call))),
    ("py:builtins.open.writelines", |this, call| Some(write(this, call))),
    ("py:builtins.open.close", |_, _| Some(Value::none())),
    ("py:builtins.open.__enter__", |_, call| call.receiver.clone()),
    ("py:zipfile.ZipFile.__enter__", |_, call| call.receiver.clone()),
    ("py:io.BytesIO", |_, call| call.first().cloned()),
    ("py:io.StringIO", |_, call| call.first().cloned()),
    ("py:StringIO.StringIO", |_, call| call.first().cloned()),
    ("py:io.TextIOWrapper", |_, call| call.first().cloned()),
    ("py:json.load", |this, call| read_argument(this, call)),
    ("py:csv.reader", |this, call| read_argument(this, call)),
    ("py:pkgutil.get_data", |this, call| {
        let path = call.get(1, "resource")?.text()?.to_owned();
        this.own_content(&path, true, call.range)
    }),
    ("py:subprocess.Popen", look_in),
    ("py:subprocess.run", look_in),
    ("py:subprocess.call", look_in),
    ("py:subprocess.check_call", look_in),
    ("py:subprocess.check_output", look_in),
    ("py:os.execv", look_in),
    ("py:os.execl", look_in),
    ("py:os.spawnv", look_in),
];

fn look_in<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    this.look_into_command(call);
    None
}

fn about<'a>(this: &Evaluator<'a>, value: Option<&Value<'a>>) -> Value<'a> {
    match value {
        Some(Value { data: Data::Object(id), taint }) => this
            .heap
            .object(*id)
            .map_or_else(Value::unknown, |object| object.about.clone().with(taint)),
        _ => Value::unknown(),
    }
}

fn read<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let path = about(this, call.receiver.as_ref());
    if let Some(text) = path.text().map(str::to_owned)
        && let Some(content) = this.own_content(&text, false, call.range)
    {
        return Some(content);
    }
    read_unknown(this, call)
}

fn read_unknown<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let _ = this;
    let receiver = call.receiver.as_ref()?;
    Some(Value::unknown().with(&receiver.taint))
}

fn read_argument<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let first = call.first()?;
    let _ = this;
    Some(Value::unknown().with(&first.taint))
}

fn write<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Value<'a> {
    let path = about(this, call.receiver.as_ref());
    let data = call.first().cloned().unwrap_or_default();
    this.emit_named(
        Effect::FileWrite,
        "py:builtins.open.write",
        call.range,
        &[(Role::Path, &path), (Role::Data, &data)],
        data.hidings(),
    );
    this.look_into_written(&data, call);
    Value::unknown()
}

impl<'a> Evaluator<'a> {
    /// A file is opened: to read, or to write where the mode says so or is not known.
    pub(in crate::python) fn open_file(
        &mut self,
        call: &Call<'a>,
        path: &Value<'a>,
        mode: &Value<'a>,
    ) -> Value<'a> {
        let path = self.path_of(path);
        let known = mode.text().unwrap_or("r").to_owned();
        let writes = known.contains(['w', 'a', 'x', '+']);
        let api = self.names.text(call.api);
        let hidden: Vec<_> =
            call.callee.as_ref().map_or_else(Vec::new, |taint| taint.hiding.clone());
        let shown = [(Role::Path, &path), (Role::Other, mode)];
        if writes {
            self.emit_named(Effect::FileWrite, &api, call.range, &shown, &hidden);
        }
        if !writes || known.contains('+') {
            self.emit_named(Effect::FileRead, &api, call.range, &shown, &hidden);
        }
        let class = self.names.id("py:builtins.open");
        let read = if writes { None } else { self.file_taint(&path, call.range) };
        Value::from(Data::Object(self.heap.add_object(Object { class, about: path }))).with(&read)
    }

    /// What a file's content comes from.
    pub(in crate::python) fn file_taint(
        &self,
        path: &Value<'a>,
        range: ruff_text_size::TextRange,
    ) -> crate::python::value::Trail {
        let pieces = path.as_pieces();
        let name = std::iter::once(pieces.prefix.as_str())
            .chain(pieces.rest.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join("*");
        let source =
            if crate::sensitive::is_credential(&name) { Source::Credential } else { Source::File };
        self.tainted(source, range, (!name.is_empty()).then_some(name.as_str()))
    }
}
