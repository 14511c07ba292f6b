//! What is said to those who mine a currency together, and the programs that mine.

use super::evaluator::Evaluator;
use crate::event::{Argument, Effect, Role};
use crate::value::{Shape, Value};

/// What the protocol of a pool has in it, whoever speaks it.
const PROTOCOL: &[&str] = &[
    "stratum+tcp://",
    "stratum+ssl://",
    "stratum+tls://",
    "stratum1+",
    "stratum2+",
    "mining.subscribe",
    "mining.authorize",
    "mining.submit",
];
/// Programs that mine.
const PROGRAMS: &[&str] = &[
    "xmrig",
    "xmr-stak",
    "minerd",
    "cpuminer",
    "ethminer",
    "nbminer",
    "lolminer",
    "phoenixminer",
    "teamredminer",
    "cgminer",
    "bfgminer",
    "t-rex.exe",
    "nanominer",
    "srbminer",
    "randomx",
];

impl Evaluator<'_> {
    /// Whether a call that speaks to somebody or starts a program mines.
    pub(super) fn mines(effect: Effect, arguments: &[Argument]) -> bool {
        matches!(
            effect,
            Effect::Spawn | Effect::Shell | Effect::Connect | Effect::Request | Effect::FileWrite
        ) && arguments.iter().any(|argument| {
            let starts = matches!(argument.role, Role::Command | Role::CommandArgument);
            says(&argument.value, starts, 3)
        })
    }
}

fn says(value: &Value, starts: bool, depth: u32) -> bool {
    match &value.shape {
        Shape::Text(text) => mentions(text, starts),
        Shape::Partial { prefix, rest } => {
            mentions(prefix, starts) || rest.iter().any(|piece| mentions(piece, starts))
        }
        Shape::Bytes(bytes) if bytes.len() <= 4_096 => {
            mentions(&String::from_utf8_lossy(bytes), starts)
        }
        Shape::List(items) if depth > 0 => items.iter().any(|item| says(item, starts, depth - 1)),
        Shape::Record(items) if depth > 0 => {
            items.iter().any(|(_, item)| says(item, starts, depth - 1))
        }
        _ => false,
    }
}

fn mentions(text: &str, starts: bool) -> bool {
    // A whole document is no address, and a command is short.
    if text.len() > 4_096 {
        return false;
    }
    PROTOCOL.iter().any(|word| text.contains(word))
        || (starts
            && text.split_whitespace().any(|word| {
                let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
                let name = name.strip_suffix(".exe").unwrap_or(&name);
                PROGRAMS.contains(&name)
            }))
}
