//! Hostile plugins that attack the host through what they say to it.
//!
//! Each file of `plugins/hostile/protocol/` runs as a plugin through the
//! library. Whatever it says, the host answers in time with a true answer or a
//! typed error, keeps its memory, and serves the next plugin.
#![expect(
    clippy::unwrap_used,
    reason = "support for tests: a failure here is a failure of the test"
)]

use ringfence::{
    Answer, Budget, Capability, Engine, EngineOptions, Kind, Package, Preset, RunError, Silent,
    Terms, Timeouts,
};
use ringfence_tests::hostile_folder;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What may come of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// The action's own answer.
    Truth,
    /// An error of this kind.
    Protocol,
    Timeout,
    Resource,
    Crash,
    Plugin,
}
use Comes::{Crash, Plugin, Protocol, Resource, Timeout, Truth};

/// File, and what may come of its first call. A second call of the same
/// instance may be refused, but never gets anything but the truth.
const TABLE: &[(&str, &[Comes])] = &[
    ("large-frame.py", &[Protocol, Resource]),
    ("deep-json.py", &[Protocol]),
    ("many-values.py", &[Protocol, Resource]),
    ("invalid-utf8.py", &[Protocol]),
    ("reply-forgery.py", &[Protocol]),
    ("double-answer.py", &[Protocol, Truth]),
    ("id-reuse.py", &[Protocol, Truth]),
    ("request-flood.py", &[Protocol, Timeout, Resource]),
    ("log-flood.py", &[Protocol, Timeout, Resource]),
    ("half-message.py", &[Timeout]),
    ("never-ready.py", &[Timeout]),
    ("forged-ready.py", &[Protocol, Plugin]),
    ("methods-of-the-host.py", &[Protocol]),
    ("odd-json.py", &[Protocol]),
    ("close-channel.py", &[Protocol, Timeout, Crash]),
    ("end-without-answer.py", &[Crash]),
    ("huge-answer.py", &[Resource]),
    ("terminal-escapes.py", &[Plugin]),
    ("exit-in-thread.py", &[Truth]),
];

struct Host {
    engine: Engine,
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        Self { engine: Engine::open(EngineOptions::new(home)).unwrap(), folder }
    }

    fn plugin(&self, source: &Path) -> PathBuf {
        let folder = self.folder.path().join(source.file_stem().unwrap());
        fs::create_dir_all(&folder).unwrap();
        fs::copy(source, folder.join("plugin.py")).unwrap();
        let manifest = "name: hostile\nversion: 1.0.0\nruntime: python\nentry: plugin.py\n";
        fs::write(folder.join("plugin.yaml"), manifest).unwrap();
        folder
    }

    /// What came of the calls, one after the other in one instance, and how
    /// long they and the end took.
    fn run(&self, source: &Path, calls: &[&str]) -> (Vec<Result<Answer, RunError>>, Duration) {
        let begin = Instant::now();
        let production = Preset::Production.budget();
        let seconds = Duration::from_secs;
        let budget = Budget {
            timeouts: Timeouts { initialise: seconds(2), hook: seconds(2), call: seconds(2) },
            output_bytes: 5 << 20,
            ..production
        };
        let terms = Terms { budget: Some(budget), accept_declared: true, ..Terms::default() };
        let package = Package::open(&self.plugin(source)).unwrap();
        let review = self.engine.review(package, terms).unwrap();
        let mut instance = self.engine.start(review, None, Box::new(Silent)).unwrap();
        let mut came = Vec::new();
        for call in calls {
            if !instance.has_ended() {
                came.push(instance.execute("go", &json!(call)));
            }
        }
        instance.terminate();
        (came, begin.elapsed())
    }
}

fn kind(result: &Result<Answer, RunError>) -> Option<Comes> {
    Some(match result {
        Ok(Answer::Value(Value::String(text))) if text == "true answer" => Truth,
        Err(RunError::Protocol { .. }) => Protocol,
        Err(RunError::Timeout { .. }) => Timeout,
        Err(RunError::Resource { .. }) => Resource,
        Err(RunError::Crash { .. }) => Crash,
        Err(RunError::Plugin(_)) => Plugin,
        _ => return None,
    })
}

/// The largest memory that this process has had, in bytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn whatever_a_plugin_says_the_host_stays_up_and_tells_the_truth() {
    let host = Host::new();
    let folder = hostile_folder().join("protocol");
    let good = folder.join("exit-in-thread.py");
    let mut wrong = Vec::new();
    for (file, first) in TABLE {
        let before = peak_memory();
        let (came, took) = host.run(&folder.join(file), &["first", "second"]);
        let kinds: Vec<_> = came.iter().map(kind).collect();
        let shown: Vec<String> =
            came.iter().map(|r| format!("{r:?}").chars().take(300).collect()).collect();
        println!("{file}: {kinds:?} in {took:?}, {} KiB more", (peak_memory() - before) / 1024);
        let fits = kinds.first().is_some_and(|kind| kind.is_some_and(|kind| first.contains(&kind)));
        // An answer that is not the truth is a forgery.
        let forged = came.iter().any(|result| result.is_ok() && kind(result) != Some(Truth));
        // A plugin that breaks the protocol ends its own instance, no other does.
        let lost = *file == "exit-in-thread.py" && kinds.get(1) != Some(&Some(Truth));
        if !fits || forged || lost {
            wrong.push(format!("{file}: {kinds:?}: {shown:#?}"));
        }
        if took > Duration::from_secs(8) {
            wrong.push(format!("{file}: took {took:?}"));
        }
        if peak_memory() - before > 200 << 20 {
            wrong.push(format!("{file}: {} MiB more memory", (peak_memory() - before) >> 20));
        }
        let (next, _) = host.run(&good, &["first"]);
        if next.first().and_then(kind) != Some(Truth) {
            wrong.push(format!("{file}: the next plugin gets {next:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_plugin_says_reaches_a_terminal_without_its_commands() {
    let host = Host::new();
    let source = hostile_folder().join("protocol/terminal-escapes.py");
    let (came, _) = host.run(&source, &["first"]);
    let error = came.into_iter().next().unwrap().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("all is well"), "{text:?}");
    let bad = |c: char| {
        c.is_control()
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    assert!(!text.contains(bad), "{text:?}");
}

#[test]
fn every_file_that_attacks_the_protocol_is_in_the_table() {
    let files: BTreeSet<String> = fs::read_dir(hostile_folder().join("protocol"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let listed: BTreeSet<String> = TABLE.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(files, listed);
}

#[test]
fn a_granted_folder_that_became_a_link_is_refused_with_what_it_leads_to() {
    let host = Host::new();
    let at = |name: &str| host.folder.path().canonicalize().unwrap().join(name);
    fs::create_dir(at("private")).unwrap();
    fs::write(at("private/secret.txt"), "secret").unwrap();
    // What a run with a grant for the folder around it could leave behind.
    std::os::unix::fs::symlink(at("private"), at("granted")).unwrap();
    let file = at("granted/secret.txt");
    let grant = format!("{}/**", at("granted").display());
    let terms = Terms {
        grants: vec![Capability::new(Kind::FilesRead, &grant).unwrap()],
        ..Terms::default()
    };
    let package = Package::command(vec!["/bin/cat".into(), file.into()]).unwrap();
    let review = host.engine.review(package, terms).unwrap();
    let refusal = match host.engine.start(review, None, Box::new(Silent)) {
        Ok(_) => panic!("it was shown"),
        Err(error) => error.to_string(),
    };
    assert!(refusal.contains("symbolic link"), "{refusal}");
    assert!(refusal.contains(at("private").to_str().unwrap()), "{refusal}");
}
