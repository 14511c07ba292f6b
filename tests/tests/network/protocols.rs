//! What is said on an allowed connection must fit what was allowed.

use crate::world::World;

const TLS: &str = "network.request=allowed.example";

/// Sends bytes over plain TCP to an allowed host and prints what comes back.
fn send(world: &World, grant: &str, port: u16, bytes: &str) -> String {
    let code = format!(
        "import socket\n\
         s = socket.create_connection(('allowed.example', {port}), 5)\n\
         s.sendall({bytes})\n\
         try:\n\
         \x20   s.settimeout(3)\n\
         \x20   while data := s.recv(65536): print(data.decode('latin-1'), end='')\n\
         except OSError as error: print(type(error).__name__)\n"
    );
    let done = world.python(&[grant], &code);
    assert_eq!(done.code, Some(0), "{done:?}");
    done.stdout
}

#[test]
fn tls_works_for_the_name_that_was_allowed_and_shows_no_other() {
    let mut world = World::new();
    let done = world.get(&[TLS], "https://allowed.example/x");
    assert_eq!(done.stdout, "hello allowed.example GET /x 0\n", "{done:?}");
    world.traffic();
    // The connection is to an allowed name, the greeting asks for another one.
    let connect = ["--connect-to", "sibling.example:443:allowed.example:443"];
    let fronted = world.curl(&[TLS], &[&connect[..], &["https://sibling.example/"]].concat());
    assert_ne!(fronted.code, Some(0), "{fronted:?}");
    assert!(fronted.stderr.contains("denied: network.request"), "{fronted:?}");
    assert!(!world.traffic().was_written_to("93.184.216.10", 443), "no byte of it went out");
}

#[test]
fn tls_without_a_name_goes_only_where_the_grant_says_opaque() {
    let world = World::new();
    let code = "import socket, ssl\n\
        c = ssl._create_unverified_context()\n\
        s = socket.create_connection(('allowed.example', 443), 5)\n\
        try: print(c.wrap_socket(s).version())\n\
        except OSError as error: print(type(error).__name__)\n";
    let strict = world.python(&[TLS], code);
    assert_eq!(strict.stdout, "ConnectionResetError\n", "{strict:?}");
    assert!(strict.stderr.contains("--grant network.request=tls-opaque://allowed.example:443"));
    let opaque = world.python(&["network.request=tls-opaque://allowed.example:443"], code);
    assert_eq!(opaque.stdout, "TLSv1.3\n", "{opaque:?}");
}

#[test]
fn a_scheme_allows_that_protocol_and_no_other_on_its_port() {
    let world = World::new();
    let plain = "b'GET / HTTP/1.0\\r\\nHost: allowed.example:443\\r\\n\\r\\n'";
    let answer = send(&world, "network.request=https://allowed.example", 443, plain);
    assert_eq!(answer, "ConnectionResetError\n");
    for bytes in
        ["b'\\x16\\x03\\x01\\x00\\x05hello'", "b'\\0\\1\\2\\3\\4\\5\\6\\7'", "b'SSH-2.0-x\\r\\n'"]
    {
        let answer = send(&world, "network.request=http://allowed.example", 80, bytes);
        assert!(answer.contains("ConnectionResetError"), "{bytes}: {answer}");
    }
    let get = "b'GET / HTTP/1.0\\r\\nHost: allowed.example\\r\\n\\r\\n'";
    let answer = send(&world, "network.request=http://allowed.example", 80, get);
    assert!(answer.ends_with("hello allowed.example GET / 0\n"), "{answer}");
}

#[test]
fn method_and_path_of_plain_http_are_held_for_every_request_of_a_connection() {
    let world = World::new();
    let grant = "network.request=GET http://allowed.example/v1/*";
    let done = world.get(&[grant], "http://allowed.example/v1/items?all=1");
    assert!(done.stdout.starts_with("hello "), "{done:?}");
    for words in [
        &["http://allowed.example/v2/items"][..],
        &["-X", "POST", "-d", "x", "http://allowed.example/v1/items"],
        &["--path-as-is", "http://allowed.example/v1/../v2/items"],
        &["--path-as-is", "http://allowed.example/v1/%2e%2e/v2/items"],
        &["--path-as-is", "http://allowed.example//v1/items"],
    ] {
        let done = world.curl(&[grant], words);
        assert!(!done.stdout.contains("hello"), "{words:?}: {done:?}");
    }
    let second = world.curl(&[grant], &["http://allowed.example/v1/a", "http://allowed.example/b"]);
    assert_eq!(second.stdout, "hello allowed.example GET /v1/a 0\n", "{second:?}");
}

