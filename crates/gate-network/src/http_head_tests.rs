use super::*;
use crate::http_body::BodyTracker;
use proptest::prelude::*;

fn head(text: &str) -> RequestHead {
    match read_http_head(text.as_bytes()) {
        HttpStart::Head(head) => head,
        other => panic!("{other:?}: {text:?}"),
    }
}

fn is_malformed(text: &str) -> bool {
    read_http_head(text.as_bytes()) == HttpStart::Malformed
}

/// A request with these lines behind the field Host.
fn with(fields: &str) -> String {
    format!("POST /x HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n\r\n")
}

#[test]
fn a_request_says_what_it_asks_of_whom() {
    let text =
        "GET /a/../b?c=/../d HTTP/1.1\r\nHOST:  A.Example:8080 \r\nAccept: \u{fc}\r\n\r\nrest";
    assert_eq!(
        head(text),
        RequestHead {
            method: "GET".to_owned(),
            path: "/b".to_owned(),
            host: Host::parse("a.example").unwrap(),
            port: Some(8080),
            length: text.len() - 4,
            body: Framing::None,
            upgrade: None,
            overrides: false,
            keeps_alive: true,
        }
    );
    let absolute = head("GET HTTP://a.example?x HTTP/1.0\r\nHost: a.example:80\r\n\r\n");
    assert_eq!((absolute.path.as_str(), absolute.port), ("/", Some(80)));
    assert!(!absolute.keeps_alive);
    let address = head("GET / HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n\r\n");
    assert_eq!(address.host.to_string(), "[2001:db8::1]");
}

#[test]
fn the_body_and_what_follows_it_are_told() {
    assert_eq!(head(&with("Content-Length: 5")).body, Framing::Length(5));
    assert_eq!(head(&with("Content-Length: 5\r\ncontent-length: 5")).body, Framing::Length(5));
    assert_eq!(head(&with("Transfer-Encoding: Chunked")).body, Framing::Chunked);
    assert!(!head(&with("Connection: x, Close")).keeps_alive);
    let upgrade = head(&with("Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket"));
    assert_eq!(upgrade.upgrade.as_deref(), Some("websocket"));
    assert_eq!(head(&with("Upgrade: h2c")).upgrade, None);
}

