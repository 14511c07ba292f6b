//! What leaves the machine: the arguments of requests that carry data, and what of them
//! came from a source that is followed.

use super::context::Context;
use crate::event::{Effect, Event, Role, Source, When};
use crate::finding::Severity;
use crate::value::{Origin, Shape, Value};

/// Every event that sends something of this source, with what it sends.
pub(crate) fn by_source<'a>(
    context: &Context<'a>,
    source: Source,
) -> impl Iterator<Item = (&'a Event, Vec<&'a Origin>)> {
    let effects = &[
        Effect::Request,
        Effect::Connect,
        Effect::NameLookup,
        Effect::OpenAddress,
        Effect::Shell,
        Effect::Spawn,
    ];
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
                for value in event.arguments_of(role) {
                    let carries = carries_data(value, role);
                    let of_source = value.origins.iter().filter(|o| o.source == source);
                    of_source.filter(|o| carries || is_key_in(value, o)).for_each(&mut keep);
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

/// Whether a variable whose name says that it is a secret went into an address of which
/// all is known: what stands there is what is taken in its place where it is not set.
fn is_key_in(value: &Value, origin: &Origin) -> bool {
    const SECRETS: [&str; 4] = ["token", "secret", "passw", "credential"];
    let Shape::Text(url) = &value.shape else { return false };
    let is_secret = origin.name.as_deref().is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        SECRETS.iter().any(|word| name.contains(word))
            && !["url", "uri", "host", "endpoint"].iter().any(|word| name.contains(word))
    });
    is_secret && origin.source == Source::Environment && url.contains("://")
}

fn sends(event: &Event) -> bool {
    super::command::commands(event).iter().any(|command| {
        matches!(
            command.program().as_str(),
            "curl" | "wget" | "nc" | "ncat" | "scp" | "ftp" | "nslookup" | "dig"
        )
    })
}

/// Whether whoever runs the code says where this goes: by a setting, a file, an argument,
/// or by being on the same machine. Whoever steals has an address of his own, and that
/// has to be in the package.
fn is_chosen_by_user(context: &Context<'_>, event: &Event) -> bool {
    if matches!(event.effect, Effect::Shell | Effect::Spawn) {
        return false;
    }
    if let Some(chosen) = is_destination_chosen(event) {
        return chosen;
    }
    // Into a socket that was opened elsewhere: into any of them.
    let mut opened = context.of(&[Effect::Connect]).filter_map(is_destination_chosen).peekable();
    opened.peek().is_some() && opened.all(|chosen| chosen)
}

/// `None` where an event does not say whereto.
fn is_destination_chosen(event: &Event) -> Option<bool> {
    if event.effect == Effect::Connect && event.argument(Role::Path).is_some() {
        return Some(true);
    }
    // A port without a host is one of the same machine.
    let is_named = |value: &Value| !matches!(value.shape, Shape::Nothing);
    if event.effect == Effect::Connect
        && event.argument(Role::Port).is_some()
        && event.argument(Role::Url).is_none()
        && !event.arguments_of(Role::Host).any(is_named)
    {
        return Some(true);
    }
    let mut places = event
        .arguments_of(Role::Url)
        .map(|url| is_open(url, Role::Url))
        .chain(event.arguments_of(Role::Host).map(|host| is_open(host, Role::Host)))
        .peekable();
    places.peek()?;
    Some(places.all(|open| open))
}

/// Whether nothing of a host is written here, and somebody else says it.
fn is_open(value: &Value, role: Role) -> bool {
    let chosen = [Source::Environment, Source::File, Source::Caller, Source::Credential];
    let names_host = value.pieces().iter().any(|piece| match role {
        Role::Host => !piece.is_empty(),
        _ => {
            let begin = piece.split('/').next().unwrap_or_default();
            match piece.split_once("://") {
                // `https://` and something unknown names none yet.
                Some((_, host)) => !host.is_empty(),
                None => begin.contains('.'),
            }
        }
    });
    !names_host
        && chosen.iter().any(|source| value.origin(*source).is_some())
        && value.origin(Source::Decoded).is_none()
}

/// What is sent to where its sender says is a setting that could be wrong, and no theft.
pub(crate) fn severity(context: &Context<'_>, event: &Event, severity: Severity) -> Severity {
    if !is_chosen_by_user(context, event) {
        return severity;
    }
    severity.min(if event.when == When::Call { Severity::Low } else { Severity::Medium })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from, partial, text};

    fn keys_to(url: Value) -> Vec<Severity> {
        let data = (Role::Data, from(Source::Credential, Some("~/.npmrc")));
        let made = Made::new().event(Effect::Request, "js:fetch", &[(Role::Url, url), data]);
        made.when(When::Load).found("exfiltration-of-credentials")
    }

    #[test]
    fn a_key_in_an_address_whose_default_is_known_is_sent() {
        let get = |name| {
            let mut url = text("https://x.invalid/?t=none");
            url.origins = from(Source::Environment, Some(name)).origins;
            let made = Made::new().event(Effect::Request, "js:fetch", &[(Role::Url, url)]);
            made.when(When::Load).found("exfiltration-of-environment")
        };
        assert_eq!(get("NPM_TOKEN"), [Severity::High]);
        assert!(get("API_BASE").is_empty());
        assert!(get("TOKEN_URL").is_empty());
    }

    #[test]
    fn keys_that_go_where_a_setting_says_are_told_from_those_that_go_to_a_stranger() {
        let mut open = partial("", &["package"]);
        open.origins = from(Source::Environment, Some("REGISTRY")).origins;
        assert_eq!(keys_to(open), [Severity::Medium]);
        let mut beside = partial("", &["https://x.invalid/"]);
        beside.origins = from(Source::Environment, Some("NOTHING")).origins;
        assert_eq!(keys_to(beside), [Severity::Critical]);
        let mut below = partial("", &[".x.invalid/"]);
        below.origins = from(Source::Environment, Some("NAME")).origins;
        assert_eq!(keys_to(below), [Severity::Critical]);
        let mut scheme = partial("https://", &[":", "/api/v1/"]);
        scheme.origins = from(Source::Environment, Some("SERVICE_HOST")).origins;
        assert_eq!(keys_to(scheme), [Severity::Medium]);
        let mut half = partial("https://x.", &["/"]);
        half.origins = from(Source::Environment, Some("NOTHING")).origins;
        assert_eq!(keys_to(half), [Severity::Critical]);
        assert_eq!(keys_to(text("https://x.invalid/")), [Severity::Critical]);
        assert_eq!(keys_to(Value::default()), [Severity::Critical]);
        assert_eq!(keys_to(from(Source::Network, None)), [Severity::Critical]);
        let mut hidden = from(Source::Environment, Some("NOTHING"));
        hidden.origins.extend(from(Source::Decoded, None).origins);
        assert_eq!(keys_to(hidden), [Severity::Critical]);
    }
}
