//! Datagrams: to one granted host and port, and to nobody else.

use crate::cache::pypi;
use crate::program::Done;
use crate::world::World;
use serde_json::Value;

const ALLOWED: &str = "network.request=udp://allowed.example:7000";
const HOST: &str = "93.184.216.10";

/// `say(bytes, host, port)` sends a datagram and gives what comes back, or the error.
const SAY: &str = "import socket, time\n\
    def say(data, host, port, family=socket.AF_INET, wait=5):\n\
    \x20   try: place = socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM)[0][4]\n\
    \x20   except OSError as error: return type(error).__name__\n\
    \x20   s = socket.socket(family, socket.SOCK_DGRAM)\n\
    \x20   s.settimeout(wait)\n\
    \x20   s.connect(place)\n\
    \x20   try:\n\
    \x20       s.send(data)\n\
    \x20       return s.recv(65536)\n\
    \x20   except OSError as error: return type(error).__name__\n";

impl World {
    fn say(&self, grants: &[&str], code: &str) -> Done {
        self.python(grants, &format!("{SAY}{code}"))
    }
}

/// What the log says of what was allowed and of how it went, by its object.
fn flows(world: &World) -> Vec<Value> {
    let events = world.user.records().into_iter().map(|record| record["event"].clone());
    events.filter(|event| event["metadata"]["method"] == "network.datagrams").collect()
}

#[test]
fn datagrams_reach_the_granted_name_and_answers_come_from_where_they_were_sent() {
    let mut world = World::new();
    let done = world.say(
        &[ALLOWED],
        "print(say(b'connected', 'allowed.example', 7000))\n\
         s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         s.settimeout(5)\n\
         place = ('allowed.example', 7000)\n\
         s.sendto(b'not connected', place)\n\
         print(s.recvfrom(100) == (b'not connected', (socket.gethostbyname(place[0]), 7000)))\n\
         s.sendto(b'', place); print(s.recv(100))\n\
         s.sendto(b'y' * 60000, place); print(len(s.recv(65536)))\n\
         print(say(b'of both', 'allowed.example', 7000) == b'of both')\n",
    );
    assert_eq!(done.stdout, "b'connected'\nTrue\nb''\n60000\nTrue\n", "{done:?}");
    let traffic = world.traffic();
    assert!(traffic.datagrams_to(HOST, 7000) >= 5, "{traffic:?}");
    assert!(traffic.connected().is_empty() && traffic.asked_only_for("allowed.example"));
}

#[test]
fn a_program_of_node_exchanges_datagrams() {
    let world = World::new();
    let code = "const s = require('dgram').createSocket('udp4');\n\
        s.on('message', (m, from) => { console.log(String(m), from.port); s.close(); });\n\
        s.send('from node', 7000, 'allowed.example');\n\
        setTimeout(() => process.exit(1), 5000).unref();";
    let done = world.run(&["-g", ALLOWED], &["node", "-e", code]);
    assert_eq!(done.stdout, "from node 7000\n", "{done:?}");
}

/// Sends a million bytes to the host of its first argument and prints how many come
/// back, or what went wrong.
const QUIC: &str = "import asyncio, sys\n\
    from aioquic.asyncio import connect\n\
    from aioquic.quic.configuration import QuicConfiguration\n\
    async def main():\n\
    \x20   configuration = QuicConfiguration(is_client=True, alpn_protocols=['echo'], idle_timeout=4)\n\
    \x20   configuration.load_verify_locations(sys.argv[2])\n\
    \x20   async with connect(sys.argv[1], 4433, configuration=configuration) as client:\n\
    \x20       reader, writer = await client.create_stream()\n\
    \x20       writer.write(b'x' * 1000000); writer.write_eof()\n\
    \x20       print(len(await reader.read()))\n\
    try: asyncio.run(main())\n\
    except Exception as error: print(type(error).__name__)\n";

