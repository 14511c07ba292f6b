//! Decisions about connections that are open.

use crate::{START, Setup, World};
use ringfence_gate_network::Judge;
use ringfence_types::NetworkTarget;

#[test]
fn an_open_connection_ends_with_its_grant_and_the_log_says_so() {
    let host = "a.example".parse().unwrap();
    let target = NetworkTarget::tcp(&host, 443);
    let grant = &["network.request a.example"];
    let world = World::new(grant);
    assert!(world.broker.still_allows(target));
    assert_eq!(world.broker.usage().denials, 0);
    world.broker.grants().revoke_all();
    assert!(!world.broker.still_allows(target));
    assert_eq!(world.broker.usage().denials, 1);

    let world = World::with(grant, Setup { expires_ms: Some(START + 1000), ..Setup::default() });
    assert!(world.broker.still_allows(target));
    world.clock.advance(1001);
    assert!(!world.broker.still_allows(target));
}
