//! The names of what the language, Node.js and libraries provide: one number for each,
//! however code comes to it, and what a call of it does.

mod files;
mod network;
mod process;
mod rest;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

use super::names::NameMap;
use super::value::ApiId;
use crate::event::{Effect, Role, Source};

/// What a call does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    pub(crate) effect: Effect,
    /// What its arguments are for, in their order.
    pub(crate) roles: &'static [Role],
    pub(crate) gives: Gives,
}

/// What a call gives back, or hands to a callback.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gives {
    /// Nothing that is followed.
    Nothing,
    /// Data from there.
    From(Source),
    /// Something with methods of its own, by its name.
    Thing(&'static str),
    /// Something with methods of its own that stands for data from there.
    ThingFrom(&'static str, Source),
}

/// A table of calls: names without their module, and what they do.
pub(crate) type Table = &'static [(&'static str, Effect, &'static [Role], Gives)];

/// Names longer than this are not followed.
const MAX_NAME_BYTES: usize = 160;

/// All names that came up.
pub(crate) struct ApiTable {
    names: Vec<Rc<str>>,
    specs: Vec<Option<Spec>>,
    by_name: NameMap<String, ApiId>,
    /// By the parent's number.
    members: Vec<NameMap<String, ApiId>>,
    globals: NameMap<String, ApiId>,
    /// Where a name is put together to be looked up.
    joined: String,
}

/// Names that are reached in several ways, and the one they are called by.
const ALIASES: &[(&str, &str)] = &[
    ("js:process", "node:process"),
    ("js:Buffer", "node:buffer.Buffer"),
    ("node:buffer.atob", "js:atob"),
    ("node:buffer.btoa", "js:btoa"),
    ("js:global", "js:globalThis"),
    ("js:window", "js:globalThis"),
    ("js:self", "js:globalThis"),
    ("js:top", "js:globalThis"),
    ("js:frames", "js:globalThis"),
    ("js:GLOBAL", "js:globalThis"),
    ("js:root", "js:globalThis"),
    ("js:document.defaultView", "js:globalThis"),
    ("node:fs.promises", "node:fs/promises"),
    ("node:dns.promises", "node:dns/promises"),
    ("node:path.posix", "node:path"),
    ("node:path.win32", "node:path"),
    ("node:path/posix", "node:path"),
    ("node:sys", "node:util"),
    ("node:process.mainModule", "js:require.main"),
    ("js:require.main.require", "js:require"),
    ("js:require.main.constructor", "node:module"),
    ("js:require.main.children", "js:require.cache"),
    ("node:module.Module", "node:module"),
    ("node:module.prototype.require", "js:require"),
    ("node:module.prototype.constructor", "node:module"),
    ("node:process.getBuiltinModule", "js:require"),
    ("node:timers.setTimeout", "js:setTimeout"),
    ("node:timers.setInterval", "js:setInterval"),
    ("node:timers.setImmediate", "js:setImmediate"),
    ("node:url.URL", "js:URL"),
    ("node:url.URLSearchParams", "js:URLSearchParams"),
    ("node:util.TextDecoder", "js:TextDecoder"),
    ("node:util.TextEncoder", "js:TextEncoder"),
    ("js:Object.prototype.constructor", "js:Object"),
    ("node:vm.Script.prototype", "node:vm.Script"),
    ("node:events.EventEmitter", "node:events"),
    ("node:stream/web", "node:stream"),
    ("npm:electron.remote.require", "js:require"),
];

/// Modules whose calls are those of another one.
const FAMILIES: &[(&str, &str)] = &[
    ("node:fs/promises", "node:fs"),
    ("npm:fs-extra", "node:fs"),
    ("npm:graceful-fs", "node:fs"),
    ("npm:original-fs", "node:fs"),
    ("npm:mz/fs", "node:fs"),
    ("npm:fs-promise", "node:fs"),
    ("node:https", "node:http"),
    ("npm:follow-redirects.http", "node:http"),
    ("npm:follow-redirects.https", "node:http"),
    ("node:dns/promises", "node:dns"),
    ("npm:child-process-promise", "node:child_process"),
    ("npm:mz/child_process", "node:child_process"),
];

/// The modules that Node.js has.
const BUILTIN_MODULES: &[&str] = &[
    "assert",
    "assert/strict",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "dns/promises",
    "domain",
    "events",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "inspector",
    "inspector/promises",
    "module",
    "net",
    "os",
    "path",
    "path/posix",
    "path/win32",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "readline/promises",
    "repl",
    "sea",
    "sqlite",
    "stream",
    "stream/promises",
    "stream/web",
    "stream/consumers",
    "string_decoder",
    "sys",
    "test",
    "timers",
    "timers/promises",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "util/types",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

type Index = HashMap<&'static str, HashMap<&'static str, Spec>>;

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = Index::new();
        for (module, table) in
            [files::TABLES, network::TABLES, process::TABLES, rest::TABLES].concat()
        {
            let entries = index.entry(module).or_default();
            for (name, effect, roles, gives) in table {
                entries.insert(name, Spec { effect: *effect, roles, gives: *gives });
            }
        }
        index
    })
}

