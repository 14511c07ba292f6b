//! `http.fetch`: requests that a plugin asks for by a call.

use crate::program::Done;
use crate::world::World;

const SECRET: &str = "sk-live/8f2z-c+d=91";

fn fetch(world: &World, options: &[&str], permissions: &str, code: &str) -> Done {
    let manifest = format!("permissions: [{permissions}]\n");
    let plugin = world.user.python_plugin(&format!("import os, ringfence\n{code}"), &manifest);
    let words =
        [&["-p", "development", "--yes", "--json"], options, &[plugin.to_str().unwrap(), "go"]];
    let mut invocation = world.invoke(&[], &words.concat());
    invocation = invocation.env("SSL_CERT_FILE", world.authority()).env("API_KEY", SECRET);
    invocation.run()
}

/// A function `ask` that tells status and body, or the code of the refusal.
const ASK: &str = "def ask(url, **more):\n\
    \x20   try:\n\
    \x20       answer = ringfence.http.fetch(url, **more)\n\
    \x20       return [answer['status'], answer['body']]\n\
    \x20   except ringfence.RingfenceError as error: return error.code\n";

#[test]
fn a_plugin_fetches_what_was_granted_and_nothing_else() {
    let mut world = World::new();
    let code = format!(
        "{ASK}def go(input):\n\
         \x20   yes = [ask('https://allowed.example/v1/x?q#f'), ask('https://allowed.example/v1/y', method='post', body='abc')]\n\
         \x20   no = [ask(u) for u in ['https://allowed.example/v2', 'http://allowed.example/v1/x',\n\
         \x20       'https://sibling.example/v1/x', 'https://93.184.216.10/v1/x', 'https://allowed.example:8443/v1/x',\n\
         \x20       'https://allowed.example/v1/%2e%2e/v2', 'file:///etc/passwd', 'https://u:p@allowed.example/v1/x']]\n\
         \x20   return yes, no\n"
    );
    let scope = "network.request: 'https://allowed.example/v1/*'";
    let done = fetch(&world, &[], scope, &code);
    let result = done.json()["result"].clone();
    assert_eq!(result[0][0][1], "hello allowed.example GET /v1/x?q 0\n", "{done:?}");
    assert_eq!(result[0][1][1], "hello allowed.example POST /v1/y 3\n", "{done:?}");
    let no: Vec<&str> =
        result[1].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    assert_eq!(no[..6], ["not_granted"; 6], "{done:?}");
    assert_eq!(no[6..], ["invalid"; 2], "{done:?}");
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
    assert_eq!(world.heads().matches("/v2").count(), 0);
}

#[test]
fn a_redirect_is_an_answer_and_where_it_leads_is_decided_anew() {
    let mut world = World::new();
    let code = format!(
        "{ASK}def go(input):\n\
         \x20   first = ringfence.http.fetch('https://allowed.example/to?http://10.1.2.3/')\n\
         \x20   to = dict(first['headers'])['location']\n\
         \x20   return [first['status'], to, ask(to)]\n"
    );
    let done = fetch(&world, &[], "network.request: allowed.example", &code);
    let result = &done.json()["result"];
    assert_eq!(*result, serde_json::json!([302, "http://10.1.2.3/", "not_granted"]), "{done:?}");
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
}

#[test]
fn names_that_lead_inside_long_answers_and_fields_of_ours_are_refused() {
    let mut world = World::new();
    let code = format!(
        "{ASK}def go(input): return [ask('http://private.example/'), ask('http://rebinding.example/'),\n\
         \x20   ask('http://rebinding.example/'), ask('http://allowed.example/bytes?5000', max=4999),\n\
         \x20   ask('http://allowed.example/', headers={{'Host': 'sibling.example'}}),\n\
         \x20   ask('http://allowed.example/', headers={{'X': 'a\\r\\nHost: b'}}),\n\
         \x20   ask('http://allowed.example/', method='POST', headers={{'Transfer_Encoding': 'chunked'}}),\n\
         \x20   ask('http://allowed.example/', body='x'), ask('http://allowed.example/', method='CONNECT')]\n"
    );
    let scopes = "network.request: ['http://private.example', 'http://rebinding.example', 'http://allowed.example']";
    let done = fetch(&world, &[], scopes, &code);
    let result = done.json()["result"].clone();
    assert_eq!(result[0], "failed", "{done:?}");
    assert_eq!(result[1][0], 200, "{done:?}");
    // The connection of the first is kept, so its address is not looked up again; it
    // is never another one than was judged.
    assert!(result[2][0] == 200 || result[2] == "failed", "{done:?}");
    assert_eq!(result[3], "failed", "{done:?}");
    for number in 4..9 {
        assert_eq!(result[number], "invalid", "{number}: {done:?}");
    }
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
    assert!(!done.json()["usage"]["denials"].as_array().unwrap().is_empty());
}

