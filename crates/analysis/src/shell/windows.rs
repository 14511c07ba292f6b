//! PowerShell and batch files. They are not evaluated; the plain ways to fetch and to
//! run are told by their words.

use std::rc::Rc;

use crate::decode;
use crate::event::{Argument, Effect, Event, Role, Source, When};
use crate::place::Place;
use crate::value::{Origin, Shape, Value};

/// Words that run text or a file.
const RUNS: [&str; 9] = [
    "iex",
    "invoke-expression",
    "start-process",
    "saps",
    "invoke-command",
    "[scriptblock]::create",
    "mshta",
    "rundll32",
    "regsvr32",
];
/// Words that fetch something.
const FETCHES: [&str; 12] = [
    "downloadstring",
    "downloadfile",
    "downloaddata",
    "invoke-webrequest",
    "iwr",
    "invoke-restmethod",
    "irm",
    "start-bitstransfer",
    "bitsadmin",
    "certutil",
    "curl",
    "wget",
];
/// Words that make something start again with the machine.
const STAYS: [&str; 6] = [
    "schtasks",
    "register-scheduledtask",
    "currentversion\\run",
    "new-service",
    "\\startup\\",
    "reg add",
];

/// What `-EncodedCommand` holds: UTF-16 in base64.
pub(super) fn encoded_command(text: &str) -> Option<String> {
    let bytes = decode::base64(text.as_bytes())?;
    let units =
        bytes.chunks_exact(2).filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?)));
    Some(
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
    )
}

/// Events for what these words do; `place` gives a place for a range of the text.
pub(crate) fn scan(text: &str, place: impl Fn(usize, usize) -> Place, when: When) -> Vec<Event> {
    let lower = without_comments(&text.to_ascii_lowercase());
    let mut events = Vec::new();
    let find = |word: &&str| whole_word(&lower, word).map(|at| (at, word.len()));
    let fetch = FETCHES.iter().find_map(find);
    let run = RUNS.iter().find_map(find);
    let mut origins = Vec::new();
    let mut from = 0;
    while let Some(at) = lower.get(from..).and_then(|rest| rest.find("http")).map(|at| from + at) {
        let rest = text.get(at..).unwrap_or_default();
        let ends = |c: char| {
            c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '(' | ';' | ',' | '`' | '|')
        };
        let url = rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default();
        from = at + url.len().max(4);
        let is_url = url.to_ascii_lowercase();
        if (is_url.starts_with("http://") || is_url.starts_with("https://")) && events.len() < 256 {
            let here = place(at, at + url.len());
            if fetch.is_some() {
                origins.push(Origin {
                    source: Source::Network,
                    place: here,
                    name: Some(url.into()),
                });
                events.push(event(
                    Effect::Request,
                    "request",
                    here,
                    Role::Url,
                    Shape::Text(url.into()),
                    &[],
                    when,
                ));
            }
        }
    }
    origins.truncate(16);
    if let Some((at, length)) = run {
        let word: Rc<str> = text.get(at..at + length).unwrap_or_default().into();
        let here = place(at, at + length);
        let effect = if word.to_ascii_lowercase().starts_with("start") {
            Effect::Spawn
        } else {
            Effect::DynamicCode
        };
        let role = if effect == Effect::Spawn { Role::Command } else { Role::Code };
        events.push(event(effect, &lower_name(&word), here, role, Shape::Unknown, &origins, when));
    }
    if let Some((at, length)) =
        STAYS.iter().find_map(|word| lower.find(word).map(|at| (at, word.len())))
    {
        let here = place(at, at + length);
        let path = Shape::Text(text.get(at..at + length).unwrap_or_default().into());
        events.push(event(
            Effect::FileWrite,
            "persistence",
            here,
            Role::Path,
            path,
            &origins,
            when,
        ));
    }
    events
}

fn lower_name(word: &str) -> String {
    word.to_ascii_lowercase()
}

fn event(
    effect: Effect,
    name: &str,
    place: Place,
    role: Role,
    shape: Shape,
    origins: &[Origin],
    when: When,
) -> Event {
    let value = Value { shape, origins: origins.to_vec() };
    Event {
        effect,
        api: format!("powershell:{name}").into(),
        place,
        arguments: vec![Argument { role, value }],
        when,
        hiding: Vec::new(),
    }
}

/// The text with lines and blocks that are comments made blank; as long as before.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut block = false;
    for line in text.split_inclusive('\n') {
        let begin = line.trim_start();
        block |= begin.starts_with("<#");
        let comment = block
            || begin.starts_with(['#', '\''])
            || begin.starts_with("::")
            || begin.starts_with("rem ");
        block &= !line.contains("#>");
        if comment {
            out.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            out.push_str(line);
        }
    }
    out
}

/// Where a word stands that no letter or digit touches.
fn whole_word(text: &str, word: &str) -> Option<usize> {
    let letter =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = text.as_bytes();
    text.match_indices(word).take(1_000).map(|(at, _)| at).find(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !letter(before) && !letter(bytes.get(at + word.len()))
    })
}
