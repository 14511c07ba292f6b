//! `ringfence secret`: the encrypted store. No value is ever shown, and none is
//! taken from a command line, which every user of the machine can read.

use crate::arguments::{Secret as Verb, SecretList, SecretRemove, SecretSet};
use crate::failure::Failure;
use crate::{output, prompt};
use ringfence::{
    Changed, KEY_FILE_VARIABLE, KEY_VARIABLE, KEYRING_VARIABLE, KeyPlace, NEW_KEY_FILE_VARIABLE,
    NEW_KEY_VARIABLE, RecordError, Secret, SecretStore, StoreError, StoreKey, home_folder,
};
use ringfence_types::{EventKind, ExitCode};
use serde_json::{Value, json};
use std::fmt::Display;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

type Outcome = Result<ExitCode, Failure>;

/// More than any secret and its end of line.
const MOST: u64 = 64 * 1024;

pub(crate) fn run(verb: Verb) -> ExitCode {
    let as_json = matches!(&verb, Verb::List(list) if list.json);
    let outcome = match verb {
        Verb::Set(arguments) => set(&arguments),
        Verb::List(arguments) => list(&arguments),
        Verb::Remove(arguments) => remove(&arguments),
        Verb::Rotate => rotate(),
        Verb::Unlock => unlock(),
        Verb::Lock => lock(),
    };
    outcome.unwrap_or_else(|failure| failure.tell(as_json))
}

fn audit(message: impl Display) -> Failure {
    Failure::new(ExitCode::Audit, message)
}

fn set(arguments: &SecretSet) -> Outcome {
    let name = &arguments.name;
    if !arguments.value.is_empty() {
        let help = "leave it out: it is asked for, or read from standard input. What was \
                    typed may be in the shell's history, and was in the list of processes";
        let message = "a secret never belongs on a command line".to_owned();
        return Err(Failure::usage(message).help(help));
    }
    // Before somebody types a value for nothing.
    if !SecretStore::is_name(name) {
        return Err(Failure::usage(StoreError::Name));
    }
    let (home, store) = open()?;
    store.list().map_err(Failure::usage)?;
    let Some(value) = hidden(&format!("Value of {name}"))? else {
        return Err(Failure::new(ExitCode::Interrupted, "nothing was set"));
    };
    let value = Secret::new(value).map_err(|error| Failure::usage(StoreError::Value(error)))?;
    let replaced = recorded(&home, "a secret is set", &json!(name), || store.set(name, &value))?;
    output::say(&format!("{} {name}", if replaced { "replaced" } else { "set" }));
    Ok(ExitCode::Success)
}

/// What a person types, or a program writes.
fn hidden(what: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    if rustix::termios::isatty(std::io::stdin()) {
        let question = format!("{what} (it is not shown): ");
        return prompt::hidden(&question).map_err(Failure::usage);
    }
    // Room from the start: a text that grows leaves pieces of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MOST).unwrap_or(0)));
    let mut input = std::fs::File::from(
        rustix::io::dup(std::io::stdin())
            .map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?,
    )
    .take(MOST);
    input
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
    Ok(Some(text))
}

fn list(arguments: &SecretList) -> Outcome {
    let (_, store) = open()?;
    let secrets = store.list().map_err(Failure::usage)?;
    if arguments.json {
        output::answer_json(&json!({ "ok": true, "secrets": secrets }));
        return Ok(ExitCode::Success);
    }
    for secret in &secrets {
        let time = i64::try_from(secret.set_ms)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .map_or_else(|| secret.set_ms.to_string(), |time| format!("{time:.0}"));
        output::answer(&format!("{time}  {}", secret.name));
    }
    if secrets.is_empty() {
        output::say("no secrets; to set one: ringfence secret set NAME");
    }
    Ok(ExitCode::Success)
}

