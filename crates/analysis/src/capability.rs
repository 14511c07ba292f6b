//! What the code needs, in the closed vocabulary of capabilities, with the places that
//! need it. What a plugin declares is held against this, and a manifest that asks for
//! exactly this can be written.

use std::collections::BTreeMap;

use ringfence_types::{Capability, Kind};

use crate::event::{Effect, Event, Role, When};
use crate::facts::{Class, Facts};
use crate::place::Place;
use crate::rules::{address, command};

/// The most places that are kept for one need.
const MAX_EVIDENCE: usize = 5;
/// The most different needs of one kind before they become one that is open: a list
/// that nobody reads protects nobody.
const MAX_NEEDS_OF_A_KIND: usize = 64;
/// What stands for the plugin's own folder while scopes are compared.
const OWN_FOLDER: &str = "/plugin";

/// What a manifest asks for, as it is written there: `./` begins the plugin's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What is done.
    pub kind: Kind,
    /// The scope as written; none for everything of the kind.
    pub scope: Option<String>,
    /// The line of the manifest, from 1.
    pub line: u32,
}

/// One thing that the code needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What is done.
    pub kind: Kind,
    /// To what; none where evaluation could not tell, so that it may be anything.
    pub scope: Option<String>,
    /// The earliest time at which it is needed; while the package is installed only
    /// where it is never needed later, because then no manifest has to ask for it.
    pub when: When,
    /// The first places that need it.
    pub evidence: Vec<Place>,
}

/// Everything that the code needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inferred {
    /// Capabilities, in the order of the vocabulary and of their scopes.
    pub needs: Vec<Need>,
    /// Where text becomes code.
    pub dynamic_code: Vec<Place>,
    /// Where evaluation cannot tell what happens: computed code, native code. What is
    /// here needs the strictest sandbox, not a guess.
    pub opaque: Vec<Place>,
}

/// What the code needs, from what it does.
#[must_use]
pub fn infer(facts: &Facts) -> Inferred {
    let mut needs: BTreeMap<(Kind, Option<String>), Need> = BTreeMap::new();
    let mut inferred = Inferred::default();
    for event in &facts.trace.events {
        for (kind, scope) in needs_of(event) {
            // What the grammar of the vocabulary cannot say is open, not left out.
            let scope = scope.filter(|scope| {
                resolve(kind, Some(scope)).is_some() && !is_wider_than_written(kind, scope)
            });
            let need = needs.entry((kind, scope.clone())).or_insert_with(|| Need {
                kind,
                scope,
                when: event.when,
                evidence: Vec::new(),
            });
            match (need.when, event.when) {
                (When::Install, When::Load | When::Call) => {
                    need.when = event.when;
                    need.evidence.clear();
                }
                (When::Load | When::Call, When::Install) => continue,
                (one, other) => need.when = one.min(other),
            }
            keep(&mut need.evidence, event.place);
        }
        match event.effect {
            Effect::DynamicCode => {
                keep(&mut inferred.dynamic_code, event.place);
                if event.argument(Role::Code).is_none_or(|code| !code.is_whole()) {
                    keep(&mut inferred.opaque, event.place);
                }
            }
            Effect::Opaque | Effect::NativeCode => keep(&mut inferred.opaque, event.place),
            Effect::DynamicImport if event.text(Role::Name).is_none() => {
                keep(&mut inferred.opaque, event.place);
            }
            _ => {}
        }
    }
    for file in facts.files.iter().filter(|file| file.class == Class::Native) {
        keep(&mut inferred.opaque, Place { file: file.file, start: 0, end: 0 });
    }
    inferred.needs = bounded(&needs.into_values().collect::<Vec<Need>>());
    inferred
}

/// Whether a scope would be more than what code names: a star that code writes is a
/// letter, and in a scope it is everything. Evaluators write one for a name below the
/// folder of temporary files, which nobody knows before.
fn is_wider_than_written(kind: Kind, scope: &str) -> bool {
    scope.contains('*') && !(is_of_files(kind) && (scope == "./**" || scope.starts_with("/tmp/")))
}

fn is_of_files(kind: Kind) -> bool {
    matches!(kind, Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete)
}

