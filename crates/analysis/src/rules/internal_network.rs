//! An address of this machine, of its network, or of a cloud's metadata service is
//! contacted. Every spelling of an address is one address here.

use crate::event::{Effect, Event, When};
use crate::finding::Severity;
use ringfence_types::Block;
use super::address::{Address, address_of};
use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};

pub(crate) const RULE: Rule = Rule {
    code: "internal-network",
    title: "an inner address is contacted",
    class: RuleClass::Network,
    cwe: Some(918),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Request, Effect::Connect, Effect::NameLookup]) {
        let Some(address) = address_of(event) else { continue };
        let Some(block) = address.internal() else { continue };
        // A port that stands where a host may.
        let is_port = address.written.len() <= 5 && address.written.bytes().all(|b| b.is_ascii_digit());
        if is_port && block == Block::Unspecified {
            continue;
        }
        // Written down for examples: a raw address, and no inner one.
        if block == Block::Documentation {
            continue;
        }
        let host = super::shown(&address.host.to_string());
        let message = format!("{host} is contacted {}: {}", when(event.when), block.plain());
        findings.add(severity(event, &address, block), event.place, message);
    }
}

fn severity(event: &Event, address: &Address, block: Block) -> Severity {
    match block {
        _ if address.is_disguised() => Severity::High,
        Block::Metadata => Severity::High,
        Block::Loopback | Block::Unspecified | Block::Multicast | Block::Broadcast => {
            if event.when == When::Install { Severity::Low } else { Severity::Information }
        }
        _ if event.when == When::Call => Severity::Low,
        _ => Severity::Medium,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::made::{Made, text};

    #[test]
    fn every_spelling_of_an_inner_address_is_found_and_a_disguise_is_worse() {
        let fetch = |url| Made::new().event(Effect::Request, "js:fetch", &[(Role::Url, text(url))]).found(RULE.code);
        assert_eq!(fetch("http://localhost:3000/"), [Severity::Information]);
        assert_eq!(fetch("http://10.0.0.7/"), [Severity::Low]);
        assert_eq!(fetch("http://169.254.169.254/latest/meta-data/"), [Severity::High]);
        assert_eq!(fetch("http://2130706433/"), [Severity::High]);
        assert_eq!(fetch("http://[::ffff:10.0.0.7]/"), [Severity::High]);
        assert!(fetch("https://example.com/").is_empty());
        assert!(fetch("http://192.0.2.1/").is_empty());
    }
}
