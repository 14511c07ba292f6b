//! An entry point exists, lies inside and has the right form, or nothing starts.

use crate::place::Place;
use ringfence_package::{Entry, Protocol, Runtime};

const AGENT: &str = "name: x\ntype: agent\nentry: plugin.py:Greeter\n";

#[test]
fn a_script_of_either_runtime_is_found() {
    for (entry, content, runtime) in [
        ("dist/index.js", "export default 1", Runtime::Node),
        ("./a.mjs", "", Runtime::Node),
        ("a.cjs", "", Runtime::Node),
        ("main.py", "pass", Runtime::Python),
    ] {
        let place = Place::with(&[
            ("plugin.yaml", &format!("name: x\nentry: {entry}\n")),
            (entry, content),
        ]);
        let package = place.open().unwrap();
        assert_eq!(package.runtime, runtime);
        assert_eq!(package.protocol, Protocol::Actions);
        assert_eq!(package.entry, Entry::File { path: place.at(entry.trim_start_matches("./")) });
        assert_eq!(package.code_root, Some(place.path()));
        assert_eq!(package.folder, Some(place.path()));
        assert!(!package.inferred);
    }
}

#[test]
fn a_script_without_extension_is_taken_by_its_first_line_for_its_own_runtime_only() {
    let manifest = "name: x\nruntime: node\nentry: bin/run\n";
    let place = Place::with(&[("plugin.yaml", manifest), ("bin/run", "#!/usr/bin/env node\n")]);
    assert!(place.open().is_ok());
    let place = Place::with(&[("plugin.yaml", manifest), ("bin/run", "#!/usr/bin/env python3\n")]);
    assert!(place.refusal().contains("is not JavaScript"));
}

#[test]
fn what_is_missing_is_told_with_what_may_have_been_meant() {
    let place =
        Place::with(&[("plugin.yaml", "name: x\nentry: src/indx.js\n"), ("src/index.js", "")]);
    assert_eq!(
        place.refusal(),
        "entry point `src/indx.js`: does not exist; did you mean `index.js`?"
    );
}

#[test]
fn an_entry_that_a_link_leads_out_of_the_folder_is_refused() {
    let outside = Place::with(&[("secret.js", "")]);
    let place = Place::with(&[("plugin.yaml", "name: x\nentry: in/a.js\n")]);
    place.link("in", outside.path());
    outside.file("a.js", "");
    assert!(place.refusal().contains("leads out of the package through a symbolic link"));

    let place = Place::with(&[("plugin.yaml", "name: x\nentry: a.js\n")]);
    place.link("a.js", outside.at("secret.js"));
    assert!(place.refusal().contains("leads out of the package"));

    // A link that stays inside is the author's own business.
    let place = Place::with(&[("plugin.yaml", "name: x\nentry: a.js\n"), ("real.js", "")]);
    place.link("a.js", "real.js");
    assert_eq!(place.open().unwrap().entry, Entry::File { path: place.at("real.js") });
}

#[test]
fn what_is_no_regular_text_file_of_the_form_is_refused() {
    for (entry, content, want) in [
        ("a.js", &b"a\0b"[..], "NUL byte"),
        ("a.py", b"\0", "NUL byte"),
        ("a.ts", b"let x: number", "TypeScript"),
        ("a.wasm", b"\0asm", "NUL byte"),
        ("a.txt", b"hello", "is not JavaScript"),
    ] {
        let place = Place::with(&[(
            "plugin.yaml",
            &format!(
                "name: x\nruntime: {}\nentry: {entry}\n",
                if entry == "a.py" { "python" } else { "node" }
            ),
        )]);
        place.file(entry, content);
        assert!(place.refusal().contains(want), "{entry}: {}", place.refusal());
    }
    let place = Place::with(&[("plugin.yaml", "name: x\nentry: a.js\n"), ("a.js/index.js", "")]);
    assert!(place.refusal().contains("is a folder"));

    // A named pipe must not hold us up.
    let place = Place::with(&[("plugin.yaml", "name: x\nentry: pipe.js\n")]);
    let made = std::process::Command::new("mkfifo").arg(place.at("pipe.js")).status();
    if made.is_ok_and(|status| status.success()) {
        assert!(place.refusal().contains("is not a regular file"));
        let place = Place::new();
        std::process::Command::new("mkfifo").arg(place.at("plugin.yaml")).status().unwrap();
        assert!(place.refusal().contains("not a regular file"));
    }
}

