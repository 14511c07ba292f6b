//! What npm, pip and people leave in folders, opened without a manifest.

use crate::place::{Place, told};
use ringfence_package::{Entry, Package, PackageError, Protocol, Runtime};
use std::path::PathBuf;

const SERVER: &str = "#!/usr/bin/env node\n";

fn file_of(package: &Package) -> PathBuf {
    match &package.entry {
        Entry::File { path } => path.clone(),
        other => panic!("{other:?}"),
    }
}

/// What `npm install @modelcontextprotocol/server-everything` leaves.
fn installed() -> Place {
    let place = Place::with(&[
        (
            "package.json",
            r#"{"dependencies": {"@modelcontextprotocol/server-everything": "^1.0.0"}}"#,
        ),
        (".env", "SECRET=1"),
        (
            "node_modules/@modelcontextprotocol/server-everything/package.json",
            r#"{"name": "@modelcontextprotocol/server-everything", "version": "1.2.3", "description": "Tests\u001b[2J", "author": {"name": "A"},
                "bin": {"mcp-server-everything": "dist/index.js"}, "dependencies": {"@modelcontextprotocol/sdk": "1"}}"#,
        ),
        ("node_modules/@modelcontextprotocol/server-everything/dist/index.js", SERVER),
        (
            "node_modules/@modelcontextprotocol/sdk/package.json",
            r#"{"name": "@modelcontextprotocol/sdk"}"#,
        ),
        ("node_modules/@modelcontextprotocol/sdk/index.js", ""),
    ]);
    place.link(
        "node_modules/.bin/mcp-server-everything",
        "../@modelcontextprotocol/server-everything/dist/index.js",
    );
    place
}

#[test]
fn an_installed_npm_server_is_found_from_all_three_places_that_a_person_may_name() {
    let place = installed();
    for name in [
        "",
        "node_modules/@modelcontextprotocol/server-everything",
        "node_modules/.bin/mcp-server-everything",
    ] {
        let package = place.open_at(name).unwrap();
        assert_eq!(package.name.as_str(), "@modelcontextprotocol/server-everything", "{name}");
        assert_eq!(package.version.as_deref(), Some("1.2.3"));
        assert_eq!(package.author.as_deref(), Some("A"));
        assert_eq!(package.runtime, Runtime::Node);
        assert_eq!(package.protocol, Protocol::Mcp);
        assert_eq!(
            file_of(&package),
            place.at("node_modules/@modelcontextprotocol/server-everything/dist/index.js")
        );
        // Dependencies resolve, and the project's secrets stay out of sight.
        assert_eq!(package.code_root, Some(place.at("node_modules")));
        assert_eq!(
            package.folder,
            Some(place.at("node_modules/@modelcontextprotocol/server-everything"))
        );
        assert!(package.inferred);
    }
}

#[test]
fn inference_never_asks_for_a_capability_or_a_limit() {
    let place = installed();
    place.file("node_modules/@modelcontextprotocol/server-everything/plugin.json", "{}");
    let package = Package::infer(&place.path()).unwrap();
    assert!(package.declared.is_empty());
    assert_eq!(package.resources, Default::default());
    assert!(!package.jit);
}

