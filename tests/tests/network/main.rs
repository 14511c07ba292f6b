//! Unmodified programs on an internet that each test makes: what was allowed by
//! name works, and nothing else sends a packet.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "support for tests: a failure here is a failure of the test"
)]

#[path = "../servers/cache.rs"]
#[expect(dead_code, reason = "shared with the tests of real servers, which use all of it")]
mod cache;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod datagrams;
#[cfg(test)]
mod dropped;
#[cfg(test)]
mod fetch;
#[cfg(test)]
mod inside;
#[cfg(test)]
mod installers;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod many;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod names;
#[cfg(test)]
mod other_ways;
#[path = "../cli/program.rs"]
#[expect(dead_code, reason = "shared with the tests of the command line, which use all of it")]
mod program;
#[cfg(test)]
mod protocols;
#[cfg(test)]
mod reflected;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod secrets_query;
#[cfg(test)]
mod secrets_vault;
mod world;

/// Every folder of the list that a test here runs, and a server that is a client.
const TESTED: [&str; 7] =
    ["undici", "requests", "urllib3", "httpx", "aioquic", "aiohttp", "mcp-server-fetch"];

#[test]
fn every_client_of_the_list_is_tested() {
    let list = include_str!("../../clients.toml");
    let listed: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("folder = \"")?.strip_suffix('"'))
        .collect();
    assert_eq!(listed, TESTED[..6]);
}
