//! An internet of its own for one test: hosts, a name server and a capture of
//! every packet, in a network namespace that ends with the test.

use crate::program::{Done, Invocation, User};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const PROGRAM: &str = include_str!("world.py");
const SHOPS: &str = include_str!("shops.py");
const QUIC: &str = include_str!("quic.py");

/// The hosts, and one user whose `ringfence` is on their network.
pub(crate) struct World {
    pub(crate) user: User,
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pid: String,
}

/// What went over the outer network.
#[derive(Debug)]
pub(crate) struct Traffic {
    /// Protocol number and destination of every packet.
    packets: Vec<(u64, String)>,
    /// Destination and port of every packet that opens a connection.
    opened: Vec<(String, u64)>,
    /// Destination and port of every packet of TCP that carries data.
    written: Vec<(String, u64)>,
    /// Destination and port of every datagram but those of the name server.
    datagrams: Vec<(String, u64)>,
    /// Every name that the name server was asked for.
    names: Vec<String>,
}

const TCP: u64 = 6;
const UDP: u64 = 17;
const ICMP: u64 = 1;

impl Traffic {
    /// Whether nothing was sent at all, not even a question for a name.
    pub(crate) fn is_silent(&self) -> bool {
        self.packets.is_empty() && self.names.is_empty()
    }

    /// Whether no other name was asked for.
    pub(crate) fn asked_only_for(&self, name: &str) -> bool {
        self.names.iter().all(|asked| asked == name)
    }

    /// How many connections were opened to a place.
    pub(crate) fn connections_to(&self, address: &str, port: u64) -> usize {
        self.opened.iter().filter(|(to, at)| to == address && *at == port).count()
    }

    /// Whether a single byte was sent to a place.
    pub(crate) fn was_written_to(&self, address: &str, port: u64) -> bool {
        self.written.iter().any(|(to, at)| to == address && *at == port)
    }

    /// How many datagrams were sent to a place.
    pub(crate) fn datagrams_to(&self, address: &str, port: u64) -> usize {
        self.datagrams.iter().filter(|(to, at)| to == address && *at == port).count()
    }

