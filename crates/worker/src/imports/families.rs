//! Events, the log, and the families that only a service of the host performs.

use super::ringfence::plugin::events::{Batch, Event, Host as Events};
use super::ringfence::plugin::{
    ai, hooks, host, knowledge, log, nodes, project, relationships, types, user,
};
use crate::host::{Asked, Host, no_json};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Subscribed {
    subscription: u64,
}

#[derive(Deserialize)]
struct Polled {
    events: Vec<PolledEvent>,
    dropped: u64,
    more: bool,
}

#[derive(Deserialize)]
struct PolledEvent {
    subject: String,
    publisher: String,
    payload: Value,
}

#[derive(Deserialize)]
struct Unsubscribed {
    ended: bool,
}

impl types::Host for Host {}

impl log::Host for Host {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => "debug",
            log::Level::Info => "info",
            log::Level::Warning => "warning",
            log::Level::Error => "error",
        };
        Ok(self.say(level, &message)?)
    }
}

impl Events for Host {
    fn publish(&mut self, subject: String, payload: String) -> Asked<()> {
        let Ok(payload) = serde_json::from_str::<Value>(&payload) else {
            return Ok(Err(no_json("payload")));
        };
        let params = json!({ "subject": subject, "payload": payload });
        Ok(self.ask("events.publish", &params)?.map(drop))
    }

    fn subscribe(&mut self, subject: String) -> Asked<u64> {
        let params = json!({ "subject": subject });
        let subscribed = self.ask_for::<Subscribed>("events.subscribe", &params)?;
        Ok(subscribed.map(|subscribed| subscribed.subscription))
    }

    fn poll(&mut self, subscription: u64, max: u32) -> Asked<Batch> {
        let params = json!({ "subscription": subscription, "max": max });
        Ok(self.ask_for::<Polled>("events.poll", &params)?.map(|polled| Batch {
            events: polled
                .events
                .into_iter()
                .map(|event| Event {
                    subject: event.subject,
                    publisher: event.publisher,
                    payload: event.payload.to_string(),
                })
                .collect(),
            dropped: polled.dropped,
            more: polled.more,
        }))
    }

    fn unsubscribe(&mut self, subscription: u64) -> Asked<bool> {
        let params = json!({ "subscription": subscription });
        let ended = self.ask_for::<Unsubscribed>("events.unsubscribe", &params)?;
        Ok(ended.map(|ended| ended.ended))
    }
}

impl Host {
    /// A call that a service of the host performs, on an object where it has one.
    fn service(&mut self, method: &str, object: Option<String>, params: &str) -> Asked<String> {
        let Ok(params) = serde_json::from_str::<Value>(params) else {
            return Ok(Err(no_json("params")));
        };
        let params = match object {
            Some(object) => json!({ "object": object, "params": params }),
            None => json!({ "params": params }),
        };
        Ok(self.ask(method, &params)?.map(|answer| answer.get().to_owned()))
    }
}

impl host::Host for Host {
    fn call(&mut self, service: String, method: String, params: String) -> Asked<String> {
        let Ok(params) = serde_json::from_str::<Value>(&params) else {
            return Ok(Err(no_json("params")));
        };
        let params = json!({ "service": service, "method": method, "params": params });
        Ok(self.ask("host.call", &params)?.map(|answer| answer.get().to_owned()))
    }
}

impl ai::Host for Host {
    fn complete(&mut self, model: String, params: String) -> Asked<String> {
        self.service("ai.complete", Some(model), &params)
    }
}

impl knowledge::Host for Host {
    fn query(&mut self, collection: String, params: String) -> Asked<String> {
        self.service("knowledge.query", Some(collection), &params)
    }
}

impl nodes::Host for Host {
    fn read(&mut self, node_type: String, params: String) -> Asked<String> {
        self.service("nodes.read", Some(node_type), &params)
    }

    fn write(&mut self, node_type: String, params: String) -> Asked<String> {
        self.service("nodes.write", Some(node_type), &params)
    }

    fn delete(&mut self, node_type: String, params: String) -> Asked<String> {
        self.service("nodes.delete", Some(node_type), &params)
    }
}

impl relationships::Host for Host {
    fn create(&mut self, relationship: String, params: String) -> Asked<String> {
        self.service("relationships.create", Some(relationship), &params)
    }

    fn read(&mut self, relationship: String, params: String) -> Asked<String> {
        self.service("relationships.read", Some(relationship), &params)
    }
}

impl user::Host for Host {
    fn profile(&mut self, params: String) -> Asked<String> {
        self.service("user.profile", None, &params)
    }

    fn preferences(&mut self, params: String) -> Asked<String> {
        self.service("user.preferences", None, &params)
    }
}

impl project::Host for Host {
    fn read(&mut self, params: String) -> Asked<String> {
        self.service("project.read", None, &params)
    }
}

impl hooks::Host for Host {
    fn register(&mut self, hook: String, params: String) -> Asked<String> {
        self.service("hooks.register", Some(hook), &params)
    }
}
