//! Packages of PyPI: honest wheels, and what an index or a wheel does to be run unseen.

use crate::instance::{Ask, Instance, REPOSITORY, hex};
use crate::program::{Done, User};
use crate::registry::{Answer, Registry, tarball};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fs;

/// A user whose pip is told to use this index.
struct Shop {
    user: User,
    index: Registry,
}

impl Shop {
    fn new() -> Self {
        Self { user: User::new(), index: Registry::new() }
    }

    fn run(&self, words: &[&str]) -> Done {
        self.user.ringfence(words).env("PIP_INDEX_URL", self.index.url("/simple/")).run()
    }

    /// Offers a file of a project, with the hash of these other bytes.
    fn offer(&self, project: &str, file: &str, bytes: &[u8], hashed: &[u8]) {
        let hash: String =
            Sha256::digest(hashed).iter().map(|byte| format!("{byte:02x}")).collect();
        let page = format!(
            "<html><body><a href=\"../../files/{file}#sha256={hash}\">{file}</a></body></html>"
        );
        self.index.answer(&format!("/simple/{project}/"), Answer::Page(page));
        self.index.answer(&format!("/files/{file}"), Answer::Body(bytes.to_vec()));
    }

    fn publish(&self, wheel: &Wheel) {
        let bytes = wheel.bytes();
        self.offer(&wheel.name.replace('_', "-"), &wheel.file_name(), &bytes, &bytes);
    }

    fn is_empty(&self) -> bool {
        let count = |name: &str| {
            let folder = fs::read_dir(self.user.home().join(name));
            folder
                .map_or(0, |found| found.flatten().filter(|one| one.file_name() != "lock").count())
        };
        count("packages") == 0 && count("sources") == 0
    }
}

/// A wheel of one module with a console script.
pub(crate) struct Wheel {
    name: String,
    code: String,
    pub(crate) needs: Vec<String>,
    /// Further files.
    more: Vec<(String, Vec<u8>)>,
    /// Files that its list does not name, or names with another content.
    unlisted: Vec<(String, Vec<u8>)>,
    /// The name in its metadata, where that is another one.
    says: Option<String>,
}

impl Wheel {
    pub(crate) fn new(name: &str, code: &str) -> Self {
        let (name, code) = (name.to_owned(), code.to_owned());
        Self { name, code, needs: Vec::new(), more: Vec::new(), unlisted: Vec::new(), says: None }
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}-1.2.3-py3-none-any.whl", self.name)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let info = format!("{}-1.2.3.dist-info", self.name);
        let says = self.says.as_ref().unwrap_or(&self.name);
        let needs: String =
            self.needs.iter().map(|need| format!("Requires-Dist: {need}\n")).collect();
        let mut files = vec![
            (format!("{}/__init__.py", self.name), self.code.clone().into_bytes()),
            (
                format!("{info}/METADATA"),
                format!("Metadata-Version: 2.1\nName: {says}\nVersion: 1.2.3\n{needs}\n")
                    .into_bytes(),
            ),
            (
                format!("{info}/WHEEL"),
                b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                    .to_vec(),
            ),
            (
                format!("{info}/entry_points.txt"),
                format!("[console_scripts]\n{0} = {0}:main\n", self.name).into_bytes(),
            ),
        ];
        files.extend(self.more.clone());
        let mut record: String = files
            .iter()
            .map(|(path, bytes)| {
                let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
                format!("{path},sha256={hash},{}\n", bytes.len())
            })
            .collect();
        record.push_str(&format!("{info}/RECORD,,\n"));
        for (path, bytes) in &self.unlisted {
            files.retain(|(known, _)| known != path);
            files.push((path.clone(), bytes.clone()));
        }
        files.push((format!("{info}/RECORD"), record.into_bytes()));
        zip(&files)
    }
}

/// A zip of these files, not compressed.
fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (path, content) in files {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let length = u16::try_from(path.len()).unwrap().to_le_bytes();
        let offset = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let common = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x50][..],
            &crc.sum().to_le_bytes(),
            &size,
            &size,
            &length,
            &[0, 0],
        ]
        .concat();
        bytes.extend([b"PK\x03\x04".as_slice(), &common, path.as_bytes(), content].concat());
        directory.extend(
            [
                b"PK\x01\x02\x14\x03".as_slice(),
                &common,
                &[0; 6],
                &[0, 0, 0xa4, 0x81],
                &offset,
                path.as_bytes(),
            ]
            .concat(),
        );
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (size, at) = (
        u32::try_from(directory.len()).unwrap().to_le_bytes(),
        u32::try_from(bytes.len()).unwrap().to_le_bytes(),
    );
    let end = [b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &at, &[0, 0]].concat();
    [bytes, directory, end].concat()
}

