//! Many connections, many jails, and one that wants to be too many.

use crate::program::{Done, Started, soon};
use crate::world::World;
use std::fs;

const ALLOWED: &str = "network.request=allowed.example:80";

/// Asks for `/meet?COUNT` on so many connections at once, and prints how many
/// were answered. The host answers nobody before all are there.
const MEET: &str = "import asyncio, sys\n\
    async def one(wanted):\n\
    \x20   reader, writer = await asyncio.open_connection('allowed.example', 80)\n\
    \x20   writer.write(b'GET /meet?%d HTTP/1.0\\r\\nHost: allowed.example\\r\\n\\r\\n' % wanted)\n\
    \x20   answer = await reader.read()\n\
    \x20   writer.close()\n\
    \x20   return answer.endswith(b'met')\n\
    async def main(own, wanted):\n\
    \x20   told = await asyncio.gather(*(one(wanted) for _ in range(own)), return_exceptions=True)\n\
    \x20   print(sum(answer is True for answer in told), 'answered', {str(a) for a in told if a is not True})\n\
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))\n";

#[test]
fn five_hundred_connections_at_once_through_one_jail_are_all_answered() {
    let world = World::new();
    // With as few descriptors as a login usually gives.
    let usual = ["sh", "-c", "ulimit -Sn 1024 && exec \"$@\"", "sh"];
    let program = ["/usr/bin/python3", "-c", MEET, "500", "500"];
    let words = [&["-p", "development", "-g", ALLOWED, "--"][..], &program].concat();
    let done = world.invoke(&usual, &words).run();
    assert!(done.stdout.starts_with("500 answered"), "{done:?}");
}

#[test]
fn fifty_jails_at_once_are_all_answered() {
    let world = World::new();
    let program = ["/usr/bin/python3", "-c", MEET, "1", "50"];
    let words = [&["-p", "development", "-g", ALLOWED, "--"][..], &program].concat();
    let running: Vec<Started> = (0..50).map(|_| world.invoke(&[], &words).start()).collect();
    let done: Vec<Done> = running.into_iter().map(Started::finish).collect();
    for done in done {
        assert!(done.stdout.starts_with("1 answered"), "{done:?}");
    }
}

/// Opens and drops for some seconds, twice, when a file of that name comes to its
/// folder, and says how often. Some are dropped before a byte was sent, some in the
/// middle of a request, some with an answer on its way.
const RESTLESS: &str = "import os, socket, sys, time\n\
    def flood(seconds):\n\
    \x20   end, count = time.monotonic() + seconds, 0\n\
    \x20   while time.monotonic() < end:\n\
    \x20       count += 1\n\
    \x20       try:\n\
    \x20           s = socket.socket()\n\
    \x20           s.settimeout(5)\n\
    \x20           s.connect(address)\n\
    \x20           s.send(said[count % len(said)])\n\
    \x20       except OSError: pass\n\
    \x20       s.close()\n\
    \x20   return count\n\
    folder, said = sys.argv[1], [b'', b'GET', b'GET /bytes?100000 HTTP/1.0\\r\\nHost: allowed.example\\r\\n\\r\\n']\n\
    address = socket.getaddrinfo('allowed.example', 80, socket.AF_INET)[0][4]\n\
    def wait(order):\n\
    \x20   while not os.path.exists(folder + '/' + order): time.sleep(0.02)\n\
    for name, seconds in [('first', 1), ('second', 3)]:\n\
    \x20   print('ready for the', name, flush=True)\n\
    \x20   wait(name)\n\
    \x20   print('the', name, 'ends after', flood(seconds), flush=True)\n\
    wait('end')\n";

/// What a process holds.
#[derive(Debug, PartialEq)]
struct Held {
    descriptors: usize,
    threads: usize,
}

fn held(pid: i32) -> Held {
    let count = |what| fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count();
    Held { descriptors: count("fd"), threads: count("task") }
}

fn memory_kib(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_client_that_opens_and_drops_as_fast_as_it_can_leaks_nothing_and_stops_no_neighbour() {
    let world = World::new();
    let folder = world.user.path("orders");
    fs::create_dir(&folder).unwrap();
    let folder = folder.canonicalize().unwrap();
    let read = format!("files.read={}/**", folder.display());
    let program = ["/usr/bin/python3", "-c", RESTLESS, folder.to_str().unwrap()];
    let words = [&["-p", "development", "-g", ALLOWED, "-g", &read, "--"][..], &program].concat();
    let restless = world.invoke(&[], &words).start();
    let pid = restless.pid().as_raw_nonzero().get();
    restless.stdout.wait_for("ready for the first");
    let before = held(pid);
    let order = |name: &str| fs::write(folder.join(name), "").unwrap();
    order("first");
    let told = restless.stdout.wait_for("the first ends");
    assert!(soon(|| held(pid) == before), "{before:?} became {:?}: {told}", held(pid));
    let memory = memory_kib(pid);
    order("second");
    for _ in 0..3 {
        let neighbour = world.get(&[ALLOWED], "http://allowed.example/");
        assert_eq!(neighbour.stdout, "hello allowed.example GET / 0\n", "{neighbour:?}");
    }
    let told = restless.stdout.wait_for("the second ends");
    assert!(soon(|| held(pid) == before), "{before:?} became {:?}: {told}", held(pid));
    let grown = memory_kib(pid).saturating_sub(memory);
    assert!(grown < 2048, "{grown} KiB more after: {told}");
    order("end");
    let done = restless.finish();
    assert_eq!(done.code, Some(0), "{done:?}");
}
