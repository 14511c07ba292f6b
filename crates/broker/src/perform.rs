//! The effect itself: the permit goes to its gate, the gate's answer becomes a
//! value.

use crate::broker::Gates;
use crate::content::{encode, encode_binary};
use crate::operation::Permitted;
use crate::process::{ProcessError, ProcessRequest, ProcessRunner};
use ringfence_gate_events::{EventsError, Subscription};
use ringfence_gate_files::{EntryKind, Files, FilesError};
use ringfence_gate_host::{HostServiceError, ServiceCallError, SettingsError};
use ringfence_gate_network::{Ask, FetchError, Judge};
use ringfence_gate_storage::{Storage, StorageError, StoredValue};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Why a permitted effect had no result.
#[derive(Debug)]
pub(crate) enum Failure {
    NotFound(String),
    Invalid(String),
    Budget(String),
    Failed(String),
}

/// The subscriptions of one instance, by number.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    inner: Mutex<Numbered>,
}

#[derive(Debug, Default)]
struct Numbered {
    next: u64,
    by_number: BTreeMap<u64, Arc<Subscription>>,
}

impl Subscriptions {
    pub(crate) fn get(&self, id: u64) -> Option<Arc<Subscription>> {
        self.lock().by_number.get(&id).cloned()
    }

    fn add(&self, subscription: Subscription) -> u64 {
        let mut inner = self.lock();
        inner.next += 1;
        let id = inner.next;
        inner.by_number.insert(id, Arc::new(subscription));
        id
    }

    fn remove(&self, id: u64) -> bool {
        self.lock().by_number.remove(&id).is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Numbered> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What performing needs beside the permit.
pub(crate) struct Performer<'b> {
    pub(crate) gates: &'b Gates,
    /// Those on which the permit was decided.
    pub(crate) files: &'b Files,
    pub(crate) runner: Option<&'b dyn ProcessRunner>,
    pub(crate) subscriptions: &'b Subscriptions,
    /// Asked about what a request leads to.
    pub(crate) judge: &'b dyn Judge,
    /// Longest that one effect may take.
    pub(crate) patience: Duration,
    pub(crate) output_bytes: usize,
    pub(crate) now_ms: u64,
}

impl Performer<'_> {
    pub(crate) fn perform(&self, permitted: Permitted<'_>) -> Result<Value, Failure> {
        let gates = self.gates;
        match permitted {
            Permitted::FileRead { permit, offset, max, binary } => {
                // A byte of text may take six characters of JSON.
                let max = max.min(self.output_bytes / 8);
                let content = self.files.read(permit, offset, max)?;
                let bytes =
                    if binary { encode_binary(&content.bytes) } else { encode(content.bytes) };
                Ok(json!({ "content": bytes, "size": content.size, "end": content.at_end }))
            }
            Permitted::FileList { permit, after, max } => {
                let listing = self.files.list(permit, after, max)?;
                let entries: Vec<Value> = listing
                    .entries
                    .into_iter()
                    .map(|entry| json!({ "name": entry.name, "kind": kind_word(entry.kind) }))
                    .collect();
                Ok(json!({
                    "entries": entries,
                    "more": listing.more,
                    "unreadable": listing.unreadable,
                }))
            }
            Permitted::FileStat { permit } => {
                let info = self.files.stat(permit)?;
                Ok(json!({
                    "kind": kind_word(info.kind),
                    "size": info.size,
                    "modifiedMs": info.modified_ms,
                }))
            }
            Permitted::FileReplace { permit, content } => {
                self.files.replace(permit, content)?;
                Ok(json!({ "written": content.len() }))
            }
            Permitted::FileAppend { permit, content } => {
                self.files.append(permit, content)?;
                Ok(json!({ "written": content.len() }))
            }
            Permitted::FolderMake { permit } => {
                self.files.make_folder(permit)?;
                Ok(json!({}))
            }
            Permitted::FileDelete { permit } => {
                self.files.delete(permit)?;
                Ok(json!({}))
            }
            Permitted::StorageGet { permit } => match self.storage()?.get(permit)? {
                Some(StoredValue::Json(value)) => Ok(json!({ "value": value })),
                Some(StoredValue::Bytes(bytes)) => Ok(json!({ "value": encode_binary(&bytes) })),
                None => Err(Failure::NotFound("there is no such key".into())),
            },
            Permitted::StorageSet { permit, value } => {
                self.storage()?.set(permit, value)?;
                Ok(json!({}))
            }
            Permitted::StorageDelete { permit } => {
                let deleted = self.storage()?.delete(permit)?;
                Ok(json!({ "deleted": deleted }))
            }
            Permitted::StorageList { permit, after, max } => {
                let page = self.storage()?.list(permit, after, max)?;
                Ok(json!({ "keys": page.keys, "more": page.more }))
            }
            Permitted::Publish { permit, payload } => {
                gates.bus.publish(permit, payload)?;
                // Not how many listen: that is other plugins' business.
                Ok(json!({}))
            }
            Permitted::Subscribe { permit } => {
                let subscription = gates.bus.subscribe(permit)?;
                Ok(json!({ "subscription": self.subscriptions.add(subscription) }))
            }
            Permitted::Poll { permit, subscription, max } => {
                let _ = permit.spend();
                let batch = subscription.poll(max, self.output_bytes / 2, self.now_ms)?;
                let events: Vec<Value> = batch
                    .events
                    .iter()
                    .map(|event| {
                        json!({
                            "subject": event.subject(),
                            "publisher": event.publisher().as_str(),
                            "payload": event.payload(),
                        })
                    })
                    .collect();
                Ok(json!({ "events": events, "dropped": batch.dropped, "more": batch.more }))
            }
            Permitted::Unsubscribe { id } => Ok(json!({ "ended": self.subscriptions.remove(id) })),
            Permitted::Variable { permit } => gates
                .variables
                .get(permit)
                .map(|value| json!({ "value": value }))
                .ok_or_else(|| Failure::NotFound("the host lends no such variable".into())),
            Permitted::SettingGet { permit } => gates
                .settings
                .get(permit)?
                .map(|value| json!({ "value": value }))
                .ok_or_else(|| Failure::NotFound("there is no such setting".into())),
            Permitted::SettingSet { permit, value } => {
                gates.settings.set(permit, value)?;
                Ok(json!({}))
            }
            Permitted::Execute { permit, arguments, stdin } => {
                let max_output_bytes = self.output_bytes / 16;
                let runner = self
                    .runner
                    .ok_or_else(|| Failure::Failed("no program can be started here".into()))?;
                let mut output =
                    runner.run(permit, ProcessRequest { arguments, stdin, max_output_bytes })?;
                let cut = output.stdout.len().max(output.stderr.len()) > max_output_bytes;
                output.stdout.truncate(max_output_bytes);
                output.stderr.truncate(max_output_bytes);
                Ok(json!({
                    "exitCode": output.exit_code,
                    "stdout": encode(output.stdout),
                    "stderr": encode(output.stderr),
                    "truncated": output.truncated || cut,
                }))
            }
            Permitted::Fetch { permit, fetch } => {
                let none = || Failure::Failed("no request can be made here".into());
                let fetcher = gates.fetcher.as_ref().ok_or_else(none)?;
                let ask = Ask {
                    url: fetch.url.as_str(),
                    fields: &fetch.fields,
                    body: &fetch.body,
                    patience: fetch.patience.min(self.patience),
                    // A byte of text may take six characters of JSON.
                    most: fetch.most.min(self.output_bytes / 8),
                };
                let answer = fetcher.fetch(permit, &ask, self.judge)?;
                let headers: Vec<Value> =
                    answer.fields.into_iter().map(|(name, value)| json!([name, value])).collect();
                let (status, body) = (answer.status, encode(answer.body));
                Ok(json!({ "status": status, "headers": headers, "body": body }))
            }
            Permitted::Host { permit, params } => Ok(gates.services.call(permit, params)?),
        }
    }

