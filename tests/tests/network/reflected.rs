//! Servers that keep what they were sent, or show a part of it; and requests that say
//! one thing and ask for another.

use crate::program::Done;
use crate::world::World;
use ringfence_tests::eventually;
use std::time::Duration;

const SECRET: &str = "sk-live/8f2z-c+d=91-0123456789abcdefghij";
const PLACE: &str = "API_KEY@allowed.example";
const NAME: &str = "network.request=allowed.example";

fn run(world: &World, options: &[&str], program: &[&str]) -> Done {
    world.with_variable("API_KEY", SECRET, options, program)
}

fn sh(world: &World, options: &[&str], script: &str) -> Done {
    let options = [&["-g", "process.execute"], options].concat();
    run(world, &options, &["sh", "-c", script])
}

fn fetch(world: &World, options: &[&str], permissions: &str, code: &str) -> Done {
    let manifest = format!("permissions: [{permissions}]\n");
    let plugin = world.user.python_plugin(&format!("import os, ringfence\n{code}"), &manifest);
    let words =
        [&["-p", "development", "--yes", "--json"], options, &[plugin.to_str().unwrap(), "go"]];
    let invocation = world.invoke(&[], &words.concat());
    invocation.env("SSL_CERT_FILE", world.authority()).env("API_KEY", SECRET).run()
}

fn hides(done: &Done) {
    let text = format!("{done:?}");
    assert!(!text.contains("8f2z") && !text.contains("0123456789abc"), "{text}");
}

#[test]
fn a_server_that_was_made_to_keep_a_secret_shows_it_to_no_later_request() {
    let mut world = World::new();
    let options =
        ["--secret", PLACE, "-g", NAME, "-g", "network.request=http://allowed.example:80"];
    let place = "allowed.example/stored";
    let script = format!(
        "get() {{ curl -sS -m 5 \"$@\"; echo; }}; get https://{place}\n\
         get -H \"X-Key: $API_KEY\" https://{place}\n\
         get https://{place}; get http://{place}; get -r 10-30 https://{place}\n\
         get http://{place} http://{place}"
    );
    let done = sh(&world, &options, &script);
    hides(&done);
    let lines: Vec<&str> = done.stdout.lines().collect();
    let stars = format!("stored {}", "*".repeat(SECRET.len()));
    assert_eq!(lines[..4], ["nothing", &stars, &stars, &stars], "{done:?}");
    assert_eq!(done.stdout.matches(&stars).count(), 6, "{done:?}");
    assert!(world.heads().contains(SECRET), "it was sent");
}

#[test]
fn one_that_was_sent_in_the_address_is_shown_to_no_later_request_either() {
    let mut world = World::new();
    let options = ["--secret", "API_KEY@allowed.example?key", "-g", NAME];
    let script = "get() { curl -sS -m 5 \"https://allowed.example/stored$1\"; echo; }\n\
         get \"?key=$API_KEY\"; get; get ?again";
    let done = sh(&world, &options, script);
    hides(&done);
    let stars = format!("stored {}", "*".repeat(SECRET.len()));
    assert_eq!(done.stdout.lines().collect::<Vec<_>>(), [&stars; 3], "{done:?}");
    assert!(world.heads().contains("?key=sk-live%2F8f2z"), "it was sent");
}

#[test]
fn nor_in_an_answer_that_began_before_it_was_sent() {
    let mut world = World::new();
    let script = "curl -sSN -m 8 https://allowed.example/wait & sleep 1\n\
         curl -sS -m 5 -o /dev/null -H \"X-Key: $API_KEY\" https://allowed.example/stored; wait";
    let done = sh(&world, &["--secret", PLACE, "-g", NAME], script);
    hides(&done);
    assert_eq!(done.stdout, format!("begun\n{}\n", "*".repeat(SECRET.len())), "{done:?}");
    assert!(world.heads().contains(SECRET), "it was sent");
}

#[test]
fn a_call_and_a_connection_know_what_the_other_one_sent() {
    let world = World::new();
    let code = "import subprocess\n\
         def go(input):\n\
         \x20   key, url = os.environ['API_KEY'], 'https://allowed.example/stored'\n\
         \x20   curl = lambda *more: subprocess.run(['curl', '-sS', '-m', '5', *more, url], capture_output=True, text=True).stdout\n\
         \x20   get = lambda **more: ringfence.http.fetch(url, **more)['body']\n\
         \x20   if input == 'call': return [get(headers={'X-Key': key}), curl()]\n\
         \x20   return [curl('-H', 'X-Key: ' + key), get(), get(headers={'Range': 'bytes=10-30'})]\n";
    let scopes = "network.request: allowed.example, secrets.use: API_KEY, process.execute: curl";
    let stars = format!("stored {}", "*".repeat(SECRET.len()));
    for (input, count) in [("\"call\"", 2), ("\"curl\"", 3)] {
        let done = fetch(&world, &["--secret", PLACE, "--input", input], scopes, code);
        hides(&done);
        let expected = vec![stars.as_str(); count];
        assert_eq!(done.json()["result"], serde_json::json!(expected), "{done:?}");
    }
}

