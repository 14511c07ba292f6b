//! Every exit code, each caused by what a user would meet; and the same with
//! `--json`, which is one valid object on standard output however it ends.

use crate::program::{Done, User, repository};
use std::time::Duration;

/// Runs the command line as it is and with `--json`; both must end alike.
fn ends(user: &User, arguments: &[&str], code: i32, word: &str, says: &str) -> (Done, Done) {
    let (verb, rest) = arguments.split_first().unwrap();
    let plain = user.ringfence(arguments).run();
    assert_eq!(plain.code, Some(code), "{plain:?}");
    let json = user.ringfence([verb, "--json"].into_iter().chain(rest.iter().copied())).run();
    assert_eq!(json.code, Some(code), "{json:?}");
    let object = json.json();
    assert_eq!(object["ok"], code == 0, "{json:?}");
    if code == 0 {
        assert!(plain.stdout.contains(says), "`{says}` is not in {plain:?}");
        assert!(object["result"].to_string().contains(says), "{json:?}");
    } else {
        assert!(plain.stderr.contains(says), "`{says}` is not in {plain:?}");
        assert_eq!(plain.stdout, "", "a failure is no answer: {plain:?}");
        assert_eq!(object["error"]["code"], word, "{json:?}");
        let message = object["error"]["message"].as_str().unwrap();
        let help = object["error"]["help"].as_str().unwrap_or_default();
        assert!(message.contains(says) || help.contains(says), "{json:?}");
    }
    (plain, json)
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn zero_when_everything_was_done() {
    let user = User::new();
    let hello = repository("plugins/examples/hello-python");
    let (plain, json) = ends(
        &user,
        &["run", text(&hello), "greet", "-i", "{\"name\":\"Ada\"}"],
        0,
        "",
        "Hello, Ada!",
    );
    let answer: serde_json::Value = serde_json::from_str(&plain.stdout).unwrap();
    assert_eq!(answer, json.json()["result"]);
    ends(&user, &["run", "--", "echo", "all good"], 0, "", "all good");
    for arguments in [&["--help"][..], &["--version"], &["run", "--help"], &["schema"]] {
        let done = user.ringfence(arguments).run();
        assert!(done.code == Some(0) && !done.stdout.is_empty(), "{done:?}");
        assert_eq!(done.stderr, "", "{done:?}");
    }
}

#[test]
fn every_example_plugin_runs_as_its_read_me_says() {
    let user = User::new();
    let example = |name: &str| repository(&format!("plugins/examples/{name}"));
    let (node, count, mcp) = (example("hello-node"), example("word-count"), example("mcp-echo"));
    let name = "{\"name\":\"Ada\"}";
    ends(&user, &["run", text(&node), "greet", "-i", name], 0, "", "Hello, Ada!");
    let counted = ["run", "--yes", text(&count), "--input", "two words\n"];
    ends(&user, &counted, 0, "", "words").0.json();
    ends(&user, &["run", text(&mcp), "echo", "-i", "{\"text\":\"hi\"}"], 0, "", "hi");
    let tools = user.ringfence(["run", "--json", text(&mcp)]).run();
    assert_eq!(tools.json()["result"]["tools"][1]["name"], "sum", "{tools:?}");
}

#[test]
fn one_when_the_plugin_fails_by_itself() {
    let user = User::new();
    ends(&user, &["run", "--", "sh", "-c", "echo why >&2; exit 3"], 1, "plugin_error", "status 3");
    let plugin = user.python_plugin("def go(input):\n    raise ValueError('no such order')\n", "");
    ends(&user, &["run", text(&plugin), "go"], 1, "plugin_error", "no such order");
    let mcp = repository("plugins/examples/mcp-echo");
    ends(&user, &["run", text(&mcp), "sum", "-i", "{}"], 1, "plugin_error", "the plugin failed");
    // A plugin that cannot even be loaded failed as well.
    let broken = user.python_plugin("import nothing_of_this_name\n", "");
    ends(&user, &["run", text(&broken), "go"], 1, "plugin_error", "nothing_of_this_name");
}

#[test]
fn the_end_of_what_a_failed_program_said_is_in_the_json() {
    let user = User::new();
    let done =
        user.ringfence(["run", "--json", "--", "sh", "-c", "echo the cause >&2; exit 9"]).run();
    assert_eq!(done.json()["error"]["stderr"], "the cause", "{done:?}");
}

#[test]
fn two_when_the_manifest_is_wrong_with_the_place_and_a_suggestion() {
    let user = User::new();
    let plugin = user.python_plugin("def go(input): pass\n", "actoins: {}\n");
    let (plain, _) = ends(&user, &["run", text(&plugin), "go"], 2, "usage", "plugin.yaml:5:1");
    assert!(plain.stderr.contains("did you mean `actions`?"), "{plain:?}");
    let plugin =
        user.python_plugin("def go(input): pass\n", "permissions:\n  - files.raed: /data\n");
    let (plain, _) = ends(&user, &["run", text(&plugin), "go"], 2, "usage", "plugin.yaml:6:5");
    assert!(plain.stderr.contains("did you mean `files.read`?"), "{plain:?}");
    let plugin = user.python_plugin("", "actions: [a\n");
    ends(&user, &["run", text(&plugin), "go"], 2, "usage", "plugin.yaml:");
    assert!(!user.home().join("audit").exists(), "nothing was touched");
}

#[test]
fn two_when_the_command_line_is_wrong_and_nothing_was_started() {
    let user = User::new();
    let hello = repository("plugins/examples/hello-python");
    let hello = text(&hello);
    let cases: &[(&[&str], &str)] = &[
        (&["run"], "what shall be run?"),
        (&["run", "./no-such-folder"], "no-such-folder"),
        (&["run", hello, "greet", "--input", "{"], "not JSON"),
        (&["run", hello, "greet", "--input", "@no-such-file"], "no-such-file"),
        (&["run", hello, "--mcp"], "does not speak MCP"),
        (&["run", "--grant", "files.raed=/x", "--", "true"], "files.raed"),
        (&["run", "--preset", "lax", "--", "true"], "production"),
        (&["run", "--no-such-option", "--", "true"], "--no-such-option"),
        (&["run", "--env", "1A-B=x", "--", "true"], "not a variable's name"),
        (&["run", "--env", "NOT_SET_ANYWHERE", "--", "true"], "not set here"),
        (&["run", "--timeout", "0", "--", "true"], "0 is not in"),
        (&["run", "--memory", "0", "--", "true"], "0 is not in"),
        (&["run", "--cpu-time", "0", "--", "true"], "0 is not in"),
        (&["run", "--grant", "files.read=/no/such/place", "--", "true"], "/no/such/place"),
        (&["run", "--grant", "environment.read", "--", "true"], "environment.read=LANG"),
        (&["run", "greet", "again", "--", "true"], "only an action"),
        (&["run", "go", "--", "true"], "no actions"),
        (&["run", "--", "./no-such-program"], "no-such-program"),
        (&["run", "--", "no-such-program-anywhere"], "not installed"),
    ];
    for (arguments, says) in cases {
        ends(&user, arguments, 2, "usage", says);
    }
    let started = user.kinds().iter().filter(|kind| *kind == "sandbox_started").count();
    assert_eq!(started, 0);
}

#[test]
fn two_when_there_is_no_such_action_and_the_help_lists_what_there_is() {
    let user = User::new();
    let hello = repository("plugins/examples/hello-python");
    let (plain, _) = ends(&user, &["run", text(&hello), "great"], 2, "usage", "no action `great`");
    assert!(plain.stderr.contains("it has: greet"), "{plain:?}");
}

#[test]
fn three_when_a_need_is_not_granted_and_nobody_can_be_asked() {
    let user = User::new();
    let notes = repository("plugins/examples/notes-python");
    // The pipe on standard input stays open: whoever asked would wait for ever.
    let (plain, json) = ends(&user, &["run", text(&notes), "list"], 3, "denied", "storage.read");
    assert!(plain.took < Duration::from_secs(10), "{plain:?}");
    assert!(plain.stderr.contains("--yes"), "the repair is named: {plain:?}");
    assert!(!plain.stderr.contains("[y/N]"), "{plain:?}");
    assert!(json.json()["error"]["help"].as_str().unwrap().contains("--grant"), "{json:?}");
    assert_eq!(user.kinds(), ["refused", "refused"]);
    // Closed, empty, or full of yeses: none of them is a person.
    let closed = user
        .ringfence_under(&["sh", "-c", "exec \"$0\" \"$@\" <&-"], &["run", text(&notes), "list"]);
    let done = closed.run();
    assert_eq!(done.code, Some(3), "{done:?}");
    for input in ["", "y\ny\ny\n"] {
        let done = user.ringfence(["run", text(&notes), "list"]).input(input).run();
        assert_eq!(done.code, Some(3), "{done:?}");
    }
    assert!(!user.kinds().iter().any(|kind| kind == "sandbox_started"));
}

#[test]
fn four_when_a_limit_stopped_it_and_the_limit_is_named() {
    let user = User::new();
    let python = |code: &'static str| ["--", "python3", "-c", code];
    let memory = [&["run", "--memory", "32"], &python("x = b'a' * (200 << 20)")[..]].concat();
    if user.has_cgroup() {
        ends(&user, &memory, 4, "limit", "memory limit of 33554432 bytes");
    } else {
        // Without one, the process itself is refused the memory and says so.
        let (plain, _) = ends(&user, &memory, 1, "plugin_error", "status 1");
        assert!(plain.stderr.contains("MemoryError"), "{plain:?}");
    }
    let cpu = [&["run", "--cpu-time", "1"], &python("while True: pass")[..]].concat();
    ends(&user, &cpu, 4, "limit", "processor time limit of 1000 ms");
}

#[test]
fn four_when_the_input_or_the_output_is_too_large() {
    let user = User::new();
    let big = user.write("big.txt", "x".repeat((1 << 20) + 1));
    let at = format!("@{}", text(&big));
    ends(&user, &["run", "--input", &at, "--", "cat"], 4, "limit", "larger than 1 MiB");
    // Letters of several bytes, cut in the middle of one.
    let wide = user.write("wide.txt", format!("x{}", "é".repeat(1 << 20)));
    let at = format!("@{}", text(&wide));
    ends(&user, &["run", "--input", &at, "--", "cat"], 4, "limit", "larger than 1 MiB");
    let done = user.ringfence(["run", "-i", "-", "--", "cat"]).input(vec![b'x'; 2 << 20]).run();
    assert_eq!(done.code, Some(4), "{done:?}");
    // Exactly the limit passes through unchanged.
    let done =
        user.ringfence(["run", "-q", "-i", "-", "--", "cat"]).input(vec![b'x'; 1 << 20]).run();
    assert_eq!((done.code, done.bytes.len()), (Some(0), 1 << 20));
    let flood = ["run", "--json", "--", "cat", "/dev/zero"];
    let done = user.ringfence(flood).run();
    assert_eq!(done.json()["error"]["code"], "limit", "{done:?}");
    let plugin = user.python_plugin("def go(input):\n    return 'x' * (11 << 20)\n", "");
    ends(&user, &["run", text(&plugin), "go"], 4, "limit", "output limit");
}

#[test]
fn a_flood_of_output_is_cut_at_the_limit() {
    let user = User::new();
    let done = user.ringfence(["run", "-q", "--", "cat", "/dev/zero"]).run();
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.bytes.len() <= 10 << 20, "{} bytes came through", done.bytes.len());
    assert!(done.stderr.contains("output limit of 10485760 bytes"), "{done:?}");
}

