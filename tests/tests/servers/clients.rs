//! Real MCP clients, configured as a user would: the command `ringfence`, the
//! arguments `run --mcp -q FOLDER`, and nothing else about the server changed.

use crate::cache::{npm, pypi};
use crate::program::{Collected, User, repository, ringfence, soon, wait_at_most};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The official TypeScript client. It prints what it got, waits for a line, and
/// closes. While the answer holds what UNTIL_NOT says, it calls again, for ten seconds.
const TYPESCRIPT: &str = "
const [sdk, config] = process.argv.slice(2);
const { Client } = await import(sdk + '/client/index.js');
const { StdioClientTransport } = await import(sdk + '/client/stdio.js');
const { server, tool, input } = JSON.parse(config);
const until_not = process.env.UNTIL_NOT;
const client = new Client({ name: 'test', version: '1.0.0' });
const transport = new StdioClientTransport(server);
await client.connect(transport);
const { tools } = await client.listTools();
const begun = Date.now();
let answer;
do {
  answer = await client.callTool({ name: tool, arguments: input });
} while (until_not && JSON.stringify(answer).includes(until_not) && Date.now() - begun < 10000);
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), answer, server: client.getServerVersion() }));
await new Promise((resolve) => process.stdin.once('data', resolve));
await client.close();
process.exit(0);
";

/// The official Python client; the same.
const PYTHON: &str = "
import asyncio, json, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    config = json.loads(sys.argv[2])
    server = StdioServerParameters(**config['server'])
    async with stdio_client(server) as (read, write):
        async with ClientSession(read, write) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            answer = await session.call_tool(config['tool'], config['input'])
            text = answer.model_dump_json(by_alias=True)
            print(json.dumps({'tools': [tool.name for tool in tools], 'answer': json.loads(text)}), flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)

asyncio.run(main())
";

/// A client that has listed and called, and holds its server.
struct Session {
    child: Child,
    got: Value,
    /// Everything that runs because of it.
    running: BTreeSet<(i32, u64)>,
}

/// Number and start time of every descendant.
fn descendants(of: i32) -> BTreeSet<(i32, u64)> {
    let mut all: Vec<(i32, i32, u64)> = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // After the name in parentheses: state, parent, ..., the 20th is the start.
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = rest.split(' ').collect();
        all.push((pid, fields[1].parse().unwrap(), fields[19].parse().unwrap()));
    }
    let mut found = BTreeSet::new();
    let mut todo = vec![of];
    while let Some(parent) = todo.pop() {
        for (pid, _, start) in all.iter().filter(|(_, of, _)| *of == parent) {
            if found.insert((*pid, *start)) {
                todo.push(*pid);
            }
        }
    }
    found
}

fn start_of(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    if rest.starts_with('Z') {
        return None;
    }
    rest.split(' ').nth(19)?.parse().ok()
}

impl Session {
    fn open(
        user: &User,
        mut client: Command,
        options: &[&str],
        folder: &Path,
        tool: &str,
        input: &Value,
    ) -> Self {
        let mut arguments = vec!["run", "--mcp", "-q"];
        arguments.extend(options);
        arguments.push(folder.to_str().unwrap());
        let path = std::env::var("PATH").unwrap();
        let config = json!({
            "server": {
                "command": ringfence(),
                "args": arguments,
                "env": { "RINGFENCE_HOME": user.home(), "PATH": path },
            },
            "tool": tool,
            "input": input,
        });
        let mut child = client
            .arg(config.to_string())
            .current_dir(user.path("."))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let output = Collected::start(child.stdout.take().unwrap());
        let line = output.wait_for("\n");
        let running = descendants(i32::try_from(child.id()).unwrap());
        assert!(running.len() >= 3, "ringfence, its jailer and the server: {running:?}");
        Self { child, got: serde_json::from_str(line.trim()).unwrap(), running }
    }

    fn tools(&self) -> Vec<&str> {
        self.got["tools"].as_array().unwrap().iter().map(|tool| tool.as_str().unwrap()).collect()
    }

    fn text(&self) -> &str {
        self.got["answer"]["content"][0]["text"].as_str().unwrap()
    }

    /// The client closes as its library does.
    fn close(mut self) {
        self.child.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(wait_at_most(Pid::from_child(&self.child), Duration::from_secs(20)), "it hangs");
        assert!(self.child.wait().unwrap().success());
        self.is_gone();
    }