#[test]
fn a_raw_stream_to_a_host_that_knows_a_secret_holds_nothing_back() {
    let world = World::new();
    let code = "import os, socket, ssl, urllib.request\n\
        c = ssl.create_default_context()\n\
        urllib.request.urlopen(urllib.request.Request('https://allowed.example/', headers={'X-Key': os.environ['API_KEY']}), timeout=5)\n\
        s = c.wrap_socket(socket.create_connection(('allowed.example', 443), 5), server_hostname='allowed.example')\n\
        s.settimeout(2)\n\
        s.sendall(b'GET /v1/echo HTTP/1.1\\r\\nHost: allowed.example\\r\\nConnection: Upgrade\\r\\nUpgrade: other\\r\\n\\r\\n')\n\
        head = b''\n\
        while not head.endswith(b'\\r\\n\\r\\n'): head += s.recv(1)\n\
        for words in [b'sk-', b'sk.', b'sk-live/8f']:\n\
        \x20   s.sendall(words)\n\
        \x20   try: print(s.recv(100))\n\
        \x20   except OSError: print('held')\n";
    let options = ["--secret", PLACE, "-g", NAME];
    let done = run(&world, &options, &["/usr/bin/python3", "-c", code]);
    assert_eq!(done.stdout, "b'sk-'\nb'sk.'\nb'sk-live/8f'\n", "{done:?}");
}

#[test]
fn a_server_that_shows_most_of_a_secret_shows_nothing_of_it() {
    let world = World::new();
    let script = format!(
        "for n in {} {} 39; do curl -sS -m 5 -H \"X-Key: $API_KEY\" https://allowed.example/cut?$n; echo; done",
        SECRET.len() / 2,
        SECRET.len() / 2 + 1
    );
    let done = sh(&world, &["--secret", PLACE, "-g", NAME], &script);
    let lines = [20, 21, 39].map(|length| "*".repeat(length));
    assert_eq!(done.stdout.lines().collect::<Vec<_>>(), lines, "{done:?}");
}

#[test]
fn a_field_that_changes_the_method_or_the_path_does_not_pass_a_scope_that_has_one() {
    let mut world = World::new();
    let fields = [
        "X-HTTP-Method-Override: DELETE",
        "x_method_override: DELETE",
        "X-Original-URL: /admin",
        "X-Forwarded-Prefix: /admin",
    ];
    for scope in ["GET https://allowed.example", "https://allowed.example/v1/*"] {
        let grant = format!("network.request={scope}");
        for field in fields {
            let script = format!("curl -sS -m 5 -H '{field}' https://allowed.example/v1/a");
            let done = sh(&world, &["-g", &grant], &script);
            assert!(!done.stdout.contains("hello"), "{field}: {done:?}");
            assert!(done.stderr.contains("X-HTTP-Method-Override"), "{field}: {done:?}");
            assert_eq!(world.heads(), "", "{field}");
        }
    }
    // Whoever may ask for everything may ask for it in this way.
    let script = format!("curl -sS -m 5 -H '{}' https://allowed.example/v1/a", fields[0]);
    let done =
        sh(&world, &["-g", NAME, "-g", "network.request=GET https://allowed.example"], &script);
    assert!(done.stdout.starts_with("hello "), "{done:?}");
    let done = sh(&world, &["--secret", PLACE, "-g", NAME], &script);
    assert!(done.stdout.starts_with("hello "), "{done:?}");
    // A call is no other way.
    let code = "def go(input):\n\
         \x20   try: return ringfence.http.fetch('https://allowed.example/v1/a', headers={'X-HTTP-Method': 'DELETE'})['status']\n\
         \x20   except ringfence.RingfenceError as error: return 'refused'\n";
    world.heads();
    let done = fetch(&world, &[], "network.request: 'GET https://allowed.example'", code);
    assert_eq!(done.json()["result"], "refused", "{done:?}");
    assert_eq!(world.heads(), "");
}

#[test]
fn a_secret_for_one_path_goes_out_with_no_field_that_asks_for_another() {
    let mut world = World::new();
    let (field, url) = ("-H 'X-Original-URL: /v2'", "https://allowed.example/v1/a");
    let place = "API_KEY@https://allowed.example/v1/*";
    for (place, words) in [
        (place.to_owned(), format!("-H \"X-Key: $API_KEY\" {url}")),
        (format!("{place}?key"), format!("\"{url}?key=$API_KEY\"")),
    ] {
        let options = ["--secret", &place, "-g", NAME];
        let done = sh(&world, &options, &format!("curl -sS -m 5 {words} {field}"));
        assert!(!world.heads().contains("8f2z"), "{done:?}");
        assert!(done.stderr.contains("X-HTTP-Method-Override"), "{done:?}");
        // Without the field it does.
        let done = sh(&world, &options, &format!("curl -sS -m 5 {words}"));
        assert!(world.heads().contains("8f2z"), "{done:?}");
    }
    // A call is no other way.
    let code = "def go(input):\n\
         \x20   fields = {'X-Key': os.environ['API_KEY'], input: '/v2'}\n\
         \x20   return ringfence.http.fetch('https://allowed.example/v1/a', headers=fields)['status']\n";
    let scopes = "network.request: allowed.example, secrets.use: API_KEY";
    for (field, goes) in [("\"X-Original-URL\"", false), ("\"X-Other\"", true)] {
        let done = fetch(&world, &["--secret", place, "--input", field], scopes, code);
        assert_eq!(done.json()["result"], 200, "{done:?}");
        assert_eq!(world.heads().contains("8f2z"), goes, "{field}: {done:?}");
    }
}