#[test]
fn a_client_of_quic_reaches_the_allowed_name_and_not_its_sibling() {
    let mut world = World::new();
    let python = pypi("aioquic", "python");
    let python = python.to_str().unwrap();
    world.speak_quic(python);
    let authority = world.authority();
    let authority = authority.to_str().unwrap();
    let read = format!("files.read={authority}");
    let grant = "network.request=udp://allowed.example:4433";
    let ask = |world: &World, grants: &[&str], host: &str| {
        let mut options = vec!["-g", &read];
        grants.iter().for_each(|grant| options.extend(["-g", grant]));
        world.run(&options, &[python, "-c", QUIC, host, authority])
    };
    world.traffic();
    let done = ask(&world, &[grant], "allowed.example");
    assert_eq!(done.stdout, "1000000\n", "{done:?}");
    let traffic = world.traffic();
    assert!(traffic.datagrams_to(HOST, 4433) > 500, "{traffic:?}");
    for (grants, host) in [
        (&[grant][..], "sibling.example"),
        (&["network.request=allowed.example:*"], "allowed.example"),
    ] {
        let done = ask(&world, grants, host);
        assert!(done.stdout.to_lowercase().ends_with("error\n"), "{host}: {done:?}");
        assert!(world.traffic().has_no_datagrams(), "{host}");
    }
}

#[test]
fn of_siblings_other_ports_and_addresses_no_datagram_leaves() {
    let mut world = World::new();
    let done = world.say(
        &[ALLOWED],
        "for host, port in [('sibling.example', 7000), ('sub.allowed.example', 7000),\n\
         \x20       ('allowed.example', 7001), ('allowed.example', 443), ('93.184.216.10', 7000),\n\
         \x20       ('93.184.216.11', 7000), ('10.1.2.3', 7000), ('169.254.169.254', 7000),\n\
         \x20       ('29.198.0.2', 7000), ('127.0.0.1', 7000), ('224.0.0.251', 7000)]:\n\
         \x20   print(say(b'secret', host, port))\n\
         s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)\n\
         try: s.sendto(b'secret', ('255.255.255.255', 7000))\n\
         except OSError: pass\n\
         for host in ['2606:2800:220:1::10', '::1', 'fd00:7e57::2', 'ff02::1']:\n\
         \x20   print(say(b'secret', host, 7000, socket.AF_INET6))\n",
    );
    let told: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(told[..2], ["gaierror"; 2], "{done:?}");
    assert!(told[2..].iter().all(|line| line.ends_with("Error")), "{done:?}");
    assert_eq!(told[2..10], ["ConnectionRefusedError"; 8], "{done:?}");
    assert!(world.traffic().is_silent());
    // A grant of connections is none of datagrams, nor the other way round.
    let tcp = ["network.request=allowed.example:*", "network.request=*"];
    let done = world.say(&tcp, "print(say(b'secret', 'allowed.example', 7000))");
    assert_eq!(done.stdout, "ConnectionRefusedError\n", "{done:?}");
    let grants = ["network.request=udp://allowed.example:80"];
    assert_ne!(world.get(&grants, "http://allowed.example/").code, Some(0));
    assert!(world.traffic().is_silent());
}

#[test]
fn a_name_that_leads_inside_gets_no_datagram_and_the_repair_that_is_named_works() {
    let mut world = World::new();
    for (name, address) in [
        ("loopback.example", "127.0.0.1"),
        ("private.example", "10.1.2.3"),
        ("metadata.example", "169.254.169.254"),
        ("mapped.example", "10.1.2.3"),
        ("nat64.example", "64:ff9b::a01:203"),
        ("own.example", "93.184.216.99"),
        ("many.example", "224.0.0.251"),
        ("everybody.example", "255.255.255.255"),
    ] {
        let grant = format!("network.request=udp://{name}:7000");
        let done = world.say(&[&grant], &format!("print(say(b'x', '{name}', 7000, wait=0.5))"));
        assert_eq!(done.stdout, "TimeoutError\n", "{name}: {done:?}");
        assert!(done.stderr.contains(&format!("it leads to {address}")), "{name}: {done:?}");
        assert!(world.traffic().has_no_datagrams(), "{name}");
    }
    let grant = "network.request=udp://private.example:7000";
    let repair = "network.request=udp://10.1.2.3:7000";
    let ask = "print(say(b'inside', 'private.example', 7000, wait=1))";
    let denied = world.say(&[grant], ask);
    assert!(denied.stderr.contains(&format!("help: --grant {repair}")), "{denied:?}");
    // What was granted of TCP says nothing of datagrams.
    let other = world.say(&[grant, "network.request=10.1.2.3:7000"], ask);
    assert_eq!(other.stdout, "TimeoutError\n", "{other:?}");
    assert!(world.traffic().has_no_datagrams());
    let mended = world.say(&[grant, repair], ask);
    assert_eq!(mended.stdout, "b'inside'\n", "{mended:?}");
}

