//! `ringfence verify` and `ringfence inspect`: what is in a packed package, and who
//! vouches for it.

use crate::arguments::{InspectPacked, Verify};
use crate::failure::Failure;
use crate::{output, pack, trust, verify_bundle};
use ringfence::{Packed, PackedError, SignatureState, Standing, Vouched};
use ringfence_types::{ExitCode, FileEntry, UntrustedText};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn verify(arguments: &Verify) -> ExitCode {
    verified(arguments).unwrap_or_else(|failure| failure.tell(arguments.json))
}

pub(crate) fn inspect(arguments: &InspectPacked) -> ExitCode {
    inspected(arguments).unwrap_or_else(|failure| failure.tell(arguments.json))
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn vouched(packed: &Packed) -> Result<Vouched, Failure> {
    let publishers = trust::store()?.load()?;
    Ok(packed.vouched(&publishers, now()))
}

fn open(path: &Path) -> Result<Packed, Failure> {
    Packed::open(path).map_err(|error| pack::wrong(path, &error))
}

fn verified(arguments: &Verify) -> Result<ExitCode, Failure> {
    if let Some(bundle) = &arguments.bundle {
        return verify_bundle::verified(arguments, bundle);
    }
    let packed = open(&arguments.file)?;
    let vouched = vouched(&packed)?;
    let enough = match (&vouched.standing, arguments.require.as_str()) {
        (Standing::Trusted { .. }, _) => true,
        (Standing::Unknown { .. }, level) => level != "trusted",
        (Standing::Absent, level) => level == "intact",
        (Standing::Failed { .. } | Standing::NotCheckable { .. }, _) => false,
    };
    if arguments.json {
        output::answer_json(&summary(&packed, &vouched, false)?);
    } else {
        output::answer(&in_words(&vouched.standing));
        if let (false, Some(help)) = (enough, help(&vouched.standing)) {
            output::say(&format!("  help: {help}"));
        }
    }
    Ok(if enough { ExitCode::Success } else { ExitCode::Refused })
}

fn inspected(arguments: &InspectPacked) -> Result<ExitCode, Failure> {
    let packed = open(&arguments.file)?;
    let statement = packed.statement();
    if arguments.statement {
        let bytes = statement.to_bytes().map_err(Failure::usage)?;
        output::answer_bytes(&bytes);
        return Ok(ExitCode::Success);
    }
    if arguments.sbom {
        output::answer_bytes(packed.bill_of_materials());
        return Ok(ExitCode::Success);
    }
    let vouched = vouched(&packed)?;
    if arguments.json {
        output::answer_json(&summary(&packed, &vouched, arguments.files)?);
        return Ok(ExitCode::Success);
    }
    let shown = |text: &str| UntrustedText::new(text).to_string();
    let bytes: u64 = statement.files.iter().map(|file| file.size).sum();
    let version = statement.version.as_deref().unwrap_or("without a version");
    output::answer(&format!("{} {}", shown(&statement.name), shown(version)));
    output::answer(&format!("  digest      {}", digest(&packed)?));
    output::answer(&format!(
        "  files       {}, {}",
        statement.files.len(),
        output::bytes_text(bytes)
    ));
    output::answer(&format!("  libraries   {}", libraries(&packed)));
    output::answer(&format!("  signatures  {}", in_words(&vouched.standing)));
    for (key, state) in &vouched.signatures {
        let state = match state {
            SignatureState::Trusted { publisher } => format!("trusted, {}", shown(publisher)),
            SignatureState::Unknown => "holds; nobody here knows the key".to_owned(),
            SignatureState::Failed { why } => format!("FAILED: {}", shown(why)),
        };
        output::answer(&format!("              {key}  {state}"));
    }
    if arguments.files {
        for file in &statement.files {
            output::answer(&line(file));
        }
    }
    Ok(ExitCode::Success)
}

fn line(file: &FileEntry) -> String {
    let path = UntrustedText::new(&file.path);
    match &file.link {
        Some(target) => format!("  link {:>62} {path} -> {}", "", UntrustedText::new(target)),
        None => {
            let kind = if file.executable { "program" } else { "file" };
            format!("  {kind:7} {:>10} {} {path}", file.size, file.digest.hex())
        }
    }
}

fn digest(packed: &Packed) -> Result<String, Failure> {
    let digest = packed.digest().map_err(|error: PackedError| Failure::usage(error))?;
    Ok(digest.to_string())
}

/// How many libraries are in it; it is a stranger's list unless somebody vouches for it,
/// and is counted without being kept: 64 MiB of zeros would be gigabytes.
fn libraries(packed: &Packed) -> usize {
    #[derive(Default, Deserialize)]
    struct Bill {
        #[serde(default)]
        components: Vec<IgnoredAny>,
    }
    let bill: Bill = serde_json::from_slice(packed.bill_of_materials()).unwrap_or_default();
    bill.components.len()
}

fn summary(packed: &Packed, vouched: &Vouched, files: bool) -> Result<Value, Failure> {
    let statement = packed.statement();
    let signatures: Vec<Value> = vouched
        .signatures
        .iter()
        .map(|(key, state)| json!({ "key": key, "state": state }))
        .collect();
    let mut summary = json!({
        "name": statement.name,
        "version": statement.version,
        "digest": digest(packed)?,
        "file_count": statement.files.len(),
        "libraries": libraries(packed),
        "standing": vouched.standing,
        "signatures": signatures,
    });
    if let (true, Value::Object(summary)) = (files, &mut summary) {
        summary.insert("files".to_owned(), json!(statement.files));
    }
    Ok(summary)
}

fn in_words(standing: &Standing) -> String {
    UntrustedText::new(&standing.to_string()).to_string()
}

fn help(standing: &Standing) -> Option<&'static str> {
    match standing {
        Standing::Trusted { .. } => None,
        Standing::Unknown { .. } => Some(
            "get the publisher's key from somewhere else than the package, then: \
             ringfence trust add NAME KEY --scope PACKAGE",
        ),
        Standing::Failed { .. } => Some("do not use it; get it from its publisher again"),
        Standing::Absent => Some("to take it unsigned: ringfence verify --require intact"),
        Standing::NotCheckable { .. } => Some("a newer program may know how it was signed"),
    }
}
