use super::*;
use proptest::prelude::*;

fn read(files: &[(&str, &str)]) -> Found {
    let mut lists = Lists::default();
    for (path, text) in files {
        lists.read(path, text.as_bytes());
    }
    lists.finish()
}

fn told(found: &Found) -> Vec<String> {
    let word = |component: &Component| {
        let version = component.version.as_deref().unwrap_or("?");
        let development = if component.development { " (development)" } else { "" };
        format!("{} {} {version}{development}", component.ecosystem, component.name)
    };
    found.components().map(word).collect()
}

fn components(path: &str, text: &str) -> Vec<String> {
    let found = read(&[(path, text)]);
    assert_eq!(found.unread_parts(), [], "{path}");
    told(&found)
}

#[test]
fn a_lock_of_npm_is_read_in_each_of_its_three_versions() {
    let new = r#"{ "lockfileVersion": 3, "packages": {
        "": { "name": "app", "version": "1.0.0" },
        "packages/part": { "name": "part", "version": "1.0.0" },
        "node_modules/part": { "resolved": "packages/part", "link": true },
        "node_modules/lodash": { "version": "4.17.15" },
        "node_modules/@a/b/node_modules/lodash": { "version": "3.0.0", "dev": true },
        "node_modules/alias": { "name": "real", "version": "2.0.0", "devOptional": true },
        "node_modules/from-git": { "resolved": "git+ssh://git@example.com/x.git#0" } } }"#;
    let known = [
        "npm from-git ?",
        "npm lodash 3.0.0 (development)",
        "npm lodash 4.17.15",
        "npm real 2.0.0 (development)",
    ];
    assert_eq!(components("package-lock.json", new), known);
    let old = r#"{ "lockfileVersion": 1, "dependencies": {
        "lodash": { "version": "4.17.15", "requires": { "x": "1" }, "dependencies": {
            "deep": { "version": "1.0.0" } } },
        "alias": { "version": "npm:@s/real@2.0.0", "dev": true } } }"#;
    let known = ["npm @s/real 2.0.0 (development)", "npm deep 1.0.0", "npm lodash 4.17.15"];
    assert_eq!(components("sub/npm-shrinkwrap.json", old), known);
}

