//! Events put in order, each written once: what was seen with unknown arguments says
//! nothing beside what was seen with known ones.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::heap::NameHasher;
use crate::event::{Argument, Effect, Event, Role};
use crate::place::Place;
use crate::value::{Shape, Value};

/// Ways in which one call is seen that are written down.
const MAX_WAYS: usize = 16;
/// The same of known commands and code, of which any may be the one that matters.
const MAX_COMMANDS: usize = 64;

/// A number for all that an event says. Two events that say the same have the same; it
/// begins with a number that a package cannot know, so that one cannot be made to pass
/// for another.
pub(super) fn fingerprint(event: &Event, mut hasher: NameHasher) -> u64 {
    (event.effect, &event.api, event.place, event.when, &event.hiding).hash(&mut hasher);
    for argument in &event.arguments {
        argument.role.hash(&mut hasher);
        hash_value(&argument.value, &mut hasher);
    }
    hasher.finish()
}

fn hash_value(value: &Value, hasher: &mut NameHasher) {
    value.origins.hash(hasher);
    std::mem::discriminant(&value.shape).hash(hasher);
    match &value.shape {
        Shape::Unknown | Shape::Nothing | Shape::Function => {}
        Shape::Boolean(yes) => yes.hash(hasher),
        Shape::Number(number) => number.to_bits().hash(hasher),
        Shape::Text(text) | Shape::Api(text) => text.hash(hasher),
        Shape::Partial { prefix, rest } => (prefix, rest).hash(hasher),
        Shape::Bytes(bytes) => bytes.hash(hasher),
        Shape::List(items) => {
            items.len().hash(hasher);
            for item in items {
                hash_value(item, hasher);
            }
        }
        Shape::Record(items) => {
            items.len().hash(hasher);
            for (name, item) in items {
                name.hash(hasher);
                hash_value(item, hasher);
            }
        }
    }
}

/// The events in the order of their places, without those that say less than another, and
/// the places at which there were more than are kept, with whether it is known what runs.
pub(super) fn settled(events: Vec<Event>) -> (Vec<Event>, Vec<(Place, bool)>) {
    let mut left_out: Vec<(Place, bool)> = Vec::new();
    let mut groups: BTreeMap<(Place, Effect, Rc<str>), Vec<Event>> = BTreeMap::new();
    for event in events {
        let group = groups.entry((event.place, event.effect, Rc::clone(&event.api))).or_default();
        if let Some(known) = group.iter_mut().find(|known| known.arguments == event.arguments) {
            known.when = known.when.min(event.when);
            for hiding in event.hiding {
                if !known.hiding.contains(&hiding) {
                    known.hiding.push(hiding);
                }
            }
        } else if group.len() < MAX_COMMANDS * 2 {
            group.push(event);
        } else {
            let left = (event.place, names_what_runs(&event));
            if left_out.last() != Some(&left) {
                left_out.push(left);
            }
        }
    }
    let mut all = Vec::new();
    for (_, group) in groups {
        let when = group.iter().map(|event| event.when).min();
        let mut kept: Vec<Event> = Vec::new();
        for (position, event) in group.iter().enumerate() {
            let less = group.iter().enumerate().any(|(other, better)| {
                other != position
                    && says_less(&event.arguments, &better.arguments)
                    && (other < position || !says_less(&better.arguments, &event.arguments))
            });
            let most = if names_what_runs(event) { MAX_COMMANDS } else { MAX_WAYS };
            if !less && kept.len() < most {
                let mut event = event.clone();
                event.when = when.unwrap_or(event.when);
                kept.push(event);
            } else if !less {
                left_out.push((event.place, names_what_runs(event)));
            }
        }
        all.extend(kept);
    }
    left_out.sort_unstable();
    left_out.dedup_by_key(|(place, is_run)| (place.file, *is_run));
    (all, left_out)
}

fn names_what_runs(event: &Event) -> bool {
    event.arguments.iter().any(|argument| {
        matches!(argument.role, Role::Command | Role::CommandArgument | Role::Code)
            && matches!(argument.value.shape, Shape::Text(_) | Shape::List(_))
    })
}

/// Whether nothing is in the first that is not in the second.
fn says_less(less: &[Argument], more: &[Argument]) -> bool {
    let find = |role: Role, nth: usize| more.iter().filter(|it| it.role == role).nth(nth);
    let mut seen: BTreeMap<Role, usize> = BTreeMap::new();
    less.iter().all(|argument| {
        let nth = seen.entry(argument.role).or_default();
        let other = find(argument.role, *nth);
        *nth += 1;
        let Some(other) = other else { return false };
        let shape =
            argument.value.shape == other.value.shape || argument.value.shape == Shape::Unknown;
        let caller = crate::event::Source::Caller;
        let origins = argument
            .value
            .origins
            .iter()
            .all(|origin| origin.source == caller || other.value.origins.contains(origin));
        shape && origins
    })
}
