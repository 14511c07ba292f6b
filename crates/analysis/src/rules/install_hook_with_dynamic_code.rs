//! While the package is installed, text becomes code. Reading the version from a file of
//! the package is ordinary; anything else hides what installing does.

use super::argument::comes_from_elsewhere;
use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::event::{Effect, Role, Source, When};
use crate::finding::Severity;
use crate::value::Value;

pub(crate) const RULE: Rule = Rule {
    code: "install-hook-with-dynamic-code",
    title: "installing the package runs text as code",
    class: RuleClass::Install,
    cwe: Some(95),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::DynamicCode]) {
        if event.when != When::Install {
            continue;
        }
        let code = event.argument(Role::Code);
        let origin = |source| code.is_some_and(|code| code.origin(source).is_some());
        let is_hidden = origin(Source::Decoded) || event.strong_hiding().next().is_some();
        // Whoever starts the program gave it, and it is none of the package's.
        let is_given = code.is_some_and(comes_from_elsewhere);
        let severity = if origin(Source::Network) || is_hidden && !is_given {
            Severity::High
        } else if code.is_some_and(Value::is_whole) || origin(Source::File) {
            // Told by `dynamic-code`: the version of a package is read so.
            continue;
        } else {
            Severity::Medium
        };
        let message = format!("installing the package runs text as code by {}", super::shown(&event.api));
        findings.add(severity, event.place, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from};

    #[test]
    fn the_version_of_a_package_is_read_quietly() {
        let exec = |code| Made::new().event(Effect::DynamicCode, "py:exec", &[(Role::Code, code)]);
        let own = exec(from(Source::File, Some("version.py"))).when(When::Install);
        assert!(own.found(RULE.code).is_empty());
        let hidden = exec(from(Source::Decoded, None)).when(When::Install);
        assert_eq!(hidden.found(RULE.code), [Severity::High]);
        assert!(exec(from(Source::Decoded, None)).found(RULE.code).is_empty());
        let mut given = from(Source::Decoded, None);
        given.origins.extend(from(Source::Caller, Some("argv")).origins);
        assert_eq!(exec(given).when(When::Install).found(RULE.code), [Severity::Medium]);
    }
}