#[test]
fn a_placeholder_where_no_secret_goes_is_no_use_of_it() {
    let mut world = World::new();
    let asked = world.user.path("asked");
    let source = format!(
        "API_KEY=command:{}@allowed.example",
        world
            .user
            .write("tell", format!("#!/bin/sh\necho asked >> {}\necho {SECRET}\n", asked.display()))
            .display()
    );
    std::fs::set_permissions(
        world.user.path("tell"),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    let script = "curl -sS -m 5 \"https://allowed.example/$API_KEY?k=$API_KEY\"";
    let code = "def go(input): return ringfence.http.fetch('https://allowed.example/?k=' + os.environ['API_KEY'])['status']\n";
    let scopes = "network.request: allowed.example, secrets.use: API_KEY";
    let at_start = |world: &World| {
        sh(world, &["--secret", &source, "-g", NAME], "true");
        std::fs::read_to_string(&asked).unwrap_or_default().lines().count()
    };
    let before = at_start(&world);
    sh(&world, &["--secret", &source, "-g", NAME], script);
    fetch(&world, &["--secret", &source], scopes, code);
    let after = std::fs::read_to_string(&asked).unwrap_or_default().lines().count();
    assert_eq!(after, 3 * before, "it is asked at a start and never else");
    let records = world.user.records();
    let uses: Vec<_> = records
        .iter()
        .map(ToString::to_string)
        .filter(|text| text.contains("secrets.use") && text.contains("API_KEY@GET"))
        .filter(|text| text.contains("allowed"))
        .collect();
    assert!(!uses.iter().any(|text| text.contains("effect_allowed")), "{uses:?}");
    assert!(!world.heads().contains(SECRET));
}

#[test]
fn a_client_that_waits_to_be_told_to_go_on_is_told_so() {
    let mut world = World::new();
    let code = "import os, socket, ssl\n\
        c = ssl.create_default_context()\n\
        s = c.wrap_socket(socket.create_connection(('allowed.example', 443), 5), server_hostname='allowed.example')\n\
        s.settimeout(3)\n\
        s.sendall(('POST /v1/a HTTP/1.1\\r\\nHost: allowed.example\\r\\nExpect: 100-continue\\r\\nContent-Length: 5\\r\\nX-Key: ' + os.environ['API_KEY'] + '\\r\\n\\r\\n').encode())\n\
        try: print(s.recv(100).split(b'\\r')[0])\n\
        except OSError: print('never')\n\
        s.sendall(b'hello')\n\
        while data := s.recv(1000): print(data.decode(), end='')\n";
    let options = ["--secret", PLACE, "-g", NAME];
    let done = run(&world, &options, &["/usr/bin/python3", "-c", code]);
    assert!(done.stdout.starts_with("b'HTTP/1.1 100 Continue'\n"), "{done:?}");
    assert!(done.stdout.contains("hello allowed.example POST /v1/a 5"), "{done:?}");
    assert!(world.heads().contains(SECRET));
}

#[test]
fn a_name_server_that_says_nothing_holds_a_call_no_longer_than_it_says() {
    let world = World::new();
    let code = "def go(input):\n\
         \x20   try: ringfence.http.fetch('http://silent.example/', timeout=0.2)\n\
         \x20   except ringfence.RingfenceError as error: return str(error)\n";
    let done = fetch(&world, &[], "network.request: 'http://silent.example'", code);
    // A look-up that is waited for to its end fails in other words.
    let result = done.json()["result"].to_string();
    assert!(result.contains("the look-up: timed out"), "{done:?}");
}

#[test]
fn ctrl_c_ends_a_call_that_waits_for_a_server() {
    let world = World::new();
    let code = "import ringfence, sys\n\
         def go(input):\n\
         \x20   print('asking', file=sys.stderr, flush=True)\n\
         \x20   ringfence.http.fetch('http://allowed.example/meet?2')\n";
    let plugin = world
        .user
        .python_plugin(code, "permissions: [network.request: 'http://allowed.example']\n");
    let words = ["-p", "development", "--yes", plugin.to_str().unwrap(), "go"];
    let started = world.invoke(&[], &words).start();
    started.stderr.wait_for("asking");
    let is_asked = || world.user.records().iter().any(|r| r.to_string().contains("http.fetch"));
    assert!(eventually(Duration::from_secs(10), is_asked));
    started.signal_group(rustix::process::Signal::INT);
    let done = started.finish();
    assert_eq!(done.code, Some(130), "{done:?}");
    let records = world.user.records();
    let said = |record: &serde_json::Value| record["event"].to_string().contains("interrupted");
    assert!(records.iter().any(said), "{records:#?}");
}
