//! Text to a syntax tree, or the reason why not.

use std::borrow::Cow;
use std::rc::Rc;

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::SourceType;

use super::depth;
use crate::survive;

/// The largest file that is parsed; larger ones are refused by their size. A syntax
/// tree takes about ten times the memory of its text.
pub(crate) const MAX_FILE_BYTES: usize = 32 << 20;

/// A file's bytes as text. What is not UTF-8 keeps its place as far as it can.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .filter_map(|pair| <[u8; 2]>::try_from(pair).ok().map(number))
            .collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        // Most text is whole, and telling that is quicker than looking for what is not.
        bytes => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        },
    }
}

/// Whether these bytes may be a program: most of them are text. A byte order mark says
/// that zeros among them are halves of letters.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) || !crate::classify::is_binary(bytes)
}

/// The tree of a file. Of what `is_text` only in part, no error is passed over: the
/// parser gets over nearly anything.
///
/// # Errors
///
/// A lowercase fragment that says why there is none.
pub(crate) fn program<'a>(
    arena: &'a Allocator,
    path: &str,
    source: &'a str,
    is_text: impl Fn() -> bool,
) -> Result<&'a Program<'a>, Rc<str>> {
    if source.len() > MAX_FILE_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_FILE_BYTES >> 20).into());
    }
    if depth::is_too_deep(source) {
        return Err(format!("it nests deeper than {} levels", depth::MAX_DEPTH).into());
    }
    let mut why = None;
    for kind in kinds(path) {
        let options = ParseOptions {
            allow_return_outside_function: true,
            preserve_parens: false,
            enable_ident_hashes: false,
            ..ParseOptions::default()
        };
        let parse = || Parser::new(arena, source, kind).with_options(options).parse();
        let Some(parsed) = survive::attempt(parse) else {
            why = Some(survive::DEFECT.to_owned());
            continue;
        };
        let has_errors = !parsed.diagnostics.is_empty();
        let broken = parsed.panicked || (has_errors && (parsed.program.is_empty() || !is_text()));
        if !broken {
            // An error that the parser got over (a name declared twice, `await` in a
            // script) leaves a whole tree: that is worth more than a refusal.
            return Ok(arena.alloc(parsed.program));
        }
        if why.is_none() {
            why = parsed.diagnostics.iter().next().map(ToString::to_string);
        }
    }
    Err(why.unwrap_or_else(|| "it is no JavaScript".to_owned()).to_lowercase().into())
}

/// What a file may be, the likeliest first.
fn kinds(path: &str) -> Vec<SourceType> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let script = SourceType::unambiguous();
    match extension {
        "ts" | "mts" | "cts" => vec![SourceType::ts(), SourceType::tsx()],
        "tsx" => vec![SourceType::tsx(), SourceType::ts()],
        "jsx" => vec![SourceType::jsx(), SourceType::tsx()],
        "mjs" => vec![SourceType::mjs(), script, SourceType::jsx()],
        "cjs" => vec![SourceType::cjs(), SourceType::mjs(), SourceType::jsx()],
        _ => vec![script, SourceType::cjs(), SourceType::jsx(), SourceType::ts()],
    }
}
