//! Plugins that are installed: what a person did is remembered, and nothing else is.

use crate::program::{Done, User};
use crate::terminal::Terminal;
use std::fs;
use std::path::PathBuf;

/// A user with the folder of a plugin `tool`.
pub(crate) struct Owner {
    pub(crate) user: User,
}

/// What `tool` does in this version: keeps what it is told, and says its version.
const CODE: &str = "
def keep(input, ringfence):
    ringfence.storage.set('kept', input)
    return 'VERSION'

def tell(input, ringfence):
    return [ringfence.storage.get('kept'), 'VERSION']
";
const STORAGE: &str = "permissions:\n  - storage.read\n  - storage.write\n";

impl Owner {
    pub(crate) fn new() -> Self {
        let owner = Self { user: User::new() };
        owner.version("1.0.0", STORAGE);
        owner
    }

    /// Puts this version of `tool` where the last one was.
    pub(crate) fn version(&self, version: &str, permissions: &str) {
        self.plugin("tool", "tool", version, &CODE.replace("VERSION", version), permissions);
    }

    pub(crate) fn plugin(
        &self,
        folder: &str,
        name: &str,
        version: &str,
        code: &str,
        permissions: &str,
    ) {
        self.user.write(&format!("at/{folder}/plugin.py"), code);
        self.user.write(
            &format!("at/{folder}/plugin.yaml"),
            format!(
                "name: {name}\nversion: {version}\nruntime: python\nentry: plugin.py\n{permissions}"
            ),
        );
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        self.user.ringfence(words).run()
    }

    /// Runs it and expects this exit code.
    pub(crate) fn ends(&self, words: &[&str], code: i32) -> Done {
        let done = self.run(words);
        assert_eq!(done.code, Some(code), "{words:?}: {done:?}");
        done
    }

    /// `tool 1.0.0` installed, with all that it asks for.
    pub(crate) fn installed() -> Self {
        let owner = Self::new();
        owner.ends(&["install", "--yes", "at/tool"], 0);
        owner
    }

    /// The version that answers when the installed plugin is run.
    pub(crate) fn runs(&self) -> String {
        let done = self.ends(&["run", "--json", "tool", "tell"], 0).json();
        done["result"][1].as_str().unwrap().to_owned()
    }

    /// The one folder in which the packages of a home are.
    pub(crate) fn packages(&self) -> Vec<PathBuf> {
        let found = fs::read_dir(self.user.home().join("packages")).unwrap();
        found.flatten().map(|entry| entry.path()).collect()
    }
}

#[test]
fn an_installed_plugin_is_run_by_its_name_with_what_was_consented_to_then() {
    let owner = Owner::new();
    let before = owner.run(&["run", "tool", "tell"]);
    assert_eq!(before.code, Some(2), "nothing of that name yet: {before:?}");
    let done = owner.ends(&["install", "--yes", "--json", "at/tool"], 0).json();
    assert_eq!(done["plugin"]["name"], "tool");
    // Its folder is gone: what is run is what was looked at.
    fs::remove_dir_all(owner.user.path("at/tool")).unwrap();
    owner.ends(&["run", "-q", "tool", "keep", "-i", "7"], 0);
    let told = owner.ends(&["run", "--json", "tool", "tell"], 0).json();
    assert_eq!(told["result"], serde_json::json!([7, "1.0.0"]));
    let list = owner.ends(&["list", "--json"], 0).json();
    assert_eq!(list["plugins"][0]["current"]["version"], "1.0.0");
    assert_eq!(list["plugins"][0]["state"], "enabled");
    let info = owner.ends(&["info", "--json", "tool"], 0).json();
    let grant = &info["info"]["grants"][0];
    assert_eq!(grant["capability"], "storage.read");
    assert!(grant["by"].as_str().unwrap().starts_with("uid "), "{grant}");
    assert!(grant["at_ms"].as_u64().unwrap() > 1_600_000_000_000);
    assert_eq!(info["info"]["usage"][0]["runs"], 2);
    assert!(owner.ends(&["info", "tool"], 0).stdout.contains("storage.write"));
}