fn keep(places: &mut Vec<Place>, place: Place) {
    if places.len() < MAX_EVIDENCE && !places.contains(&place) {
        places.push(place);
    }
}

fn bounded(needs: &[Need]) -> Vec<Need> {
    let mut out: Vec<Need> = Vec::with_capacity(needs.len());
    for kind in Kind::ALL {
        let of_kind: Vec<&Need> = needs.iter().filter(|need| need.kind == *kind).collect();
        if of_kind.len() <= MAX_NEEDS_OF_A_KIND {
            out.extend(of_kind.into_iter().cloned());
            continue;
        }
        let mut evidence = Vec::new();
        of_kind.iter().flat_map(|need| &need.evidence).for_each(|at| keep(&mut evidence, *at));
        let later = of_kind.iter().map(|need| need.when).filter(|when| *when != When::Install);
        let when = later.min().unwrap_or(When::Install);
        out.push(Need { kind: *kind, scope: None, when, evidence });
    }
    out
}

/// What one event needs.
fn needs_of(event: &Event) -> Vec<(Kind, Option<String>)> {
    match event.effect {
        Effect::Request | Effect::Connect => vec![(Kind::NetworkRequest, network_scope(event))],
        Effect::NameLookup => {
            let host = event.text(Role::Host).map(std::borrow::Cow::into_owned);
            vec![(Kind::NetworkRequest, host)]
        }
        Effect::Listen => {
            let port = event.text(Role::Port).map(std::borrow::Cow::into_owned);
            vec![(Kind::NetworkListen, port)]
        }
        Effect::FileRead => files(event, Kind::FilesRead, &[Role::Path]),
        Effect::FileWrite => files(event, Kind::FilesWrite, &[Role::Path, Role::Target]),
        Effect::FilePermission => files(event, Kind::FilesWrite, &[Role::Path]),
        Effect::FileDelete => files(event, Kind::FilesDelete, &[Role::Path]),
        Effect::EnvironmentRead => {
            let name = event.text(Role::Name).map(std::borrow::Cow::into_owned);
            vec![(Kind::EnvironmentRead, name)]
        }
        // Which program that is, the user chose.
        Effect::OpenAddress => vec![(Kind::ProcessExecute, None)],
        Effect::Spawn | Effect::Shell => {
            let commands = command::commands(event);
            let mut needs: Vec<_> = commands
                .iter()
                .filter_map(|command| command.words.first())
                .map(|word| {
                    let known = !word.contains('\u{2026}') && !word.contains(['$', '%', '`']);
                    (Kind::ProcessExecute, known.then(|| word.clone()))
                })
                .collect();
            if needs.is_empty() {
                needs.push((Kind::ProcessExecute, None));
            } else if event.effect == Effect::Shell {
                needs.push((Kind::ProcessExecute, Some("sh".to_owned())));
            }
            needs
        }
        _ => Vec::new(),
    }
}

fn network_scope(event: &Event) -> Option<String> {
    let address = address::address_of(event)?;
    let is_datagram = event.api.contains("dgram") || event.api.contains("udp");
    let scheme = if is_datagram { "udp://" } else { "" };
    Some(format!("{scheme}{}:{}", address.host, address.port))
}

/// The scopes of a file's paths. A name without a folder in front is the plugin's own.
fn files(event: &Event, kind: Kind, roles: &[Role]) -> Vec<(Kind, Option<String>)> {
    let mut found = Vec::new();
    for value in roles.iter().flat_map(|role| event.arguments_of(*role)) {
        found.push((kind, value.text().and_then(|path| path_scope(&path))));
    }
    // A program that reads its own files needs no yes for that.
    found.retain(|(kind, scope)| {
        *kind != Kind::FilesRead || scope.as_deref().is_none_or(|scope| !scope.starts_with("./"))
    });
    found
}

fn path_scope(path: &str) -> Option<String> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    if path.starts_with(['~', '$', '%']) || path.contains('\\') || path.contains("..") {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    match (path.starts_with('/'), parts.is_empty()) {
        (true, _) => Some(format!("/{}", parts.join("/"))),
        (false, true) => Some("./**".to_owned()),
        (false, false) => Some(format!("./{}", parts.join("/"))),
    }
}

