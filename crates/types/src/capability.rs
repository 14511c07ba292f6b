//! The closed vocabulary of what a plugin may do: `family.verb` and a scope.

use crate::pattern::{Pattern, PatternError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! kinds {
    ($($variant:ident $word:literal $scope:literal $plain:literal;)*) => {
        /// What is done, without the scope: one entry of the closed vocabulary.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!("`", $word, "`: ", $plain)] $variant,)*
        }

        impl Kind {
            /// Every kind, in the order of the vocabulary.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];

            /// The canonical word, `family.verb`.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Kind::$variant => $word,)* }
            }

            /// What the scope of this kind names, for help texts.
            #[must_use]
            pub const fn scope_meaning(self) -> &'static str {
                match self { $(Kind::$variant => $scope,)* }
            }

            /// What it means, in the words of a person who must decide.
            #[must_use]
            pub const fn plain(self) -> &'static str {
                match self { $(Kind::$variant => $plain,)* }
            }
        }
    };
}

kinds! {
    NetworkRequest "network.request" "host pattern and port" "reach hosts on the network";
    NetworkListen "network.listen" "TCP port" "be reached at a port that you publish";
    StorageRead "storage.read" "key or table pattern" "read what it stored before";
    StorageWrite "storage.write" "key or table pattern" "store data of its own";
    SecretsUse "secrets.use" "secret name" "have a secret used for it";
    EventsPublish "events.publish" "subject pattern" "send events";
    EventsSubscribe "events.subscribe" "subject pattern" "receive events";
    KnowledgeQuery "knowledge.query" "collection" "search a knowledge collection";
    NodesRead "nodes.read" "node type" "read graph nodes";
    NodesWrite "nodes.write" "node type" "create and change graph nodes";
    NodesDelete "nodes.delete" "node type" "delete graph nodes";
    RelationshipsCreate "relationships.create" "relationship type" "link graph nodes";
    RelationshipsRead "relationships.read" "relationship type" "read links between graph nodes";
    UserProfile "user.profile" "nothing" "read the user's profile";
    UserPreferences "user.preferences" "nothing" "read the user's preferences";
    FilesRead "files.read" "absolute path" "read files";
    FilesWrite "files.write" "absolute path" "create and change files";
    FilesDelete "files.delete" "absolute path" "delete files";
    EnvironmentRead "environment.read" "variable name" "read an environment variable";
    ProcessExecute "process.execute" "program name or path" "start other programs, in the same confinement";
    ConfigRead "config.read" "configuration key" "read its configuration";
    ConfigWrite "config.write" "configuration key" "change its configuration";
    HooksRegister "hooks.register" "hook name" "be called when something happens in the host";
    ProjectRead "project.read" "nothing" "read facts about the open project";
    AiComplete "ai.complete" "model" "ask a language model";
    PluginCall "plugin.call" "plugin/action" "call another plugin";
    HostCall "host.call" "service/method" "call a service of the host application";
}

impl Kind {
    /// The part before the dot.
    #[must_use]
    pub fn family(self) -> &'static str {
        self.word().split_once('.').map_or("", |(family, _)| family)
    }

    /// The kind with this canonical word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Whether a request of this kind has no object, so that a scope would say
    /// nothing.
    #[must_use]
    pub const fn is_scopeless(self) -> bool {
        matches!(self, Kind::UserProfile | Kind::UserPreferences | Kind::ProjectRead)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A kind and the scope it is limited to, such as `files.read /data/**`.
///
/// The text form is `family.verb` for the widest scope and
/// `family.verb SCOPE` otherwise; both forms parse back to the same value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability {
    kind: Kind,
    scope: Pattern,
}

impl Capability {
    /// A capability over one scope pattern.
    ///
    /// # Errors
    /// When the pattern is not of the grammar of the kind, or the kind takes no
    /// scope.
    pub fn new(kind: Kind, scope: &str) -> Result<Self, CapabilityError> {
        let scope = Pattern::parse(kind, scope).map_err(|source| CapabilityError::Scope {
            kind,
            scope: scope.to_owned(),
            source,
        })?;
        if kind.is_scopeless() && !scope.is_any() {
            return Err(CapabilityError::NoScope { kind });
        }
        Ok(Self { kind, scope })
    }

