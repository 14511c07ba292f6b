//! What the host told the probe program about its bait.

use std::path::PathBuf;

use crate::outcome::Outcome;

/// The `key=value` arguments, plus facts about this process that a forked
/// attempt could no longer see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    pairs: Vec<(String, String)>,
    /// The probe program's own process id.
    pub(crate) own_pid: i32,
    /// Descriptors beyond the standard three that were open at the start.
    pub(crate) inherited: Vec<i32>,
}

impl Context {
    /// Reads arguments; what has no `=` is kept without effect, because a
    /// newer host may know words that this program does not.
    pub(crate) fn from_arguments(arguments: &[String]) -> Self {
        let pairs = arguments
            .iter()
            .filter_map(|argument| argument.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        Self { pairs, own_pid: 0, inherited: Vec::new() }
    }

    /// The value of an argument, or the outcome that says it is missing.
    pub(crate) fn need(&self, key: &str) -> Result<&str, Outcome> {
        self.get(key).ok_or_else(|| Outcome::not_tried(format!("no {key}= was given")))
    }

    /// The value of an argument.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A number given as argument.
    pub(crate) fn number<T: std::str::FromStr>(&self, key: &str) -> Result<T, Outcome> {
        self.need(key)?
            .parse()
            .map_err(|_| Outcome::not_tried(format!("{key}= is not a number in range")))
    }

    /// A path given as argument.
    pub(crate) fn path(&self, key: &str) -> Result<PathBuf, Outcome> {
        self.need(key).map(PathBuf::from)
    }

    /// Whether this process is the jail's first, in which case attacks on
    /// "the first process" would only attack ourselves.
    pub(crate) fn init(&self) -> Result<i32, Outcome> {
        if self.own_pid == 1 {
            return Err(Outcome::not_tried("the probe itself is process 1"));
        }
        Ok(1)
    }
}

/// Turns an attempt that may end early for want of an argument into its
/// outcome.
pub(crate) fn settle(result: Result<Outcome, Outcome>) -> Outcome {
    result.unwrap_or_else(|early| early)
}
