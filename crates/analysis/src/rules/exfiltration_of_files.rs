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
    severity: Severity::Critical,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (event, origins) in outgoing::by_source(context, Source::File) {
        let home = origins.iter().find(|origin| is_everything(origin.name.as_deref()));
        let Some(origin) = home.or(origins.first()) else { continue };
        let severity = match event.when {
            When::Install | When::Load if home.is_some() => Severity::Critical,
            When::Call if home.is_some() => Severity::Medium,
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

/// Whether a folder that was looked through is a person's home or the whole disk.
fn is_everything(name: Option<&str>) -> bool {
    let name = name.map_or("", |name| name.trim_end_matches(['/', '\\', '*']));
    matches!(name, "~" | "$HOME" | "C:" | "/home" | "/Users")
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

    #[test]
    fn whoever_sends_what_is_in_a_home_folder_unasked_steals() {
        let home = || {
            let data = [(Role::Data, from(Source::File, Some("~")))];
            Made::new().event(Effect::Request, "pypi:requests.post", &data)
        };
        assert_eq!(home().found(RULE.code), [Severity::Medium]);
        assert_eq!(home().when(When::Load).found(RULE.code), [Severity::Critical]);
    }
}
