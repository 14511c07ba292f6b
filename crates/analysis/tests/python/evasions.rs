//! Ways round a tool that reads text: each does something plain in a way that a search
//! for its name does not find.

use crate::{Case, check_all};

const RUN: &[&str] = &["Shell py:os.system id"];
const LOOP: &[&str] = &["EndlessLoop *"];

const PROCESSES: &[Case] = &[
    ("a function is given the program", "(lambda f: f('id'))(__import__('os').system)", RUN),
    ("map", "[*map(__import__('os').system, ['id'])]", RUN),
    (
        "a class is looked for among all classes",
        "for one in ().__class__.__base__.__subclasses__():\n    if one.__name__ == '_wrap_close':\n        one.__init__.__globals__['system']('id')",
        &["Shell py:os.system id ComputedName"],
    ),
    (
        "a function of the library in a class",
        "import subprocess\nclass A:\n    run = staticmethod(subprocess.check_output)\nA.run(['id'])",
        &["Spawn py:subprocess.check_output id"],
    ),
    (
        "a class of the library under another name",
        "import subprocess\nclass A(subprocess.Popen): pass\nA(['id'])",
        &["Spawn py:subprocess.Popen id"],
    ),
    ("map that is listed", "import os\nlist(map(os.system, ['id']))", RUN),
    ("a generator", "any(__import__('os').system(c) for c in ['id'])", RUN),
    ("filter", "list(filter(__import__('os').system, ['id']))", RUN),
    ("a key to sort by", "import os\nsorted(['id'], key=os.system)", RUN),
    ("a key of max", "import os\nmax(['id'], key=os.system)", RUN),
    ("the name of something else", "from os import system as print\nprint('id')", RUN),
    (
        "what a subclass begins with",
        "import os\nclass A:\n    def __init_subclass__(cls):\n        os.system('id')\nclass B(A): pass",
        &["Shell py:os.system id Load"],
    ),
    (
        "a class with brackets",
        "import os\nclass A:\n    __class_getitem__ = os.system\nA['id']",
        RUN,
    ),
    (
        "an operator",
        "import os\nclass A:\n    def __add__(self, o):\n        os.system(o)\nA() + 'id'",
        RUN,
    ),
    (
        "an operator without a name",
        "import os\nclass A:\n    __matmul__ = lambda s, o: os.system(o)\nA() @ 'id'",
        RUN,
    ),
    (
        "brackets",
        "import os\nclass A:\n    def __getitem__(self, k):\n        os.system(k)\nA()['id']",
        RUN,
    ),
    (
        "brackets on the left",
        "import os\nclass A:\n    def __setitem__(self, k, v):\n        os.system(v)\nA()[0] = 'id'",
        RUN,
    ),
    (
        "an attribute on the left",
        "import os\nclass A:\n    def __setattr__(self, k, v):\n        os.system(v)\nA().x = 'id'",
        RUN,
    ),
    (
        "a comparison",
        "import os\nclass A:\n    def __eq__(self, o):\n        os.system(o)\nA() == 'id'",
        RUN,
    ),
    (
        "whether something is in it",
        "import os\nclass A:\n    def __contains__(self, o):\n        os.system(o)\n'id' in A()",
        RUN,
    ),
    (
        "what goes through it",
        "import os\nclass A:\n    def __iter__(self):\n        os.system('id')\nfor x in A(): pass",
        &["Shell py:os.system id Load"],
    ),
    (
        "how it is written",
        "import os\nclass A:\n    def __str__(self):\n        os.system('id')\nstr(A())",
        &["Shell py:os.system id Load"],
    ),
    (
        "how it is written in a text",
        "import os\nclass A:\n    def __format__(self, s):\n        os.system(s)\nf'{A():id}'",
        RUN,
    ),
    (
        "a descriptor",
        "import os\nclass D:\n    def __get__(self, o, t):\n        return os.system\nclass A:\n    x = D()\nA().x('id')",
        RUN,
    ),
    (
        "with what has no name",
        "import os\nwith type('C', (), {'__enter__': lambda s: os.system('id'), '__exit__': lambda *a: None})(): pass",
        &["Shell py:os.system id Load"],
    ),
    (
        "when it leaves",
        "import os\nclass A:\n    def __enter__(self): return self\n    def __exit__(self, *a): os.system('id')\nwith A(): pass",
        &["Shell py:os.system id Load"],
    ),
    ("a default", "def f(c=__import__('os').system('id')): pass", &["Shell py:os.system id Load"]),
    (
        "an annotation",
        "def f(x: __import__('os').system('id')): pass",
        &["Shell py:os.system id Load"],
    ),
    (
        "an annotation of a variable",
        "x: __import__('os').system('id') = 1",
        &["Shell py:os.system id Load"],
    ),
    ("an assertion", "assert not __import__('os').system('id')", RUN),
    ("what is deleted", "del [__import__('os').system('id')][0]", RUN),
    ("what is raised", "raise SystemExit(__import__('os').system('id'))", RUN),
    ("a format in a format", "import os\nf\"{1:{os.system('id')}}\"", RUN),
    (
        "a module from its description",
        "import importlib.util as u\ns = u.find_spec('os')\nm = u.module_from_spec(s)\ns.loader.exec_module(m)\nm.system('id')",
        RUN,
    ),
    ("a loaded module that is asked for", "import sys\nsys.modules.get('os').system('id')", RUN),
    ("the attribute's own method", "import os\nos.__getattribute__('system')('id')", RUN),
    ("the type's method", "import os\ntype(os).__getattribute__(os, 'system')('id')", RUN),
    ("a plain object", "import types, os\ntypes.SimpleNamespace(r=os.system).r('id')", RUN),
    (
        "a named tuple",
        "from collections import namedtuple\nimport os\nP = namedtuple('P', 'f c')\np = P(os.system, 'id')\np.f(p.c)",
        RUN,
    ),
    (
        "a stack of exits",
        "import contextlib, os\nwith contextlib.ExitStack() as s:\n    s.callback(os.system, 'id')",
        RUN,
    ),
    ("a finalizer", "import weakref, os\nweakref.finalize(f, os.system, 'id')", RUN),
    ("a signal", "import signal, os\nsignal.signal(14, lambda *a: os.system('id'))", RUN),
    ("a schedule", "import sched, os\nsched.scheduler().enter(0, 1, os.system, ('id',))", RUN),
    ("a timer", "import threading, os\nthreading.Timer(0, os.system, ['id']).start()", RUN),
    (
        "a pool of threads",
        "from concurrent.futures import ThreadPoolExecutor as T\nimport os\nwith T() as t:\n    t.submit(os.system, 'id')",
        RUN,
    ),
    (
        "a pool of processes",
        "import multiprocessing, os\nmultiprocessing.Pool(1).map(os.system, ['id'])",
        RUN,
    ),
    (
        "an executor of a loop",
        "import asyncio, os\nasyncio.get_event_loop().run_in_executor(None, os.system, 'id')",
        RUN,
    ),
    (
        "the library of C",
        "import ctypes\nctypes.CDLL(None).system(b'id')",
        &["Shell py:ctypes.CDLL.system id"],
    ),
    (
        "any program of the shell",
        "from subprocess import *\ncall(['sh', '-c', 'id'])",
        &["Spawn py:subprocess.call sh id"],
    ),
    ("a pair", "import os\n(os.system, print)[0]('id')", RUN),
    ("a dictionary that is asked", "import os\n{'a': os.system}.get('a')('id')", RUN),
    ("a dictionary in a dictionary", "import os\n{**{'a': os.system}}['a']('id')", RUN),
    ("the names of a module that are asked", "import os\nos.__dict__.get('system')('id')", RUN),
    ("a pattern", "import os\nmatch os:\n    case object(system=s):\n        s('id')", RUN),
    (
        "one of all names",
        "import os\n[getattr(os, n) for n in dir(os) if n[:4] == 'syst'][0]('id')",
        &["Opaque py:unknown id ComputedName"],
    ),
    (
        "one of all classes by its name",
        "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0]('id', shell=True)",
        &["Opaque * ComputedName"],
    ),
    (
        "letters of mathematics",
        "import os as \u{1d490}\u{1d494}\n\u{1d490}\u{1d494}.system('id')",
        RUN,
    ),
    (
        "a table that logging makes",
        "import logging.config\nlogging.config.dictConfig({'version': 1, 'formatters': {'x': {'()': 'os.system', 'command': 'id'}}})",
        &["Shell py:os.system id"],
    ),
];

