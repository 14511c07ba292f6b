//! Loops that cannot end, and text that is made hard to read.

use crate::{Case, check_all};

const ENDLESS: &[&str] = &["EndlessLoop py:while"];

const CASES: &[Case] = &[
    ("while true", "while True:\n    pass", ENDLESS),
    ("while one", "while 1:\n    x = 1", ENDLESS),
    ("while a constant that is computed", "while not False:\n    x = 1", ENDLESS),
    ("while a comparison that is true", "while 1 < 2:\n    x = 'a'", ENDLESS),
    ("while a text", "while 'a':\n    print('x')", ENDLESS),
    ("while a name that nobody changes", "go = True\nwhile go:\n    x = 1", ENDLESS),
    ("a loop that goes away from its end", "i = 1\nwhile i > 0:\n    i += 1", ENDLESS),
    ("memory without end", "l = []\nwhile True:\n    l.append('x' * 1000)", ENDLESS),
    ("processes without end", "import os\nwhile True:\n    os.fork()", ENDLESS),
    (
        "a break of an inner loop ends no outer one",
        "while True:\n    for i in range(3):\n        break",
        ENDLESS,
    ),
    (
        "over a cycle",
        "import itertools\nfor x in itertools.cycle([1]):\n    pass",
        &["EndlessLoop py:for"],
    ),
    (
        "over a count",
        "from itertools import count\nfor x in count():\n    y = x",
        &["EndlessLoop py:for"],
    ),
    ("over iter of a function", "for x in iter(int, 1):\n    pass", &["EndlessLoop py:for"]),
    ("a function that only calls itself", "def f():\n    f()\nf()", &["EndlessLoop py:recursion"]),
    (
        "a method that only calls itself",
        "class A:\n    def go(self):\n        return self.go()",
        &["EndlessLoop py:recursion"],
    ),
    (
        "in a function that nobody calls",
        "def f():\n    while True:\n        pass",
        &["EndlessLoop py:while Call"],
    ),
    ("a return ends a loop", "def f():\n    while True:\n        return 1", &["no EndlessLoop"]),
    ("an exception ends a loop", "while True:\n    raise StopIteration", &["no EndlessLoop"]),
    (
        "names made by a program",
        "_0x1a2b = 1\n_0x1a2c = 2\n_0x1a2d = 3\n_0x1a2e = 4\n_0x1a2f = 5\n_0x1b2a = 6\n",
        &["Obfuscation py:names MangledNames"],
    ),
    (
        "names that all look the same",
        "IllIIlI = 1\nIllIIll = 2\nIllIlII = 3\nIllIlIl = 4\nIlllIlI = 5\nIlIlIlI = 6\n",
        &["Obfuscation py:names MangledNames"],
    ),
    (
        "three long names that nobody can tell apart",
        "O0OO00O0O0 = 1\nOO0O0O00OO = 2\nO00OO0O00O = 3\n",
        &["Obfuscation py:names MangledNames"],
    ),
    (
        "a statement off the screen",
        "x = 1;                                                                                                                                                                                              __import__('os').system('id')",
        &["Obfuscation py:text OffScreen", "Shell py:os.system id"],
    ),
    ("letters that turn the direction", "x = '\u{202e}'", &["Obfuscation py:text Confusables"]),
    (
        "data in letters that show nothing",
        "x = '\u{fe01}\u{fe02}\u{fe03}\u{fe04}\u{fe05}\u{fe06}'",
        &["Obfuscation py:text Confusables"],
    ),
];

#[test]
fn what_never_ends_and_what_hides_is_said() {
    check_all(CASES);
}
