//! What a file with keys, passwords or a wallet holds goes out over the network.

use ringfence_types::Block;

use super::address::{address_of, from_url};
use super::context::{Context, Findings, from_to, when};
use super::{Rule, RuleClass, outgoing};
use crate::event::{Effect, Role, Source, When};
use crate::finding::Severity;
use crate::sensitive::is_credential;

pub(crate) const RULE: Rule = Rule {
    code: "exfiltration-of-credentials",
    title: "a file with secrets is sent away",
    class: RuleClass::Exfiltration,
    cwe: Some(522),
    severity: Severity::Critical,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let named = outgoing::by_source(context, Source::File).filter_map(|(event, mut files)| {
        files.retain(|file| file.name.as_deref().is_some_and(is_credential));
        (!files.is_empty()).then_some((event, files))
    });
    for (event, origins) in outgoing::by_source(context, Source::Credential).chain(named) {
        let Some(origin) = origins.first() else { continue };
        // A client of a cloud exchanges its own key for a token when it is called.
        let severity = if event.when == When::Call { Severity::High } else { Severity::Critical };
        let severity = outgoing::severity(context, event, severity);
        findings.chain(
            severity,
            event.place,
            format!("a file with secrets is sent over the network {}", when(event.when)),
            from_to(origin, "secrets are read from", event, "they are sent"),
        );
    }
    for event in context.of(&[Effect::Request, Effect::Connect]) {
        // In an address the answer may be the name of a region; in a message it is kept.
        let mut answers = event.origins(&[Role::Data], Source::Network);
        let Some(origin) = answers.find(|origin| is_metadata(origin.name.as_deref())) else {
            continue;
        };
        // The metadata service is asked in several steps, of which each sends an answer.
        let asks_again = address_of(event).is_some_and(|to| to.internal() == Some(Block::Metadata));
        if asks_again {
            continue;
        }
        // A client of a cloud exchanges what it got for a token when it is called.
        let severity = if event.when == When::Call { Severity::Low } else { Severity::Critical };
        findings.chain(
            severity,
            event.place,
            format!("what the cloud tells only this machine is sent away {}", when(event.when)),
            from_to(origin, "the cloud is asked at", event, "its answer is sent"),
        );
    }
}

/// Whether an address is one where a cloud tells a machine its keys, and not only in which
/// region it stands.
fn is_metadata(url: Option<&str>) -> bool {
    const KEYS: [&str; 7] =
        ["credential", "token", "iam/", "identity", "user-data", "service-account", "secret"];
    url.and_then(from_url).is_some_and(|address| {
        let path = address.path.to_ascii_lowercase();
        address.internal() == Some(Block::Metadata) && KEYS.iter().any(|word| path.contains(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from, text};

    #[test]
    fn a_key_that_is_sent_is_a_chain_with_both_lines() {
        let post = |data| Made::new().event(Effect::Request, "js:fetch", &[(Role::Data, data)]);
        let bad = || post(from(Source::Credential, Some("~/.ssh/id_rsa")));
        assert_eq!(bad().found(RULE.code), [Severity::High]);
        assert_eq!(bad().when(When::Load).found(RULE.code), [Severity::Critical]);
        let finding = bad().findings().into_iter().find(|f| f.code == RULE.code).unwrap();
        let [first, last] = finding.evidence.as_slice() else { panic!("two steps") };
        assert_ne!(first.place, last.place);
        assert!(first.what.contains(".ssh/id_rsa"));
        assert!(post(text("x")).found(RULE.code).is_empty());
    }
    #[test]
    fn keys_of_the_cloud_that_are_sent_elsewhere_are_told_from_asking_for_them() {
        let keys = || from(Source::Network, Some("http://169.254.169.254/latest/meta-data/iam/"));
        let send = |url: &str| {
            let given = [(Role::Url, text(url)), (Role::Data, keys())];
            Made::new().event(Effect::Request, "js:fetch", &given).when(When::Load)
        };
        assert_eq!(send("https://x.invalid/").found(RULE.code), [Severity::Critical]);
        assert!(send("http://169.254.169.254/latest/api").found(RULE.code).is_empty());
    }
}
