//! Everybody who gives a program a network, as a careful person would call them.

use crate::contest::{Name, Side};
use crate::native::last_line;
use crate::ours::Ours;
use crate::rivals::find;
use ringfence::HOME_VARIABLE;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The name of the host, where names decide.
pub(super) const NAME: &str = "bench.example";
/// Nothing here takes longer; who hangs is ended and listed.
const LONGEST: [&str; 4] = ["timeout", "-s", "KILL", "90"];
const LOOPBACK: &str = "127.0.0.1";

/// One way to a network: how the client is started and whom it calls.
pub(super) struct Way {
    pub(super) name: Name,
    /// Words before the client's own.
    before: Vec<OsString>,
    pub(super) host: String,
    proxy: Option<String>,
    home: Option<PathBuf>,
    is_slirp: bool,
    /// A program that has to run meanwhile.
    _beside: Option<Beside>,
}

struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

impl Way {
    fn new(side: Side, name: &str, host: &str, before: Vec<OsString>) -> Self {
        let name = Name::new(side, name);
        let host = host.to_owned();
        Self { name, before, host, proxy: None, home: None, is_slirp: false, _beside: None }
    }

    /// What `program` prints with these words after it.
    pub(super) fn run(&self, program: &Path, arguments: &[String]) -> Result<String, String> {
        let mut all: Vec<OsString> = self.before.clone();
        all.push(program.into());
        all.extend(arguments.iter().map(OsString::from));
        all.extend(self.proxy.iter().map(OsString::from));
        let mut command = Command::new(LONGEST[0]);
        command.args(&LONGEST[1..]).args(all).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(home) = &self.home {
            command.env(HOME_VARIABLE, home);
        }
        let output = if self.is_slirp { slirp(command) } else { command.output() };
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(last_line(&output.stderr))
        }
    }
}

/// Runs a command in a network namespace that slirp4netns leads out of. The
/// command waits until it does.
fn slirp(mut command: Command) -> std::io::Result<std::process::Output> {
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let (Some(mut orders), Some(told)) = (child.stdin.take(), child.stdout.take()) else {
        return child.wait_with_output();
    };
    // The first line says which process it is.
    let mut told = BufReader::new(told);
    let mut pid = String::new();
    told.read_line(&mut pid)?;
    let mut slirp = Command::new("slirp4netns");
    slirp.args(["--configure", "--mtu=65520", "--ready-fd=1", pid.trim(), "tap0"]);
    let slirp = slirp.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut slirp = Beside(slirp);
    if let Some(ready) = slirp.0.stdout.as_mut() {
        ready.read_exact(&mut [0])?;
    }
    orders.write_all(b"\n")?;
    let mut stdout = Vec::new();
    told.read_to_end(&mut stdout)?;
    let mut output = child.wait_with_output()?;
    output.stdout = stdout;
    Ok(output)
}

/// All of them, or why one is not here.
pub(super) fn all(
    ours: &Ours,
    client: &Path,
    folder: &Path,
    port: u16,
) -> Vec<Result<Way, (Name, String)>> {
    let absent = |name: &str| {
        let name = Name::new(Side::Rival, name);
        move |reason: String| (name, reason)
    };
    vec![
        Ok(Way::new(Side::Bare, "direct", LOOPBACK, Vec::new())),
        ringfence(ours, port),
        bubblewrap(client).map_err(absent("bubblewrap, the host's network")),
        slirp4netns().map_err(absent("slirp4netns")),
        pasta("pasta, packets (tap)", None).map_err(absent("pasta, packets (tap)")),
        pasta("pasta, spliced loopback", Some(port)).map_err(absent("pasta, spliced loopback")),
        tinyproxy(folder).map_err(absent("tinyproxy by CONNECT, no jail")),
    ]
}

fn ringfence(ours: &Ours, port: u16) -> Result<Way, (Name, String)> {
    let name = "Ringfence: ringfence run";
    let program =
        ours.program.clone().map_err(|reason| (Name::new(Side::Command, name), reason))?;
    let mut before = vec![program.into_os_string()];
    before.extend(words("run -q --preset development"));
    before.extend(words(&format!("--grant network.request={NAME}:{port}")));
    // The client has its name; nobody's look-up is measured.
    before.extend(words(&format!("--resolve {NAME}={LOOPBACK} --")));
    let mut way = Way::new(Side::Command, name, NAME, before);
    way.home = Some(ours.home.clone());
    Ok(way)
}

fn bubblewrap(client: &Path) -> Result<Way, String> {
    let mut before = vec![find("bwrap")?.into_os_string()];
    let mut walls = crate::rivals::bubblewrap(&crate::jobs::Job::new(client, &[]));
    walls.insert(1, "--share-net".into());
    before.extend(walls);
    Ok(Way::new(Side::Rival, "bubblewrap, the host's network", LOOPBACK, before))
}

fn slirp4netns() -> Result<Way, String> {
    find("slirp4netns")?;
    let mut before = words("unshare -r -n sh -c");
    before.extend(["echo $$; read line; exec \"$@\"".into(), "sh".into()]);
    let mut way = Way::new(Side::Rival, "slirp4netns", "10.0.2.2", before);
    way.is_slirp = true;
    Ok(way)
}

/// Both of its ways to the host's loopback: by packets to the gateway's address,
/// and, for one port, by joining two sockets.
fn pasta(name: &str, spliced: Option<u16>) -> Result<Way, String> {
    let mut before = vec![find("pasta")?.into_os_string()];
    before.extend(words("-f -q --config-net"));
    if rustix::process::geteuid().is_root() {
        before.extend(words("--runas 0"));
    }
    let host = match spliced {
        Some(port) => {
            before.extend(words(&format!("-T {port}")));
            LOOPBACK.to_owned()
        }
        None => gateway().ok_or("it needs a default route")?,
    };
    before.push("--".into());
    Ok(Way::new(Side::Rival, name, &host, before))
}

fn gateway() -> Option<String> {
    let output = Command::new("ip").args(["-4", "route", "show", "default"]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().nth(2).map(str::to_owned)
}

/// A proxy that every program would have to be told of, and that none has to use.
fn tinyproxy(folder: &Path) -> Result<Way, String> {
    let program = find("tinyproxy")?;
    let said = |error: std::io::Error| error.to_string();
    // Nobody else takes the port in between on a quiet machine.
    let port = TcpListener::bind((LOOPBACK, 0)).and_then(|l| l.local_addr()).map_err(said)?.port();
    let config = folder.join("tinyproxy.conf");
    let text =
        format!("Port {port}\nListen {LOOPBACK}\nMaxClients 1000\nTimeout 60\nLogLevel Critical\n");
    std::fs::write(&config, text).map_err(said)?;
    let mut command = Command::new(program);
    command.arg("-d").arg("-c").arg(&config);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let beside = Beside(command.spawn().map_err(said)?);
    let begin = std::time::Instant::now();
    while std::net::TcpStream::connect((LOOPBACK, port)).is_err() {
        if begin.elapsed() > std::time::Duration::from_secs(5) {
            return Err("it does not listen".to_owned());
        }
        crate::clock::idle(std::time::Duration::from_millis(20));
    }
    let mut way = Way::new(Side::Rival, "tinyproxy by CONNECT, no jail", LOOPBACK, Vec::new());
    way.proxy = Some(port.to_string());
    way._beside = Some(beside);
    Ok(way)
}
