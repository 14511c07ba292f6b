//! The list of a server's tools, page by page, held against what is pinned.

use super::{Client, ClientError, Open, failure};
use crate::jsonrpc::{INTERNAL_ERROR, Raw, RpcError, value};
use crate::mcp::definition::DefinitionKind;
use crate::mcp::event::{ClientEvent, Tool};
use crate::mcp::pins::{PinEvent, Pins};
use serde_json::{Value, json};

/// Most pages of a list of tools, most tools, and most bytes before a next page
/// is asked for. The largest list seen on a real server has 117 KB.
const MAX_PAGES: usize = 64;
const MAX_TOOLS: usize = 4096;
const MAX_TOOLS_BYTES: usize = 8 * 1024 * 1024;

impl Client {
    /// The same, and no tool is known of but those that are pinned.
    #[must_use]
    pub fn with_pins(mut self, pins: Pins) -> Self {
        self.pins = Some(pins);
        self
    }

    /// What is pinned, where that was given.
    #[must_use]
    pub const fn pins(&self) -> Option<&Pins> {
        self.pins.as_ref()
    }

    /// What was found out about definitions since the last time, in order.
    pub fn take_pin_events(&mut self) -> Vec<PinEvent> {
        std::mem::take(&mut self.pin_events)
    }

    /// Asks for the list of tools, all its pages.
    ///
    /// # Errors
    /// Before the handshake is done, and when too much is in flight.
    pub fn list_tools(&mut self) -> Result<(), ClientError> {
        self.ready()?;
        let open = Open::Tools { pages: 0, bytes: 0, tools: Vec::new() };
        self.ask("tools/list", &json!({}), open);
        Ok(())
    }

    /// One page; the whole list when it is the last one.
    pub(super) fn page(
        &mut self,
        outcome: Result<Raw, RpcError>,
        pages: usize,
        bytes: usize,
        mut tools: Vec<Tool>,
    ) -> Option<ClientEvent> {
        let failed = |message: &str| {
            Some(ClientEvent::ToolsFailed(failure(RpcError::new(INTERNAL_ERROR, message))))
        };
        let malformed = "the server's list of tools is malformed";
        let mut result = match outcome {
            Ok(result) => result,
            Err(error) => return Some(ClientEvent::ToolsFailed(failure(error))),
        };
        let bytes = bytes.saturating_add(result.get().len());
        if let Some(pins) = &mut self.pins {
            let first = pages == 0;
            match pins.page(DefinitionKind::Tool, first, &result, &mut self.pin_events) {
                Ok(page) => result = page,
                Err(_) => return failed(malformed),
            }
        }
        let Some(Value::Object(mut result)) = value(&result) else {
            return failed("the server's result is not an object");
        };
        let list = result.remove("tools").unwrap_or_default();
        match serde_json::from_value::<Vec<Tool>>(list) {
            Ok(more) => tools.extend(more),
            Err(_) => return failed(malformed),
        }
        let Some(Value::String(cursor)) = result.remove("nextCursor") else {
            return Some(ClientEvent::Tools(tools));
        };
        if pages + 1 >= MAX_PAGES || tools.len() > MAX_TOOLS || bytes > MAX_TOOLS_BYTES {
            return failed("the server's list of tools does not end");
        }
        let open = Open::Tools { pages: pages + 1, bytes, tools };
        self.ask("tools/list", &json!({ "cursor": cursor }), open);
        None
    }
}
