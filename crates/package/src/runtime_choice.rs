//! `runtime: auto`: whether JavaScript needs Node.js, or can do with the built-in
//! engine.
//!
//! Told from the same search for imports that hands files to the engine, and from the
//! names in the text. Nothing is parsed: a name in a comment counts as well. Every
//! doubt is for Node.js, which can do all that the engine can; whoever wants the engine
//! in spite of it says `runtime: javascript`.

use crate::entry_text::{Protocol, Runtime};
use crate::reader;
use crate::sources::{self, Sources};
use std::path::Path;

/// Names that mean something in Node.js, and nothing or something else in the engine.
const OF_NODE: [&str; 33] = [
    "AbortController",
    "AbortSignal",
    "Atomics",
    "Blob",
    "BroadcastChannel",
    "Buffer",
    "CompressionStream",
    "DecompressionStream",
    "Event",
    "EventSource",
    "EventTarget",
    "File",
    "FormData",
    "Function",
    "Intl",
    "MessageChannel",
    "ReadableStream",
    "Request",
    "SharedArrayBuffer",
    "TransformStream",
    "WebAssembly",
    "WebSocket",
    "Worker",
    "WritableStream",
    "__dirname",
    "__filename",
    "clearImmediate",
    "eval",
    "global",
    "localStorage",
    "navigator",
    "process",
    "setImmediate",
];

/// What was chosen, and why, for a person to read.
pub(crate) struct Choice {
    pub(crate) runtime: Runtime,
    pub(crate) why: String,
}

/// Chooses for the plugin that begins at `entry` and lies in `home`; both are canonical.
pub(crate) fn choose(entry: &Path, home: &Path, protocol: Option<Protocol>) -> Choice {
    let node = |why: String| Choice { runtime: Runtime::Node, why };
    if let Some(protocol @ (Protocol::Mcp | Protocol::Plain)) = protocol {
        return node(format!("runs on Node.js: it is declared to talk `{}`", protocol.word()));
    }
    let gathered = match sources::gather(entry, home) {
        Ok(gathered) => gathered,
        // Whatever it is that cannot be handed to the engine.
        Err(error) => return node(format!("runs on Node.js: {error}")),
    };
    match need(&gathered) {
        Some(need) => node(format!("runs on Node.js: {need}")),
        None => Choice {
            runtime: Runtime::JavaScript,
            why: "runs on the built-in engine: it asks for nothing of Node.js".to_owned(),
        },
    }
}

/// The first thing that only Node.js has.
fn need(gathered: &Sources) -> Option<String> {
    let code = gathered.files.iter().filter(|(path, _)| !path.ends_with(".json"));
    code.into_iter().find_map(|(path, text)| {
        let (at, what) = need_of(text)?;
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        Some(format!("{} line {line} {what}", reader::short(path)))
    })
}

/// The place and the name of the first need in one file.
fn need_of(text: &str) -> Option<(usize, String)> {
    let imported = sources::imports(text).into_iter().find(|name| !is_relative(name)).map(|name| {
        // A piece of `text`, so that their distance is its place.
        let at = name.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        (at, format!("imports `{}`", reader::short(name)))
    });
    let named = words(text).find_map(|(at, word)| {
        let rest = text.get(at + word.len()..).unwrap_or_default().trim_start();
        match word {
            _ if OF_NODE.binary_search(&word).is_ok() => Some((at, format!("names `{word}`"))),
            // A name that is put together, which nobody can follow.
            "require" | "import" if computes(rest) => {
                Some((at, format!("calls `{word}` with a name that is not written out")))
            }
            _ => None,
        }
    });
    [imported, named].into_iter().flatten().min()
}

fn is_relative(name: &str) -> bool {
    name.starts_with("./") || name.starts_with("../") || matches!(name, "." | "..")
}

/// Whether what follows `require` or `import` is a call without a plain name, or no
/// call at all where one belongs.
fn computes(rest: &str) -> bool {
    let Some(argument) = rest.strip_prefix('(').map(str::trim_start) else { return false };
    let Some(quote) = argument.chars().next().filter(|c| matches!(c, '\'' | '"' | '`')) else {
        return true;
    };
    let inner = argument.get(1..).unwrap_or_default();
    let Some(end) = inner.find(quote) else { return true };
    let (name, after) = inner.split_at(end);
    name.contains(['\\', '$']) || !after.get(1..).unwrap_or_default().trim_start().starts_with(')')
}

/// The names in a text that are not members of something (`a.process` is none).
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find(is_part)?;
            let rest = text.get(start..)?;
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            from = start + end;
            let before = text.get(..start).unwrap_or_default().trim_end();
            let is_member = before.ends_with('.') && !before.ends_with("..");
            if !is_member {
                return Some((start, rest.get(..end)?));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_only_node_has_is_found_with_its_place() {
        for (text, found) in [
            ("import fs from 'node:fs'", "imports `node:fs`"),
            ("import fs from 'fs';", "imports `fs`"),
            ("const a = require('axios')", "imports `axios`"),
            ("await import('left-pad')", "imports `left-pad`"),
            ("export const a = () => process.env.HOME", "names `process`"),
            ("globalThis.x = Buffer.from('a')", "names `Buffer`"),
            ("[...process.argv]", "names `process`"),
            ("new Function('return 1')", "names `Function`"),
            ("require(name)", "calls `require` with a name that is not written out"),
            ("import('./' + name)", "calls `import` with a name that is not written out"),
            ("import(`./${name}`)", "calls `import` with a name that is not written out"),
            ("require ( './a' + b )", "calls `require` with a name that is not written out"),
        ] {
            assert_eq!(need_of(text).expect(text).1, found, "{text}");
        }
        let (at, what) = need_of("// é\nimport './a.js'\nconst { env } = process").unwrap();
        assert_eq!((at, what.as_str()), (38, "names `process`"));
    }

    #[test]
    fn what_the_engine_has_is_no_need() {
        for text in [
            "import a from './a.mjs'; import b from '../b.json'; export * from './c.js'",
            "const c = require('./c.cjs'); module.exports = { act: (x) => c(x) }",
            "export const act = (x, { storage }) => storage.get(x.process).then((y) => y.Buffer)",
            "export const act = async () => (await fetch('https://a.example')).json()",
            "const preprocess = 1, $process = 2; import('./late.js')",
        ] {
            assert_eq!(need_of(text), None, "{text}");
        }
        assert!(OF_NODE.is_sorted());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(?s)(import|require|\\(|process|[.'\"`$\\\\é \n]){0,40}") {
            let _ = need_of(&text);
        }
    }
}
