//! What the proxy does with the definitions that pass through it: not what a probe was shown
//! counts, but what the client would see.

use super::{Asked, Proxy};
use crate::jsonrpc::{INTERNAL_ERROR, Raw, RpcError};
use crate::mcp::definition::DefinitionKind;
use crate::mcp::pins::{PinEvent, Pins};
use crate::mcp::proxy_event::ProxyEvent;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What matters of the parameters of a list.
#[derive(Deserialize)]
struct Begin {
    #[serde(default)]
    cursor: Value,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// What a request that is no call of a tool asks for.
pub(super) fn asked(method: &str, params: Option<&RawValue>) -> Asked {
    if matches!(method, "initialize" | "server/discover") {
        return Asked::Greeting;
    }
    let Some(kind) = DefinitionKind::listed_by(method) else {
        return Asked::Other;
    };
    let begin = params.and_then(|params| serde_json::from_str::<Begin>(params.get()).ok());
    Asked::List(kind, begin.is_none_or(|begin| begin.cursor.is_null()))
}

impl Proxy {
    /// The same, and nothing that the server says of itself passes but what is pinned.
    #[must_use]
    pub fn with_pins(mut self, pins: Pins) -> Self {
        self.pins = Some(pins);
        self
    }

    /// Why the server does not hear of this request: it uses what is held.
    pub(super) fn held_from(&self, method: &str, params: Option<&RawValue>) -> Option<String> {
        let pins = self.pins.as_ref()?;
        let kind = DefinitionKind::used_by(method)?;
        let text = params.map_or("", RawValue::get);
        // Serde reads a struct from a list too, member by member.
        let name = text.starts_with('{').then(|| serde_json::from_str::<Name>(text).ok()).flatten();
        match name {
            Some(Name { name }) => pins.refusal(kind, &name).map(|why| format!("ringfence: {why}")),
            None => Some(format!("ringfence: it is not clear which {kind} is meant")),
        }
    }

    /// The answer without what is held.
    pub(super) fn pinned(
        &mut self,
        asked: &Asked,
        outcome: Result<Raw, RpcError>,
        events: &mut Vec<ProxyEvent>,
    ) -> Result<Raw, RpcError> {
        let (Some(pins), Ok(result)) = (&mut self.pins, &outcome) else {
            return outcome;
        };
        let mut found = Vec::new();
        let passed = match asked {
            Asked::List(kind, first) => pins.page(*kind, *first, result, &mut found),
            Asked::Greeting => pins.greeting(result, &mut found),
            Asked::Call(_) | Asked::Other => return outcome,
        };
        events.extend(found.into_iter().map(ProxyEvent::Pins));
        passed.map_err(|why| {
            events.push(ProxyEvent::Pins(unreadable(asked, why)));
            RpcError::new(INTERNAL_ERROR, &format!("ringfence: not passed on: {why}"))
        })
    }
}

fn unreadable(asked: &Asked, why: crate::mcp::NotOneForm) -> PinEvent {
    let kind = match asked {
        Asked::List(kind, _) => *kind,
        _ => DefinitionKind::Instructions,
    };
    PinEvent::Held {
        definition: None,
        kind,
        name: "(a whole answer)".to_owned(),
        because: crate::mcp::HeldBecause::Unreadable(crate::mcp::Unreadable::Form(why)),
    }
}
