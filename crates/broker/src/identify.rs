//! From a method and its parameters to an operation. Strict: what is not known
//! is refused.

use crate::answer::CallError;
use crate::content::{base64_of, bytes_of, decode};
use crate::fetch::Fetch;
use crate::fields::Fields;
use crate::nodes;
use crate::operation::{MAX_ARGUMENT_BYTES, MAX_ARGUMENTS, MAX_LIST, MAX_READ_BYTES, Operation};
use ringfence_gate_events::Subscription;
use ringfence_gate_storage::StoredValue;
use ringfence_permission::is_host_kind;
use ringfence_types::{Kind, Pattern};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// Understands one call. `subscription` finds a subscription of this instance
/// by its number.
pub(crate) fn identify<'a>(
    method: &str,
    params: &'a Value,
    subscription: impl Fn(u64) -> Option<Arc<Subscription>>,
) -> Result<Operation<'a>, CallError> {
    let of = |known: &[&str]| Fields::of(params, known);
    Ok(match method {
        "files.read" => {
            let fields = of(&["path", "offset", "max", "encoding"])?;
            Operation::FileRead {
                path: fields.text("path")?,
                offset: fields.number("offset")?.unwrap_or(0),
                max: fields.count("max", MAX_READ_BYTES)?,
                binary: is_binary(fields)?,
            }
        }
        "files.list" => {
            let fields = of(&["path", "after", "max"])?;
            Operation::FileList {
                path: fields.text("path")?,
                after: fields.optional_text("after")?,
                max: fields.count("max", MAX_LIST)?,
            }
        }
        "files.stat" => Operation::FileStat { path: of(&["path"])?.text("path")? },
        "files.write" => file_write(of(&["path", "content", "mode"])?)?,
        "files.mkdir" => Operation::FolderMake { path: of(&["path"])?.text("path")? },
        "files.delete" => Operation::FileDelete { path: of(&["path"])?.text("path")? },
        "storage.get" => Operation::StorageGet { key: of(&["key"])?.text("key")? },
        "storage.set" => {
            let fields = of(&["key", "value"])?;
            Operation::StorageSet {
                key: fields.text("key")?,
                value: stored_value(fields.needed_value("value")?)?,
            }
        }
        "storage.delete" => Operation::StorageDelete { key: of(&["key"])?.text("key")? },
        "storage.list" => {
            let fields = of(&["prefix", "after", "max"])?;
            Operation::StorageList {
                pattern: prefix(fields.optional_text("prefix")?.unwrap_or(""))?,
                after: fields.optional_text("after")?,
                max: fields.count("max", MAX_LIST)?,
            }
        }
        "events.publish" => {
            let fields = of(&["subject", "payload"])?;
            Operation::Publish {
                subject: fields.text("subject")?,
                payload: fields.value("payload").unwrap_or(&Value::Null),
            }
        }
        "events.subscribe" => Operation::Subscribe {
            pattern: pattern(Kind::EventsSubscribe, "subject", of(&["subject"])?.text("subject")?)?,
        },
        "events.poll" => {
            let fields = of(&["subscription", "max"])?;
            Operation::Poll {
                subscription: subscription(subscription_id(fields)?)
                    .ok_or_else(|| CallError::invalid("there is no such subscription"))?,
                max: fields.count("max", MAX_LIST)?,
            }
        }
        "events.unsubscribe" => {
            Operation::Unsubscribe { id: subscription_id(of(&["subscription"])?)? }
        }
        "environment.get" => Operation::Variable { name: of(&["name"])?.text("name")? },
        "config.get" => Operation::SettingGet { key: of(&["key"])?.text("key")? },
        "config.set" => {
            let fields = of(&["key", "value"])?;
            Operation::SettingSet { key: fields.text("key")?, value: fields.needed_value("value")? }
        }
        "process.execute" => execute(of(&["program", "args", "stdin"])?)?,
        "http.fetch" => {
            let known = ["url", "method", "headers", "body", "timeoutMs", "max"];
            Operation::Fetch(Box::new(Fetch::of(of(&known)?)?))
        }
        "host.call" => {
            let fields = of(&["service", "method", "params"])?;
            let (service, method) = (fields.text("service")?, fields.text("method")?);
            if service.contains('/') || service.is_empty() || method.is_empty() {
                return Err(CallError::invalid(
                    "`service` is a name without `/`, `method` is not empty",
                ));
            }
            Operation::Host {
                kind: Kind::HostCall,
                object: Cow::Owned(format!("{service}/{method}")),
                params: fields.value("params").unwrap_or(&Value::Null),
            }
        }
        word => named(word, params)?,
    })
}

