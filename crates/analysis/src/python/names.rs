//! Canonical names of the library, each known by a number: what it does is looked up
//! once for a name, not once for a call.

use std::rc::Rc;

use super::api::{self, Specification};
use super::builtin::{self, Intrinsic};
use super::heap::Table;

/// Bytes of the longest name; a program that goes deeper gets something unknown.
const MAX_NAME_BYTES: usize = 160;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ApiId(pub(super) u32);

#[derive(Clone)]
struct Entry {
    text: Rc<str>,
    specifications: &'static [Specification],
    intrinsic: Option<Intrinsic>,
    decodes: bool,
    is_special: bool,
}

/// All names that a package speaks of.
pub(super) struct Names<'a> {
    entries: Vec<Entry>,
    by_text: Table<Rc<str>, ApiId>,
    children: Table<(ApiIdKey, &'a str), ApiId>,
}

type ApiIdKey = u32;

impl<'a> Names<'a> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), by_text: Table::default(), children: Table::default() }
    }

    /// The number of a name, after the names that one thing has were made one.
    pub(super) fn id(&mut self, text: &str) -> ApiId {
        if let Some(id) = self.by_text.get(text) {
            return *id;
        }
        let canonical = canonical(text);
        if let Some(canonical) = &canonical
            && let Some(id) = self.by_text.get(canonical.as_str()).copied()
        {
            self.by_text.insert(text.into(), id);
            return id;
        }
        let id = ApiId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        let name: Rc<str> = canonical.as_deref().unwrap_or(text).into();
        self.entries.push(Entry {
            specifications: api::specifications(&name),
            intrinsic: builtin::intrinsic(&name),
            decodes: builtin::decodes(&name),
            is_special: is_special(&name),
            text: Rc::clone(&name),
        });
        self.by_text.insert(name, id);
        if canonical.is_some() {
            self.by_text.insert(text.into(), id);
        }
        id
    }

    /// The name of something within something.
    pub(super) fn child(&mut self, parent: ApiId, name: &'a str) -> Option<ApiId> {
        if let Some(id) = self.children.get(&(parent.0, name)) {
            return Some(*id);
        }
        let text = self.text(parent);
        if text.len() + name.len() > MAX_NAME_BYTES {
            return None;
        }
        let module = name.trim_start_matches('_');
        let id = if REACHED_THROUGH_OTHERS.contains(&module)
            && text.starts_with("py:")
            && text.strip_prefix("py:") != Some(module)
            && !matches!((&*text, module), ("py:asyncio", "subprocess") | ("py:multiprocessing", _))
        {
            self.id(&format!("py:{module}"))
        } else if matches!(name, "__dict__" | "__call__" | "__func__" | "__wrapped__") {
            parent
        } else {
            self.id(&format!("{text}.{name}"))
        };
        self.children.insert((parent.0, name), id);
        Some(id)
    }

    pub(super) fn text(&self, id: ApiId) -> Rc<str> {
        self.entries.get(id.0 as usize).map_or_else(|| "".into(), |entry| Rc::clone(&entry.text))
    }

    pub(super) fn specifications(&self, id: ApiId) -> &'static [Specification] {
        self.entries.get(id.0 as usize).map_or(&[], |entry| entry.specifications)
    }

    /// Whether it is what decoders are made of.
    pub(super) fn decodes(&self, id: ApiId) -> bool {
        self.entries.get(id.0 as usize).is_some_and(|entry| entry.decodes)
    }

    /// Whether its value is looked at: a constant, or one with an origin.
    pub(super) fn is_special(&self, id: ApiId) -> bool {
        self.entries.get(id.0 as usize).is_some_and(|entry| entry.is_special)
    }

    pub(super) fn intrinsic(&self, id: ApiId) -> Option<Intrinsic> {
        self.entries.get(id.0 as usize).and_then(|entry| entry.intrinsic)
    }
}

/// Modules that other modules of the standard library have as attributes.
const REACHED_THROUGH_OTHERS: &[&str] = &[
    "os",
    "sys",
    "subprocess",
    "socket",
    "builtins",
    "shutil",
    "importlib",
    "ctypes",
    "base64",
    "pty",
];

