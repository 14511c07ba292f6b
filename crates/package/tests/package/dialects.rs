//! Every permission word and every limit of every host application, in the
//! shape in which its own manifests write it.

use ringfence_limits::Preset;
use ringfence_package::{Dialect, Manifest, meaning, permission_words};
use ringfence_types::Kind;
use std::path::Path;
use std::time::Duration;

fn parse(text: &str) -> Manifest {
    Manifest::parse(text).unwrap_or_else(|error| panic!("{error}\n---\n{text}"))
}

/// The capabilities of a manifest in their text form.
fn asked(text: &str) -> Vec<String> {
    parse(text)
        .requested
        .iter()
        .map(|one| one.resolve(Path::new("/plugins/x")).unwrap().capability.to_string())
        .collect()
}

/// Words that stand in a list, with what they mean.
const LISTED: &[(&str, Kind)] = &[
    // elizaOS in the ONE Platform: all six.
    ("network.external", Kind::NetworkRequest),
    ("storage.read", Kind::StorageRead),
    ("storage.write", Kind::StorageWrite),
    ("secrets.access", Kind::SecretsUse),
    ("events.publish", Kind::EventsPublish),
    ("knowledge.query", Kind::KnowledgeQuery),
    // GAO-Dev: all ten.
    ("file:read", Kind::FilesRead),
    ("file:write", Kind::FilesWrite),
    ("file:delete", Kind::FilesDelete),
    ("network:request", Kind::NetworkRequest),
    ("subprocess:execute", Kind::ProcessExecute),
    ("hook:register", Kind::HooksRegister),
    ("config:read", Kind::ConfigRead),
    ("config:write", Kind::ConfigWrite),
    ("database:read", Kind::StorageRead),
    ("database:write", Kind::StorageWrite),
    // Rosey: all seven.
    ("read_messages", Kind::EventsSubscribe),
    ("send_messages", Kind::EventsPublish),
    ("database_read", Kind::StorageRead),
    ("database_write", Kind::StorageWrite),
    ("http_requests", Kind::NetworkRequest),
    ("file_system_read", Kind::FilesRead),
    ("file_system_write", Kind::FilesWrite),
];

/// RyCode's words are keys with a boolean: all seven.
const SWITCHED: &[(&str, Kind)] = &[
    ("fileSystemRead", Kind::FilesRead),
    ("fileSystemWrite", Kind::FilesWrite),
    ("network", Kind::NetworkRequest),
    ("shell", Kind::ProcessExecute),
    ("env", Kind::EnvironmentRead),
    ("projectMetadata", Kind::ProjectRead),
    ("aiClient", Kind::AiComplete),
];

#[test]
fn every_listed_word_means_its_kind_with_and_without_a_scope() {
    for &(word, kind) in LISTED {
        let bare = format!("name: x\npermissions:\n  - {word}\n");
        assert_eq!(asked(&bare), [kind.word()], "{word}");
        assert_eq!(parse(&bare).requested[0].word, word);
        let scope = match kind {
            Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete => "/data/**",
            Kind::NetworkRequest => "api.example.com",
            _ => "one",
        };
        let scoped = format!("name: x\npermissions:\n  - {word}: {scope}\n");
        assert_eq!(asked(&scoped), [format!("{kind} {scope}")], "{word}");
        let inline = format!("name: x\npermissions: [\"{word} {scope}\"]\n");
        assert_eq!(asked(&inline), [format!("{kind} {scope}")], "{word}");
    }
}

#[test]
fn a_scope_of_the_network_may_name_scheme_method_and_path() {
    for scope in ["https://api.example.com", "GET,POST https://api.example.com/v1/*", "*.a.com:*"] {
        for text in [
            format!("name: x\npermissions:\n  - network.request: \"{scope}\"\n"),
            format!("name: x\npermissions: [\"network.request {scope}\"]\n"),
        ] {
            assert_eq!(asked(&text), [format!("network.request {scope}")]);
        }
    }
}

#[test]
fn every_switched_word_asks_when_true_and_asks_nothing_when_false() {
    for &(word, kind) in SWITCHED {
        assert_eq!(asked(&format!("name: x\ncapabilities:\n  {word}: true\n")), [kind.word()]);
        assert_eq!(asked(&format!("name: x\ncapabilities:\n  {word}: false\n")), [""; 0]);
    }
}

#[test]
fn the_tables_above_are_all_the_foreign_words_there_are() {
    for word in permission_words() {
        assert_eq!(meaning(word.word), Some(word.kind));
        if word.dialect != Dialect::Canonical {
            assert!(
                LISTED.iter().chain(SWITCHED).any(|known| *known == (word.word, word.kind)),
                "{} is in no table of this test",
                word.word
            );
        }
    }
    assert_eq!(
        permission_words().filter(|word| word.dialect == Dialect::Canonical).count(),
        Kind::ALL.len()
    );
}

