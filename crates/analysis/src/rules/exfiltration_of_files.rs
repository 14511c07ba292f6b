//! What files hold goes out over the network. Uploading is what many libraries are for;
//! doing it unasked is not.

use super::context::{Context, Findings, from_to, when};
use super::{Rule, RuleClass, outgoing};
use crate::event::{Source, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "exfiltration-of-files",
    title: "files are sent away",
    class: RuleClass::Exfiltration,
    cwe: Some(200),
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (event, origins) in outgoing::by_source(context, Source::File) {
        let Some(origin) = origins.first() else { continue };
        let severity = match event.when {
            When::Install => Severity::Medium,
            When::Load => Severity::Low,
            When::Call => Severity::Information,
        };
        findings.chain(
            severity,
            event.place,
            format!("a file is sent over the network {}", when(event.when)),
            from_to(origin, "a file is read:", event, "it is sent"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Effect, Role};
    use crate::made::{Made, from, text};

    #[test]
    fn an_upload_on_request_describes_and_one_at_install_weighs() {
        let post = |data| Made::new().event(Effect::Request, "js:fetch", &[(Role::Data, data)]);
        let file = || post(from(Source::File, Some("report.pdf")));
        assert_eq!(file().found(RULE.code), [Severity::Information]);
        assert_eq!(file().when(When::Install).found(RULE.code), [Severity::Medium]);
        assert!(post(text("x")).when(When::Install).found(RULE.code).is_empty());
    }
}