const CODE: &[Case] = &[
    (
        "a syntax tree",
        "import ast\neval(compile(ast.parse(\"__import__('os').system('id')\", mode='eval'), '', 'eval'))",
        RUN,
    ),
    (
        "numbers in a text",
        "exec(''.join(map(chr, map(int, '105 109 112 111 114 116 32 111 115 59 111 115 46 115 121 115 116 101 109 40 39 105 100 39 41'.split()))))",
        &["Shell py:os.system id CharacterCodes"],
    ),
    ("the text of bytes", "exec(str(b'import os;os.system(\"id\")', 'utf-8'))", RUN),
    ("a view of bytes", "exec(memoryview(b'import os;os.system(\"id\")').tobytes())", RUN),
    (
        "a quoted mail",
        "import quopri\nexec(quopri.decodestring(b'import=20os;os.system(\"id\")'))",
        RUN,
    ),
    (
        "an address that is unquoted",
        "from urllib.parse import unquote\nexec(unquote('import%20os%3Bos.system(%22id%22)'))",
        RUN,
    ),
    ("a page", "import html\nexec(html.unescape('import os;os.system(&quot;id&quot;)'))", RUN),
    (
        "the file itself",
        "exec(open(__file__).read().split('#!')[-1])\n#!import os;os.system(\"id\")\n",
        RUN,
    ),
    ("its own description", "\"\"\"import os;os.system('id')\"\"\"\nexec(__doc__)", RUN),
    (
        "a function's description",
        "def f():\n    \"\"\"import os;os.system('id')\"\"\"\nexec(f.__doc__)",
        RUN,
    ),
    (
        "builtins as a dictionary",
        "import builtins\nvars(builtins)['exec'](\"import os;os.system('id')\")",
        RUN,
    ),
    (
        "builtins from the names of a module",
        "globals()['__buil' + 'tins__'].__dict__['ev' + 'al'](\"__import__('os').system('id')\")",
        RUN,
    ),
    (
        "a method of builtins",
        "__builtins__.__getattribute__('exec')(\"import os;os.system('id')\")",
        RUN,
    ),
    (
        "what is taken from the end",
        "d = ['\")', 'id', '(\"', 'em', 'os.syst', 'import os;']\ns = ''\nwhile d:\n    s += d.pop()\nexec(s)",
        RUN,
    ),
    (
        "what is deleted is gone",
        "d = {0: 'import', 1: ' os;', 2: 'os.system(\"id\")'}\ns = ''\nk = 0\nwhile d:\n    s += d[k]\n    del d[k]\n    k += 1\nexec(s)",
        RUN,
    ),
    (
        "a pickle",
        "import pickle\npickle.loads(b\"cos\\nsystem\\n(S'id'\\ntR.\")",
        &["Deserialize py:pickle.loads", "Shell py:os.system id Serialised"],
    ),
    (
        "a pickle of the newer form",
        "import pickle\npickle.loads(b'\\x80\\x04\\x95\\x1d\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x8c\\x05posix\\x94\\x8c\\x06system\\x94\\x93\\x94\\x8c\\x02id\\x94\\x85\\x94R\\x94.')",
        &["Shell py:os.system id Serialised"],
    ),
    (
        "a pickle in base64",
        "import pickle, base64\npickle.loads(base64.b64decode('Y29zCnN5c3RlbQooUydpZCcKdFIu'))",
        &["Shell py:os.system id Serialised Base64"],
    ),
    (
        "what is pickled says how it is made",
        "import os\nclass A:\n    def __reduce__(self):\n        return (os.system, ('id',))",
        &["Shell py:os.system id Serialised"],
    ),
    (
        "a tag of YAML",
        "import yaml\nyaml.load(\"!!python/object/apply:os.system ['id']\", Loader=yaml.UnsafeLoader)",
        &["Shell py:os.system id Serialised"],
    ),
    (
        "names in marshalled code",
        "import marshal\nexec(marshal.loads(b'c\\x00\\x00\\x00\\x00zaZ\\x02os\\x94system\\xda\\x02id\\x94'))",
        &["DynamicCode py:builtins.exec Serialised system"],
    ),
];