    fn storage(&self) -> Result<&Storage, Failure> {
        self.gates
            .storage
            .as_deref()
            .ok_or_else(|| Failure::Failed("there is no storage here".into()))
    }
}

const fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "file",
        EntryKind::Folder => "folder",
        EntryKind::SymbolicLink => "link",
        EntryKind::Other => "other",
    }
}

/// The error and its causes as one fragment.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Malformed(reason) => Self::Invalid(reason),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<FilesError> for Failure {
    fn from(error: FilesError) -> Self {
        let text = chain(&error);
        match error {
            FilesError::NotFound => Self::NotFound(text),
            FilesError::TooLarge { .. } => Self::Budget(text),
            _ => Self::Failed(text),
        }
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Quota { .. } | StorageError::ValueTooLarge { .. } => {
                Self::Budget(error.to_string())
            }
            // What the database says may name files of the host.
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<EventsError> for Failure {
    fn from(error: EventsError) -> Self {
        match error {
            EventsError::PayloadTooLarge | EventsError::TooManySubscriptions => {
                Self::Budget(error.to_string())
            }
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::TooLarge | SettingsError::TooMany => Self::Budget(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<ServiceCallError> for Failure {
    fn from(error: ServiceCallError) -> Self {
        match error {
            ServiceCallError::NoService => Self::NotFound(error.to_string()),
            ServiceCallError::Service { source } => match source {
                HostServiceError::Invalid(text) => Self::Invalid(text),
                HostServiceError::NotFound(text) => Self::NotFound(text),
                HostServiceError::Failed(text) => Self::Failed(text),
                _ => Self::Failed(source.to_string()),
            },
        }
    }
}

impl From<ProcessError> for Failure {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::NotFound => Self::NotFound(error.to_string()),
            ProcessError::TimedOut { .. } | ProcessError::Limit(_) => {
                Self::Budget(error.to_string())
            }
            ProcessError::Failed(_) => Self::Failed(error.to_string()),
        }
    }
}
