//! What a worker runs, whatever it is made of.

use crate::stop::Stop;

/// How a call failed.
#[derive(Debug)]
pub enum CallError {
    /// The plugin says so.
    Plugin {
        /// The kind of error, in its words.
        name: Option<String>,
        /// What happened.
        message: String,
        /// Where.
        stack: Option<String>,
        /// The stable code of a failure of ours that it let pass.
        code: Option<String>,
    },
    /// There is no such action.
    NoSuchAction,
    /// It was stopped.
    Stopped(Stop),
}

impl From<Stop> for CallError {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

/// A plugin that can be called. Its time begins before a function here is called,
/// and a stopped call leaves it ready for the next.
pub(crate) trait Guest {
    /// Loads it and gives the names of its actions. `told` is what the host says of
    /// the plugin, in JSON.
    fn load(&mut self, told: &str) -> Result<Vec<String>, CallError>;

    /// Calls an action with JSON, and gives JSON. What the call leaves may stay until
    /// [`Guest::settle`]; the next call finds none of it either way.
    fn call(&mut self, action: &str, input: &str) -> Result<String, CallError>;

    /// Puts the state back, while nobody waits for an answer.
    fn settle(&mut self);
}
