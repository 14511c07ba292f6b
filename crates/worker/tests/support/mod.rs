//! A host that answers without asking anybody, and numbers that look random and are
//! the same on every run.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use ringfence_protocol::worker::Stopped;
use ringfence_worker::javascript::{
    ENGINE, Error, Host, JavaScript, STACK, Sources, Stop, configuration,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use wasmtime::{Engine, Module};

/// Answers every request with itself, but for those whose method says otherwise.
#[derive(Default)]
pub struct Fake {
    pub log: Vec<(u8, String)>,
    pub requests: Vec<String>,
    pub deadline: Option<Instant>,
    pub clock: f64,
    pub chance: u64,
}

impl Host for Fake {
    fn request(&mut self, json: &[u8]) -> Result<Vec<u8>, Stop> {
        let text = String::from_utf8(json.to_vec()).expect("JSON is UTF-8");
        let value: serde_json::Value = serde_json::from_str(&text).expect("requests are JSON");
        let answer = match value["method"].as_str() {
            Some("storage.get") => serde_json::json!({"error": {
                "message": "storage.read of k was not granted",
                "data": {"code": "not_granted", "kind": "storage.read", "object": "k",
                         "withheldBy": "declared", "repair": "--allow storage.read=k"},
            }}),
            Some("test.large") => serde_json::json!({"result": "x".repeat(300_000)}),
            Some("test.stop") => return Err(Stop::Gone),
            Some("http.fetch") if text.contains("/moved") => serde_json::json!({"result": {
                "status": 302, "headers": [["Location", "/there?x=1"]], "body": ""}}),
            Some("http.fetch") => serde_json::json!({"result": {
                "status": 200, "headers": [["Content-Type", "application/json"]],
                "body": "{\"a\":[1,2,3]}"}}),
            _ => serde_json::json!({"result": value}),
        };
        self.requests.push(text);
        Ok(answer.to_string().into_bytes())
    }

    fn log(&mut self, level: u8, text: &str) -> Result<(), Stop> {
        self.log.push((level, text.to_owned()));
        Ok(())
    }

    fn now_ms(&mut self) -> f64 {
        self.clock += 0.25;
        self.clock
    }

    fn random(&mut self, bytes: &mut [u8]) -> Result<(), Stop> {
        for byte in bytes {
            *byte = u8::try_from(next(&mut self.chance) & 0xff).expect("a byte");
        }
        Ok(())
    }

    fn sleep(&mut self, ms: f64) -> Result<(), Stop> {
        self.clock += ms;
        self.epoch()
    }

    fn epoch(&mut self) -> Result<(), Stop> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Stop::Limit(Stopped::Time)),
            _ => Ok(()),
        }
    }

    fn output(&mut self, bytes: usize) -> Result<(), Stop> {
        if bytes > 1 << 20 { Err(Stop::Limit(Stopped::Output)) } else { Ok(()) }
    }
}

/// splitmix64
pub fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut value = *state;
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

pub fn below(state: &mut u64, end: u64) -> u64 {
    next(state) % end
}

pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let engine = Engine::new(&configuration()).expect("an engine");
        let ticking = engine.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::park_timeout(Duration::from_millis(5));
                ticking.increment_epoch();
            }
        });
        engine
    })
}

/// The engine in native code, compiled by the first test that wants it.
pub fn module() -> Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    let make = || {
        let mut key = Key(Sha256::new_with_prefix(ENGINE));
        engine().precompile_compatibility_hash().hash(&mut key);
        let key: String = key.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("engine-{key}"));
        if !path.exists() {
            // Tests are processes: the name tells that the file is whole.
            let code = ringfence_worker::compile(ENGINE).expect("the engine compiles");
            let part = path.with_extension(std::process::id().to_string());
            std::fs::write(&part, code).expect("a file");
            std::fs::rename(&part, &path).expect("a name");
        }
        #[expect(unsafe_code, reason = "loads native code")]
        // SAFETY: needed to load native code. The file is what a test compiled.
        unsafe { Module::deserialize_file(engine(), &path) }.expect("the engine loads")
    };
    MODULE.get_or_init(make).clone()
}

struct Key(Sha256);

impl Hasher for Key {
    fn finish(&self) -> u64 {
        0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

/// Runs on a thread with the stack that the engine needs.
pub fn on_a_large_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK * 2);
    let joined = thread.spawn(test).expect("a thread").join();
    if let Err(panic) = joined {
        std::panic::resume_unwind(panic);
    }
}

pub struct Options {
    pub strict: bool,
    pub memory: u64,
    pub class: Option<&'static str>,
    pub keep: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { strict: true, memory: 32 * 1024 * 1024, class: None, keep: false }
    }
}

/// A plugin of some files; the first is the entry.
pub fn plugin(
    files: &[(&str, &str)],
    options: &Options,
) -> Result<(JavaScript<Fake>, Vec<String>), Error> {
    let mut js = JavaScript::load(module(), Fake { clock: 1e12, ..Fake::default() })?;
    let map: BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let config = serde_json::json!({"colour": "red"});
    js.keep_state(options.keep);
    let names = js.initialise(&Sources {
        files: &map,
        entry: files[0].0,
        class: options.class,
        plugin: "test",
        config: &config,
        strict: options.strict,
        memory: options.memory,
    })?;
    Ok((js, names))
}

/// A plugin of one module.
pub fn module_of(text: &str) -> JavaScript<Fake> {
    plugin(&[("/plugin/index.mjs", text)], &Options::default()).expect("a plugin").0
}
