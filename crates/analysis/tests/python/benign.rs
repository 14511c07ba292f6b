//! Honest programs that look like others: nothing is seen, or not that.

use crate::{Case, check_all};

const CASES: &[Case] = &[
    ("a method that is called eval", "model.eval()\ndf.eval('a + b')", &["nothing"]),
    ("a method that is called exec", "cursor.exec('select 1')\nself.exec('x')", &["nothing"]),
    (
        "a function of one's own that is called system",
        "def system(x):\n    return x\nsystem('id')",
        &["nothing"],
    ),
    ("a text that looks like code", "x = 'exec(base64.b64decode(1))'\nprint(x)", &["nothing"]),
    (
        "a comment that looks like code",
        "# exec('import os; os.system(\"id\")')\nx = 1",
        &["nothing"],
    ),
    ("a document that looks like code", "\"\"\"os.system('id')\"\"\"\n", &["nothing"]),
    ("a regular expression is compiled", "import re\nre.compile('a+')", &["nothing"]),
    (
        "paths are put together",
        "import os\np = os.path.join(os.path.dirname(__file__), 'a', 'b')",
        &["nothing"],
    ),
    ("base64 of a picture", "import base64\nICON = base64.b64decode('aGVsbG8=')", &["nothing"]),
    (
        "a class with slots",
        "class A:\n    __slots__ = ('a',)\n    def __init__(self, a=None):\n        self.a = a or []\n    def __repr__(self):\n        return 'A(%r)' % self.a",
        &["nothing"],
    ),
    (
        "a loop that ends",
        "i = 0\nwhile i < 10:\n    i += 1\nwhile True:\n    i -= 1\n    if i < 0:\n        break",
        &["nothing"],
    ),
    ("a loop that waits", "import time\nwhile True:\n    time.sleep(1)", &["no EndlessLoop"]),
    ("a generator that goes on", "def f():\n    while True:\n        yield 1", &["no EndlessLoop"]),
    (
        "a server",
        "def serve(s):\n    while True:\n        c = s.accept()\n        handle(c)",
        &["no EndlessLoop"],
    ),
    (
        "recursion that ends",
        "def f(n):\n    if n == 0:\n        return 1\n    return n * f(n - 1)",
        &["nothing"],
    ),
    (
        "getattr with a default",
        "import sys\nx = getattr(sys, 'frozen', False)\ny = getattr(self, name, None)",
        &["nothing"],
    ),
    (
        "a module that may be missing",
        "try:\n    import simplejson as json\nexcept ImportError:\n    import json\njson.dumps({})",
        &["nothing"],
    ),
    (
        "a table of names",
        "NAMES = {'a': 1, 'b': [1, 2, 3]}\nfor k, v in NAMES.items():\n    print(k, v)",
        &["nothing"],
    ),
    (
        "a data class",
        "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    x: int = 0\n    y: list = field(default_factory=list)",
        &["nothing"],
    ),
    ("a safe yaml", "import yaml\nyaml.safe_load('a: 1')", &["nothing"]),
    ("json of a text", "import json\njson.loads('{}')", &["nothing"]),
    ("hashes", "import hashlib\nhashlib.sha256(b'x').hexdigest()", &["nothing"]),
    (
        "a type for a checker",
        "from typing import TYPE_CHECKING, Optional\nif TYPE_CHECKING:\n    from os import PathLike\ndef f(a: Optional['PathLike[str]']) -> None: ...",
        &["nothing"],
    ),
    (
        "a list is compiled from text",
        "words = 'a b c'.split()\nupper = [w.upper() for w in words]\n', '.join(upper)",
        &["nothing"],
    ),
    (
        "a logger",
        "import logging\nlog = logging.getLogger(__name__)\nlog.info('import os; os.system(1)')",
        &["nothing"],
    ),
    (
        "super",
        "class A(Base):\n    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n        self.run()",
        &["nothing"],
    ),
    (
        "letters of other languages",
        "gr\u{fc}\u{df}e = 'h\u{e9}llo \u{4f60}\u{597d}'\nprint(gr\u{fc}\u{df}e)",
        &["nothing"],
    ),
    ("an emoji with a selector", "x = '\u{2764}\u{fe0f} \u{26a0}\u{fe0f}'", &["nothing"]),
    (
        "a long line",
        "x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40]",
        &["nothing"],
    ),
    (
        "escapes that are needed",
        "x = '\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d\\x0e\\x0f\\x10\\x11\\x12\\x13'",
        &["nothing"],
    ),
    (
        "a threads's lock",
        "import threading\nlock = threading.Lock()\nwith lock:\n    pass",
        &["nothing"],
    ),
    (
        "a counter",
        "import itertools\nids = itertools.count()\nfor i in zip(ids, 'abc'):\n    print(i)",
        &["nothing"],
    ),
    (
        "a method that calls a function of its name",
        "from m import go\nclass A:\n    def go(self):\n        return go(self)",
        &["nothing"],
    ),
    (
        "a module by a name that is configured, and what is called of it",
        "import importlib, sys\ndef f(n):\n    m = importlib.import_module(n)\n    m.go(1)\n    sys.modules[n].go(1)\n    globals()[n](1)",
        &["no Opaque"],
    ),
    (
        "classes that know who extends them",
        "class A: pass\ndef f(cls):\n    for c in cls.__subclasses__() + A.__subclasses__():\n        c.go(1)\n    for b in cls.__mro__:\n        b.go(1)\n    getattr(cls, 'go')(1)",
        &["nothing"],
    ),
    ("names in order", "I = 1\nl = 2\nO = 0\n_ = 1\n__ = 2", &["nothing"]),
];

#[test]
fn honest_programs_are_left_alone() {
    check_all(CASES);
}