#[test]
fn a_script_of_more_than_16_mib_is_refused_unread() {
    let place = Place::with(&[("plugin.yaml", "name: x\nentry: a.js\n"), ("a.js", "")]);
    std::fs::File::options().write(true).open(place.at("a.js")).unwrap().set_len(1 << 40).unwrap();
    assert!(place.refusal().contains("16 MiB"));
    let place = Place::with(&[("plugin.yaml", "")]);
    std::fs::File::options()
        .write(true)
        .open(place.at("plugin.yaml"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    assert!(place.refusal().contains("256 KiB"));
}

#[test]
fn a_class_is_accepted_on_a_base_that_fits_its_type() {
    for (plugin_type, base) in [
        ("agent", "BaseAgentPlugin"),
        ("agent", "gao.plugins.BaseAgentPlugin"),
        ("workflow", "BaseWorkflowPlugin"),
        ("hook", "BaseHookPlugin"),
        ("agent", "MyOwnPlugin"),
        ("tool", "Plugin"),
    ] {
        let place = Place::with(&[
            ("plugin.yaml", &format!("name: x\ntype: {plugin_type}\nentry: plugin.py:Greeter\n")),
            ("plugin.py", &format!("import a\n\nclass Greeter(Mixin, {base}):\n    pass\n")),
        ]);
        let package = place.open().unwrap_or_else(|error| panic!("{plugin_type} {base}: {error}"));
        assert_eq!(
            package.entry,
            Entry::Class {
                path: place.at("plugin.py"),
                class: "Greeter".to_owned(),
                import_root: place.path(),
            }
        );
    }
}

#[test]
fn a_class_that_is_absent_hidden_or_on_the_wrong_base_is_refused_with_the_reason() {
    for (source, want) in [
        ("class Greeter(BaseHookPlugin): pass", "want BaseAgentPlugin as its base"),
        ("class Greeter: pass", "is no plugin of the type `agent`"),
        ("class Greeter(object): pass", "is no plugin"),
        (
            "class Greter(BaseAgentPlugin): pass",
            "defines no class `Greeter` at its top level; did you mean `Greter`?",
        ),
        ("'''\nclass Greeter(BaseAgentPlugin): pass\n'''", "defines no class"),
        ("# class Greeter(BaseAgentPlugin): pass", "defines no class"),
        ("def f():\n  class Greeter(BaseAgentPlugin): pass", "defines no class"),
        ("Greeter = BaseAgentPlugin", "defines no class"),
        ("", "defines no class"),
    ] {
        let place = Place::with(&[("plugin.yaml", AGENT), ("plugin.py", source)]);
        assert!(place.refusal().contains(want), "{source}: {}", place.refusal());
    }
}

#[test]
fn a_class_in_a_module_is_found_below_the_folder_or_below_src() {
    let manifest = "name: x\ntype: hook\nentry: pkg.hooks:OnSave\n";
    let source = "class OnSave(BaseHookPlugin): pass\n";
    for (file, root) in
        [("pkg/hooks.py", ""), ("pkg/hooks/__init__.py", ""), ("src/pkg/hooks.py", "src")]
    {
        let place = Place::with(&[("plugin.yaml", manifest), (file, source)]);
        let Entry::Class { path, import_root, .. } = place.open().unwrap().entry else {
            panic!("{file}");
        };
        assert_eq!(path, place.at(file));
        assert_eq!(import_root, place.at(root).components().collect::<std::path::PathBuf>());
    }
    let place = Place::with(&[("plugin.yaml", manifest)]);
    assert!(place.refusal().contains("no such module: looked for `pkg/hooks.py`"));
}

#[test]
fn a_command_may_name_a_program_of_the_folder_or_one_to_be_looked_up() {
    let place = Place::with(&[(
        "plugin.yaml",
        "name: x\nentry: [python3, -m, server]\nprotocol: mcp\njit: true\n",
    )]);
    let package = place.open().unwrap();
    assert_eq!(package.runtime, Runtime::Command);
    assert_eq!(package.protocol, Protocol::Mcp);
    assert!(package.jit);
    assert_eq!(
        package.entry,
        Entry::Command { argv: vec!["python3".into(), "-m".into(), "server".into()] }
    );

    let place = Place::with(&[(
        "plugin.yaml",
        "name: x\nruntime: command\nentry: ./bin/server --flag 'a b'\n",
    )]);
    place.program("bin/server", "#!/bin/sh\n");
    let package = place.open().unwrap();
    assert_eq!(package.protocol, Protocol::Plain);
    assert_eq!(
        package.entry,
        Entry::Command { argv: vec![place.at("bin/server").into(), "--flag".into(), "a b".into()] }
    );
}

#[test]
fn a_program_of_the_folder_must_be_one() {
    let manifest = "name: x\nentry: [./server]\n";
    let place = Place::with(&[("plugin.yaml", manifest), ("server", "#!/bin/sh\n")]);
    assert!(place.refusal().contains("chmod +x"));
    let place = Place::with(&[("plugin.yaml", manifest)]);
    place.program("server", "hello");
    assert!(place.refusal().contains("is not a program"));
    let place = Place::with(&[("plugin.yaml", manifest)]);
    place.program("server", b"\0asm\x01\0\0\0");
    assert!(place.refusal().contains("WebAssembly"));
    let place = Place::with(&[("plugin.yaml", manifest)]);
    place.link("server", "/bin/sh");
    assert!(place.refusal().contains("leads out of the package"));
}

#[test]
fn metadata_that_is_a_link_is_not_read_through_it() {
    let outside = Place::with(&[("secret", "name: x\nentry: a.js\n")]);
    for name in ["plugin.yaml", "package.json"] {
        let place = Place::with(&[("a.js", "")]);
        place.link(name, outside.at("secret"));
        assert!(place.refusal().contains("it is a symbolic link, which is not followed"), "{name}");
    }
}
