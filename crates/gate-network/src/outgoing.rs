//! A request that is asked for by a call, with secrets where they may go.

use crate::fetch::Ask;
use crate::query;
use crate::rewrite::{Placeholder, Reveal, field_with_values, is_left_out, takes};
use crate::scrub::Scrubber;
use ringfence_types::SecretPlace;
use std::fmt::Display;
use zeroize::Zeroizing;

/// What goes out of one request in place of what was asked for.
pub(crate) struct Outgoing<'a> {
    ask: &'a Ask<'a>,
    /// The address, where a secret went into its query.
    url: Option<Zeroizing<String>>,
    /// What stands for those that go into fields, and these.
    head: Vec<(&'a str, Zeroizing<String>)>,
    /// Every one that goes out.
    secrets: Vec<Zeroizing<String>>,
    /// The host may know one from before, so the whole of its answer is searched.
    whole: bool,
}

impl<'a> Outgoing<'a> {
    /// Asks for each secret at each place, as for a request on a connection.
    pub(crate) fn of(
        ask: &'a Ask<'a>,
        placeholders: &'a [Placeholder],
        whole: bool,
        reveal: &mut Reveal<'_>,
    ) -> Self {
        let (mut asked, mut secrets) = (Vec::new(), Vec::new());
        let mut revealed = |name: &str, place: SecretPlace<'_>| {
            asked.push(name.to_owned());
            let secret = reveal(name, place)?;
            secrets.push(secret.clone());
            Some(secret)
        };
        let url = query::fill(ask.url.as_bytes(), placeholders, &mut revealed);
        // Addresses and what is escaped are ASCII.
        let url = url.and_then(|url| Some(Zeroizing::new(str::from_utf8(&url).ok()?.to_owned())));
        let stands = |one: &Placeholder| {
            let mut fields = ask.fields.iter();
            fields.any(|(name, value)| takes(format!("{name}: {value}").as_bytes(), one))
        };
        let head = placeholders
            .iter()
            .filter(|one| stands(one))
            .filter_map(|one| Some((one.text.as_str(), revealed(&one.name, SecretPlace::Head)?)))
            .collect();
        for one in placeholders {
            if one.stands_in(ask.url.as_bytes()) && !asked.contains(&one.name) {
                // Where none may go: so that it is known.
                let _ = reveal(&one.name, SecretPlace::Elsewhere);
            }
        }
        let whole = whole || !secrets.is_empty();
        Self { ask, url, head, secrets, whole }
    }

    pub(crate) fn url(&self) -> &str {
        self.url.as_ref().map_or(self.ask.url, |url| url.as_str())
    }

    /// The fields with their values.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, Zeroizing<Vec<u8>>)> {
        let values: Vec<_> =
            self.head.iter().map(|(text, value)| (*text, value.as_str())).collect();
        let fields = self.ask.fields.iter();
        fields
            .filter(|(name, _)| !self.whole || !is_left_out(name.as_bytes()))
            .map(move |(name, value)| (name.as_str(), field_with_values(name, value, &values)))
    }

    /// What an error says, without the secrets: some repeat the address.
    pub(crate) fn clean(&self, error: &dyn Display) -> String {
        let mut scrubber = Scrubber::new(self.secrets.iter().map(|secret| secret.as_str()));
        let clean = scrubber.pass(error.to_string().as_bytes(), true);
        String::from_utf8_lossy(&clean).into_owned()
    }
}
