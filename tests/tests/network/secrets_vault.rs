//! Secrets that a vault on the network keeps.

use crate::program::Done;
use crate::world::World;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const TOKEN: &str = "hvs.token-of-a-test";
const SECRET: &str = "API_KEY=vault:secret/data/app#key@allowed.example";
const NAME: &str = "network.request=allowed.example";

/// A program of an operator whose vault is `sibling.example`, with this token.
fn run(world: &World, token: &str, code: &str) -> Done {
    let path = world.user.write("token", token);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let options = ["-p", "development", "--secret", SECRET, "-g", NAME, "-g", "process.execute"];
    let words = [&options[..], &["--", "sh", "-c", code]].concat();
    let invocation = world.invoke(&[], &words).env("SSL_CERT_FILE", world.authority());
    invocation.env("VAULT_ADDR", "https://sibling.example").env("VAULT_TOKEN_FILE", path).run()
}

const ASK: &str = "curl -sS -m 5 -H \"X-Key: $API_KEY\" https://allowed.example/x";

#[test]
fn a_plugin_uses_what_a_vault_says_at_each_request_and_has_neither_it_nor_the_token() {
    let mut world = World::new();
    let code = format!("{ASK}; {ASK}; {ASK}; env; cat /proc/*/environ; ls -R /");
    let done = run(&world, TOKEN, &code);
    assert_eq!(done.stdout.matches("hello allowed.example").count(), 3, "{done:?}");
    assert!(done.stdout.contains("API_KEY=rfsecret_"), "{done:?}");
    let text = format!("{done:?} {:?}", world.user.records());
    assert!(!text.contains(TOKEN) && !text.contains("sk-of-the-vault"), "{text}");
    let heads = world.heads();
    // The first answer was for the look before the start.
    let sent: Vec<_> = heads.lines().filter_map(|line| line.strip_prefix("X-Key: ")).collect();
    assert_eq!(sent[..2], ["sk-of-the-vault-2", "sk-of-the-vault-3"], "{heads}");
    // Then it was sealed.
    assert!(sent[2].starts_with("rfsecret_"), "{heads}");
    assert!(done.stderr.contains("vault operator unseal"), "{done:?}");
}

#[test]
fn a_vault_that_refuses_or_is_not_there_starts_nothing() {
    let mut world = World::new();
    let done = run(&world, "hvs.another", "echo ran");
    assert!(done.stdout.is_empty() && done.code != Some(0), "{done:?}");
    assert!(done.stderr.contains("vault login"), "{done:?}");
    assert!(!done.stderr.contains("hvs."), "{done:?}");
    world.heads();
    for (variables, said) in [
        (&[][..], "set VAULT_ADDR"),
        (&[("VAULT_ADDR", "https://sibling.example")], "set VAULT_TOKEN_FILE"),
        (&[("VAULT_ADDR", "http://sibling.example"), ("VAULT_TOKEN", TOKEN)], "use https"),
        (&[("VAULT_ADDR", "https://nobody.example"), ("VAULT_TOKEN", TOKEN)], "cannot be asked"),
    ] {
        let mut invocation =
            world.invoke(&[], &["--secret", SECRET, "-g", NAME, "--", "echo", "ran"]);
        for (name, value) in variables {
            invocation = invocation.env(name, value);
        }
        let done = invocation.run();
        assert!(done.stdout.is_empty() && done.code != Some(0), "{said}: {done:?}");
        assert!(done.stderr.contains(said) && !done.stderr.contains(TOKEN), "{said}: {done:?}");
    }
    assert!(!world.heads().contains(TOKEN), "it went nowhere");
}

#[test]
fn a_path_that_names_no_field_of_a_secret_starts_nothing() {
    let world = World::new();
    for path in ["secret/app#key", "secret/data/app", "secret/data/../../sys#key"] {
        let secret = format!("API_KEY=vault:{path}@allowed.example");
        let done = world.run(&["--secret", &secret, "-g", NAME], &["echo", "ran"]);
        assert!(done.stdout.is_empty() && done.code == Some(2), "{secret}: {done:?}");
    }
}
