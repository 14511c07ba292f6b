//! A registry for `oci:` that lies. Nothing of what it gives runs or is kept, and nobody else
//! hears of it.

use crate::npm::Shop;
use crate::oci::{PACKAGE, digest, packed};
use crate::program::Done;
use crate::registry::{Answer, Registry};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const MANIFESTS: &str = "/v2/acme/tool/manifests";
const BLOBS: &str = "/v2/acme/tool/blobs";

struct Lying {
    shop: Shop,
    file: Vec<u8>,
}

impl Lying {
    fn new() -> Self {
        let shop = Shop::new();
        let file = packed(&shop.user, "1.0.0");
        Self { shop, file }
    }

    fn registry(&self) -> &Registry {
        &self.shop.registry
    }

    fn place(&self) -> String {
        self.registry().url("").replace("http://", "")
    }

    fn manifest(&self) -> Value {
        let digest = digest(&self.file);
        let layer = json!({"mediaType": PACKAGE, "digest": digest, "size": self.file.len()});
        json!({"schemaVersion": 2, "layers": [layer]})
    }

    /// Everything as it should be.
    fn honest(&self) -> String {
        let manifest = self.manifest().to_string().into_bytes();
        let own = digest(&manifest);
        for name in ["1", own.as_str()] {
            self.registry().answer(&format!("{MANIFESTS}/{name}"), Answer::Body(manifest.clone()));
        }
        self.blob(&digest(&self.file), Answer::Body(self.file.clone()));
        own
    }

    fn blob(&self, digest: &str, answer: Answer) {
        self.registry().answer(&format!("{BLOBS}/{digest}"), answer);
    }

    fn run(&self, more: &str) -> Done {
        let name = format!("oci:{}/acme/tool{more}", self.place());
        self.shop.user.ringfence(["run", "-q", "--fetch-timeout", "20", &name]).run()
    }

    fn refuses(&self, more: &str, why: &str) {
        let done = self.run(more);
        assert!(!matches!(done.code, Some(0)), "{done:?}");
        assert!(done.stderr.contains(why), "{why}: {done:?}");
        assert!(!done.stdout.contains("works"), "{done:?}");
        assert!(self.shop.is_empty(), "{why}");
    }
}

#[test]
fn the_control_runs() {
    let lying = Lying::new();
    let own = lying.honest();
    for more in [":1".to_owned(), format!("@{own}")] {
        assert_eq!(lying.run(&more).stdout, "works 1.0.0\n");
    }
}

#[test]
fn other_bytes_than_the_manifest_names_are_refused() {
    let lying = Lying::new();
    lying.honest();
    let mut other = lying.file.clone();
    let last = other.len() - 1;
    other[last] ^= 1;
    lying.blob(&digest(&lying.file), Answer::Body(other));
    lying.refuses(":1", "its file has the digest");
    lying.blob(&digest(&lying.file), Answer::Body([&lying.file[..], b"more"].concat()));
    lying.refuses(":1", "is larger than");
    lying.blob(&digest(&lying.file), Answer::Body(lying.file[..last].to_vec()));
    lying.refuses(":1", "its file has the digest");
}

#[test]
fn another_manifest_than_was_named_is_refused() {
    let lying = Lying::new();
    let own = lying.honest();
    let mut other = lying.manifest();
    other["annotations"] = json!({"x": "y"});
    let path = format!("{MANIFESTS}/{own}");
    lying.registry().answer(&path, Answer::Body(other.to_string().into_bytes()));
    lying.refuses(&format!("@{own}"), "its manifest has the digest");
    lying.refuses(&format!(":1@{own}"), "its manifest has the digest");
    // A list whose entry is not what the list says.
    let list = json!({"schemaVersion": 2, "manifests": [{"digest": own, "size": 1}]});
    lying.registry().answer(&format!("{MANIFESTS}/1"), Answer::Body(list.to_string().into_bytes()));
    lying.refuses(":1", "its manifest has the digest");
}

