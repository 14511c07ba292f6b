//! Other ways to a name.

use crate::{Case, check_all};

const RUN: &[&str] = &["Shell py:os.system id"];

const CASES: &[Case] = &[
    ("import as", "import os as o\no.system('id')", RUN),
    ("from import as", "from os import system as s\ns('id')", RUN),
    ("from import everything", "from os import *\nsystem('id')", RUN),
    ("a name bound again", "import os\na = os\nb = a.system\nb('id')", RUN),
    ("getattr", "import os\ngetattr(os, 'system')('id')", &["Shell py:os.system id ComputedName"]),
    (
        "getattr with pieces",
        "import os\ngetattr(os, 'sys' + 'tem')('id')",
        &["Shell py:os.system id ComputedName Pieces"],
    ),
    (
        "getattr with reversed text",
        "import os\ngetattr(os, 'metsys'[::-1])('id')",
        &["Shell py:os.system id Reversal"],
    ),
    (
        "getattr with joined letters",
        "import os\ngetattr(os, ''.join(['s','y','s','t','e','m']))('id')",
        RUN,
    ),
    (
        "getattr with character codes",
        "import os\ngetattr(os, ''.join(map(chr, [115,121,115,116,101,109])))('id')",
        &["Shell py:os.system id CharacterCodes"],
    ),
    (
        "__import__",
        "__import__('os').system('id')",
        &["Shell py:os.system id ComputedName", "Import py:os os"],
    ),
    (
        "__import__ with pieces",
        "__import__('o' + 's').system('id')",
        &["Shell py:os.system id", "DynamicImport py:builtins.__import__ Pieces"],
    ),
    ("importlib", "import importlib\nimportlib.import_module('os').system('id')", RUN),
    (
        "importlib from",
        "from importlib import import_module as m\nm('subprocess').call('id', shell=True)",
        &["Shell py:subprocess.call id"],
    ),
    ("builtins by name", "import builtins\nbuiltins.exec('import os; os.system(\"id\")')", RUN),
    (
        "builtins by attribute of builtins",
        "getattr(__builtins__, 'exec')('import os; os.system(\"id\")')",
        RUN,
    ),
    (
        "builtins by dictionary",
        "__builtins__.__dict__['ex' + 'ec']('import os; os.system(\"id\")')",
        RUN,
    ),
    ("builtins by subscript", "__builtins__['eval']('__import__(\"os\").system(\"id\")')", RUN),
    ("globals", "import os\nglobals()['os'].system('id')", RUN),
    (
        "globals and builtins",
        "globals()['__builtins__'].eval('__import__(\"os\").system(\"id\")')",
        RUN,
    ),
    ("locals", "import os\nlocals()['os'].system('id')", RUN),
    ("vars of a module", "import os\nvars(os)['system']('id')", RUN),
    ("the dictionary of a module", "import os\nos.__dict__['system']('id')", RUN),
    ("modules that are loaded", "import sys\nsys.modules['os'].system('id')", RUN),
    ("a module through another", "import shutil\nshutil.os.system('id')", RUN),
    ("a module through another with a line", "import random\nrandom._os.system('id')", RUN),
    ("posix", "import posix\nposix.system('id')", RUN),
    (
        "all classes",
        "().__class__.__base__.__subclasses__()[140].__init__.__globals__['system']('id')",
        &["Opaque py:builtins.object.__subclasses__ ComputedName"],
    ),
    (
        "from any class to a module",
        "''.__class__.__mro__[1].__subclasses__()[100].__init__.__globals__['os'].system('id')",
        RUN,
    ),
    (
        "from a function to its globals",
        "def f(): pass\nf.__globals__['__builtins__']",
        &["nothing"],
    ),
    ("attrgetter", "import operator, os\noperator.attrgetter('system')(os)('id')", RUN),
    ("methodcaller", "import operator, os\noperator.methodcaller('system', 'id')(os)", RUN),
    ("itemgetter", "import operator, os\noperator.itemgetter('system')(vars(os))('id')", RUN),
    ("partial", "import functools, os\nfunctools.partial(os.system, 'id')()", RUN),
    ("reduce", "import functools, os\nfunctools.reduce(getattr, ['system'], os)('id')", RUN),
    ("a lambda", "import os\nf = lambda c: os.system(c)\nf('id')", RUN),
    (
        "a closure",
        "import os\ndef make(f):\n    def run(c):\n        return f(c)\n    return run\nmake(os.system)('id')",
        RUN,
    ),
    (
        "a decorator",
        "import os\ndef deco(f):\n    def w(c):\n        os.system(c)\n    return w\n@deco\ndef g(c): pass\ng('id')",
        RUN,
    ),
    ("a class attribute", "import os\nclass A:\n    run = os.system\nA.run('id')", RUN),
    (
        "a method",
        "import os\nclass A:\n    def go(self, c):\n        os.system(c)\nA().go('id')",
        RUN,
    ),
    (
        "an attribute of an instance",
        "import os\nclass A:\n    def __init__(self, c):\n        self.c = c\n        self.f = os.system\n    def go(self):\n        self.f(self.c)\nA('id').go()",
        RUN,
    ),
    (
        "__getattr__ of a class",
        "import os\nclass A:\n    def __getattr__(self, n):\n        return getattr(os, n)\nA().system('id')",
        RUN,
    ),
    (
        "a base class",
        "import os\nclass A:\n    def go(self): os.system('id')\nclass B(A): pass\nB().go()",
        RUN,
    ),
    ("setattr", "import os\nclass A: pass\nsetattr(A, 'x', os.system)\nA.x('id')", RUN),
    (
        "letters of full width",
        "import os\nos.\u{ff53}ystem('id')",
        &["Shell py:os.system id Confusables"],
    ),
    (
        "a name of full width",
        "\u{ff45}\u{ff56}\u{ff41}\u{ff4c}('__import__(\"os\").system(\"id\")')",
        &["DynamicCode py:builtins.eval Confusables", "Shell py:os.system id"],
    ),
    ("a walrus", "import os\n(f := os.system)('id')", RUN),
    ("unpacked", "import os\na, b = os.system, 'id'\na(b)", RUN),
    ("unpacked with a star", "import os\na, *b = [os.system, 'id']\na(*b)", RUN),
    (
        "arguments from a dictionary",
        "import subprocess\nsubprocess.run(**{'args': 'id', 'shell': True})",
        &["Shell py:subprocess.run id"],
    ),
    ("a table of functions", "import os\nt = {'a': os.system}\nt['a']('id')", RUN),
    ("one of a list", "import os\n[print, os.system][1]('id')", RUN),
    (
        "either of two",
        "import os, sys\nf = os.system if len(sys.argv) > 1 else print\nf('id')",
        RUN,
    ),
    (
        "type makes a class",
        "import os\nA = type('A', (), {'go': lambda s: os.system('id')})\nA().go()",
        RUN,
    ),
    ("a generator", "import os\ndef g():\n    yield os.system\nfor f in g():\n    f('id')", RUN),
    ("a default", "import os\ndef f(c, run=os.system):\n    run(c)\nf('id')", RUN),
    (
        "a global that is set by a function",
        "import os\ndef f():\n    global run\n    run = os.system\nf()\nrun('id')",
        RUN,
    ),
    (
        "after try",
        "try:\n    from nothing import x\nexcept ImportError:\n    import os as x\nx.system('id')",
        RUN,
    ),
    ("in a handler", "try:\n    1/0\nexcept:\n    __import__('os').system('id')", RUN),
    ("in finally", "import os\ntry:\n    pass\nfinally:\n    os.system('id')", RUN),
    (
        "with",
        "import os, contextlib\nwith contextlib.suppress(Exception):\n    os.system('id')",
        RUN,
    ),
    ("match", "import os\nmatch 1:\n    case 1:\n        os.system('id')", RUN),
    (
        "a thread",
        "import os, threading\nthreading.Thread(target=os.system, args=('id',)).start()",
        RUN,
    ),
    (
        "a thread of one's own class",
        "import os, threading\nclass T(threading.Thread):\n    def run(self):\n        os.system('id')\nT().start()",
        &["Shell py:os.system id Load"],
    ),
    (
        "at exit",
        "import os, atexit\n@atexit.register\ndef f():\n    os.system('id')",
        &["Shell py:os.system id Load"],
    ),
    ("operator.call", "import operator, os\noperator.call(os.system, 'id')", RUN),
    ("pkgutil resolves", "import pkgutil\npkgutil.resolve_name('os:system')('id')", RUN),
    ("the dunder call", "import os\nos.system.__call__('id')", RUN),
    ("__getattribute__", "import os\nobject.__getattribute__(os, 'system')('id')", RUN),
    (
        "a name that is not known of a module that matters",
        "import os\ndef f(n):\n    getattr(os, n)('id')",
        &["Opaque py:unknown id ComputedName"],
    ),
];

#[test]
fn every_way_to_a_name_leads_to_it() {
    check_all(CASES);
}