const SAYS: &str = "import sys\n\ndef main():\n    from words import word\n    print('says', word, *sys.argv[1:])\n";

#[test]
fn a_package_is_fetched_with_what_it_needs_and_runs_by_its_name() {
    let shop = Shop::new();
    let says = Wheel { needs: vec!["words>=1".to_owned()], ..Wheel::new("says_it", SAYS) };
    shop.publish(&says);
    shop.publish(&Wheel::new("words", "word = 'hello'\n"));
    let run = || shop.run(&["run", "pypi:says-it", "--", "to", "you"]);
    let done = run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "says hello to you\n"), "{done:?}");
    assert!(done.stderr.contains("2 packages in all"), "{done:?}");
    let asked = shop.index.asked().len();
    let again = run();
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), "says hello to you\n"), "{again:?}");
    assert_eq!(shop.index.asked().len(), asked, "the second time nobody is asked");
}

/// Refused, with nothing run and nothing kept.
fn refused(shop: &Shop, project: &str, code: i32, why: &str) {
    let done = shop.run(&["run", &format!("pypi:{project}")]);
    assert_eq!(done.code, Some(code), "{done:?}");
    assert!(done.stderr.contains(why), "{done:?}");
    assert!(!done.stdout.contains("ran"), "{done:?}");
    assert!(!shop.index.asked().iter().any(|path| path == "/marker"), "it ran");
    assert!(shop.is_empty(), "something was kept");
}

const RAN: &str = "def main():\n    print('ran')\n";

#[test]
fn a_package_without_a_wheel_is_refused_and_its_setup_is_not_run() {
    let shop = Shop::new();
    let marks = format!(
        "import urllib.request\nurllib.request.urlopen('{}')\nfrom setuptools import setup\nsetup(name='tool', version='1.2.3')\n",
        shop.index.url("/marker")
    );
    let files = [
        ("tool-1.2.3/setup.py".to_owned(), marks.into_bytes()),
        (
            "tool-1.2.3/PKG-INFO".to_owned(),
            b"Metadata-Version: 2.1\nName: tool\nVersion: 1.2.3\n".to_vec(),
        ),
    ];
    let sdist = tarball(&files);
    shop.offer("tool", "tool-1.2.3.tar.gz", &sdist, &sdist);
    refused(&shop, "tool", 2, "pip could not fetch `pypi:tool`");
}

#[test]
fn a_wheel_that_has_another_hash_than_the_index_says_is_refused() {
    let shop = Shop::new();
    let wheel = Wheel::new("tool", RAN);
    shop.offer("tool", &wheel.file_name(), &wheel.bytes(), b"another one");
    refused(&shop, "tool", 2, "DO NOT MATCH THE HASHES");
}

#[test]
fn a_wheel_is_what_its_own_list_says_and_nothing_more() {
    for (path, why) in [
        ("sneaked.py", "`sneaked.py` is not in its RECORD"),
        ("tool/__init__.py", "`tool/__init__.py` is not as its RECORD says"),
        ("tool.pth", "`tool.pth` is not in its RECORD"),
    ] {
        let shop = Shop::new();
        let mut wheel = Wheel::new("tool", "def main():\n    pass\n");
        wheel.unlisted.push((path.to_owned(), b"print('ran')\ndef main():\n    pass\n".to_vec()));
        shop.publish(&wheel);
        refused(&shop, "tool", 9, why);
    }
}

#[test]
fn a_wheel_that_climbs_out_or_says_that_it_is_another_is_refused() {
    let shop = Shop::new();
    let mut wheel = Wheel::new("tool", RAN);
    wheel.more.push(("../../escaped.py".to_owned(), b"ran".to_vec()));
    shop.publish(&wheel);
    refused(&shop, "tool", 9, "climbs with two dots");

    let shop = Shop::new();
    shop.publish(&Wheel { says: Some("other".to_owned()), ..Wheel::new("tool", RAN) });
    let done = shop.run(&["run", "pypi:tool"]);
    assert!(matches!(done.code, Some(2 | 9)) && !done.stdout.contains("ran"), "{done:?}");
    assert!(shop.is_empty(), "something was kept");
}

