//! The variables of the environment. Where one says where something is, such as
//! `HOME`, its value is the name itself, so that paths below it stay readable.

use ruff_text_size::TextRange;

use super::Entries;
use crate::event::{Effect, Hiding, Role, Source};
use crate::python::call::Call;
use crate::python::evaluator::Evaluator;
use crate::python::value::Value;

pub(super) const ENTRIES: Entries = &[
    ("py:os.getenv", |this, call| Some(read(this, call))),
    ("py:os.getenvb", |this, call| Some(read(this, call))),
    ("py:os.environ.get", |this, call| Some(read(this, call))),
    ("py:os.environ.pop", |this, call| Some(read(this, call))),
    ("py:os.environ.setdefault", |this, call| Some(read(this, call))),
    ("py:os.environ.__getitem__", |this, call| Some(read(this, call))),
    ("py:os.environ.copy", |this, call| Some(this.whole_environment(call.range))),
    ("py:os.environ.items", |this, call| Some(this.whole_environment(call.range))),
    ("py:os.environ.values", |this, call| Some(this.whole_environment(call.range))),
    ("py:os.environ.keys", |this, call| Some(this.whole_environment(call.range))),
    ("py:os.environ.__str__", |this, call| Some(this.whole_environment(call.range))),
    ("py:os.environ.update", |this, call| Some(write(this, call))),
    ("py:os.environ.__setitem__", |this, call| Some(write(this, call))),
    ("py:os.putenv", |this, call| Some(write(this, call))),
];

fn read<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Value<'a> {
    let name = call.get(0, "key").cloned().unwrap_or_default();
    let found = this.environment(&name, call.range);
    match call.get(1, "default") {
        // Nothing in place of what is not there says nothing about what is there.
        Some(default) if default.text() != Some("") => found.or(default.clone()),
        _ => found,
    }
}

fn write<'a>(this: &mut Evaluator<'a>, call: &Call<'a>) -> Value<'a> {
    let api = this.names.text(call.api);
    let name = call.get(0, "key").cloned().unwrap_or_default();
    let value = call.get(1, "value").cloned().unwrap_or_default();
    this.emit_named(
        Effect::EnvironmentWrite,
        &api,
        call.range,
        &[(Role::Name, &name), (Role::Data, &value)],
        &[],
    );
    Value::none()
}

impl<'a> Evaluator<'a> {
    /// One variable is read.
    pub(in crate::python) fn environment(
        &mut self,
        name: &Value<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let hidden: Vec<Hiding> =
            name.hidings().iter().copied().filter(|hiding| *hiding != Hiding::Pieces).collect();
        self.emit_named(
            Effect::EnvironmentRead,
            "py:os.environ",
            range,
            &[(Role::Name, name)],
            &hidden,
        );
        let Some(text) = name.text() else {
            // A name that the environment has means any of them; another one is one that
            // somebody computed.
            let any = name
                .taint
                .iter()
                .flat_map(|taint| &taint.origins)
                .any(|origin| origin.source == Source::Environment && origin.name.is_none());
            let shown = if any { None } else { Some("\u{2026}") };
            return Value::unknown().come_from(self.origin(Source::Environment, range, shown));
        };
        match text {
            "HOME" => Value::literal("~"),
            "USERPROFILE" | "HOMEPATH" => Value::literal("~"),
            "APPDATA" | "appdata" => Value::literal("%APPDATA%"),
            "LOCALAPPDATA" | "localappdata" => Value::literal("%LOCALAPPDATA%"),
            "PROGRAMDATA" | "ProgramData" | "ALLUSERSPROFILE" => Value::literal("%PROGRAMDATA%"),
            "TEMP" | "TMP" | "TMPDIR" | "temp" | "tmp" => Value::literal("%TEMP%"),
            "SystemRoot" | "SYSTEMROOT" | "windir" | "WINDIR" => Value::literal("%SYSTEMROOT%"),
            "ProgramFiles" | "PROGRAMFILES" => Value::literal("%PROGRAMFILES%"),
            _ => {
                let origin = self.origin(Source::Environment, range, Some(text));
                Value::unknown().come_from(origin)
            }
        }
    }

    /// All variables are read.
    pub(in crate::python) fn whole_environment(&mut self, range: TextRange) -> Value<'a> {
        self.emit_named(Effect::EnvironmentRead, "py:os.environ", range, &[], &[]);
        Value::unknown().come_from(self.origin(Source::Environment, range, None))
    }
}