    /// Whether none was sent anywhere, but questions for names.
    pub(crate) fn has_no_datagrams(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// Whether the machine told a host that nobody wants its datagram.
    pub(crate) fn was_turned_away(&self, address: &str) -> bool {
        self.packets.iter().any(|(protocol, to)| *protocol == ICMP && to == address)
    }

    /// Addresses to which connections were opened or answered, each once.
    pub(crate) fn connected(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self
            .packets
            .iter()
            .filter(|(protocol, _)| *protocol == TCP)
            .map(|(_, to)| to.as_str())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl World {
    pub(crate) fn new() -> Self {
        let user = User::new();
        let folder = user.path("world");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("shops.py"), SHOPS).unwrap();
        fs::write(folder.join("quic.py"), QUIC).unwrap();
        // An ordinary user becomes root of a user namespace for it.
        let namespaces: &[&str] = if is_root() { &["-n", "-m"] } else { &["-U", "-r", "-n", "-m"] };
        let mut child = Command::new("unshare")
            .args(namespaces)
            .args(["python3", "-c", PROGRAM])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        answers.read_line(&mut ready).unwrap();
        let ready: Value = serde_json::from_str(&ready).expect("the world begins");
        let pid = ready["pid"].to_string();
        Self { user, child, orders, answers, pid }
    }

    /// The certificate of the authority that signed for every host.
    pub(crate) fn authority(&self) -> PathBuf {
        self.user.path("world/ca.pem").canonicalize().unwrap()
    }

    /// `ringfence run` of a program with generous limits, in the network of the world.
    pub(crate) fn run(&self, options: &[&str], program: &[&str]) -> Done {
        self.run_with("development", options, program)
    }

    /// The same with the limits of a preset.
    pub(crate) fn run_with(&self, preset: &str, options: &[&str], program: &[&str]) -> Done {
        self.ringfence(&[&["-p", preset], options, &["--"], program].concat())
    }

    /// `ringfence run` of a plugin.
    pub(crate) fn run_plugin(&self, options: &[&str], plugin: &str) -> Done {
        self.ringfence(&[options, &[plugin, "go"]].concat())
    }

    /// What python prints for `code`, where `ringfence` may open so many files.
    pub(crate) fn python_with_few_files(&self, files: &str, grant: &str, code: &str) -> Done {
        let most = format!("--nofile={files}");
        let program = ["-p", "development", "-g", grant, "--", "/usr/bin/python3", "-c", code];
        self.invoke(&["prlimit", &most], &program).run()
    }

    /// `ringfence run` of a program on a machine that does not trust this world.
    pub(crate) fn distrusting(&self, options: &[&str], program: &[&str]) -> Done {
        let words = [&["-p", "development"], options, &["--"], program].concat();
        let trusted = Path::new("/etc/ssl/certs/ca-certificates.crt");
        self.invoke(&[], &words).env("SSL_CERT_FILE", trusted).run()
    }

    /// `ringfence run` of a program by an operator who has this variable.
    pub(crate) fn with_variable(
        &self,
        name: &str,
        value: &str,
        options: &[&str],
        program: &[&str],
    ) -> Done {
        let words = [&["-p", "development"], options, &["--"], program].concat();
        let invocation = self.invoke(&[], &words).env(name, value);
        invocation.env("SSL_CERT_FILE", self.authority()).run()
    }

    /// The heads of all requests that the hosts got since the last time, one line each.
    pub(crate) fn heads(&mut self) -> String {
        let told = self.order("heads");
        let heads = told["heads"].as_array().unwrap().iter();
        heads.map(|head| head.as_str().unwrap()).collect::<Vec<_>>().join("\n")
    }

    /// `ringfence run` of these words, in the network of the world, to its end.
    pub(crate) fn ringfence(&self, words: &[&str]) -> Done {
        // What the operator's machine trusts; the jail sees what the distribution does.
        self.invoke(&[], words).env("SSL_CERT_FILE", self.authority()).run()
    }

    /// The same before it is started, below some words that start it.
    pub(crate) fn invoke(&self, starter: &[&str], words: &[&str]) -> Invocation {
        let namespaces: &[&str] = if is_root() { &[] } else { &["-U", "--preserve-credentials"] };
        let mut outer = vec!["nsenter", "-t", &self.pid, "-n", "-m", "--wdns=."];
        outer.extend(namespaces);
        outer.push("--");
        outer.extend(starter);
        self.user.ringfence_under(&outer, &[&["run"], words].concat())
    }

    /// What curl prints for `url`, trusting the authority of this world.
    pub(crate) fn get(&self, grants: &[&str], url: &str) -> Done {
        self.curl(grants, &[url])
    }

    pub(crate) fn curl(&self, grants: &[&str], words: &[&str]) -> Done {
        let authority = self.authority();
        let authority = authority.to_str().unwrap();
        let read = format!("files.read={authority}");
        let mut options = vec!["-g", &read];
        for grant in grants {
            options.extend(["-g", grant]);
        }
        let mut program = vec!["curl", "-sS", "-m", "5", "--cacert", authority];
        program.extend(words);
        self.run(&options, &program)
    }

    /// What python prints for `code`.
    pub(crate) fn python(&self, grants: &[&str], code: &str) -> Done {
        let mut options = Vec::new();
        for grant in grants {
            options.extend(["-g", grant]);
        }
        self.run(&options, &["/usr/bin/python3", "-c", code])
    }

    /// Every host speaks HTTP/2 at port 8443 from now on.
    pub(crate) fn speak_http2(&mut self) {
        self.order("http2");
    }

    /// The allowed host speaks QUIC at port 4433 from now on, by this interpreter.
    pub(crate) fn speak_quic(&mut self, python: &str) {
        self.order(&format!("quic {python}"));
    }

    /// What went over the network since the last time this was asked.
    pub(crate) fn traffic(&mut self) -> Traffic {
        let told = self.order("forget");
        assert_eq!(told["lost"], 0, "packets were not seen, so nothing is proved");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let seen: Vec<&Value> = told["seen"].as_array().unwrap().iter().collect();
        let places = |which: &dyn Fn(&Value) -> bool| -> Vec<(String, u64)> {
            let which = seen.iter().filter(|packet| which(packet));
            which.map(|packet| (text(&packet[1]), packet[2].as_u64().unwrap())).collect()
        };
        Traffic {
            packets: seen.iter().map(|p| (p[0].as_u64().unwrap(), text(&p[1]))).collect(),
            opened: places(&|packet| packet[3] == true),
            written: places(&|packet| packet[0] == TCP && packet[4].as_u64() > Some(0)),
            datagrams: {
                // The resolver's own, and the answers to it.
                let local = |packet: &Value| text(&packet[1]).starts_with("127.");
                places(&|packet| packet[0] == UDP && !local(packet))
            },
            names: told["asked"].as_array().unwrap().iter().map(|asked| text(&asked[0])).collect(),
        }
    }
}

impl World {
    fn order(&mut self, order: &str) -> Value {
        let mut orders = self.orders.as_ref().unwrap();
        orders.write_all(format!("{order}\n").as_bytes()).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
