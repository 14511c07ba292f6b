//! Names decide.

use crate::world::World;

const ALLOWED: &str = "network.request=allowed.example:80";

#[test]
fn an_allowed_name_works_and_its_sibling_and_its_other_ports_do_not() {
    let mut world = World::new();
    let done = world.get(&[ALLOWED], "http://allowed.example/x?y");
    assert_eq!(done.stdout, "hello allowed.example GET /x?y 0\n", "{done:?}");
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
    for url in [
        "http://sibling.example/",
        "http://sub.allowed.example/",
        "http://allowed.example:8080/",
        "https://allowed.example/",
        "http://93.184.216.10/",
        "http://93.184.216.11/",
        "http://[2606:2800:220:1::10]/",
    ] {
        let done = world.get(&[ALLOWED], url);
        assert_ne!(done.code, Some(0), "{url}: {done:?}");
        assert!(done.stderr.contains("denied: network.request"), "{url}: {done:?}");
        assert!(world.traffic().is_silent(), "{url}");
    }
}

#[test]
fn a_suffix_allows_what_is_below_it_and_not_itself() {
    let mut world = World::new();
    let grants = ["network.request=*.allowed.example:80"];
    let done = world.get(&grants, "http://sub.allowed.example/");
    assert_eq!(done.stdout, "hello sub.allowed.example GET / 0\n", "{done:?}");
    world.traffic();
    for url in ["http://allowed.example/", "http://evilallowed.example/"] {
        assert_ne!(world.get(&grants, url).code, Some(0), "{url}");
        assert!(world.traffic().is_silent(), "{url}");
    }
}

#[test]
fn a_name_is_looked_up_as_it_was_granted_and_below_no_other_domain() {
    let mut world = World::new();
    let done = world.get(&[ALLOWED], "http://allowed.example/");
    assert_eq!(done.stdout, "hello allowed.example GET / 0\n", "{done:?}");
    let traffic = world.traffic();
    assert_eq!(traffic.connected(), ["93.184.216.10"]);
    assert!(traffic.asked_only_for("allowed.example"), "{traffic:?}");
    // The table of this machine counts, as for every program.
    let done = world.get(&["network.request=table.example:80"], "http://table.example/");
    assert_eq!(done.stdout, "hello table.example GET / 0\n", "{done:?}");
    let traffic = world.traffic();
    assert_eq!(traffic.connected(), ["93.184.216.12"]);
    assert!(traffic.asked_only_for("nothing"), "{traffic:?}");
}

#[test]
fn other_spellings_of_a_name_are_the_same_name() {
    let world = World::new();
    for (grant, url) in [
        ("network.request=ALLOWED.example.:80", "http://allowed.example/"),
        (ALLOWED, "http://aLLowed.EXAMPLE/"),
        (ALLOWED, "http://allowed.example./"),
        ("network.request=bücher.example:80", "http://xn--bcher-kva.example/"),
        ("network.request=xn--bcher-kva.example:80", "http://XN--BCHER-KVA.example/"),
    ] {
        let done = world.get(&[grant], url);
        assert!(done.stdout.starts_with("hello "), "{grant} {url}: {done:?}");
    }
}

#[test]
fn an_address_is_reached_only_when_it_was_granted_as_one_in_any_spelling() {
    let mut world = World::new();
    let spellings = [
        "http://93.184.216.10/",
        "http://1572395018/",
        "http://0x5db8d80a/",
        "http://0135.0270.0330.012/",
        "http://93.184.55306/",
        "http://[::ffff:93.184.216.10]/",
    ];
    for url in spellings {
        assert_ne!(world.get(&[ALLOWED], url).code, Some(0), "{url}");
        assert!(world.traffic().is_silent(), "{url}");
    }
    let literal = "network.request=93.184.216.10:80";
    let done = world.get(&[literal], spellings[0]);
    assert!(done.stdout.starts_with("hello "), "{done:?}");
    // The address was granted, and not the name that leads there.
    world.traffic();
    assert_ne!(world.get(&[literal], "http://allowed.example/").code, Some(0));
    assert!(world.traffic().is_silent());
}

#[test]
fn an_allowed_name_that_leads_inside_sends_nothing_and_the_repair_that_is_named_works() {
    let mut world = World::new();
    for (name, address) in [
        ("loopback.example", "127.0.0.1"),
        ("private.example", "10.1.2.3"),
        ("metadata.example", "169.254.169.254"),
        ("mapped.example", "10.1.2.3"),
        ("nat64.example", "64:ff9b::a01:203"),
    ] {
        let grant = format!("network.request={name}:80");
        let done = world.get(&[&grant], &format!("http://{name}/"));
        assert_ne!(done.code, Some(0), "{name}: {done:?}");
        assert!(done.stderr.contains(&format!("it leads to {address}")), "{name}: {done:?}");
        assert!(world.traffic().connected().is_empty(), "{name}");
    }
    let grant = "network.request=private.example:80";
    let denied = world.get(&[grant], "http://private.example/");
    let repair = "network.request=10.1.2.3:80";
    assert!(denied.stderr.contains(&format!("help: --grant {repair}")), "{denied:?}");
    let mended = world.get(&[grant, repair], "http://private.example/");
    assert_eq!(mended.stdout, "hello private.example GET / 0\n", "{mended:?}");
}

