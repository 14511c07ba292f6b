//! PyPI's attestations, and an index that lies.

use crate::instance::{
    Ask, COMMIT, GITHUB, Instance, REPOSITORY, WORKFLOW, b64, hex, statement, the_release,
};
use ringfence_signing::{Attested, Expected, PypiFile, pypi_attestations};
use serde_json::{Value, json};

const PUBLISH: &str = "https://docs.pypi.org/attestations/publish/v1";
const SHA256: [u8; 32] = [9; 32];
const WHEEL: &str = "acme_tool-1.0.0-py2.py3-none-any.whl";

fn file(filename: &str) -> PypiFile<'_> {
    PypiFile { project: "Acme.Tool", version: "1.0.0", filename, sha256: SHA256 }
}

fn said(name: &str, sha256: &[u8]) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": name, "digest": { "sha256": hex(sha256) } }],
        "predicateType": PUBLISH,
        "predicate": null,
    })
}

/// A bundle in the form of PEP 740.
fn converted(bundle: &Value) -> Value {
    let material = &bundle["verificationMaterial"];
    json!({
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {
            "statement": bundle["dsseEnvelope"]["payload"],
            "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
        },
    })
}

fn github() -> Value {
    json!({
        "kind": "GitHub", "claims": null, "environment": "pypi",
        "repository": "acme/tool", "workflow": "release.yml",
    })
}

fn document(publisher: &Value, attestations: &[Value]) -> Value {
    json!({
        "version": 1,
        "attestation_bundles": [{ "publisher": publisher, "attestations": attestations }],
    })
}

fn look(
    instance: &Instance,
    document: &Value,
    file: PypiFile<'_>,
    expected: &Expected,
) -> Attested {
    let text = document.to_string();
    pypi_attestations(Some(text.as_bytes()), file, &instance.root(), expected)
}

#[track_caller]
fn failed(attested: &Attested, what: &str) {
    assert!(matches!(attested, Attested::Failed { why } if why.contains(what)), "{attested:?}");
}

#[test]
fn a_file_that_its_publisher_attests_is_trusted_and_says_where_it_is_from() {
    let instance = Instance::new();
    let ask = Ask::default();
    let publish = converted(&instance.attest(&ask, &said(WHEEL, &SHA256)));
    let slsa = json!([{ "name": WHEEL, "digest": { "sha256": hex(SHA256) } }]);
    let slsa = converted(&instance.attest(&ask, &statement(&slsa)));
    let document = document(&github(), &[publish, slsa]);
    let found = look(&instance, &document, file(WHEEL), &the_release());
    assert!(matches!(found, Attested::Trusted { .. }), "{found:?}");
    let by = found.signer().unwrap();
    assert_eq!(
        (by.repository.as_deref(), by.workflow.as_deref(), by.commit.as_deref()),
        (Some(REPOSITORY), Some(WORKFLOW), Some(COMMIT))
    );
    let found = look(&instance, &document, file(WHEEL), &Expected::Anyone);
    assert!(matches!(found, Attested::Unknown { .. }), "{found:?}");
    let root = instance.root();
    assert_eq!(pypi_attestations(None, file(WHEEL), &root, &the_release()), Attested::Absent);
}

#[test]
fn an_attestation_of_another_file_or_digest_fails() {
    let instance = Instance::new();
    let look = |name: &str, sha256: &[u8], file: PypiFile<'_>| {
        let one = converted(&instance.attest(&Ask::default(), &said(name, sha256)));
        look(&instance, &document(&github(), &[one]), file, &the_release())
    };
    for same in ["Acme.Tool-1.0.0-py3.py2-none-any.whl", "acme__tool-1.0.0-py2.py3-none-any.whl"] {
        let found = look(same, &SHA256, file(WHEEL));
        assert!(matches!(found, Attested::Trusted { .. }), "{same}: {found:?}");
    }
    for other in [
        "acme_t00l-1.0.0-py2.py3-none-any.whl",
        "acme_tool-1.0.1-py2.py3-none-any.whl",
        "acme_tool-1.0.0-py3-none-any.whl",
        "acme_tool-1.0.0-1-py2.py3-none-any.whl",
        "acme_tool-1.0.0-py2.py3-none-any",
        "acme_tool-1.0.0.tar.gz",
        "dir/acme_tool-1.0.0-py2.py3-none-any.whl",
        "",
    ] {
        failed(&look(other, &SHA256, file(WHEEL)), "it is about");
    }
    failed(&look(WHEEL, &[1; 32], file(WHEEL)), "another file");
    // A file of another project, whose attestation is right.
    for other in ["other-1.0.0.tar.gz", "acme_tool-2.0.0.tar.gz", "acme_tool.exe"] {
        failed(&look(other, &SHA256, file(other)), "not one of that project");
    }
    let source = "acme_tool-1.0.0.tar.gz";
    assert!(matches!(look(source, &SHA256, file(source)), Attested::Trusted { .. }));
    failed(&look(source, &SHA256, file("acme_tool-1.0.0.zip")), "it is about");
}

