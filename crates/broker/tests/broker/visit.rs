//! Those who come from outside to a published port.

use crate::{Setup, World};
use ringfence_gate_network::{Doorkeeper, VisitEnded, Visitor};
use ringfence_types::EventKind;
use std::num::NonZeroU16;
use std::time::Duration;

const GRANT: &[&str] = &["network.listen 8000"];
const ADA: Visitor = Visitor::User { uid: 1000 };

fn port(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

/// Whether somebody is let in at a port.
fn comes_in(world: &World, number: u16) -> bool {
    let mut permits = 0;
    let decided = world.broker.visit(port(number), &ADA, &mut |permit| {
        assert_eq!(*permit.object(), port(number));
        permits += 1;
    });
    assert_eq!(permits, i32::from(decided.is_ok()), "no permit without a yes");
    decided.is_ok()
}

fn leaves(world: &World) {
    let duration = Duration::from_millis(5);
    let (port, visitor) = (port(8000), ADA);
    world.broker.visit_ended(&VisitEnded {
        port,
        visitor,
        sent: 7,
        received: 3,
        duration,
        failure: None,
    });
}

#[test]
fn a_visitor_is_recorded_when_they_come_and_when_they_go() {
    let world = World::new(GRANT);
    assert!(comes_in(&world, 8000));
    let came = world.log.of(EventKind::EffectAllowed).pop().unwrap();
    assert_eq!(
        (&came.metadata["visitor"], &came.metadata["object"]),
        (&"uid 1000".into(), &"8000".into())
    );
    leaves(&world);
    let went = world.log.of(EventKind::EffectPerformed).pop().unwrap();
    assert_eq!(
        (&went.metadata["sent_bytes"], &went.metadata["received_bytes"]),
        (&7.into(), &3.into())
    );
    let usage = world.broker.usage();
    assert_eq!((usage.network_visits, usage.network_sent, usage.network_received), (1, 7, 3));
    assert_eq!(usage.network_requests, 0, "the plugin asked for nothing");
}

#[test]
fn nobody_comes_in_where_nothing_is_granted_or_nothing_can_be_recorded() {
    let world = World::new(GRANT);
    assert!(!comes_in(&world, 8001));
    assert!(!comes_in(&World::new(&[]), 8000));
    world.log.break_at(EventKind::EffectAllowed);
    assert!(!comes_in(&world, 8000), "no record, no effect");
}

#[test]
fn as_many_are_in_at_once_as_connections_are_allowed_and_a_flood_of_others_is_harmless() {
    let budget: fn(&mut ringfence_limits::Budget) = |budget| budget.network_connections = 2;
    let world = World::with(GRANT, Setup { budget: Some(budget), ..Setup::default() });
    assert!(comes_in(&world, 8000) && comes_in(&world, 8000));
    for _ in 0..1000 {
        assert!(!comes_in(&world, 8000));
    }
    assert!(world.log.of(EventKind::EffectDenied).len() < 100, "the log is not flooded");
    leaves(&world);
    assert!(comes_in(&world, 8000));
}

#[test]
fn whoever_is_in_says_and_hears_no_more_when_the_grant_is_taken_away() {
    let world = World::new(GRANT);
    assert!(comes_in(&world, 8000) && world.broker.still_lets_in(port(8000)));
    world.broker.grants().revoke_all();
    assert!(!world.broker.still_lets_in(port(8000)) && !comes_in(&world, 8000));
}
