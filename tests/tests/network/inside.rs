//! Requests inside TLS, allowed one by one.

use crate::program::Done;
use crate::world::World;

const V1: &str = "network.request=GET https://allowed.example/v1/*";

/// curl with nothing but what it trusts by itself in the jail.
fn curl(world: &World, grants: &[&str], words: &[&str]) -> Done {
    let mut options = Vec::new();
    for grant in grants {
        options.extend(["-g", grant]);
    }
    world.run(&options, &[&["curl", "-sS", "-m", "5"], words].concat())
}

#[test]
fn method_and_path_are_held_inside_tls_for_every_request() {
    let world = World::new();
    let done = curl(&world, &[V1], &["https://allowed.example/v1/items?all"]);
    assert_eq!(done.stdout, "hello allowed.example GET /v1/items?all 0\n", "{done:?}");
    for words in [
        &["https://allowed.example/v2/items"][..],
        &["-d", "x", "https://allowed.example/v1/items"],
        &["--path-as-is", "https://allowed.example/v1/../v2"],
        &["-H", "Host: sibling.example", "https://allowed.example/v1/x"],
        &[
            "-k",
            "--connect-to",
            "sibling.example:443:allowed.example:443",
            "https://sibling.example/v1/x",
        ],
        &["http://allowed.example:443/v1/x"],
    ] {
        let done = curl(&world, &[V1], words);
        assert!(!done.stdout.contains("hello"), "{words:?}: {done:?}");
        assert!(done.stderr.contains("denied: network.request"), "{words:?}: {done:?}");
    }
    let both = curl(&world, &[V1], &["https://allowed.example/v1/a", "https://allowed.example/b"]);
    assert_eq!(both.stdout, "hello allowed.example GET /v1/a 0\n", "{both:?}");
    let records = world.user.records();
    let asked =
        |text: &str| records.iter().any(|record| record["event"]["metadata"]["object"] == text);
    assert!(asked("GET https://allowed.example:443/v1/items"), "{records:?}");
}

#[test]
fn unmodified_clients_trust_what_opens_their_tls() {
    let world = World::new();
    let python = "import urllib.request\n\
        print(urllib.request.urlopen('https://allowed.example/v1/p', timeout=5).read().decode())\n";
    let done = world.python(&[V1], python);
    assert_eq!(done.stdout, "hello allowed.example GET /v1/p 0\n\n", "{done:?}");
    let node = "fetch('https://allowed.example/v1/n').then(a => a.text()).then(console.log)";
    let done = world.run(&["-g", V1], &["node", "-e", node]);
    assert_eq!(done.stdout, "hello allowed.example GET /v1/n 0\n\n", "{done:?}");
}

#[test]
fn a_server_that_cannot_prove_its_name_gets_no_request() {
    // Its certificate is by an authority that this machine does not trust.
    let mut world = World::new();
    let done = world
        .distrusting(&["-g", V1], &["curl", "-sSk", "-m", "5", "https://allowed.example/v1/x"]);
    assert_ne!(done.code, Some(0), "{done:?}");
    assert!(!done.stdout.contains("hello"), "{done:?}");
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
    let ended = world.user.records();
    assert!(
        ended.iter().any(|r| r["event"]["metadata"]["reason"].to_string().contains("certificate"))
    );
}

#[test]
fn another_protocol_inside_begins_only_when_the_server_agrees() {
    let world = World::new();
    // The server does not know the upgrade and answers as to any request; what
    // follows is a request again, and is looked at.
    let code = "import socket, ssl\n\
        def talk(*said):\n\
        \x20   c = ssl.create_default_context()\n\
        \x20   s = c.wrap_socket(socket.create_connection(('allowed.example', 443), 5), server_hostname='allowed.example')\n\
        \x20   try:\n\
        \x20       for words in said: s.sendall(words)\n\
        \x20       while data := s.recv(65536): print(data.decode(), end='')\n\
        \x20   except OSError as error: print('cut')\n\
        head = b'GET %s HTTP/1.1\\r\\nHost: allowed.example\\r\\n%s\\r\\n'\n\
        up = b'Connection: Upgrade\\r\\nUpgrade: websocket\\r\\n'\n\
        talk(head % (b'/v1/ws', up), head % (b'/secret', b''))\n\
        talk(head % (b'/v1/one', b''), head % (b'/v1/ws', up), head % (b'/secret', b''))\n\
        talk(head % (b'/v1/h2', b'Connection: Upgrade, HTTP2-Settings\\r\\nUpgrade: h2c\\r\\nHTTP2-Settings: AA\\r\\n'))\n";
    let done = world.python(&[V1], code);
    assert!(done.stdout.contains("GET /v1/ws 0"), "{done:?}");
    for never in ["/secret", "/v1/h2"] {
        assert!(!done.stdout.contains(never), "{done:?}");
    }
    for reason in ["GET https://allowed.example:443/secret", "may upgrade", "asks for HTTP/2"] {
        assert!(done.stderr.contains(reason), "{reason}: {done:?}");
    }
}
