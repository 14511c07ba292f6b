//! Secrets: the object is one secret in one request.

use crate::effect::Effect;
use crate::effect::rules::Rules;
use ringfence_types::{Kind, Pattern, SecretPlace, SecretTarget, Seen};
use std::borrow::Cow;

/// Put a secret into a request that goes out.
#[derive(Debug)]
pub enum SecretsUse {}

impl Effect for SecretsUse {}

impl Rules for SecretsUse {
    type Request<'a> = SecretTarget<'a>;
    type Object<'a> = SecretTarget<'a>;

    fn kind(_: SecretTarget<'_>) -> Kind {
        Kind::SecretsUse
    }

    fn text<'a>(request: Self::Request<'a>) -> Cow<'a, str> {
        Cow::Owned(request.to_string())
    }

    fn check(request: SecretTarget<'_>) -> Result<(), &'static str> {
        match (request.request.seen, request.place) {
            (Seen::Http { .. }, SecretPlace::Head | SecretPlace::Query(_)) => Ok(()),
            (Seen::Http { .. }, SecretPlace::Elsewhere) => Err(
                "a secret goes into the value of a header field, basic authentication or a query \
                 parameter that was granted by name, and nowhere else",
            ),
            _ => Err("a secret goes out in an HTTP request only"),
        }
    }

    fn is_within(_: Kind, scope: &Pattern, request: SecretTarget<'_>) -> bool {
        scope.secret().is_some_and(|scope| scope.matches(&request))
    }

    fn is_touched_by(_: Kind, scope: &Pattern, request: SecretTarget<'_>) -> bool {
        scope.secret().is_none_or(|scope| scope.may_touch(&request))
    }

    fn object_within<'a>(
        kind: Kind,
        scope: &'a Pattern,
        request: SecretTarget<'a>,
    ) -> Option<SecretTarget<'a>> {
        Self::is_within(kind, scope, request).then_some(request)
    }
}
