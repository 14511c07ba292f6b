//! `ringfence install`: review, ask once, keep.

use super::{home, source, version};
use crate::arguments::{Install, InstallTerms};
use crate::failure::{Failure, chain};
use crate::secret::GivenSecret;
use crate::{card, output};
use ringfence::{
    Allowed, Engine, EngineOptions, Incoming, Kind, Order, PluginRow, Plugins, Proposal, Terms,
};
use ringfence_install::kept;
use ringfence_types::{ExitCode, UntrustedText};
use serde_json::json;
use std::io::{BufRead as _, Read as _};
use std::path::Path;

pub(super) fn run(arguments: &Install) -> Result<ExitCode, Failure> {
    let home = home()?;
    let plugins = Plugins::open(&home)?;
    let engine = engine(&home)?;
    let from = (&plugins, &engine);
    let incoming = source::incoming(from, &arguments.source, &arguments.terms, false)?;
    admit((&plugins, &engine), &incoming, &arguments.terms)
}

pub(super) fn engine(home: &Path) -> Result<Engine, Failure> {
    Engine::open(EngineOptions::new(home.to_owned()))
        .map_err(|error| Failure::new(ExitCode::Audit, chain(&error)))
}

/// From a package whose files are in the home to an installed plugin: the one way, from
/// wherever it came.
pub(super) fn admit(
    (plugins, engine): (&Plugins, &Engine),
    incoming: &Incoming,
    arguments: &InstallTerms,
) -> Result<ExitCode, Failure> {
    let (score, blocked) = seen(incoming);
    let mut terms = Terms {
        grants: arguments.grant.clone(),
        accept_declared: arguments.yes,
        by: format!("uid {}", rustix::process::getuid().as_raw()),
        ..Terms::default()
    };
    let mut proposal = plugins.propose(engine, incoming, &terms)?;
    if !arguments.quiet && !arguments.json {
        output::say(&shown(&proposal, &score));
    }
    if let Some(found) = blocked.filter(|_| !arguments.despite_findings) {
        let why = format!("a scan blocks it ({score}: {})", UntrustedText::new(&found));
        engine.record_refusal(&proposal.review, &why);
        let folder = incoming.folder().display();
        return Err(Failure::new(ExitCode::Refused, why).help(format!(
            "what it found: ringfence scan {folder}; to install it all the same: --despite-findings"
        )));
    }
    let can_ask = output::can_ask() && !arguments.json;
    if can_ask && arguments.quiet {
        output::say(&shown(&proposal, &score));
    }
    let allowed = allowed(arguments, &proposal, can_ask);
    if can_ask && proposal.questions().next().is_some() {
        terms.accept_declared = ask("Grant what it asks for, whenever it is run? [y/N] ");
        proposal = plugins.propose(engine, incoming, &terms)?;
    }
    terms.secrets = secrets(&proposal, engine)?;
    let proposal = plugins.propose(engine, incoming, &terms)?;
    let changes = proposal.changes.clone();
    let card = proposal.review.card.clone();
    let plugin = plugins.install(engine, incoming, proposal, allowed)?;
    engine.sign().map_err(|error| Failure::caused(error.exit_code(), &error))?;
    if let Some(held) = crate::tools::held(&plugin.instance) {
        // It was seen when the new version was tried.
        let name = &plugin.name;
        output::say(&format!(
            "{held} of what it says of its tools held, neither offered nor called; to see and to \
             agree: ringfence tools {name} --diff"
        ));
    }
    if arguments.json {
        let registry = kept(engine.home(), &plugin.current.package)
            .map_err(|error| Failure::caused(error.exit_code(), &error))?;
        output::answer_json(&json!({
            "ok": true, "plugin": plugin, "changes": changes, "card": card,
            "registry": registry,
        }));
    } else {
        told(&plugin);
    }
    Ok(ExitCode::Success)
}

/// What was seen by who looked at it, in words; and what blocks it.
fn seen(incoming: &Incoming) -> (String, Option<String>) {
    let Some(scan) = incoming.scan() else {
        return ("nobody looked at it".to_owned(), Some("nobody looked at it".to_owned()));
    };
    let found = scan.codes.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let blocked = (scan.outcome == "blocked").then_some(found);
    (format!("score {} of 100, {}", scan.score, scan.outcome), blocked)
}

fn told(plugin: &PluginRow) {
    let number = version(plugin.current.version.as_deref());
    if plugin.state.word() != "enabled" {
        output::say(&format!("it stays {}: ringfence enable {}", plugin.state.word(), plugin.name));
    }
    output::say(&format!("installed; to run it: ringfence run {}", plugin.name));
    output::answer(&format!("{} {number}", plugin.name));
}

fn shown(proposal: &Proposal, score: &str) -> String {
    let mut text = card::render(&proposal.review.card);
    text.push_str(&format!("\n  scan      {score}"));
    for line in proposal.changes.iter().flat_map(ringfence::Changes::lines) {
        text.push_str(&format!("\n  change    {line}"));
    }
    text
}

/// What needs a yes of its own: `--yes` is none, and neither is the other question's.
fn allowed(arguments: &InstallTerms, proposal: &Proposal, can_ask: bool) -> Allowed {
    let mut allowed = Allowed {
        downgrade: arguments.allow_downgrade,
        publisher_change: arguments.allow_publisher_change,
    };
    let Some(changes) = proposal.changes.as_ref().filter(|_| can_ask) else {
        return allowed;
    };
    if changes.publisher.is_some() && !allowed.publisher_change {
        allowed.publisher_change =
            ask("It comes from SOMEBODY ELSE. Install it all the same? [y/N] ");
    }
    let is_down = matches!(changes.order, Order::Older | Order::Unknown);
    if is_down && !allowed.downgrade {
        allowed.downgrade = ask("It may be OLDER. Install it all the same? [y/N] ");
    }
    allowed
}

/// Where the secrets come from that it was granted, for its first start.
fn secrets(proposal: &Proposal, engine: &Engine) -> Result<ringfence::Secrets, Failure> {
    let mut secrets = ringfence::Secrets::default();
    if proposal.changes.is_none() {
        // Nothing is started.
        return Ok(secrets);
    }
    for asked in proposal.review.card.asks.iter().filter(|asked| asked.granted) {
        if asked.capability.kind() == Kind::SecretsUse {
            let Some(given) = GivenSecret::consented(&asked.capability) else { continue };
            secrets = given.add_to(secrets, engine.home()).map_err(Failure::usage)?;
        }
    }
    Ok(secrets)
}

/// One question, where only a clear yes is a yes.
fn ask(question: &str) -> bool {
    output::say_part(question);
    let mut line = String::new();
    let _ = std::io::stdin().lock().take(64).read_line(&mut line);
    matches!(line.trim(), "y" | "Y" | "yes")
}
