//! Keys as their owners have them: made by OpenSSL, OpenSSH and minisign themselves.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test program: to panic is to fail"
)]

use ringfence_signing::{Envelope, KeyError, KeyKind, PublicKey, Scheme, SigningKey};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn program(folder: &Path, line: &str) {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap())
        .args(words.map(|word| word.replace('~', " ")).map(|word| word.trim().to_owned()))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

fn public(folder: &Path, name: &str) -> Result<PublicKey, KeyError> {
    PublicKey::parse(&fs::read(folder.join(name)).unwrap())
}

fn secret(folder: &Path, name: &str) -> Result<SigningKey, KeyError> {
    SigningKey::parse(&fs::read(folder.join(name)).unwrap())
}

#[test]
fn keys_of_openssl_are_read_and_what_they_sign_openssl_verifies_too() {
    let (_keep, folder) = temporary();
    let kinds = [
        ("ed25519", "-algorithm ed25519", Scheme::Ed25519),
        ("p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", Scheme::EcdsaP256),
        ("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", Scheme::RsaPkcs1),
        ("rsa4096", "-algorithm RSA -pkeyopt rsa_keygen_bits:4096", Scheme::RsaPss),
    ];
    fs::write(folder.join("message"), b"hello").unwrap();
    for (name, options, scheme) in kinds {
        program(&folder, &format!("openssl genpkey {options} -out {name}"));
        program(&folder, &format!("openssl pkey -in {name} -pubout -out {name}.pem"));
        program(
            &folder,
            &format!("openssl pkey -pubin -in {name}.pem -outform DER -out {name}.der"),
        );
        program(
            &folder,
            &format!("openssl pkcs8 -topk8 -nocrypt -in {name} -outform DER -out {name}.key.der"),
        );
        let key = secret(&folder, name).unwrap();
        assert_eq!(public(&folder, &format!("{name}.pem")).unwrap(), *key.public(), "{name}");
        assert_eq!(public(&folder, &format!("{name}.der")).unwrap(), *key.public(), "{name}");
        assert_eq!(
            secret(&folder, &format!("{name}.key.der")).map(|key| key.public().clone()),
            Ok(key.public().clone()),
            "{name}"
        );
        // What we show of it is what OpenSSL shows.
        let shown = fs::read_to_string(folder.join(format!("{name}.pem"))).unwrap();
        assert_eq!(key.public().pem().unwrap().trim(), shown.trim(), "{name}");
        fs::write(folder.join("signature"), key.sign(scheme, b"hello").unwrap()).unwrap();
        let how = match scheme {
            Scheme::Ed25519 => "-rawin",
            Scheme::RsaPss => {
                "-rawin -digest sha256 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:32"
            }
            _ => "-rawin -digest sha256",
        };
        program(
            &folder,
            &format!(
                "openssl pkeyutl -verify -pubin -inkey {name}.pem -sigfile signature -in message {how}"
            ),
        );
    }
}

#[test]
fn keys_of_openssh_are_read() {
    let (_keep, folder) = temporary();
    for (name, options) in
        [("ed25519", "-t ed25519"), ("p256", "-t ecdsa -b 256"), ("rsa", "-t rsa -b 3072")]
    {
        program(&folder, &format!("ssh-keygen -q {options} -N ~ -C somebody@somewhere -f {name}"));
        let known = public(&folder, &format!("{name}.pub")).unwrap();
        if name == "rsa" {
            let error = secret(&folder, name).unwrap_err();
            assert!(error.to_string().contains("ssh-keygen -p -m PKCS8 -f"), "{error}");
            program(&folder, &format!("ssh-keygen -q -p -m PKCS8 -P ~ -N ~ -f {name}"));
        }
        let key = secret(&folder, name).unwrap();
        assert_eq!(*key.public(), known, "{name}");
        let scheme = known.usual_scheme();
        let signature = key.sign(scheme, b"hello").unwrap();
        assert!(known.verifies(scheme, b"hello", &signature), "{name}");
        assert!(!known.verifies(scheme, b"hellp", &signature), "{name}");
    }
    program(&folder, "ssh-keygen -q -t ed25519 -N secret -f locked");
    assert!(matches!(secret(&folder, "locked"), Err(KeyError::Encrypted(_))));
    program(&folder, "ssh-keygen -q -t ecdsa -b 384 -N ~ -f p384");
    assert!(matches!(public(&folder, "p384.pub"), Err(KeyError::Algorithm(_))));
}

#[test]
fn a_key_and_a_signature_of_minisign_hold_and_each_part_of_them_counts() {
    let (_keep, folder) = temporary();
    program(&folder, "minisign -G -W -p m.pub -s m.key");
    let key = public(&folder, "m.pub").unwrap();
    let line = fs::read_to_string(folder.join("m.pub")).unwrap();
    let line = line.lines().nth(1).unwrap();
    assert_eq!(PublicKey::parse(line.as_bytes()).unwrap(), key, "the line alone will do");
    assert_eq!(public(&folder, "m.key"), Err(KeyError::NotPublic));
    let envelope = Envelope::new("a/b", b"what is signed".to_vec());
    fs::write(folder.join("message"), envelope.message(Scheme::Minisign)).unwrap();
    for old in ["", " -l"] {
        program(
            &folder,
            &format!("minisign -S{old} -s m.key -m message -t trusted~words -x signature"),
        );
        let signature = fs::read_to_string(folder.join("signature")).unwrap();
        let holds = |text: &str| key.verifies(Scheme::Minisign, b"what is signed", text.as_bytes());
        assert!(holds(&signature), "{signature}");
        assert!(!holds(&signature.replace("trusted words", "trusted words!")));
        assert!(!holds(&format!("{signature}more\n")));
        assert!(!key.verifies(Scheme::Minisign, b"what is signee", signature.as_bytes()));
        assert!(!key.verifies(Scheme::Ed25519, b"what is signed", signature.as_bytes()));
        for cut in 0..signature.len() - 1 {
            assert!(!signature.is_char_boundary(cut) || !holds(&signature[..cut]), "cut at {cut}");
        }
    }
}

