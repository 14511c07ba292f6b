//! Input that is made to break what reads it.

use crate::{check, traced, whole};

fn deep(text: &str) {
    let trace = traced(&[("plugin.py", text.as_bytes())]);
    assert!(!whole(&trace), "a file of {} bytes is whole", text.len());
}

#[test]
fn what_is_nested_a_hundred_thousand_deep_is_read_as_far_as_can_be() {
    let n = 100_000;
    let after = "\nimport os\nos.system('id')\n";
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("{1:", "1", "}"),
        ("not ", "1", ""),
        ("-", "1", ""),
        ("~", "1", ""),
        ("lambda: ", "1", ""),
        ("f(", "", ")"),
        ("1+", "1", ""),
        ("a if b else ", "c", ""),
        ("await ", "x", ""),
        ("a**", "1", ""),
        ("x:=", "1", ""),
        ("*", "a", ""),
        ("a.", "b", ""),
        ("a and not ", "b", ""),
        ("a<", "b", ""),
    ] {
        let text = format!("x = {}{middle}{}{after}", open.repeat(n), close.repeat(n));
        let trace = traced(&[("plugin.py", text.as_bytes())]);
        let wrong = check(&trace, open, &["Shell py:os.system id"]);
        assert!(wrong.is_empty() && !whole(&trace), "{open}: {wrong:?}");
    }
    deep(&"(".repeat(n));
    deep(&"f'{".repeat(n));
    deep(&format!("x{}", "()".repeat(n)));
    deep(&format!("x{}", "[0]".repeat(n)));
    deep(&"class A: ".repeat(n));
    deep(&"if x: ".repeat(n));
}

#[test]
fn what_is_nested_just_within_the_bound_needs_no_more_stack_than_there_is() {
    let n = 19_000;
    for (open, close) in [("(", ")"), ("not ", ""), ("-", ""), ("lambda: ", ""), ("[", "]")] {
        let n = if open == "lambda: " { n / 2 } else { n };
        let text =
            format!("x = {}1{}\nimport os\nos.system('id')\n", open.repeat(n), close.repeat(n));
        let wrong =
            check(&traced(&[("plugin.py", text.as_bytes())]), open, &["Shell py:os.system id"]);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    let blocks: String = (0..1_000).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    traced(&[("plugin.py", format!("{blocks}{}pass\n", " ".repeat(1_000)).as_bytes())]);
}

#[test]
fn a_chain_of_ten_thousand_pieces_is_put_together() {
    let pieces: String = "import os;os.system('id')#"
        .chars()
        .chain("x".repeat(5_000).chars())
        .map(|letter| format!("\"{letter}\"+"))
        .collect();
    let text = format!("exec({pieces}\"\")");
    let wrong =
        check(&traced(&[("plugin.py", text.as_bytes())]), "pieces", &["Shell py:os.system id"]);
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_line_of_many_megabytes_is_read_at_its_ends() {
    let mut text = "import os\nos.system('first')\n".to_owned();
    text.push_str(&format!("x = '{}'\n", "a".repeat(20 << 20)));
    text.push_str("os.system('last')\n");
    let trace = traced(&[("plugin.py", text.as_bytes())]);
    assert!(!whole(&trace));
    let wrong = check(&trace, "ends", &["Shell py:os.system first"]);
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn bombs_of_every_kind_end() {
    for text in [
        "x = 'a'\nfor i in range(100):\n    x = x + x\n",
        "x = 'a' * 10 ** 10\n",
        "x = [[0] * 1000000] * 1000000\n",
        "x = list(range(10 ** 12))\n",
        "def f(n):\n    return f(n - 1) + f(n - 2)\nf(100)\n",
        "def f(x):\n    return f(x)\nf('a')\n",
        "a = []\na.append(a)\nprint(a)\nb = {'b': a}\nb['b'] = b\nimport os\nos.system(b)\n",
        "x = []\nfor i in range(100000):\n    x = [x]\n",
        "for a in range(10000):\n    for b in range(10000):\n        for c in range(10000):\n            d = a ^ b ^ c\n",
        "exec('x = 1;' * 1000000)\n",
        "s = 'exec(s)'\nexec(s)\n",
        "import functools\nf = print\nfor i in range(100000):\n    f = functools.partial(f, 1)\nf()\n",
        "x = 2 ** 100000\ny = 1 << 10 ** 9\nz = -2 ** 63 // -1\nw = 5 % 0\nv = (-9223372036854775808) // -1\nu = abs(-9223372036854775807 - 1)\n",
        "'%999999999d' % 1\n'{:999999999}'.format(1)\nf'{1:999999999}'\n",
        "class A:\n    def __getattr__(self, n):\n        return getattr(self, n + 'x')\nA().a\n",
        "x = lambda f: f(f)\nx(x)\n",
        "def f():\n    yield from f()\nlist(f())\n",
        "class A(A): pass\nA().x\n",
        "x = x.y.z\nwhile x:\n    x = x.a\n",
        "''.join('a' for a in range(10 ** 9))\n",
        "from . import plugin\nfrom .plugin import *\nimport plugin\n",
        "import zlib,base64\nzlib.decompress(base64.b64decode('eJztwTEBAAAAwqD1T20ND6AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'))\n",
        "global x\nnonlocal y\nreturn 1\nyield 2\nawait 3\nbreak\ncontinue\n",
        "x[",
        "def",
        "\0\0\0",
        "print 'hello'\nexec 'x'\nraise E, 'x'\ntry:\n pass\nexcept E, e:\n pass\n`x`\n0777\n",
        "if\nwhile\nfor x\nimport\nfrom\nclass\n@\n",
        "match x:\n    case [*a, *b]: pass\n",
        "x = b'\\xff'.decode('utf-16')\ny = '\\ud800'\n'\\N{BULLET}'\n",
        "int('9' * 5000)\nint('zz', 36)\nint('1', 99)\nchr(-1)\nchr(0xd800)\nbytes([300])\n''[5]\n()[-1]\n''[::0]\n",
    ] {
        traced(&[("plugin.py", text.as_bytes())]);
    }
}

#[test]
fn a_file_in_another_encoding_is_read_in_it() {
    let expected = ["Shell py:os.system id"];
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("import os\nos.system('id')".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for bytes in [
        b"# -*- coding: latin-1 -*-\nx = '\xe9\xff'\nimport os\nos.system('id')".to_vec(),
        b"# -*- coding: utf-7 -*-\nimport os\nos.+AHMAeQBzAHQAZQBt-('id')".to_vec(),
        b"\xef\xbb\xbfimport os\nos.system('id')".to_vec(),
        b"import os\nx = '\xff\xfe'\nos.system('id')".to_vec(),
        b"# coding: rot13\nvzcbeg bf\nbf.flfgrz('vq')".to_vec(),
        b"import os\ros.system('id')".to_vec(),
        utf16,
    ] {
        let wrong =
            check(&traced(&[("plugin.py", &bytes)]), &String::from_utf8_lossy(&bytes), &expected);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

#[test]
fn what_python_does_not_accept_is_still_read_where_it_can_be() {
    let trace = traced(&[(
        "plugin.py",
        b"import os\nprint 'x'\nos.system('id')\ndef f(x=):\n  y = = 2\nos.popen('id')\n",
    )]);
    assert!(!whole(&trace));
    let wrong = check(&trace, "errors", &["Shell py:os.system id", "Shell py:os.popen id"]);
    assert!(wrong.is_empty(), "{wrong:?}");
}
