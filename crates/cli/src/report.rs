//! What a run prints at its end: the answer, the denials, the usage line.

use crate::arguments::Run;
use crate::output;
use crate::report_files::ReportFiles;
use ringfence::{Answer, Card, Ended, ProxyUsage, Publish, RunError, Tool};
use ringfence_types::{ExitCode, UntrustedText};
use serde_json::{Value, json};

/// What a run gave.
pub(crate) enum Given {
    Answer(Answer),
    Tools(Vec<Tool>),
    Actions(Vec<String>),
    Served(ProxyUsage),
}

/// Prints the result, then the usage line.
pub(crate) fn report(
    arguments: &Run,
    card: &Card,
    published: &[Publish],
    files: &ReportFiles,
    result: &Result<Given, RunError>,
    ended: &Ended,
) -> ExitCode {
    let code = result.as_ref().err().map_or(ExitCode::Success, RunError::exit_code);
    if arguments.json {
        let mut report = json_report(card, published, result, ended, code);
        files.json(&mut report);
        output::answer_json(&report);
        return code;
    }
    match result {
        Ok(Given::Answer(Answer::Value(value))) => output::answer_value(&readable(value)),
        // Streamed while it ran.
        Ok(Given::Answer(Answer::Bytes(_)) | Given::Served(_)) => {}
        Ok(Given::Tools(tools)) => {
            for tool in tools {
                let description = tool.description.as_deref().unwrap_or_default();
                let first = description.lines().next().unwrap_or_default();
                output::answer(&format!(
                    "{}\t{}",
                    UntrustedText::new(&tool.name),
                    UntrustedText::new(first)
                ));
            }
        }
        Ok(Given::Actions(actions)) => {
            for action in actions {
                output::answer(&UntrustedText::new(action).to_string());
            }
        }
        Err(error) => output::complain(&error.to_string(), error.help().as_deref()),
    }
    if !arguments.quiet {
        for counted in &ended.denials {
            let times = if counted.count > 1 {
                format!(" ({} times)", counted.count)
            } else {
                String::new()
            };
            output::say(&format!("  denied: {}{times}", counted.denial));
            if let Some(repair) = &counted.denial.repair {
                output::say(&format!("    help: {}", UntrustedText::new(repair)));
            }
        }
        files.say();
        output::say(&usage_line(ended));
    }
    code
}

/// An MCP result for people: its texts, when it is nothing else.
fn readable(value: &Value) -> Value {
    let Some(parts) = value.get("content").and_then(Value::as_array) else { return value.clone() };
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| match part.get("type").and_then(Value::as_str) {
            Some("text") => part.get("text").and_then(Value::as_str),
            _ => None,
        })
        .collect();
    texts.map_or_else(|| value.clone(), |texts| Value::String(texts.join("\n")))
}

fn usage_line(ended: &Ended) -> String {
    let (usage, effects) = (&ended.usage, &ended.effects);
    let (requests, visits) = (effects.network_requests, effects.network_visits);
    let network = if requests > 0 || visits > 0 {
        let plural = |count| if count == 1 { "" } else { "s" };
        let came =
            if visits > 0 { format!("{visits} visit{}, ", plural(visits)) } else { String::new() };
        format!(
            "{came}{requests} network request{} ({} sent, {} received), ",
            plural(requests),
            output::bytes_text(effects.network_sent),
            output::bytes_text(effects.network_received),
        )
    } else {
        String::new()
    };
    format!(
        "ringfence: {:.3} s, cpu {:.3} s, peak {}, {} file operations, {network}{} denials",
        usage.wall.as_secs_f64(),
        usage.cpu.as_secs_f64(),
        output::bytes_text(usage.peak_memory),
        ended.effects.file_operations,
        ended.effects.denials,
    )
}

fn json_report(
    card: &Card,
    published: &[Publish],
    result: &Result<Given, RunError>,
    ended: &Ended,
    code: ExitCode,
) -> serde_json::Map<String, Value> {
    let mut report = serde_json::Map::new();
    report.insert("ok".into(), result.is_ok().into());
    match result {
        Ok(given) => {
            let value = match given {
                Given::Answer(Answer::Value(value)) => value.clone(),
                Given::Answer(Answer::Bytes(bytes)) => {
                    Value::String(String::from_utf8_lossy(bytes).into_owned())
                }
                Given::Tools(tools) => json!({ "tools": tools }),
                Given::Actions(actions) => json!({ "actions": actions }),
                Given::Served(usage) => json!(usage),
            };
            report.insert("result".into(), value);
        }
        Err(error) => {
            let denial = match error {
                RunError::Denied(denial) => Some(denial),
                // The plugin let one of ours pass: the last one is the likeliest.
                RunError::Plugin(error) if error.caused_by.is_some() => {
                    ended.denials.last().map(|counted| &counted.denial)
                }
                _ => None,
            };
            let help = error.help().or_else(|| denial.and_then(|denial| denial.repair.clone()));
            let details = json!({
                "code": code.word(),
                "message": error.to_string(),
                "help": help,
                "stderr": error.stderr(),
                "denial": denial,
                "input": match error {
                    RunError::Input { fault, .. } => json!(fault),
                    _ => Value::Null,
                },
            });
            report.insert("error".into(), details);
        }
    }
    report.insert("plugin".into(), json!({ "name": card.name, "version": card.version }));
    report.insert("card".into(), json!(card));
    if !published.is_empty() {
        let places: Vec<Value> = published
            .iter()
            .map(|one| json!({ "port": one.port, "at": one.at.to_string() }))
            .collect();
        report.insert("published".into(), places.into());
    }
    let usage = json!({
        "wall_ms": ended.usage.wall.as_secs_f64() * 1000.0,
        "cpu_ms": ended.usage.cpu.as_secs_f64() * 1000.0,
        "peak_memory_bytes": ended.usage.peak_memory,
        "out_of_memory": ended.usage.out_of_memory,
        "forks_refused": ended.usage.forks_refused,
        "effects": ended.effects,
        "denials": ended.denials,
    });
    report.insert("usage".into(), usage);
    report
}