/// Whether Node.js has a module of this name: no package takes its place.
pub(crate) fn is_builtin(request: &str) -> bool {
    module_name(request).starts_with("node:")
}

/// The name of a module as this crate says it: `node:fs`, `npm:axios`.
pub(crate) fn module_name(request: &str) -> String {
    let bare = request.strip_prefix("node:").unwrap_or(request);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    if BUILTIN_MODULES.contains(&bare) { format!("node:{bare}") } else { format!("npm:{bare}") }
}

/// The module of a name and what follows it.
pub(crate) fn module_and_member(name: &str) -> (&str, &str) {
    // A dot may be within a package's own name: `npm:socket.io-client`.
    let colon = name.find(':').map_or(0, |at| at + 1);
    let rest = name.get(colon..).unwrap_or_default();
    let skipped = match rest.strip_prefix('@') {
        Some(scoped) => scoped.find('/').map_or(0, |at| at + 2),
        None => 0,
    };
    for known in
        ["npm:socket.io-client", "npm:socket.io", "npm:lodash.template", "npm:lodash.merge"]
    {
        if name == known {
            return (known, "");
        }
    }
    match rest.get(skipped..).and_then(|rest| rest.find('.')) {
        Some(dot) => {
            let at = colon + skipped + dot;
            (name.get(..at).unwrap_or(name), name.get(at + 1..).unwrap_or_default())
        }
        None => (name, ""),
    }
}

fn spec_of(name: &str) -> Option<Spec> {
    if let Some(global) = name.strip_prefix("js:")
        && let Some(spec) = index().get("js:").and_then(|entries| entries.get(global))
    {
        return Some(*spec);
    }
    let (module, member) = module_and_member(name);
    let family =
        FAMILIES.iter().find(|(known, _)| *known == module).map_or(module, |found| found.1);
    let entries = index().get(family)?;
    if let Some(spec) = entries.get(member) {
        return Some(*spec);
    }
    let last = member.strip_suffix("Sync").or_else(|| member.strip_suffix("Async"));
    if let Some(spec) = last.and_then(|last| entries.get(last)) {
        return Some(*spec);
    }
    // Libraries that speak HTTP have a method for each verb, on whatever they make.
    let verb = member.rsplit('.').next().unwrap_or(member);
    entries.get("*").filter(|_| network::VERBS.contains(&verb)).copied()
}

impl ApiTable {
    pub(crate) fn new() -> Self {
        Self {
            names: Vec::new(),
            specs: Vec::new(),
            by_name: NameMap::default(),
            members: Vec::new(),
            globals: NameMap::default(),
            joined: String::new(),
        }
    }

    /// The number of a name.
    pub(crate) fn intern(&mut self, name: &str) -> ApiId {
        if let Some(known) = self.by_name.get(name) {
            return *known;
        }
        if let Some((alias, own)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
            let id = self.intern_own(own);
            self.by_name.insert((*alias).to_owned(), id);
            return id;
        }
        self.intern_own(name)
    }

