//! A manifest that asks for exactly what the code needs.

use std::fmt::Write as _;

use ringfence_types::{Kind, UntrustedText};

use crate::capability::{Inferred, Need};
use crate::event::When;

/// What a plugin is called in the manifest that is written for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// A name of the manifest's grammar.
    pub name: &'a str,
    /// Its version, where it has one.
    pub version: Option<&'a str>,
    /// `runtime` and `entry`, where they were found out.
    pub entry: Option<(&'a str, &'a str)>,
}

/// The text of a `plugin.yaml`. What is needed while a package is installed is left out:
/// that is over before there is a plugin. What evaluation could not tell is left to a
/// person, as a comment: an open permission is granted by nobody's silence.
#[must_use]
pub fn manifest(identity: &Identity<'_>, inferred: &Inferred) -> String {
    let mut out = String::new();
    out.push_str("# Written from what the code does. Read it before you ship it.\n");
    let _ = writeln!(out, "name: {}", quoted(identity.name));
    if let Some(version) = identity.version {
        let _ = writeln!(out, "version: {}", quoted(version));
    }
    if let Some((runtime, entry)) = identity.entry {
        let _ = writeln!(out, "runtime: {runtime}\nentry: {}", quoted(entry));
    }
    let used = |need: &&Need| need.when != When::Install;
    let known: Vec<&Need> =
        inferred.needs.iter().filter(used).filter(|need| need.scope.is_some()).collect();
    let open: Vec<&Need> =
        inferred.needs.iter().filter(used).filter(|need| need.scope.is_none()).collect();
    if known.is_empty() {
        out.push_str("permissions: []\n");
    } else {
        out.push_str("permissions:\n");
    }
    for kind in Kind::ALL {
        let scopes: Vec<String> = known
            .iter()
            .filter(|need| need.kind == *kind)
            .filter_map(|need| need.scope.as_deref())
            .map(quoted)
            .collect();
        if !scopes.is_empty() {
            let _ = writeln!(out, "  - {kind}: [{}]", scopes.join(", "));
        }
    }
    if !open.is_empty() {
        out.push_str("# Evaluation could not tell to what. Name it where you know it:\n");
        for need in open {
            let _ = writeln!(out, "#  - {}: [...]", need.kind);
        }
    }
    if !inferred.opaque.is_empty() {
        out.push_str("# Some code could not be read: try it in the strictest sandbox first.\n");
    }
    out
}

/// Text in the double quotes of YAML, in which nothing of it means anything.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        let mut buffer = [0; 4];
        let one: &str = letter.encode_utf8(&mut buffer);
        let is_plain = UntrustedText::new(one).to_string() == one;
        match letter {
            '"' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            letter if is_plain => out.push(letter),
            letter => {
                let _ = write!(out, "\\U{:08X}", u32::from(letter));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::infer;
    use crate::event::{Effect, Role};
    use crate::made::{Made, text};
    use ringfence_package::Manifest;

    #[test]
    fn what_is_written_reads_back_and_asks_for_exactly_that() {
        let facts = Made::new()
            .event(Effect::Request, "js:fetch", &[(Role::Url, text("https://api.example.com/v1"))])
            .event(Effect::FileWrite, "node:fs.writeFile", &[(Role::Path, text("out/a \"b\".txt"))])
            .event(Effect::FileRead, "node:fs.readFile", &[(Role::Path, text("/data/list.txt"))])
            .event(Effect::EnvironmentRead, "node:process.env", &[(Role::Name, text("TOKEN"))])
            .event(Effect::Spawn, "node:child_process.spawn", &[(Role::Command, text("git"))])
            .event(Effect::Listen, "node:net.listen", &[(Role::Port, text("8080"))])
            .event(Effect::Connect, "node:net.connect", &[])
            .facts();
        let inferred = infer(&facts);
        let identity = Identity { name: "sample", version: Some("1.0"), entry: None };
        let written = manifest(&identity, &inferred);
        let read = Manifest::parse(&written).unwrap_or_else(|error| panic!("{error:?}\n{written}"));
        let asked: Vec<(Kind, Option<String>)> =
            read.requested.iter().map(|one| (one.kind, one.scope.clone())).collect();
        let needed: Vec<(Kind, Option<String>)> = inferred
            .needs
            .iter()
            .filter(|need| need.scope.is_some())
            .map(|need| (need.kind, need.scope.clone()))
            .collect();
        assert_eq!(asked, needed, "{written}");
        assert!(written.contains("#  - network.request: [...]"));
        // Held against its own manifest, the code is neither short of anything nor over.
        let declared: Vec<crate::Declared> = read
            .requested
            .iter()
            .map(|one| crate::Declared {
                kind: one.kind,
                scope: one.scope.clone(),
                line: one.at.line,
            })
            .collect();
        for need in &inferred.needs {
            assert_ne!(need.standing(&declared), crate::Standing::Undeclared, "{need:?}");
        }
        assert!(declared.iter().all(|one| one.is_used(&inferred)));
    }

    #[test]
    fn a_package_cannot_write_keys_of_its_own_into_the_manifest() {
        let nasty = "x\"]\npermissions:\n  - process.execute\n#\u{85}";
        let facts = Made::new()
            .event(Effect::EnvironmentRead, "node:process.env", &[(Role::Name, text(nasty))])
            .event(Effect::FileWrite, "node:fs.writeFile", &[(Role::Path, text("a: [b], # c"))])
            .facts();
        let identity = Identity { name: "sample", version: None, entry: None };
        let written = manifest(&identity, &infer(&facts));
        let read = Manifest::parse(&written).unwrap_or_else(|error| panic!("{error:?}\n{written}"));
        assert!(read.requested.iter().all(|one| one.kind != Kind::ProcessExecute), "{written}");
    }
}
