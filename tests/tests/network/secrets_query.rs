//! Secrets that go out in the address: in the one parameter that was granted.

use crate::program::Done;
use crate::world::World;

const SECRET: &str = "sk-live/8f2z\"c+d=91 &%41";
/// The same in a query.
const ESCAPED: &str = "sk-live%2F8f2z%22c%2Bd%3D91%20%26%2541";
const PLACE: &str = "API_KEY@allowed.example?key";
const NAME: &str = "network.request=allowed.example";
const SIBLING: &str = "network.request=sibling.example";
const FORMS: [&str; 9] =
    ["plain", "quoted", "path", "lower", "form", "twice", "thrice", "all", "json"];

fn run(world: &World, options: &[&str], program: &[&str]) -> Done {
    world.with_variable("API_KEY", SECRET, options, program)
}

fn curl(world: &World, options: &[&str], words: &str) -> Done {
    let options = [options, &["-g", "process.execute"]].concat();
    run(world, &options, &["sh", "-c", &format!("curl -sS -m 5 {words}")])
}

/// Whether some part of it that nobody guesses is there.
fn tells(text: &str) -> bool {
    ["8f2z", "d=91", "d%3d91", "d%3D91"].iter().any(|part| text.contains(part))
}

#[test]
fn a_secret_goes_out_in_the_granted_parameter_and_the_plugin_never_has_it() {
    let mut world = World::new();
    let options = ["--secret", PLACE, "-g", NAME];
    let done = curl(&world, &options, "\"https://allowed.example/x?a=1&key=$API_KEY&b=%20\"; env");
    assert!(done.stdout.starts_with("hello allowed.example GET /x?a=1&key=***"), "{done:?}");
    assert!(done.stdout.contains("API_KEY=rfsecret_"), "{done:?}");
    assert!(!tells(&format!("{done:?}")), "{done:?}");
    let heads = world.heads();
    assert!(heads.contains(&format!("GET /x?a=1&key={ESCAPED}&b=%20 HTTP/1.1")), "{heads}");
    // What was allowed is in the log, and what it is is not.
    let text = format!("{:?}", world.user.records());
    assert!(text.contains("API_KEY@GET https://allowed.example:443/x?key"), "{text}");
    assert!(!tells(&text), "{text}");
}

#[test]
fn in_every_other_place_what_stands_for_it_goes_out_as_it_is() {
    let mut world = World::new();
    let plain = "network.request=allowed.example:80";
    let options = ["--secret", PLACE, "-g", NAME, "-g", SIBLING, "-g", plain];
    for words in [
        // In another parameter, or in what some server takes for another one.
        "\"https://allowed.example/?other=$API_KEY\"",
        "\"https://allowed.example/?KEY=$API_KEY\"",
        "\"https://allowed.example/?key=1;other=$API_KEY\"",
        "\"https://allowed.example/?$API_KEY=key\"",
        "\"https://allowed.example/?a?key=$API_KEY\"",
        // In the path, the fragment, a body, a field, basic authentication.
        "\"https://allowed.example/$API_KEY?key=1\"",
        "\"https://allowed.example/#?key=$API_KEY\"",
        "-d \"key=$API_KEY\" https://allowed.example/",
        "-H \"X-Key: $API_KEY\" https://allowed.example/",
        "-u \"key:$API_KEY\" https://allowed.example/",
        // To another host, and without TLS.
        "-k \"https://sibling.example/?key=$API_KEY\"",
        "\"http://allowed.example/?key=$API_KEY\"",
    ] {
        let done = curl(&world, &options, words);
        assert!(done.stdout.starts_with("hello "), "{words}: {done:?}");
        assert!(!tells(&format!("{done:?}")), "{words}: {done:?}");
        let heads = world.heads();
        assert!(!heads.is_empty() && !tells(&heads), "{words}: {heads}");
    }
    // Who wonders why is told, and what would allow it.
    let done = curl(&world, &options, "\"https://allowed.example/v1?other=$API_KEY\"");
    let repair = "--grant 'secrets.use=API_KEY@GET https://allowed.example:443/v1?other'";
    assert!(done.stderr.contains(repair), "{done:?}");
    let done = curl(&world, &options, "\"https://allowed.example/$API_KEY\"");
    assert!(done.stderr.contains("query parameter that was granted by name"), "{done:?}");
}

#[test]
fn a_secret_for_the_head_does_not_go_into_the_address_unless_that_is_granted_too() {
    let mut world = World::new();
    let words = "-H \"X-Key: $API_KEY\" \"https://allowed.example/?key=$API_KEY\"";
    let head = ["--secret", "API_KEY@allowed.example", "-g", NAME];
    curl(&world, &head, words);
    let heads = world.heads();
    assert!(
        heads.contains("?key=rfsecret_") && heads.contains(&format!("X-Key: {SECRET}")),
        "{heads}"
    );
    curl(&world, &[&["--secret", PLACE], &head[..]].concat(), words);
    let heads = world.heads();
    assert!(heads.contains(&format!("?key={ESCAPED} ")), "{heads}");
    assert!(heads.contains(&format!("X-Key: {SECRET}")), "{heads}");
}

