//! The permission card: one screen that a person can read before saying yes.

use crate::output::bytes_text;
use ringfence::{Asked, Card};
use ringfence_types::{Kind, NetworkScope, UntrustedText, WithheldBy};

/// Widest line, in characters.
const WIDTH: usize = 80;
/// Most requests that are listed one by one where a yes changes nothing.
const MOST_ASKS: usize = 10;
/// Where the words of a note begin, less one, and most lines of it.
const NOTE: usize = 11;
const NOTE_LINES: usize = 3;
/// Most notes.
const MOST_NOTES: usize = 7;

/// The card as text in lines of 80 characters, at most 24 of them for a plugin
/// that asks for ten things or fewer.
///
/// What a yes would grant is always there, all of it and to its end: nobody can
/// have agreed to what was left out.
pub(crate) fn render(card: &Card) -> String {
    let mut lines = vec![cut(&title(card))];
    if let Some(text) = &card.description {
        lines.push(cut(&format!("  {}", UntrustedText::new(text))));
    }
    if card.asks.is_empty() {
        lines.push(if card.has_manifest {
            "  asks for  nothing".to_owned()
        } else {
            "  asks for  nothing (no plugin.yaml; --grant gives it what it needs)".to_owned()
        });
    } else {
        lines.push("  asks for".to_owned());
        let (open, settled): (Vec<&Asked>, Vec<&Asked>) =
            card.asks.iter().partition(|asked| asked.withheld_by == Some(WithheldBy::Consent));
        for asked in &open {
            lines.extend(ask(asked));
        }
        let room = MOST_ASKS.saturating_sub(open.len());
        for asked in settled.iter().take(room) {
            lines.extend(ask(asked));
        }
        if let Some(more) = settled.len().checked_sub(room).filter(|more| *more > 0) {
            lines.push(format!("    and {more} more that are settled; --json lists them"));
        }
    }
    let budget = &card.budget;
    lines.push(cut(&format!(
        "  limits    {}: {} memory, {} % CPU, {} s a call, {} processes",
        card.preset,
        bytes_text(budget.memory_bytes),
        budget.cpu_percent,
        budget.timeouts.call.as_secs_f32(),
        budget.processes,
    )));
    let walls: Vec<&str> =
        card.level.walls.iter().filter(|wall| wall.stands).map(|wall| wall.name).collect();
    // What is withheld for any other reason no yes can give.
    let may = |kind| {
        card.asks.iter().any(|asked| {
            asked.capability.kind() == kind
                && (asked.granted || asked.withheld_by == Some(WithheldBy::Consent))
        })
    };
    let networked = may(Kind::NetworkRequest);
    let no_network = match (networked, may(Kind::NetworkListen)) {
        (true, _) => "",
        (false, true) => ", no way out",
        (false, false) => ", no network",
    };
    lines.push(cut(&format!("  walls     {}{no_network}", walls.join(", "))));
    if let Some(engine) = card.engine {
        lines.push(cut(&format!("  engine    {engine}")));
    }
    if networked {
        lines.push(cut(&format!(
            "  network   by name only; {} requests a minute, {} connections, {} out, {} in",
            budget.network_requests_per_minute,
            budget.network_connections,
            bytes_text(budget.network_sent_bytes),
            bytes_text(budget.network_received_bytes),
        )));
    }
    lines.extend(datagrams(card));
    for note in card.notes.iter().take(MOST_NOTES) {
        lines.extend(self::note(note));
    }
    lines.join("\n")
}

/// What a yes to datagrams means, which a yes to a connection does not.
fn datagrams(card: &Card) -> Vec<String> {
    let scopes: Vec<&NetworkScope> = card
        .asks
        .iter()
        .filter(|asked| asked.granted || asked.withheld_by == Some(WithheldBy::Consent))
        .filter_map(|asked| asked.capability.scope().network())
        .filter(|scope| scope.is_udp())
        .collect();
    let mut lines = Vec::new();
    if !scopes.is_empty() {
        lines.push(
            "  udp       datagrams, contents and QUIC server names not looked into".to_owned(),
        );
    }
    for scope in scopes.iter().filter(|scope| scope.port() == Some(53)) {
        // The warning stands before what can be long.
        lines.push(cut(&format!(
            "  udp       a DNS tunnel, which carries anything anywhere: {scope}"
        )));
    }
    lines
}

fn title(card: &Card) -> String {
    let mut title = card.name.clone();
    if let Some(version) = &card.version {
        title.push_str(&format!(" {}", UntrustedText::new(version)));
    }
    if let Some(author) = &card.author {
        title.push_str(&format!(" by {}", UntrustedText::new(author)));
    }
    format!("{title} ({}, {})", card.runtime, card.protocol)
}

