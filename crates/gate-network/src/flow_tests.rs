use super::*;
use crate::datagram_place::DatagramPlace;
use crate::datagrams;
use crate::doorkeeper::{Doorkeeper, VisitEnded, Visitor};
use crate::gate::Setup;
use crate::judge::{About, Depth, Judge};
use crate::names::Names;
use crate::resolve::Resolver;
use crate::session::Session;
use crate::traffic::Traffic;
use ringfence_limits::{NearlyUsed, Preset};
use ringfence_permission::{
    AdmitRequest, Admitted, Available, Consent, Consented, NetworkListen, NetworkRequest, Permit,
    Policy, admit, decide,
};
use ringfence_types::{Capability, Denial, Digest, Host, NetworkTarget, SecretTarget};
use std::num::NonZeroU16;
use tokio::time::timeout;
use zeroize::Zeroizing;

const SOON: Duration = Duration::from_secs(5);
const A_MOMENT: Duration = Duration::from_millis(200);

/// Decides by true grants, and keeps what ended.
struct Granted {
    admitted: Admitted,
    capability: Capability,
    ended: Mutex<Vec<(u64, u64, Option<String>)>>,
    begun: AtomicU64,
}

impl Granted {
    fn revoke(&self) {
        assert_eq!(self.admitted.grants().revoke(&self.capability), 1);
    }

