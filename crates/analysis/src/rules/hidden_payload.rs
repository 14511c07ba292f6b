//! Something that acts on the world was hidden from the reader: its name or the code
//! around it had to be decoded, or it lies in a file that is not named as code.

use std::collections::BTreeSet;

use super::argument::{comes_from_elsewhere, hiding_words};
use super::context::{Context, Findings, by_time, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Event, Hiding, Role, Source};
use crate::facts::Class;
use crate::finding::Severity;
use crate::place::{FileId, Place};
use crate::value::Value;

pub(crate) const RULE: Rule = Rule {
    code: "hidden-payload",
    title: "what has effects was hidden",
    class: RuleClass::Obfuscation,
    cwe: Some(506),
    severity: Severity::Critical,
    check,
};

/// What acts on the world.
const ACTS: &[Effect] = &[
    Effect::Spawn,
    Effect::Shell,
    Effect::FileWrite,
    Effect::FileDelete,
    Effect::FileRead,
    Effect::Request,
    Effect::Connect,
    Effect::NameLookup,
    Effect::NativeCode,
    Effect::Peripheral,
    Effect::EnvironmentRead,
    Effect::SystemInformation,
    Effect::Mining,
];

/// Roles that say what is done, and not with what.
const SAYS_WHAT: &[Role] = &[
    Role::Code,
    Role::Command,
    Role::CommandArgument,
    Role::Url,
    Role::Host,
    Role::Name,
    Role::Path,
    Role::Target,
];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for file in context.facts.files.iter().filter(|file| file.class == Class::CodeInData) {
        let place = Place { file: file.file, start: 0, end: 0 };
        findings.add(Severity::Medium, place, "this file is not named as code and is run as code");
    }
    let loaded = context.facts.files.iter().filter(|file| file.class == Class::CodeInData);
    let data: BTreeSet<FileId> = loaded.map(|file| file.file).collect();
    for event in context.of(&[Effect::DynamicCode]).filter(|event| is_reached_by_a_hidden_name(event)) {
        add_name(event, findings);
    }
    for event in context.of(ACTS) {
        let in_data = data.contains(&event.place.file);
        let ways: Vec<Hiding> = event.strong_hiding().filter(|_| is_hidden(event)).collect();
        if ways.is_empty() && !in_data {
            if is_reached_by_a_hidden_name(event) {
                add_name(event, findings);
            }
            continue;
        }
        let mut words: Vec<&str> = ways.iter().map(|hiding| hiding_words(*hiding)).collect();
        if in_data {
            words.push(hiding_words(Hiding::CodeInData));
        }
        let holds = [Hiding::CodeInText, Hiding::CodeInData];
        let is_code = event.hiding.iter().any(|hiding| holds.contains(hiding)) || in_data;
        let severity = if !is_code && is_handed_over(event) { Severity::Medium } else { severity(event) };
        findings.add(
            severity,
            event.place,
            format!("{} was hidden by {} and is used {}", super::shown(&event.api), words.join(", "), when(event.when)),
        );
    }
}

/// Whether what acts was hidden, and not only the data that it acts with: a picture in
/// base64 that is written to a file hides nothing.
fn is_hidden(event: &Event) -> bool {
    let acts_on_its_own = matches!(
        event.effect,
        Effect::Spawn | Effect::Shell | Effect::NativeCode | Effect::Peripheral | Effect::Mining
    );
    acts_on_its_own
        || event.hiding.iter().any(is_code)
        || event.origins(SAYS_WHAT, Source::Decoded).next().is_some()
}

fn add_name(event: &Event, findings: &mut Findings<'_>) {
    let api = super::shown(&event.api);
    let message = format!("{api} is reached by a name that is put together or looked up {}", when(event.when));
    findings.add(Severity::Medium, event.place, message);
}

/// Whether what acts is reached by a name that does not stand in the code as one. What
/// starts programs or code has few names, which nobody has to look up; of requests and
/// files many libraries choose one by what a caller wants, and do not cut it in pieces.
fn is_reached_by_a_hidden_name(event: &Event) -> bool {
    let has = |hiding| event.hiding.contains(&hiding);
    let is_cut = has(Hiding::Pieces) || has(Hiding::Escapes);
    has(Hiding::ComputedName)
        && match event.effect {
            Effect::DynamicCode | Effect::Spawn | Effect::Shell | Effect::NativeCode => true,
            Effect::Request | Effect::Connect | Effect::NameLookup | Effect::FileDelete => is_cut,
            _ => false,
        }
}

/// Whether code was hidden, and not only what it is given.
const fn is_code(hiding: &Hiding) -> bool {
    matches!(hiding, Hiding::CodeInText | Hiding::CodeInData | Hiding::ComputedName)
}

