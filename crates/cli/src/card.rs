//! The permission card: one screen that a person can read before saying yes.

use crate::output::bytes_text;
use ringfence::{Asked, Card};
use ringfence_types::{UntrustedText, WithheldBy};

/// Widest line, in characters.
const WIDTH: usize = 80;
/// Most requests that are listed one by one.
const MOST_ASKS: usize = 10;
/// Most notes.
const MOST_NOTES: usize = 4;

/// The card as text, at most 24 lines of 80 characters.
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
        for asked in card.asks.iter().take(MOST_ASKS) {
            lines.push(cut(&ask(asked)));
        }
        if let Some(more) = card.asks.len().checked_sub(MOST_ASKS).filter(|more| *more > 0) {
            lines.push(format!("    and {more} more; --json lists them"));
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
    lines.push(cut(&format!("  walls     {}, no network", walls.join(", "))));
    for note in card.notes.iter().take(MOST_NOTES) {
        lines.push(cut(&format!("  note      {note}")));
    }
    lines.join("\n")
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

fn ask(asked: &Asked) -> String {
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
    format!("    [{state}{optional}] {} - {}{reason}", UntrustedText::new(&capability), asked.plain)
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
