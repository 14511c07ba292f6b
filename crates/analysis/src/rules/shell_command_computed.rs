//! A command line that is put together goes to a shell: whoever chooses a piece of it
//! chooses the command.

use super::context::{Context, Findings, from_to, when};
use super::{Rule, RuleClass, command};
use crate::event::{Effect, Role, Source, When};
use crate::finding::Severity;
use crate::value::Value;

pub(crate) const RULE: Rule = Rule {
    code: "shell-command-computed",
    title: "a command line is put together",
    class: RuleClass::Process,
    cwe: Some(78),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Shell]) {
        let line = event.argument(Role::Command);
        if line.is_some_and(Value::is_whole) {
            continue;
        }
        let origin = |source| line.and_then(|line| line.origin(source));
        let shown = super::shown(&command::line(event));
        // What is piped into a shell is no line that is put together: it is code, and
        // `download-and-execute` says so.
        let is_piped = event.api.starts_with("sh:")
            && line.is_some_and(|line| line.pieces().iter().all(|piece| piece.is_empty()));
        if is_piped && origin(Source::Network).is_some() {
            continue;
        }
        if let Some(origin) = origin(Source::Network) {
            let message = format!("an answer from the network is part of the command {shown}");
            let evidence =
                from_to(origin, "an answer is received from", event, "it goes to a shell");
            findings.chain(Severity::High, event.place, message, evidence);
            continue;
        }
        let severity = match event.when {
            When::Install => Severity::Medium,
            _ if origin(Source::Decoded).is_some() => Severity::Medium,
            _ if origin(Source::Caller).is_some() => Severity::Medium,
            When::Load | When::Call => Severity::Low,
        };
        findings.add(
            severity,
            event.place,
            format!("the command {shown} is put together {}", when(event.when)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from, partial, text};

    #[test]
    fn a_line_with_a_piece_from_outside_is_worse_than_an_unknown_one() {
        let shell = |line| Made::new().event(Effect::Shell, "py:os.system", &[(Role::Command, line)]);
        assert_eq!(shell(partial("ls ", &[])).found(RULE.code), [Severity::Low]);
        assert_eq!(shell(from(Source::Caller, None)).found(RULE.code), [Severity::Medium]);
        assert_eq!(shell(from(Source::Network, None)).found(RULE.code), [Severity::High]);
        assert!(shell(text("ls")).found(RULE.code).is_empty());
        let piped = [(Role::Command, from(Source::Network, None))];
        assert!(Made::new().event(Effect::Shell, "sh:sh", &piped).found(RULE.code).is_empty());
    }
}
