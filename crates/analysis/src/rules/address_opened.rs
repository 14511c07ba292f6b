//! An address is opened in the user's browser. It describes: many log in that way. What
//! it carries is a matter of the rules about what leaves. What is no address of the web is
//! opened like by a double click, and a program is started so.

use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Event, Role, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "address-opened",
    title: "an address is opened in the browser",
    class: RuleClass::Process,
    cwe: Some(610),
    severity: Severity::Medium,
    check,
};

/// What a browser shows and does not start.
const SHOWN: [&str; 4] = ["http://", "https://", "about:", "mailto:"];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::OpenAddress]) {
        let is_file = is_no_page(event);
        let severity = match (is_file, event.when) {
            (true, When::Install | When::Load) => Severity::Medium,
            (true, When::Call) | (false, When::Install | When::Load) => Severity::Low,
            (false, When::Call) => Severity::Information,
        };
        let what = if is_file {
            "what is no page is opened like by a double click"
        } else {
            "an address is opened in the browser"
        };
        findings.add(severity, event.place, format!("{what} {}", when(event.when)));
    }
}

/// Whether it is known to be no address of the web.
fn is_no_page(event: &Event) -> bool {
    event.arguments_of(Role::Url).filter_map(crate::Value::text).any(|url| {
        let url = url.trim_start().to_ascii_lowercase();
        !url.is_empty() && !SHOWN.iter().any(|begin| url.starts_with(begin))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::infer;
    use crate::event::Source;
    use crate::made::{Made, from, partial, text};

    fn opened(url: crate::Value) -> Made {
        Made::new().event(Effect::OpenAddress, "py:webbrowser.open", &[(Role::Url, url)])
    }

    #[test]
    fn a_page_describes_and_a_file_is_started() {
        let page = || opened(text("https://example.com/login"));
        assert_eq!(page().found(RULE.code), [Severity::Information]);
        assert_eq!(page().when(When::Install).found(RULE.code), [Severity::Low]);
        let file = || opened(text("C:\\a.exe"));
        assert_eq!(file().found(RULE.code), [Severity::Low]);
        assert_eq!(file().when(When::Load).found(RULE.code), [Severity::Medium]);
        assert_eq!(opened(text("")).found(RULE.code), [Severity::Information]);
        assert!(page().found("process-spawn").is_empty());
    }

    #[test]
    fn a_server_that_says_which_page_does_not_say_which_program() {
        let told = || opened(from(Source::Network, Some("https://example.com/")));
        assert_eq!(told().found(RULE.code), [Severity::Information]);
        assert!(told().found("download-and-execute").is_empty());
        assert!(told().when(When::Load).found("reverse-shell").is_empty());
    }

    #[test]
    fn the_program_that_opens_it_is_needed_and_not_known() {
        let needs = infer(&opened(text("https://example.com/")).facts()).needs;
        let [need] = needs.as_slice() else { panic!("one need") };
        assert_eq!(need.text(), "process.execute (anything: evaluation could not tell)");
    }

    #[test]
    fn an_address_that_carries_a_secret_sends_it() {
        let mut url = partial("https://e.example/?d=", &[]);
        url.origins = from(Source::Credential, Some("~/.npmrc")).origins;
        let found = opened(url).when(When::Load).found("exfiltration-of-credentials");
        assert_eq!(found, [Severity::Critical]);
    }
}