#[test]
fn a_server_that_hangs_holds_nobody_longer_than_the_call_that_waits_for_it() {
    let world = World::new();
    let code = "import ringfence, time\n\
         def go(input):\n\
         \x20   time.sleep(2.5)\n\
         \x20   ringfence.http.fetch('http://allowed.example/meet?2')\n";
    let manifest =
        "permissions: [network.request: 'http://allowed.example']\ntimeouts:\n  call: 3s\n";
    let plugin = world.user.python_plugin(code, manifest);
    let options = ["-p", "development", "--yes", "--json"];
    let done = world.run_plugin(&options, plugin.to_str().unwrap());
    assert_eq!(done.json()["ok"], false, "{done:?}");
    assert!(done.took.as_secs() < 5, "{done:?}");
}

#[test]
fn a_secret_goes_out_in_it_and_does_not_come_back() {
    let mut world = World::new();
    let code = "def go(input):\n\
         \x20   key = os.environ['API_KEY']\n\
         \x20   assert key.startswith('rfsecret_')\n\
         \x20   a = ringfence.http.fetch('https://allowed.example/reflect?plain', headers={'X-Key': key})\n\
         \x20   b = ringfence.http.fetch('https://sibling.example/reflect?plain', headers={'X-Key': key})\n\
         \x20   return [a['body'], b['body']]\n";
    let scopes = "network.request: [allowed.example, sibling.example], secrets.use: API_KEY";
    let done = fetch(&world, &["--secret", "API_KEY@allowed.example"], scopes, code);
    assert_eq!(done.json()["ok"], true, "{done:?}");
    assert!(!format!("{done:?}").contains("8f2z"), "{done:?}");
    let heads = world.heads();
    assert_eq!(heads.matches(SECRET).count(), 1, "{heads}");
}

/// How often what follows `head` in this process's memory has that digest: so that the
/// search itself brings nothing of what it looks for into memory.
const SEARCH: &str = "import hashlib, re, urllib.request\n\
    def seen(head, length, digest):\n\
    \x20   found = 0\n\
    \x20   with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:\n\
    \x20       for line in maps.readlines():\n\
    \x20           begin, end = (int(at, 16) for at in line.split()[0].split('-'))\n\
    \x20           if 'r' not in line.split()[1] or '[v' in line: continue\n\
    \x20           memory.seek(begin)\n\
    \x20           try: held = memory.read(end - begin)\n\
    \x20           except OSError: continue\n\
    \x20           for at in re.finditer(re.escape(head), held):\n\
    \x20               rest = held[at.end():at.end() + length]\n\
    \x20               found += hashlib.sha256(rest).hexdigest() == digest\n\
    \x20   return found\n";

#[test]
fn the_memory_of_a_plugin_that_used_a_secret_holds_no_secret() {
    let mut world = World::new();
    // The digest is that of what follows `sk-live/` in the secret.
    let code = format!(
        "{SEARCH}def go(input):\n\
         \x20   key = os.environ['API_KEY']\n\
         \x20   url, heads = 'https://allowed.example/reflect?plain', {{'X-Key': key}}\n\
         \x20   ringfence.http.fetch(url, headers=heads)\n\
         \x20   urllib.request.urlopen(urllib.request.Request(url, headers=heads)).read()\n\
         \x20   rest = key[9:].encode()\n\
         \x20   known = seen(b'rfsecret_', len(rest), hashlib.sha256(rest).hexdigest())\n\
         \x20   return [known, seen(b'sk-live/', 11,\n\
         \x20       '08b8c94a3257e8e6fc0c01b654eb742ee77868a94cf16b3a523f7ff3a36ccdc5')]\n"
    );
    let scopes = "network.request: allowed.example, secrets.use: API_KEY";
    let done = fetch(&world, &["--secret", "API_KEY@allowed.example"], scopes, &code);
    let result = done.json()["result"].clone();
    // It finds what the plugin does have.
    assert!(result[0].as_u64().is_some_and(|known| known > 0), "{done:?}");
    assert_eq!(result[1], 0, "{done:?}");
    // Both requests took it out.
    assert_eq!(world.heads().matches(SECRET).count(), 2);
}

