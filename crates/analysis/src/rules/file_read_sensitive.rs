//! A file that holds keys, passwords or a wallet is touched. Tools of the maker of a key
//! read it for honest reasons; nobody else has one for the profile of a browser.

use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Event, Role, Source, When};
use crate::finding::Severity;
use crate::sensitive::{Secret, secret_at};

pub(crate) const RULE: Rule = Rule {
    code: "file-read-sensitive",
    title: "a file with secrets is read",
    class: RuleClass::Files,
    cwe: Some(522),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::FileRead, Effect::Spawn, Effect::Shell]) {
        let Some((secret, what)) = read_by(event) else { continue };
        let severity = match (secret, event.when) {
            (Secret::Developer, When::Install) | (Secret::Personal | Secret::System, _) => {
                Severity::High
            }
            (Secret::Developer, When::Load) => Severity::Medium,
            (Secret::Developer, When::Call) => Severity::Low,
            (Secret::Perhaps, _) => continue,
        };
        findings.add(
            severity,
            event.place,
            format!("{what} can be read here, {}", when(event.when)),
        );
    }
}

fn read_by(event: &Event) -> Option<(Secret, &'static str)> {
    let roles: &[Role] = match event.effect {
        Effect::FileRead => &[Role::Path],
        _ => &[Role::Command, Role::CommandArgument],
    };
    for value in roles.iter().flat_map(|role| event.arguments_of(*role)) {
        let found = secret_at(&value.sketch());
        // A command line names files without reading them; a password's is never fine.
        if let Some(found) = found
            && found.0 != Secret::Perhaps
            && (event.effect == Effect::FileRead || found.0 != Secret::Developer)
        {
            return Some(found);
        }
    }
    let origin = event.origins(&[Role::Path], Source::Credential).next()?;
    let named = origin.name.as_deref().and_then(secret_at);
    Some(named.unwrap_or((Secret::Developer, "a file with secrets")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, partial, text};

    #[test]
    fn whose_secrets_and_when_decide() {
        let read = |path| Made::new().event(Effect::FileRead, "py:open", &[(Role::Path, path)]);
        assert_eq!(read(partial("", &["/.npmrc"])).found(RULE.code), [Severity::Low]);
        assert_eq!(read(text("/home/a/.ssh/id_rsa")).when(When::Install).found(RULE.code), [Severity::High]);
        let profile = "AppData\\Local\\Google\\Chrome\\User Data";
        assert_eq!(read(text(profile)).found(RULE.code), [Severity::High]);
        assert!(read(text("package.json")).found(RULE.code).is_empty());
    }
}
