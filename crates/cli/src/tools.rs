//! `ringfence tools`: what MCP servers say of their tools, and what is held of it.

use crate::arguments::Tools;
use crate::failure::Failure;
use crate::installed::{home, moment};
use crate::output;
use crate::tools_diff::{difference, whole};
use ringfence::{PinRow, SubjectRow, ToolPins, definition_notes, pin_digest};
use ringfence_types::{ExitCode, InstanceId, UntrustedText};
use serde_json::{Value, json};
use std::io::{BufRead as _, Read as _};

/// Fewest digits of a digest behind a name: half of them, which nobody can meet on purpose.
const FEWEST_DIGITS: usize = 32;

pub(crate) fn run(arguments: &Tools) -> ExitCode {
    answered(arguments).unwrap_or_else(|failure| failure.tell(arguments.json))
}

/// How many definitions of an installed plugin are held, if any.
pub(crate) fn held(instance: &InstanceId) -> Option<u64> {
    let all = ToolPins::open(&home().ok()?).ok()??.all().ok()?;
    let one = all.iter().find(|one| one.id == instance.as_str())?;
    Some(one.held).filter(|held| *held > 0)
}

fn answered(arguments: &Tools) -> Result<ExitCode, Failure> {
    let pins = ToolPins::open(&home()?)?;
    let Some(target) = &arguments.target else {
        return Ok(list(pins.as_ref().map(ToolPins::all).transpose()?, arguments));
    };
    let nothing = || Failure::usage("no MCP server was ever run here");
    let pins = pins.ok_or_else(nothing)?;
    let subject = pins.named(target)?;
    let rows = pins.of(&subject)?;
    if arguments.forget {
        return forget(&pins, &subject, arguments);
    }
    if let Some(named) = &arguments.approve {
        return approve(&pins, &subject, &chosen(rows, named)?, arguments);
    }
    if arguments.json {
        let definitions: Vec<Value> =
            rows.iter().map(|row| as_json(row, arguments.diff || arguments.show)).collect();
        output::answer_json(&json!({ "ok": true, "server": subject, "definitions": definitions }));
        return Ok(ExitCode::Success);
    }
    if rows.is_empty() {
        output::say("nothing was listed yet");
    }
    for row in &rows {
        match (arguments.diff, arguments.show) {
            (true, _) if row.held.is_some() => {
                shown(row, target).iter().for_each(|line| output::answer(line));
            }
            (true, _) => {}
            (_, true) => whole(row).iter().for_each(|line| output::answer(line)),
            _ => output::answer(&line(row)),
        }
    }
    let held = rows.iter().filter(|row| row.held.is_some()).count();
    if arguments.diff && held == 0 {
        output::say("nothing is held");
    } else if held > 0 && !arguments.show {
        let word = if arguments.diff { "--approve" } else { "--diff" };
        output::say(&format!("{held} held; next: ringfence tools {} {word}", safe(target)));
    }
    Ok(ExitCode::Success)
}

fn list(all: Option<Vec<SubjectRow>>, arguments: &Tools) -> ExitCode {
    let all = all.unwrap_or_default();
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "servers": all }));
        return ExitCode::Success;
    }
    if all.is_empty() {
        output::say("no MCP server was run yet: ringfence run npm:NAME");
    }
    for one in &all {
        // What is installed is known by its name, the rest by what stands for it.
        let id = one.id.get(..16).filter(|_| one.id.starts_with("run-")).unwrap_or(&one.id);
        output::answer(&format!(
            "{:24} {:4} pinned {:4} held  {}",
            safe(id),
            one.pinned,
            one.held,
            safe(&one.label)
        ));
    }
    ExitCode::Success
}

fn state(row: &PinRow) -> &'static str {
    match (&row.pinned, &row.held) {
        (_, Some(_)) => "held",
        _ => "pinned",
    }
}

fn line(row: &PinRow) -> String {
    let why = match (&row.held, &row.pinned) {
        (Some(held), _) => format!("{}, since {}", safe(&held.why), moment(held.at_ms)),
        (None, Some(pinned)) => format!("{} by {}", moment(pinned.at_ms), safe(&pinned.by)),
        (None, None) => String::new(),
    };
    format!("{:12} {:32} {:7} {why}", row.kind, safe(&row.name), state(row))
}