#[test]
fn installed_packages_of_npm_are_read_and_what_lies_within_them_is_not() {
    let package = |name: &str| format!(r#"{{ "name": "{name}", "version": "1.0.0" }}"#);
    let (a, b, c, d) = (package("a"), package("@s/b"), package("c"), package("fixture"));
    let found = read(&[
        ("node_modules/a/package.json", &a),
        ("node_modules/@s/b/package.json", &b),
        ("node_modules/.pnpm/c@1.0.0/node_modules/c/package.json", &c),
        ("node_modules/a/test/fixtures/package.json", &d),
        ("node_modules/a/package-lock.json", "not read"),
        ("node_modules/a/requirements.txt", "not-read==1.0"),
        ("node_modules/a/yarn.lock", "not read"),
    ]);
    assert_eq!(told(&found), ["npm @s/b 1.0.0", "npm a 1.0.0", "npm c 1.0.0"]);
    assert_eq!(found.unread_parts(), []);
}

#[test]
fn the_target_itself_is_checked_unless_it_is_private() {
    let package = r#"{ "name": "evil", "version": "1.0.0" }"#;
    assert_eq!(components("package.json", package), ["npm evil 1.0.0"]);
    assert_eq!(components("package/package.json", package), ["npm evil 1.0.0"]);
    let private = r#"{ "name": "app", "version": "1.0.0", "private": true }"#;
    assert!(components("package.json", private).is_empty());
}

#[test]
fn dependencies_whose_versions_nobody_says_are_told_and_not_taken_for_none() {
    let wants = r#"{ "private": true, "dependencies": { "lodash": "^4" } }"#;
    let why = |found: &Found| found.unread_parts().first().map(|unread| unread.why.clone());
    assert!(why(&read(&[("package.json", wants)])).unwrap().contains("no lock file"));
    let lock = ("package-lock.json", r#"{ "packages": {} }"#);
    assert_eq!(why(&read(&[("package.json", wants), lock])), None);
    let installed = ("node_modules/lodash/package.json", r#"{"name":"lodash","version":"4.0.0"}"#);
    assert_eq!(why(&read(&[installed, ("package.json", wants)])), None);
    let packed = ("package/node_modules/a/package.json", r#"{"name":"a","version":"4.0.0"}"#);
    assert_eq!(why(&read(&[packed, ("package/package.json", wants)])), None);
    let project = "[project]\nname = \"x\"\ndependencies = [\"requests\"]\n";
    assert!(why(&read(&[("pyproject.toml", project)])).is_some());
    assert_eq!(why(&read(&[("pyproject.toml", project), ("uv.lock", "")])), None);
    assert!(why(&read(&[("yarn.lock", "")])).is_some());
    for broken in ["package-lock.json", "uv.lock", "bom.json", "Pipfile.lock", "package.json"] {
        assert!(why(&read(&[(broken, "{ broken")])).is_some(), "{broken}");
    }
}

#[test]
fn requirements_are_read_as_pip_reads_them_and_only_a_pin_is_a_version() {
    let text = "# comment\nRequests[socks]==2.19.0 ; python_version > '3' # why\n\
        flask >= 2\nDjango==4.*\nurllib3==1.26.5 \\\n    --hash=sha256:00\n\
        --index-url https://example.com\nzope.interface===5.0\n";
    let known = [
        "PyPI django ?",
        "PyPI flask ?",
        "PyPI requests 2.19.0",
        "PyPI urllib3 1.26.5",
        "PyPI zope-interface 5.0",
    ];
    assert_eq!(components("requirements-dev.txt", text), known);
    let found = read(&[("requirements.txt", "-r more.txt\n./local\nhttps://example.com/a.whl\n")]);
    assert_eq!(found.unread_parts().len(), 3, "{found:?}");
    assert_eq!(found.unread_parts()[0].place, "requirements.txt:1");
}

#[test]
fn distributions_and_other_locks_are_read() {
    let metadata = "Metadata-Version: 2.1\nName: PyYAML\nVersion: 5.3\n\nName: other\n";
    let place = "lib/site-packages/PyYAML-5.3.dist-info/METADATA";
    assert_eq!(components(place, metadata), ["PyPI pyyaml 5.3"]);
    let uv = "[[package]]\nname = \"app\"\nversion = \"0\"\nsource = { virtual = \".\" }\n\
        [[package]]\nname = \"Idna\"\nversion = \"3.6\"\nsource = { registry = \"x\" }\n";
    assert_eq!(components("uv.lock", uv), ["PyPI idna 3.6"]);
    let uv = uv.replace("{ registry = \"x\" }", "{ editable = \"idna\" }");
    assert!(components("uv.lock", &uv).is_empty());
    let poetry = "[[package]]\nname = \"idna\"\nversion = \"3.6\"\n";
    assert_eq!(components("poetry.lock", poetry), ["PyPI idna 3.6"]);
    let pylock = "[[packages]]\nname = \"idna\"\nversion = \"3.6\"\n";
    assert_eq!(components("pylock.dev.toml", pylock), ["PyPI idna 3.6"]);
    let cargo = "[[package]]\nname = \"app\"\nversion = \"1.0.0\"\n\
        [[package]]\nname = \"time\"\nversion = \"0.1.0\"\nsource = \"registry+x\"\n";
    assert_eq!(components("Cargo.lock", cargo), ["crates.io time 0.1.0"]);
    let pipfile = r#"{ "default": { "idna": { "version": "==3.6" } }, "develop": {} }"#;
    assert_eq!(components("Pipfile.lock", pipfile), ["PyPI idna 3.6"]);
}

#[test]
fn a_bill_is_read_by_package_urls_and_what_has_none_is_told() {
    let bill = r#"{ "bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
        { "type": "library", "name": "a", "purl": "pkg:npm/%40scope/a@1.0.0?x=y#z" },
        { "type": "library", "name": "b", "purl": "pkg:npm/@scope/b@2.0.0", "components": [
            { "type": "library", "name": "c", "purl": "pkg:pypi/Foo_Bar@1%2Bcu118" } ] },
        { "type": "library", "name": "d", "purl": "pkg:golang/example.com/d@v1.0.0" },
        { "type": "file", "name": "e" } ] }"#;
    let known = [
        "npm @scope/a 1.0.0",
        "npm @scope/b 2.0.0",
        "PyPI foo-bar 1+cu118",
        "golang example.com/d v1.0.0",
    ];
    assert_eq!(components("sbom.cdx.json", bill), known);
    let bare =
        r#"{ "bomFormat": "CycloneDX", "components": [{ "type": "library", "name": "x" }] }"#;
    assert_eq!(read(&[("bom.json", bare)]).unread_parts().len(), 1);
    let other = r#"{ "bomFormat": "SPDX" }"#;
    assert_eq!(read(&[("bom.json", other)]).unread_parts().len(), 1);
}

#[test]
fn a_list_nested_without_end_is_told_not_to_be_read() {
    for (path, part) in [("package-lock.json", r#"{"dependencies":{"a":"#), ("uv.lock", "a=[[")] {
        let found = read(&[(path, &part.repeat(200_000))]);
        assert_eq!(found.unread_parts().len(), 1, "{path}");
    }
}

proptest! {
    #[test]
    fn no_bytes_end_the_readers(
        path in prop::sample::select(vec![
            "package-lock.json", "package.json", "node_modules/a/package.json", "requirements.txt",
            "a.dist-info/METADATA", "uv.lock", "Pipfile.lock", "pyproject.toml", "bom.json",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in "([a-z]{1,3}(==|>=|@| )[0-9.]{0,4}[\\\\;#\\[\\]-]{0,2}\n?){0,9}",
    ) {
        for bytes in [&bytes[..], text.as_bytes()] {
            let mut lists = Lists::default();
            lists.read(path, bytes);
            let _ = lists.finish();
        }
    }
}
