//! The component model's own test files, run in an engine set up like ours.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failure of the test"
)]

use crate::pool::pooled;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmtime::{Config, Engine, WasmFeatures};
use wasmtime_wast::{Async, SpectestConfig, WastContext};

/// Where the files are: a package of the registry carries them.
fn files() -> Vec<PathBuf> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--manifest-path", manifest])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "run cargo xtask setup, which has them fetched: {said}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|package| package["name"] == "wasm-tools")
        .unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let mut found = Vec::new();
    let mut folders = vec![manifest.parent().unwrap().join("tests/component-model/test")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wast") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn run(config: &Config, file: &Path, host: bool) -> Result<(), String> {
    let engine = Engine::new(config).unwrap();
    let mut context = WastContext::new(&engine, Async::Yes, |store| store.set_epoch_deadline(1));
    if host {
        let spectest = SpectestConfig { use_shared_memory: false, suppress_prints: true };
        context.register_spectest(&spectest).unwrap();
    }
    // The words of an error are the engine's own.
    context.ignore_error_messages(true);
    let text = std::fs::read(file).unwrap();
    context.run_wast(file.to_str().unwrap(), &text).map_err(|error| format!("{error:#}"))
}

/// Our settings with what plugins do not have and most files try: functions that
/// wait, and types that are newer.
fn with_everything() -> Config {
    let mut config = pooled(64 << 20, true);
    let more = WasmFeatures::CM_ASYNC
        | WasmFeatures::CM_ASYNC_STACKFUL
        | WasmFeatures::CM_MORE_ASYNC_BUILTINS
        | WasmFeatures::CM_THREADING
        | WasmFeatures::CM_FIXED_LENGTH_LISTS
        | WasmFeatures::CM_MAP
        | WasmFeatures::CM_IMPLEMENTS;
    config.concurrency_support(true).wasm_features(more, true);
    config
}

/// Files that the engine does not pass whatever its settings are, or only with a
/// part that is not built in here.
const NOT_PASSED: [(&str, &str); 6] = [
    ("binary.wast", "gc proposal must be enabled"),
    ("during-sync-call-may-block-if-other-ready-threads.wast", "error while executing"),
    ("during-sync-call-no-exclusive-resume.wast", "error while executing"),
    ("during-sync-call-no-sibling-resume.wast", "error while executing"),
    ("max-value-size.wast", "expected module to fail to build"),
    ("tags.wast", "exceptions proposal not enabled"),
];

#[test]
fn every_file_of_the_component_model_passes_that_this_engine_can_pass() {
    let files = files();
    let config = with_everything();
    let (mut passed, mut otherwise) = (0, Vec::new());
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let known = NOT_PASSED.iter().find(|(file, _)| *file == name);
        match (run(&config, file, true), known) {
            (Ok(()), None) => passed += 1,
            (Err(error), Some((_, why))) if error.contains(why) => {}
            (result, known) => otherwise.push(format!("{name}: {result:?}, known: {known:?}")),
        }
    }
    println!("{passed} of {} files passed", files.len());
    assert!(otherwise.is_empty(), "{otherwise:#?}");
    assert_eq!((passed, files.len()), (58, 64));
}

#[test]
fn with_the_settings_of_plugins_a_file_passes_or_is_refused_for_a_feature_by_name() {
    let files = files();
    let config = pooled(64 << 20, true);
    let mut passed = 0;
    for file in &files {
        match run(&config, file, false) {
            Ok(()) => passed += 1,
            Err(error) => assert!(
                error.contains("failed to parse WebAssembly module")
                    && ["requires", "require the", "not active", "not enabled"]
                        .iter()
                        .any(|word| error.contains(word)),
                "{}: {error}",
                file.display()
            ),
        }
    }
    println!("{passed} of {} files passed, the others were refused", files.len());
    assert_eq!(passed, 23);
}
