//! What an author reads after a mistake: where, what, and what mends it.

use ringfence_package::Manifest;

/// The problems as `line:column message | help`.
fn problems(text: &str) -> Vec<String> {
    Manifest::parse(text)
        .unwrap_err()
        .problems
        .iter()
        .map(|problem| {
            let help =
                problem.suggestion.as_ref().map_or_else(String::new, |help| format!(" | {help}"));
            format!("{}:{} {}{help}", problem.line, problem.column, problem.message)
        })
        .collect()
}

fn only(text: &str) -> String {
    let problems = problems(text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems[0].clone()
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text = "\
name: my plugin
versoin: 1
type: agnt
permissions:
  - file:reed
  - files.read: data
resources:
  memory: lots
  cpus: 2
";
    assert_eq!(
        problems(text),
        [
            "1:7 `my plugin` is not a plugin name: a plugin name may hold letters, digits, `-`, `_`, `.` and one npm scope `@scope/`",
            "2:1 unknown key `versoin` in the manifest | did you mean `version`?",
            "3:7 unknown type `agnt` | did you mean `agent`?",
            "5:5 unknown permission `file:reed` | did you mean `file:read`?",
            "6:17 `data` is not a scope of files.read (absolute path): a path must be absolute, without `.`, `..` or empty components | begin with `/`, or with `./` for the plugin's own folder",
            "8:11 `memory` is a size such as `100M`, not `lots`",
            "9:3 unknown key `cpus` in `resources` | did you mean `cpu`?",
        ]
    );
}

#[test]
fn the_error_prints_file_line_column_and_help() {
    let error = Manifest::parse("name: x\npermissions:\n  - netwrok.request\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "plugin.yaml:3:5: unknown permission `netwrok.request`\n  help: did you mean `network.request`?"
    );
}

#[test]
fn an_unknown_word_is_never_ignored_in_any_shape_and_is_pointed_at_exactly() {
    for (text, want) in [
        (
            "permissions: [files.reed]",
            "2:15 unknown permission `files.reed` | did you mean `files.read`?",
        ),
        (
            "permissions:\n  - send_mesages",
            "3:5 unknown permission `send_mesages` | did you mean `send_messages`?",
        ),
        (
            "permissions:\n  - secret.access: [a]",
            "3:5 unknown permission `secret.access` | did you mean `secrets.access`?",
        ),
        (
            "permissions:\n  - capability: netwrk\n    scope: a",
            "3:17 unknown permission `netwrk` | did you mean `network`?",
        ),
        (
            "permissions: {node: {read: [a]}}",
            "2:15 unknown permission `node` | did you mean `nodes`?",
        ),
        (
            "permissions: {nodes: {raed: [a]}}",
            "2:23 unknown key `raed` in `nodes` | did you mean `read`?",
        ),
        (
            "capabilities: {fileSystemReed: true}",
            "2:16 unknown key `fileSystemReed` in `capabilities` | did you mean `fileSystemRead`?",
        ),
        (
            "capabilities: {shel: false}",
            "2:16 unknown key `shel` in `capabilities` | did you mean `shell`?",
        ),
        ("permissions: [zzzzqqq]", "2:15 unknown permission `zzzzqqq`"),
        ("permissions: ['']", "2:15 `permissions` is empty"),
        ("permissions: [~]", "2:15 `permissions` is empty"),
    ] {
        assert_eq!(only(&format!("name: x\n{text}\n")), want);
    }
}

#[test]
fn unknown_keys_are_errors_at_every_level() {
    for (text, want) in [
        (
            "persmissions: []",
            "2:1 unknown key `persmissions` in the manifest | did you mean `permissions`?",
        ),
        (
            "actions: [{name: a, descripton: b}]",
            "2:21 unknown key `descripton` in an action | did you mean `description`?",
        ),
        (
            "actions: {a: {inputs: {}}}",
            "2:15 unknown key `inputs` in the action `a` | did you mean `input`?",
        ),
        (
            "permissions: [{capability: files.read, reasn: b}]",
            "2:40 unknown key `reasn` in a permission | did you mean `reason`?",
        ),
        (
            "permissions: [{files.read: /a, reasn: b}]",
            "2:32 unknown key `reasn` in a permission | did you mean `reason`?",
        ),
        (
            "permissions: {limits: {storageByte: 1}}",
            "2:24 unknown key `storageByte` in `limits` | did you mean `storageBytes`?",
        ),
        (
            "resources: {rate_limits: {message_per_second: 1}}",
            "2:27 unknown key `message_per_second` in `rate_limits` | did you mean `messages_per_second`?",
        ),
        (
            "resourceLimits: {maxMemory: 1}",
            "2:18 unknown key `maxMemory` in `resourceLimits` | did you mean `maxMemoryMB`?",
        ),
        (
            "timeouts: {initialize: 1}",
            "2:12 unknown key `initialize` in `timeouts` | did you mean `initialise`?",
        ),
    ] {
        assert_eq!(only(&format!("name: x\n{text}\n")), want);
    }
}

#[test]
fn what_nothing_enforces_is_refused_instead_of_promised() {
    for key in ["health_check", "healthCheck", "restart", "restart_policy", "restartPolicy"] {
        let problem = only(&format!("name: x\n{key}: {{a: 1}}\n"));
        assert!(
            problem.starts_with(&format!(
                "2:1 `{key}` is not enforced by this version | remove the key"
            )),
            "{problem}"
        );
    }
    assert_eq!(
        only("name: x\npermissions: {limits: {requestsPerMinute: 10}}\n"),
        "2:43 a rate below 60 per minute is not enforced by this version | write a multiple of 60: rates are counted by the second"
    );
    assert!(
        only("name: x\nstrictMode: true\n").contains("enforced for `runtime: javascript` alone")
    );
    for line in ["strictMode: true", "stateful: false"] {
        let text = format!("name: x\nruntime: auto\nentry: a.js\n{line}\n");
        assert!(only(&text).contains("runtime: "), "{line}");
    }
    assert!(only("name: x\nruntime: auto\n").contains("add `entry: index.js`"));
    assert!(only("name: x\nenabled: false\n").contains("switched off"));
}

#[test]
fn values_of_the_wrong_form_are_pointed_at() {
    for (text, want) in [
        ("version: [1]", "2:10 `version` is text, not a list"),
        (
            "version: one",
            "2:10 `one` is not a version | write numbers with dots between them, such as `1.2.0`",
        ),
        ("author: ", "2:7 `author` is empty"),
        (
            "homepage: javascript:alert(1)",
            "2:11 `homepage` is an address that begins with `https://`",
        ),
        ("jit: yes", "2:6 `jit` is `true` or `false`, not `yes` | write `true` without quotes"),
        (
            "jit: true",
            "2:6 `jit` is for `runtime: command` alone | remove the key; the jail knows what node and python need",
        ),
        (
            "capabilities: {shell: 'true'}",
            "2:23 `shell` is `true` or `false`, not `true` | write `true` without quotes",
        ),
        ("capabilities: [shell]", "2:15 `capabilities` is a map of keys, not a list"),
        (
            "permissions: files.read",
            "2:14 `permissions` is a list of words or a map of families | begin the word with `- ` on a line of its own",
        ),
        ("permissions: [[files.read]]", "2:15 a permission is a word or a map, not a list"),
        (
            "permissions: [files.read: ]",
            "2:25 `files.read` has no scope | write a scope behind the colon, or `\"*\"` for everything",
        ),
        (
            "permissions: [files.read: {reason: x}]",
            "2:27 the scope of `files.read` is text or a list | put `reason` and `optional` beside the word, not below it",
        ),
        (
            "permissions: [{files.read: /a, files.write: /b}]",
            "2:32 unknown key `files.write` in a permission | begin every permission with `- ` of its own",
        ),
        (
            "permissions: [{reason: x}]",
            "2:15 a permission without a word | begin with a word, such as `- files.read: /data/**`",
        ),
        ("permissions: [user.profile: alice]", "2:29 user.profile takes no scope"),
        (
            "permissions: [network.request: 'ftp://a.com/']",
            "2:32 `ftp://a.com/` is not a scope of network.request (host pattern and port): a scheme is `https://`, `http://`, `tls-opaque://` or `udp://` | write a host, such as `api.example.com` or `*.example.com:8443`, or `https://api.example.com`",
        ),
        ("resources: {memory: 0}", "2:21 `memory` is zero, with which nothing can run"),
        ("resources: {processes: 99999999999}", "2:24 `processes` is too large"),
        ("resources: {memory: [1]}", "2:21 `memory` is a size such as `100M`, not a list"),
        (
            "resources: {memory: 1M, memory_limit: 1M}",
            "2:25 `memory_limit` means the same as `memory` | keep one of the two",
        ),
        (
            "resources: {cpu: -1}",
            "2:18 `cpu` is a share such as `25%`, or a number of cores such as `0.25`, not `-1`",
        ),
        ("actions: [{description: a}]", "2:11 an action without `name`"),
        ("actions: [a, a]", "2:14 the action `a` is here twice"),
        (
            "actions: ['a b']",
            "2:11 `a b` is not the name of an action | use up to 128 letters, digits, `_`, `-`, `.` or `/`",
        ),
        (
            "actions: {a: {input: 3}}",
            "2:22 `input` is a JSON Schema, not a single value | write a map such as `{type: object}`",
        ),
        ("name_: y", "2:1 unknown key `name_` in the manifest | did you mean `name`?"),
    ] {
        assert_eq!(only(&format!("name: x\n{text}\n")), want);
    }
    assert_eq!(only("version: 1\n"), "1:1 the manifest has no `name` | add `name: my-plugin`");
    assert_eq!(
        only("name: x\npluginName: x\n"),
        "2:1 `pluginName` means the same as `name` | keep one of the two"
    );
    assert_eq!(
        only("name: x\ntimeouts: {call: 1}\nresourceLimits: {maxExecutionTime: 1}\n"),
        "2:12 the limit `call` is already given by another key | keep one of the two"
    );
}

#[test]
fn an_entry_that_could_lead_elsewhere_is_refused_by_its_text() {
    for (entry, want) in [
        ("/usr/bin/x.py", "absolute path"),
        ("~/x.py", "absolute path"),
        ("../x.py", "leads out of the plugin's folder with `..`"),
        ("a/../../x.py", "leads out of the plugin's folder with `..`"),
        ("a\\b.py", "backslash"),
        ("a//b.py", "empty path component"),
        ("a/", "does not say which runtime"),
        ("C:/x.js:A", "colon"),
        ("x.py:1A", "not the name of a Python class"),
        ("x.py:A:B", "neither a file"),
        ("a..b:C", "neither a file"),
        ("index.js:Class", "`runtime: python` only"),
        ("hello", "does not say which runtime"),
        ("[]", "empty list"),
        ("[/bin/sh]", "absolute path"),
        ("[../sh, -c, x]", "`..`"),
    ] {
        let problem = problems(&format!(
            "name: x\nentry: {}\n",
            if entry.starts_with('[') { entry.to_owned() } else { format!("'{entry}'") }
        ));
        assert!(problem[0].starts_with("2:8 "), "{problem:?}");
        assert!(problem[0].contains(want), "{entry}: {problem:?}");
    }
    assert!(only("name: x\nruntime: node\nentry: [node, x.js]\n").contains("one file"));
    assert!(only("name: x\nruntime: node\nentry: x.js:A\n").contains("`runtime: python` only"));
    assert!(only("name: x\nruntime: command\nentry: \"a 'b\"\n").contains("unclosed quote"));
    assert!(only("name: x\nruntime: command\nentry: a\nprotocol: actions\n").contains("no runner"));
}

#[test]
fn a_file_with_a_thousand_mistakes_tells_a_hundred() {
    let mut text = String::from("name: x\n");
    for number in 0..1000 {
        text.push_str(&format!("key{number}: 1\n"));
    }
    assert_eq!(problems(&text).len(), 100);
}
