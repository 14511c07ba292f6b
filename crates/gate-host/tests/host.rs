//! What a host lends, and what it does not.
#![expect(clippy::unwrap_used, reason = "a broken set-up must fail the test")]

use ringfence_gate_host::{
    HostCall, HostService, HostServiceError, HostServices, MAX_SETTING_BYTES, MAX_SETTINGS,
    RegisterError, ServiceCallError, Settings, SettingsError, Variables,
};
use ringfence_limits::Preset;
use ringfence_permission::{
    AdmitRequest, Admitted, Available, ConfigRead, ConfigWrite, Consent, Consented,
    EnvironmentRead, HostObject, HostService as HostEffect, Policy, admit, decide,
};
use ringfence_types::{Digest, Kind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

struct Echo;

impl HostService for Echo {
    fn call(&self, call: HostCall<'_>) -> Result<Value, HostServiceError> {
        if call.method == "fail" {
            return Err(HostServiceError::Failed("no".into()));
        }
        Ok(json!([call.instance.as_str(), call.kind.word(), call.method, call.object, call.params]))
    }
}

fn admitted(instance: &str, services: &HostServices, consent: &[&str]) -> Admitted {
    let digest = Digest::from_bytes([0; 32]);
    let items = consent
        .iter()
        .map(|text| Consented {
            capability: text.parse().unwrap(),
            by: "ada".into(),
            at_ms: 0,
            expires_ms: None,
            digest,
        })
        .collect();
    admit(AdmitRequest {
        instance: &instance.parse().unwrap(),
        digest: &digest,
        declared: &[],
        inferred: true,
        policy: &Policy::default(),
        consent: &Consent { items },
        available: &Available::built_in().with_host_kinds(services.kinds()).unwrap(),
        budget: Preset::Production.budget(),
        now_ms: 0,
    })
    .unwrap()
}

fn call(
    services: &HostServices,
    who: &Admitted,
    kind: Kind,
    object: &str,
) -> Result<Value, ServiceCallError> {
    let request = HostObject { kind, object };
    let permit = decide::<HostEffect>(who.grants(), request, 0).unwrap();
    services.call(permit, &json!({"x": 1}))
}

#[test]
fn a_service_is_called_by_name_or_by_kind_and_is_told_who_calls_for_what() {
    let mut services = HostServices::new();
    services.register("echo", &[Kind::NodesRead], Arc::new(Echo)).unwrap();
    let who = admitted("demo", &services, &["host.call echo/*", "nodes.read task"]);
    assert_eq!(
        call(&services, &who, Kind::HostCall, "echo/say").unwrap(),
        json!(["demo", "host.call", "say", "echo/say", {"x": 1}])
    );
    assert_eq!(
        call(&services, &who, Kind::NodesRead, "task").unwrap(),
        json!(["demo", "nodes.read", "nodes.read", "task", {"x": 1}])
    );
    assert_eq!(
        call(&services, &who, Kind::HostCall, "echo/fail").unwrap_err(),
        ServiceCallError::Service { source: HostServiceError::Failed("no".into()) }
    );
}

#[test]
fn a_granted_call_of_a_service_that_is_not_there_reaches_nobody() {
    let mut services = HostServices::new();
    services.register("echo", &[], Arc::new(Echo)).unwrap();
    let who = admitted("demo", &services, &["host.call"]);
    for object in ["other/say", "echo", "/say", "Echo/say"] {
        assert_eq!(
            call(&services, &who, Kind::HostCall, object).unwrap_err(),
            ServiceCallError::NoService,
            "{object}"
        );
    }
}

#[test]
fn a_service_cannot_take_a_name_or_kind_that_is_not_its_own() {
    let mut services = HostServices::new();
    let echo: Arc<dyn HostService> = Arc::new(Echo);
    let mut register =
        |name: &str, kinds: &[Kind]| services.register(name, kinds, Arc::clone(&echo)).unwrap_err();
    for name in ["", "a/b", "../x", "a b"] {
        assert_eq!(register(name, &[]), RegisterError::Name, "{name}");
    }
    for kind in [Kind::FilesRead, Kind::NetworkRequest, Kind::SecretsUse] {
        assert_eq!(register("x", &[kind]), RegisterError::NotServable { kind });
    }
    services.register("echo", &[Kind::AiComplete], Arc::clone(&echo)).unwrap();
    assert!(matches!(
        services.register("echo", &[], Arc::clone(&echo)),
        Err(RegisterError::Taken { .. })
    ));
    assert_eq!(
        services.register("two", &[Kind::NodesRead, Kind::AiComplete], echo),
        Err(RegisterError::KindTaken { kind: Kind::AiComplete })
    );
    // Nothing of a refused registration stays.
    assert_eq!(services.kinds(), [Kind::AiComplete, Kind::HostCall]);
}

#[test]
fn a_setting_is_read_back_by_its_own_instance_only() {
    let settings = Settings::default();
    let services = HostServices::new();
    let words = ["config.read", "config.write"];
    let (ada, eve) = (admitted("ada", &services, &words), admitted("eve", &services, &words));
    let set = |who: &Admitted, key: &str, value: &Value| {
        settings.set(decide::<ConfigWrite>(who.grants(), key, 0).unwrap(), value)
    };
    let get = |who: &Admitted, key: &str| {
        settings.get(decide::<ConfigRead>(who.grants(), key, 0).unwrap()).unwrap()
    };
    set(&ada, "theme", &json!("dark")).unwrap();
    assert_eq!(get(&ada, "theme"), Some(json!("dark")));
    assert_eq!(get(&eve, "theme"), None);
    let large = json!("x".repeat(MAX_SETTING_BYTES));
    assert_eq!(set(&ada, "theme", &large), Err(SettingsError::TooLarge));
    assert_eq!(get(&ada, "theme"), Some(json!("dark")));
    for number in 1..MAX_SETTINGS {
        set(&ada, &format!("k{number}"), &json!(1)).unwrap();
    }
    assert_eq!(set(&ada, "more", &json!(1)), Err(SettingsError::TooMany));
    set(&ada, "theme", &json!("light")).unwrap();
}

#[test]
fn a_variable_comes_from_what_the_host_lends_and_never_from_this_process() {
    let services = HostServices::new();
    let who = admitted("demo", &services, &["environment.read"]);
    let lent = Variables::new(BTreeMap::from([("APP_MODE".to_owned(), "test".to_owned())]));
    let get = |name: &str| lent.get(decide::<EnvironmentRead>(who.grants(), name, 0).unwrap());
    assert_eq!(get("APP_MODE"), Some("test"));
    assert!(std::env::var("PATH").is_ok());
    assert_eq!(get("PATH"), None);
    assert!(!format!("{lent:?}").contains("test"));
}
