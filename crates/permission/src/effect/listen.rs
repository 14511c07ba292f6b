//! Being reached: the object is one port of the plugin's own loopback.

use crate::effect::Effect;
use crate::effect::rules::Rules;
use ringfence_types::{Kind, Pattern};
use std::borrow::Cow;
use std::num::NonZeroU16;

/// Let one connection from outside in. Decided for each of them, so that a grant
/// that ends closes the port with it.
#[derive(Debug)]
pub enum NetworkListen {}

impl Effect for NetworkListen {}

impl Rules for NetworkListen {
    type Request<'a> = NonZeroU16;
    type Object<'a> = NonZeroU16;

    fn kind(_: NonZeroU16) -> Kind {
        Kind::NetworkListen
    }

    fn text<'a>(request: NonZeroU16) -> Cow<'a, str> {
        Cow::Owned(request.to_string())
    }

    fn check(_: NonZeroU16) -> Result<(), &'static str> {
        Ok(())
    }

    fn is_within(_: Kind, scope: &Pattern, request: NonZeroU16) -> bool {
        scope.port() == Some(request)
    }

    fn is_touched_by(_: Kind, scope: &Pattern, request: NonZeroU16) -> bool {
        scope.port().is_none_or(|port| port == request)
    }

    fn object_within(kind: Kind, scope: &Pattern, request: NonZeroU16) -> Option<NonZeroU16> {
        Self::is_within(kind, scope, request).then_some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AdmitError, AdmitRequest, Admitted, Available, Consent, Consented, Policy, admit, decide,
    };
    use ringfence_limits::Preset;
    use ringfence_types::{Capability, Digest, WithheldBy};

    fn granted(scope: &str, declared: Option<&str>, deny: &[&str]) -> Result<Admitted, AdmitError> {
        let capability =
            |text: &str| format!("network.listen {text}").parse::<Capability>().unwrap();
        let digest = Digest::from_bytes([0; 32]);
        let consent = Consent::none().with(Consented {
            capability: capability(scope),
            by: "a person".to_owned(),
            at_ms: 0,
            expires_ms: Some(100),
            digest,
        });
        let policy = Policy {
            deny: deny.iter().map(|text| capability(text)).collect(),
            ..Policy::default()
        };
        admit(AdmitRequest {
            instance: &"one".parse().unwrap(),
            digest: &digest,
            declared: &declared.map(capability).into_iter().collect::<Vec<_>>(),
            inferred: declared.is_none(),
            policy: &policy,
            consent: &consent,
            available: &Available::built_in(),
            budget: Preset::Production.budget(),
            now_ms: 1,
        })
    }

    fn withheld_by(admitted: &Admitted, port: u16, now_ms: u64) -> Option<WithheldBy> {
        let port = NonZeroU16::new(port).unwrap();
        decide::<NetworkListen>(admitted.grants(), port, now_ms)
            .map_or_else(|denial| denial.withheld_by, |_| None)
    }

    #[test]
    fn the_port_that_was_granted_lets_in_and_no_neighbour_does() {
        let admitted = granted("8080", None, &[]).unwrap();
        assert_eq!(withheld_by(&admitted, 8080, 1), None);
        assert_eq!(withheld_by(&admitted, 8081, 1), Some(WithheldBy::Scope));
        assert_eq!(withheld_by(&admitted, 8080, 100), Some(WithheldBy::Revoked), "it has ended");
    }

    #[test]
    fn nobody_says_yes_to_every_port() {
        let refused = granted("", None, &[]).unwrap_err();
        assert!(refused.to_string().contains("needs a port, such as `network.listen=8080`"));
        assert!(granted("*", None, &[]).is_err());
    }

    #[test]
    fn a_port_that_is_not_declared_or_is_denied_lets_nobody_in() {
        let undeclared = granted("8080", Some("9090"), &[]).unwrap();
        assert!(withheld_by(&undeclared, 8080, 1).is_some());
        let declared = granted("8080", Some("8080"), &[]).unwrap();
        assert_eq!(withheld_by(&declared, 8080, 1), None);
        for deny in ["8080", ""] {
            let denied = granted("8080", None, &[deny]).unwrap();
            assert_eq!(withheld_by(&denied, 8080, 1), Some(WithheldBy::Policy), "{deny}");
        }
        let other = granted("8080", None, &["8081"]).unwrap();
        assert_eq!(withheld_by(&other, 8080, 1), None);
    }
}
