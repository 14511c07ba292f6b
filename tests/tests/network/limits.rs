//! How much of the network one run may have.

use crate::world::World;

const ALLOWED: &str = "network.request=allowed.example:80";

/// The last `--preset` would win, so these runs have one of their own.
fn limited(world: &World, limits: &str, code: &str) -> (String, String) {
    let manifest =
        format!("resources: {{{limits}}}\npermissions:\n  - network.request: allowed.example:80\n");
    let plugin = world.user.python_plugin(&format!("{GET}{code}"), &manifest);
    let done =
        world.run_plugin(&["-p", "development", "--yes", "--json"], plugin.to_str().unwrap());
    let report = done.json();
    assert_eq!(report["ok"], true, "{}", report["error"]);
    (report["result"].to_string(), report["usage"]["denials"].to_string())
}

const GET: &str = "import http.client\n\
    def get(path):\n\
    \x20   try:\n\
    \x20       c = http.client.HTTPConnection('allowed.example', timeout=5)\n\
    \x20       c.request('GET', path)\n\
    \x20       return len(c.getresponse().read())\n\
    \x20   except (OSError, http.client.HTTPException): return 'cut'\n";

#[test]
fn requests_per_minute_are_counted_and_what_is_over_sends_nothing() {
    let mut world = World::new();
    let (result, denials) = limited(
        &world,
        "network_requests_per_minute: 3",
        "def go(input): return [get('/') for _ in range(5)]\n",
    );
    assert_eq!(result, r#"[30,30,30,"cut","cut"]"#);
    assert!(denials.contains("the rate of 3 per minute is used up"), "{denials}");
    assert_eq!(world.traffic().connections_to("93.184.216.10", 80), 3);
}

#[test]
fn a_transfer_is_cut_where_its_bytes_are_used_up() {
    let world = World::new();
    let (result, denials) = limited(
        &world,
        "network_received: 1M",
        "def go(input): return [get('/bytes?500000'), get('/bytes?900000'), get('/')]\n",
    );
    assert!(result.starts_with(r#"[500000,"cut","#), "{result}");
    assert!(denials.contains("bytes received from the network"), "{denials}");
}

#[test]
fn the_programs_that_a_plugin_starts_share_its_bytes() {
    let world = World::new();
    let code = "import ringfence\n\
        def go(input):\n\
        \x20   url = 'http://allowed.example/bytes?600000'\n\
        \x20   run = lambda: ringfence.process.execute('curl', ['-sS', '-m', '5', url])\n\
        \x20   return [run()['exitCode'] for _ in range(3)]\n";
    let manifest = "resources: {network_received: 1M}\npermissions:\n  \
        - network.request: allowed.example:80\n  - process.execute: curl\n";
    let plugin = world.user.python_plugin(code, manifest);
    let options = ["-p", "development", "--yes", "--json"];
    let report = world.run_plugin(&options, plugin.to_str().unwrap()).json();
    let codes = report["result"].as_array().unwrap_or_else(|| panic!("{report}"));
    assert_eq!(codes[0], 0, "{report}");
    assert!(codes[1] != 0 && codes[2] != 0, "{report}");
}

#[test]
fn connections_at_once_are_counted_until_they_end() {
    let world = World::new();
    let code = "import socket\n\
        def open_one():\n\
        \x20   try:\n\
        \x20       s = socket.create_connection(('allowed.example', 80), 5)\n\
        \x20       s.sendall(b'GET / HTTP/1.1\\r\\nHost: allowed.example\\r\\n\\r\\n')\n\
        \x20       return s if s.recv(10) else None\n\
        \x20   except OSError: return None\n\
        def go(input):\n\
        \x20   kept = [open_one() for _ in range(4)]\n\
        \x20   first = [bool(s) for s in kept]\n\
        \x20   [s.close() for s in kept if s]\n\
        \x20   import time\n\
        \x20   for _ in range(50):\n\
        \x20       if last := open_one(): break\n\
        \x20       time.sleep(0.1)\n\
        \x20   return first + [bool(last)]\n";
    let (result, denials) = limited(&world, "network_connections: 2", code);
    assert_eq!(result, "[true,true,false,false,true]");
    assert!(denials.contains("2 connections at once are the limit"), "{denials}");
}

#[test]
fn connections_that_say_nothing_leave_the_host_enough_descriptors_too() {
    let world = World::new();
    let code = "import socket, time\n\
        kept = []\n\
        for _ in range(200):\n\
        \x20   try: kept.append(socket.create_connection(('allowed.example', 443), 5))\n\
        \x20   except OSError: pass\n\
        time.sleep(1)\n\
        alive = 0\n\
        for s in kept:\n\
        \x20   s.setblocking(False)\n\
        \x20   try: s.recv(1)\n\
        \x20   except BlockingIOError: alive += 1\n\
        \x20   except OSError: pass\n\
        print(alive)\n";
    // What is said inside is allowed one by one, so nothing is dialled before it is said.
    let opened = "network.request=https://allowed.example/v1/*";
    let done = world.python_with_few_files("256:256", opened, code);
    assert_eq!(done.stdout, "64\n", "{done:?}");
    assert!(done.stderr.contains("file descriptors for connections are used up"), "{done:?}");
}

#[test]
fn connections_leave_the_host_enough_descriptors_for_itself() {
    let world = World::new();
    let code = "import socket\n\
        kept = []\n\
        for _ in range(200):\n\
        \x20   try:\n\
        \x20       s = socket.create_connection(('allowed.example', 80), 5)\n\
        \x20       s.sendall(b'GET / HTTP/1.1\\r\\nHost: allowed.example\\r\\n\\r\\n')\n\
        \x20       if s.recv(1): kept.append(s)\n\
        \x20   except OSError: pass\n\
        print(len(kept))\n";
    let done = world.python_with_few_files("256:256", ALLOWED, code);
    assert_eq!(done.stdout, "64\n", "{done:?}");
    assert!(done.stderr.contains("file descriptors for connections are used up"), "{done:?}");
    assert!(!done.stderr.contains("cannot be written"), "{done:?}");
    // Where it may have more, it takes them.
    let done = world.python_with_few_files("256:4096", ALLOWED, code);
    assert_eq!(done.stdout, "200\n", "{done:?}");
}

#[test]
fn a_flood_of_questions_for_names_does_not_keep_the_gate_busy() {
    let world = World::new();
    let code = "import socket, time\n\
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
        s.connect(('198.18.0.1', 53))\n\
        s.setblocking(False)\n\
        query = b'ab\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7allowed\\7example\\0\\0\\1\\0\\1'\n\
        answers, end = 0, time.monotonic() + 1\n\
        while time.monotonic() < end:\n\
        \x20   try: s.send(query)\n\
        \x20   except OSError: pass\n\
        \x20   try: answers += len(s.recv(512)) > 0\n\
        \x20   except OSError: pass\n\
        print(answers, socket.gethostbyname('allowed.example'))\n";
    let done = world.python(&[ALLOWED], code);
    let (answers, address) = done.stdout.trim().split_once(' ').unwrap();
    assert!(address.starts_with("29.198."), "{done:?}");
    assert!((1..=7000).contains(&answers.parse::<u32>().unwrap()), "{done:?}");
}

#[test]
fn the_usual_limit_is_ten_requests_a_minute_also_on_one_connection() {
    let mut world = World::new();
    let words: Vec<String> = (0..12).map(|n| format!("http://allowed.example/{n}")).collect();
    let mut program = vec!["curl", "-sS", "-m", "5"];
    program.extend(words.iter().map(String::as_str));
    let done = world.run_with("production", &["-g", ALLOWED], &program);
    assert_eq!(done.stdout.matches("hello").count(), 10, "{done:?}");
    assert_eq!(world.traffic().connections_to("93.184.216.10", 80), 1);
    assert!(done.stderr.contains("the rate of 10 per minute is used up"), "{done:?}");
}

#[test]
fn what_was_moved_is_in_the_usage_line_and_in_the_log() {
    let world = World::new();
    let done = world.get(&[ALLOWED], "http://allowed.example/bytes?1000");
    assert!(done.stderr.contains("1 network request ("), "{done:?}");
    let records = world.user.records();
    let ended = records
        .iter()
        .map(|record| &record["event"])
        .find(|event| {
            event["metadata"]["method"] == "network.connect" && event["kind"] == "effect_performed"
        })
        .unwrap();
    assert_eq!(ended["metadata"]["object"], "allowed.example:80");
    assert_eq!(ended["metadata"]["address"], "93.184.216.10:80");
    assert!(ended["metadata"]["received_bytes"].as_u64().unwrap() > 1000, "{ended}");
    let asked: Vec<&str> = records
        .iter()
        .filter(|record| record["event"]["kind"] == "effect_allowed")
        .filter_map(|record| record["event"]["metadata"]["object"].as_str())
        .collect();
    assert_eq!(asked, ["allowed.example:80", "GET http://allowed.example:80/bytes"]);
}
