//! Programs that speak to a network.

use super::programs::Call;
use super::run::{Shell, begins, join, known, text, with_origins};
use super::words::Span;
use crate::event::{Effect, Role, Source};
use crate::value::{Shape, Value};

impl Shell {
    pub(super) fn network_program(&mut self, call: &Call<'_>) -> Option<Value> {
        Some(match call.program {
            "curl" | "wget" | "fetch" | "http" | "https" | "aria2c" | "axel" | "lwp-request"
            | "GET" | "lwp-download" | "wget2" | "curlie" | "xh" => self.request(call),
            "nc" | "ncat" | "netcat" | "nc.traditional" | "telnet" | "socat" => self.connect(call),
            "ssh" | "scp" | "rsync" | "sftp" | "ftp" | "tftp" | "ssh-copy-id" => self.remote(call),
            "dig" | "nslookup" | "host" | "ping" | "ping6" | "getent" | "drill" | "resolvectl" => {
                let named = call.operands(&["-c", "-t", "-W", "-i"]);
                let name = named.iter().find(|value| known(value) != Some("hosts"));
                let name = name.map_or_else(Value::default, |name| (*name).clone());
                self.emit(Effect::NameLookup, call.program, call.span, vec![(Role::Host, name)]);
                self.origin(Source::Network, call.span, None)
            }
            "mail" | "sendmail" | "mailx" | "mutt" => {
                let data = (Role::Data, call.input.clone());
                self.emit(Effect::Connect, call.program, call.span, vec![data]);
                text("")
            }
            _ => return None,
        })
    }

    fn request(&mut self, call: &Call<'_>) -> Value {
        const VALUED: [&str; 30] = [
            "-o",
            "--output",
            "-O",
            "--output-document",
            "-d",
            "--data",
            "--data-raw",
            "--data-binary",
            "--data-urlencode",
            "-F",
            "--form",
            "-T",
            "--upload-file",
            "-H",
            "--header",
            "-X",
            "--request",
            "-u",
            "--user",
            "-A",
            "--user-agent",
            "-x",
            "--proxy",
            "-m",
            "--max-time",
            "--retry",
            "-e",
            "-P",
            "--post-data",
            "--post-file",
        ];
        let wget = call.program.starts_with("wget");
        // For curl, -O has no value: the name is the address's own.
        let valued: Vec<&str> =
            VALUED.iter().copied().filter(|name| wget || *name != "-O").collect();
        let mut urls: Vec<Value> = call.operands(&valued).into_iter().cloned().collect();
        urls.extend(call.option(&["--url"]));
        let mut data = text("");
        for names in [
            &[
                "-d",
                "--data",
                "--data-raw",
                "--data-binary",
                "--data-urlencode",
                "--post-data",
                "--json",
                "--body-data",
            ][..],
            &["-F", "--form", "-T", "--upload-file", "--post-file", "--body-file"],
            &["-H", "--header", "-u", "--user", "-A", "--user-agent", "-b", "--cookie"],
        ] {
            if let Some(value) = call.option(names) {
                let upload = names.contains(&"-T") && !begins(&value).contains('=');
                let sent = self.sent(&value, upload, call);
                data = join(data, &sent);
            }
        }
        let mut output = Value::default();
        for url in &urls {
            let mut roles = vec![(Role::Url, url.clone())];
            if known(&data) != Some("") {
                roles.push((Role::Data, data.clone()));
            }
            self.emit(Effect::Request, call.program, call.span, roles);
            let from = self.origin(Source::Network, call.span, Some(begins(url)));
            output = with_origins(output, &from.origins);
        }
        let to = if wget {
            let named = call.option(&["-O", "--output-document"]);
            let own = || urls.first().map(|url| last_part(begins(url)));
            named.or_else(own)
        } else if call.letter('O') || call.has(&["--remote-name"]) {
            urls.first().map(|url| last_part(begins(url)))
        } else {
            call.option(&["-o", "--output"])
        };
        match to {
            Some(path) if known(&path) != Some("-") => {
                if known(&path) != Some("/dev/null") {
                    self.write_file(call.program, path, output, call.span);
                }
                text("")
            }
            _ => output,
        }
    }