#[test]
fn a_public_address_of_the_machine_itself_is_refused_like_its_loopback() {
    let mut world = World::new();
    let done = world.get(&["network.request=own.example:80"], "http://own.example/");
    assert_ne!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("it leads to 93.184.216.99 (this machine"), "{done:?}");
    assert!(world.traffic().connected().is_empty());
    let granted = ["network.request=own.example:80", "network.request=93.184.216.99:80"];
    let done = world.get(&granted, "http://own.example/");
    assert_eq!(done.stdout, "hello own.example GET / 0\n", "{done:?}");
}

#[test]
fn of_several_addresses_only_the_public_ones_are_dialled() {
    let mut world = World::new();
    let done = world.get(&["network.request=mixed.example:80"], "http://mixed.example/");
    assert_eq!(done.stdout, "hello mixed.example GET / 0\n", "{done:?}");
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
}

#[test]
fn a_name_that_changes_its_address_is_judged_again_for_every_connection() {
    let mut world = World::new();
    let done = world.python(
        &["network.request=rebinding.example:80"],
        "import http.client\n\
         for number in range(3):\n\
         \x20   try:\n\
         \x20       c = http.client.HTTPConnection('rebinding.example', timeout=5)\n\
         \x20       c.request('GET', '/')\n\
         \x20       print(c.getresponse().read().decode(), end='')\n\
         \x20   except OSError as error: print(type(error).__name__)\n",
    );
    let told: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(told[0], "hello rebinding.example GET / 0", "{done:?}");
    assert_eq!(told[1..], ["ConnectionResetError"; 2], "{done:?}");
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
}

#[test]
fn a_redirect_leads_nowhere_that_was_not_allowed() {
    let mut world = World::new();
    for to in ["http://10.1.2.3/", "http://169.254.169.254/latest/", "http://sibling.example/"] {
        let url = format!("http://allowed.example/to?{to}");
        let done = world.curl(&[ALLOWED], &["-L", &url]);
        assert_ne!(done.code, Some(0), "{to}: {done:?}");
        assert_eq!(world.traffic().connected(), ["93.184.216.10"], "{to}");
    }
    let url = "http://allowed.example/to?http://allowed.example/there";
    let done = world.curl(&[ALLOWED], &["-L", url]);
    assert_eq!(done.stdout, "hello allowed.example GET /there 0\n", "{done:?}");
}

#[test]
fn none_is_nothing_whatever_is_granted_and_full_is_every_name_and_no_address() {
    let mut world = World::new();
    let get = |world: &World, options: &[&str], url: &str| {
        world.run(options, &["curl", "-sS", "-m", "5", url])
    };
    let none = get(&world, &["-g", ALLOWED, "--network", "none"], "http://allowed.example/");
    assert_ne!(none.code, Some(0), "{none:?}");
    assert!(world.traffic().is_silent());
    for url in ["http://allowed.example/", "http://sibling.example:8080/"] {
        let done = get(&world, &["--network", "full"], url);
        assert!(done.stdout.starts_with("hello "), "{done:?}");
    }
    world.traffic();
    for url in ["http://93.184.216.10/", "http://private.example/", "http://[2606:2800:220:1::10]/"]
    {
        let done = get(&world, &["--network", "full"], url);
        assert_ne!(done.code, Some(0), "{url}: {done:?}");
        assert!(world.traffic().connected().is_empty(), "{url}");
    }
}

#[test]
fn a_plugin_that_names_no_host_gets_none_and_the_card_says_what_to_write() {
    let world = World::new();
    let plugin =
        world.user.python_plugin("def go(input): return 1\n", "permissions: [network.request]\n");
    let done = world.run_plugin(&["--yes"], plugin.to_str().unwrap());
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.stderr.contains("--grant network.request=NAME"), "{done:?}");
    assert!(done.stderr.contains("it names no host; often: api.openai.com"), "{done:?}");
}

#[test]
fn a_name_of_ipv6_only_is_reached_too() {
    let mut world = World::new();
    let done = world.get(&["network.request=six.example:80"], "http://six.example/");
    assert_eq!(done.stdout, "hello six.example GET / 0\n", "{done:?}");
    assert_eq!(world.traffic().connected(), ["2606:2800:220:1::10"]);
}