#[test]
fn what_nobody_says_yes_to_is_not_installed() {
    let owner = Owner::new();
    let done = owner.ends(&["install", "at/tool"], 3);
    assert!(done.stderr.contains("--yes"), "{done:?}");
    assert_eq!(owner.ends(&["list"], 0).stdout, "");
    assert_eq!(owner.run(&["run", "tool", "tell"]).code, Some(2));
    let kinds = owner.user.kinds();
    assert!(kinds.contains(&"refused".to_owned()), "{kinds:?}");
    assert!(!kinds.contains(&"sandbox_started".to_owned()), "{kinds:?}");

    let at_terminal = |keys: &str| {
        let words = ["install", "at/tool"];
        let mut terminal = Terminal::start(owner.user.ringfence(words));
        terminal.screen.wait_for("whenever it is run? [y/N]");
        terminal.types(keys);
        terminal.finish()
    };
    for keys in ["n\n", "\n", "ye\n", "\x04"] {
        let (code, shown) = at_terminal(keys);
        assert_eq!(code, Some(3), "{keys:?}: {shown}");
    }
    assert_eq!(owner.ends(&["list"], 0).stdout, "");
    let (code, shown) = at_terminal("y\n");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("storage.write"), "the card came first: {shown}");
    assert_eq!(owner.runs(), "1.0.0");
}

#[test]
fn an_update_that_asks_for_the_same_or_less_asks_nobody_and_keeps_what_was_stored() {
    let owner = Owner::installed();
    owner.ends(&["run", "-q", "tool", "keep", "-i", "\"mine\""], 0);
    owner.version("1.1.0", STORAGE);
    let done = owner.ends(&["update", "tool"], 0);
    assert!(done.stderr.contains("1.0.0 -> 1.1.0"), "{done:?}");
    assert_eq!(owner.runs(), "1.1.0");
    owner.version("1.2.0", "permissions:\n  - storage.read\n");
    let done = owner.ends(&["update", "tool"], 0);
    assert!(done.stderr.contains("- storage.write"), "{done:?}");
    let told = owner.ends(&["run", "--json", "tool", "tell"], 0).json();
    assert_eq!(told["result"], serde_json::json!(["mine", "1.2.0"]));
    let denied = owner.run(&["run", "-q", "tool", "keep", "-i", "8"]);
    assert_eq!(denied.code, Some(3), "what it does not ask for any more, it has not: {denied:?}");
    assert_eq!(owner.ends(&["run", "--json", "tool", "tell"], 0).json()["result"][0], "mine");
}

#[test]
fn an_update_that_asks_for_more_needs_a_new_yes_and_until_then_the_old_one_runs() {
    let owner = Owner::installed();
    owner.version("2.0.0", &format!("{STORAGE}  - process.execute: expr\n"));
    let done = owner.ends(&["update", "tool"], 3);
    assert!(done.stderr.contains("+ process.execute expr"), "what is new is told: {done:?}");
    assert_eq!(owner.runs(), "1.0.0");
    owner.ends(&["update", "--yes", "tool"], 0);
    assert_eq!(owner.runs(), "2.0.0");
    // A scope that is wider is more, too.
    owner.plugin("s", "scoped", "1.0.0", CODE, "permissions:\n  - storage.read: a*\n");
    owner.ends(&["install", "--yes", "at/s"], 0);
    owner.plugin("s", "scoped", "1.1.0", CODE, "permissions:\n  - storage.read: ab*\n");
    owner.ends(&["update", "scoped"], 0);
    owner.plugin("s", "scoped", "1.2.0", CODE, "permissions:\n  - storage.read: a*\n");
    owner.ends(&["update", "scoped"], 3);
    owner.ends(&["update", "--grant", "storage.read=abc*", "scoped"], 0);
}