#[test]
fn five_when_time_is_up_for_a_program_an_action_or_a_silent_server() {
    let user = User::new();
    let (plain, _) = ends(
        &user,
        &["run", "--timeout", "1", "--", "sleep", "100"],
        5,
        "timeout",
        "stopped after 1 s",
    );
    assert!(plain.took < Duration::from_secs(4), "{plain:?}");
    let code = "import time\ndef go(input):\n    time.sleep(100)\n";
    let plugin = user.python_plugin(code, "");
    ends(
        &user,
        &["run", "--timeout", "1", text(&plugin), "go"],
        5,
        "timeout",
        "the call took longer",
    );
    let start = "timeouts:\n  initialise: 1s\n";
    let plugin = user.python_plugin("import time\ntime.sleep(100)\n", start);
    ends(&user, &["run", text(&plugin), "go"], 5, "timeout", "the start took longer");
    let silent = format!("protocol: mcp\n{start}");
    let plugin = user.python_plugin("import sys\nfor line in sys.stdin: pass\n", &silent);
    ends(&user, &["run", "--mcp", text(&plugin), "tool"], 5, "timeout", "the start took longer");
    // Served to a client that waits, it is the same, and the client is told.
    let hello = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{}}\n";
    let arguments = ["run", "--mcp", "-q", text(&plugin)];
    let done = user.ringfence(arguments).input(hello).stays().run();
    assert_eq!(done.code, Some(5), "{done:?}");
    let told: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(told["id"], 1, "{done:?}");
    assert!(told["error"]["message"].as_str().unwrap().contains("longer than allowed"), "{done:?}");
}

