//! A whole home folder, the whole disk or the system is deleted.

use super::context::{Context, Findings, by_time, when};
use super::{Rule, RuleClass, command};
use crate::event::{Effect, Event, Role, Source};
use crate::finding::Severity;
use crate::value::Value;

pub(crate) const RULE: Rule = Rule {
    code: "file-delete-recursive-home",
    title: "a home folder or the whole disk is deleted",
    class: RuleClass::Files,
    cwe: None,
    severity: Severity::Critical,
    check,
};

/// Folders with everything of a person or a machine in them.
const WHOLE: &[&str] = &[
    "", "~", "$home", "${home}", "%userprofile%", "%homepath%", "/home", "/users", "/root", "/etc",
    "/usr", "/var", "/boot", "c:", "c:/users", "c:/windows", "d:", "~/documents", "~/desktop",
    "~/pictures",
];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::FileDelete, Effect::Shell, Effect::Spawn]) {
        let what = match event.effect {
            Effect::FileDelete => event.argument(Role::Path).and_then(|path| by_call(event, path)),
            _ => by_command(event),
        };
        if let Some(what) = what {
            findings.add(
                by_time(event, Severity::Critical, Severity::High),
                event.place,
                format!("{what} is deleted with everything in it, {}", when(event.when)),
            );
        }
    }
}

/// What a call deletes, where that is everything of somebody.
fn by_call(event: &Event, path: &Value) -> Option<String> {
    let api = event.api.to_ascii_lowercase();
    let is_recursive = ["rmtree", "rimraf", "rm", "rmdir", "remove", "del", "deltree"]
        .iter()
        .any(|name| api.rsplit('.').next().is_some_and(|last| last.starts_with(name)));
    if !is_recursive || api.ends_with("os.remove") || api.ends_with("os.rmdir") {
        return None;
    }
    if let Some(text) = path.text() {
        return is_whole(&text).then(|| super::shown(&text));
    }
    // The home folder as the system or the environment tells it, and nothing behind it.
    let is_home = |name: &str| {
        let name = name.to_ascii_lowercase();
        let last = name.rsplit(['.', ':']).next().unwrap_or(&name);
        // `XDG_DATA_HOME` and `JAVA_HOME` are folders of programs.
        last.starts_with("home") || last == "userprofile"
    };
    let from_home = [Source::Environment, Source::SystemInformation].iter().any(|source| {
        path.origins
            .iter()
            .any(|o| o.source == *source && o.name.as_deref().is_some_and(is_home))
    });
    let is_bare = path.pieces().iter().all(|piece| matches!(*piece, "" | "/" | "/*" | "~"));
    (from_home && is_bare).then(|| "the home folder".to_owned())
}

fn by_command(event: &Event) -> Option<String> {
    command::commands(event).into_iter().find_map(|one| {
        let all = one.arguments();
        let is_recursive = match one.program().as_str() {
            "rm" => all.iter().any(|word| {
                word == "--recursive"
                    || word.starts_with('-') && !word.starts_with("--") && word.contains(['r', 'R'])
            }),
            "rd" | "rmdir" | "del" | "erase" => all.iter().any(|w| w.eq_ignore_ascii_case("/s")),
            "remove-item" => all.iter().any(|word| word.eq_ignore_ascii_case("-recurse")),
            "format" | "mkfs" | "shred" => true,
            _ => false,
        };
        let target = all.iter().find(|word| !word.starts_with('-') && is_whole(word))?;
        is_recursive.then(|| super::shown(target))
    })
}

fn is_whole(path: &str) -> bool {
    let path = path.trim().replace('\\', "/").to_ascii_lowercase();
    let is_absolute = path.starts_with(['/', '~', '$', '%']) || path.get(1..2) == Some(":");
    let stem = path.trim_end_matches('*').trim_end_matches('/');
    is_absolute && WHOLE.contains(&stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::When;
    use crate::made::{Made, from, text};

    #[test]
    fn everything_is_told_from_a_folder() {
        let call = |path| {
            Made::new().event(Effect::FileDelete, "py:shutil.rmtree", &[(Role::Path, path)]).when(When::Load)
        };
        assert_eq!(call(text("/")).found(RULE.code), [Severity::Critical]);
        assert_eq!(call(text("C:\\")).found(RULE.code), [Severity::Critical]);
        assert_eq!(call(from(Source::Environment, Some("HOME"))).found(RULE.code), [Severity::Critical]);
        assert!(call(from(Source::Environment, Some("XDG_DATA_HOME"))).found(RULE.code).is_empty());
        assert!(call(text("/tmp/build")).found(RULE.code).is_empty());
        assert!(call(text("dist")).found(RULE.code).is_empty());
        let line = |line| Made::new().event(Effect::Shell, "py:os.system", &[(Role::Command, text(line))]);
        assert_eq!(line("rm -rf ~/*").found(RULE.code), [Severity::High]);
        assert_eq!(line("rd /s /q C:\\").found(RULE.code), [Severity::High]);
        assert!(line("rm -rf node_modules").found(RULE.code).is_empty());
    }
}