#[test]
fn an_update_that_does_not_start_is_not_installed_and_does_not_touch_the_old_ones_storage() {
    let owner = Owner::new();
    let class = |first: &str| {
        format!(
            "import ringfence\nfrom ringfence import BasePlugin\n\n\
             class ToolPlugin(BasePlugin):\n    def initialize(self):\n        {first}\n\n    \
             def tell(self, input):\n        return [ringfence.storage.get('kept'), '1.0.0']\n"
        )
    };
    let put = |version: &str, first: &str| {
        owner.user.write("at/tool/plugin.py", class(first));
        owner.user.write(
            "at/tool/plugin.yaml",
            format!(
                "name: tool\nversion: {version}\nruntime: python\nentry: plugin.py:ToolPlugin\n{STORAGE}"
            ),
        );
    };
    put("1.0.0", "ringfence.storage.set('kept', 'good')");
    owner.ends(&["install", "--yes", "at/tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
    put("2.0.0", "ringfence.storage.set('kept', 'spoilt'); raise ValueError('no')");
    let done = owner.ends(&["update", "tool"], 1);
    assert!(done.stderr.contains("so 1.0.0 stays"), "{done:?}");
    let list = owner.ends(&["list", "--json"], 0).json();
    assert_eq!(list["plugins"][0]["current"]["version"], "1.0.0");
    // Read by a version that writes nothing when it begins.
    put("2.0.1", "pass");
    owner.ends(&["update", "tool"], 0);
    let told = owner.ends(&["run", "--json", "tool", "tell"], 0).json();
    assert_eq!(told["result"][0], "good", "the version that failed wrote into its storage");
    let started: Vec<_> = owner.user.records();
    let canaries = started.iter().filter(|record| {
        record["event"]["kind"] == "sandbox_started"
            && record["event"]["instance"].as_str().is_some_and(|id| id.ends_with(".canary"))
    });
    assert_eq!(canaries.count(), 2);
}

#[test]
fn an_mcp_server_that_does_not_tell_its_tools_does_not_take_the_place_of_one_that_does() {
    let owner = Owner { user: User::new() };
    let source = crate::program::repository("plugins/examples/mcp-echo");
    for entry in fs::read_dir(source).unwrap().flatten() {
        let text = fs::read(entry.path()).unwrap();
        owner.user.write(&format!("at/echo/{}", entry.file_name().to_string_lossy()), text);
    }
    let manifest = fs::read_to_string(owner.user.path("at/echo/plugin.yaml")).unwrap();
    let server = fs::read_to_string(owner.user.path("at/echo/server.mjs")).unwrap();
    owner.ends(&["install", "--yes", "at/echo"], 0);
    let name = owner.ends(&["list", "--json"], 0).json()["plugins"][0]["name"].clone();
    let name = name.as_str().unwrap().to_owned();
    let version = manifest.lines().find(|line| line.starts_with("version:")).unwrap();
    owner.user.write("at/echo/plugin.yaml", manifest.replace(version, "version: 99.0.0"));
    owner.user.write("at/echo/server.mjs", server.replace("tools/list", "tools/lost"));
    let done = owner.run(&["update", "--yes", &name]);
    assert!(!matches!(done.code, Some(0)), "{done:?}");
    assert!(done.stderr.contains("stays"), "{done:?}");
    owner.user.write("at/echo/server.mjs", server);
    owner.ends(&["update", "--yes", &name], 0);
    let list = owner.ends(&["list", "--json"], 0).json();
    assert_eq!(list["plugins"][0]["current"]["version"], "99.0.0");
}

#[test]
fn going_back_brings_the_old_version_and_nothing_that_was_taken_back_since() {
    let owner = Owner::installed();
    let nothing = owner.ends(&["rollback", "tool"], 2);
    assert!(nothing.stderr.contains("no earlier version"), "{nothing:?}");
    owner.version("2.0.0", STORAGE);
    owner.ends(&["update", "tool"], 0);
    assert_eq!(owner.ends(&["rollback", "tool"], 0).stdout.trim(), "tool 1.0.0");
    assert_eq!(owner.runs(), "1.0.0");
    owner.ends(&["rollback", "tool"], 0);
    assert_eq!(owner.runs(), "2.0.0");
    owner.ends(&["revoke", "tool", "storage.read"], 0);
    owner.ends(&["rollback", "tool"], 0);
    owner.ends(&["run", "-q", "tool", "tell"], 3);
}

#[test]
fn a_capability_is_granted_and_taken_back_and_the_log_knew_it_first() {
    let owner = Owner::installed();
    owner.ends(&["run", "-q", "tool", "keep", "-i", "7"], 0);
    owner.ends(&["revoke", "tool", "storage.write"], 0);
    owner.ends(&["run", "-q", "tool", "keep", "-i", "8"], 3);
    owner.ends(&["revoke", "tool", "storage.write"], 2);
    let undeclared = owner.ends(&["grant", "tool", "files.read=/etc/**"], 3);
    assert!(undeclared.stderr.contains("does not ask for it"), "{undeclared:?}");
    owner.ends(&["grant", "tool", "storage.write", "--until", "2020-01-01"], 2);
    owner.ends(&["run", "-q", "tool", "keep", "-i", "8"], 3);
    owner.ends(&["grant", "tool", "storage.write", "--until", "2999-01-01"], 0);
    owner.ends(&["run", "-q", "tool", "keep", "-i", "9"], 0);
    let told = owner.ends(&["run", "--json", "tool", "tell"], 0).json();
    assert_eq!(told["result"][0], 9);
    let info = owner.ends(&["info", "--json", "tool"], 0).json();
    let grants = info["info"]["grants"].as_array().unwrap().clone();
    let of_write: Vec<_> = grants.iter().filter(|g| g["capability"] == "storage.write").collect();
    assert_eq!(of_write.len(), 2, "history is kept: {grants:?}");
    assert!(of_write[0]["revoked_by"].is_string() && of_write[1]["revoked_by"].is_null());
    let records = owner.user.records();
    let mut changes = records.iter().filter(|record| {
        let kind = record["event"]["kind"].as_str().unwrap_or_default();
        matches!(kind, "granted" | "revoked") && record["event"]["metadata"]["plugin"].is_object()
    });
    let mut next = || changes.next().map(|record| record["event"]["kind"].clone());
    assert_eq!((next(), next(), next()), (Some("revoked".into()), Some("granted".into()), None));
    // A log that cannot be written changes nothing.
    let log = owner.user.home().join("audit");
    assert!(
        log.exists(),
        "{:?}",
        fs::read_dir(owner.user.home()).unwrap().flatten().collect::<Vec<_>>()
    );
    fs::rename(&log, owner.user.home().join("audit.away")).unwrap();
    fs::write(&log, "").unwrap();
    owner.ends(&["revoke", "tool", "storage.read"], 8);
    fs::remove_file(&log).unwrap();
    fs::rename(owner.user.home().join("audit.away"), &log).unwrap();
    owner.ends(&["run", "-q", "tool", "tell"], 0);
}

#[test]
fn what_is_switched_off_or_in_quarantine_does_not_run_until_somebody_names_it() {
    let owner = Owner::installed();
    owner.ends(&["disable", "tool"], 0);
    let off = owner.ends(&["run", "-q", "tool", "tell"], 9);
    assert!(off.stderr.contains("ringfence enable tool"), "{off:?}");
    owner.ends(&["enable", "tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
    owner.ends(&["quarantine", "tool", "--reason", "it phoned home"], 0);
    let held = owner.ends(&["run", "-q", "tool", "tell"], 9);
    assert!(held.stderr.contains("it phoned home"), "{held:?}");
    owner.ends(&["enable", "tool"], 9);
    owner.version("2.0.0", STORAGE);
    owner.ends(&["update", "tool"], 9);
    owner.ends(&["run", "-q", "installed:tool", "tell"], 9);
    // The same bytes under the same name again, and under another one.
    owner.version("1.0.0", STORAGE);
    owner.ends(&["remove", "tool"], 0);
    owner.ends(&["install", "--yes", "at/tool"], 9);
    owner.ends(&["quarantine", "--release", "tool"], 0);
    owner.ends(&["quarantine", "--release", "tool"], 2);
    owner.ends(&["install", "--yes", "at/tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
    let refused = owner.user.kinds().iter().filter(|kind| *kind == "refused").count();
    assert!(refused >= 3, "{refused}");
}

#[test]
fn nothing_is_removed_that_runs_or_that_one_can_go_back_to() {
    let owner = Owner::new();
    let waits = "import time\nprint('up', flush=True)\ntime.sleep(600)\n";
    let program = |version: &str| {
        owner.user.write("at/waits/main.py", format!("{waits}# {version}\n"));
        owner.user.write(
            "at/waits/plugin.yaml",
            format!(
                "name: waits\nversion: {version}\nruntime: python\nentry: main.py\nprotocol: plain\n"
            ),
        );
    };
    program("1.0.0");
    owner.ends(&["install", "at/waits"], 0);
    let started = owner.user.ringfence(["run", "--timeout", "600", "waits"]).start();
    started.stdout.wait_for("up");
    for version in ["2.0.0", "3.0.0"] {
        program(version);
        owner.ends(&["update", "waits"], 0);
    }
    let done = owner.ends(&["gc", "--json"], 0).json();
    assert_eq!(done["collected"]["removed"], serde_json::json!([]), "{done}");
    assert_eq!(done["collected"]["in_use"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!(owner.packages().len(), 3);
    started.signal_group(rustix::process::Signal::KILL);
    started.finish();
    let done = owner.ends(&["gc", "--json"], 0).json();
    assert_eq!(done["collected"]["removed"].as_array().unwrap().len(), 1, "{done}");
    owner.ends(&["rollback", "waits"], 0);
    owner.ends(&["remove", "waits"], 0);
    owner.ends(&["gc"], 0);
    assert_eq!(owner.packages(), Vec::<PathBuf>::new());
}

#[test]
fn the_files_of_a_packed_package_that_runs_are_not_removed_either() {
    let owner = Owner { user: User::new() };
    let waits = "import time\nprint('up', flush=True)\ntime.sleep(600)\n";
    owner.user.write("at/waits/main.py", waits);
    owner.user.write(
        "at/waits/plugin.yaml",
        "name: waits\nversion: 1.0.0\nruntime: python\nentry: main.py\nprotocol: plain\n",
    );
    owner.ends(&["pack", "at/waits"], 0);
    let words = ["run", "--timeout", "600", "waits-1.0.0.ringfence"];
    let started = owner.user.ringfence(words).start();
    started.stdout.wait_for("up");
    owner.ends(&["gc"], 0);
    assert_eq!(owner.packages().len(), 1);
    started.signal_group(rustix::process::Signal::KILL);
    started.finish();
    owner.ends(&["gc"], 0);
    assert_eq!(owner.packages().len(), 0);
}

#[test]
fn a_secret_that_was_granted_at_install_is_found_when_it_is_run_and_is_not_in_the_plugin() {
    let owner = Owner { user: User::new() };
    let code = "import os\ndef tell(input, ringfence):\n    return os.environ['API_KEY']\n";
    let needs = "permissions:\n  - network.request: api.example.com\n  - secrets.use: API_KEY\n";
    owner.plugin("tool", "tool", "1.0.0", code, needs);
    // A scan takes the variable for one that is read without being asked for.
    let despite = "--despite-findings";
    let secret = "secrets.use=API_KEY@api.example.com";
    owner.ends(&["install", "--yes", despite, "--grant", secret, "at/tool"], 0);
    let none = owner.run(&["run", "-q", "tool", "tell"]);
    assert_eq!(none.code, Some(2), "it has no value yet: {none:?}");
    let set = owner.user.ringfence(["secret", "set", "API_KEY"]).input("sk-live-12345678\n").run();
    assert_eq!(set.code, Some(0), "{set:?}");
    let done = owner.ends(&["run", "-q", "tool", "tell"], 0);
    assert!(done.stdout.contains("rfsecret_") && !done.stdout.contains("sk-live"), "{done:?}");
    owner.plugin("tool", "tool", "1.1.0", code, needs);
    owner.ends(&["update", despite, "tool"], 0);
}

#[test]
fn who_comes_later_under_the_same_name_finds_nothing_of_who_was_there() {
    let owner = Owner::installed();
    owner.ends(&["run", "-q", "tool", "keep", "-i", "\"secret\""], 0);
    owner.ends(&["remove", "tool"], 0);
    owner.ends(&["run", "-q", "tool", "tell"], 2);
    owner.ends(&["remove", "tool"], 2);
    owner.ends(&["install", "at/tool"], 3);
    owner.ends(&["install", "--yes", "at/tool"], 0);
    let told = owner.ends(&["run", "--json", "tool", "tell"], 0).json();
    assert_eq!(told["result"][0], serde_json::Value::Null);
}

#[test]
fn a_yes_to_read_its_own_files_goes_with_them_to_the_next_version_and_is_of_no_other() {
    let owner = Owner::new();
    let code = "import os, ringfence\n\ndef tell(input, ringfence):\n    \
                here = os.path.dirname(os.path.abspath(__file__))\n    \
                return [ringfence.files.read(here + '/data/a.txt'), 'VERSION']\n";
    let put = |version: &str, permissions: &str| {
        owner.plugin("tool", "tool", version, &code.replace("VERSION", version), permissions);
        owner.user.write("at/tool/data/a.txt", version);
    };
    put("1.0.0", "permissions:\n  - files.read: ./data/**\n");
    owner.ends(&["install", "--yes", "at/tool"], 0);
    assert_eq!(owner.runs(), "1.0.0");
    put("1.1.0", "permissions:\n  - files.read: ./data/**\n");
    owner.ends(&["update", "tool"], 0);
    let told = owner.ends(&["run", "--json", "tool", "tell"], 0).json();
    assert_eq!(told["result"], serde_json::json!(["1.1.0", "1.1.0"]));
    // Not those of another package, and none may be changed.
    let other = owner
        .packages()
        .into_iter()
        .find(|folder| fs::read_to_string(folder.join("data/a.txt")).unwrap() == "1.0.0");
    let other = other.unwrap().display().to_string();
    for (number, scope) in [
        ("2.0.0", format!("files.read: {other}/**")),
        ("2.0.1", "files.write: ./data/**".to_owned()),
        ("2.0.2", "files.delete: ./data/**".to_owned()),
        ("2.0.3", format!("files.read: {}/**", owner.user.home().display())),
    ] {
        put(number, &format!("permissions:\n  - {scope}\n"));
        let done = owner.run(&["update", "--yes", "tool"]);
        assert_ne!(done.code, Some(0), "{scope}: {done:?}");
        assert_eq!(owner.runs(), "1.1.0");
    }
}

#[test]
fn what_was_consented_to_holds_for_the_arguments_that_are_typed() {
    let owner = Owner { user: User::new() };
    owner.user.write("at/reader/main.py", "import sys\nprint(open(sys.argv[1]).read())\n");
    owner.user.write(
        "at/reader/plugin.yaml",
        "name: reader\nversion: 1.0.0\nruntime: python\nentry: main.py\nprotocol: plain\n\
         permissions:\n  - files.read\n",
    );
    let data = owner.user.write("data/a.txt", "mine");
    let other = owner.user.write("other/b.txt", "not for it");
    let grant = format!("files.read={}/**", data.parent().unwrap().display());
    owner.ends(&["install", "--grant", &grant, "at/reader"], 0);
    let reads = |path: &std::path::Path| {
        owner.run(&["run", "-q", "installed:reader", "--", path.to_str().unwrap()])
    };
    let done = reads(&data);
    assert_eq!((done.code, done.stdout.trim()), (Some(0), "mine"), "{done:?}");
    let done = reads(&other);
    assert!(done.code == Some(1) && !done.stdout.contains("not for it"), "{done:?}");
}
