//! Imports: of the library, of packages, and of the package's own files.

use ruff_python_ast::{StmtImport, StmtImportFrom};
use ruff_text_size::TextRange;

use super::evaluator::{Evaluator, Progress};
use super::heap::{ModuleId, Unit};
use super::names;
use super::value::{Data, Value};
use crate::event::{Effect, Hiding, Role, When};

impl<'a> Evaluator<'a> {
    pub(super) fn import(&mut self, it: &'a StmtImport) {
        for alias in &it.names {
            let name = alias.name.id.as_str();
            let whole = self.module(name, alias.range, true);
            match &alias.asname {
                Some(bound) => self.bind(bound.id.as_str(), whole),
                None => {
                    let top = name.split('.').next().unwrap_or(name);
                    let value = if top.len() == name.len() {
                        whole
                    } else {
                        self.module(top, alias.range, false)
                    };
                    self.bind(top, value);
                }
            }
        }
    }

    /// A module by its whole name: the package's own, or one of the library.
    pub(super) fn module(&mut self, name: &'a str, range: TextRange, announce: bool) -> Value<'a> {
        if let Some(id) = self.own_module(name) {
            self.run_module(id);
            return Data::Module(id).into();
        }
        let canonical = names::module(name);
        let id = self.names.id(&canonical);
        if announce {
            let api = self.names.text(id);
            let file = self.unit.file;
            if self.unit.over.is_some()
                || self.seen_imports.insert((file, std::rc::Rc::clone(&api)))
            {
                self.emit_named(
                    Effect::Import,
                    &api,
                    range,
                    &[(Role::Name, &Value::literal(name))],
                    &[],
                );
            }
        }
        Data::Api(id).into()
    }

    /// A module of the package by its name, as a program of the package finds it.
    fn own_module(&self, name: &str) -> Option<ModuleId> {
        let found = self.module_by_name.get(name).copied();
        // A file beside a script hides no module of the standard library from it here:
        // a package that ships a `json.py` in a folder would otherwise lose what it does.
        if names::is_standard(name.split('.').next().unwrap_or(name)) {
            return None;
        }
        found.or_else(|| {
            // Python 2, and scripts: a module beside this one.
            let folder = self.unit_package();
            if folder.is_empty() {
                None
            } else {
                self.module_by_name.get(&format!("{folder}.{name}")).copied()
            }
        })
    }

    fn unit_package(&self) -> String {
        let Some(module) = self.modules.get(self.unit.module.0 as usize) else {
            return String::new();
        };
        if module.is_package {
            module.name.clone()
        } else {
            module.name.rsplit_once('.').map(|(package, _)| package.to_owned()).unwrap_or_default()
        }
    }

    pub(super) fn import_from(&mut self, it: &'a StmtImportFrom) {
        let module = it.module.as_ref().map_or("", |module| module.id.as_str());
        let base: Value<'a> = if it.level > 0 {
            match self.relative(module, it.level) {
                Some(name) => match self.module_by_name.get(&name).copied() {
                    Some(id) => {
                        self.run_module(id);
                        Data::Module(id).into()
                    }
                    None => Value::unknown(),
                },
                None => Value::unknown(),
            }
        } else {
            self.module(module, it.range, true)
        };
        for alias in &it.names {
            let name = alias.name.id.as_str();
            if name == "*" {
                self.import_everything(&base);
                continue;
            }
            let value = match &base.data {
                Data::Api(id) => match self.names.child(*id, name) {
                    Some(child) => self.api_value(child, name, alias.range),
                    None => Value::unknown(),
                },
                _ => self.attribute(&base, name, alias.range),
            };
            self.bind(alias.asname.as_ref().map_or(name, |bound| bound.id.as_str()), value);
        }
    }

    fn relative(&self, module: &str, level: u32) -> Option<String> {
        let mut package = self.unit_package();
        for _ in 1..level {
            package =
                package.rsplit_once('.').map(|(outer, _)| outer.to_owned()).unwrap_or_default();
        }
        match (package.is_empty(), module.is_empty()) {
            (_, true) => Some(package),
            (true, false) => Some(module.to_owned()),
            (false, false) => Some(format!("{package}.{module}")),
        }
    }

