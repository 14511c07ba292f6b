//! Native code: in the package, or loaded by it. It describes, and says that nobody read it.

use super::context::{Context, Findings, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Source, When, Role};
use crate::facts::Class;
use crate::finding::Severity;
use crate::place::Place;

pub(crate) const RULE: Rule = Rule {
    code: "native-code",
    title: "native code is in the package or is loaded",
    class: RuleClass::Native,
    cwe: None,
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for file in context.facts.files.iter().filter(|file| file.class == Class::Native) {
        let place = Place { file: file.file, start: 0, end: 0 };
        findings.add(Severity::Information, place, "native code, which is not evaluated");
    }
    for event in context.of(&[Effect::NativeCode]) {
        let is_decoded = event.origins(&[Role::Code, Role::Data], Source::Decoded).next().is_some();
        let severity = match event.when {
            When::Install => Severity::Medium,
            _ if is_decoded => Severity::Medium,
            When::Load | When::Call => Severity::Information,
        };
        let api = super::shown(&event.api);
        findings.add(severity, event.place, format!("{api} reaches native code {}", when(event.when)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::Made;
    use crate::trace::Coverage;

    #[test]
    fn native_code_is_told_wherever_it_is() {
        let why = Coverage::Unparsed { why: "native code is not evaluated".into() };
        let file = Made::new().named("a.node").file(Class::Native, why);
        assert_eq!(file.found(RULE.code), [Severity::Information]);
        let load = Made::new().event(Effect::NativeCode, "py:ctypes.CDLL", &[]).when(When::Install);
        assert_eq!(load.found(RULE.code), [Severity::Medium]);
        assert!(Made::new().event(Effect::Import, "py:json", &[]).found(RULE.code).is_empty());
    }
}