fn remove(arguments: &SecretRemove) -> Outcome {
    let name = &arguments.name;
    if !SecretStore::is_name(name) {
        return Err(Failure::usage(StoreError::Name));
    }
    let (home, store) = open()?;
    if !store.list().map_err(Failure::usage)?.iter().any(|secret| secret.name == *name) {
        return Err(Failure::usage(format!("the secrets store holds no `{name}`"))
            .help("ringfence secret list"));
    }
    recorded(&home, "a secret is removed", &json!(name), || store.remove(name))?;
    output::say(&format!("removed {name}"));
    Ok(ExitCode::Success)
}

fn rotate() -> Outcome {
    let new =
        KeyPlace::new_from_environment(|name| std::env::var_os(name)).map_err(Failure::usage)?;
    let (home, store) = open()?;
    let names: Vec<Value> = store
        .list()
        .map_err(Failure::usage)?
        .into_iter()
        .map(|secret| json!(secret.name))
        .collect();
    let count = recorded(&home, "secrets are encrypted with a new key", &json!(names), || {
        store.rotate(new.as_ref())
    })?;
    output::say(&format!("encrypted {count} secrets with a new key"));
    if new.is_some() && is_in_keyring() {
        output::say("the kernel's keyring has the new key; keep it somewhere else as well");
    } else if new.is_some() {
        output::say(&format!(
            "from now on the store opens with the key in {NEW_KEY_VARIABLE} or \
             {NEW_KEY_FILE_VARIABLE} only: give it in {KEY_VARIABLE} or {KEY_FILE_VARIABLE}"
        ));
    }
    Ok(ExitCode::Success)
}

/// Puts the store's key into the kernel's keyring.
fn unlock() -> Outcome {
    let home = home_folder().map_err(audit)?;
    let Some(text) = hidden("Key of the secrets store")? else {
        return Err(Failure::new(ExitCode::Interrupted, "nothing was unlocked"));
    };
    let key = StoreKey::read(&text).ok_or_else(|| {
        Failure::usage("a key is 64 hex digits or 32 bytes in base64")
            .help("to make one: openssl rand -hex 32")
    })?;
    // No other key is read for this one.
    SecretStore::new(home, KeyPlace::Keyring).unlock(&key).map_err(Failure::usage)?;
    output::say("the kernel's keyring has the key, until the machine restarts");
    if !is_in_keyring() {
        output::say(&format!("to have it taken from there: export {KEYRING_VARIABLE}=user"));
    }
    Ok(ExitCode::Success)
}

fn lock() -> Outcome {
    let home = home_folder().map_err(audit)?;
    let removed = SecretStore::new(home, KeyPlace::Keyring).lock().map_err(Failure::usage)?;
    output::say(if removed { "locked" } else { "the kernel's keyring had no key" });
    Ok(ExitCode::Success)
}

/// Whether that is where the key is taken from.
fn is_in_keyring() -> bool {
    let place = KeyPlace::from_environment(|name| std::env::var_os(name));
    place.is_ok_and(|place| matches!(place, KeyPlace::Keyring))
}

fn open() -> Result<(PathBuf, SecretStore), Failure> {
    let home = home_folder().map_err(audit)?;
    let store = SecretStore::open(home.clone()).map_err(Failure::usage)?;
    Ok((home, store))
}

/// Does it after the log has taken it: a change that cannot be recorded is not made.
fn recorded<T>(
    home: &Path,
    message: &str,
    names: &Value,
    change: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, Failure> {
    let changed = Changed {
        kind: EventKind::SecretChanged,
        said: message,
        not_done: "the secrets store was not changed",
        what: ("secret", names.clone()),
    };
    ringfence::recorded(home, &changed, change)
        .map_err(|error| {
            let failure = Failure::new(ExitCode::Audit, &error);
            match error {
                RecordError::Open(_) => failure.help("set RINGFENCE_HOME to a folder of your own"),
                RecordError::Write(_) => failure,
            }
        })?
        .map_err(Failure::usage)
}