#[test]
fn two_packages_do_not_write_over_each_other() {
    let shop = Shop::new();
    let tool = Wheel {
        needs: vec!["words".to_owned()],
        ..Wheel::new("tool", "def main():\n    print('own')\n")
    };
    shop.publish(&tool);
    let mut words = Wheel::new("words", "");
    words.more.push(("tool/__init__.py".to_owned(), RAN.as_bytes().to_vec()));
    shop.publish(&words);
    refused(&shop, "tool", 9, "two packages bring different files");
}

#[test]
fn nobody_but_the_index_is_asked() {
    let (shop, elsewhere) = (Shop::new(), Registry::new());
    let wheel = Wheel::new("tool", RAN).bytes();
    elsewhere.answer("/tool-1.2.3-py3-none-any.whl", Answer::Body(wheel));
    let page = format!(
        "<a href=\"{}\">tool-1.2.3-py3-none-any.whl</a>",
        elsewhere.url("/tool-1.2.3-py3-none-any.whl")
    );
    shop.index.answer("/simple/tool/", Answer::Page(page));
    refused(&shop, "tool", 2, "pip could not fetch");
    assert!(elsewhere.asked().is_empty(), "{:?}", elsewhere.asked());
}

#[test]
fn a_package_is_called_as_it_was_asked_for_whatever_its_files_say() {
    let shop = Shop::new();
    shop.publish(&Wheel::new("bank", "def main():\n    print('own')\n"));
    assert_eq!(shop.run(&["install", "pypi:bank"]).code, Some(0));
    let before = shop.run(&["list", "--json"]).stdout;
    let manifest = "name: bank\nversion: 9.0.0\nruntime: python\nentry: main.py\nprotocol: plain\n";
    let metadata = r#"{"name":"bank","version":"9.0.0","main":"index.js"}"#;
    for (path, text) in [("plugin.yaml", manifest), ("package.json", metadata)] {
        let mut evil = Wheel::new("evil", RAN);
        evil.more.push((path.to_owned(), text.as_bytes().to_vec()));
        evil.more.push(("main.py".to_owned(), b"print('stolen')\n".to_vec()));
        evil.more.push(("index.js".to_owned(), b"console.log('stolen')\n".to_vec()));
        shop.publish(&evil);
        let done = shop.run(&["install", "--fresh", "--json", "pypi:evil"]);
        let list = shop.run(&["list", "--json"]).json();
        let bank = &list["plugins"][0];
        assert_eq!(
            (&bank["name"], &bank["current"]["source"]),
            (&"bank".into(), &"pypi:bank".into())
        );
        assert_eq!(bank["current"]["version"], "1.2.3", "{path}: {done:?}");
        let own = shop.run(&["run", "-q", "bank"]);
        assert_eq!(own.stdout, "own\n", "{path}: {own:?}");
        let run = shop.run(&["run", "--fresh", "pypi:evil"]);
        assert!(!run.stderr.contains("bank"), "{path}: {run:?}");
    }
    assert!(before.contains("pypi:bank"));
}

#[test]
fn compiled_python_of_a_wheel_is_not_run_in_place_of_its_source() {
    let shop = Shop::new();
    let mut tool = Wheel::new("tool", "def main():\n    print('looked at')\n");
    let evil = shop.user.write("evil.py", RAN);
    let compiled = shop.user.path("evil.pyc");
    let compile = format!(
        "import py_compile, sys\n\
         py_compile.compile('{}', cfile='{}', doraise=True,\n\
         invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)\n\
         print(sys.implementation.cache_tag)",
        evil.display(),
        compiled.display(),
    );
    let python = std::process::Command::new("/usr/bin/python3").args(["-c", &compile]).output();
    let tag = String::from_utf8(python.unwrap().stdout).unwrap();
    let path = format!("tool/__pycache__/__init__.{}.pyc", tag.trim());
    tool.more.push((path, fs::read(compiled).unwrap()));
    shop.publish(&tool);
    let done = shop.run(&["run", "-q", "pypi:tool"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "looked at\n"), "{done:?}");
}

const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// An index that says in JSON what it has, and that this file is attested so.
fn attested(shop: &Shop, wheel: &Wheel, about: &[u8], publisher: &str) {
    attested_at(shop, wheel, about, publisher, "2024-06-01T00:00:00.000000Z");
}

