use super::*;
use crate::{AdmitRequest, Admitted, Available, Consent, Consented, Grants, Policy, admit, decide};
use ringfence_limits::Preset;
use ringfence_types::{Capability, Denial, DenialCode, Digest, Host, WithheldBy};

const DIGEST: Digest = Digest::from_bytes([7; 32]);
const NOW: u64 = 1_000_000;

fn caps(scopes: &[&str]) -> Vec<Capability> {
    let cap = |scope: &&str| Capability::new(Kind::NetworkRequest, scope).unwrap();
    scopes.iter().map(cap).collect()
}

fn admitted(declared: Option<&[&str]>, consent: &[&str], policy: &Policy) -> Admitted {
    let yes = |capability| Consented {
        capability,
        by: "ada".into(),
        at_ms: 0,
        expires_ms: Some(NOW + 10),
        digest: DIGEST,
    };
    admit(AdmitRequest {
        instance: &"demo".parse().unwrap(),
        digest: &DIGEST,
        declared: &caps(declared.unwrap_or(&[])),
        inferred: declared.is_none(),
        policy,
        consent: &Consent { items: caps(consent).into_iter().map(yes).collect() },
        available: &Available::built_in().with(Kind::NetworkRequest),
        budget: Preset::Production.budget(),
        now_ms: NOW,
    })
    .unwrap()
}

fn granted(scopes: &[&str]) -> Admitted {
    admitted(None, scopes, &Policy::default())
}

fn ask(grants: &Grants, host: &str, port: u16, seen: Seen<'_>) -> Result<(), Denial> {
    let host = Host::parse(host).unwrap();
    let target = NetworkTarget::tcp(&host, port).with(seen);
    let permit = decide::<NetworkRequest>(grants, target, NOW)?;
    assert_eq!(permit.object(), &target);
    Ok(())
}

fn why(result: Result<(), Denial>) -> Option<WithheldBy> {
    result.unwrap_err().withheld_by
}

fn tls(name: &str) -> Seen<'_> {
    Seen::Tls { server_name: Some(name), encrypted_hello: false }
}

const HIDDEN: Seen<'static> =
    Seen::Tls { server_name: Some("a.example.com"), encrypted_hello: true };

#[test]
fn an_allowed_name_is_reached_and_its_sibling_is_not() {
    let admitted = granted(&["a.example.com"]);
    let grants = admitted.grants();
    assert!(ask(grants, "a.example.com", 443, Seen::Nothing).is_ok());
    assert!(ask(grants, "a.example.com", 443, tls("a.example.com")).is_ok());
    let denial = ask(grants, "b.example.com", 443, Seen::Nothing).unwrap_err();
    assert_eq!(denial.object, "b.example.com:443");
    assert_eq!(denial.withheld_by, Some(WithheldBy::Scope));
    assert_eq!(denial.repair.as_deref(), Some("--grant network.request=b.example.com:443"));
    assert!(ask(grants, "a.example.com", 80, Seen::Nothing).is_err());
    assert!(ask(grants, "192.0.2.1", 443, Seen::Nothing).is_err());
}

#[test]
fn every_spelling_of_a_host_is_one_decision() {
    let admitted = granted(&["a.example.com", "2130706433:80"]);
    for (spelling, port) in [
        ("A.Example.COM.", 443),
        ("ａ.example.com", 443),
        ("%61.example.com", 443),
        ("127.1", 80),
        ("0x7f000001", 80),
        ("0177.0.0.1", 80),
        ("[::ffff:7f00:1]", 80),
    ] {
        assert!(ask(admitted.grants(), spelling, port, Seen::Nothing).is_ok(), "{spelling}");
    }
}

#[test]
fn another_name_in_the_handshake_is_refused_and_the_repair_says_what_that_would_mean() {
    let admitted = granted(&["a.example.com"]);
    let nameless = Seen::Tls { server_name: None, encrypted_hello: false };
    for seen in [tls("evil.example"), nameless, HIDDEN] {
        let denial = ask(admitted.grants(), "a.example.com", 443, seen).unwrap_err();
        assert_eq!(
            denial.repair.as_deref(),
            Some("--grant network.request=tls-opaque://a.example.com:443")
        );
    }
    let opaque = granted(&["tls-opaque://a.example.com"]);
    for seen in [Seen::Nothing, tls("evil.example"), nameless, HIDDEN] {
        assert!(ask(opaque.grants(), "a.example.com", 443, seen).is_ok());
    }
    assert!(ask(opaque.grants(), "a.example.com", 443, Seen::Other).is_err());
}

