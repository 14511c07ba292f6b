//! Variables of the environment go out over the network. A client sends the one key of
//! its own service; whoever sends all of them, or a key of somebody else, steals.

use super::address::address_of;
use super::context::{Context, Findings, from_to, when};
use super::{Rule, RuleClass, outgoing};
use crate::event::{Event, Source, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "exfiltration-of-environment",
    title: "variables of the environment are sent away",
    class: RuleClass::Exfiltration,
    cwe: Some(200),
    severity: Severity::Critical,
    check,
};

/// Variables whose value belongs to one service that is not the package's.
const OF_OTHERS: &[&str] = &[
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "NPM_TOKEN", "NODE_AUTH_TOKEN", "GITHUB_TOKEN",
    "GH_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "PYPI_TOKEN", "TWINE_PASSWORD", "DOCKER_PASSWORD",
    "SSH_PRIVATE_KEY", "KUBECONFIG", "AZURE_CLIENT_SECRET", "GOOGLE_APPLICATION_CREDENTIALS",
    "VAULT_TOKEN", "DATABASE_URL", "ACTIONS_RUNTIME_TOKEN", "HOMEBREW_GITHUB_API_TOKEN",
];

/// The service that such a variable is the key of, by how the variable begins.
const SERVICES: &[(&str, &str)] = &[
    ("AWS_", "amazonaws.com"),
    ("GITHUB_", "github.com"),
    ("GH_", "github.com"),
    ("HOMEBREW_GITHUB_", "github.com"),
    ("GITLAB_", "gitlab.com"),
    ("NPM_", "npmjs.org"),
    ("NODE_AUTH_", "npmjs.org"),
    ("PYPI_", "pypi.org"),
    ("TWINE_", "pypi.org"),
    ("DOCKER_", "docker.com"),
];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (event, origins) in outgoing::by_source(context, Source::Environment) {
        let Some(worst) = origins.iter().max_by_key(|origin| weight(origin.name.as_deref())) else {
            continue;
        };
        let what = match worst.name.as_deref() {
            None => "all variables of the environment are".to_owned(),
            Some(name) => format!("the variable {} is", super::shown(name)),
        };
        let severity = severity(event, worst.name.as_deref(), origins.len());
        let severity = outgoing::severity(context, event, severity);
        findings.chain(
            severity,
            event.place,
            format!("{what} sent over the network {}", when(event.when)),
            from_to(worst, "the environment is read:", event, "it is sent"),
        );
    }
}

/// Whether a variable's name says that its value is nobody else's business. Proxies and
/// addresses of mirrors are settings of the network itself.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = ["token", "secret", "passw", "key", "credential", "auth", "session"];
    words.iter().any(|word| name.contains(word))
}

const fn weight(name: Option<&str>) -> u8 {
    if name.is_none() { 1 } else { 0 }
}

fn severity(event: &Event, name: Option<&str>, count: usize) -> Severity {
    let unasked = event.when != When::Call;
    match name {
        None if unasked => Severity::Critical,
        None => Severity::High,
        // One whose name is computed may be any; a library that is called has settings.
        Some("\u{2026}") if unasked => Severity::High,
        Some(name) if count == 1 && goes_to_its_service(event, name) => Severity::Low,
        Some(name) if OF_OTHERS.contains(&name) && unasked => Severity::High,
        Some(name) if event.when == When::Install && is_secret(name) => Severity::High,
        Some(name) if OF_OTHERS.contains(&name) => Severity::Medium,
        _ if unasked && count > 3 => Severity::Medium,
        _ => Severity::Low,
    }
}

/// Whether a key is shown to nobody but the service that gave it.
fn goes_to_its_service(event: &Event, name: &str) -> bool {
    let service = SERVICES.iter().find(|(begin, _)| name.starts_with(begin));
    let address = address_of(event).filter(|address| address.scheme == "https");
    let host = address.as_ref().and_then(|address| address.host.name());
    service.zip(host).is_some_and(|((_, service), host)| {
        host.strip_suffix(service).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Effect, Role};
    use crate::made::{Made, from, text};

    fn post(data: crate::Value) -> Made {
        Made::new().event(Effect::Request, "js:fetch", &[(Role::Url, text("https://x.example/")), (Role::Data, data)])
    }

    #[test]
    fn all_variables_are_worse_than_the_key_of_a_client() {
        let all = || post(from(Source::Environment, None));
        assert_eq!(all().found(RULE.code), [Severity::High]);
        assert_eq!(all().when(When::Load).found(RULE.code), [Severity::Critical]);
        let one = post(from(Source::Environment, Some("ACME_API_KEY")));
        assert_eq!(one.found(RULE.code), [Severity::Low]);
        let unknown = || post(from(Source::Environment, Some("\u{2026}")));
        assert_eq!(unknown().found(RULE.code), [Severity::Low]);
        assert_eq!(unknown().when(When::Load).found(RULE.code), [Severity::High]);
        let stolen = post(from(Source::Environment, Some("NPM_TOKEN"))).when(When::Load);
        assert_eq!(stolen.found(RULE.code), [Severity::High]);
        assert!(post(text("hello")).found(RULE.code).is_empty());
    }

    #[test]
    fn a_key_that_is_shown_to_its_own_service_is_not_stolen() {
        let send = |url: &str| {
            let key = from(Source::Environment, Some("GITHUB_TOKEN"));
            let given = [(Role::Url, text(url)), (Role::Data, key)];
            let made = Made::new().event(Effect::Request, "js:fetch", &given);
            made.when(When::Load).found(RULE.code)
        };
        assert_eq!(send("https://api.github.com/repos"), [Severity::Low]);
        assert_eq!(send("https://api.github.com.x.invalid/"), [Severity::High]);
        assert_eq!(send("https://notgithub.com/"), [Severity::High]);
        assert_eq!(send("http://api.github.com/"), [Severity::High]);
    }

    #[test]
    fn the_host_of_a_request_may_come_from_a_variable() {
        let host = [(Role::Url, from(Source::Environment, Some("API_URL")))];
        let made = Made::new().event(Effect::Request, "js:fetch", &host).when(When::Load);
        assert!(made.found(RULE.code).is_empty());
    }
}
