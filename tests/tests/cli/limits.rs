//! Presets, options and the manifest set limits, and the narrower one holds.

use crate::program::User;

#[test]
fn each_preset_has_the_limits_that_the_card_shows() {
    let user = User::new();
    let mib = |n: u64| n * 1024 * 1024;
    for (preset, memory, call) in
        [("development", mib(1024), 60), ("production", mib(256), 10), ("untrusted", mib(64), 3)]
    {
        let done = user.ringfence(["run", "--json", "--preset", preset, "--", "true"]).run();
        let card = &done.json()["card"];
        assert_eq!(card["preset"], preset, "{done:?}");
        assert_eq!(card["budget"]["memory_bytes"], memory, "{done:?}");
        assert_eq!(card["budget"]["timeouts"]["call"]["secs"], call, "{done:?}");
    }
    let done = user.ringfence(["run", "--json", "--", "true"]).run();
    assert_eq!(done.json()["card"]["preset"], "production", "the default");
    assert_eq!(done.json()["card"]["asks"].as_array().unwrap().len(), 0, "and no capability");
}

#[test]
fn the_same_program_fits_one_preset_and_not_the_other() {
    let user = User::new();
    let allocate = "x = b'a' * (100 << 20); print(len(x))";
    let refused = if user.has_cgroup() { 4 } else { 1 };
    for (preset, code) in [("production", 0), ("untrusted", refused)] {
        let done = user
            .ringfence(["run", "-q", "--preset", preset, "--", "python3", "-c", allocate])
            .run();
        assert_eq!(done.code, Some(code), "{preset}: {done:?}");
    }
}

#[test]
fn options_replace_the_preset_and_the_manifest_can_only_lower_them() {
    let user = User::new();
    let plugin = user.python_plugin(
        "def go(input): return 1\n",
        "resources:\n  memory: 4G\ntimeouts:\n  call: 2s\n",
    );
    let run = |options: &[&str]| {
        let mut arguments = vec!["run", "--json"];
        arguments.extend(options);
        let plugin = plugin.to_str().unwrap();
        arguments.extend([plugin, "go"]);
        user.ringfence(arguments).run().json()
    };
    let card = &run(&["--memory", "100", "--timeout", "30"])["card"];
    assert_eq!(
        card["budget"]["memory_bytes"],
        100 << 20,
        "asks for 4G, gets what the operator said"
    );
    assert_eq!(card["budget"]["timeouts"]["call"]["secs"], 2, "asks for less, gets less");
    assert!(card["notes"].to_string().contains("asks for"), "and the person is told: {card}");
}

#[test]
fn processor_time_counts_for_each_call_and_for_every_process() {
    let user = User::new();
    // Two processes at once use twice the time, together at most the share.
    let both = "import os\nos.fork()\nwhile True: pass\n";
    let done = user
        .ringfence(["run", "-q", "--cpu-time", "1", "--timeout", "20", "--", "python3", "-c", both])
        .run();
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.stderr.contains("processor time"), "{done:?}");
}

#[test]
fn a_fork_bomb_is_held_by_the_process_limit_and_ends_with_the_call() {
    let user = User::new();
    let bomb = "import os, time\nn = 0\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(100)\n        n += 1\nexcept OSError: pass\nprint(n)\n";
    let limits = ["--preset", "untrusted", "--memory", "512"];
    let program = ["--", "python3", "-c", bomb];
    let done = user.ringfence(["run", "--json"].iter().chain(&limits).chain(&program)).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    let made: u32 = done.json()["result"].as_str().unwrap().trim().parse().unwrap();
    assert!((1..32).contains(&made), "{done:?}");
}

#[test]
fn a_nearly_used_up_memory_is_recorded_before_it_is_used_up() {
    let user = User::new();
    let nearly = "x = b'a' * (54 << 20)\nimport time; time.sleep(0.4)\n";
    let done = user.ringfence(["run", "-q", "--memory", "64", "--", "python3", "-c", nearly]).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    let records = user.records();
    let warned = records.iter().find(|r| r["event"]["kind"] == "limit").expect("a warning");
    assert_eq!(warned["event"]["severity"], "warning", "{warned}");
    assert_eq!(warned["event"]["metadata"]["limit"], 64 << 20, "{warned}");
}

#[test]
fn memory_and_time_of_several_processes_count_together() {
    let user = User::new();
    let many = |work: &str| {
        format!(
            "import os, time\nfor _ in range(3):\n    if os.fork() == 0: break\n{work}\ntime.sleep(20)\n"
        )
    };
    // Each of the four is below the limit alone.
    let memory = many("x = b'a' * (50 << 20)");
    let done = user.ringfence(["run", "--memory", "128", "--", "python3", "-c", &memory]).run();
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.stderr.contains("memory limit"), "{done:?}");
    let time = many("while True: pass");
    let arguments = ["run", "--cpu-time", "2", "--timeout", "60", "--", "python3", "-c", &time];
    let done = user.ringfence(arguments).run();
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.stderr.contains("processor time limit"), "{done:?}");
}