#[test]
fn a_path_that_was_not_granted_is_refused_with_the_request_in_the_repair() {
    let admitted = granted(&["GET http://a.example.com/v1/*"]);
    let http = |method, path| Seen::Http { secure: false, method, path };
    let grants = admitted.grants();
    assert!(ask(grants, "a.example.com", 80, http("GET", "/v1/x")).is_ok());
    let denial = ask(grants, "a.example.com", 80, http("POST", "/v1/x")).unwrap_err();
    assert_eq!(
        denial.repair.as_deref(),
        Some("--grant 'network.request=POST http://a.example.com:80/v1/x'")
    );
    for (method, path) in [("GET", "/v1/../x"), ("GET", "/v1/x?y"), ("get", "/v1/x"), ("", "/")] {
        let denial = ask(grants, "a.example.com", 80, http(method, path)).unwrap_err();
        assert_eq!(denial.code, DenialCode::Invalid, "{method} {path}");
    }
    assert_eq!(
        ask(grants, "a.example.com", 0, Seen::Nothing).unwrap_err().code,
        DenialCode::Invalid
    );
}

#[test]
fn the_operators_hole_in_the_network_holds() {
    let deny = |scope| {
        let deny = Capability::new(Kind::NetworkRequest, scope).unwrap();
        admitted(None, &["*", "*.example.com:*", "192.0.2.1"], &Policy::default().deny(deny))
    };
    let one = deny("bad.example.com:*");
    assert!(ask(one.grants(), "a.example.com", 443, Seen::Nothing).is_ok());
    let denied = ask(one.grants(), "bad.example.com", 22, Seen::Nothing);
    assert_eq!(why(denied), Some(WithheldBy::Policy));
    assert!(!one.grants().resolves(&Host::parse("bad.example.com").unwrap(), NOW));

    let all = deny("*");
    assert!(all.grants().is_empty());
    for host in ["a.example.com", "192.0.2.1"] {
        assert_eq!(why(ask(all.grants(), host, 443, Seen::Nothing)), Some(WithheldBy::Policy));
        assert!(!all.grants().resolves(&Host::parse(host).unwrap(), NOW));
    }
}

#[test]
fn a_grant_ends_for_connections_and_for_names() {
    let admitted = granted(&["a.example.com"]);
    let grants = admitted.grants();
    let host = Host::parse("a.example.com").unwrap();
    let target = NetworkTarget::tcp(&host, 443);
    assert!(grants.resolves(&host, NOW) && decide::<NetworkRequest>(grants, target, NOW).is_ok());
    let late = decide::<NetworkRequest>(grants, target, NOW + 10).unwrap_err();
    assert_eq!(late.withheld_by, Some(WithheldBy::Revoked));
    assert!(!grants.resolves(&host, NOW + 10));
    assert_eq!(grants.revoke(&caps(&["*.example.com"])[0]), 1);
    assert!(!grants.resolves(&host, NOW));
}

#[test]
fn a_yes_to_the_whole_network_is_no_yes_to_addresses_datagrams_or_hidden_names() {
    let wishes = ["169.254.169.254:80", "udp://dns.example.com:53", "tls-opaque://x.example.com"];
    for declared in [Some(&wishes[..]), Some(&["*"][..]), None] {
        let admitted = admitted(declared, &["*"], &Policy::default());
        let grants = admitted.grants();
        assert!(ask(grants, "169.254.169.254", 80, Seen::Nothing).is_err());
        let host = Host::parse("dns.example.com").unwrap();
        assert!(decide::<NetworkRequest>(grants, NetworkTarget::udp(&host, 53), NOW).is_err());
        assert!(ask(grants, "x.example.com", 443, tls("y.example.com")).is_err());
        assert_eq!(
            ask(grants, "x.example.com", 443, Seen::Nothing).is_ok(),
            declared != Some(&wishes[..])
        );
    }
}

#[test]
fn an_address_that_a_person_named_is_granted_under_a_declaration_without_a_scope() {
    for policy in [Policy::default(), Policy::only(caps(&["*"]))] {
        for declared in [None, Some(&["*"][..])] {
            let admitted = admitted(declared, &["192.0.2.1:5432"], &policy);
            assert!(ask(admitted.grants(), "192.0.2.1", 5432, Seen::Nothing).is_ok());
            assert_eq!(admitted.withheld(), []);
            let other = ask(admitted.grants(), "192.0.2.2", 5432, Seen::Nothing);
            assert_eq!(why(other), Some(WithheldBy::Scope));
        }
    }
}

#[test]
fn without_a_gate_no_name_is_looked_up() {
    let host = Host::parse("a.example.com").unwrap();
    let admitted = granted(&["b.example.com"]);
    assert!(!admitted.grants().resolves(&host, NOW));
    let admitted = admit(AdmitRequest {
        instance: &"demo".parse().unwrap(),
        digest: &DIGEST,
        declared: &[],
        inferred: true,
        policy: &Policy::default(),
        consent: &Consent::none(),
        available: &Available::none(),
        budget: Preset::Production.budget(),
        now_ms: NOW,
    })
    .unwrap();
    assert!(!admitted.grants().resolves(&host, NOW));
}