#[test]
fn a_server_that_shows_the_address_shows_no_secret_however_it_writes_it() {
    let mut world = World::new();
    let options = ["--secret", PLACE, "-g", NAME];
    for how in FORMS {
        let words = format!("\"https://allowed.example/shown?how={how}&key=$API_KEY\"");
        let done = curl(&world, &options, &words);
        assert!(
            done.stdout.starts_with("shown ") && done.stdout.contains("***"),
            "{how}: {done:?}"
        );
        assert!(done.stdout.ends_with(" end") && !tells(&done.stdout), "{how}: {done:?}");
        assert!(!done.stdout.contains("%38%66"), "{how}: {done:?}");
        assert!(world.heads().contains(ESCAPED), "it was sent");
    }
}

#[test]
fn a_redirect_takes_no_secret_to_another_host() {
    let mut world = World::new();
    let options = ["--secret", PLACE, "-g", NAME, "-g", SIBLING];
    for how in FORMS.iter().filter(|how| !["plain", "json"].contains(how)) {
        let words = format!(
            "-k -i -L \"https://allowed.example/shown?to=sibling.example&how={how}&key=$API_KEY\""
        );
        let done = curl(&world, &options, &words);
        assert!(
            done.stdout.contains("Location: https://sibling.example/x?key=***"),
            "{how}: {done:?}"
        );
        assert!(done.stdout.contains("hello sibling.example GET /x?key=***"), "{how}: {done:?}");
        assert!(!tells(&done.stdout), "{how}: {done:?}");
        let heads = world.heads();
        let (first, second) = heads.split_once("GET /x?key=").unwrap();
        assert!(first.contains(ESCAPED), "{how}: {heads}");
        assert!(second.starts_with("***") && !tells(second), "{how}: {heads}");
    }
}

#[test]
fn a_plugin_that_fetches_by_a_call_sends_it_in_the_granted_parameter_only() {
    let mut world = World::new();
    let code = "import os, ringfence\n\
        def go(input):\n\
        \x20   key, out = os.environ['API_KEY'], []\n\
        \x20   for url in ['allowed.example/shown?how=twice&key=K', 'allowed.example/shown?how=path&to=sibling.example&key=K',\n\
        \x20       'allowed.example/?other=K', 'allowed.example/K?key=1', 'sibling.example/?key=K']:\n\
        \x20       answer = ringfence.http.fetch('https://' + url.replace('K', key))\n\
        \x20       out.append(dict(answer['headers']).get('location') or answer['body'])\n\
        \x20   ringfence.http.fetch('https://allowed.example/h', headers={'X-Key': key})\n\
        \x20   return out\n";
    let scopes = "permissions: [network.request: [allowed.example, sibling.example], secrets.use: API_KEY]\n";
    let plugin = world.user.python_plugin(code, scopes);
    let words =
        ["-p", "development", "--yes", "--json", "--secret", PLACE, plugin.to_str().unwrap(), "go"];
    let invocation = world.invoke(&[], &words);
    let done = invocation.env("SSL_CERT_FILE", world.authority()).env("API_KEY", SECRET).run();
    let json = done.json();
    assert_eq!(json["ok"], true, "{done:?}");
    assert!(!tells(&format!("{done:?}")), "{done:?}");
    assert!(json["result"][0].as_str().unwrap().starts_with("shown ***"), "{done:?}");
    assert!(
        json["result"][1].as_str().unwrap().starts_with("https://sibling.example/x?key=***"),
        "{done:?}"
    );
    let heads = world.heads();
    assert_eq!(heads.matches(ESCAPED).count(), 2, "{heads}");
    assert_eq!(heads.matches("rfsecret_").count(), 4, "{heads}");
    assert!(!heads.contains(SECRET), "{heads}");
    assert!(!tells(&format!("{:?}", world.user.records())));
}

#[test]
fn a_place_that_names_no_single_parameter_starts_nothing() {
    let world = World::new();
    for place in ["?", "?a&b", "?key=1", "?a;b", "?*", "/?key?"] {
        let secret = format!("API_KEY@allowed.example{place}");
        let done = run(&world, &["--secret", &secret, "-g", NAME], &["echo", "ran"]);
        assert!(done.stdout.is_empty() && done.code == Some(2), "{secret}: {done:?}");
        assert!(done.stderr.contains("NAME@HOST?PARAMETER"), "{secret}: {done:?}");
    }
}