#[test]
fn a_publisher_that_is_not_the_one_in_the_certificate_fails() {
    let instance = Instance::new();
    let one = converted(&instance.attest(&Ask::default(), &said(WHEEL, &SHA256)));
    let look = |publisher: &Value| {
        let document = document(publisher, std::slice::from_ref(&one));
        look(&instance, &document, file(WHEEL), &Expected::Anyone)
    };
    assert!(matches!(look(&github()), Attested::Unknown { .. }));
    for (field, value) in [
        ("repository", "acme/too"),
        ("repository", "Acme/tool"),
        ("repository", "acme/tool2"),
        ("workflow", "release.ym"),
        ("workflow", "other.yml"),
        ("kind", "GitLab"),
        ("kind", "Google"),
    ] {
        let mut publisher = github();
        publisher[field] = json!(value);
        failed(&look(&publisher), "another publisher");
    }
    let mut unnamed = github();
    unnamed["workflow"] = Value::Null;
    failed(&look(&unnamed), "another publisher");
    let mut strange = github();
    strange["kind"] = json!("Somewhere");
    let found = look(&strange);
    assert!(matches!(found, Attested::NotCheckable { .. }), "{found:?}");
}

#[test]
fn publishers_of_gitlab_and_google_are_known_by_their_own_issuers() {
    let instance = Instance::new();
    let gitlab = Ask {
        issuer: "https://gitlab.com".to_owned(),
        repository: "https://gitlab.com/acme/tool".to_owned(),
        ..Ask::identity("https://gitlab.com/acme/tool//.gitlab-ci.yml@refs/tags/v1.0.0")
    };
    let google = Ask {
        issuer: "https://accounts.google.com".to_owned(),
        ..Ask::identity("release@acme.iam.gserviceaccount.com")
    };
    let of_gitlab = json!({
        "kind": "GitLab", "repository": "acme/tool", "workflow_filepath": ".gitlab-ci.yml",
    });
    let of_google = json!({ "kind": "Google", "email": google.identity });
    let look = |ask: &Ask, publisher: &Value| {
        let one = converted(&instance.attest(ask, &said(WHEEL, &SHA256)));
        look(&instance, &document(publisher, &[one]), file(WHEEL), &Expected::Anyone)
    };
    assert!(matches!(look(&gitlab, &of_gitlab), Attested::Unknown { .. }));
    assert!(matches!(look(&google, &of_google), Attested::Unknown { .. }));
    failed(&look(&gitlab, &of_google), "another publisher");
    failed(&look(&google, &of_gitlab), "another publisher");
    // The right names by an issuer who may not give them.
    for (mut ask, publisher) in [(gitlab, of_gitlab), (google, of_google)] {
        ask.issuer = GITHUB.to_owned();
        failed(&look(&ask, &publisher), "another publisher");
    }
}

#[test]
fn one_bad_attestation_among_good_ones_fails() {
    let instance = Instance::new();
    let good = converted(&instance.attest(&Ask::default(), &said(WHEEL, &SHA256)));
    let mut bad = good.clone();
    bad["envelope"]["signature"] = json!(b64([48; 70]));
    let stranger = Ask {
        repository: "https://github.com/stranger/tool".to_owned(),
        ..Ask::identity(
            "https://github.com/stranger/tool/.github/workflows/release.yml@refs/tags/1",
        )
    };
    let other = converted(&instance.attest(&stranger, &said(WHEEL, &SHA256)));
    let two = json!({ "version": 1, "attestation_bundles": [
        { "publisher": github(), "attestations": [good] },
        { "publisher": { "kind": "GitHub", "repository": "stranger/tool", "workflow": "release.yml" },
          "attestations": [other] },
    ] });
    let look = |document: &Value| look(&instance, document, file(WHEEL), &Expected::Anyone);
    assert!(matches!(
        look(&document(&github(), std::slice::from_ref(&good))),
        Attested::Unknown { .. }
    ));
    failed(&look(&document(&github(), &[good.clone(), bad.clone()])), "invalid signature");
    failed(&look(&document(&github(), &[bad, good.clone()])), "invalid signature");
    failed(&look(&two), "more than one signer");
    failed(&look(&document(&github(), &vec![good.clone(); 17])), "more than 16");
    assert_eq!(look(&document(&github(), &[])), Attested::Absent);
    let mut newer = good.clone();
    newer["version"] = json!(2);
    let found = look(&document(&github(), &[newer]));
    assert!(matches!(found, Attested::NotCheckable { .. }), "{found:?}");
    let mut newer = document(&github(), std::slice::from_ref(&good));
    newer["version"] = json!(2);
    assert!(matches!(look(&newer), Attested::NotCheckable { .. }));
    let mut several = said(WHEEL, &SHA256);
    let subjects = several["subject"].as_array_mut().unwrap();
    subjects.push(json!({ "name": "other-1.0.0.tar.gz", "digest": {} }));
    let several = converted(&instance.attest(&Ask::default(), &several));
    failed(&look(&document(&github(), &[several])), "not about one file");
    let mut unknown = said(WHEEL, &SHA256);
    unknown["predicateType"] = json!("https://example.org/audited/v1");
    let unknown = converted(&instance.attest(&Ask::default(), &unknown));
    let found = look(&document(&github(), &[unknown]));
    assert!(matches!(found, Attested::NotCheckable { .. }), "{found:?}");
    let text = document(&github(), &[good]).to_string();
    let root = instance.root();
    for broken in ["", "{}", &format!("{text}x"), &text.replacen('{', r#"{"version":1,"#, 1)] {
        let found =
            pypi_attestations(Some(broken.as_bytes()), file(WHEEL), &root, &Expected::Anyone);
        failed(&found, "cannot be read");
    }
}
