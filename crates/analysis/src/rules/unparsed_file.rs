//! Code that could not be parsed or evaluated to its end. What was not understood counts
//! against the package, not for it: code can be there to use up what is spent on it.

use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::facts::{Class, FileFacts};
use crate::finding::Severity;
use crate::place::Place;
use crate::trace::Coverage;
use ringfence_types::UntrustedText;

pub(crate) const RULE: Rule = Rule {
    code: "unparsed-file",
    title: "code could not be read",
    class: RuleClass::Coverage,
    cwe: None,
    severity: Severity::Medium,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for file in &context.facts.files {
        // Native and foreign code are told by rules of their own.
        let is_ours = matches!(
            file.class,
            Class::JavaScript | Class::Python | Class::Shell | Class::CodeInData | Class::WebAssembly | Class::Metadata
        );
        let (severity, what, why) = match &file.coverage {
            Coverage::Unparsed { why } if is_ours => (Severity::Medium, "was not read", why),
            Coverage::Partly { why } if is_ours => (Severity::Information, "was not read to its end", why),
            _ => continue,
        };
        // Told with the places, below.
        if matches!(&file.coverage, Coverage::Partly { .. })
            && context.facts.trace.cut.iter().any(|(place, _)| place.file == file.file)
        {
            continue;
        }
        let place = Place { file: file.file, start: 0, end: 0 };
        findings.add(severity, place, format!("this code {what}: {}", UntrustedText::new(why)));
    }
    for (place, why) in &context.facts.trace.cut {
        let is_whole = |file: &FileFacts| file.file == place.file && file.coverage == Coverage::Whole;
        // All of it was walked; only what is looked at again was not, as in large packages.
        let severity = if context.facts.files.iter().any(is_whole) {
            Severity::Information
        } else {
            Severity::Low
        };
        let why = UntrustedText::new(why);
        findings.add(severity, *place, format!("this code was not followed to its end: {why}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::Made;

    #[test]
    fn code_that_was_not_read_counts_and_data_does_not() {
        let unparsed = || Coverage::Unparsed { why: "it is nested too deeply".into() };
        let file = |class, coverage| Made::new().file(class, coverage).found(RULE.code);
        assert_eq!(file(Class::JavaScript, unparsed()), [Severity::Medium]);
        let partly = Coverage::Partly { why: "fuel".into() };
        assert_eq!(file(Class::Python, partly), [Severity::Information]);
        assert!(file(Class::Data, unparsed()).is_empty());
        assert!(file(Class::Python, Coverage::Whole).is_empty());
    }
}
