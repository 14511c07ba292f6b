//! What a crate may link, and why: the walls between stages that hold even
//! when the code behind one of them is broken.

use super::workspace::Workspace;

/// What a closure is allowed to hold.
enum Rule {
    /// Nothing but these, ours or not.
    Only(&'static [&'static str]),
    /// Of our crates nothing but these.
    OursOnly(&'static [&'static str]),
    /// None of these.
    None(&'static [&'static str]),
}

/// Asynchronous runtimes, and crates whose business is the network or other
/// programs.
const RUNTIMES_AND_NETWORK: &[&str] = &[
    "actix-rt",
    "async-std",
    "curl",
    "futures",
    "h2",
    "hyper",
    "isahc",
    "mio",
    "native-tls",
    "openssl",
    "polling",
    "quinn",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "tungstenite",
    "ureq",
];

const GATES: [&str; 6] = [
    "ringfence-gate-files",
    "ringfence-gate-storage",
    "ringfence-gate-events",
    "ringfence-gate-network",
    "ringfence-gate-secrets",
    "ringfence-gate-host",
];

const CLOSURES: &[(&str, Rule, &str)] = &[
    ("ringfence-jailer", Rule::Only(&["libc"]), "privileged code must be readable in one sitting"),
    (
        "ringfence-probe",
        Rule::Only(&["libc"]),
        "what runs inside a jail must find no broker, gate, key or log in its own memory",
    ),
    ("ringfence-types", Rule::OursOnly(&[]), "the words are above everything"),
    ("ringfence-limits", Rule::OursOnly(&["ringfence-types"]), "numbers know no stage"),
    (
        "ringfence-package",
        Rule::OursOnly(&["ringfence-types", "ringfence-limits"]),
        "what reads hostile bytes can neither grant nor start anything",
    ),
    (
        "ringfence-permission",
        Rule::OursOnly(&["ringfence-types", "ringfence-limits"]),
        "a decision depends on what it is given and on nothing else",
    ),
    (
        "ringfence-protocol",
        Rule::OursOnly(&["ringfence-types"]),
        "what reads a plugin's bytes does not know who decides",
    ),
    (
        "ringfence-sandbox",
        Rule::OursOnly(&["ringfence-types", "ringfence-limits"]),
        "what a backend is asked for says nothing of who asks",
    ),
    (
        "ringfence-worker",
        Rule::OursOnly(&["ringfence-types", "ringfence-protocol"]),
        "what runs inside a jail must find no broker, gate, key or log in its own memory",
    ),
    (
        "ringfence-sandbox-wasm",
        Rule::None(&ENGINES),
        "the host holds no compiler, no engine, no parser of code, and no code of a plugin",
    ),
    (
        "ringfence-cli",
        Rule::None(&RUNNERS),
        "the host holds no compiler, no engine, and no code of a plugin; `ringfence scan` parses \
         code and runs none",
    ),
    (
        "ringfence-analysis",
        Rule::OursOnly(&["ringfence-types"]),
        "what reads hostile code can neither grant nor start anything",
    ),
    ("ringfence-analysis", Rule::None(RUNTIMES_AND_NETWORK), PURE),
    (
        "ringfence-signing",
        Rule::OursOnly(&["ringfence-types"]),
        "who vouches for a package does not depend on what it wants",
    ),
    ("ringfence-signing", Rule::None(RUNTIMES_AND_NETWORK), PURE),
    (
        "ringfence-advisories",
        Rule::OursOnly(&["ringfence-types", "ringfence-private"]),
        "what is known of a package does not depend on who wants to run it",
    ),
    ("ringfence-advisories", Rule::None(RUNTIMES_AND_NETWORK), PURE),
    (
        "ringfence-feed",
        Rule::OursOnly(&["ringfence-types", "ringfence-signing"]),
        "what others tell does not depend on what is installed, and decides nothing",
    ),
    ("ringfence-feed", Rule::None(RUNTIMES_AND_NETWORK), PURE),
    (
        "ringfence-lifecycle",
        Rule::None(&ENGINES),
        "what starts plugins does not parse their code in its own memory",
    ),
    (
        "ringfence-sandbox-process",
        Rule::OursOnly(&[
            "ringfence-types",
            "ringfence-limits",
            "ringfence-sandbox",
            "ringfence-jailer",
            "ringfence-probe",
        ]),
        "a backend builds walls and decides nothing",
    ),
    ("ringfence-private", Rule::OursOnly(&[]), "what opens a file does not know what it is for"),
    (
        "ringfence-audit",
        Rule::OursOnly(&["ringfence-types", "ringfence-private"]),
        "the log must outlive and outvote every stage that writes to it",
    ),
    (
        "ringfence-store",
        Rule::OursOnly(&["ringfence-types", "ringfence-private"]),
        "what remembers does not decide, read packages or start anything",
    ),
    (
        "ringfence-sandbox-process",
        Rule::None(&["tokio"]),
        "jails are watched with poll and threads; a runtime would hide who waits for what",
    ),
    ("ringfence-types", Rule::None(RUNTIMES_AND_NETWORK), PURE),
    ("ringfence-limits", Rule::None(RUNTIMES_AND_NETWORK), PURE),
    ("ringfence-package", Rule::None(RUNTIMES_AND_NETWORK), PURE),
    ("ringfence-permission", Rule::None(RUNTIMES_AND_NETWORK), PURE),
    ("ringfence-protocol", Rule::None(RUNTIMES_AND_NETWORK), PURE),
    ("ringfence-audit", Rule::None(RUNTIMES_AND_NETWORK), "the log is a file, not a service"),
];

