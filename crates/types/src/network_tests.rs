use super::*;
use proptest::prelude::*;

fn scope(text: &str) -> NetworkScope {
    text.parse().unwrap()
}

fn host(text: &str) -> Host {
    Host::parse(text).unwrap()
}

const PLAIN: Seen<'static> = Seen::Http { secure: false, method: "GET", path: "/v1/a" };
const INSIDE: Seen<'static> = Seen::Http { secure: true, method: "GET", path: "/v1/a" };
const NAMED: Seen<'static> =
    Seen::Tls { server_name: Some("Api.Example.com"), encrypted_hello: false };
const FRONTED: Seen<'static> =
    Seen::Tls { server_name: Some("evil.example"), encrypted_hello: false };
const NAMELESS: Seen<'static> = Seen::Tls { server_name: None, encrypted_hello: false };
const HIDDEN: Seen<'static> =
    Seen::Tls { server_name: Some("api.example.com"), encrypted_hello: true };
const ALL: [Seen<'static>; 8] =
    [Seen::Nothing, PLAIN, INSIDE, NAMED, FRONTED, NAMELESS, HIDDEN, Seen::Other];

/// Which of [`ALL`] a scope lets through on `api.example.com`.
fn seen(text: &str, port: u16) -> Vec<Seen<'static>> {
    let host = host("api.example.com");
    let scope = scope(text);
    let target = NetworkTarget::tcp(&host, port);
    ALL.into_iter().filter(|seen| scope.matches(&target.with(*seen))).collect()
}

#[test]
fn each_scheme_lets_through_what_its_row_of_the_table_says() {
    let any = [Seen::Nothing, PLAIN, INSIDE, NAMED, Seen::Other];
    assert_eq!(seen("api.example.com", 443), any);
    assert_eq!(seen("*.example.com:*", 1), any);
    assert_eq!(seen("*", 25), any);
    assert_eq!(seen("https://api.example.com", 443), [Seen::Nothing, INSIDE, NAMED]);
    assert_eq!(seen("https://api.example.com/v1/*", 443), [Seen::Nothing, INSIDE]);
    assert_eq!(seen("GET https://api.example.com", 443), [Seen::Nothing, INSIDE]);
    assert_eq!(seen("POST https://api.example.com", 443), [Seen::Nothing]);
    assert_eq!(seen("https://api.example.com/v1", 443), [Seen::Nothing]);
    assert_eq!(seen("http://api.example.com", 80), [Seen::Nothing, PLAIN]);
    assert_eq!(seen("GET,PUT http://api.example.com/v1/a", 80), [Seen::Nothing, PLAIN]);
    assert_eq!(
        seen("tls-opaque://api.example.com", 443),
        [Seen::Nothing, NAMED, FRONTED, NAMELESS, HIDDEN]
    );
    assert_eq!(seen("udp://api.example.com:443", 443), []);
}

#[test]
fn a_port_that_was_not_granted_is_closed() {
    for (text, open, closed) in [
        ("api.example.com", 443, 80),
        ("http://api.example.com", 80, 443),
        ("https://api.example.com:8443", 8443, 443),
        ("tls-opaque://api.example.com", 443, 853),
    ] {
        assert!(!seen(text, open).is_empty(), "{text}");
        assert!(seen(text, closed).is_empty(), "{text}");
    }
}

#[test]
fn datagrams_need_a_grant_of_datagrams() {
    let host = host("a.example.com");
    let udp = NetworkTarget::udp(&host, 443);
    for text in ["*", "a.example.com", "https://a.example.com", "tls-opaque://a.example.com"] {
        assert!(!scope(text).matches(&udp), "{text}");
    }
    assert!(scope("udp://*.example.com:443").matches(&udp));
    assert!(!scope("udp://a.example.com:53").matches(&udp));
}

#[test]
fn a_name_never_reaches_an_address_nor_an_address_a_name() {
    let (name, address) = (host("a.example.com"), host("192.0.2.1"));
    for text in ["*", "*.example.com", "a.example.com"] {
        assert!(scope(text).matches(&NetworkTarget::tcp(&name, 443)), "{text}");
        assert!(!scope(text).matches(&NetworkTarget::tcp(&address, 443)), "{text}");
        assert!(!scope(text).resolves(&address));
    }
    for text in ["192.0.2.1", "[::ffff:192.0.2.1]", "3221225985", "https://192.0.2.1"] {
        let target = NetworkTarget::tcp(&address, 443);
        assert!(scope(text).matches(&target), "{text}");
        assert!(scope(text).matches(&target.with(NAMELESS)), "{text}");
        assert!(!scope(text).matches(&target.with(FRONTED)), "{text}");
        assert!(!scope(text).matches(&NetworkTarget::tcp(&name, 443)));
    }
}