#[test]
fn nothing_goes_to_many_receivers_even_where_the_operator_says_so() {
    let mut world = World::new();
    for address in ["224.0.0.251", "255.255.255.255", "0.0.0.0", "100.64.0.3"] {
        let resolve = format!("allowed.example={address}");
        let code = format!("{SAY}print(say(b'x', 'allowed.example', 7000, wait=0.5))");
        let options = ["-g", ALLOWED, "--resolve", &resolve];
        let done = world.run(&options, &["/usr/bin/python3", "-c", &code]);
        assert_eq!(done.stdout, "TimeoutError\n", "{address}: {done:?}");
        assert!(world.traffic().has_no_datagrams(), "{address}");
    }
}

#[test]
fn what_a_stranger_sends_to_the_gate_reaches_no_plugin() {
    let mut world = World::new();
    let done = world.say(
        &[ALLOWED],
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         s.settimeout(5)\n\
         s.sendto(b'spoof', ('allowed.example', 7000))\n\
         print(s.recv(100))\n\
         s.settimeout(0.3)\n\
         try: print(s.recv(100))\n\
         except TimeoutError: print('nothing more')\n",
    );
    assert_eq!(done.stdout, "b'spoof'\nnothing more\n", "{done:?}");
    // They did arrive at the machine, and nobody wanted them.
    let traffic = world.traffic();
    assert!(traffic.was_turned_away(HOST) && traffic.was_turned_away("100.64.0.2"), "{traffic:?}");
}

#[test]
fn a_name_that_changes_its_address_is_judged_again_for_every_flow() {
    let mut world = World::new();
    let done = world.say(
        &["network.request=udp://rebinding.example:7000"],
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         s.settimeout(1)\n\
         s.connect(('rebinding.example', 7000))\n\
         for n in range(3): s.send(b'pinned'); print(s.recv(100))\n\
         for n in range(2): print(say(b'moved', 'rebinding.example', 7000, wait=1))\n",
    );
    let pinned = "b'pinned'\n".repeat(3);
    assert_eq!(done.stdout, format!("{pinned}TimeoutError\nTimeoutError\n"), "{done:?}");
    let traffic = world.traffic();
    assert_eq!(traffic.datagrams_to(HOST, 7000), 3, "{traffic:?}");
    assert_eq!(traffic.datagrams_to("10.1.2.3", 7000), 0);
}

#[test]
fn datagrams_go_by_ipv6_where_the_name_or_the_grant_leads_there() {
    let mut world = World::new();
    let six = "2606:2800:220:1::10";
    let done = world.say(
        &["network.request=udp://six.example:7000"],
        "print(say(b'by name', 'six.example', 7000))\n\
         s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n\
         s.settimeout(5)\n\
         s.sendto(b'of both', ('::ffff:' + socket.gethostbyname('six.example'), 7000))\n\
         print(s.recv(100))\n\
         print(say(b'literal', '2606:2800:220:1::10', 7000, socket.AF_INET6))\n",
    );
    let all = "b'by name'\nb'of both'\nConnectionRefusedError\n";
    assert_eq!(done.stdout, all, "{done:?}");
    assert_eq!(world.traffic().datagrams_to(six, 7000), 2);
    let literal = "network.request=udp://[2606:2800:220:1::10]:7000";
    let done = world.say(
        &[literal, "network.request=udp://93.184.216.10:7000"],
        "print(say(b'six', '2606:2800:220:1::10', 7000, socket.AF_INET6))\n\
         print(say(b'four', '93.184.216.10', 7000))\n\
         print(say(b'name', 'six.example', 7000))\n",
    );
    assert_eq!(done.stdout, "b'six'\nb'four'\ngaierror\n", "{done:?}");
    assert_eq!(world.traffic().datagrams_to(six, 7000), 1);
}

#[test]
fn where_names_are_asked_for_stays_where_it_is_beside_a_granted_port_53() {
    let mut world = World::new();
    let dns = "network.request=udp://allowed.example:53";
    let done = world.say(
        &[dns, "network.request=udp://93.184.216.12:53"],
        "query = b'ab\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7sibling\\7example\\0\\0\\1\\0\\1'\n\
         for host in ['198.18.0.1', '8.8.8.8', '127.0.0.53', '93.184.216.10', '29.198.0.2']:\n\
         \x20   answer = say(query, host, 53)\n\
         \x20   print(answer[:2], answer[3] & 15)\n\
         print(say(b'a tunnel', 'allowed.example', 53))\n\
         print(say(b'an address', '93.184.216.12', 53))\n\
         print(socket.gethostbyname('allowed.example'))\n",
    );
    let told: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(told[..5], ["b'ab' 3"; 5], "the stub says that it does not exist: {done:?}");
    assert_eq!(told[5..], ["b'a tunnel'", "b'an address'", "29.198.0.1"], "{done:?}");
    let traffic = world.traffic();
    assert!(traffic.asked_only_for("allowed.example"), "{traffic:?}");
    let stub = world.say(&["network.request=udp://198.18.0.1:53"], "print('ran')");
    assert!(
        stub.stdout.is_empty() && stub.stderr.contains("names are asked for there"),
        "{stub:?}"
    );
}

