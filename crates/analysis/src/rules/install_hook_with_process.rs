//! While the package is installed it starts a program that is no part of building it.
//! Program and constant arguments decide: `git describe` builds, `git push` does not.

use super::command::{self, Command, Purpose};
use super::context::{Context, Findings};
use super::{Rule, RuleClass};
use crate::event::{Effect, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "install-hook-with-process",
    title: "installing the package runs programs that do not build it",
    class: RuleClass::Install,
    cwe: Some(506),
    severity: Severity::High,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Shell, Effect::Spawn]) {
        if event.when != When::Install {
            continue;
        }
        let commands = command::commands(event);
        let worst = commands.iter().map(severity).max();
        // What the package's own description names is told by `install-hook`.
        let is_hook_line = context.is_package_json(event.place.file);
        let severity = match worst {
            None => Severity::Medium,
            Some(Severity::Low | Severity::Medium) if is_hook_line => continue,
            Some(Severity::Information) => continue,
            Some(worst) => worst,
        };
        let line = super::shown(&command::line(event));
        findings.add(severity, event.place, format!("installing the package runs {line}"));
    }
}

fn severity(command: &Command) -> Severity {
    let program = command.program();
    match command.purpose() {
        Purpose::Build => Severity::Information,
        // The network is told by a rule of its own; once is enough.
        Purpose::Fetch => Severity::Information,
        Purpose::OwnFile => Severity::Low,
        Purpose::Interpreter => {
            // The text behind `-e` and `-c` is read on and weighs by itself; what comes
            // through a pipe or encoded is not there to be read.
            let is_encoded = ["-e", "-enc", "-encodedcommand"]
                .iter()
                .any(|flag| command.arguments().iter().any(|word| word.eq_ignore_ascii_case(flag)))
                && matches!(program.as_str(), "powershell" | "pwsh");
            if is_encoded || command.is_piped { Severity::High } else { Severity::Medium }
        }
        Purpose::Other => match program.as_str() {
            "pip" | "pip3" | "npm" | "yarn" | "pnpm" | "npx" | "git" | "apt" | "apt-get" | "brew"
            | "conda" | "mkdir" | "cp" | "mv" | "rm" | "ls" | "cat" | "touch" | "chmod" | "test"
            | "[" | "if" | "uv" | "poetry" => Severity::Low,
            "crontab" | "schtasks" | "reg" | "systemctl" | "launchctl" | "attrib" | "nohup"
            | "whoami" | "id" | "hostname" | "ifconfig" | "ipconfig" | "nslookup" | "nc" | "ncat"
            | "ssh" | "scp" | "base64" | "taskkill" | "wmic" => Severity::High,
            _ => Severity::Medium,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::made::{Made, text};

    #[test]
    fn what_builds_is_quiet_and_what_asks_who_you_are_is_not() {
        let run = |line| {
            let line = [(Role::Command, text(line))];
            Made::new().event(Effect::Shell, "py:os.system", &line).when(When::Install).found(RULE.code)
        };
        assert!(run("git describe --tags").is_empty());
        assert!(run("cmake --build .").is_empty());
        assert_eq!(run("pip install numpy"), [Severity::Low]);
        assert_eq!(run("whoami"), [Severity::High]);
        assert_eq!(run("python -c 'import os'"), [Severity::Medium]);
        assert_eq!(run("echo x | sh && git describe"), [Severity::High]);
    }
}