/// A kind that the host serves, or that nothing serves in this version: the
/// decision then says so.
fn named<'a>(word: &str, params: &'a Value) -> Result<Operation<'a>, CallError> {
    let unserved =
        |kind| matches!(kind, Kind::NetworkRequest | Kind::SecretsUse | Kind::PluginCall);
    let kind = Kind::from_word(word)
        .filter(|kind| is_host_kind(*kind) || unserved(*kind))
        .ok_or_else(|| CallError::unknown_method(word))?;
    let fields = Fields::of(params, &["object", "params"])?;
    let object = fields.optional_text("object")?.unwrap_or("");
    if object.is_empty() != kind.is_scopeless() {
        return Err(CallError::invalid(if kind.is_scopeless() {
            "this method takes no `object`".to_owned()
        } else {
            format!("`object` is missing: {}", kind.scope_meaning())
        }));
    }
    let params = fields.value("params").unwrap_or(&Value::Null);
    if kind == Kind::NodesWrite {
        nodes::check(object, params)?;
    }
    Ok(Operation::Host { kind, object: Cow::Borrowed(object), params })
}

fn file_write(fields: Fields<'_>) -> Result<Operation<'_>, CallError> {
    let path = fields.text("path")?;
    let content = decode("content", fields.needed_value("content")?)?;
    match fields.optional_text("mode")? {
        None | Some("replace") => Ok(Operation::FileReplace { path, content }),
        Some("append") => Ok(Operation::FileAppend { path, content }),
        Some(_) => Err(CallError::invalid("`mode` must be replace or append")),
    }
}

fn is_binary(fields: Fields<'_>) -> Result<bool, CallError> {
    match fields.optional_text("encoding")? {
        None | Some("text") => Ok(false),
        Some("base64") => Ok(true),
        Some(_) => Err(CallError::invalid("`encoding` must be text or base64")),
    }
}

/// `{"base64": "..."}` keeps bytes, everything else keeps JSON.
fn stored_value(value: &Value) -> Result<StoredValue, CallError> {
    match base64_of(value) {
        Some(text) => Ok(StoredValue::Bytes(bytes_of("value", text)?)),
        None => Ok(StoredValue::Json(value.clone())),
    }
}

fn prefix(prefix: &str) -> Result<Pattern, CallError> {
    if prefix.contains('*') {
        return Err(CallError::invalid("`prefix` is taken as it is, without `*`"));
    }
    pattern(Kind::StorageRead, "prefix", &format!("{prefix}*"))
}

fn pattern(kind: Kind, name: &str, text: &str) -> Result<Pattern, CallError> {
    Pattern::parse(kind, text).map_err(|error| CallError::invalid(format!("`{name}`: {error}")))
}

fn subscription_id(fields: Fields<'_>) -> Result<u64, CallError> {
    fields.number("subscription")?.ok_or_else(|| CallError::invalid("`subscription` is missing"))
}

fn execute(fields: Fields<'_>) -> Result<Operation<'_>, CallError> {
    let arguments = fields.texts("args")?;
    let bytes: usize = arguments.iter().map(String::len).sum();
    if arguments.len() > MAX_ARGUMENTS || bytes > MAX_ARGUMENT_BYTES {
        return Err(CallError::invalid(format!(
            "`args` holds at most {MAX_ARGUMENTS} strings of {MAX_ARGUMENT_BYTES} bytes together"
        )));
    }
    if arguments.iter().any(|argument| argument.contains('\0')) {
        return Err(CallError::invalid("`args` holds a NUL"));
    }
    let stdin = match fields.value("stdin") {
        None => Cow::Borrowed(&b""[..]),
        Some(value) => decode("stdin", value)?,
    };
    Ok(Operation::Execute { program: fields.text("program")?, arguments, stdin })
}