#[test]
fn what_a_flow_moved_and_where_it_led_is_in_the_log() {
    let world = World::new();
    let done = world.say(&[ALLOWED], "print(say(b'0123456789', 'allowed.example', 7000))");
    assert!(done.stderr.contains("1 network request ("), "{done:?}");
    let told = flows(&world);
    assert_eq!(told.len(), 2, "{told:?}");
    let (allowed, ended) = (&told[0], &told[1]);
    assert_eq!(allowed["kind"], "effect_allowed");
    assert_eq!(allowed["metadata"]["object"], "udp://allowed.example:7000");
    assert_eq!(ended["kind"], "effect_performed");
    assert_eq!(ended["metadata"]["object"], "udp://allowed.example:7000");
    assert_eq!(ended["metadata"]["address"], "93.184.216.10:7000");
    assert_eq!(ended["metadata"]["outcome"], "done");
    // With 28 bytes for the headers of each.
    assert_eq!(ended["metadata"]["sent_bytes"], 38, "{ended}");
    assert_eq!(ended["metadata"]["received_bytes"], 38);
    assert!(ended["metadata"]["duration_ms"].is_u64());
}

/// What a plugin with these limits gives, and the denials.
fn limited(world: &World, limits: &str, code: &str) -> (String, String) {
    let manifest = format!(
        "resources: {{{limits}}}\npermissions:\n  - network.request: udp://allowed.example:7000\n  - network.request: allowed.example:80\n"
    );
    let plugin = world.user.python_plugin(&format!("{SAY}{code}"), &manifest);
    let done =
        world.run_plugin(&["-p", "development", "--yes", "--json"], plugin.to_str().unwrap());
    let report = done.json();
    assert_eq!(report["ok"], true, "{done:?}");
    (report["result"].to_string(), report["usage"]["denials"].to_string())
}

#[test]
fn every_flow_is_one_request_of_those_of_a_minute() {
    let mut world = World::new();
    let code = "def go(input):\n\
        \x20   s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
        \x20   s.settimeout(5)\n\
        \x20   s.connect(('allowed.example', 7000))\n\
        \x20   for n in range(20): s.send(b'x'); s.recv(10)\n\
        \x20   new = [say(b'x', 'allowed.example', 7000, wait=0.5) for _ in range(4)]\n\
        \x20   return [x == b'x' for x in new]\n";
    let (result, denials) = limited(&world, "network_requests_per_minute: 3", code);
    assert_eq!(result, "[true,true,false,false]");
    assert!(denials.contains("the rate of 3 per minute is used up"), "{denials}");
    assert_eq!(world.traffic().datagrams_to(HOST, 7000), 22);
}

#[test]
fn flows_count_among_the_connections_at_once() {
    let mut world = World::new();
    let code = "def go(input):\n\
        \x20   some = [say(b'x', 'allowed.example', 7000, wait=0.5) for _ in range(3)]\n\
        \x20   try:\n\
        \x20       c = socket.create_connection(('allowed.example', 80), 5)\n\
        \x20       c.sendall(b'GET / HTTP/1.1\\r\\nHost: allowed.example\\r\\n\\r\\n')\n\
        \x20       tcp = bool(c.recv(10))\n\
        \x20   except OSError: tcp = False\n\
        \x20   return [x == b'x' for x in some] + [tcp]\n";
    let (result, denials) = limited(&world, "network_connections: 1", code);
    assert_eq!(result, "[true,false,false,false]");
    assert!(denials.contains("1 flows of datagrams at once are the limit"), "{denials}");
    assert!(denials.contains("1 connections at once are the limit"), "{denials}");
    // Connections have half of them.
    let (result, denials) = limited(&world, "network_connections: 4", code);
    assert_eq!(result, "[true,true,false,true]");
    assert!(denials.contains("2 flows of datagrams at once are the limit"), "{denials}");
    assert_eq!(world.traffic().datagrams_to(HOST, 7000), 3);
}

