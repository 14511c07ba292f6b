//! `os.path` and `pathlib`: paths put together, and what is done to them.

use ruff_text_size::TextRange;

use super::Entries;
use crate::event::{Effect, Role};
use crate::python::call::Call;
use crate::python::evaluator::Evaluator;
use crate::python::heap::Object;
use crate::python::names::ApiId;
use crate::python::value::{Data, Pieces, Value};

pub(super) const ENTRIES: Entries = &[
    ("py:os.path.join", |this, call| Some(this.join_paths(&call.arguments.positional))),
    ("py:os.path.expanduser", |this, call| Some(this.path_of(call.first()?))),
    ("py:os.path.expandvars", |this, call| Some(this.path_of(call.first()?))),
    ("py:os.path.abspath", |this, call| Some(this.path_of(call.first()?))),
    ("py:os.path.realpath", |this, call| Some(this.path_of(call.first()?))),
    ("py:os.path.normpath", |this, call| Some(this.path_of(call.first()?))),
    ("py:os.fspath", |this, call| Some(this.path_of(call.first()?))),
    ("py:os.path.dirname", |this, call| {
        let path = this.path_of(call.first()?);
        Some(parent(&path))
    }),
    ("py:os.path.basename", |this, call| {
        let path = this.path_of(call.first()?);
        let name = path.text()?.rsplit(['/', '\\']).next()?.to_owned();
        Some(Value::made(name).with(&path.taint))
    }),
    ("py:os.path.splitext", |this, call| {
        let path = this.path_of(call.first()?);
        let text = path.text()?;
        let (head, extension) = text.rsplit_once('.')?;
        let parts = [head.to_owned(), format!(".{extension}")];
        Some(this.texts(&[&parts[0], &parts[1]]))
    }),
    ("py:os.getcwd", |_, _| Some(Value::literal("."))),
    ("py:tempfile.gettempdir", |_, _| Some(Value::literal("/tmp"))),
    ("py:tempfile.mkdtemp", |_, _| Some(Value::literal("/tmp/*"))),
    ("py:tempfile.mktemp", |_, _| Some(Value::literal("/tmp/*"))),
    ("py:pathlib.Path", |this, call| {
        let path = this.join_paths(&call.arguments.positional);
        Some(this.path_object(path))
    }),
    ("py:pathlib.Path.home", |this, _| Some(this.path_object(Value::literal("~")))),
    ("py:pathlib.Path.cwd", |this, _| Some(this.path_object(Value::literal(".")))),
    ("py:pathlib.Path.joinpath", |this, call| {
        let mut parts = vec![about(this, call)];
        parts.extend(call.arguments.positional.iter().cloned());
        let joined = this.join_paths(&parts);
        Some(this.path_object(joined))
    }),
    ("py:pathlib.Path.expanduser", |_, call| call.receiver.clone()),
    ("py:pathlib.Path.resolve", |_, call| call.receiver.clone()),
    ("py:pathlib.Path.absolute", |_, call| call.receiver.clone()),
    ("py:pathlib.Path.as_posix", |this, call| Some(about(this, call))),
    ("py:pathlib.Path.__str__", |this, call| Some(about(this, call))),
    ("py:pathlib.Path.exists", |_, _| Some(Value::unknown())),
    ("py:pathlib.Path.is_file", |_, _| Some(Value::unknown())),
    ("py:pathlib.Path.is_dir", |_, _| Some(Value::unknown())),
    ("py:pathlib.Path.with_suffix", |this, call| changed(this, call)),
    ("py:pathlib.Path.with_name", |this, call| {
        let base = parent(&about(this, call));
        let joined = this.join_paths(&[base, call.first()?.clone()]);
        Some(this.path_object(joined))
    }),
    ("py:pathlib.Path.open", |this, call| {
        let path = about(this, call);
        let mode = call.get(0, "mode").cloned().unwrap_or(Value::literal("r"));
        Some(this.open_file(call, &path, &mode))
    }),
    ("py:pathlib.Path.read_text", |this, call| Some(read(this, call, false))),
    ("py:pathlib.Path.read_bytes", |this, call| Some(read(this, call, true))),
    ("py:pathlib.Path.write_text", |this, call| write(this, call)),
    ("py:pathlib.Path.write_bytes", |this, call| write(this, call)),
    ("py:pathlib.Path.unlink", |this, call| touch(this, call, Effect::FileDelete)),
    ("py:pathlib.Path.rmdir", |this, call| touch(this, call, Effect::FileDelete)),
    ("py:pathlib.Path.mkdir", |this, call| touch(this, call, Effect::FileWrite)),
    ("py:pathlib.Path.touch", |this, call| touch(this, call, Effect::FileWrite)),
    ("py:pathlib.Path.rename", |this, call| touch(this, call, Effect::FileWrite)),
    ("py:pathlib.Path.replace", |this, call| touch(this, call, Effect::FileWrite)),
    ("py:pathlib.Path.symlink_to", |this, call| touch(this, call, Effect::FileWrite)),
    ("py:pathlib.Path.chmod", |this, call| touch(this, call, Effect::FilePermission)),
    ("py:pathlib.Path.iterdir", |this, call| list(this, call)),
    ("py:pathlib.Path.glob", |this, call| list(this, call)),
    ("py:pathlib.Path.rglob", |this, call| list(this, call)),
    ("py:os.listdir", |this, call| names_below(this, call)),
    ("py:os.scandir", |this, call| names_below(this, call)),
    ("py:glob.glob", |this, call| {
        let path = this.path_of(call.first()?);
        let text = path.text()?.replace('*', "");
        Some(below(this, &text, call.range))
    }),
];

