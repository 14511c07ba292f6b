//! A jail outlives its gate: without a network, and with every wall.

use ringfence_gate_network::{
    About, Depth, Doorkeeper, Ended, Ends, Gate, Judge, Refusal, Resolver, Setup, Traffic,
    VisitEnded, Visitor,
};
use ringfence_limits::{NearlyUsed, Preset};
use ringfence_permission::{
    AdmitRequest, Admitted, Available, Consent, Consented, NetworkListen, NetworkRequest, Permit,
    Policy, admit, decide,
};
use ringfence_sandbox::{Backend, End, Network};
use ringfence_tests::{backend, eventually, system_program};
use ringfence_types::{Denial, Digest, Host, NetworkTarget, SecretTarget, Transport};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

/// Says yes to what was admitted, and counts what ended.
struct Plain {
    admitted: Admitted,
    ended: AtomicU32,
}

impl Plain {
    fn new(capability: &str) -> Self {
        let digest = Digest::from_bytes([0; 32]);
        let items = vec![Consented {
            capability: capability.parse().unwrap(),
            by: "test".to_owned(),
            at_ms: 0,
            expires_ms: None,
            digest,
        }];
        let admitted = admit(AdmitRequest {
            instance: &"test".parse().unwrap(),
            digest: &digest,
            declared: &[],
            inferred: true,
            policy: &Policy::default(),
            consent: &Consent { items },
            available: &Available::built_in(),
            budget: Preset::Development.budget(),
            now_ms: 0,
        });
        Self { admitted: admitted.unwrap(), ended: AtomicU32::new(0) }
    }
}

impl Judge for Plain {
    fn may_ask_for(&self, name: &Host) -> bool {
        self.admitted.grants().resolves(name, 1)
    }

    fn request(
        &self,
        target: NetworkTarget<'_>,
        perform: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial> {
        perform(decide::<NetworkRequest>(self.admitted.grants(), target, 1)?);
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

    fn still_allows(&self, _: NetworkTarget<'_>) -> bool {
        true
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

    fn ended(&self, _: &Ended<'_>) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }
}

impl Doorkeeper for Plain {
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
        true
    }

    fn visit_refused(&self, _: NonZeroU16, _: Refusal) {}

    fn visit_ended(&self, _: &VisitEnded<'_>) {}
}

/// Opens the gate on a jail's ends; `host.example` is this machine.
fn open(network: Network, judge: &Arc<Plain>) -> Gate {
    let ends = [Some(network.ipv4), network.ipv6].into_iter().flatten();
    let ends = ends.map(|ends| Ends { listener: ends.listener, names: ends.names }).collect();
    let here =
        BTreeMap::from([("host.example".parse().unwrap(), vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])]);
    let judge: Arc<Plain> = Arc::clone(judge);
    let setup = Setup {
        judge,
        resolver: Resolver::with_given(here),
        traffic: Arc::new(Traffic::new(&Preset::Development.budget())),
        authority: None,
        placeholders: Vec::new(),
        datagrams: Vec::new(),
        revealed: Arc::default(),
        published: None,
    };
    Gate::open(ends, setup).unwrap()
}

/// Holds a connection, and tries everything again after a word from outside.
const PLUGIN: &str = "import os, socket, sys\n\
    port = int(sys.argv[1])\n\
    def attempt(what, act):\n\
    \x20   try: print(what, 'gave', act(), flush=True)\n\
    \x20   except OSError as error: print(what, type(error).__name__, flush=True)\n\
    address = socket.getaddrinfo('host.example', port, socket.AF_INET)[0][4]\n\
    held = socket.create_connection(address, 5)\n\
    held.sendall(b'one\\n'); print(held.recv(10), flush=True)\n\
    sys.stdin.readline()\n\
    held.settimeout(5)\n\
    attempt('held', lambda: held.recv(10) or held.send(b'two\\n') and held.recv(10))\n\
    attempt('new', lambda: socket.create_connection(address, 5))\n\
    attempt('asked', lambda: socket.getaddrinfo('host.example', port))\n\
    attempt('machine', lambda: socket.create_connection(('127.0.0.1', port), 5))\n\
    attempt('packets', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))\n\
    attempt('local', lambda: socket.socket(socket.AF_UNIX))\n\
    attempt('home', lambda: os.listdir('/root'))\n\
    attempt('passwords', lambda: open('/etc/shadow').read())\n\
    attempt('system', lambda: os.listdir('/sys/fs'))\n\
    attempt('write', lambda: open('/usr/planted', 'w'))\n";

#[test]
fn a_jail_whose_gate_is_gone_has_no_network_and_every_wall() {
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = host.local_addr().unwrap().port();
    let judge = Arc::new(Plain::new(&format!("network.request host.example:{port}")));
    let backend = backend();
    let mut plan = system_program("/usr/bin/python3", &["-c", PLUGIN, &port.to_string()]);
    plan.network = true;
    let mut running = backend.start(&plan).unwrap();
    let mut streams = running.streams();
    let gate = open(streams.network.take().unwrap(), &judge);
    let mut said = BufReader::new(File::from(streams.stdout.take().unwrap()));
    let (mut client, _) = host.accept().unwrap();
    let mut word = [0; 4];
    client.read_exact(&mut word).unwrap();
    client.write_all(&word).unwrap();
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "b'one\\n'\n");

    drop(gate);

    assert_eq!(judge.ended.load(Ordering::Relaxed), 1, "its end was told when the gate closed");
    let mut rest = Vec::new();
    let ended = client.read_to_end(&mut rest);
    assert!(rest.is_empty(), "the host's side ends too, and with no byte: {ended:?}");
    File::from(streams.stdin.take().unwrap()).write_all(b"go on\n").unwrap();
    let mut told = String::new();
    said.read_to_string(&mut told).unwrap();
    let told: Vec<&str> = told.lines().collect();
    let refused = [
        "held ConnectionResetError",
        "new ConnectionRefusedError",
        "asked gaierror",
        "machine ConnectionRefusedError",
        "packets OSError",
        "local OSError",
        "home FileNotFoundError",
        "passwords FileNotFoundError",
        "system FileNotFoundError",
        "write OSError",
    ];
    assert_eq!(told, refused);
    assert!(eventually(Duration::from_secs(5), || running.poll_end().unwrap().is_some()));
    assert_eq!(running.finish().0, End::Exited(0));
    host.set_nonblocking(true).unwrap();
    assert!(host.accept().is_err(), "nobody came after");
}
