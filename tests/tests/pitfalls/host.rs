//! Hosts with services, and what a test sees of their plugins.

use crate::plugin::Host;
use ringfence::{
    EngineOptions, HostCall, HostService, HostServiceError, HostServices, Kind, Observer,
    Ringfence, prepare_home,
};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// What a plugin of these tests must declare and be granted to ask for a node.
pub(crate) const MAY_ASK: &str = "permissions: [{capability: nodes.read, scope: thing}]\n";
pub(crate) const GRANT: &str = "nodes.read=thing";
/// A core module that asks: `$ask` gives 0 when the host has answered, and a
/// negative number when it has not.
pub(crate) const ASKS: &str = r#"(import "env" "lifeos_get_node" (func $get (param i32 i32) (result i32))) ---
    (data (i32.const 8) "{\"type\":\"thing\"}")
    (func $ask (result i32) (call $get (i32.const 8) (i32.const 16)))
"#;

struct Service<F>(F);

impl<F: Fn() -> bool + Send + Sync> HostService for Service<F> {
    fn call(&self, _: HostCall<'_>) -> Result<Value, HostServiceError> {
        if (self.0)() { Ok(Value::Null) } else { Err(HostServiceError::Failed("no".to_owned())) }
    }
}

/// A host whose service for nodes is this: whether it answers.
pub(crate) fn serving(service: impl Fn() -> bool + Send + Sync + 'static) -> Host {
    let folder = tempfile::tempdir().unwrap();
    let mut options = EngineOptions::new(prepare_home(&folder.path().join("home")).unwrap());
    let mut services = HostServices::new();
    services.register("nodes", &[Kind::NodesRead], Arc::new(Service(service))).unwrap();
    options.services = Arc::new(services);
    Host { folder, ringfence: Ringfence::with(options).unwrap() }
}

/// Bytes of what a plugin logged, piece by piece.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<usize>>>);

impl Observer for Heard {
    fn log(&mut self, bytes: &[u8]) {
        // The end of a line comes by itself.
        if bytes != b"\n" {
            self.0.lock().unwrap().push(bytes.len());
        }
    }
}

impl Heard {
    pub(crate) fn pieces(&self) -> Vec<usize> {
        self.0.lock().unwrap().clone()
    }
}