    fn is_gone(&self) {
        let left = || -> Vec<i32> {
            let alive = |(pid, start): &&(i32, u64)| start_of(*pid) == Some(*start);
            self.running.iter().filter(alive).map(|(pid, _)| *pid).collect()
        };
        assert!(soon(|| left().is_empty()), "left: {:?}", left());
    }
}

fn typescript(user: &User) -> Command {
    let sdk = npm("server-everything", "@modelcontextprotocol/sdk/dist/esm");
    let mut command = Command::new("node");
    command.arg(user.write("client.mjs", TYPESCRIPT)).arg(sdk);
    command
}

fn python(user: &User) -> Command {
    let mut command = Command::new(pypi("mcp-server-time", "python"));
    command.arg(user.write("client.py", PYTHON)).arg("-");
    command
}

#[test]
fn the_typescript_client_uses_a_jailed_server_and_closes_it() {
    let user = User::new();
    let folder = npm("server-everything", "@modelcontextprotocol/server-everything");
    let input = json!({ "message": "hello" });
    let session = Session::open(&user, typescript(&user), &[], &folder, "echo", &input);
    assert!(session.tools().contains(&"get-env"), "{:?}", session.got);
    assert!(session.text().contains("hello"), "{:?}", session.got);
    assert!(session.got["server"]["name"].is_string(), "{:?}", session.got);
    session.close();
    let kinds = user.kinds();
    assert!(kinds.contains(&"action_called".to_owned()), "{kinds:?}");
    assert_eq!(kinds.last().map(String::as_str), Some("sandbox_ended"));
}

#[test]
fn the_python_client_uses_a_jailed_server_and_closes_it() {
    let user = User::new();
    let folder = pypi("mcp-server-time", "mcp-server-time");
    let input =
        json!({ "source_timezone": "UTC", "target_timezone": "Asia/Tokyo", "time": "12:00" });
    let session = Session::open(&user, python(&user), &[], &folder, "convert_time", &input);
    assert_eq!(session.tools(), ["get_current_time", "convert_time"]);
    assert!(session.text().contains("21:00:00"), "{:?}", session.got);
    session.close();
}

#[test]
fn each_client_uses_a_server_of_the_other_language() {
    let user = User::new();
    let node = npm("calculator-mcp", "@wrtnlabs/calculator-mcp");
    let input = json!({ "a": 2, "b": 40 });
    let session = Session::open(&user, python(&user), &[], &node, "add", &input);
    assert!(session.text().contains("42"), "{:?}", session.got);
    session.close();
    let example = repository("plugins/examples/mcp-echo");
    let input = json!({ "text": "hello" });
    let session = Session::open(&user, typescript(&user), &[], &example, "echo", &input);
    assert_eq!(session.text(), "hello", "{:?}", session.got);
    session.close();
}

#[test]
fn a_granted_folder_is_a_root_of_the_server_also_behind_a_client() {
    let user = User::new();
    let folder = npm("server-filesystem", "@modelcontextprotocol/server-filesystem");
    let file = user.write("shared/list.txt", "milk").canonicalize().unwrap();
    let grant = format!("files.read={}/**", file.parent().unwrap().display());
    let input = json!({ "path": file });
    let options = ["--grant", grant.as_str()];
    let mut client = typescript(&user);
    // It asks for the roots, and serves calls before it has taken in the answer.
    client.env("UNTIL_NOT", "outside allowed directories");
    let session = Session::open(&user, client, &options, &folder, "read_text_file", &input);
    assert!(session.text().contains("milk"), "{:?}", session.got);
    session.close();
}

#[test]
fn a_killed_client_leaves_no_server_behind() {
    let user = User::new();
    let folder = npm("server-everything", "@modelcontextprotocol/server-everything");
    let input = json!({ "message": "hello" });
    for client in [typescript(&user), python(&user)] {
        let mut session = Session::open(&user, client, &[], &folder, "echo", &input);
        kill_process(Pid::from_child(&session.child), Signal::KILL).unwrap();
        session.child.wait().unwrap();
        session.is_gone();
    }
    let verified = user.ringfence(["audit", "verify"]).run();
    assert_eq!(verified.code, Some(0), "{verified:?}");
}