#[test]
fn a_wildcard_means_neither_the_apex_nor_a_neighbour_nor_a_machine_of_the_local_network() {
    let below = scope("*.example.com");
    assert!(below.resolves(&host("a.b.example.com")));
    for name in ["example.com", "badexample.com", "example.com.evil.example", "com", "localhost"] {
        assert!(!below.resolves(&host(name)), "{name}");
    }
    let every = scope("*");
    assert!(every.resolves(&host("evil.example")));
    for name in ["localhost", "intranet", "metadata"] {
        assert!(!every.resolves(&host(name)), "{name}");
        assert!(scope(name).resolves(&host(name)), "{name}");
    }
}

#[test]
fn what_is_denied_is_touched_by_every_way_to_it() {
    let (name, address) = (host("api.example.com"), host("192.0.2.1"));
    let tcp = NetworkTarget::tcp(&name, 443);
    for target in [tcp, tcp.with(HIDDEN), NetworkTarget::udp(&name, 443)] {
        assert!(scope("*").may_touch(&target));
        assert!(scope("api.example.com").may_touch(&target));
        assert!(!scope("api.example.com:80").may_touch(&target));
        assert!(!scope("b.example.com").may_touch(&target));
    }
    assert!(scope("*").may_touch(&NetworkTarget::tcp(&address, 443)));

    let admin = scope("https://api.example.com/admin/*");
    let inside = |path| tcp.with(Seen::Http { secure: true, method: "GET", path });
    assert!(!admin.may_touch(&tcp), "the request is decided when it is seen");
    assert!(admin.may_touch(&tcp.with(NAMED)), "it could be inside");
    for path in ["/admin/x", "/admin", "/ADMIN/x", "//admin/x", "/%61dmin/x", "/admin%2Fx"] {
        assert!(admin.may_touch(&inside(path)), "{path}");
    }
    assert!(!admin.may_touch(&inside("/public")));

    let opaque = scope("tls-opaque://api.example.com");
    for (seen, touched) in
        [(Seen::Nothing, false), (NAMED, false), (FRONTED, true), (NAMELESS, true), (HIDDEN, true)]
    {
        assert_eq!(opaque.may_touch(&tcp.with(seen)), touched, "{seen:?}");
    }
}

#[test]
fn the_text_of_a_target_is_a_scope_that_allows_it() {
    let host = host("api.example.com");
    let tcp = NetworkTarget::tcp(&host, 8443);
    let mut targets: Vec<_> = ALL.iter().map(|seen| tcp.with(*seen)).collect();
    targets.push(NetworkTarget::udp(&host, 53));
    for target in targets {
        assert!(scope(&target.to_string()).matches(&target), "{target}");
    }
    assert_eq!(tcp.to_string(), "api.example.com:8443");
    assert_eq!(tcp.with(INSIDE).to_string(), "GET https://api.example.com:8443/v1/a");
}

const SCOPES: [&str; 24] = [
    "*",
    "*.example.com",
    "*.example.com:*",
    "*.api.example.com",
    "api.example.com",
    "api.example.com:80",
    "api.example.com:*",
    "https://api.example.com",
    "https://*.example.com",
    "https://api.example.com/*",
    "https://api.example.com/v1/*",
    "https://api.example.com/v1/a",
    "https://api.example.com:*/v1/a",
    "GET https://api.example.com",
    "GET,POST https://api.example.com/v1/*",
    "http://api.example.com",
    "http://api.example.com:443",
    "tls-opaque://api.example.com",
    "udp://api.example.com:443",
    "udp://*.example.com:443",
    "192.0.2.1",
    "192.0.2.1:*",
    "https://192.0.2.1",
    "localhost:80",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn covering_and_strangeness_are_never_claimed_where_a_counterexample_exists(
        left in prop::sample::select(SCOPES.to_vec()),
        right in prop::sample::select(SCOPES.to_vec()),
        name in prop::sample::select(vec![
            "api.example.com", "b.api.example.com", "example.com", "192.0.2.1", "localhost",
        ]),
        port in prop::sample::select(vec![80_u16, 443, 8443]),
        udp in any::<bool>(),
        seen in prop::sample::select(ALL.to_vec()),
    ) {
        let (l, r) = (scope(left), scope(right));
        let host = host(name);
        let target =
            if udp { NetworkTarget::udp(&host, port) } else { NetworkTarget::tcp(&host, port) }
                .with(seen);
        let (in_left, in_right) = (l.matches(&target), r.matches(&target));
        prop_assert!(!l.covers(&r) || !in_right || in_left, "{left} does not cover {right}: {target}");
        prop_assert!(!(in_left && in_right) || l.may_overlap(&r), "{left} and {right}: {target}");
        // Denying a scope takes what it would have granted, once it is seen.
        let later = seen == Seen::Nothing && !udp;
        prop_assert!(later || !in_left || l.may_touch(&target) || l.is_opaque(), "{left}: {target}");
    }
}
