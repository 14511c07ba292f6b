//! `ringfence info`: everything that is known of an installed plugin.

use super::{home, moment, plugins, version};
use crate::arguments::OfPlugin;
use crate::failure::Failure;
use crate::output;
use ringfence::{GrantRow, Info, State};
use ringfence_install::{Kept, kept};
use ringfence_types::{ExitCode, UntrustedText};
use serde_json::json;

/// Most days of usage that are printed; `--json` has all.
const MOST_DAYS: usize = 7;

pub(super) fn run(arguments: &OfPlugin) -> Result<ExitCode, Failure> {
    let info = plugins()?.info(&arguments.name)?;
    let kept = kept(&home()?, &info.plugin.current.package)
        .map_err(|error| Failure::caused(error.exit_code(), &error))?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "info": info, "registry": kept }));
        return Ok(ExitCode::Success);
    }
    for line in lines(&info, kept.as_ref()) {
        output::answer(&line);
    }
    Ok(ExitCode::Success)
}

fn lines(info: &Info, kept: Option<&Kept>) -> Vec<String> {
    let safe = |text: &str| UntrustedText::new(text).to_string();
    let plugin = &info.plugin;
    let current = &plugin.current;
    let mut lines = vec![
        format!("{} {}", plugin.name, version(current.version.as_deref())),
        format!("  from       {}", safe(&current.source)),
        format!("  package    {}", current.package),
        format!("  instance   {}", plugin.instance),
    ];
    let why = match plugin.state {
        State::Enabled => String::new(),
        _ => format!(": {}", safe(&plugin.reason)),
    };
    lines.push(format!(
        "  state      {}{why}, since {} by {}",
        plugin.state.word(),
        moment(plugin.changed_ms),
        safe(&plugin.changed_by)
    ));
    if let Some(signature) = &info.signature {
        let by = match (&signature.publisher, signature.level.as_str()) {
            (Some(publisher), _) => format!("trusted, {}", safe(publisher)),
            (None, "absent") => "nobody".to_owned(),
            (None, _) if signature.keys.iter().any(|key| key.contains("://")) => {
                format!("a build of {}", safe(&signature.keys.join(", ")))
            }
            (None, _) => "a key that nobody here knows".to_owned(),
        };
        lines.push(format!("  signed by  {by}"));
    }
    if let Some(Kept { registry, vouched }) = kept {
        lines.push(format!("  registry   {}: {}", safe(registry), vouched.line()));
    }
    if let Some(scan) = &info.scan {
        lines.push(format!("  score      {} of 100, {}", scan.score, safe(&scan.outcome)));
    }
    let reputation = &info.reputation;
    lines.push(format!(
        "  reputation {} of 100, {}; it tells how it went here, and takes no scan's place",
        reputation.score,
        reputation.level.word()
    ));
    lines.extend(reputation.parts.iter().map(|part| {
        format!("    {:>5.1} of {:<3} {}: {}", part.points, part.most, part.signal, part.because)
    }));
    lines.push("  granted".to_owned());
    lines.extend(info.grants.iter().map(|grant| granted(grant, info)));
    lines.push("  versions".to_owned());
    for one in &info.versions {
        let role = if one.package == current.package {
            "runs"
        } else if plugin.previous.as_ref().is_some_and(|before| before.package == one.package) {
            "to go back to"
        } else if one.kept {
            "kept until `ringfence gc`"
        } else {
            "removed"
        };
        lines.push(format!(
            "    {:12} {} {role}",
            version(one.version.as_deref()),
            moment(one.installed_ms)
        ));
    }
    for incident in &info.incidents {
        let end = match (&incident.closed_by, incident.closed_ms) {
            (Some(by), Some(at)) => format!("let out {} by {}", moment(at), safe(by)),
            _ => "lasts".to_owned(),
        };
        lines.push(format!(
            "  quarantine {} by {}: {}; {end}",
            moment(incident.opened_ms),
            safe(&incident.opened_by),
            safe(&incident.reason)
        ));
    }
    for day in info.usage.iter().take(MOST_DAYS) {
        lines.push(format!(
            "  used       {}: {} runs, {} failed, {} ms of processor time, at most {}",
            moment(day.day.saturating_mul(24 * 60 * 60 * 1000)).get(..10).unwrap_or("?"),
            day.runs,
            day.failures,
            day.cpu_ms,
            output::bytes_text(day.peak_memory)
        ));
    }
    lines
}

fn granted(grant: &GrantRow, info: &Info) -> String {
    let safe = |text: &str| UntrustedText::new(text).to_string();
    let mut line = format!(
        "    {}  {} by {}",
        safe(&grant.capability.to_string()),
        moment(grant.at_ms),
        safe(&grant.by)
    );
    if let Some(end) = grant.expires_ms {
        line.push_str(&format!(", until {}", moment(end)));
    }
    match (&grant.revoked_by, grant.revoked_ms) {
        (Some(by), Some(at)) => {
            line.push_str(&format!("; TAKEN BACK {} by {}", moment(at), safe(by)));
        }
        _ if grant.package != info.plugin.current.package => {
            line.push_str("; for another version");
        }
        _ => {}
    }
    line
}