    async fn wait_for_an_end(&self) -> (u64, u64, Option<String>) {
        let end = Instant::now() + SOON;
        loop {
            if let Some(ended) = lock(&self.ended).pop() {
                return ended;
            }
            assert!(Instant::now() < end, "the flow does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Judge for Granted {
    fn may_ask_for(&self, _: &Host) -> bool {
        true
    }
    fn request(
        &self,
        target: NetworkTarget<'_>,
        perform: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial> {
        perform(decide::<NetworkRequest>(self.admitted.grants(), target, 1)?);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn look(
        &self,
        target: NetworkTarget<'_>,
        _: bool,
        perform: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial> {
        self.request(target, perform)
    }
    fn still_allows(&self, target: NetworkTarget<'_>) -> bool {
        decide::<NetworkRequest>(self.admitted.grants(), target, 1).is_ok()
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
    fn ended(&self, ended: &Ended<'_>) {
        let failure = ended.failure.map(str::to_owned);
        lock(&self.ended).push((ended.sent, ended.received, failure));
    }
}

impl Doorkeeper for Granted {
    fn visit(
        &self,
        port: NonZeroU16,
        _: &Visitor,
        perform: &mut dyn FnMut(Permit<'_, NetworkListen>),
    ) -> Result<(), Denial> {
        perform(decide::<NetworkListen>(self.admitted.grants(), port, 1)?);
        Ok(())
    }
    fn still_lets_in(&self, _: NonZeroU16) -> bool {
        false
    }
    fn visit_refused(&self, _: NonZeroU16, _: Refusal) {}
    fn visit_ended(&self, _: &VisitEnded<'_>) {}
}

fn granted(capability: &str) -> Arc<Granted> {
    let digest = Digest::from_bytes([0; 32]);
    let capability: Capability = capability.parse().unwrap();
    let admitted = admit(AdmitRequest {
        instance: &"test".parse().unwrap(),
        digest: &digest,
        declared: &[],
        inferred: true,
        policy: &Policy::default(),
        consent: &Consent::none().with(Consented {
            capability: capability.clone(),
            by: "test".to_owned(),
            at_ms: 0,
            expires_ms: None,
            digest,
        }),
        available: &Available::built_in(),
        budget: Preset::Development.budget(),
        now_ms: 0,
    });
    let (ended, begun) = (Mutex::default(), AtomicU64::new(0));
    Arc::new(Granted { admitted: admitted.unwrap(), capability, ended, begun })
}

fn session(judge: &Arc<Granted>) -> Arc<Session> {
    let setup = Setup {
        judge: Arc::clone(judge) as _,
        resolver: Resolver::default(),
        traffic: Arc::new(Traffic::new(&Preset::Development.budget())),
        authority: None,
        placeholders: Vec::new(),
        revealed: Arc::default(),
        published: None,
        datagrams: Vec::new(),
    };
    Arc::new(Session::new(setup, Names::default()))
}

fn in_a_loop(act: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_io().enable_time().build().unwrap().block_on(act);
}

async fn socket() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

/// A plugin's socket that is connected to a gate, which leads to a server.
async fn begin(idle: Duration) -> (Arc<Granted>, UdpSocket, UdpSocket) {
    let (plugin, inner, server) = (socket().await, socket().await, socket().await);
    let outside = server.local_addr().unwrap();
    let judge = granted(&format!("network.request udp://{outside}"));
    plugin.connect(inner.local_addr().unwrap()).await.unwrap();
    let place = DatagramPlace {
        host: outside.ip().into(),
        port: outside.port(),
        inside: inner.local_addr().unwrap(),
    };
    tokio::spawn(datagrams::receive(place, inner, session(&judge), idle));
    (judge, plugin, server)
}

async fn next(socket: &UdpSocket) -> Option<(Vec<u8>, SocketAddr)> {
    let mut buffer = [0; 100];
    let (length, from) = timeout(A_MOMENT, socket.recv_from(&mut buffer)).await.ok()?.unwrap();
    Some((buffer[..length].to_vec(), from))
}

#[test]
fn a_flow_carries_nothing_in_either_direction_after_its_grant_was_taken_away() {
    in_a_loop(async {
        let (judge, plugin, server) = begin(SOON).await;
        plugin.send(b"before").await.unwrap();
        assert_eq!(next(&server).await.unwrap().0, b"before");
        judge.revoke();
        plugin.send(b"after").await.unwrap();
        assert_eq!(next(&server).await, None);
        let (sent, _, failure) = judge.wait_for_an_end().await;
        assert_eq!((sent, failure.as_deref()), (6 + 28, Some("refused")));
        plugin.send(b"again").await.unwrap();
        assert_eq!(next(&server).await, None);

        let (judge, plugin, server) = begin(SOON).await;
        plugin.send(b"before").await.unwrap();
        let (_, other) = next(&server).await.unwrap();
        judge.revoke();
        server.send_to(b"an answer", other).await.unwrap();
        assert_eq!(next(&plugin).await, None);
        assert_eq!(judge.wait_for_an_end().await.1, 0);
    });
}

#[test]
fn a_flow_is_over_when_it_was_quiet_and_the_next_datagram_begins_another() {
    in_a_loop(async {
        let (judge, plugin, server) = begin(Duration::from_millis(60)).await;
        // Whoever goes on keeps it, in either direction.
        plugin.send(b"0").await.unwrap();
        let (_, gate) = next(&server).await.unwrap();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(30)).await;
            server.send_to(b"more", gate).await.unwrap();
            assert_eq!(next(&plugin).await.unwrap().0, b"more");
        }
        assert_eq!(judge.begun.load(Ordering::Relaxed), 1);
        assert_eq!(judge.wait_for_an_end().await, (1 + 28, 5 * (4 + 28), None));
        // Late answers find nobody.
        server.send_to(b"late", gate).await.unwrap();
        assert_eq!(next(&plugin).await, None);
        plugin.send(b"1").await.unwrap();
        assert_eq!(next(&server).await.unwrap().0, b"1");
        assert_eq!(judge.begun.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn only_the_place_itself_can_answer() {
    in_a_loop(async {
        let (_judge, plugin, server) = begin(SOON).await;
        plugin.send(b"question").await.unwrap();
        let (_, gate) = next(&server).await.unwrap();
        let stranger = socket().await;
        stranger.send_to(b"lie", gate).await.unwrap();
        assert_eq!(next(&plugin).await, None);
        server.send_to(b"answer", gate).await.unwrap();
        assert_eq!(next(&plugin).await.unwrap().0, b"answer");
    });
}

#[test]
fn a_place_that_refuses_is_told_in_the_log_and_may_answer_later() {
    in_a_loop(async {
        let (judge, plugin, server) = begin(Duration::from_millis(150)).await;
        let outside = server.local_addr().unwrap();
        drop(server);
        plugin.send(b"anybody there").await.unwrap();
        let (_, _, failure) = judge.wait_for_an_end().await;
        assert!(failure.unwrap().contains("refused"), "as the network says it");
        plugin.send(b"anybody there").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let server = UdpSocket::bind(outside).await.unwrap();
        plugin.send(b"and now").await.unwrap();
        assert_eq!(next(&server).await.unwrap().0, b"and now");
    });
}

#[test]
fn what_waits_for_a_look_up_is_bounded_in_number_and_in_bytes() {
    in_a_loop(async {
        let judge = granted("network.request udp://a.example:9");
        let place = DatagramPlace {
            host: "a.example".parse().unwrap(),
            port: 9,
            inside: SocketAddr::from((Ipv4Addr::LOCALHOST, 9)),
        };
        let (socket, client) = (socket().await, SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        let inner = Arc::new(Inner::new(place, socket, session(&judge), SOON));
        for (size, most) in [(0, 32), (1200, 32), (30_000, 2), (65_507, 1)] {
            let flow = Flow::new(Arc::clone(&inner), client);
            for _ in 0..1000 {
                assert!(flow.send(&vec![7; size]));
            }
            assert_eq!(lock(&flow.waiting).len(), most, "of {size} bytes");
        }
    });
}