/// What is held, for a person, with what agrees to exactly that.
fn shown(row: &PinRow, target: &str) -> Vec<String> {
    let mut lines = vec![format!("{} `{}`", row.kind, safe(&row.name))];
    if let Some(pinned) = &row.pinned {
        let digest = pin_digest(&pinned.text);
        lines.push(format!("  pinned {} by {}, {digest}", moment(pinned.at_ms), safe(&pinned.by)));
    }
    let Some(held) = &row.held else {
        return lines;
    };
    lines.push(format!("  held   {}: {}", moment(held.at_ms), safe(&held.why)));
    lines.extend(definition_notes(row).into_iter().map(|note| format!("  LOOK   it {note}")));
    let Some(text) = &held.text else {
        lines.push("  it cannot be agreed to: its publisher has to mend it".to_owned());
        return lines;
    };
    let digest = pin_digest(text);
    lines.push(format!("         {digest}"));
    let before = row.pinned.as_ref().map(|pinned| pinned.text.as_str());
    lines.extend(difference(before, text).into_iter().map(|line| format!("  {line}")));
    if output::is_word(&row.name) && output::is_word(target) {
        let digits = digest.hex();
        let digits = digits.get(..FEWEST_DIGITS).unwrap_or(&digits);
        lines.push(format!(
            "  to agree to exactly this: ringfence tools {target} --approve {}@{digits}",
            row.name
        ));
    }
    lines
}

fn as_json(row: &PinRow, with_text: bool) -> Value {
    let text = |text: &str| with_text.then(|| text.to_owned());
    json!({
        "kind": row.kind, "name": row.name, "state": state(row), "notes": definition_notes(row),
        "pinned": row.pinned.as_ref().map(|pinned| json!({
            "digest": pin_digest(&pinned.text), "by": pinned.by, "at_ms": pinned.at_ms,
            "text": text(&pinned.text),
        })),
        "held": row.held.as_ref().map(|held| json!({
            "digest": held.text.as_deref().map(pin_digest), "why": held.why, "at_ms": held.at_ms,
            "text": held.text.as_deref().and_then(text),
        })),
    })
}

/// What is held, all of it or what was named.
fn chosen(rows: Vec<PinRow>, named: &[String]) -> Result<Vec<PinRow>, Failure> {
    let mut held: Vec<PinRow> = rows.into_iter().filter(|row| row.held.is_some()).collect();
    if named.is_empty() {
        // What nobody can read in one way only is nobody's to agree to.
        held.retain(|row| row.held.as_ref().is_some_and(|held| held.text.is_some()));
        return Ok(held);
    }
    let mut chosen = Vec::new();
    for word in named {
        let (name, digits) = match word.rsplit_once('@') {
            Some((name, digits)) if is_digits(digits) => (name, Some(digits)),
            _ => (word.as_str(), None),
        };
        let mut found = held.iter().filter(|row| row.name == name).peekable();
        if found.peek().is_none() {
            return Err(Failure::usage(format!("nothing of the name `{}` is held", safe(name))));
        }
        for row in found {
            let now = row.held.as_ref().and_then(|held| held.text.as_deref()).map(pin_digest);
            if digits.is_some_and(|digits| !now.is_some_and(|now| now.hex().starts_with(digits))) {
                let what = format!("`{}` is not what it was when that was shown", safe(name));
                return Err(Failure::new(ExitCode::Denied, what)
                    .help("look at it again: ringfence tools NAME --diff"));
            }
            chosen.push(row.clone());
        }
    }
    Ok(chosen)
}

fn is_digits(text: &str) -> bool {
    (FEWEST_DIGITS..=64).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn approve(
    pins: &ToolPins,
    subject: &SubjectRow,
    rows: &[PinRow],
    arguments: &Tools,
) -> Result<ExitCode, Failure> {
    let target = arguments.target.as_deref().unwrap_or_default();
    if rows.is_empty() {
        return Err(Failure::usage("nothing is held that could be agreed to"));
    }
    // What is agreed to is what is shown here, and what is held when it is written.
    for row in rows {
        shown(row, target).iter().for_each(|line| output::say(line));
    }
    if !arguments.yes {
        let missing = || {
            Failure::new(ExitCode::Denied, "somebody has to agree, and there is no terminal")
                .help("if you have read it: --yes")
        };
        if arguments.json || !output::can_ask() {
            return Err(missing());
        }
        output::say_part(&format!("Agree to {} as shown? [y/N] ", rows.len()));
        let mut answer = String::new();
        let _ = std::io::stdin().lock().take(64).read_line(&mut answer);
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Err(Failure::new(ExitCode::Denied, "not agreed to; it stays held"));
        }
    }
    pins.agree(subject, rows)?;
    if arguments.json {
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        output::answer_json(&json!({ "ok": true, "server": subject, "agreed": names }));
    } else {
        output::say(&format!("agreed to {}; it counts from the next start on", rows.len()));
    }
    Ok(ExitCode::Success)
}

fn forget(pins: &ToolPins, subject: &SubjectRow, arguments: &Tools) -> Result<ExitCode, Failure> {
    pins.forget(subject)?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "server": subject }));
    } else {
        output::say("forgotten; the next start pins what it says then");
    }
    Ok(ExitCode::Success)
}

fn safe(text: &str) -> String {
    UntrustedText::new(text).to_string()
}
