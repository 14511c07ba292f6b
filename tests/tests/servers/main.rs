//! Real MCP servers, as their authors published them, do their work in the jail
//! with as little as they need, and nothing without it.
//!
//! They come from an ordinary install that `cargo xtask setup` makes; the list
//! with their versions is `tests/servers.toml`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "support for tests: a failure here is a failure of the test"
)]

mod cache;
mod clients;
mod http;
mod npm;
#[path = "../cli/program.rs"]
#[expect(dead_code, reason = "shared with the tests of the command line, which use all of it")]
mod program;
mod pypi;

/// Every folder of the list that a test here runs; the last one needs a network and
/// is run by the tests of that.
const TESTED: [&str; 13] = [
    "server-everything",
    "server-memory",
    "server-filesystem",
    "server-sequential-thinking",
    "calculator-mcp",
    "time-mcp",
    "mcp-server-commands",
    "mcp-server-code-runner",
    "mcp-server-time",
    "mcp-server-git",
    "mcp-server-calculator",
    "mcp-shell-server",
    "mcp-server-fetch",
];

#[test]
fn every_server_of_the_list_is_tested() {
    let list = include_str!("../../servers.toml");
    let listed: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("folder = \"")?.strip_suffix('"'))
        .collect();
    assert_eq!(listed, TESTED);
}
