//! git, npm and pip fetch from an allowed host, unchanged.

use crate::cache::pypi;
use crate::world::World;

/// Runs the words with each name in the place of `HOST`.
fn fetches_from_the_allowed_host_only(options: &[&str], program: &[&str], gives: &str) {
    let mut world = World::new();
    let run = |world: &World, host: &str| {
        let words: Vec<String> = program.iter().map(|word| word.replace("HOST", host)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        world.client(options, &words)
    };
    let done = run(&world, "allowed.example");
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.contains(gives), "{done:?}");
    assert!(done.stderr.contains(" 0 denials"), "{done:?}");
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
    let done = run(&world, "sibling.example");
    assert_ne!(done.code, Some(0), "{done:?}");
    assert!(!done.stdout.contains(gives), "{done:?}");
    assert!(done.stderr.contains("denied for `sibling.example"), "{done:?}");
    assert!(world.traffic().is_silent());
}

/// git starts helpers of its own, so it may start programs.
const PROGRAMS: &str = "--grant=process.execute=*";

#[test]
fn git_clones_over_https_from_the_allowed_host() {
    let clone =
        "/usr/bin/git clone -q https://HOST/git/poem.git /tmp/poem && cat /tmp/poem/poem.txt";
    fetches_from_the_allowed_host_only(&[PROGRAMS], &["sh", "-c", clone], "first line\n");
}

#[test]
fn npm_installs_from_the_allowed_registry() {
    let search = std::env::var_os("PATH").unwrap();
    let npm = std::env::split_paths(&search).map(|folder| folder.join("npm"));
    let npm = npm.filter_map(|path| path.canonicalize().ok()).next().unwrap();
    // npm runs inside this node, which then uses what was installed.
    let code = "process.on('exit', () => console.log(require('/tmp/node_modules/tiny')));\n\
        require(process.argv[1].replace('bin/npm-cli.js', 'lib/cli.js'))(process)";
    let folder = npm.ancestors().nth(2).unwrap().to_str().unwrap();
    let read = format!("--grant=files.read={folder}/**");
    let options = ["--prefix", "/tmp", "--registry", "https://HOST/npm/"];
    let retries = ["--fetch-retries", "0", "--no-audit", "--no-update-notifier"];
    let program =
        [&["node", "-e", code, npm.to_str().unwrap(), "install", "tiny"], &options[..], &retries]
            .concat();
    fetches_from_the_allowed_host_only(&[&read], &program, "tiny works");
}

#[test]
fn pip_installs_from_the_allowed_index() {
    let python = pypi("requests", "python");
    let code = "import subprocess, sys\n\
        pip = [sys.executable, '-m', 'pip', 'install', '--retries', '0', '-q', '--target', '/tmp/x']\n\
        subprocess.run([*pip, '--index-url', 'https://HOST/simple/', 'tiny'], check=True)\n\
        sys.path.insert(0, '/tmp/x')\n\
        import tiny\n\
        print(tiny.works)\n";
    let program = [python.to_str().unwrap(), "-c", code];
    fetches_from_the_allowed_host_only(&["--grant=process.execute=python"], &program, "tiny works");
}