#[test]
fn a_flow_is_cut_where_its_bytes_are_used_up_in_both_directions() {
    let mut world = World::new();
    let code = "def go(input):\n\
        \x20   s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
        \x20   s.connect(('allowed.example', 7000))\n\
        \x20   for n in range(2000): s.send(bytes(1000)); time.sleep(0.0001)\n\
        \x20   return say(b'x', 'allowed.example', 7000, wait=0.5)\n";
    let (result, denials) = limited(&world, "network_sent: 1M", code);
    assert_eq!(result, "\"TimeoutError\"");
    assert!(denials.contains("bytes sent to the network"), "{denials}");
    let sent = world.traffic().datagrams_to(HOST, 7000);
    assert!((500..=1021).contains(&sent), "{sent}");
    let code = "def go(input):\n\
        \x20   s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
        \x20   s.settimeout(1)\n\
        \x20   s.connect(('allowed.example', 7000))\n\
        \x20   s.send(b'times 2000')\n\
        \x20   got = 0\n\
        \x20   try:\n\
        \x20       while True: got += len(s.recv(2000))\n\
        \x20   except OSError: return got\n";
    let (result, denials) = limited(&world, "network_received: 1M", code);
    let got: u64 = result.parse().unwrap();
    assert!((300_000..=1_021_000).contains(&got), "{got}");
    assert!(denials.contains("bytes received from the network"), "{denials}");
}

#[test]
fn a_flood_of_datagrams_leaves_the_connections_of_the_jail_their_turn() {
    let world = World::new();
    let code = format!(
        "{SAY}import threading, http.client\n\
         over = False\n\
         place = (socket.gethostbyname('allowed.example'), 7000)\n\
         def flood():\n\
         \x20   s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         \x20   s.setblocking(False)\n\
         \x20   while not over:\n\
         \x20       try: s.sendto(b'', place)\n\
         \x20       except OSError: pass\n\
         threads = [threading.Thread(target=flood) for _ in range(3)]\n\
         [t.start() for t in threads]\n\
         time.sleep(0.3)\n\
         slowest = 0\n\
         for _ in range(10):\n\
         \x20   began = time.monotonic()\n\
         \x20   c = http.client.HTTPConnection('allowed.example', timeout=5)\n\
         \x20   c.request('GET', '/'); c.getresponse().read()\n\
         \x20   slowest = max(slowest, time.monotonic() - began)\n\
         over = True\n\
         print('slowest', slowest)\n"
    );
    let done = world.run_with(
        "development",
        &["-g", ALLOWED, "-g", "network.request=allowed.example:80", "--timeout", "50"],
        &["/usr/bin/python3", "-c", &code],
    );
    let slowest: f64 = done.stdout.trim().strip_prefix("slowest ").unwrap_or("99").parse().unwrap();
    assert!(slowest < 2.0, "{done:?}");
}

#[test]
fn a_grant_without_one_port_or_one_host_is_refused_with_what_to_write() {
    let world = World::new();
    for (scope, mend) in [
        ("udp://allowed.example", "such as `udp://dns.example.com:853`"),
        ("udp://allowed.example:*", "such as `udp://dns.example.com:853`"),
        ("udp://*.allowed.example:7000", "such as `udp://dns.example.com:7000`"),
        ("udp://224.0.0.251:5353", "never to a multicast"),
    ] {
        let grant = format!("network.request={scope}");
        let done = world.run(&["-g", &grant], &["echo", "ran"]);
        assert!(done.code != Some(0) && done.stdout.is_empty(), "{scope}: {done:?}");
        assert!(done.stderr.contains(mend), "{scope}: {done:?}");
    }
}

#[test]
fn a_program_that_a_plugin_starts_sends_where_the_plugin_may() {
    let world = World::new();
    let code = "import ringfence\n\
        def go(input):\n\
        \x20   code = \"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.connect(('allowed.example', 7000)); s.send(b'x'); print(s.recv(9))\"\n\
        \x20   return ringfence.process.execute('python3', ['-c', code])['stdout']\n";
    let manifest = "permissions:\n  - network.request: udp://allowed.example:7000\n  - process.execute: python3\n";
    let plugin = world.user.python_plugin(code, manifest);
    let options = ["-p", "development", "--yes", "--json"];
    let report = world.run_plugin(&options, plugin.to_str().unwrap()).json();
    assert_eq!(report["result"], "b'x'\n", "{report}");
}