    /// What an option of curl sends: itself, a file after `@`, or the input.
    fn sent(&mut self, value: &Value, upload: bool, call: &Call<'_>) -> Value {
        let written = begins(value);
        let file = match written.split_once('@') {
            Some((before, path)) if before.is_empty() || before.ends_with('=') => {
                Some(path.to_owned())
            }
            _ if upload => Some(written.to_owned()),
            _ => None,
        };
        match file.as_deref() {
            Some("-") => call.input.clone(),
            Some(path) => {
                let path = path.split(';').next().unwrap_or_default();
                let path = if known(value).is_some() { text(path) } else { value.clone() };
                let read = self.read_file(call.program, &path, call.span);
                with_origins(read, &value.origins)
            }
            None => value.clone(),
        }
    }

    fn connect(&mut self, call: &Call<'_>) -> Value {
        let operands = call.operands(&["-w", "-e", "-c", "-p", "-s", "--sh-exec", "--exec"]);
        let listens = call.letter('l') || call.has(&["--listen"]);
        let mut host = operands.first().map_or_else(Value::default, |host| (*host).clone());
        let mut port = operands.get(1).map(|port| (*port).clone());
        let mut shell = call.option(&["-e", "-c", "--exec", "--sh-exec"]);
        if call.program == "socat" {
            let tcp =
                operands.iter().find(|end| begins(end).to_ascii_lowercase().starts_with("tcp"));
            let parts: Vec<&str> =
                tcp.map(|end| begins(end).split(':').collect()).unwrap_or_default();
            host = parts.get(1).map_or_else(Value::default, |host| text(host));
            port = parts.get(2).map(|port| text(port.split(',').next().unwrap_or_default()));
            let lower = |end: &&&Value| begins(end).to_ascii_lowercase().starts_with("exec");
            shell = operands.iter().find(lower).map(|end| (*end).clone());
        }
        let mut roles = vec![(Role::Host, host.clone())];
        roles.extend(port.map(|port| (Role::Port, port)));
        if !call.input.origins.is_empty() || known(&call.input).is_some_and(|all| !all.is_empty()) {
            roles.push((Role::Data, call.input.clone()));
        }
        let effect = if listens { Effect::Listen } else { Effect::Connect };
        self.emit(effect, call.program, call.span, roles);
        let from = self.origin(Source::Network, call.span, Some(begins(&host)));
        if let Some(shell) = shell {
            // What the other end says goes to a shell.
            let command = with_origins(shell, &from.origins);
            self.emit(
                Effect::Shell,
                call.program,
                call.span,
                vec![(Role::Command, command), (Role::Code, from.clone())],
            );
        }
        from
    }

    fn remote(&mut self, call: &Call<'_>) -> Value {
        let operands = call.operands(&["-i", "-p", "-P", "-o", "-l", "-F", "-e"]);
        let mut data = call.input.clone();
        let mut host = Value::default();
        for operand in operands {
            let written = begins(operand);
            let far = written.contains(':')
                || written.contains('@')
                || call.program != "scp" && call.program != "rsync";
            if far && matches!(host.shape, Shape::Unknown) {
                let name = written.rsplit('@').next().unwrap_or(written);
                host = text(name.split(':').next().unwrap_or(name));
            } else if !far {
                let read = self.read_file(call.program, operand, call.span);
                data = with_origins(data, &read.origins);
            }
        }
        let mut roles = vec![(Role::Host, host)];
        if !data.origins.is_empty() {
            roles.push((Role::Data, data));
        }
        self.emit(Effect::Connect, call.program, call.span, roles);
        self.origin(Source::Network, call.span, None)
    }

    /// `/dev/tcp/host/port` of bash.
    pub(super) fn device_connection(
        &mut self,
        path: &str,
        data: Option<Value>,
        span: Span,
    ) -> Option<Value> {
        let rest = path.strip_prefix("/dev/tcp/").or_else(|| path.strip_prefix("/dev/udp/"))?;
        let (host, port) = rest.split_once('/').unwrap_or((rest, ""));
        let mut roles = vec![(Role::Host, text(host)), (Role::Port, text(port))];
        roles.extend(data.map(|data| (Role::Data, data)));
        self.emit(Effect::Connect, "dev-tcp", span, roles);
        Some(self.origin(Source::Network, span, Some(host)))
    }
}

/// The name that a download is kept under when nobody gives one.
fn last_part(url: &str) -> Value {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    text(path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("index.html"))
}