/// Whether a name, by its last part, may be a constant or have an origin.
fn is_special(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    matches!(
        last,
        "executable"
            | "sep"
            | "linesep"
            | "pathsep"
            | "curdir"
            | "pardir"
            | "devnull"
            | "ascii_lowercase"
            | "ascii_uppercase"
            | "ascii_letters"
            | "digits"
            | "punctuation"
            | "printable"
            | "hexdigits"
            | "whitespace"
            | "argv"
            | "platform"
            | "__base__"
            | "__class__"
            | "environ"
            | "__name__"
            | "name"
    )
}

/// The one name of something that has several, where `text` is another one.
fn canonical(text: &str) -> Option<String> {
    const PREFIXES: &[(&str, &str)] = &[
        ("py:posixpath", "py:os.path"),
        ("py:ntpath", "py:os.path"),
        ("py:os.path.os", "py:os"),
        ("py:posix", "py:os"),
        ("py:nt", "py:os"),
        ("py:__builtin__", "py:builtins"),
        ("py:builtins.__builtins__", "py:builtins"),
        ("py:_pickle", "py:pickle"),
        ("py:cPickle", "py:pickle"),
        ("py:_socket", "py:socket"),
        ("py:_io", "py:io"),
        ("py:_thread", "py:threading"),
        ("py:_winreg", "py:winreg"),
        ("py:imp", "py:importlib"),
        ("py:io.open", "py:builtins.open"),
        ("py:codecs.open", "py:builtins.open"),
        ("py:os.fdopen", "py:builtins.open"),
        ("py:builtins.file", "py:builtins.open"),
        ("py:builtins.unicode", "py:builtins.str"),
        ("py:builtins.xrange", "py:builtins.range"),
        ("py:builtins.raw_input", "py:builtins.input"),
        ("py:builtins.unichr", "py:builtins.chr"),
        ("py:urllib2", "py:urllib.request"),
        ("py:urllib.urlopen", "py:urllib.request.urlopen"),
        ("py:urllib.urlretrieve", "py:urllib.request.urlretrieve"),
        ("py:urllib.urlencode", "py:urllib.parse.urlencode"),
        ("py:urllib.quote", "py:urllib.parse.quote"),
        ("py:urllib.unquote", "py:urllib.parse.unquote"),
        ("py:httplib", "py:http.client"),
        ("py:Cookie", "py:http.cookies"),
        ("pypi:requests.api", "pypi:requests"),
        ("pypi:requests.sessions.Session", "pypi:requests.Session"),
        ("pypi:requests.session", "pypi:requests.Session"),
        ("pypi:six.moves.urllib", "py:urllib"),
        ("pypi:six.moves.builtins", "py:builtins"),
        ("pypi:Cryptodome", "pypi:Crypto"),
        ("py:importlib.__import__", "py:builtins.__import__"),
        ("py:pathlib.PosixPath", "py:pathlib.Path"),
        ("py:pathlib.WindowsPath", "py:pathlib.Path"),
        ("py:pathlib.PurePath", "py:pathlib.Path"),
        ("py:pathlib.PurePosixPath", "py:pathlib.Path"),
        ("py:pathlib.PureWindowsPath", "py:pathlib.Path"),
        ("py:tarfile.TarFile.open", "py:tarfile.open"),
    ];
    PREFIXES.iter().find_map(|(from, to)| {
        let rest = text.strip_prefix(from)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("{to}{rest}"))
    })
}

/// The canonical name of a module that is imported by this name: the standard library's,
/// or a package's.
pub(super) fn module(name: &str) -> String {
    let top = name.split('.').next().unwrap_or(name);
    let ours = STANDARD.binary_search(&top).is_ok() || OLD.contains(&top);
    format!("{}:{name}", if ours { "py" } else { "pypi" })
}

pub(super) fn is_standard(top: &str) -> bool {
    STANDARD.binary_search(&top).is_ok() || OLD.contains(&top)
}

/// Modules of Python 2.
const OLD: &[&str] = &[
    "__builtin__",
    "cPickle",
    "commands",
    "httplib",
    "urllib2",
    "_winreg",
    "Cookie",
    "cStringIO",
    "StringIO",
    "Queue",
    "posix",
    "nt",
];

