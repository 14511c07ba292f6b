//! The machine works for somebody else's wallet: by a miner's name, its protocol, or the
//! hosts that pools have.

use super::address::address_of;
use super::context::{Context, Findings, by_time, when};
use super::{Rule, RuleClass, command};
use crate::event::{Effect, Event, Role};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "crypto-mining",
    title: "the machine mines a currency",
    class: RuleClass::Mining,
    cwe: Some(400),
    severity: Severity::Critical,
    check,
};

/// Programs that do nothing else.
const MINERS: &[&str] = &[
    "xmrig", "minerd", "cpuminer", "cgminer", "bfgminer", "ethminer", "nbminer", "phoenixminer",
    "lolminer", "t-rex", "xmr-stak", "nanominer", "teamredminer", "ccminer", "srbminer",
];

/// Parts of the names of pools and of miners for browsers.
const POOLS: &[&str] = &[
    "coinhive", "coin-hive", "crypto-loot", "cryptoloot", "coinimp", "minexmr", "supportxmr",
    "nanopool.org", "2miners.com", "ethermine.org", "f2pool.com", "hashvault.pro", "moneroocean",
    "xmrpool", "nicehash.com", "webminepool", "jsecoin", "c3pool",
];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let effects = &[
        Effect::Mining,
        Effect::Import,
        Effect::Request,
        Effect::Connect,
        Effect::Spawn,
        Effect::Shell,
    ];
    for event in context.of(effects) {
        let Some(why) = mines(event) else { continue };
        findings.add(
            by_time(event, Severity::Critical, Severity::High),
            event.place,
            format!("{why}, {}", when(event.when)),
        );
    }
}

fn mines(event: &Event) -> Option<String> {
    if event.effect == Effect::Mining {
        return Some(format!("{} mines", super::shown(&event.api)));
    }
    let texts: Vec<String> = event
        .arguments
        .iter()
        .filter(|given| given.role != Role::Data && given.role != Role::Code)
        .map(|given| given.value.sketch().to_ascii_lowercase())
        .collect();
    if texts.iter().any(|text| text.contains("stratum+tcp://") || text.contains("stratum+ssl://") || text.contains("stratum+tls://")) {
        return Some("a pool of miners is contacted by their protocol".to_owned());
    }
    if matches!(event.effect, Effect::Spawn | Effect::Shell) {
        let miner = command::commands(event).into_iter().find(|one| MINERS.contains(&one.program().as_str()));
        return miner.map(|one| format!("the miner {} starts", super::shown(&one.program())));
    }
    let host = address_of(event).map(|address| address.host.to_string());
    let name = host.or_else(|| (event.effect == Effect::Import).then(|| texts.concat()))?;
    POOLS.iter().any(|pool| name.contains(pool)).then(|| format!("{} mines", super::shown(&name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, text};

    #[test]
    fn a_miner_is_found_by_program_protocol_and_pool() {
        let run = |line| Made::new().event(Effect::Shell, "py:os.system", &[(Role::Command, text(line))]).found(RULE.code);
        assert_eq!(run("./xmrig -o pool.example:3333"), [Severity::High]);
        assert_eq!(run("x -o stratum+tcp://pool.example:3333"), [Severity::High]);
        let script = [(Role::Url, text("https://coinhive.com/lib/m.js"))];
        let load = Made::new().event(Effect::Request, "js:fetch", &script);
        assert_eq!(load.found(RULE.code), [Severity::High]);
        assert!(run("node mine.js").is_empty());
    }
}