#[test]
fn every_canonical_word_is_accepted_in_every_form() {
    for &kind in Kind::ALL {
        let word = kind.word();
        assert_eq!(asked(&format!("name: x\npermissions: [{word}]\n")), [word]);
        let long = format!(
            "name: x\npermissions:\n  - capability: {word}\n    reason: to work\n    optional: true\n"
        );
        let manifest = parse(&long);
        assert_eq!(manifest.requested[0].kind, kind);
        assert_eq!(manifest.requested[0].reason.as_deref(), Some("to work"));
        assert!(manifest.requested[0].optional);
    }
}

#[test]
fn the_six_words_of_elizaos_read_as_they_stand() {
    let text = "\
name: '@elizaos/plugin-solana'
version: 1.0.0
type: blockchain
permissions: [network.external, storage.read, storage.write, secrets.access, events.publish, knowledge.query]
";
    assert_eq!(
        asked(text),
        [
            "network.request",
            "storage.read",
            "storage.write",
            "secrets.use",
            "events.publish",
            "knowledge.query"
        ]
    );
}

#[test]
fn the_permission_model_of_lifeos_reads_as_it_stands() {
    let text = "\
name: task-extractor
permissions:
  nodes:
    read: ['task', 'note', 'document']
    write: [task]
    delete: true
  relationships:
    create: true
    read: true
  events:
    subscribe: ['task-extracted', 'note-created']
    publish: []
  user:
    profile: true
    preferences: false
  limits:
    requestsPerMinute: 120
    storageBytes: 1048576
    cpuTimeMs: 500
";
    assert_eq!(
        asked(text),
        [
            "nodes.read task",
            "nodes.read note",
            "nodes.read document",
            "nodes.write task",
            "nodes.delete",
            "relationships.create",
            "relationships.read",
            "events.subscribe task-extracted",
            "events.subscribe note-created",
            "user.profile",
        ]
    );
    let resources = parse(text).resources;
    assert_eq!(resources.broker_calls_per_second, Some(2));
    assert_eq!(resources.storage_bytes, Some(1 << 20));
    assert_eq!(resources.cpu_time, Some(Duration::from_millis(500)));
}

#[test]
fn all_nine_families_of_lifeos_are_read_and_false_asks_nothing() {
    for (family, verb) in [
        ("nodes", "read"),
        ("nodes", "write"),
        ("nodes", "delete"),
        ("relationships", "create"),
        ("relationships", "read"),
        ("events", "subscribe"),
        ("events", "publish"),
        ("user", "profile"),
        ("user", "preferences"),
    ] {
        let text =
            |value: &str| format!("name: x\npermissions: {{{family}: {{{verb}: {value}}}}}\n");
        assert_eq!(asked(&text("true")), [format!("{family}.{verb}")]);
        assert_eq!(asked(&text("false")), [""; 0]);
        if family != "user" {
            assert_eq!(asked(&text("[task]")), [format!("{family}.{verb} task")]);
        }
    }
    // The same words with a dot, in a list and as keys.
    assert_eq!(asked("name: x\npermissions: [nodes.read: [task]]\n"), ["nodes.read task"]);
    assert_eq!(asked("name: x\npermissions: {nodes.read: [task]}\n"), ["nodes.read task"]);
}

#[test]
fn the_configuration_of_rycode_reads_as_it_stands_but_for_strict_mode() {
    let text = |strict: &str| {
        format!(
            "\
pluginName: my-plugin
pluginVersion: 1.0.0
capabilities:
  fileSystemRead: true
  fileSystemWrite: false
  network: true
  shell: false
  env: false
  projectMetadata: true
  aiClient: true
resourceLimits:
  maxMemoryMB: 512
  maxExecutionTime: 30000
  maxCPUTime: 10000
  maxFileSystemOps: 1000
  maxNetworkRequests: 100
{strict}"
        )
    };
    for strict in ["", "strictMode: false\n"] {
        let manifest = parse(&text(strict));
        assert_eq!(manifest.name.as_str(), "my-plugin");
        assert_eq!(manifest.version.as_deref(), Some("1.0.0"));
        assert_eq!(manifest.resources.memory_bytes, Some(512 << 20));
        assert_eq!(manifest.resources.call, Some(Duration::from_secs(30)));
        assert_eq!(manifest.resources.cpu_time, Some(Duration::from_secs(10)));
        assert_eq!(manifest.resources.file_operations, Some(1000));
        assert_eq!(manifest.resources.network_requests, Some(100));
    }
    assert_eq!(asked(&text("")), ["files.read", "network.request", "project.read", "ai.complete"]);
    let error = Manifest::parse(&text("strictMode: true\n")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "plugin.yaml:17:13: strict mode (no `eval`, no dynamic import) is enforced for `runtime: javascript` alone\n  \
         help: remove `strictMode`, or write `false`"
    );
}

#[test]
fn the_presets_of_rycode_ask_for_exactly_the_presets_of_ours() {
    for (preset, memory, call, cpu, operations) in [
        (Preset::Development, 1024, 60_000, 30_000, 5000),
        (Preset::Production, 256, 10_000, 5000, 500),
        (Preset::Untrusted, 64, 3000, 1000, 0),
    ] {
        let manifest = parse(&format!(
            "name: x\nresourceLimits: {{maxMemoryMB: {memory}, maxExecutionTime: {call}, \
             maxCPUTime: {cpu}, maxFileSystemOps: {operations}}}\n"
        ));
        let (budget, short) = manifest.resources.apply(&preset.budget());
        assert_eq!(budget, preset.budget());
        assert_eq!(short, []);
    }
}