#[test]
fn a_secret_goes_out_in_it_as_in_a_connection() {
    let mut world = World::new();
    let code = "import base64\n\
         def go(input):\n\
         \x20   key = os.environ['API_KEY']\n\
         \x20   word = base64.b64encode(('user:' + key).encode()).decode()\n\
         \x20   a = ringfence.http.fetch('https://allowed.example/reflect?range', headers={\n\
         \x20       'Authorization': 'Basic ' + word, 'X-Key': key, 'Range': 'bytes=0-9'})\n\
         \x20   return a['body']\n";
    let scopes = "network.request: allowed.example, secrets.use: API_KEY";
    let done = fetch(&world, &["--secret", "API_KEY@allowed.example"], scopes, code);
    assert_eq!(done.json()["ok"], true, "{done:?}");
    assert!(!format!("{done:?}").contains("8f2z") && done.stdout.contains("***"), "{done:?}");
    let heads = world.heads();
    assert!(heads.contains("dXNlcjpzay1saXZlLzhmMnotYytkPTkx"), "{heads}");
    assert!(!heads.to_ascii_lowercase().contains("range:"), "{heads}");
}

#[test]
fn node_fetches_by_the_same_call() {
    let world = World::new();
    let folder = world.user.path("node-plugin");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("plugin.yaml"),
        "name: n\nruntime: node\nentry: p.cjs\npermissions: [network.request: allowed.example]\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("p.cjs"),
        "exports.go = async (input, ringfence) => (await ringfence.http.fetch('https://allowed.example/n')).body",
    )
    .unwrap();
    let done =
        world.run_plugin(&["-p", "development", "--yes", "--json"], folder.to_str().unwrap());
    assert_eq!(done.json()["result"], "hello allowed.example GET /n 0\n", "{done:?}");
}

/// Runs the action `go` of a plugin for the engine that is built in.
fn fetch_in_javascript(world: &World, permissions: &str, code: &str) -> Done {
    world.user.write("plugin/plugin.js", code);
    let head = "name: example\nversion: 1.0.0\nruntime: javascript\nentry: plugin.js\n";
    world.user.write("plugin/plugin.yaml", format!("{head}permissions: [{permissions}]\n"));
    let plugin = world.user.path("plugin");
    let words = ["-p", "development", "--yes", "--json", plugin.to_str().unwrap(), "go"];
    world.invoke(&[], &words).env("SSL_CERT_FILE", world.authority()).run()
}

const FETCH: &str =
    "const ask = async (url, more) => { try { const answer = await fetch(url, more);
    return [answer.status, await answer.text()] } catch (e) { return e.code ?? e.name } };";

#[test]
fn fetch_of_the_built_in_engine_reaches_what_was_granted_and_is_decided_at_each_hop() {
    let mut world = World::new();
    let code = format!(
        "{FETCH} export const go = async () => [
            await ask('https://allowed.example/v1/x?q#f'),
            await ask('https://allowed.example/v1/y', {{ method: 'post', body: 'abc' }}),
            await ask('https://sibling.example/v1/x'),
            await ask('https://allowed.example/to?http://10.1.2.3/')];"
    );
    let done = fetch_in_javascript(&world, "network.request: allowed.example", &code);
    let result = done.json()["result"].clone();
    assert_eq!(result[0][1], "hello allowed.example GET /v1/x?q 0\n", "{done:?}");
    assert_eq!(result[1][1], "hello allowed.example POST /v1/y 3\n", "{done:?}");
    assert_eq!(result[2], "not_granted", "{done:?}");
    // The redirect was answered, and where it leads was refused.
    assert_eq!(result[3], "not_granted", "{done:?}");
    assert!(world.traffic().connected().iter().all(|to| *to == "93.184.216.10"));
}

#[test]
fn fetch_of_the_built_in_engine_without_a_grant_sends_nothing() {
    let mut world = World::new();
    let code = format!(
        "{FETCH} export const go = async () => [await ask('https://allowed.example/v1/x'), await ask('http://93.184.216.10/')];"
    );
    let done = fetch_in_javascript(&world, "", &code);
    assert_eq!(
        done.json()["result"],
        serde_json::json!(["not_granted", "not_granted"]),
        "{done:?}"
    );
    assert!(world.traffic().is_silent());
}