#[test]
fn a_weak_or_unusual_key_is_refused() {
    let hex = |text: &str| -> [u8; 32] {
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    };
    // The points of small order and the other ways to write them, as in
    // "Taming the many EdDSAs" (2020), table 1.
    let weak = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    let head = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
    for text in weak {
        let outcome = PublicKey::parse(&[head.as_slice(), &hex(text)].concat());
        assert!(
            matches!(
                outcome,
                Err(KeyError::Weak | KeyError::NotCanonical | KeyError::Broken { .. })
            ),
            "{text}: {outcome:?}"
        );
    }
    let (_keep, folder) = temporary();
    program(&folder, "openssl genrsa -traditional -out short 1024");
    program(&folder, "openssl rsa -in short -pubout -out short.pem");
    assert_eq!(public(&folder, "short.pem"), Err(KeyError::RsaSize(1024)));
    assert!(secret(&folder, "short").is_err());
    program(&folder, "openssl genrsa -3 -out three 2048");
    program(&folder, "openssl rsa -in three -pubout -out three.pem");
    assert_eq!(public(&folder, "three.pem"), Err(KeyError::RsaExponent));
    assert_eq!(public(&folder, "three"), Err(KeyError::NotPublic));
}

#[test]
fn a_key_that_is_made_here_is_read_by_openssl() {
    let (_keep, folder) = temporary();
    for kind in [KeyKind::Ed25519, KeyKind::EcdsaP256] {
        let (key, text) = SigningKey::generate(kind).unwrap();
        fs::write(folder.join("key"), text.as_bytes()).unwrap();
        program(&folder, "openssl pkey -in key -pubout -out key.pem");
        assert_eq!(public(&folder, "key.pem").unwrap(), *key.public());
        assert!(!format!("{key:?}").contains(text.lines().nth(1).unwrap()));
    }
    program(&folder, "openssl genpkey -algorithm ed25519 -aes256 -pass pass:secret -out locked");
    assert!(matches!(secret(&folder, "locked"), Err(KeyError::Encrypted(_))));
}

#[test]
fn bytes_after_a_key_are_refused() {
    let (key, text) = SigningKey::generate(KeyKind::Ed25519).unwrap();
    let mut der = key.public().der().to_vec();
    der.push(0);
    assert!(PublicKey::parse(&der).is_err());
    let pem = key.public().pem().unwrap();
    assert!(PublicKey::parse(format!("{pem}{pem}").as_bytes()).is_err(), "two keys are no key");
    assert!(SigningKey::parse(pem.as_bytes()).is_err());
    assert!(PublicKey::parse(text.as_bytes()).is_err());
}

#[test]
fn a_file_with_two_keys_is_refused_because_nobody_knows_which_one_is_meant() {
    let (_keep, folder) = temporary();
    for name in ["one", "two"] {
        program(&folder, &format!("ssh-keygen -q -t ed25519 -N ~ -C somebody -f {name}"));
        program(&folder, &format!("openssl genpkey -algorithm ed25519 -out {name}.key"));
        program(&folder, &format!("openssl pkey -in {name}.key -pubout -out {name}.pem"));
        program(&folder, &format!("minisign -G -W -s {name}.m -p {name}.minisign"));
    }
    for end in ["pub", "pem", "minisign"] {
        let read = |name: &str| fs::read(folder.join(format!("{name}.{end}"))).unwrap();
        assert!(PublicKey::parse(&read("one")).is_ok(), "{end}");
        assert!(PublicKey::parse(&[read("one"), b"\n".to_vec()].concat()).is_ok(), "{end}");
        assert!(PublicKey::parse(&[read("one"), read("two")].concat()).is_err(), "{end}");
    }
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    assert!(SigningKey::parse(&[read("one.key"), read("two.key")].concat()).is_err());
    assert!(SigningKey::parse(&[read("one"), read("two")].concat()).is_err());
}

#[test]
fn a_secret_key_is_known_again_in_whatever_form_it_lies_about() {
    let (_keep, folder) = temporary();
    program(&folder, "ssh-keygen -q -t ecdsa -b 256 -N ~ -C somebody -f key");
    program(&folder, "cp key pkcs8");
    program(&folder, "ssh-keygen -q -p -m PKCS8 -N ~ -P ~ -f pkcs8");
    program(&folder, "openssl pkcs8 -topk8 -nocrypt -in pkcs8 -outform DER -out der");
    let key = secret(&folder, "key").unwrap();
    for name in ["key", "pkcs8", "der"] {
        let bytes = fs::read(folder.join(name)).unwrap();
        assert!(key.is_in(&bytes), "{name}");
        assert!(!SigningKey::generate(KeyKind::EcdsaP256).unwrap().0.is_in(&bytes), "{name}");
    }
    assert!(!key.is_in(&fs::read(folder.join("key.pub")).unwrap()), "that one may be shown");
    assert!(!key.is_in(b"") && !key.is_in(b"-----BEGIN PRIVATE KEY-----"));
}