/// Whether what had to be decoded was handed over by a caller.
fn is_handed_over(event: &Event) -> bool {
    let given = event.arguments.iter().filter(|given| SAYS_WHAT.contains(&given.role));
    let mut decoded = given.filter(|given| given.value.origin(Source::Decoded).is_some()).peekable();
    decoded.peek().is_some()
        && decoded.all(|given| {
            let is_place = matches!(given.role, Role::Path | Role::Target | Role::Name);
            comes_from_elsewhere(&given.value) || is_place && is_told_by_a_file(&given.value)
        })
}

/// Whether a path stands in a file that is read, and nothing but what joins its parts
/// stands in the package: an archive says what its files are called.
fn is_told_by_a_file(path: &Value) -> bool {
    path.origins.iter().any(|origin| origin.source == Source::File && origin.name.is_none())
        && path.pieces().iter().all(|piece| !piece.contains(char::is_alphanumeric))
}

fn severity(event: &Event) -> Severity {
    match event.effect {
        // Encoded commands are how PowerShell takes a script without quoting it; what is
        // in one is read on, and weighs by itself.
        Effect::Spawn | Effect::Shell if &*event.api == "sh:powershell" => Severity::Medium,
        // These only look; the chain that sends what was seen weighs by itself.
        Effect::FileRead | Effect::EnvironmentRead | Effect::SystemInformation => {
            by_time(event, Severity::High, Severity::Medium)
        }
        _ => by_time(event, Severity::Critical, Severity::High),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::When;
    use crate::made::{Made, from, partial, text};
    use crate::trace::Coverage;

    #[test]
    fn an_effect_in_decoded_code_is_found_and_pieces_of_text_are_not_hiding() {
        let spawn = || Made::new().event(Effect::Spawn, "node:child_process.spawn", &[]);
        assert_eq!(spawn().hidden(&[Hiding::Base64]).found(RULE.code), [Severity::High]);
        assert_eq!(spawn().hidden(&[Hiding::Xor]).when(When::Load).found(RULE.code), [Severity::Critical]);
        assert!(spawn().hidden(&[Hiding::Pieces]).found(RULE.code).is_empty());
        let write = || Made::new().event(Effect::FileWrite, "py:open.write", &[]);
        assert!(write().hidden(&[Hiding::Base64]).found(RULE.code).is_empty());
        let inside = write().hidden(&[Hiding::CodeInText, Hiding::Base64]);
        assert_eq!(inside.found(RULE.code), [Severity::High]);
    }

    #[test]
    fn a_name_that_is_not_written_where_it_is_used_is_looked_at() {
        let made = |effect, hiding: &[Hiding]| Made::new().event(effect, "py:os.system", &[]).hidden(hiding).found(RULE.code);
        let cut = &[Hiding::ComputedName, Hiding::Pieces];
        for effect in [Effect::DynamicCode, Effect::Shell, Effect::Spawn] {
            assert_eq!(made(effect, &[Hiding::ComputedName]), [Severity::Medium]);
        }
        assert_eq!(made(Effect::FileDelete, cut), [Severity::Medium]);
        assert!(made(Effect::Request, &[Hiding::ComputedName]).is_empty());
        assert!(made(Effect::FileWrite, cut).is_empty());
        assert!(made(Effect::Shell, &[]).is_empty());
    }

    #[test]
    fn a_path_that_stands_in_an_archive_is_told_from_one_that_the_package_hides() {
        let write = |path: Value| {
            let made = Made::new().event(Effect::FileWrite, "node:fs.writeFile", &[(Role::Path, path)]);
            made.hidden(&[Hiding::Compression]).found(RULE.code)
        };
        let with = |mut value: Value, source| {
            value.origins.extend(from(source, None).origins);
            value
        };
        let unpacked = with(with(partial("/", &[]), Source::Decoded), Source::File);
        assert_eq!(write(unpacked), [Severity::Medium]);
        assert_eq!(write(with(partial("/", &[]), Source::Decoded)), [Severity::High]);
        let own = with(with(partial("/etc/", &[]), Source::Decoded), Source::File);
        assert_eq!(write(own), [Severity::High]);
    }

    #[test]
    fn an_effect_in_a_file_that_is_not_named_as_code_is_found() {
        let url = [(Role::Url, text("https://x.example/"))];
        let made = Made::new()
            .named("payload.txt")
            .file(Class::CodeInData, Coverage::Whole)
            .event(Effect::Request, "js:fetch", &url);
        assert_eq!(made.found(RULE.code), [Severity::High, Severity::Medium]);
    }
}
