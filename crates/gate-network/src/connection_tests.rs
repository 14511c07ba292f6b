use super::*;
use crate::doorkeeper::{Doorkeeper, VisitEnded, Visitor};
use crate::gate::Setup;
use crate::judge::{About, Judge, Refusal};
use crate::names::Names;
use crate::resolve::Resolver;
use crate::traffic::Traffic;
use ringfence_limits::{NearlyUsed, Preset};
use ringfence_permission::{NetworkListen, NetworkRequest, Permit};
use ringfence_types::{Denial, SecretTarget};
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::sync::atomic::AtomicBool;

/// Allows everything until it is told otherwise.
struct Until(AtomicBool);

impl Judge for Until {
    fn may_ask_for(&self, _: &Host) -> bool {
        true
    }
    fn request(
        &self,
        _: NetworkTarget<'_>,
        _: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial> {
        Ok(())
    }
    fn look(
        &self,
        _: NetworkTarget<'_>,
        _: bool,
        _: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial> {
        Ok(())
    }
    fn still_allows(&self, _: NetworkTarget<'_>) -> bool {
        self.0.load(Ordering::Relaxed)
    }
    fn depth(&self, _: &Host, _: u16) -> Depth {
        Depth::Surface
    }
    fn secret(&self, _: SecretTarget<'_>) -> Option<Zeroizing<String>> {
        None
    }
    fn about(&self, _: Transport, _: IpAddr, _: u16) -> About {
        About::Nothing
    }
    fn refused(&self, _: NetworkTarget<'_>, _: Refusal) {}
    fn nearly_used(&self, _: NearlyUsed) {}
    fn ended(&self, _: &Ended<'_>) {}
}

impl Doorkeeper for Until {
    fn visit(
        &self,
        _: NonZeroU16,
        _: &Visitor,
        _: &mut dyn FnMut(Permit<'_, NetworkListen>),
    ) -> Result<(), Denial> {
        Ok(())
    }
    fn still_lets_in(&self, _: NonZeroU16) -> bool {
        self.0.load(Ordering::Relaxed)
    }
    fn visit_refused(&self, _: NonZeroU16, _: Refusal) {}
    fn visit_ended(&self, _: &VisitEnded<'_>) {}
}

#[test]
fn an_open_connection_carries_no_byte_after_its_grant_was_taken_away() {
    let judge = Arc::new(Until(AtomicBool::new(true)));
    let traffic = Arc::new(Traffic::new(&Preset::Development.budget()));
    let setup = Setup {
        judge: Arc::clone(&judge) as _,
        resolver: Resolver::default(),
        traffic,
        authority: None,
        placeholders: Vec::new(),
        revealed: Arc::default(),
        published: None,
        datagrams: Vec::new(),
    };
    let session = Session::new(setup, Names::default());
    let connection = Connection::new(Arc::new(session), "a.example".parse().unwrap(), 443);
    for direction in [Direction::Sent, Direction::Received] {
        judge.0.store(true, Ordering::Relaxed);
        assert!(connection.charge(direction, 5).is_ok());
        judge.0.store(false, Ordering::Relaxed);
        assert!(matches!(connection.charge(direction, 5), Err(Cut::Refused)));
    }
    let counted =
        (connection.sent.load(Ordering::Relaxed), connection.received.load(Ordering::Relaxed));
    assert_eq!(counted, (5, 5));
}
