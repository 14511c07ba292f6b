//! Clients as people use them, unchanged and without a proxy: each reaches the
//! allowed name, and of its sibling not even a question for the name goes out.

use crate::cache::{npm, pypi};
use crate::program::Done;
use crate::world::World;
use std::path::Path;
use std::process::Command;

const GRANTS: [&str; 3] = [
    "network.request=http://allowed.example",
    "network.request=https://allowed.example",
    "network.request=https://allowed.example:8443",
];

/// Variables by which programs are told whom to trust.
const TRUST: [&str; 6] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
];

impl World {
    /// What a program says, that may reach `allowed.example` and trusts the
    /// authority of this world.
    pub(crate) fn client(&self, options: &[&str], program: &[&str]) -> Done {
        let authority = self.authority();
        let authority = authority.to_str().unwrap();
        let mut all = vec![format!("--grant=files.read={authority}")];
        all.extend(GRANTS.map(|grant| format!("--grant={grant}")));
        all.extend(TRUST.map(|name| format!("--env={name}={authority}")));
        let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
        all.extend(options);
        self.run(&all, program)
    }

    /// Runs a program twice, with `HOST` in its words standing for the allowed
    /// name and then for its sibling.
    fn reaches_the_allowed_name_only(&mut self, options: &[&str], program: &[&str]) {
        let run = |world: &Self, host: &str| {
            let words: Vec<String> =
                program.iter().map(|word| word.replace("HOST", host)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            world.client(options, &words)
        };
        let allowed = run(self, "allowed.example");
        assert_eq!(allowed.code, Some(0), "{program:?}: {allowed:?}");
        assert!(allowed.stdout.contains("hello allowed.example"), "{program:?}: {allowed:?}");
        assert_eq!(self.traffic().connected(), ["93.184.216.10"], "{program:?}");
        let sibling = run(self, "sibling.example");
        assert_ne!(sibling.code, Some(0), "{program:?}: {sibling:?}");
        assert!(sibling.stderr.contains("denied: network.request"), "{program:?}: {sibling:?}");
        assert!(self.traffic().is_silent(), "{program:?}");
    }
}

#[test]
fn node_reaches_the_allowed_name_by_fetch_http_https_and_http2() {
    let mut world = World::new();
    world.speak_http2();
    let get =
        "require('node:MODULE').get('MODULE://HOST/x', (answer) => answer.pipe(process.stdout))";
    let http2 = "const session = require('node:http2').connect('https://HOST:8443');\n\
        session.request({ ':path': '/x' }).on('close', () => session.close()).pipe(process.stdout)";
    for code in [
        "fetch('https://HOST/x').then((answer) => answer.text()).then(console.log)",
        "fetch('http://HOST/x').then((answer) => answer.text()).then(console.log)",
        &get.replace("MODULE", "http"),
        &get.replace("MODULE", "https"),
        http2,
    ] {
        world.reaches_the_allowed_name_only(&[], &["node", "-e", code]);
    }
}

#[test]
fn undici_as_npm_installs_it_reaches_the_allowed_name() {
    let mut world = World::new();
    let folder = npm("undici", "undici");
    let folder = folder.to_str().unwrap();
    let code = format!(
        "require('{folder}').request('https://HOST/x').then(({{ body }}) => body.text()).then(console.log)"
    );
    let read = format!("--grant=files.read={folder}/**");
    world.reaches_the_allowed_name_only(&[&read], &["node", "-e", &code]);
}

#[test]
fn a_plugin_in_node_reaches_what_its_manifest_asked_for() {
    let mut world = World::new();
    world.user.write(
        "plugin/plugin.yaml",
        "name: example\nversion: 1.0.0\nruntime: node\nentry: index.mjs\n\
         permissions:\n  - network.request: http://allowed.example\n",
    );
    world.user.write(
        "plugin/index.mjs",
        "export async function go({ host }) {\n\
         \x20 try { return await (await fetch(`http://${host}/x`)).text(); }\n\
         \x20 catch (error) { return error.cause.code; }\n}\n",
    );
    let plugin = world.user.path("plugin");
    let go = |host: &str| {
        let input = format!("{{\"host\":\"{host}\"}}");
        let options = ["--yes", "--json", "--input", &input];
        let done = world.run_plugin(&options, plugin.to_str().unwrap());
        done.json()["result"].clone()
    };
    assert_eq!(go("allowed.example"), "hello allowed.example GET /x 0\n");
    let denied = go("sibling.example");
    assert_eq!(denied, "ENOTFOUND");
    assert_eq!(world.traffic().connected(), ["93.184.216.10"]);
}

/// Python of the system, or of an installed client's environment.
fn python(client: Option<&str>) -> String {
    client.map_or_else(
        || "/usr/bin/python3".to_owned(),
        |client| pypi(client, "python").to_str().unwrap().to_owned(),
    )
}

#[test]
fn python_reaches_the_allowed_name_by_urllib_streams_and_raw_sockets() {
    let mut world = World::new();
    let python = python(None);
    let streams = "import asyncio\n\
        async def main():\n\
        \x20   reader, writer = await asyncio.open_connection('HOST', 443, ssl=True)\n\
        \x20   writer.write(b'GET /x HTTP/1.1\\r\\nHost: HOST\\r\\nConnection: close\\r\\n\\r\\n')\n\
        \x20   print((await reader.read()).decode())\n\
        asyncio.run(main())\n";
    let raw = "import socket\n\
        found = socket.getaddrinfo('HOST', 80, socket.AF_INET, socket.SOCK_STREAM)[0]\n\
        s = socket.socket(*found[:3])\n\
        s.connect(found[4])\n\
        s.sendall(b'GET /x HTTP/1.0\\r\\nHost: HOST\\r\\n\\r\\n')\n\
        while data := s.recv(65536): print(data.decode())\n";
    for code in [
        "import urllib.request; print(urllib.request.urlopen('https://HOST/x').read().decode())",
        streams,
        raw,
    ] {
        world.reaches_the_allowed_name_only(&[], &[&python, "-c", code]);
    }
}

#[test]
fn requests_urllib3_httpx_and_aiohttp_reach_the_allowed_name() {
    let mut world = World::new();
    let aiohttp = "import aiohttp, asyncio\n\
        async def main():\n\
        \x20   async with aiohttp.ClientSession() as session, session.get('https://HOST/x') as answer:\n\
        \x20       print(await answer.text())\n\
        asyncio.run(main())\n";
    for (client, code) in [
        ("requests", "import requests; print(requests.get('https://HOST/x').text)"),
        (
            "urllib3",
            "import urllib3; print(urllib3.request('GET', 'https://HOST/x', retries=False).data.decode())",
        ),
        ("httpx", "import httpx; print(httpx.get('https://HOST/x').text)"),
        ("aiohttp", aiohttp),
    ] {
        world.reaches_the_allowed_name_only(&[], &[&python(Some(client)), "-c", code]);
    }
}

#[test]
fn curl_reaches_the_allowed_name_by_http_and_by_http2() {
    let mut world = World::new();
    world.speak_http2();
    world.reaches_the_allowed_name_only(&[], &["curl", "-sS", "http://HOST/x"]);
    world.reaches_the_allowed_name_only(&[], &["curl", "-sS", "https://HOST/x"]);
    let second = ["curl", "-sS", "--http2", "-w", "%{http_version}", "https://HOST:8443/x"];
    world.reaches_the_allowed_name_only(&[], &second);
    let words = second.map(|word| word.replace("HOST", "allowed.example"));
    let done = world.client(&[], &words.each_ref().map(String::as_str));
    assert_eq!(done.stdout, "hello allowed.example:8443 HTTP/2 /x\n2", "{done:?}");
}

const GO: &str = r#"package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	answer, err := http.Get(os.Args[1])
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	io.Copy(os.Stdout, answer.Body)
}
"#;

/// Compiles `main.go` beside it; `None` without a toolchain.
fn compile_go(source: &Path) -> Option<String> {
    let program = source.with_file_name("client");
    let mut compiler = Command::new("go");
    compiler.args(["build", "-o"]).arg(&program).arg(source);
    // Its own resolver and TLS, as Go programs are shipped.
    compiler.env("CGO_ENABLED", "0").env("GOCACHE", source.with_file_name("cache"));
    match compiler.status() {
        Ok(status) => {
            assert!(status.success(), "{status}");
            Some(program.canonicalize().unwrap().to_str().unwrap().to_owned())
        }
        Err(reason) => {
            eprintln!("not run, no toolchain of Go here: {reason}");
            None
        }
    }
}

#[test]
fn a_program_in_go_reaches_the_allowed_name_where_a_toolchain_is_installed() {
    let mut world = World::new();
    let Some(program) = compile_go(&world.user.write("go/main.go", GO)) else { return };
    world.reaches_the_allowed_name_only(&[], &[&program, "https://HOST/x"]);
    world.reaches_the_allowed_name_only(&[], &[&program, "http://HOST/x"]);
}