    fn import_everything(&mut self, base: &Value<'a>) {
        match &base.data {
            Data::Module(id) => {
                let Some(scope) = self.modules.get(id.0 as usize).map(|module| module.scope) else {
                    return;
                };
                let all: Vec<(&'a str, Value<'a>)> =
                    self.heap.scope(scope).map_or_else(Vec::new, |scope| {
                        scope
                            .names
                            .iter()
                            .filter(|(name, _)| !name.starts_with('_'))
                            .map(|(name, value)| (*name, value.clone()))
                            .collect()
                    });
                for (name, value) in all {
                    self.bind(name, value);
                }
            }
            // The names that matter of what it brings.
            Data::Api(id) => {
                let module = self.names.text(*id);
                for (from, names) in STARRED {
                    if *from == &*module {
                        for name in *names {
                            if let Some(child) = self.names.child(*id, name) {
                                self.bind(name, Data::Api(child).into());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Runs a module of the package once.
    pub(super) fn run_module(&mut self, id: ModuleId) {
        let Some(module) = self.modules.get_mut(id.0 as usize) else { return };
        if module.progress != Progress::Waiting || self.depth > 1_200 {
            return;
        }
        module.progress = Progress::Running;
        let (scope, file, code) = (module.scope, module.file, module.code);
        let Some(code) = code else { return };
        // What other modules took does not blind us in this one.
        let own = u64::try_from(code.text.len() / 100).unwrap_or(0) + 1_500;
        self.fuel = self.fuel.max(own);
        let unit = std::rc::Rc::new(Unit { file, module: id, over: None, hiding: Vec::new() });
        let outer_unit = std::mem::replace(&mut self.unit, unit);
        let outer_scope = std::mem::replace(&mut self.scope, scope);
        let outer_frame = std::mem::take(&mut self.frame);
        let outer_calls = std::mem::take(&mut self.calls);
        let branches = std::mem::take(&mut self.branches);
        let undo = std::mem::take(&mut self.undo);
        // Code in a test of whether it is called says nothing of when its module runs.
        let when = if self.when == When::Call { When::Load } else { self.when };
        let outer_when = std::mem::replace(&mut self.when, when);
        let quiet = std::mem::take(&mut self.quiet);
        let as_program = std::mem::take(&mut self.as_program);
        self.depth += 20;
        self.block(&code.syntax.body);
        self.depth -= 20;
        self.quiet = quiet;
        self.as_program = as_program;
        self.when = outer_when;
        self.branches = branches;
        self.undo = undo;
        self.calls = outer_calls;
        self.frame = outer_frame;
        self.scope = outer_scope;
        self.unit = outer_unit;
        if let Some(module) = self.modules.get_mut(id.0 as usize) {
            module.progress = Progress::Done;
        }
    }

    /// `__import__(name)` and its like.
    pub(super) fn import_by_value(
        &mut self,
        name: &Value<'a>,
        api: &str,
        range: TextRange,
        whole: bool,
    ) -> Value<'a> {
        match &name.data {
            Data::Text(text) => {
                let text = self.lasting(&text.clone());
                let own = self.own_module(text).is_some();
                if !own {
                    let hidden: Vec<Hiding> = std::iter::once(Hiding::ComputedName)
                        .chain(name.hidings().iter().copied())
                        .collect();
                    if name.taint.is_some() {
                        self.emit_named(
                            Effect::DynamicImport,
                            api,
                            range,
                            &[(Role::Name, name)],
                            &hidden,
                        );
                    }
                    let canonical = names::module(text);
                    self.emit_named(
                        Effect::Import,
                        &canonical,
                        range,
                        &[(Role::Name, name)],
                        &hidden,
                    );
                }
                let wanted = if whole { text } else { text.split('.').next().unwrap_or(text) };
                let module = self.module(wanted, range, false);
                if own { module } else { module.hidden(Hiding::ComputedName).with(&name.taint) }
            }
            Data::Choice(all) => {
                let all = std::rc::Rc::clone(all);
                self.each_of(&all, |this, one| this.import_by_value(&one, api, range, whole))
            }
            _ => {
                self.emit_named(
                    Effect::DynamicImport,
                    api,
                    range,
                    &[(Role::Name, name)],
                    name.hidings(),
                );
                Value::unknown().with(&name.taint)
            }
        }
    }
}

/// What `from module import *` brings of the modules where it matters.
const STARRED: &[(&str, &[&str])] = &[
    (
        "py:os",
        &[
            "system",
            "popen",
            "environ",
            "getenv",
            "remove",
            "unlink",
            "listdir",
            "walk",
            "getcwd",
            "path",
            "execv",
            "execvp",
            "spawnl",
            "spawnv",
            "fork",
            "startfile",
            "makedirs",
            "mkdir",
            "rename",
            "chmod",
            "uname",
            "getlogin",
        ],
    ),
    (
        "py:os.path",
        &["join", "exists", "expanduser", "expandvars", "dirname", "abspath", "basename"],
    ),
    (
        "py:subprocess",
        &[
            "Popen",
            "call",
            "run",
            "check_call",
            "check_output",
            "getoutput",
            "getstatusoutput",
            "PIPE",
        ],
    ),
    (
        "py:socket",
        &[
            "socket",
            "gethostname",
            "create_connection",
            "gethostbyname",
            "getaddrinfo",
            "AF_INET",
            "SOCK_STREAM",
        ],
    ),
    (
        "py:base64",
        &[
            "b64decode",
            "b64encode",
            "b32decode",
            "b16decode",
            "b85decode",
            "a85decode",
            "urlsafe_b64decode",
            "standard_b64decode",
            "decodebytes",
            "decodestring",
        ],
    ),
    (
        "py:shutil",
        &["rmtree", "copy", "copyfile", "move", "copytree", "make_archive", "unpack_archive"],
    ),
    ("py:urllib.request", &["urlopen", "urlretrieve", "Request", "build_opener"]),
    (
        "py:ctypes",
        &["CDLL", "cdll", "windll", "WinDLL", "CFUNCTYPE", "memmove", "cast", "string_at"],
    ),
    ("py:zlib", &["decompress"]),
    ("py:marshal", &["loads", "load"]),
    ("py:pickle", &["loads", "load"]),
    ("py:codecs", &["decode", "encode", "open"]),
    ("py:getpass", &["getuser", "getpass"]),
    ("py:platform", &["node", "uname", "platform", "system"]),
    ("py:pathlib", &["Path"]),
    ("py:threading", &["Thread", "Timer"]),
    (
        "py:winreg",
        &[
            "OpenKey",
            "SetValueEx",
            "CreateKey",
            "QueryValueEx",
            "HKEY_CURRENT_USER",
            "HKEY_LOCAL_MACHINE",
        ],
    ),
    ("pypi:requests", &["get", "post", "put", "request", "Session"]),
    ("py:http.client", &["HTTPSConnection", "HTTPConnection"]),
];