/// A scope as a capability; nothing where it is none.
fn resolve(kind: Kind, scope: Option<&str>) -> Option<Capability> {
    let Some(scope) = scope else { return Some(Capability::any(kind)) };
    match scope.strip_prefix("./").filter(|_| is_of_files(kind)) {
        Some(rest) => Capability::new(kind, &format!("{OWN_FOLDER}/{rest}")).ok(),
        None => Capability::new(kind, scope).ok(),
    }
}

/// How a need compares with what is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// What is declared allows it.
    Declared,
    /// Something of its kind is declared; whether that is enough cannot be told.
    Unclear,
    /// Nothing that is declared allows it.
    Undeclared,
}

impl Need {
    /// How this compares with what a manifest asks for.
    #[must_use]
    pub fn standing(&self, declared: &[Declared]) -> Standing {
        if self.is_secret_of(declared) {
            return Standing::Declared;
        }
        let mut of_kind = declared.iter().filter(|declared| declared.kind == self.kind).peekable();
        if of_kind.peek().is_none() {
            return Standing::Undeclared;
        }
        let Some(need) = resolve(self.kind, self.scope.as_deref()) else {
            return Standing::Unclear;
        };
        let capabilities: Vec<Capability> =
            of_kind.filter_map(|declared| resolve(self.kind, declared.scope.as_deref())).collect();
        if capabilities.iter().any(|wide| wide.scope().is_any() || wide.covers(&need)) {
            Standing::Declared
        } else if self.scope.is_none() {
            Standing::Unclear
        } else {
            Standing::Undeclared
        }
    }

    /// Whether it is the variable in which something stands for a secret that is asked for:
    /// who may use the secret reads that.
    fn is_secret_of(&self, declared: &[Declared]) -> bool {
        let Some(variable) = self.scope.as_deref() else { return false };
        self.kind == Kind::EnvironmentRead
            && declared
                .iter()
                .filter(|declared| declared.kind == Kind::SecretsUse)
                .filter_map(|declared| declared.scope.as_deref())
                .any(|secret| secret.split('@').next() == Some(variable))
    }

    /// The need as a line: the word and its scope, or the word and that it is open.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.scope {
            Some(scope) => format!("{} {scope}", self.kind),
            None => format!("{} (anything: evaluation could not tell)", self.kind),
        }
    }
}

impl Declared {
    /// Whether some need is allowed by this.
    #[must_use]
    pub fn is_used(&self, inferred: &Inferred) -> bool {
        let Some(wide) = resolve(self.kind, self.scope.as_deref()) else { return true };
        inferred.needs.iter().filter(|need| need.kind == self.kind).any(|need| {
            need.scope.is_none()
                || wide.scope().is_any()
                || resolve(need.kind, need.scope.as_deref()).is_some_and(|n| wide.covers(&n))
        })
    }
}