#[test]
fn lists_without_an_end_and_manifests_that_are_none_end() {
    let lying = Lying::new();
    let mut before = "1".to_owned();
    for number in 0..6 {
        let next = json!({"schemaVersion": 2, "manifests": [], "number": number}).to_string();
        let next = digest(next.as_bytes());
        let list = json!({"schemaVersion": 2, "manifests": [{"digest": next, "size": 1}]});
        let path = format!("{MANIFESTS}/{before}");
        lying.registry().answer(&path, Answer::Body(list.to_string().into_bytes()));
        before = next;
    }
    lying.refuses(":1", "digest");
    for body in ["", "[]", "{}", "null", &"[".repeat(100_000)] {
        let path = format!("{MANIFESTS}/1");
        lying.registry().answer(&path, Answer::Body(body.as_bytes().to_vec()));
        lying.refuses(":1", "manifest");
    }
    lying.registry().answer(&format!("{MANIFESTS}/1"), Answer::Body(vec![b' '; 5 << 20]));
    lying.refuses(":1", "is larger than");
}

#[test]
fn a_file_is_not_fetched_from_a_neighbour_that_the_registry_names() {
    let lying = Lying::new();
    let inner = Registry::new();
    inner.answer("/", Answer::Body(lying.file.clone()));
    for (to, why) in [
        (inner.url("/"), "without TLS nobody is followed"),
        (inner.url("/").replace("http:", "https:"), "private network"),
    ] {
        lying.honest();
        lying.blob(&digest(&lying.file), Answer::Redirect(to));
        lying.refuses(":1", why);
    }
    assert!(inner.asked().is_empty(), "{:?}", inner.asked());
}

#[test]
fn an_answer_that_never_ends_is_given_up() {
    let lying = Lying::new();
    lying.honest();
    lying.blob(&digest(&lying.file), Answer::Drip);
    let name = format!("oci:{}/acme/tool:1", lying.place());
    let done = lying.shop.user.ringfence(["run", "-q", "--fetch-timeout", "2", &name]).run();
    assert_ne!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("--fetch-timeout"), "{done:?}");
    assert!(lying.shop.is_empty());
}

#[test]
fn a_token_is_asked_for_to_read_this_and_a_password_goes_nowhere_else() {
    let lying = Lying::new();
    let own = lying.honest();
    let other = Registry::new();
    let realm = lying.registry().url("/token");
    let wants = format!(
        "WWW-Authenticate: Bearer realm=\"{realm}\",service=\"s\",scope=\"repository:acme/other:push\""
    );
    let refused = Answer::Says("401 Unauthorized", wants, b"{}".to_vec());
    lying.registry().answer(&format!("{MANIFESTS}/2"), refused);
    let asked = "/token?service=s&scope=repository%3Aacme%2Ftool%3Apull";
    let token = json!({"token": "t0k3n"}).to_string().into_bytes();
    lying.registry().answer(asked, Answer::Body(token));
    let password = STANDARD.encode("ada:geheim");
    let auths = json!({"auths": {lying.place(): {"auth": password}, "other": {"auth": "eDp5"}}});
    lying.shop.user.write("docker/config.json", auths.to_string());
    let folder = lying.shop.user.path("docker");
    let run = |name: &str| {
        let words = ["run", "-q", name];
        lying.shop.user.ringfence(words).env("DOCKER_CONFIG", &folder).run()
    };
    let done = run(&format!("oci:{}/acme/tool:2", lying.place()));
    // It is asked once more with what it wanted, and says no again.
    assert!(done.stderr.contains("status 401"), "{done:?}");
    let heads = lying.registry().heads();
    let with = |text: &str| heads.iter().filter(|head| head.contains(text)).count();
    assert_eq!((with("Bearer t0k3n"), with(&password)), (1, 1), "{heads:?}");
    assert!(!done.stderr.contains("t0k3n") && !done.stderr.contains(&password), "{done:?}");
    // One who sends for a token to a neighbour gets none, and the neighbour no password.
    let wants = format!("WWW-Authenticate: Bearer realm=\"{}\"", other.url("/token"));
    let refused = Answer::Says("401 Unauthorized", wants, b"{}".to_vec());
    lying.registry().answer(&format!("{MANIFESTS}/3"), refused);
    let done = run(&format!("oci:{}/acme/tool:3", lying.place()));
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(other.asked().is_empty(), "{:?}", other.asked());
    // And with the password a registry gives what it gives to nobody else.
    assert_eq!(run(&format!("oci:{}/acme/tool@{own}", lying.place())).stdout, "works 1.0.0\n");
}