    /// The number of a name that is no other one's.
    fn intern_own(&mut self, name: &str) -> ApiId {
        if let Some(known) = self.by_name.get(name) {
            return *known;
        }
        let id = ApiId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.into());
        self.specs.push(spec_of(name));
        self.by_name.insert(name.to_owned(), id);
        id
    }

    pub(crate) fn name(&self, id: ApiId) -> &str {
        usize::try_from(id.0).ok().and_then(|at| self.names.get(at)).map_or("", |name| &**name)
    }

    pub(crate) fn shared_name(&self, id: ApiId) -> Rc<str> {
        usize::try_from(id.0).ok().and_then(|at| self.names.get(at)).map_or("".into(), Rc::clone)
    }

    pub(crate) fn spec(&self, id: ApiId) -> Option<Spec> {
        usize::try_from(id.0).ok().and_then(|at| self.specs.get(at)).copied().flatten()
    }

    /// Whether the language, Node.js or a library is known to provide it.
    pub(crate) fn is_provided(&self, id: ApiId) -> bool {
        const GLOBALS: &[&str] = &[
            "Array",
            "AsyncFunction",
            "Function",
            "JSON",
            "Math",
            "Object",
            "Promise",
            "Reflect",
            "String",
            "atob",
            "eval",
            "fetch",
            "globalThis",
            "require",
            "setImmediate",
            "setInterval",
            "setTimeout",
        ];
        let name = self.name(id);
        match name.strip_prefix("js:") {
            Some(global) => {
                self.spec(id).is_some()
                    || GLOBALS.contains(&global.split('.').next().unwrap_or(global))
            }
            None => true,
        }
    }

    pub(crate) fn global(&mut self, name: &str) -> ApiId {
        if let Some(known) = self.globals.get(name) {
            return *known;
        }
        let id = if name.len() > MAX_NAME_BYTES {
            self.intern("js:?")
        } else {
            self.intern(&format!("js:{name}"))
        };
        self.globals.insert(name.to_owned(), id);
        id
    }

    /// The number of what values of a built-in class have under this name.
    pub(crate) fn prototype_member(&mut self, class: &str, key: &str) -> ApiId {
        let mut name = std::mem::take(&mut self.joined);
        name.clear();
        for part in [class, ".prototype.", key] {
            name.push_str(part);
        }
        let id = self.global(&name);
        self.joined = name;
        id
    }

    /// The number of a member; nothing where the name would become too long.
    pub(crate) fn member(&mut self, parent: ApiId, key: &str) -> Option<ApiId> {
        let name = self.name(parent);
        if key.len() + name.len() > MAX_NAME_BYTES {
            return None;
        }
        if name == "js:globalThis" {
            return Some(self.global(key));
        }
        if let Some(known) =
            usize::try_from(parent.0).ok().and_then(|at| self.members.get(at)?.get(key))
        {
            return Some(*known);
        }
        let full = match key {
            "default" if !name.starts_with("js:") && module_and_member(name).1.is_empty() => {
                name.to_owned()
            }
            "constructor" => match name.strip_suffix(".prototype") {
                Some(class) => class.to_owned(),
                None if name == "js:require.main" => "node:module".to_owned(),
                None => "js:Function".to_owned(),
            },
            "call" | "apply" | "bind" if name != "js:Reflect" => {
                format!("js:Function.prototype.{key}")
            }
            // A chain as long as this is data, not a library.
            _ if name.bytes().filter(|byte| *byte == b'.').count() >= 6 => return None,
            key => format!("{name}.{key}"),
        };
        let id = self.intern(&full);
        if let Ok(at) = usize::try_from(parent.0) {
            if self.members.len() <= at {
                self.members.resize_with(at + 1, NameMap::default);
            }
            if let Some(members) = self.members.get_mut(at) {
                members.insert(key.to_owned(), id);
            }
        }
        Some(id)
    }
}