const NETWORK_AND_FILES: &[Case] = &[
    (
        "an address of numbers",
        "import urllib.request as u\nu.urlopen('http' + '://' + '.'.join(map(str, [1, 2, 3, 4])))",
        &["Request py:urllib.request.urlopen http://1.2.3.4"],
    ),
    (
        "a request that was made before",
        "from urllib.request import Request as R, urlopen as o\no(R('http://e.example'))",
        &["Request py:urllib.request.urlopen http://e.example"],
    ),
    (
        "map of deletions",
        "import os\nlist(map(os.remove, ['/a']))",
        &["FileDelete py:os.remove /a"],
    ),
    (
        "a method without its object",
        "from pathlib import Path as P\nP.unlink(P('/a'))",
        &["FileDelete py:pathlib.Path.unlink /a"],
    ),
    (
        "a home folder",
        "__import__('shutil').rmtree(__import__('pathlib').Path.home())",
        &["FileDelete py:shutil.rmtree ~"],
    ),
];

const LOOPS: &[Case] = &[
    ("not nothing", "while not None: pass", LOOP),
    ("two lists", "while [] == []: pass", LOOP),
    ("one or anything", "import x\nwhile 1 or x.y: pass", LOOP),
    ("a text that is there", "while 'a' in 'abc': pass", LOOP),
    ("a length", "while len('a'): pass", LOOP),
    ("iter with a sentinel", "for _ in iter(int, 1): pass", LOOP),
    ("count", "import itertools\nfor i in itertools.count(): pass", LOOP),
    ("itself", "def f():\n    f()\nf()", LOOP),
    ("a loop in a comprehension", "import itertools\n[0 for _ in itertools.count()]", LOOP),
];