#[test]
fn a_request_that_two_servers_would_cut_in_two_ways_is_malformed() {
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Content-Length: 5a",
        "Content-Length: -1",
        "Content-Length:",
        "Content-Length: 99999999999999999999",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding:",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer_Encoding: chunked",
        "Content_Length: 5",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "A: b\r\n c",
        "A: b\r\n\tc",
        "A: b\nTransfer-Encoding: chunked",
        "A: b\rTransfer-Encoding: chunked",
        "A: b\0c",
        "A",
        ": b",
        "A b: c",
        "A\u{fc}: c",
        "Host: a.example",
        "Host: b.example",
        "host: b.example",
        "Upgrade: a\r\nUpgrade: b",
    ] {
        assert!(is_malformed(&with(fields)), "{fields:?}");
    }
    assert!(is_malformed(
        "POST / HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    ));
    assert!(is_malformed("GET / HTTP/1.1\r\n\r\n"));
    assert!(is_malformed("GET / HTTP/1.1\r\nHost: a.example\n\n"));
    assert!(is_malformed(&with(&"A: b\r\n".repeat(300))));
}

#[test]
fn a_host_that_servers_would_read_in_two_ways_is_malformed() {
    for host in [
        "",
        "a.example:",
        "a.example:0",
        "a.example:x",
        "a.example:+80",
        "a.example:65536",
        "u@a.example",
        "a.example/x",
        "a.example, b.example",
        "a example",
        "a%2eexample",
        "\u{fc}.example",
        "::1",
        "[::1",
        "a..example",
        "a.example:80:80",
    ] {
        assert!(is_malformed(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")), "{host:?}");
    }
    for target in ["http://b.example/", "http://a.example:81/", "http://u@a.example/", "http:///x"]
    {
        assert!(
            is_malformed(&format!("GET {target} HTTP/1.1\r\nHost: a.example\r\n\r\n")),
            "{target}"
        );
    }
}

#[test]
fn what_a_lenient_server_would_take_for_a_request_is_malformed_and_not_another_protocol() {
    for line in [
        "CONNECT a.example:443 HTTP/1.1",
        "get / HTTP/1.1",
        "GET / HTTP/2.0",
        "GET / HTTP/1.2",
        "GET / http/1.1",
        "GET / HTTP/1.1 ",
        "GET  / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        " GET / HTTP/1.1",
        "\r\nGET / HTTP/1.1",
        "\nGET / HTTP/1.1",
        "GET /",
        "GET http://b.example/",
        "GET * HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET a HTTP/1.1",
        "GET https://a.example/ HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /\u{fc} HTTP/1.1",
        "GET /a#b HTTP/1.1",
        "GET /a?b#c HTTP/1.1",
        "CONNECT /a HTTP/1.1",
        "GET /..%2fa HTTP/1.1",
        "GET /a\\..\\b HTTP/1.1",
        "GET /\u{1} HTTP/1.1",
        "GET / HTTP/1.1\rX:",
    ] {
        for end in ["\r\n", "\n"] {
            let text = format!("{line}{end}Host: a.example\r\n\r\n");
            assert!(is_malformed(&text), "{text:?}");
        }
    }
    for blank in [0x0b, 0x0c, 0x1c, 0x1d, 0x1e, 0x1f, 0x85, 0xa0] {
        for line in [&b" GET / HTTP/1.1"[..], b"GET / HTTP/1.1", b"GET http://b.example/"] {
            let at = line.iter().position(|byte| *byte == b' ').unwrap();
            let mut text = [line, b"\r\nHost: a.example\r\n\r\n"].concat();
            text[at] = blank;
            assert_eq!(read_http_head(&text), HttpStart::Malformed, "{}", text.escape_ascii());
        }
    }
    assert!(is_malformed("GET / HTTP/1.1\nHost: a.example\r\n\r\n"));
    assert!(is_malformed(&"\r\n".repeat(40)));
    assert!(is_malformed(&format!("GET /{}", "a".repeat(20_000))));
    assert!(is_malformed(&with(&format!("A: {}", "b".repeat(MAX_HEAD)))));
}

#[test]
fn other_protocols_are_no_http() {
    for other in [
        b"SSH-2.0-OpenSSH_9.6\r\n" as &[u8],
        b"EHLO a.example\r\n",
        b"USER anonymous\r\n",
        b"a1 LOGIN x y\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"PING\r\n",
        b"\x16\x03\x01\x02\x00",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"0\x0c\x02\x01\x01\x60\x07",
        b"0 \x02\x01\x01\x60\x07",
        b"CWD /pub\r\n",
    ] {
        assert_eq!(read_http_head(other), HttpStart::NotHttp, "{other:?}");
    }
    assert_eq!(read_http_head(HTTP2_PREFACE), HttpStart::Http2Preface);
    for part in [
        "",
        "G",
        "GET",
        "GET /x HT",
        "GET / HTTP/1.1\r\nHost: a.example\r\n",
        "PRI * HTTP/2.0\r\n\r",
    ] {
        assert_eq!(read_http_head(part.as_bytes()), HttpStart::NeedMore, "{part}");
    }
}

#[test]
fn the_next_request_begins_where_the_body_ends() {
    let stream = "POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n\
                  22\r\nGET /evil HTTP/1.1\r\nHost: b.exampl\r\n0\r\n\r\n\
                  GET /b HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let first = head(stream);
    let rest = &stream.as_bytes()[first.length..];
    let mut body = BodyTracker::new(first.body);
    let used = body.feed(rest).unwrap();
    assert!(body.is_done());
    assert_eq!(head(std::str::from_utf8(&rest[used..]).unwrap()).path, "/b");
}

proptest! {
    #[test]
    fn bytes_that_arrive_in_any_pieces_give_one_answer(
        text in "( |\r\n)?(GET|POST|PRI|get) ?(/[a-z%./]{0,6}|http://a.example|\\*)? ?(HTTP/1.[01]|HTTP/2.0)?(\r\n|\n)((Host: ?[a-b].example|Content-Length: [0-9]|A: \\PC{0,4}|Transfer-Encoding: chunked| b)(\r\n|\n)){0,4}(\r\n)?\\PC{0,3}",
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        check_pieces(text.as_bytes(), &cuts);
    }

    #[test]
    fn long_requests_that_arrive_in_any_pieces_give_one_answer(
        path in 0_usize..20_000,
        fields in prop::collection::vec(0_usize..12_000, 0..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        noise in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let fields: String =
            fields.iter().map(|length| format!("A: {}\r\n", "b".repeat(*length))).collect();
        let text = format!("GET /{} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n", "a".repeat(path));
        let mut bytes = text.into_bytes();
        if let Some((at, byte)) = noise {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check_pieces(&bytes, &cuts);
    }

    #[test]
    fn any_bytes_are_read_without_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        check_pieces(&bytes, &cuts);
    }
}

/// Asked after every piece and at once: the first answer is the last one.
fn check_pieces(bytes: &[u8], cuts: &[prop::sample::Index]) {
    let whole = read_http_head(bytes);
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut reader = HeadReader::default();
    for end in ends {
        let answer = reader.read(&bytes[..end]);
        if end == bytes.len() || answer != HttpStart::NeedMore {
            assert_eq!(answer, whole);
            return;
        }
    }
}