#[test]
fn of_several_installed_servers_one_must_be_named() {
    let place = installed();
    place.file("package.json", r#"{"dependencies": {"@modelcontextprotocol/server-everything": "1", "@modelcontextprotocol/sdk": "1"}}"#);
    let error = place.open().unwrap_err();
    assert!(told(&error).contains("has several programs"), "{}", told(&error));
    let PackageError::Ambiguous { choices, .. } = error else { panic!() };
    for choice in choices {
        assert!(Package::open(&choice).is_ok(), "{choice:?}");
    }
}

#[test]
fn the_entry_of_a_node_package_follows_bin_then_exports_then_main() {
    for (metadata, file) in [
        (r#"{"name": "a", "bin": "b.js", "main": "m.js"}"#, "b.js"),
        (r#"{"name": "@s/a", "bin": {"other": "x.js", "a": "./b.js"}}"#, "b.js"),
        (r#"{"name": "a", "bin": {"one": "b.js", "two": "./b.js"}}"#, "b.js"),
        (
            r#"{"name": "a", "exports": {".": {"types": "x.d.ts", "import": {"default": "./e.mjs"}}}, "main": "m.js"}"#,
            "e.mjs",
        ),
        (r#"{"name": "a", "exports": "./e.mjs"}"#, "e.mjs"),
        (r#"{"name": "a", "main": "m"}"#, "m.js"),
        (r#"{"name": "a", "main": "lib"}"#, "lib/index.js"),
        (r#"{"name": "a"}"#, "index.js"),
        ("\u{feff}{}", "index.js"),
    ] {
        let place = Place::with(&[
            ("package.json", metadata),
            ("b.js", SERVER),
            ("x.js", SERVER),
            ("e.mjs", ""),
            ("m.js", ""),
            ("lib/index.js", ""),
            ("index.js", ""),
        ]);
        let package = place.open().unwrap_or_else(|error| panic!("{metadata}: {error}"));
        assert_eq!(file_of(&package), place.at(file), "{metadata}");
        assert_eq!(package.protocol, Protocol::Plain);
    }
}

#[test]
fn a_package_json_that_names_the_outside_or_several_programs_is_refused() {
    for (metadata, want) in [
        (r#"{"bin": "/bin/sh"}"#, "absolute path"),
        (r#"{"bin": "../x.js"}"#, "`..`"),
        (r#"{"main": "../../x"}"#, "leads out of the package"),
        (r#"{"bin": {"a": "a.js", "b": "b.js"}}"#, "has several programs"),
        (r#"{"dependencies": {"../../etc": "1"}}"#, "neither `bin` nor"),
        (r#"{"bin": "a.ts"}"#, "TypeScript"),
        (r#"{"main": "data.json"}"#, "is no script"),
        ("[]", "not a JSON object"),
        ("{", "is not valid"),
        ("", "is not valid"),
    ] {
        let place = Place::with(&[
            ("package.json", metadata),
            ("a.js", ""),
            ("b.js", ""),
            ("a.ts", ""),
            ("data.json", "{}"),
        ]);
        assert!(place.refusal().contains(want), "{metadata}: {}", place.refusal());
    }
    let deep = format!("{}{}", r#"{"exports":"#.repeat(90_000), "1");
    let place = Place::with(&[("package.json", &deep)]);
    assert!(place.refusal().contains("is not valid"));
}

#[test]
fn a_dependency_that_is_a_link_to_the_outside_is_not_followed() {
    let outside = Place::with(&[("package.json", r#"{"name": "evil"}"#), ("index.js", "")]);
    let place = Place::with(&[("package.json", r#"{"dependencies": {"evil": "1"}}"#)]);
    place.link("node_modules/evil", outside.path());
    assert!(place.refusal().contains("leads out of the folder"));
}

/// What `python -m venv` and `pip install mcp-server-time` leave.
fn environment() -> Place {
    let place = Place::with(&[("pyvenv.cfg", "home = /usr/bin\n")]);
    place.link("bin/python", "/usr/bin/python3");
    let packages = "lib/python3.11/site-packages";
    for (name, requested, needs, scripts) in [
        ("pip", true, "", "pip = pip:main\npip3 = pip:main"),
        (
            "mcp_server_time",
            true,
            "Requires-Dist: mcp>=1.0.0\n",
            "mcp-server-time = mcp_server_time:main",
        ),
        ("mcp", false, "", "mcp = mcp.cli:app [cli]"),
        ("uvicorn", false, "", "uvicorn = uvicorn.main:main"),
    ] {
        let info = format!("{packages}/{name}-2.1.0.dist-info");
        place.file(&format!("{info}/METADATA"), format!("Metadata-Version: 2.1\nName: {}\nVersion: 2.1.0\nSummary: A server\nAuthor: B\n{needs}\nName: body\n", name.replace('_', "-")));
        place.file(
            &format!("{info}/entry_points.txt"),
            format!("[other]\nx = y:z\n[console_scripts]\n{scripts}\n"),
        );
        if requested {
            place.file(&format!("{info}/REQUESTED"), "");
        }
    }
    for script in ["mcp-server-time", "mcp", "uvicorn", "pip"] {
        place.program(
            &format!("bin/{script}"),
            format!("#!{}\nimport sys\n", place.at("bin/python").display()),
        );
    }
    place
}

#[test]
fn an_environment_gives_the_one_program_that_was_asked_for() {
    let place = environment();
    for name in ["", "bin/mcp-server-time"] {
        let package = place.open_at(name).unwrap();
        assert_eq!(package.name.as_str(), "mcp-server-time");
        assert_eq!(package.version.as_deref(), Some("2.1.0"));
        assert_eq!(package.description.as_deref(), Some("A server"));
        assert_eq!(package.runtime, Runtime::Python);
        assert_eq!(package.protocol, Protocol::Mcp);
        assert_eq!(file_of(&package), place.at("bin/mcp-server-time"));
        assert_eq!(package.code_root, Some(place.path()));
        assert_eq!(package.interpreter, Some(place.at("bin/python")));
    }
}

#[test]
fn an_environment_with_several_programs_lists_them_and_takes_the_one_named() {
    let place = environment();
    std::fs::remove_file(
        place.at("lib/python3.11/site-packages/mcp_server_time-2.1.0.dist-info/REQUESTED"),
    )
    .unwrap();
    let error = place.open().unwrap_err();
    let PackageError::Ambiguous { choices, .. } = &error else { panic!("{error}") };
    let mut names: Vec<_> =
        choices.iter().map(|path| path.file_name().unwrap().to_string_lossy()).collect();
    names.sort_unstable();
    assert_eq!(names, ["mcp", "mcp-server-time", "uvicorn"]);
    assert_eq!(place.open_at("bin/uvicorn").unwrap().name.as_str(), "uvicorn");
}

#[test]
fn a_folder_that_pip_filled_is_put_on_the_import_path() {
    let place = Place::with(&[
        ("calc-1.0.dist-info/METADATA", "Name: calc\nVersion: 1.0\nRequires-Dist: fastmcp\n"),
        ("calc-1.0.dist-info/entry_points.txt", "[console_scripts]\ncalc = calc.server:main\n"),
        ("calc/server.py", ""),
    ]);
    let package = place.open().unwrap();
    assert_eq!(package.protocol, Protocol::Mcp);
    assert_eq!(package.python_path, [place.path()]);
    assert_eq!(
        package.entry,
        Entry::Function {
            module: "calc.server".to_owned(),
            function: "main".to_owned(),
            import_root: place.path()
        }
    );
    place.program("bin/calc", "#!/usr/bin/python3\n");
    assert_eq!(file_of(&place.open().unwrap()), place.at("bin/calc"));
    assert_eq!(place.open_at("bin/calc").unwrap().python_path, [place.path()]);
}

#[test]
fn metadata_of_a_distribution_cannot_name_a_path() {
    let place = Place::with(&[
        ("calc-1.0.dist-info/METADATA", "Name: ../../calc\nVersion: 1.0\n"),
        (
            "calc-1.0.dist-info/entry_points.txt",
            "[console_scripts]\n../../sh = a:b\nx = ../a:b\ny = a:b;c\n.. = a:b\n",
        ),
    ]);
    assert!(place.refusal().contains("no console script"));
}

#[test]
fn a_python_project_gives_its_script() {
    let place = Place::with(&[
        (
            "pyproject.toml",
            "[project]\nname = \"my-tool\"\nversion = \"0.1\"\ndependencies = [\"mcp>=1\"]\n[project.scripts]\nmy-tool = \"my_tool.cli:main\"\nextra = \"my_tool.cli:extra\"\n",
        ),
        ("src/my_tool/cli.py", ""),
    ]);
    let package = place.open().unwrap();
    assert_eq!(package.name.as_str(), "my-tool");
    assert_eq!(package.protocol, Protocol::Mcp);
    assert_eq!(
        package.entry,
        Entry::Function {
            module: "my_tool.cli".to_owned(),
            function: "main".to_owned(),
            import_root: place.at("src")
        }
    );
    let place = Place::with(&[("pyproject.toml", "[project\n")]);
    assert!(place.refusal().contains("is not valid"));
    let deep = format!("x = {}", "[".repeat(200_000));
    let place = Place::with(&[("pyproject.toml", &deep)]);
    assert!(place.refusal().contains("is not valid"));
}

#[test]
fn a_folder_of_scripts_starts_main_or_the_only_one() {
    for (files, want) in [
        (&["a.py"][..], Some("a.py")),
        (&["main.py", "other.py"], Some("main.py")),
        (&["__main__.py", "main.py"], Some("__main__.py")),
        (&["only.mjs", "readme.txt"], Some("only.mjs")),
        (&["index.js", "b.js"], Some("index.js")),
        (&["a.py", "b.py"], None),
        (&["readme.txt"], None),
        (&[], None),
    ] {
        let place = Place::new();
        for file in files {
            place.file(file, "");
        }
        match want {
            Some(want) => assert_eq!(file_of(&place.open().unwrap()), place.at(want)),
            None => assert!(place.open().is_err(), "{files:?}"),
        }
    }
    let place = Place::with(&[("plugin.yml", "name: x\n"), ("main.py", "")]);
    assert!(place.refusal().contains("rename it to `plugin.yaml`"));
}

#[test]
fn a_single_file_shows_only_itself() {
    let place = Place::with(&[
        ("notes/a.py", ""),
        ("b.mjs", ""),
        ("c", "#!/usr/bin/env -S node --no-warnings\n"),
        (".ssh/id", ""),
    ]);
    for (name, runtime) in
        [("notes/a.py", Runtime::Python), ("b.mjs", Runtime::Node), ("c", Runtime::Node)]
    {
        let package = place.open_at(name).unwrap();
        assert_eq!(package.runtime, runtime);
        assert_eq!(package.code_root, Some(place.at(name)));
        assert_eq!(package.folder, Some(place.at(name)));
    }
    assert_eq!(
        place.open_at("c").unwrap().notes,
        ["the interpreter options `--no-warnings` of the first line are not used"]
    );
    place.program("d", "#!/bin/sh\n");
    assert_eq!(
        place.open_at("d").unwrap().entry,
        Entry::Command { argv: vec![place.at("d").into()] }
    );
    place.program("e", b"\x7fELF\x02");
    assert_eq!(place.open_at("e").unwrap().runtime, Runtime::Command);
    place.program("deno.js", "#!/usr/bin/env deno\n");
    assert_eq!(place.open_at("deno.js").unwrap().runtime, Runtime::Command);
}

#[test]
fn kinds_that_this_version_does_not_run_are_named() {
    let place = Place::with(&[("a.ts", ""), ("c.txt", "hello"), ("d.exe", "MZ\u{1}")]);
    for (name, want) in [
        ("a.ts", "TypeScript"),
        ("c.txt", "neither a script nor a program"),
        ("d.exe", "another operating system"),
    ] {
        let error = place.open_at(name).unwrap_err();
        assert!(
            told(&error).contains(want) && told(&error).contains("this version does not run"),
            "{error}"
        );
    }
    assert!(told(&place.open_at("missing").unwrap_err()).contains("cannot be read: No such file"));
}

#[test]
fn a_command_line_is_kept_and_what_it_needs_to_see_is_told() {
    let command = |words: &[&str]| Package::command(words.iter().map(Into::into).collect());
    let package = command(&["cat", "-n"]).unwrap();
    assert_eq!((package.runtime, package.name.as_str()), (Runtime::Command, "cat"));
    assert_eq!(package.code_root, None);
    assert_eq!(package.entry, Entry::Command { argv: vec!["cat".into(), "-n".into()] });

    let place = installed();
    let script = place.at("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    for words in
        [vec!["node", script.to_str().unwrap(), "stdio"], vec!["/usr/bin/env/../node", "x"]]
    {
        match command(&words) {
            Ok(package) => {
                assert_eq!(package.runtime, Runtime::Node);
                assert_eq!(package.code_root, Some(place.at("node_modules")));
                assert_eq!(package.name.as_str(), "index");
            }
            Err(_) => assert!(words[0].starts_with('/')),
        }
    }
    let place = environment();
    let python = place.at("bin/python");
    if python.exists() {
        let package = command(&[python.to_str().unwrap(), "-m", "mcp_server_time"]).unwrap();
        assert_eq!(package.runtime, Runtime::Python);
        assert_eq!(package.code_root, Some(place.path()));
        // Resolved, it would no longer find its packages.
        assert_eq!(
            package.entry,
            Entry::Command { argv: vec![python.into(), "-m".into(), "mcp_server_time".into()] }
        );
    }
    assert!(command(&[]).is_err());
    assert!(command(&[""]).is_err());
    assert!(command(&["a\0b"]).is_err());
    assert!(command(&["/no/such/program"]).is_err());
    assert!(command(&["/tmp"]).is_err());
}

#[test]
fn a_package_inside_a_package_sees_the_dependencies_of_all_around_it() {
    let place = Place::with(&[
        ("node_modules/a/node_modules/b/package.json", r#"{"name": "b"}"#),
        ("node_modules/a/node_modules/b/index.js", ""),
    ]);
    let package = place.open_at("node_modules/a/node_modules/b").unwrap();
    assert_eq!(package.code_root, Some(place.at("node_modules")));
}
