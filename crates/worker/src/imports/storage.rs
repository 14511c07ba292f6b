//! `storage`, `environment`, `config`: what is kept by name.

use super::ringfence::plugin::storage::{Host as Storage, Page};
use super::ringfence::plugin::types::{Failure, Value as Stored};
use super::ringfence::plugin::{config, environment};
use super::{base64_of, compact, from_binary};
use crate::host::{Asked, Host, no_json, unexpected};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Held {
    value: Value,
}

#[derive(Deserialize)]
struct Deleted {
    deleted: bool,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<String>,
    more: bool,
}

/// What is not there is none, and no failure.
fn found<T>(outcome: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.code == "not_found" => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Whether a value is the form in which bytes travel.
fn is_bytes(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.len() == 1 && members.contains_key("base64"))
}

impl Storage for Host {
    fn get(&mut self, key: String) -> Asked<Option<Stored>> {
        let held = found(self.ask_for::<Held>("storage.get", &json!({ "key": key }))?);
        Ok(held.and_then(|held| match held.map(|held| held.value) {
            None => Ok(None),
            Some(value) if is_bytes(&value) => from_binary(value)
                .map(|bytes| Some(Stored::Bytes(bytes)))
                .ok_or_else(|| unexpected("storage.get")),
            Some(value) => Ok(Some(Stored::Json(value.to_string()))),
        }))
    }

    fn set(&mut self, key: String, value: Stored) -> Asked<()> {
        let value = match value {
            // Bytes that happen to be a text stay bytes: they come back as they went.
            Stored::Bytes(bytes) => base64_of(&bytes),
            Stored::Json(text) => match serde_json::from_str(&text) {
                Ok(value) => value,
                Err(_) => return Ok(Err(no_json("value"))),
            },
        };
        Ok(self.ask("storage.set", &json!({ "key": key, "value": value }))?.map(drop))
    }

    fn delete(&mut self, key: String) -> Asked<bool> {
        let deleted = self.ask_for::<Deleted>("storage.delete", &json!({ "key": key }))?;
        Ok(deleted.map(|deleted| deleted.deleted))
    }

    fn list(&mut self, prefix: String, after: Option<String>, max: u32) -> Asked<Page> {
        let params = compact(json!({ "prefix": prefix, "after": after, "max": max }));
        let listed = self.ask_for::<Keys>("storage.list", &params)?;
        Ok(listed.map(|listed| Page { keys: listed.keys, more: listed.more }))
    }
}

impl environment::Host for Host {
    fn get(&mut self, name: String) -> Asked<Option<String>> {
        let held = found(self.ask_for::<Held>("environment.get", &json!({ "name": name }))?);
        Ok(held.map(|held| {
            held.map(|held| match held.value {
                Value::String(text) => text,
                other => other.to_string(),
            })
        }))
    }
}

impl config::Host for Host {
    fn get(&mut self, key: String) -> Asked<String> {
        let held = self.ask_for::<Held>("config.get", &json!({ "key": key }))?;
        Ok(held.map(|held| held.value.to_string()))
    }

    fn set(&mut self, key: String, value: String) -> Asked<()> {
        let Ok(value) = serde_json::from_str::<Value>(&value) else {
            return Ok(Err(no_json("value")));
        };
        Ok(self.ask("config.set", &json!({ "key": key, "value": value }))?.map(drop))
    }
}