const MINING: &[Case] = &[
    (
        "a program that mines",
        "import os\nos.system('./xmrig -o stratum+tcp://pool.example:3333 -u wallet')",
        &["Mining py:os.system stratum"],
    ),
    (
        "the words of a pool",
        "import socket\ns = socket.socket()\ns.connect(('pool.example', 3333))\ns.sendall(b'{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": []}\\n')",
        &["Mining py:socket.socket.sendall mining.subscribe"],
    ),
    (
        "an address of a pool in pieces",
        "import subprocess\nsubprocess.Popen(['./x', '-o', 'stra' + 'tum+ssl://' + 'e.example:1'])",
        &["Mining py:subprocess.Popen stratum+ssl"],
    ),
    (
        "a pool is spoken to in JSON",
        "import json, socket\ns = socket.create_connection(('pool.example', 3333))\ns.send(json.dumps({'id': 1, 'method': 'mining.subscribe', 'params': []}).encode())",
        &["Mining py:socket.socket.send mining.subscribe"],
    ),
    ("a word in a document is none", "print('stratum+tcp://pool.example')", &["nothing"]),
];

#[test]
fn a_program_that_starts_in_an_unusual_way_is_seen() {
    check_all(PROCESSES);
}

#[test]
fn code_that_comes_to_be_in_an_unusual_way_is_followed() {
    check_all(CODE);
}

#[test]
fn requests_and_files_in_an_unusual_way_are_seen() {
    check_all(NETWORK_AND_FILES);
}

#[test]
fn loops_without_an_end_are_seen_however_they_are_written() {
    check_all(LOOPS);
}

#[test]
fn mining_is_seen_by_what_it_says() {
    check_all(MINING);
}
