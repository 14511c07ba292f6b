//! What goes in and comes out of the engine.

use crate::stop::Stop;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What answers a plugin while it runs. Every method is called on the thread of the
/// call, while the plugin waits.
pub trait Host: Send + 'static {
    /// Answers one request, `{"method", "params"}` in JSON, with `{"result"}` or
    /// `{"error": {"message", "data"}}` in JSON. It may wait.
    ///
    /// # Errors
    /// A [`Stop`] ends the call and costs the instance.
    fn request(&mut self, json: &[u8]) -> Result<Vec<u8>, Stop>;
    /// A line for whoever runs the plugin: 0 debug, 1 info, 2 warning, 3 error. The
    /// text is the plugin's, as is what it claims to be.
    ///
    /// # Errors
    /// A [`Stop`] when the call has said enough.
    fn log(&mut self, level: u8, text: &str) -> Result<(), Stop>;
    /// Milliseconds since 1970-01-01 UTC, as coarse as the host likes.
    fn now_ms(&mut self) -> f64;
    /// Fills with random bytes.
    ///
    /// # Errors
    /// A [`Stop`] when there are none.
    fn random(&mut self, bytes: &mut [u8]) -> Result<(), Stop>;
    /// Waits so many milliseconds.
    ///
    /// # Errors
    /// A [`Stop`] when the call ends before.
    fn sleep(&mut self, ms: f64) -> Result<(), Stop>;
    /// Asked whenever the epoch of the engine moved while a plugin ran.
    ///
    /// # Errors
    /// A [`Stop`] when it was because of this call; without, the plugin goes on.
    fn epoch(&mut self) -> Result<(), Stop>;
    /// Asked before a result of so many bytes is copied.
    ///
    /// # Errors
    /// A [`Stop`] when that is too much.
    fn output(&mut self, bytes: usize) -> Result<(), Stop>;
}

/// A plugin as it is handed to the engine.
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    /// Absolute path to text: `.js`, `.mjs`, `.cjs`, `.json`.
    pub files: &'a BTreeMap<String, String>,
    /// The path of the file that is evaluated.
    pub entry: &'a str,
    /// The class that is the plugin, when it is one.
    pub class: Option<&'a str>,
    /// The plugin's name.
    pub plugin: &'a str,
    /// What `ringfence.config.initial` says.
    pub config: &'a Value,
    /// Whether text may not become code: `eval`, `Function`, `import()`.
    pub strict: bool,
    /// The most bytes of memory: the heap, what the engine needs beside it, and the
    /// copy that every call begins with.
    pub memory: u64,
}

impl Sources<'_> {
    pub(super) fn to_json(&self, keep: bool) -> String {
        let mut options = json!({
            "sources": self.files,
            "entry": self.entry,
            "plugin": self.plugin,
            "config": self.config,
            "strict": self.strict,
            "memory": self.memory,
            "keep": keep,
        });
        if let (Some(class), Some(object)) = (self.class, options.as_object_mut()) {
            object.insert("class".into(), class.into());
        }
        options.to_string()
    }
}

/// What a plugin threw. All of it is the plugin's text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, thiserror::Error)]
#[error("{name}: {message}")]
pub struct PluginError {
    /// The name of the error, `Error` for what is none.
    #[serde(default)]
    pub name: String,
    /// What it says.
    #[serde(default)]
    pub message: String,
    /// Where it was, if it was an error.
    pub stack: Option<String>,
    /// The word of a denial that the plugin did not catch, such as `not_granted`.
    pub code: Option<String>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plugin threw.
    #[error(transparent)]
    Plugin(PluginError),
    /// The host ended the call.
    #[error(transparent)]
    Stopped(Stop),
    /// The heap of the plugin was full.
    #[error("the plugin's memory is used up")]
    Memory,
    /// The engine failed.
    #[error("the JavaScript engine failed: {0}")]
    Trap(String),
    /// There is no such action.
    #[error("there is no action {0}")]
    NoAction(String),
    /// The engine could not be made, or is not the one that this program knows.
    #[error("the JavaScript engine cannot be used: {0}")]
    Engine(String),
}

impl Error {
    /// From what the engine says about an error, in JSON.
    pub(super) fn from_engine(json: &[u8]) -> Self {
        match serde_json::from_slice::<PluginError>(json) {
            Ok(error) if error.name == "InternalError" && error.message == "out of memory" => {
                Self::Memory
            }
            Ok(error) => Self::Plugin(error),
            // What describes an error shares a heap with the plugin.
            Err(_) => Self::Plugin(PluginError {
                name: "Error".into(),
                message: "an error that cannot be shown".into(),
                stack: None,
                code: None,
            }),
        }
    }

    /// From what ended a call into WebAssembly.
    pub(super) fn from_trap(error: &wasmtime::Error) -> Self {
        match Stop::of(error, false) {
            Stop::Trap(reason) => Self::Trap(reason),
            stop => Self::Stopped(stop),
        }
    }
}
