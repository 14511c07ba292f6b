//! Code that had to be decoded before it could run. Honest code has no reason to hide
//! itself from its reader; compression for size is done to files, not to text in code.

use super::argument::{comes_from_elsewhere, hiding_words, is_strong};
use super::context::{Context, Findings, by_time, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Hiding, Role, Source};
use crate::finding::Severity;
use crate::value::Value;

pub(crate) const RULE: Rule = Rule {
    code: "dynamic-code-decoded",
    title: "code was decoded before it runs",
    class: RuleClass::DynamicCode,
    cwe: Some(506),
    severity: Severity::Critical,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::DynamicCode, Effect::DynamicImport]) {
        let strong: Vec<Hiding> = event.hiding.iter().copied().filter(|h| is_strong(*h)).collect();
        let decoded = event.origins(&[Role::Code, Role::Data], Source::Decoded).next();
        let is_import = event.effect == Effect::DynamicImport;
        if strong.is_empty() && (decoded.is_none() || is_import) {
            continue;
        }
        // Decoding what comes from elsewhere is another matter than hiding text here.
        let code = event.argument(Role::Code);
        let is_constant = decoded.is_some() || code.is_some_and(Value::is_whole);
        let severity = match strong.len() {
            _ if !is_constant || code.is_some_and(is_no_program) => Severity::Medium,
            _ if code.is_some_and(comes_from_elsewhere) || is_compiled_file(&strong, code) => {
                by_time(event, Severity::High, Severity::Medium)
            }
            // A module's name in base64 is a trick; the module is judged by what it does.
            _ if is_import => Severity::Medium,
            0 | 1 => by_time(event, Severity::Critical, Severity::High),
            _ => Severity::Critical,
        };
        let ways: Vec<&str> = strong.iter().map(|hiding| hiding_words(*hiding)).collect();
        let ways = if ways.is_empty() { "an encoding".to_owned() } else { ways.join(", then ") };
        let message = format!("code hidden by {ways} runs {}", when(event.when));
        let evidence = decoded.map_or_else(Vec::new, |origin| {
            super::context::from_to(origin, "hidden text is decoded", event, "it becomes code")
        });
        findings.chain(severity, event.place, message, evidence);
    }
}

/// What Python compiled before is run from a file that the package does not name: that is
/// how every program is started that runs others.
fn is_compiled_file(strong: &[Hiding], code: Option<&Value>) -> bool {
    let file = code.and_then(|code| code.origin(Source::File));
    strong == [Hiding::Serialised] && file.is_some_and(|file| file.name.is_none())
}

/// Numbers that no language reads as a program, such as a table that a function closes
/// over and that is taken for its text.
fn is_no_program(code: &Value) -> bool {
    code.text().is_some_and(|text| text.bytes().any(|byte| byte < 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::When;
    use crate::made::{Made, from, partial, text};

    fn eval(hiding: &[Hiding]) -> Made {
        let code = [(Role::Code, text("1"))];
        Made::new().event(Effect::DynamicCode, "js:eval", &code).hidden(hiding)
    }

    #[test]
    fn each_layer_makes_it_worse_and_plain_text_is_none() {
        assert_eq!(eval(&[Hiding::Base64]).found(RULE.code), [Severity::High]);
        assert_eq!(eval(&[Hiding::Base64]).when(When::Load).found(RULE.code), [Severity::Critical]);
        let layers = [Hiding::Base64, Hiding::Compression];
        assert_eq!(eval(&layers).found(RULE.code), [Severity::Critical]);
        assert!(eval(&[Hiding::CodeInText, Hiding::Pieces]).found(RULE.code).is_empty());
    }

    #[test]
    fn what_a_caller_hands_over_to_be_decoded_is_no_secret_of_the_package() {
        let mut code = from(Source::Decoded, None);
        let run = |code: &Value| {
            let code = [(Role::Code, code.clone())];
            let made = Made::new().event(Effect::DynamicCode, "js:eval", &code);
            made.hidden(&[Hiding::Base64]).when(When::Load).found(RULE.code)
        };
        assert_eq!(run(&code), [Severity::Critical]);
        code.origins.extend(from(Source::Caller, Some("text")).origins);
        assert_eq!(run(&code), [Severity::High]);
        // What is known of it was hidden here, whatever is put behind it.
        let mut known = partial("require('fs')", &[]);
        known.origins = code.origins.clone();
        assert_eq!(run(&known), [Severity::Critical]);
        assert_eq!(run(&text("\u{0}\u{1}\u{1}")), [Severity::Medium]);
    }
}