/// What is asked for in full, over several lines if it is long; only the
/// author's reason is cut.
fn ask(asked: &Asked) -> Vec<String> {
    let state = match (asked.granted, asked.withheld_by) {
        (true, _) => "granted",
        (false, Some(WithheldBy::Consent) | None) => "asks",
        (false, Some(WithheldBy::Policy)) => "policy: no",
        (false, Some(WithheldBy::Unavailable)) => "not yet",
        (false, Some(WithheldBy::Declared)) => "not asked",
        (false, Some(WithheldBy::Scope | WithheldBy::Revoked)) => "denied",
    };
    let optional = if asked.optional && !asked.granted { ", optional" } else { "" };
    let reason = asked
        .reason
        .as_ref()
        .map(|reason| format!(": {}", UntrustedText::new(reason)))
        .unwrap_or_default();
    let capability = asked.capability.to_string();
    let what = format!("    [{state}{optional}] {}", UntrustedText::new(&capability));
    let rest = format!(" - {}{reason}", asked.plain);
    let mut lines = Vec::new();
    let mut line = String::new();
    for c in what.chars() {
        if line.chars().count() == WIDTH {
            lines.push(std::mem::replace(&mut line, "        ".to_owned()));
        }
        line.push(c);
    }
    lines.push(cut(&format!("{line}{rest}")));
    if line.chars().count() > WIDTH - 3 {
        // Its end would fall to the dots.
        lines.pop();
        lines.extend([line, cut(&format!("       {rest}"))]);
    }
    lines
}

/// A note over at most three lines, broken between words.
fn note(note: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = "  note     ".to_owned();
    let mut words = note.split(' ').peekable();
    while let Some(word) = words.peek() {
        let is_full = line.chars().count() + 1 + word.chars().count() > WIDTH;
        let has_words = line.chars().count() > NOTE;
        if is_full && has_words && lines.len() + 1 < NOTE_LINES {
            lines.push(std::mem::replace(&mut line, " ".repeat(NOTE)));
            continue;
        }
        line.push(' ');
        line.push_str(word);
        words.next();
    }
    lines.push(line);
    lines.iter().map(|line| cut(line)).collect()
}

/// At most [`WIDTH`] characters.
fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(WIDTH - 3).collect();
    short.push_str("...");
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_types::Capability;

    fn asked(scope: &str, withheld_by: Option<WithheldBy>) -> Asked {
        Asked {
            capability: Capability::new(Kind::FilesRead, scope).unwrap(),
            plain: Kind::FilesRead.plain(),
            reason: Some("because ".repeat(40)),
            optional: false,
            granted: withheld_by.is_none(),
            withheld_by,
        }
    }

    fn card(asks: Vec<Asked>) -> Card {
        Card {
            name: "plugin".to_owned(),
            version: None,
            description: None,
            author: None,
            has_manifest: true,
            runtime: "python",
            protocol: "actions",
            asks,
            budget: ringfence::Preset::Production.budget(),
            preset: ringfence::Preset::Production,
            level: ringfence_sandbox::Level { backend: "process", walls: Vec::new() },
            engine: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_yes_to_datagrams_says_what_nobody_looks_into_and_what_a_dns_tunnel_is() {
        let udp = |scope: &str, withheld_by| Asked {
            capability: Capability::new(Kind::NetworkRequest, scope).unwrap(),
            ..asked("/data/**", withheld_by)
        };
        let blind = "datagrams, contents and QUIC server names not looked into";
        let consent = Some(WithheldBy::Consent);
        for withheld_by in [None, consent] {
            let text = render(&card(vec![udp("udp://a.example:443", withheld_by)]));
            assert!(text.contains(blind) && !text.contains("tunnel"), "{text}");
        }
        let dns = render(&card(vec![udp("udp://dns.example:53", consent)]));
        assert!(
            dns.contains("a DNS tunnel, which carries anything anywhere: udp://dns.ex"),
            "{dns}"
        );
        for text in ["a.example:443", "https://a.example"] {
            assert!(!render(&card(vec![udp(text, None)])).contains("udp"), "{text}");
        }
        let denied = udp("udp://a.example:53", Some(WithheldBy::Policy));
        assert!(!render(&card(vec![denied])).contains(blind));
    }

    #[test]
    fn whatever_a_yes_would_grant_stands_on_the_card_to_its_last_character() {
        let consent = Some(WithheldBy::Consent);
        let mut asks: Vec<Asked> = (0..40).map(|_| asked("/data/harmless/**", None)).collect();
        asks.extend((0..40).map(|n| asked(&format!("/data/{n}/**"), consent)));
        for length in 1..200 {
            asks.push(asked(&format!("/data/{}/keys", "x".repeat(length)), consent));
        }
        let text = render(&card(asks.clone()));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        let joined: String = text.lines().map(str::trim_start).collect();
        for asked in asks.iter().filter(|asked| asked.withheld_by == consent) {
            let whole = format!("files.read {}", asked.capability.scope().as_str());
            assert!(joined.contains(&whole), "{whole}");
        }
    }
}