    /// A capability over everything of its kind.
    #[must_use]
    pub fn any(kind: Kind) -> Self {
        Self { kind, scope: Pattern::any() }
    }

    /// What is done.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What it is limited to.
    #[must_use]
    pub const fn scope(&self) -> &Pattern {
        &self.scope
    }

    /// Whether this capability allows `kind` on `object`. Allocates nothing.
    #[must_use]
    pub fn allows(&self, kind: Kind, object: &str) -> bool {
        self.kind == kind && self.scope.matches(kind, object)
    }

    /// Whether everything that `other` allows is allowed by this one.
    ///
    /// Errs on the side of no: `false` may mean "could not be shown".
    #[must_use]
    pub fn covers(&self, other: &Capability) -> bool {
        self.kind == other.kind && self.scope.covers(self.kind, &other.scope)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scope.is_any() {
            write!(f, "{}", self.kind)
        } else {
            write!(f, "{} {}", self.kind, self.scope)
        }
    }
}

impl FromStr for Capability {
    type Err = CapabilityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        // `=` is what a shell user types without quotes: `files.read=/data`.
        let (word, scope) = match text.find([' ', '=', '\t']) {
            Some(at) => {
                let (word, rest) = text.split_at(at);
                (word, rest.trim_start_matches([' ', '=', '\t']))
            }
            None => (text, ""),
        };
        let kind = Kind::from_word(word)
            .ok_or_else(|| CapabilityError::UnknownWord { word: word.to_owned() })?;
        if scope.is_empty() { Ok(Self::any(kind)) } else { Self::new(kind, scope) }
    }
}

impl Serialize for Capability {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Why a text is not a capability.
#[derive(Debug, thiserror::Error)]
pub enum CapabilityError {
    /// No such `family.verb`.
    #[error("unknown capability `{}`", crate::UntrustedText::new(word))]
    UnknownWord {
        /// What was written.
        word: String,
    },
    /// The scope does not fit the kind.
    #[error("`{}` is not a scope of {kind} ({})", crate::UntrustedText::new(scope), kind.scope_meaning())]
    Scope {
        /// The capability meant.
        kind: Kind,
        /// What was written.
        scope: String,
        /// What is wrong with it.
        source: PatternError,
    },
    /// The kind has no object to limit.
    #[error("{kind} takes no scope")]
    NoScope {
        /// The capability meant.
        kind: Kind,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_parses_back_to_its_kind() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
            assert_eq!(kind.word().parse::<Capability>().unwrap(), Capability::any(kind));
            assert_eq!(kind.word().matches('.').count(), 1);
        }
    }

    #[test]
    fn text_form_round_trips_with_space_and_equals_sign() {
        let capability: Capability = "files.read /data/**".parse().unwrap();
        assert_eq!(capability.to_string(), "files.read /data/**");
        assert_eq!("files.read=/data/**".parse::<Capability>().unwrap(), capability);
    }

    #[test]
    fn unknown_words_and_scopes_on_scopeless_kinds_are_errors() {
        assert!("files.reed /data".parse::<Capability>().is_err());
        assert!("user.profile alice".parse::<Capability>().is_err());
        assert!("files.read relative/path".parse::<Capability>().is_err());
    }

    #[test]
    fn the_widest_scope_covers_every_narrower_one_and_never_the_reverse() {
        for &kind in Kind::ALL {
            let any = Capability::any(kind);
            assert!(any.covers(&any));
        }
        let folder: Capability = "files.read /data/**".parse().unwrap();
        assert!(Capability::any(Kind::FilesRead).covers(&folder));
        assert!(!folder.covers(&Capability::any(Kind::FilesRead)));
        assert!(!folder.covers(&"files.write /data/**".parse().unwrap()));
    }
}