#[test]
fn six_when_this_machine_cannot_build_the_sandbox() {
    let user = User::new();
    // A user namespace in which exactly one more may be made; the tests' user
    // in it uses that one up.
    let script = "echo 1 > /proc/sys/user/max_user_namespaces && \
                  exec unshare --user --map-user=1000 --map-group=1000 \"$0\" \"$@\"";
    let outer = ["unshare", "--user", "--map-root-user", "sh", "-c", script];
    for arguments in [&["run", "--", "true"][..], &["run", "--json", "--", "true"]] {
        let done = user.ringfence_under(&outer, arguments).run();
        assert_eq!(done.code, Some(6), "{done:?}");
        let said = if arguments.contains(&"--json") {
            let object = done.json();
            assert_eq!(object["error"]["code"], "sandbox_unavailable", "{done:?}");
            object["error"].to_string()
        } else {
            done.stderr.clone()
        };
        assert!(said.contains("namespaces"), "{done:?}");
        assert!(said.contains("ringfence doctor"), "how to mend it: {done:?}");
    }
    assert!(user.kinds().iter().any(|kind| kind == "refused"), "{:?}", user.kinds());
}

#[test]
fn seven_when_the_plugin_dies_or_breaks_the_protocol() {
    let user = User::new();
    ends(&user, &["run", "--", "sh", "-c", "kill -SEGV $$"], 7, "crash", "SIGSEGV");
    let plugin = user.python_plugin(
        "import signal, sys\ndef go(input):\n    print('last words', file=sys.stderr, flush=True)\n    signal.raise_signal(11)\n",
        "",
    );
    let (_, json) = ends(&user, &["run", text(&plugin), "go"], 7, "crash", "SIGSEGV");
    assert_eq!(json.json()["error"]["stderr"], "last words", "{json:?}");
    let plugin = user.python_plugin("import os\ndef go(input):\n    os._exit(5)\n", "");
    ends(&user, &["run", text(&plugin), "go"], 7, "crash", "status 5 before it answered");
    // Not a word of the protocol on the control channel.
    let forged = "import os\ndef go(input):\n    os.write(3, b'Content-Length: x\\n\\nnonsense\\n')\n    import time; time.sleep(5)\n";
    let plugin = user.python_plugin(forged, "");
    ends(&user, &["run", text(&plugin), "go"], 7, "crash", "broke the protocol");
    assert!(user.kinds().iter().any(|kind| kind == "violation"));
}

#[test]
fn the_help_names_every_exit_code() {
    let user = User::new();
    let help = user.ringfence(["--help"]).run().stdout;
    let codes = help.split("Exit codes:").nth(1).unwrap();
    for code in [
        "0 done",
        "1 ",
        "2 ",
        "3 denied",
        "4 limit",
        "5 time-out",
        "6 ",
        "7 crash",
        "8 audit",
        "70 ",
        "130 ",
    ] {
        assert!(codes.contains(code), "{code}: {help}");
    }
}

#[test]
fn six_when_a_wall_is_missing_and_every_wall_was_asked_for() {
    let user = User::new();
    let outer = ["python3", "-c", include_str!("../../support/without-landlock.py")];
    let done = user.ringfence_under(&outer, &["run", "--all-walls", "--", "true"]).run();
    assert_eq!(done.code, Some(6), "{done:?}");
    // Where no cgroup is to be had either, that is found first.
    let missing = if user.has_cgroup() { "Landlock" } else { "cgroup" };
    assert!(done.stderr.contains(missing), "{done:?}");
    // Without that word it runs, and the card says what is missing.
    let done = user.ringfence_under(&outer, &["run", "--", "true"]).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("no landlock"), "{done:?}");
}