/// Modules of the standard library, in order.
const STANDARD: &[&str] = &[
    "__future__",
    "_ctypes",
    "_io",
    "_pickle",
    "_posixsubprocess",
    "_socket",
    "_thread",
    "_winapi",
    "abc",
    "aifc",
    "annotationlib",
    "antigravity",
    "argparse",
    "array",
    "ast",
    "asynchat",
    "asyncio",
    "asyncore",
    "atexit",
    "audioop",
    "base64",
    "bdb",
    "binascii",
    "bisect",
    "builtins",
    "bz2",
    "cProfile",
    "calendar",
    "cgi",
    "cgitb",
    "chunk",
    "cmath",
    "cmd",
    "code",
    "codecs",
    "codeop",
    "collections",
    "colorsys",
    "compileall",
    "compression",
    "concurrent",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "crypt",
    "csv",
    "ctypes",
    "curses",
    "dataclasses",
    "datetime",
    "dbm",
    "decimal",
    "difflib",
    "dis",
    "distutils",
    "doctest",
    "email",
    "encodings",
    "ensurepip",
    "enum",
    "errno",
    "faulthandler",
    "fcntl",
    "filecmp",
    "fileinput",
    "fnmatch",
    "fractions",
    "ftplib",
    "functools",
    "gc",
    "genericpath",
    "getopt",
    "getpass",
    "gettext",
    "glob",
    "graphlib",
    "grp",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "http",
    "idlelib",
    "imaplib",
    "imghdr",
    "imp",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "lib2to3",
    "linecache",
    "locale",
    "logging",
    "lzma",
    "mailbox",
    "mailcap",
    "marshal",
    "math",
    "mimetypes",
    "mmap",
    "modulefinder",
    "msilib",
    "msvcrt",
    "multiprocessing",
    "netrc",
    "nis",
    "nntplib",
    "nt",
    "ntpath",
    "nturl2path",
    "numbers",
    "opcode",
    "operator",
    "optparse",
    "os",
    "ossaudiodev",
    "pathlib",
    "pdb",
    "pickle",
    "pickletools",
    "pipes",
    "pkgutil",
    "platform",
    "plistlib",
    "poplib",
    "posix",
    "posixpath",
    "pprint",
    "profile",
    "pstats",
    "pty",
    "pwd",
    "py_compile",
    "pyclbr",
    "pydoc",
    "pydoc_data",
    "pyexpat",
    "queue",
    "quopri",
    "random",
    "re",
    "readline",
    "reprlib",
    "resource",
    "rlcompleter",
    "runpy",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shelve",
    "shlex",
    "shutil",
    "signal",
    "site",
    "smtpd",
    "smtplib",
    "sndhdr",
    "socket",
    "socketserver",
    "spwd",
    "sqlite3",
    "sre_compile",
    "sre_constants",
    "sre_parse",
    "ssl",
    "stat",
    "statistics",
    "string",
    "stringprep",
    "struct",
    "subprocess",
    "sunau",
    "symtable",
    "sys",
    "sysconfig",
    "syslog",
    "tabnanny",
    "tarfile",
    "telnetlib",
    "tempfile",
    "termios",
    "textwrap",
    "this",
    "threading",
    "time",
    "timeit",
    "tkinter",
    "token",
    "tokenize",
    "tomllib",
    "trace",
    "traceback",
    "tracemalloc",
    "tty",
    "turtle",
    "turtledemo",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uu",
    "uuid",
    "venv",
    "warnings",
    "wave",
    "weakref",
    "webbrowser",
    "winreg",
    "winsound",
    "wsgiref",
    "xdrlib",
    "xml",
    "xmlrpc",
    "zipapp",
    "zipfile",
    "zipimport",
    "zlib",
    "zoneinfo",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_the_standard_library_is_in_order() {
        assert!(STANDARD.is_sorted());
        assert_eq!(module("os.path"), "py:os.path");
        assert_eq!(module("requests"), "pypi:requests");
    }

    #[test]
    fn one_thing_has_one_name() {
        let mut names = Names::new();
        let path = names.id("py:posixpath");
        assert_eq!(&*names.text(path), "py:os.path");
        assert_eq!(names.id("py:os.path"), path);
        let shutil = names.id("py:shutil");
        let os = names.child(shutil, "os").unwrap();
        assert_eq!(os, names.id("py:os"));
    }
}