/// The kinds that code shows by what it does. Others are asked of the host by calls
/// that this analysis does not read.
pub(crate) const SHOWN_BY_CODE: &[Kind] = &[
    Kind::NetworkRequest,
    Kind::NetworkListen,
    Kind::FilesRead,
    Kind::FilesWrite,
    Kind::FilesDelete,
    Kind::EnvironmentRead,
    Kind::ProcessExecute,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, list, partial, text};

    fn scopes(made: Made) -> Vec<String> {
        infer(&made.facts()).needs.iter().map(Need::text).collect()
    }

    #[test]
    fn what_code_does_becomes_the_words_of_a_manifest() {
        let made = Made::new()
            .event(
                Effect::Request,
                "js:fetch",
                &[(Role::Url, text("https://api.example.com/v1?a"))],
            )
            .event(
                Effect::Connect,
                "node:net.connect",
                &[(Role::Host, text("db.example.com")), (Role::Port, text("5432"))],
            )
            .event(Effect::FileRead, "node:fs.readFile", &[(Role::Path, text("/data/a.txt"))])
            .event(Effect::FileRead, "node:fs.readFile", &[(Role::Path, text("./own.json"))])
            .event(Effect::FileWrite, "node:fs.writeFile", &[(Role::Path, text("out/./b"))])
            .event(Effect::EnvironmentRead, "node:process.env", &[(Role::Name, text("HOME"))])
            .event(
                Effect::Spawn,
                "node:child_process.spawn",
                &[(Role::Command, text("git")), (Role::CommandArgument, list(&["status"]))],
            );
        assert_eq!(
            scopes(made),
            [
                "network.request api.example.com:443",
                "network.request db.example.com:5432",
                "files.read /data/a.txt",
                "files.write ./out/b",
                "environment.read HOME",
                "process.execute git",
            ]
        );
    }

    #[test]
    fn what_cannot_be_told_is_open_and_never_left_out() {
        let made = Made::new()
            .event(Effect::Request, "js:fetch", &[(Role::Url, partial("https://", &["/x"]))])
            .event(Effect::FileDelete, "node:fs.rm", &[(Role::Path, text("~/x"))])
            .event(Effect::Shell, "node:child_process.exec", &[])
            .event(Effect::EnvironmentRead, "node:process.env", &[]);
        let inferred = infer(&made.facts());
        assert_eq!(inferred.needs.len(), 4);
        assert!(inferred.needs.iter().all(|need| need.scope.is_none()));
    }

    #[test]
    fn a_star_that_code_writes_asks_for_no_more_than_a_person_says() {
        let made = Made::new()
            .event(Effect::FileRead, "node:fs.readFile", &[(Role::Path, text("/**"))])
            .event(Effect::FileWrite, "node:fs.writeFile", &[(Role::Path, text("/etc/*"))])
            .event(Effect::FileWrite, "py:tempfile.mkdtemp", &[(Role::Path, text("/tmp/*"))])
            .event(Effect::EnvironmentRead, "node:process.env", &[(Role::Name, text("A*"))])
            .event(Effect::NameLookup, "node:dns.lookup", &[(Role::Host, text("*"))])
            .event(Effect::Request, "js:fetch", &[(Role::Url, text("https://*.com/"))])
            .event(Effect::Spawn, "node:child_process.spawn", &[(Role::Command, text("*"))]);
        let inferred = infer(&made.facts());
        let named: Vec<&str> =
            inferred.needs.iter().filter_map(|need| need.scope.as_deref()).collect();
        assert_eq!(named, ["/tmp/*"]);
    }

    #[test]
    fn what_is_needed_later_too_is_not_needed_while_installing_only_in_any_order() {
        let read = |made: Made| {
            made.event(Effect::EnvironmentRead, "node:process.env", &[(Role::Name, text("HOME"))])
        };
        let mut facts = read(read(Made::new()).when(When::Install)).facts();
        for _ in 0..2 {
            let inferred = infer(&facts);
            let need = inferred.needs.first().unwrap();
            let later = facts.trace.events.iter().find(|event| event.when == When::Call).unwrap();
            assert_eq!((need.when, need.evidence.as_slice()), (When::Call, &[later.place][..]));
            facts.trace.events.reverse();
        }
    }

    #[test]
    fn less_declared_than_done_is_told_from_what_cannot_be_told() {
        let need = |scope: Option<&str>| Need {
            kind: Kind::NetworkRequest,
            scope: scope.map(str::to_owned),
            when: When::Call,
            evidence: Vec::new(),
        };
        let declared = [Declared {
            kind: Kind::NetworkRequest,
            scope: Some("*.example.com:443".to_owned()),
            line: 1,
        }];
        assert_eq!(need(Some("a.example.com:443")).standing(&declared), Standing::Declared);
        assert_eq!(need(Some("a.example.net:443")).standing(&declared), Standing::Undeclared);
        assert_eq!(need(None).standing(&declared), Standing::Unclear);
        assert_eq!(need(None).standing(&[]), Standing::Undeclared);
    }

    #[test]
    fn code_that_is_not_known_is_opaque() {
        let known = Made::new().event(Effect::DynamicCode, "js:eval", &[(Role::Code, text("1"))]);
        let unknown = Made::new().event(Effect::DynamicCode, "js:eval", &[]);
        assert!(infer(&known.facts()).opaque.is_empty());
        let inferred = infer(&unknown.facts());
        assert_eq!(inferred.opaque.len(), 1);
        assert_eq!(inferred.dynamic_code.len(), 1);
    }
}
