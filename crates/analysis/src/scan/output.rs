//! What a program of the system writes is what the program does: the output of `whoami`
//! tells who the user is, that of `cat ~/.npmrc` holds keys.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::event::{Effect, Event, Role, Source};
use crate::place::Place;
use crate::sensitive::is_credential;
use crate::value::{Origin, Shape, Value};

/// The most origins of one value.
const MAX_ORIGINS: usize = 16;
/// The deepest value that is looked into.
const MAX_DEPTH: u32 = 32;

/// Says of everything that programs wrote what it is, where the commands were read.
pub(super) fn tell_apart(events: &mut [(Event, u32)]) {
    let mut known: BTreeMap<Place, Vec<Origin>> = BTreeMap::new();
    for (event, _) in events.iter() {
        // What a shell's reader found in a command line stands at the place of the call.
        if is_of_shell(event)
            && let Some((source, name)) = what(event)
        {
            let origin = Origin { source, place: event.place, name: Some(name) };
            let all = known.entry(event.place).or_default();
            if all.len() < MAX_ORIGINS && !all.contains(&origin) {
                all.push(origin);
            }
        }
    }
    if known.is_empty() {
        return;
    }
    for (event, _) in events.iter_mut().filter(|(event, _)| !is_of_shell(event)) {
        for argument in &mut event.arguments {
            complete(&mut argument.value, &known, 0);
        }
    }
}

fn is_of_shell(event: &Event) -> bool {
    event.api.starts_with("sh:") || event.api.starts_with("powershell:")
}

/// What somebody learns who reads what this writes.
fn what(event: &Event) -> Option<(Source, Rc<str>)> {
    match event.effect {
        Effect::SystemInformation => Some((Source::SystemInformation, Rc::clone(&event.api))),
        Effect::FileRead => {
            let path = event.text(Role::Path)?;
            // Any other file may be the program's own.
            is_credential(&path).then(|| (Source::Credential, Rc::from(&*path)))
        }
        _ => None,
    }
}

fn complete(value: &mut Value, known: &BTreeMap<Place, Vec<Origin>>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    let written = value.origins.iter().filter(|origin| origin.source == Source::ProcessOutput);
    let more: Vec<Origin> =
        written.filter_map(|origin| known.get(&origin.place)).flatten().cloned().collect();
    for origin in more {
        if value.origins.len() < MAX_ORIGINS && !value.origins.contains(&origin) {
            value.origins.push(origin);
        }
    }
    match &mut value.shape {
        Shape::List(items) => items.iter_mut().for_each(|item| complete(item, known, depth + 1)),
        Shape::Record(fields) => {
            fields.iter_mut().for_each(|(_, item)| complete(item, known, depth + 1));
        }
        _ => {}
    }
}