fn about<'a>(this: &Evaluator<'a>, call: &Call<'a>) -> Value<'a> {
    call.receiver.as_ref().map_or_else(Value::unknown, |receiver| this.path_of(receiver))
}

fn parent<'a>(path: &Value<'a>) -> Value<'a> {
    let parent = match &path.data {
        Data::Text(text) => match text.trim_end_matches('/').rsplit_once(['/', '\\']) {
            Some((parent, _)) => Value::made(parent),
            None => Value::literal("."),
        },
        Data::Partial(pieces) if pieces.rest.is_empty() => {
            let prefix = pieces.prefix.rsplit_once('/').map_or("", |(parent, _)| parent);
            Value::pieces(Pieces { prefix: prefix.to_owned(), rest: Vec::new(), open: true })
        }
        _ => Value::unknown(),
    };
    parent.with(&path.taint)
}

fn changed<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let path = about(this, call);
    let bare = path.text()?.rsplit_once('.').map(|(bare, _)| bare.to_owned())?;
    let suffix = call.first()?.text()?;
    let value = Value::made(format!("{bare}{suffix}"));
    Some(this.path_object(value.with(&path.taint)))
}

fn read<'a>(this: &mut Evaluator<'a>, call: &Call<'a>, bytes: bool) -> Value<'a> {
    let path = about(this, call);
    let api = this.names.text(call.api);
    this.emit_named(Effect::FileRead, &api, call.range, &[(Role::Path, &path)], &[]);
    if let Some(content) =
        path.text().map(str::to_owned).and_then(|path| this.own_content(&path, bytes, call.range))
    {
        return content;
    }
    Value::unknown().with(&this.file_taint(&path, call.range))
}

fn write<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let path = about(this, call);
    let api = this.names.text(call.api);
    let data = call.get(0, "data").cloned().unwrap_or_default();
    this.emit_named(
        Effect::FileWrite,
        &api,
        call.range,
        &[(Role::Path, &path), (Role::Data, &data)],
        data.hidings(),
    );
    this.look_into_written(&data, call);
    Some(Value::unknown())
}

