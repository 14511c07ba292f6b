//! What an attacker makes of installed plugins, and of the list of them.

use crate::installed::Owner;
use crate::program::User;
use crate::terminal::Terminal;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

const STORAGE: &str = "permissions:\n  - storage.read\n  - storage.write\n";

#[test]
fn a_byte_that_is_changed_after_the_consent_is_not_run() {
    let owner = Owner::installed();
    let folder = owner.packages().remove(0);
    let manifest = folder.join("plugin.yaml");
    let good = fs::read_to_string(&manifest).unwrap();
    let evil = "def tell(input, ringfence):\n    return [None, 'stolen']\n";
    let attacks: [(&str, &dyn Fn()); 5] = [
        ("the manifest asks for more", &|| {
            fs::write(&manifest, format!("{good}  - process.execute: sh\n")).unwrap();
        }),
        ("the code is another", &|| fs::write(folder.join("plugin.py"), evil).unwrap()),
        ("a file more", &|| fs::write(folder.join("sitecustomize.py"), evil).unwrap()),
        ("a file less", &|| fs::remove_file(folder.join("plugin.py")).unwrap()),
        ("a link to elsewhere", &|| {
            fs::remove_file(folder.join("plugin.py")).unwrap();
            symlink(owner.user.path("at/tool/plugin.py"), folder.join("plugin.py")).unwrap();
        }),
    ];
    for (what, attack) in attacks {
        attack();
        let done = owner.run(&["run", "--yes", "tool", "tell"]);
        assert_eq!(done.code, Some(9), "{what}: {done:?}");
        assert!(!done.stdout.contains("stolen"), "{what}: {done:?}");
        // Unpacked anew, it is again what was looked at.
        owner.ends(&["install", "at/tool"], 0);
        assert_eq!(owner.runs(), "1.0.0");
    }
    fs::remove_dir_all(&folder).unwrap();
    owner.ends(&["run", "--yes", "tool", "tell"], 9);
    let refused = owner.user.kinds().iter().filter(|kind| *kind == "refused").count();
    assert_eq!(refused, 6);
}

#[test]
fn nobody_goes_back_to_files_that_were_changed() {
    let owner = Owner::installed();
    let first = owner.packages().remove(0);
    owner.version("2.0.0", STORAGE);
    owner.ends(&["update", "tool"], 0);
    fs::write(first.join("plugin.py"), "raise SystemExit(0)\n").unwrap();
    owner.ends(&["rollback", "tool"], 9);
    assert_eq!(owner.runs(), "2.0.0");
}

#[test]
fn a_name_that_is_taken_for_another_is_not_installed() {
    let owner = Owner::installed();
    for name in ["Tool", "TOOL", "t00l", "tooI"] {
        owner.plugin("other", name, "9.0.0", "def tell(input, ringfence): return 1\n", "");
        let done = owner.ends(&["install", "--yes", "at/other"], 9);
        assert!(done.stderr.contains("easily taken for `tool`"), "{done:?}");
        let asked = owner.run(&["run", name, "tell"]);
        assert_ne!(asked.code, Some(0), "nor is it run for the other one: {asked:?}");
    }
    let list = owner.ends(&["list", "--json"], 0).json();
    assert_eq!(list["plugins"].as_array().unwrap().len(), 1);
}

#[test]
fn a_name_leads_nowhere() {
    let owner = Owner::installed();
    for name in ["../../evil", "/etc/evil", "a/b", "..", "@a/../b", "a\\u202eb", "a b", "-x"] {
        owner.plugin("evil", &format!("\"{name}\""), "1.0.0", "", "");
        owner.ends(&["install", "--yes", "at/evil"], 2);
    }
    for word in ["../packages", "installed:../tool", "installed:", "installed:/etc", "Tool"] {
        let done = owner.run(&["run", word]);
        assert_eq!(done.code, Some(2), "{word}: {done:?}");
    }
    for words in [["remove", "../home"], ["info", "."], ["rollback", "a/b"], ["disable", "a b"]] {
        assert_eq!(owner.run(&words).code, Some(2), "{words:?}");
    }
    assert_eq!(owner.runs(), "1.0.0");
    assert_eq!(owner.packages().len(), 1, "nothing else came into the home");
}

