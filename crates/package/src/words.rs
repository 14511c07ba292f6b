//! The permission words of every dialect and what each of them means.

use ringfence_types::Kind;

/// Which host application a permission word was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Ringfence's own vocabulary, `family.verb`.
    Canonical,
    /// elizaOS plugins in the ONE Platform, `network.external`.
    Eliza,
    /// LifeOS, families as keys: `nodes: {read: [task]}`.
    LifeOs,
    /// RyCode, booleans as keys: `fileSystemRead: true`.
    RyCode,
    /// GAO-Dev, `file:read`.
    GaoDev,
    /// The Rosey bot, `read_messages`.
    Rosey,
}

/// One word and its meaning.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// As it is written in a manifest.
    pub word: &'static str,
    /// What it means.
    pub kind: Kind,
    /// Who writes it so.
    pub dialect: Dialect,
}

const fn word(dialect: Dialect, word: &'static str, kind: Kind) -> Word {
    Word { word, kind, dialect }
}

/// The foreign words that may stand in a list of permissions. A word that is
/// canonical too (`storage.read`) is listed for completeness and means the same.
const FOREIGN: &[Word] = &[
    word(Dialect::Eliza, "network.external", Kind::NetworkRequest),
    word(Dialect::Eliza, "storage.read", Kind::StorageRead),
    word(Dialect::Eliza, "storage.write", Kind::StorageWrite),
    word(Dialect::Eliza, "secrets.access", Kind::SecretsUse),
    word(Dialect::Eliza, "events.publish", Kind::EventsPublish),
    word(Dialect::Eliza, "knowledge.query", Kind::KnowledgeQuery),
    word(Dialect::RyCode, "fileSystemRead", Kind::FilesRead),
    word(Dialect::RyCode, "fileSystemWrite", Kind::FilesWrite),
    word(Dialect::RyCode, "network", Kind::NetworkRequest),
    word(Dialect::RyCode, "shell", Kind::ProcessExecute),
    word(Dialect::RyCode, "env", Kind::EnvironmentRead),
    word(Dialect::RyCode, "projectMetadata", Kind::ProjectRead),
    word(Dialect::RyCode, "aiClient", Kind::AiComplete),
    word(Dialect::GaoDev, "file:read", Kind::FilesRead),
    word(Dialect::GaoDev, "file:write", Kind::FilesWrite),
    word(Dialect::GaoDev, "file:delete", Kind::FilesDelete),
    word(Dialect::GaoDev, "network:request", Kind::NetworkRequest),
    word(Dialect::GaoDev, "subprocess:execute", Kind::ProcessExecute),
    word(Dialect::GaoDev, "hook:register", Kind::HooksRegister),
    word(Dialect::GaoDev, "config:read", Kind::ConfigRead),
    word(Dialect::GaoDev, "config:write", Kind::ConfigWrite),
    word(Dialect::GaoDev, "database:read", Kind::StorageRead),
    word(Dialect::GaoDev, "database:write", Kind::StorageWrite),
    word(Dialect::Rosey, "read_messages", Kind::EventsSubscribe),
    word(Dialect::Rosey, "send_messages", Kind::EventsPublish),
    word(Dialect::Rosey, "database_read", Kind::StorageRead),
    word(Dialect::Rosey, "database_write", Kind::StorageWrite),
    word(Dialect::Rosey, "http_requests", Kind::NetworkRequest),
    word(Dialect::Rosey, "file_system_read", Kind::FilesRead),
    word(Dialect::Rosey, "file_system_write", Kind::FilesWrite),
];

/// LifeOS: a family, a verb below it, and the meaning.
pub(crate) const LIFEOS: &[(&str, &str, Kind)] = &[
    ("nodes", "read", Kind::NodesRead),
    ("nodes", "write", Kind::NodesWrite),
    ("nodes", "delete", Kind::NodesDelete),
    ("relationships", "create", Kind::RelationshipsCreate),
    ("relationships", "read", Kind::RelationshipsRead),
    ("events", "subscribe", Kind::EventsSubscribe),
    ("events", "publish", Kind::EventsPublish),
    ("user", "profile", Kind::UserProfile),
    ("user", "preferences", Kind::UserPreferences),
];

/// Every word that may stand in a list of permissions, the canonical ones first.
pub fn permission_words() -> impl Iterator<Item = Word> {
    Kind::ALL
        .iter()
        .map(|kind| word(Dialect::Canonical, kind.word(), *kind))
        .chain(FOREIGN.iter().copied().filter(|foreign| Kind::from_word(foreign.word).is_none()))
}

/// What a word of any dialect means.
#[must_use]
pub fn meaning(text: &str) -> Option<Kind> {
    Kind::from_word(text)
        .or_else(|| FOREIGN.iter().find(|word| word.word == text).map(|word| word.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_never_has_two_meanings() {
        for foreign in FOREIGN {
            assert_eq!(meaning(foreign.word), Some(foreign.kind), "{}", foreign.word);
        }
        for (family, verb, kind) in LIFEOS {
            assert_eq!(meaning(&format!("{family}.{verb}")), Some(*kind));
        }
    }
}