fn touch<'a>(this: &mut Evaluator<'a>, call: &Call<'a>, effect: Effect) -> Option<Value<'a>> {
    let path = about(this, call);
    let api = this.names.text(call.api);
    let target = call.first().map(|target| this.path_of(target));
    match &target {
        Some(target) => this.emit_named(
            effect,
            &api,
            call.range,
            &[(Role::Path, &path), (Role::Target, target)],
            &[],
        ),
        None => this.emit_named(effect, &api, call.range, &[(Role::Path, &path)], &[]),
    }
    Some(Value::none())
}

fn list<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let path = about(this, call);
    let api = this.names.text(call.api);
    this.emit_named(Effect::FileRead, &api, call.range, &[(Role::Path, &path)], &[]);
    let inside = this.join_paths(&[path, Value::unknown()]);
    let inside = this.path_object(inside);
    Some(this.open_list(crate::python::heap::Sequence::List, vec![inside]))
}

/// The names in a folder: not known, and known to be from there.
fn names_below<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Option<Value<'a>> {
    let _ = call;
    let name = Value::unknown();
    Some(this.open_list(crate::python::heap::Sequence::List, vec![name]))
}

fn below<'a>(this: &mut Evaluator<'a>, prefix: &str, range: TextRange) -> Value<'a> {
    let _ = range;
    let inside = Value::pieces(Pieces { prefix: prefix.to_owned(), rest: Vec::new(), open: true });
    this.open_list(crate::python::heap::Sequence::List, vec![inside])
}

impl<'a> Evaluator<'a> {
    pub(in crate::python) fn is_path(&self, class: ApiId) -> bool {
        &*self.names.text(class) == "py:pathlib.Path"
    }

    pub(in crate::python) fn is_path_value(&self, value: &Value<'a>) -> bool {
        match value.data {
            Data::Object(id) => {
                self.heap.object(id).is_some_and(|object| self.is_path(object.class))
            }
            _ => false,
        }
    }

    pub(in crate::python) fn path_object(&mut self, path: Value<'a>) -> Value<'a> {
        let class = self.names.id("py:pathlib.Path");
        let taint = path.taint.clone();
        Value::from(Data::Object(self.heap.add_object(Object { class, about: path }))).with(&taint)
    }

    /// A path as text, whatever it is given as.
    pub(in crate::python) fn path_of(&self, value: &Value<'a>) -> Value<'a> {
        match value.data {
            Data::Object(id) => match self.heap.object(id) {
                Some(object) => object.about.clone().with(&value.taint),
                None => value.clone(),
            },
            _ => value.clone(),
        }
    }

    pub(in crate::python) fn join_paths(&self, parts: &[Value<'a>]) -> Value<'a> {
        let mut out = Pieces::default();
        for (position, part) in parts.iter().enumerate() {
            let pieces = self.path_of(part).as_pieces();
            let absolute = pieces.prefix.starts_with('/') || pieces.prefix.starts_with('~');
            if absolute {
                out = Pieces::default();
            } else if position > 0 && !out.prefix.ends_with('/') && (out.open || !out.is_empty()) {
                out.push_known("/");
            }
            out.push(&pieces);
        }
        Value::pieces(out).with(&super::compute::all_taint(self, parts))
    }

    pub(in crate::python) fn path_attribute(
        &mut self,
        path: &Value<'a>,
        name: &str,
    ) -> Option<Value<'a>> {
        Some(match name {
            "parent" => {
                let parent = parent(path);
                self.path_object(parent)
            }
            "parents" => {
                let mut all = Vec::new();
                let mut at = path.clone();
                for _ in 0..8 {
                    at = parent(&at);
                    let object = self.path_object(at.clone());
                    all.push(object);
                }
                self.open_list(crate::python::heap::Sequence::Tuple, all)
            }
            "name" => Value::made(path.text()?.rsplit('/').next()?),
            "stem" => {
                let name = path.text()?.rsplit('/').next()?;
                Value::made(name.rsplit_once('.').map_or(name, |(stem, _)| stem))
            }
            "suffix" => Value::made(
                path.text()?
                    .rsplit_once('.')
                    .map(|(_, suffix)| format!(".{suffix}"))
                    .unwrap_or_default(),
            ),
            _ => return None,
        })
    }
}