#[test]
fn a_manifest_of_gao_dev_reads_as_it_stands() {
    let text = "\
name: example-agent-plugin
version: 1.0
type: agent
entry_point: example.agent:ExampleAgentPlugin
description: An example
enabled: true
permissions:
  - file:read
  - file:write
  - hook:register
timeout_seconds: 30
";
    let manifest = parse(text);
    assert_eq!(asked(text), ["files.read", "files.write", "hooks.register"]);
    assert_eq!(manifest.version.as_deref(), Some("1.0"));
    assert_eq!(manifest.resources.initialise, Some(Duration::from_secs(30)));
}

#[test]
fn the_manifest_of_rosey_reads_as_it_stands() {
    let text = "\
name: markov_plugin
version: 1.0.0
author: community_user
permissions:
  - read_messages      # Can subscribe to message events
  - send_messages
  - database_read
  - database_write
  - http_requests
  - file_system_read
  - file_system_write

resources:
  cpu_limit: 0.25      # Max 25% CPU
  memory_limit: 100M
  rate_limits:
    messages_per_second: 5
    database_queries_per_second: 10
";
    let manifest = parse(text);
    assert_eq!(manifest.author.as_deref(), Some("community_user"));
    assert_eq!(
        asked(text),
        [
            "events.subscribe",
            "events.publish",
            "storage.read",
            "storage.write",
            "network.request",
            "files.read",
            "files.write",
        ]
    );
    let resources = manifest.resources;
    assert_eq!(resources.cpu_percent, Some(25));
    assert_eq!(resources.memory_bytes, Some(100 << 20));
    assert_eq!(resources.messages_per_second, Some(5));
    assert_eq!(resources.queries_per_second, Some(10));
}

#[test]
fn every_canonical_resource_key_reaches_its_limit() {
    let text = "\
name: x
resources:
  memory: 1M
  cpu: 20%
  cpu_time: 2s
  processes: 3
  open_files: 4
  tmp: 5K
  file_size: 6K
  input: 7K
  output: 8K
  storage: 9K
  file_operations: 10
  broker_calls: 11
  broker_calls_per_second: 12
  messages_per_second: 13
  queries_per_second: 14
  network_requests: 18
  network_requests_per_minute: 19
  network_connections: 20
  network_sent: 21K
  network_received: 22K
timeouts: {initialise: 15s, hook: 16ms, call: 17}
";
    let r = parse(text).resources;
    assert_eq!(r.memory_bytes, Some(1 << 20));
    assert_eq!(r.cpu_percent, Some(20));
    assert_eq!(r.cpu_time, Some(Duration::from_secs(2)));
    assert_eq!((r.processes, r.open_files), (Some(3), Some(4)));
    assert_eq!((r.tmp_bytes, r.file_bytes), (Some(5 << 10), Some(6 << 10)));
    assert_eq!((r.input_bytes, r.output_bytes), (Some(7 << 10), Some(8 << 10)));
    assert_eq!((r.storage_bytes, r.file_operations), (Some(9 << 10), Some(10)));
    assert_eq!((r.broker_calls, r.broker_calls_per_second), (Some(11), Some(12)));
    assert_eq!((r.messages_per_second, r.queries_per_second), (Some(13), Some(14)));
    assert_eq!((r.network_requests, r.network_requests_per_minute), (Some(18), Some(19)));
    assert_eq!(r.network_connections, Some(20));
    assert_eq!(r.network_sent_bytes, Some(21 << 10));
    assert_eq!(r.network_received_bytes, Some(22 << 10));
    assert_eq!(r.initialise, Some(Duration::from_secs(15)));
    assert_eq!(r.hook, Some(Duration::from_millis(16)));
    assert_eq!(r.call, Some(Duration::from_secs(17)));
}

#[test]
fn a_scope_that_begins_with_a_dot_means_the_plugins_own_folder_and_nothing_above() {
    assert_eq!(
        asked("name: x\npermissions: [files.read: [./data/**, ./a.txt, /etc/hosts]]\n"),
        ["files.read /plugins/x/data/**", "files.read /plugins/x/a.txt", "files.read /etc/hosts"]
    );
    for bad in ["./../y", "./a/../../y", "../y", "./", ".", "data", "~/x", "./a//b", "./*/x"] {
        let text = format!("name: x\npermissions: [files.read: \"{bad}\"]\n");
        if bad == "./" {
            assert_eq!(asked(&text), ["files.read /plugins/x/**"]);
        } else {
            assert!(Manifest::parse(&text).is_err(), "{bad}");
        }
    }
    // The folder's own name can never widen the scope.
    let requested = parse("name: x\npermissions: [files.read: ./a]\n").requested.remove(0);
    assert!(requested.resolve(Path::new("/plugins/*")).is_err());
    assert!(requested.resolve(Path::new("relative")).is_err());
}
