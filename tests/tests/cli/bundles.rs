//! A file and its Sigstore bundle, looked at by the program.

use crate::program::{Done, User, repository};
use std::fs;

const SIGNER: [&str; 4] =
    ["--identity", "w.vollprecht@gmail.com", "--issuer", "https://github.com/login/oauth"];

/// A user with a real file, `blob`, and its real bundle.
fn user() -> User {
    let user = User::new();
    for (from, to) in
        [("cosign-v3-blob.txt", "blob"), ("cosign-v3-blob.sigstore.json", "blob.sigstore.json")]
    {
        let from = repository("crates/signing/tests/sigstore/data").join(from);
        user.write(to, fs::read(from).unwrap());
    }
    user
}

fn verify(user: &User, words: &[&str]) -> Done {
    user.ringfence([&["verify", "blob", "--bundle", "blob.sigstore.json"], words].concat()).run()
}

#[test]
fn a_file_that_the_named_signer_signed_is_trusted_and_another_file_or_signer_is_not() {
    let user = user();
    let done = verify(&user, &SIGNER);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.starts_with("trusted: signed by w.vollprecht@gmail.com"), "{done:?}");
    let json = verify(&user, &[SIGNER.as_slice(), &["--json"]].concat()).json();
    assert_eq!(json["standing"]["level"], "trusted");
    assert_eq!(json["standing"]["by"]["issuer"], "https://github.com/login/oauth");
    assert!(json["root"].as_str().unwrap().contains("sigstore.dev"));
    for (name, issuer) in [
        ("x.vollprecht@gmail.com", SIGNER[3]),
        ("w.vollprecht@gmail.co", SIGNER[3]),
        ("W.vollprecht@gmail.com", SIGNER[3]),
        (SIGNER[1], "https://accounts.google.com"),
    ] {
        let done = verify(&user, &["--identity", name, "--issuer", issuer]);
        assert_eq!(done.code, Some(9), "{done:?}");
        assert!(done.stdout.starts_with("FAILED: it was signed by w.vollprecht"), "{done:?}");
        assert!(done.stderr.contains("help: do not use the file"), "{done:?}");
    }
    user.write("blob", "another file");
    let done = verify(&user, &SIGNER);
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(done.stdout.starts_with("FAILED"), "{done:?}");
}

#[test]
fn who_is_meant_is_always_said_and_what_is_said_wrongly_is_told() {
    let user = user();
    for words in [
        [].as_slice(),
        &SIGNER[..2],
        &SIGNER[2..],
        &["--identity", "*", "--issuer", SIGNER[3]],
        &["--identity", "https://github.com/*", "--issuer", SIGNER[3]],
        &["--identity", "", "--issuer", SIGNER[3]],
        &["--identity", SIGNER[1], "--issuer", "*"],
        &[SIGNER.as_slice(), &["--require", "intact"]].concat(),
        &[SIGNER.as_slice(), &["--trusted-root", "blob"]].concat(),
        &[SIGNER.as_slice(), &["--trusted-root", "not-there"]].concat(),
    ] {
        let done = verify(&user, words);
        assert_eq!(done.code, Some(2), "{words:?} {done:?}");
        assert_eq!(done.stdout, "", "{words:?}");
    }
    let done = user.ringfence([["verify", "."].as_slice(), &["--bundle", "."], &SIGNER].concat());
    assert_eq!(done.run().code, Some(2));
}

#[test]
fn what_cannot_be_checked_does_not_read_as_clean() {
    let user = user();
    let bundle = fs::read_to_string(user.path("blob.sigstore.json")).unwrap();
    user.write("blob.sigstore.json", bundle.replace("v0.3+json", "v7.0+json"));
    let done = verify(&user, &SIGNER);
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(done.stdout.starts_with("cannot be checked"), "{done:?}");
    user.write("blob.sigstore.json", format!("{bundle}{{}}"));
    assert_eq!(verify(&user, &SIGNER).code, Some(9));
    user.write("blob.sigstore.json", "");
    assert_eq!(verify(&user, &SIGNER).code, Some(9));
}
