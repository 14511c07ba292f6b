//! Host name, user name or addresses go out over the network. The kind of system in a
//! user agent is ordinary; who sits at it is not.

use std::collections::BTreeSet;

use super::context::{Context, Findings, from_to, when};
use super::{Rule, RuleClass, outgoing};
use crate::event::{Effect, Source, When};
use crate::finding::Severity;
use crate::place::Place;
use crate::value::Origin;

pub(crate) const RULE: Rule = Rule {
    code: "exfiltration-of-system-information",
    title: "who and where the machine is, is sent away",
    class: RuleClass::Exfiltration,
    cwe: Some(200),
    severity: Severity::Critical,
    check,
};

/// What tells one machine or person from all others.
const IDENTITY: &[&str] = &[
    "hostname", "userinfo", "getuser", "getlogin", "networkinterfaces", "getnode", "homedir",
    "whoami", "username", "net_if_addrs", "gethostbyname", "getfqdn", "node", "uname", "ifconfig",
    "get_mac", "machine_id", "uuid1",
];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let calls = context.of(&[Effect::SystemInformation, Effect::EnvironmentRead]);
    let asked: BTreeSet<Place> =
        calls.filter(|event| is_identity(&event.api)).map(|event| event.place).collect();
    for (event, origins) in outgoing::by_source(context, Source::SystemInformation) {
        let identity = origins.iter().find(|origin| tells_who(&asked, origin));
        let Some(origin) = identity.or(origins.first()) else { continue };
        let severity = match (identity.is_some(), event.when) {
            (true, When::Install) => Severity::Critical,
            (true, When::Load) => Severity::High,
            (true, When::Call) => Severity::Low,
            (false, When::Install) => Severity::Medium,
            (false, _) => Severity::Information,
        };
        let what = if identity.is_some() {
            "who the machine or its user is, is"
        } else {
            "the kind of the machine is"
        };
        findings.chain(
            severity,
            event.place,
            format!("{what} sent over the network {}", when(event.when)),
            from_to(origin, "the system is asked", event, "it is sent"),
        );
    }
}

/// By the name of the origin, or by what was called at its place.
fn tells_who(asked: &BTreeSet<Place>, origin: &Origin) -> bool {
    origin.name.as_deref().is_some_and(is_identity) || asked.contains(&origin.place)
}

fn is_identity(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['.', ':']).next().unwrap_or(&name);
    IDENTITY.iter().any(|word| last == *word || word.len() > 5 && last.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::made::{Made, from, from_at, text};

    #[test]
    fn who_is_told_from_what_kind() {
        let post = |data| Made::new().event(Effect::Request, "js:fetch", &[(Role::Data, data)]);
        let who = || post(from(Source::SystemInformation, Some("node:os.hostname")));
        assert_eq!(who().when(When::Install).found(RULE.code), [Severity::Critical]);
        assert_eq!(who().found(RULE.code), [Severity::Low]);
        let kind = post(from(Source::SystemInformation, Some("node:os.platform")));
        assert_eq!(kind.when(When::Load).found(RULE.code), [Severity::Information]);
        assert!(post(text("x")).found(RULE.code).is_empty());
    }

    #[test]
    fn what_was_asked_is_found_by_its_place_too() {
        let made = Made::new()
            .event(Effect::SystemInformation, "py:socket.gethostname", &[])
            .event(Effect::Request, "pypi:requests.post", &[(
                Role::Data,
                from_at(Source::SystemInformation, None, 0),
            )])
            .when(When::Load);
        assert_eq!(made.found(RULE.code), [Severity::High]);
    }
}
