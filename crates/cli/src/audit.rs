//! `ringfence audit`: read, verify and export the log.

use crate::arguments::{Audit, AuditExport, AuditList, AuditVerify};
use crate::failure::{Failure, chain};
use crate::output;
use ringfence::home_folder;
use ringfence_audit::{Entry, EntryBody, Filter, KeySource, VerifyError, VerifyOptions};
use ringfence_types::{EventKind, ExitCode, InstanceId, Severity, UntrustedText};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::error::Error;
use std::io::{BufReader, Write};
use std::path::PathBuf;

type Outcome = Result<ExitCode, Failure>;

pub(crate) fn run(verb: Audit) -> ExitCode {
    let as_json = match &verb {
        Audit::List(arguments) => arguments.json,
        Audit::Verify(arguments) => arguments.json,
        Audit::Export(_) => false,
    };
    let outcome = match verb {
        Audit::List(arguments) => list(&arguments),
        Audit::Verify(arguments) => verify(&arguments),
        Audit::Export(arguments) => export(&arguments),
    };
    outcome.unwrap_or_else(|failure| failure.tell(as_json))
}

fn bad(error: &dyn Error) -> Failure {
    Failure::caused(ExitCode::Audit, error)
}

fn home() -> Result<PathBuf, Failure> {
    home_folder().map_err(|error| bad(&error))
}

/// A word of a closed list, by the name it has in the log.
fn word<T: DeserializeOwned>(what: &str, word: Option<&str>) -> Result<Option<T>, Failure> {
    word.map(|word| {
        serde_json::from_value(Value::String(word.to_owned())).map_err(|error| {
            Failure::usage(format!("`{}` is not a {what}: {error}", UntrustedText::new(word)))
        })
    })
    .transpose()
}

fn list(arguments: &AuditList) -> Outcome {
    let instance = arguments.instance.as_deref().map(str::parse::<InstanceId>).transpose();
    let filter = Filter {
        kind: word::<EventKind>("kind of record", arguments.kind.as_deref())?,
        severity: word::<Severity>("severity", arguments.severity.as_deref())?,
        instance: instance.map_err(|error| Failure::usage(error.to_string()))?,
        limit: arguments.last.map(|count| u64::try_from(count).unwrap_or(u64::MAX)),
        reverse: arguments.last.is_some(),
        ..Filter::default()
    };
    let entries = ringfence_audit::list(&home()?, filter).map_err(|error| bad(&error))?;
    let mut lines = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| bad(&error))?;
        let line = if arguments.json { json_line(&entry) } else { text_line(&entry) };
        if arguments.last.is_some() {
            lines.push(line);
        } else {
            output::answer(&line);
        }
    }
    // The last ones were read newest first.
    for line in lines.iter().rev() {
        output::answer(line);
    }
    Ok(ExitCode::Success)
}

fn json_line(entry: &Entry) -> String {
    let body = match &entry.body {
        EntryBody::Event(event) => json!({ "event": event }),
        EntryBody::Checkpoint { reason, gap } => {
            json!({ "checkpoint": format!("{reason:?}"), "gap": gap.map(|gap| format!("{gap:?}")) })
        }
    };
    let mut line = json!({
        "sequence": entry.sequence,
        "time_ms": entry.time,
        "hash": entry.hash,
    });
    if let (Some(line), Value::Object(body)) = (line.as_object_mut(), body) {
        line.extend(body);
    }
    line.to_string()
}

fn text_line(entry: &Entry) -> String {
    let time = i64::try_from(entry.time)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| entry.time.to_string(), |time| format!("{time:.3}"));
    match &entry.body {
        EntryBody::Event(event) => {
            let kind = serde_json::to_value(event.kind).unwrap_or_default();
            let severity = serde_json::to_value(event.severity).unwrap_or_default();
            let details = match event.metadata.is_empty() {
                true => String::new(),
                false => format!(" {}", Value::Object(event.metadata.clone())),
            };
            UntrustedText::new(&format!(
                "{:>6} {time} {:8} {:17} {} {}{details}",
                entry.sequence,
                severity.as_str().unwrap_or_default(),
                kind.as_str().unwrap_or_default(),
                event.instance.as_ref().map_or("-", InstanceId::as_str),
                event.message,
            ))
            .to_string()
        }
        EntryBody::Checkpoint { .. } => format!("{:>6} {time} checkpoint", entry.sequence),
    }
}

fn verify(arguments: &AuditVerify) -> Outcome {
    let key = arguments.key.as_deref().map(str::parse).transpose();
    let options = VerifyOptions {
        public_key: key.map_err(|error: _| Failure::usage(chain(&error)))?,
        ..VerifyOptions::default()
    };
    let result = match &arguments.export {
        Some(path) => {
            let file = std::fs::File::open(path)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            ringfence_audit::verify_export(&mut BufReader::new(file), &options).map(|verified| {
                (
                    json!({
                        "ok": true, "records": verified.records,
                        "first": verified.first_sequence, "last": verified.last_sequence,
                        "last_hash": verified.last_hash, "key": verified.key.to_string(),
                    }),
                    format!(
                        "good: {} records ({} to {}), signed by {}",
                        verified.records,
                        verified.first_sequence,
                        verified.last_sequence,
                        verified.key
                    ),
                    verified.key_source,
                )
            })
        }
        None => ringfence_audit::verify(&home()?, &options).map(|verified| {
            (
                json!({
                    "ok": true, "records": verified.records,
                    "first": verified.first_sequence, "last": verified.last_sequence,
                    "last_hash": verified.last_hash, "key": verified.key.to_string(),
                    "signed_through": verified.signed_through, "unsigned": verified.unsigned,
                    "torn_bytes": verified.torn_bytes, "restarted": verified.restarted,
                }),
                format!(
                    "good: {} records ({} to {}), signed through {} by {}; last hash {}",
                    verified.records,
                    verified.first_sequence,
                    verified.last_sequence,
                    verified.signed_through,
                    verified.key,
                    verified.last_hash
                ),
                verified.key_source,
            )
        }),
    };
    match result {
        Ok((details, line, source)) => {
            if arguments.json {
                output::answer_json(&details);
            } else {
                output::answer(&line);
                if source != KeySource::Given {
                    output::say(
                        "note: the key was taken from beside the records; --key with one from elsewhere proves who signed",
                    );
                }
            }
            Ok(ExitCode::Success)
        }
        Err(error) => {
            if arguments.json {
                output::answer_json(&failure(&error));
            }
            output::complain(&format!("the log does not verify: {}", chain(&error)), None);
            Ok(ExitCode::Audit)
        }
    }
}

fn failure(error: &VerifyError) -> Value {
    output::failure_json(ExitCode::Audit, &chain(error), None)
}

fn export(arguments: &AuditExport) -> Outcome {
    let range = arguments.from..=arguments.to.unwrap_or(u64::MAX);
    let mut bytes: Vec<u8> = Vec::new();
    let verified = match &arguments.output {
        Some(path) => {
            let mut file = std::fs::File::create(path)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            let verified = ringfence_audit::export(&home()?, &range, &mut file)
                .map_err(|error| bad(&error))?;
            file.flush().and_then(|()| file.sync_all()).map_err(|error| bad(&error))?;
            verified
        }
        None => {
            let verified = ringfence_audit::export(&home()?, &range, &mut bytes)
                .map_err(|error| bad(&error))?;
            output::answer_bytes(&bytes);
            verified
        }
    };
    output::say(&format!("exported {} records, key {}", verified.records, verified.key));
    Ok(ExitCode::Success)
}