fn attested_at(shop: &Shop, wheel: &Wheel, about: &[u8], publisher: &str, uploaded: &str) {
    let instance = Instance::new();
    let root = shop.user.write("root.json", instance.root_json().to_string());
    let done = shop.run(&["trust", "root", root.to_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let (file, bytes) = (wheel.file_name(), wheel.bytes());
    let said = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": file, "digest": { "sha256": hex(Sha256::digest(about)) } }],
        "predicateType": "https://docs.pypi.org/attestations/publish/v1",
        "predicate": null,
    });
    let bundle = instance.attest(&Ask::default(), &said);
    let material = &bundle["verificationMaterial"];
    let one = json!({
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {
            "statement": bundle["dsseEnvelope"]["payload"],
            "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
        },
    });
    let publisher = json!({ "kind": "GitHub", "repository": publisher, "workflow": "release.yml" });
    let document = json!({
        "version": 1,
        "attestation_bundles": [{ "publisher": publisher, "attestations": [one] }],
    });
    let page = json!({
        "meta": { "api-version": "1.3" },
        "name": wheel.name,
        "versions": ["1.2.3"],
        "files": [{
            "filename": file,
            "url": format!("../../files/{file}"),
            "hashes": { "sha256": hex(Sha256::digest(&bytes)) },
            "provenance": shop.index.url("/provenance"),
            "upload-time": uploaded,
        }],
    });
    let project = format!("/simple/{}/", wheel.name);
    shop.index.answer(&project, Answer::Of(JSON, page.to_string().into_bytes()));
    shop.index.answer(&format!("/files/{file}"), Answer::Body(bytes));
    shop.index.answer("/provenance", Answer::Body(document.to_string().into_bytes()));
}

#[test]
fn who_published_a_wheel_is_told_and_is_enough_for_who_demands_it() {
    let shop = Shop::new();
    let wheel = Wheel::new("tool", RAN);
    attested(&shop, &wheel, &wheel.bytes(), "acme/tool");
    let done = shop.run(&["run", "--require-provenance", "pypi:tool"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "ran\n"), "{done:?}");
    let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(&format!("built from {REPOSITORY}")), "{done:?}");
    let scan = shop.run(&["scan", "--format", "json", "pypi:tool"]).json();
    assert_eq!(scan["registry"]["provenance"]["by"]["repository"], REPOSITORY, "{scan}");
    assert_eq!(scan["registry"]["signatures"], serde_json::Value::Null, "{scan}");
}

#[test]
fn a_wheel_that_is_attested_wrongly_is_refused_and_one_of_which_nobody_knows_is_not() {
    let wheel = Wheel::new("tool", RAN);
    let shop = Shop::new();
    attested(&shop, &wheel, b"another file", "acme/tool");
    refused(&shop, "tool", 9, "about another file by this name");
    let shop = Shop::new();
    attested(&shop, &wheel, &wheel.bytes(), "mallory/tool");
    refused(&shop, "tool", 9, "PyPI names another publisher");
    // An index that speaks HTML only.
    let shop = Shop::new();
    shop.publish(&wheel);
    let demand = shop.run(&["run", "--require-provenance", "pypi:tool"]);
    assert!(demand.code == Some(9) && demand.stdout.is_empty(), "{demand:?}");
    assert!(shop.is_empty(), "something was kept");
    let done = shop.run(&["run", "pypi:tool"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "ran\n"), "{done:?}");
    assert!(done.stderr.contains("provenance cannot be checked"), "{done:?}");
}

#[test]
fn a_wheel_that_is_too_young_or_of_which_nobody_knows_how_old_it_is_is_not_taken() {
    let wheel = Wheel::new("tool", RAN);
    let run = |shop: &Shop| shop.run(&["run", "--min-age", "7d", "pypi:tool"]);
    let shop = Shop::new();
    attested(&shop, &wheel, &wheel.bytes(), "acme/tool");
    let done = run(&shop);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "ran\n"), "{done:?}");
    let young = Shop::new();
    attested_at(&young, &wheel, &wheel.bytes(), "acme/tool", "2099-01-01T00:00:00Z");
    let untold = Shop::new();
    untold.publish(&wheel);
    for (shop, why) in [(young, "too short ago"), (untold, "does not say when")] {
        let done = run(&shop);
        assert!(done.code == Some(9) && done.stdout.is_empty(), "{done:?}");
        assert!(done.stderr.contains(why), "{done:?}");
        assert!(shop.is_empty(), "something was kept");
    }
}
