//! `binding.gyp`: npm builds it without being told to, and while it is read, what
//! stands in `<!( )` runs in a shell.

use super::lines::texts;
use super::{Found, Hook, Source};

pub(super) fn binding(source: &Source<'_>, found: &mut Found) -> Result<(), &'static str> {
    found.gyp.push((source.folder(), source.place(0, 0)));
    let text = source.text;
    let mut told = 0;
    for (at, _) in text.match_indices("<!").take(1_000) {
        // A command within a command is part of it.
        if at < told {
            continue;
        }
        let rest = text.get(at + 2..).unwrap_or_default();
        let Some(inner) = rest.trim_start_matches('@').strip_prefix('(') else { continue };
        let mut open = 1_usize;
        let end = inner.bytes().take(20_000).position(|byte| {
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            open == 0
        });
        let Some(command) = end.and_then(|end| inner.get(..end)) else { continue };
        let start = text.len() - inner.len();
        told = start + command.len();
        found.hooks.push(Hook {
            api: "npm:gyp.command".into(),
            command: command.replace("\\\"", "\"").replace("\\'", "'").into(),
            place: source.place(start, start + command.len()),
        });
    }
    for (at, _) in text.match_indices("action").take(1_000) {
        let rest = text.get(at + 6..).unwrap_or_default().trim_start_matches(['\'', '"']);
        let Some(list) = rest.trim_start().strip_prefix(':').map(str::trim_start) else { continue };
        if !list.starts_with('[') {
            continue;
        }
        let start = text.len() - list.len();
        let words: Vec<String> = texts(list)
            .take(50)
            .map(|(_, word)| format!("'{}'", word.replace('\'', "'\\''")))
            .collect();
        if !words.is_empty() {
            let api = "npm:gyp.action".into();
            let place = source.place(start, start + 1);
            found.hooks.push(Hook { api, command: words.join(" ").into(), place });
        }
    }
    Ok(())
}