#[test]
fn a_request_hidden_behind_another_one_does_not_pass() {
    let world = World::new();
    let grant = "network.request=GET http://allowed.example/v1/*";
    for head in [
        "POST /v1/ HTTP/1.1\\r\\nHost: allowed.example\\r\\nContent-Length: 0\\r\\nContent-Length: 40",
        "GET /v1/ HTTP/1.1\\r\\nHost: allowed.example\\r\\nContent-Length: 0\\r\\nTransfer-Encoding: chunked",
        "GET /v1/ HTTP/1.1\\r\\nHost: allowed.example\\r\\nHost: sibling.example",
        "GET /v1/ HTTP/1.1\\r\\nHost: sibling.example",
        "GET /v1/ HTTP/1.1\\r\\nHost : allowed.example",
        "GET /v1/ HTTP/1.1\\nHost: allowed.example\\n",
        "GET http://sibling.example/v1/ HTTP/1.1\\r\\nHost: allowed.example",
        "CONNECT sibling.example:80 HTTP/1.1\\r\\nHost: allowed.example",
        "GET /v1/ HTTP/1.1\\r\\nHost: allowed.example\\r\\nX: y\\r\\n folded: z",
    ] {
        let bytes = format!(
            "b'{head}\\r\\n\\r\\nGET /secret HTTP/1.1\\r\\nHost: allowed.example\\r\\n\\r\\n'"
        );
        let answer = send(&world, grant, 80, &bytes);
        assert!(!answer.contains("hello"), "{head}: {answer}");
    }
    // Two good ones, one behind the other, both pass.
    let one = "GET /v1/a HTTP/1.1\\r\\nHost: allowed.example\\r\\n\\r\\n";
    let last = "GET /v1/b HTTP/1.1\\r\\nHost: allowed.example\\r\\nConnection: close\\r\\n\\r\\n";
    let answer = send(&world, grant, 80, &format!("b'{one}{last}'"));
    assert!(answer.contains("GET /v1/a") && answer.contains("GET /v1/b"), "{answer}");
}

#[test]
fn bytes_wait_until_enough_came_to_decide_however_slowly_they_come() {
    let world = World::new();
    let code = "import socket, time\n\
        s = socket.create_connection(('allowed.example', 80), 5)\n\
        for byte in b'GET /v1/x HTTP/1.1\\r\\nHost: allowed.example\\r\\nConnection: close\\r\\n\\r\\n':\n\
        \x20   s.sendall(bytes([byte])); time.sleep(0.001)\n\
        while data := s.recv(65536): print(data.decode(), end='')\n";
    let done = world.python(&["network.request=GET http://allowed.example/v1/*"], code);
    assert!(done.stdout.ends_with("hello allowed.example GET /v1/x 0\n"), "{done:?}");
}

#[test]
fn asking_for_another_protocol_opens_nothing_that_was_not_allowed() {
    let world = World::new();
    let ask =
        "GET /v1/a HTTP/1.1\\r\\nHost: allowed.example\\r\\nConnection: Upgrade\\r\\nUpgrade: x";
    // The server knows no other protocol and reads on as HTTP.
    let to = |path: &str, host: &str| {
        format!(
            "b'{ask}\\r\\n\\r\\nGET {path} HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n'"
        )
    };
    let narrow = "network.request=GET http://allowed.example/v1/*";
    let answer = send(&world, narrow, 80, &to("/v1/b", "allowed.example"));
    assert!(answer.contains("GET /v1/a") && answer.contains("GET /v1/b"), "{answer}");
    for (grant, path, host) in [
        (narrow, "/secret", "allowed.example"),
        ("network.request=http://allowed.example", "/", "sibling.example"),
        ("network.request=allowed.example:80", "/", "sibling.example"),
    ] {
        let answer = send(&world, grant, 80, &to(path, host));
        assert!(!answer.contains(&format!("{host} GET {path} ")), "{grant}: {answer}");
    }
    // Words of the other protocol go out only to a server that agreed.
    let frame = format!("b'{ask}\\r\\n\\r\\n\\x81\\x80abcd'");
    for grant in [narrow, "network.request=allowed.example:80"] {
        let answer = send(&world, grant, 80, &frame);
        assert!(answer.contains("ConnectionResetError"), "{grant}: {answer}");
    }
    let agreed = frame.replace("/v1/a", "/v1/echo");
    let answer = send(&world, narrow, 80, &agreed.replace("abcd", "abcdq"));
    assert!(answer.contains("101 Switching") && answer.ends_with("abcdq"), "{answer}");
}

#[test]
fn who_has_said_everything_still_gets_a_late_answer() {
    let world = World::new();
    let code = "import socket\n\
        s = socket.create_connection(('allowed.example', 80), 5)\n\
        s.sendall(b'GET /late HTTP/1.0\\r\\nHost: allowed.example\\r\\n\\r\\n')\n\
        s.shutdown(socket.SHUT_WR)\n\
        while data := s.recv(65536): print(data.decode(), end='')\n";
    let done = world.python(&["network.request=http://allowed.example"], code);
    assert!(done.stdout.ends_with("late\n"), "{done:?}");
}
