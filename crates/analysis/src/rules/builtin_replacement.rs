//! A built-in function or module is replaced for everybody in the process. Polyfills add
//! what is missing; whoever replaces how others speak to the network can listen.

use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Event, Role, Source, When};
use crate::finding::Severity;
use crate::value::Value;

pub(crate) const RULE: Rule = Rule {
    code: "builtin-replacement",
    title: "something built in is replaced",
    class: RuleClass::Tampering,
    cwe: None,
    severity: Severity::High,
    check,
};

/// Names through which secrets and money pass.
const SENSITIVE: &[&str] = &[
    "fetch", "xmlhttprequest", "ethereum", "solana", "websocket", "sendbeacon", "json.parse",
    "https.request", "http.request", "module._load", "module.prototype.require", "__import__",
    "builtins.open", "builtins.exec", "builtins.print", "socket.socket", "ssl", "getpass",
    "subtle", "clipboard",
];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::BuiltinWrite]) {
        let name = event.argument(Role::Name).map(Value::sketch).unwrap_or_default();
        let lower = format!("{}.{}", event.api, name).to_ascii_lowercase();
        let is_sensitive = SENSITIVE.iter().any(|word| lower.contains(word));
        let listens = is_sensitive && event.when != When::Call && tells_one_place(context, event);
        let severity = match (is_sensitive, event.when) {
            _ if listens => Severity::High,
            (true, When::Load | When::Install) => Severity::Medium,
            (true, When::Call) => Severity::Low,
            (false, _) => Severity::Information,
        };
        let what = super::shown(if name.is_empty() { &event.api } else { &name });
        let then = if listens { ", and what is handed to it is sent to a fixed address" } else { "" };
        let message = format!("{what} is replaced for the whole process {}{then}", when(event.when));
        findings.add(severity, event.place, message);
    }
}

/// Whether the program that replaces something sends what it is handed to an address that
/// is written in it. A tool that measures sends to where its user says.
fn tells_one_place(context: &Context<'_>, replaced: &Event) -> bool {
    context.of(&[Effect::Request, Effect::Connect]).any(|sent| {
        sent.place.file == replaced.place.file
            && sent.text(Role::Url).is_some_and(|url| url.contains("://"))
            && sent.origins(&[Role::Data], Source::Caller).next().is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from, text};

    #[test]
    fn what_secrets_pass_through_is_told_from_a_polyfill() {
        let write = |name| Made::new().event(Effect::BuiltinWrite, "js:globalThis", &[(Role::Name, text(name))]);
        assert_eq!(write("fetch").when(When::Load).found(RULE.code), [Severity::Medium]);
        assert_eq!(write("Array.prototype.at").found(RULE.code), [Severity::Information]);
        assert!(Made::new().event(Effect::Import, "node:fs", &[]).found(RULE.code).is_empty());
    }

    #[test]
    fn whoever_listens_for_a_fixed_address_is_told_from_whoever_measures() {
        let heard = from(Source::Caller, Some("body"));
        let write = |url| {
            Made::new()
                .event(Effect::BuiltinWrite, "js:globalThis", &[(Role::Name, text("fetch"))])
                .event(Effect::Request, "js:fetch", &[(Role::Url, url), (Role::Data, heard.clone())])
                .when(When::Load)
                .found(RULE.code)
        };
        assert_eq!(write(text("https://x.invalid/")), [Severity::High]);
        assert_eq!(write(from(Source::Caller, Some("to"))), [Severity::Medium]);
    }
}
