//! A real MCP server whose work is the network.

use crate::cache::pypi;
use crate::world::World;
use serde_json::{Value, json};

/// What `mcp-server-fetch` answers for `url`, with one host granted.
fn fetch(world: &World, url: &str) -> (String, Value) {
    let server = pypi("mcp-server-fetch", "mcp-server-fetch");
    let input = json!({ "url": url, "raw": true }).to_string();
    let options = ["--mcp", "--json", "-p", "development", "--input", &input];
    let grant = ["--grant", "network.request=http://allowed.example"];
    let words = [&options[..], &grant, &[server.to_str().unwrap(), "fetch"]].concat();
    let report = world.ringfence(&words).json();
    let said = report["result"]["content"][0]["text"].as_str().map(str::to_owned);
    (said.unwrap_or_else(|| report["error"].to_string()), report["usage"]["denials"].clone())
}

#[test]
fn mcp_server_fetch_fetches_the_allowed_host_and_no_other() {
    let mut world = World::new();
    // It looks where a name leads before it goes there, and goes to public
    // addresses only; those that stand for names must pass that.
    let (said, denials) = fetch(&world, "http://allowed.example/page");
    assert!(said.contains("hello allowed.example GET /page 0"), "{said}");
    assert_eq!(denials, json!([]));
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
    for host in ["sibling.example", "93.184.216.10", "metadata.example", "allowed.example:8080"] {
        let (said, denials) = fetch(&world, &format!("http://{host}/page"));
        assert!(!said.contains("hello"), "{said}");
        assert!(denials.to_string().contains("network.request"), "{host}: {said} {denials}");
        assert!(world.traffic().is_silent(), "{host}");
    }
}