const ENGINES: [&str; 5] =
    ["wasmtime", "wasmtime-wasi", "cranelift-codegen", "oxc_parser", "ringfence-worker"];

/// What can run code; the scanner's parsers cannot.
const RUNNERS: [&str; 4] = ["wasmtime", "wasmtime-wasi", "cranelift-codegen", "ringfence-worker"];

const PURE: &str = "reading and deciding are pure: same input, same answer, no network";

pub(crate) fn check(workspace: &Workspace) -> Vec<String> {
    let mut breaches = Vec::new();
    for (name, rule, why) in CLOSURES {
        check_one(workspace, name, rule, why, &mut breaches);
    }
    for gate in GATES {
        // Its permit comes from `permission`, its words from `types`; opening a
        // file of ours decides nothing.
        let ours = Rule::OursOnly(&[
            "ringfence-types",
            "ringfence-private",
            "ringfence-limits",
            "ringfence-permission",
        ]);
        check_one(workspace, gate, &ours, "an effect cannot decide about itself", &mut breaches);
    }
    breaches
}

fn check_one(
    workspace: &Workspace,
    name: &str,
    rule: &Rule,
    why: &str,
    breaches: &mut Vec<String>,
) {
    let Some(member) = workspace.members.iter().find(|member| member.name() == name) else {
        breaches.push(format!("there is no crate `{name}`; take its rule out of xtask/src/tidy"));
        return;
    };
    let is_ours = |link: &str| workspace.members.iter().any(|member| member.name() == link);
    for link in workspace.closure(&member.id) {
        let allowed = match rule {
            Rule::Only(list) => list.contains(&link),
            Rule::OursOnly(list) => !is_ours(link) || list.contains(&link),
            Rule::None(list) => !list.contains(&link),
        };
        if !allowed {
            breaches.push(format!("`{name}` links `{link}`: {why}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::workspace::tests::made_up;

    fn breaches(rule: &Rule) -> Vec<String> {
        let members: [(&str, &str, &[&str]); 3] = [
            ("crates/gate", "gate", &["middle"]),
            ("crates/middle", "middle", &["broker"]),
            ("crates/broker", "broker", &["tokio"]),
        ];
        let mut breaches = Vec::new();
        check_one(&made_up(&members, &["tokio"], &[]), "gate", rule, "why", &mut breaches);
        breaches
    }

    #[test]
    fn a_forbidden_link_is_found_behind_another_crate_with_the_reason() {
        assert_eq!(breaches(&Rule::OursOnly(&["middle"])), ["`gate` links `broker`: why"]);
        assert_eq!(breaches(&Rule::None(&["tokio"])), ["`gate` links `tokio`: why"]);
        assert_eq!(breaches(&Rule::Only(&["middle", "broker"])), ["`gate` links `tokio`: why"]);
        assert!(breaches(&Rule::OursOnly(&["middle", "broker"])).is_empty());
    }

    #[test]
    fn a_rule_about_a_crate_that_is_gone_is_a_breach() {
        let mut breaches = Vec::new();
        check_one(&made_up(&[], &[], &[]), "gone", &Rule::Only(&[]), "why", &mut breaches);
        assert_eq!(breaches.len(), 1);
    }
}