#[test]
fn a_folder_of_the_same_name_is_never_run_in_place_of_the_installed_plugin() {
    let owner = Owner::installed();
    let evil = "def tell(input, ringfence):\n    return [None, 'folder']\n";
    owner.user.write("tool/plugin.py", evil);
    owner.user.write(
        "tool/plugin.yaml",
        "name: tool\nversion: 1.0.0\nruntime: python\nentry: plugin.py\n",
    );
    let done = owner.ends(&["run", "-q", "tool", "tell"], 2);
    assert!(done.stderr.contains("installed:tool"), "{done:?}");
    let done = owner.ends(&["run", "-q", "installed:tool", "tell"], 0);
    assert!(done.stdout.contains("1.0.0"), "{done:?}");
    let done = owner.ends(&["run", "-q", "./tool", "tell"], 0);
    assert!(done.stdout.contains("folder"), "{done:?}");
}

#[test]
fn a_list_that_is_damaged_foreign_a_link_or_readable_by_others_is_not_used() {
    let owner = Owner::installed();
    let path = owner.user.home().join("state.sqlite");
    owner.ends(&["list"], 0);
    let good = fs::read(&path).unwrap();
    let elsewhere = Owner::installed();
    let foreign = owner.user.write("foreign.sqlite", &good);
    let attacks: [(&str, &dyn Fn()); 5] = [
        ("noise", &|| fs::write(&path, vec![0xa5; 20_000]).unwrap()),
        ("a page of noise", &|| {
            let mut bytes = good.clone();
            bytes[4096..4200].fill(0xff);
            fs::write(&path, bytes).unwrap();
        }),
        ("of another program", &|| {
            let mut bytes = good.clone();
            // The id of the program in the file's head.
            bytes[68..72].copy_from_slice(b"else");
            fs::write(&path, bytes).unwrap();
        }),
        ("a link to a list of somebody else", &|| {
            fs::remove_file(&path).unwrap();
            symlink(elsewhere.user.home().join("state.sqlite"), &path).unwrap();
        }),
        ("readable by others", &|| {
            fs::remove_file(&path).unwrap();
            fs::copy(&foreign, &path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        }),
    ];
    for (what, attack) in attacks {
        attack();
        let before = fs::read(&path).unwrap();
        for words in [
            &["run", "-q", "installed:tool", "tell"][..],
            &["run", "-q", "tool", "tell"],
            &["list"],
            &["install", "--yes", "at/tool"],
            &["grant", "tool", "storage.read"],
            &["gc"],
        ] {
            let done = owner.run(words);
            assert_eq!(done.code, Some(2), "{what}, {words:?}: {done:?}");
            assert!(done.stderr.contains("state.sqlite"), "{what}, {words:?}: {done:?}");
            assert!(!done.stdout.contains("1.0.0"), "{what}: {done:?}");
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{what}");
        assert_eq!(owner.packages().len(), 1, "{what}: nothing was removed");
        fs::remove_file(&path).unwrap();
        fs::write(&path, &good).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(owner.runs(), "1.0.0", "{what}");
    }
}

#[test]
fn what_is_said_to_mend_a_damaged_list_mends_it_and_asks_anew() {
    let owner = Owner::installed();
    let path = owner.user.home().join("state.sqlite");
    fs::write(&path, vec![0xa5; 20_000]).unwrap();
    let done = owner.ends(&["list"], 2);
    let mends = done.stderr.split('`').find(|part| part.starts_with("mkdir")).unwrap();
    let mended = std::process::Command::new("sh").args(["-c", mends]).output().unwrap();
    assert!(mended.status.success(), "{mended:?}");
    assert_eq!(owner.ends(&["list"], 0).stdout, "");
    owner.ends(&["install", "at/tool"], 3);
    owner.ends(&["install", "--yes", "at/tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
}

#[test]
fn many_installs_at_once_leave_one_version_whole() {
    let owner = Owner::new();
    for number in 1..=6 {
        let code = format!("def tell(input, ringfence):\n    return [None, '{number}.0.0']\n");
        owner.plugin(&format!("v{number}"), "tool", &format!("{number}.0.0"), &code, "");
    }
    let started: Vec<_> = (1..=6)
        .map(|number| {
            let from = format!("at/v{number}");
            owner.user.ringfence(["install", "--yes", "--allow-downgrade", &from]).start()
        })
        .collect();
    let ended: Vec<_> = started.into_iter().map(crate::program::Started::finish).collect();
    assert!(ended.iter().any(|done| done.code == Some(0)), "{ended:?}");
    for done in &ended {
        assert!(matches!(done.code, Some(0 | 2)), "{done:?}");
        assert!(done.code == Some(0) || done.stderr.contains("another process"), "{done:?}");
    }
    let list = owner.ends(&["list", "--json"], 0).json();
    assert_eq!(list["plugins"].as_array().unwrap().len(), 1);
    assert_eq!(list["plugins"][0]["current"]["version"], owner.runs().as_str());
    assert_eq!(owner.run(&["audit", "verify"]).code, Some(0));
}

#[test]
fn an_older_version_needs_a_word_of_its_own() {
    let owner = Owner::installed();
    owner.version("0.9.0", STORAGE);
    let done = owner.ends(&["install", "--yes", "at/tool"], 3);
    assert!(done.stderr.contains("--allow-downgrade"), "{done:?}");
    owner.ends(&["update", "--yes", "tool"], 3);
    assert_eq!(owner.runs(), "1.0.0");
    owner.version("0.9.0", STORAGE);
    owner.ends(&["update", "--yes", "--allow-downgrade", "tool"], 0);
    assert_eq!(owner.runs(), "0.9.0");
}

#[test]
fn another_publisher_or_none_needs_a_word_of_its_own() {
    let owner = Owner::new();
    for key in ["acme", "evil"] {
        owner.ends(&["keygen", key], 0);
    }
    let pack = |version: &str, keys: &[&str]| {
        owner.version(version, STORAGE);
        let file = format!("tool-{version}.ringfence");
        owner.ends(&["pack", "at/tool", "-o", &file], 0);
        for key in keys {
            owner.ends(&["sign", "--key", key, &file], 0);
        }
        file
    };
    let install = |file: &str, code: i32| owner.ends(&["install", "--yes", file], code);
    install(&pack("1.0.0", &["acme"]), 0);
    install(&pack("1.1.0", &["acme"]), 0);
    for keys in [&["evil"][..], &[]] {
        let file = pack("2.0.0", keys);
        let done = install(&file, 3);
        assert!(done.stderr.contains("ANOTHER PUBLISHER"), "it is on the card: {done:?}");
        assert!(done.stderr.contains("--allow-publisher-change"), "{done:?}");
        fs::remove_file(owner.user.path(&file)).unwrap();
    }
    assert_eq!(owner.runs(), "1.1.0");
    install(&pack("3.0.0", &["acme", "evil"]), 0);
    let file = pack("4.0.0", &[]);
    owner.ends(&["install", "--yes", "--allow-publisher-change", &file], 0);
    assert_eq!(owner.runs(), "4.0.0");
    // Nobody stood for it: whoever does now, is one more.
    install(&pack("5.0.0", &["evil"]), 0);
}

#[test]
fn at_a_terminal_each_of_them_is_a_question_of_its_own_and_only_a_clear_yes_is_one() {
    let owner = Owner::new();
    owner.ends(&["keygen", "acme"], 0);
    owner.ends(&["pack", "at/tool", "--key", "acme"], 0);
    owner.ends(&["install", "--yes", "tool-1.0.0.ringfence"], 0);
    owner.version("0.9.0", STORAGE);
    let answers = |publisher: &str, older: &str| {
        let words = ["install", "--yes", "at/tool"];
        let mut terminal = Terminal::start(owner.user.ringfence(words));
        terminal.screen.wait_for("It comes from SOMEBODY ELSE. Install it all the same? [y/N]");
        terminal.types(publisher);
        terminal.screen.wait_for("It may be OLDER. Install it all the same? [y/N]");
        terminal.types(older);
        terminal.finish()
    };
    for (publisher, older) in [("n\n", "y\n"), ("y\n", "n\n"), ("\n", "\n"), ("ye\n", "y\n")] {
        let (code, shown) = answers(publisher, older);
        assert_eq!(code, Some(3), "{publisher:?} {older:?}: {shown}");
        assert_eq!(owner.runs(), "1.0.0");
    }
    let (code, shown) = answers("y\n", "yes\n");
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(owner.runs(), "0.9.0");
}

#[test]
fn a_package_that_a_scan_blocks_or_whose_signature_fails_is_not_installed() {
    let owner = Owner::new();
    owner.user.write("strict.toml", "[block]\nscore_below = 100\n");
    let code = "import os\ndef tell(input, ringfence):\n    return os.system(input)\n";
    owner.plugin("tool", "tool", "1.0.0", code, "permissions:\n  - process.execute\n");
    let words = ["install", "--yes", "--policy", "strict.toml", "at/tool"];
    let done = owner.ends(&words, 9);
    assert!(done.stderr.contains("ringfence scan"), "{done:?}");
    let missing = ["install", "--yes", "--policy", "missing.toml", "at/tool"];
    owner.ends(&missing, 9);
    assert_eq!(owner.ends(&["list"], 0).stdout, "");

    owner.ends(&["keygen", "acme"], 0);
    owner.ends(&["trust", "add", "Acme", "acme.pub", "--scope", "other"], 0);
    owner.version("1.0.0", STORAGE);
    owner.ends(&["pack", "at/tool", "--key", "acme"], 0);
    owner.ends(&["install", "--yes", "tool-1.0.0.ringfence"], 9);

    assert_eq!(owner.ends(&["list"], 0).stdout, "");
    let kinds = owner.user.kinds();
    assert!(!kinds.contains(&"sandbox_started".to_owned()), "{kinds:?}");
    assert!(!kinds.contains(&"plugin_changed".to_owned()), "{kinds:?}");
}

#[test]
fn a_plugin_that_is_called_as_a_stranger_wrote_it_moves_no_cursor() {
    let owner = Owner::new();
    owner.version("1.0.0\\u001b[2J\\u202e", STORAGE);
    let manifest = owner.user.path("at/tool/plugin.yaml");
    let text = fs::read_to_string(&manifest).unwrap();
    let text =
        text.replace("version: 1.0.0\\u001b[2J\\u202e", "version: \"1.0.0\\u001b[2J\\u202e\"");
    fs::write(&manifest, text).unwrap();
    let done = owner.run(&["install", "--yes", "at/tool"]);
    for words in
        [&["list"][..], &["info", "tool"], &["list", "--json"], &["info", "--json", "tool"]]
    {
        let shown = owner.run(words);
        for text in [&done.stdout, &done.stderr, &shown.stdout, &shown.stderr] {
            assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{words:?}: {text:?}");
        }
    }
}

#[test]
fn what_is_no_package_is_not_installed_and_nothing_of_it_is_kept() {
    let user = User::new();
    user.write("garbage.ringfence", [0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]);
    user.write("empty/readme.txt", "nothing to run");
    for source in ["garbage.ringfence", "empty", "missing", "/dev/null", "npm:../x", "https://x/y"]
    {
        let done = user.ringfence(["install", "--yes", source]).run();
        assert_eq!(done.code, Some(2), "{source}: {done:?}");
    }
    let packages = user.home().join("packages");
    assert!(!packages.exists() || fs::read_dir(packages).unwrap().next().is_none());
}

#[test]
fn what_was_declined_for_an_older_version_that_comes_again_is_not_had_from_the_first_time() {
    let owner = Owner::new();
    let asks = |more: &str| format!("permissions:\n  - storage.read\n{more}");
    let optional = asks("  - capability: storage.write\n    optional: true\n");
    owner.version("1.0.0", &optional);
    owner.ends(&["install", "--yes", "at/tool"], 0);
    owner.ends(&["run", "-q", "tool", "keep", "-i", "1"], 0);
    owner.version("2.0.0", &asks(""));
    owner.ends(&["update", "tool"], 0);
    owner.version("1.0.0", &optional);
    let done = owner.ends(&["install", "--json", "--allow-downgrade", "at/tool"], 0).json();
    let asked = done["card"]["asks"].as_array().unwrap();
    let write = asked.iter().find(|one| one["capability"] == "storage.write").unwrap();
    assert_eq!(write["granted"], false, "{done}");
    let kept = owner.run(&["run", "-q", "tool", "keep", "-i", "2"]);
    assert_eq!(kept.code, Some(3), "{kept:?}");
    let told = owner.ends(&["run", "--json", "tool", "tell"], 0).json();
    assert_eq!(told["result"], serde_json::json!([1, "1.0.0"]));
}

#[test]
fn nothing_is_said_to_be_taken_back_that_a_wider_yes_still_grants() {
    let owner = Owner::new();
    owner.version("1.0.0", "permissions:\n  - storage.read: ke*\n");
    owner.ends(&["install", "--yes", "at/tool"], 0);
    owner.version("2.0.0", "permissions:\n  - storage.read: kept*\n");
    owner.ends(&["update", "tool"], 0);
    let done = owner.ends(&["revoke", "tool", "storage.read=kept*"], 2);
    assert!(done.stderr.contains("revoke tool 'storage.read ke*'"), "what mends it: {done:?}");
    owner.ends(&["revoke", "tool", "storage.read ke*"], 0);
    owner.ends(&["run", "-q", "tool", "tell"], 3);
    owner.ends(&["rollback", "tool"], 0);
    owner.ends(&["run", "-q", "tool", "tell"], 3);
}

#[test]
fn bytes_in_quarantine_are_not_run_from_the_file_or_folder_that_they_came_from() {
    let owner = Owner::new();
    owner.ends(&["pack", "at/tool"], 0);
    owner.ends(&["install", "--yes", "at/tool"], 0);
    let ways = ["installed:tool", "tool-1.0.0.ringfence", "./at/tool"];
    let run = |way: &str, code| owner.ends(&["run", "-q", "--yes", way, "tell"], code);
    for way in ways {
        assert!(run(way, 0).stdout.contains("1.0.0"));
    }
    owner.ends(&["quarantine", "tool", "--reason", "it phoned home"], 0);
    for way in ways {
        let done = run(way, 9);
        assert!(done.stderr.contains("it phoned home") && done.stdout.is_empty(), "{done:?}");
    }
    owner.ends(&["remove", "tool"], 0);
    for way in ways.into_iter().skip(1) {
        run(way, 9);
    }
    // Other bytes of the same name are another matter.
    owner.version("1.0.1", STORAGE);
    run("./at/tool", 0);
    owner.ends(&["quarantine", "--release", "tool"], 0);
    run("tool-1.0.0.ringfence", 0);
}

#[test]
fn compiled_python_beside_a_source_is_not_run_in_place_of_what_was_looked_at() {
    let owner = Owner::new();
    let code = "import word\n\ndef tell(input, ringfence):\n    return [None, word.word]\n";
    owner.plugin("tool", "tool", "1.0.0", code, "");
    owner.user.write("at/tool/word.py", "word = 'looked at'\n");
    let evil = owner.user.write("evil.py", "word = 'stolen'\n");
    let compile = format!(
        "import py_compile, importlib.util as u, sys\n\
         py_compile.compile('{}', cfile=u.cache_from_source('{}'), doraise=True,\n\
         invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)",
        evil.display(),
        owner.user.path("at/tool/word.py").display(),
    );
    // The one that the plugin is run by, whatever a version manager puts in front.
    let python = std::process::Command::new("/usr/bin/python3").args(["-c", &compile]).status();
    assert!(python.unwrap().success());
    let scan = owner.ends(&["scan", "--format", "json", "at/tool"], 0).json();
    let finding = scan["findings"].as_array().unwrap().iter();
    let found = finding.filter(|one| one["code"] == "opaque-file" && one["severity"] == "high");
    assert_eq!(found.count(), 1, "{scan}");
    owner.ends(&["install", "at/tool"], 0);
    assert_eq!(owner.runs(), "looked at");
    // Nor does it come later, to a package that lies unpacked already.
    owner.ends(&["pack", "at/tool"], 0);
    let hidden = owner.packages().remove(0).join("__pycache__");
    fs::rename(owner.user.path("at/tool/__pycache__"), &hidden).unwrap();
    let done = owner.ends(&["run", "-q", "tool-1.0.0.ringfence", "tell"], 0);
    assert!(done.stdout.contains("looked at"), "{done:?}");
    assert!(!hidden.exists());
}

#[test]
fn an_update_comes_from_where_it_was_and_from_nothing_that_lies_here_under_that_name() {
    let owner = Owner::installed();
    let shadow = format!("file:{}", owner.user.path("at/tool").canonicalize().unwrap().display());
    let evil = "def tell(input, ringfence):\n    return [None, 'stolen']\n";
    owner.user.write(&format!("{shadow}/plugin.py"), evil);
    let manifest = "name: tool\nversion: 9.0.0\nruntime: python\nentry: plugin.py\n";
    owner.user.write(&format!("{shadow}/plugin.yaml"), manifest);
    owner.ends(&["update", "tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
    // A path that cannot be written down would be that of another folder.
    let odd = owner.user.path("at").join(OsStr::from_bytes(b"odd\xff"));
    fs::create_dir(&odd).unwrap();
    for file in ["plugin.py", "plugin.yaml"] {
        fs::copy(owner.user.path("at/tool").join(file), odd.join(file)).unwrap();
    }
    let done = owner.user.ringfence([OsStr::new("update"), OsStr::new("tool"), odd.as_os_str()]);
    let done = done.run();
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("not UTF-8"), "{done:?}");
}

#[test]
fn where_a_secret_may_go_never_says_where_its_value_comes_from() {
    let owner = Owner { user: User::new() };
    let marker = owner.user.path("marker");
    let script = owner.user.write("steal", format!("#!/bin/sh\n: > {}\n", marker.display()));
    fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    let place = format!("https://api.example.com/a=command:{}@y", script.display());
    let code = "import os\ndef tell(input, ringfence):\n    return os.environ['API_KEY']\n";
    let needs = format!("permissions:\n  - network.request: {place}\n  - secrets.use: API_KEY\n");
    owner.plugin("tool", "tool", "1.0.0", code, &needs);
    let grant = format!("secrets.use=API_KEY@{place}");
    let words = ["install", "--yes", "--despite-findings", "--grant", &grant, "at/tool"];
    owner.ends(&words, 0);
    let set = owner.user.ringfence(["secret", "set", "API_KEY"]).input("sk-live-12345678\n").run();
    assert_eq!(set.code, Some(0), "{set:?}");
    let done = owner.ends(&["run", "-q", "tool", "tell"], 0);
    assert!(done.stdout.contains("rfsecret_"), "it is the one of the store: {done:?}");
    owner.plugin("tool", "tool", "1.1.0", code, &needs);
    owner.ends(&["update", "--despite-findings", "tool"], 0);
    assert!(!marker.exists());
}
