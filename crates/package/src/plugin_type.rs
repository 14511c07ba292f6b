//! What a plugin is for, and what such a plugin usually needs.

use ringfence_types::Kind;
use serde::Serialize;
use std::fmt;

/// What a plugin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginType {
    /// Acts on a goal by itself.
    Agent,
    /// Runs steps in order.
    Workflow,
    /// Is called when something happens in the host.
    Hook,
    /// Connects the host to an outside service.
    Client,
    /// Answers from a collection of documents.
    Knowledge,
    /// Reads or writes a chain.
    Blockchain,
    /// Offers actions.
    Tool,
}

impl PluginType {
    /// Every type.
    pub const ALL: &'static [PluginType] = &[
        Self::Agent,
        Self::Workflow,
        Self::Hook,
        Self::Client,
        Self::Knowledge,
        Self::Blockchain,
        Self::Tool,
    ];

    /// The word in a manifest.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Workflow => "workflow",
            Self::Hook => "hook",
            Self::Client => "client",
            Self::Knowledge => "knowledge",
            Self::Blockchain => "blockchain",
            Self::Tool => "tool",
        }
    }

    /// The type with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<PluginType> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// The base class that GAO-Dev has for the type, if it has one.
    #[must_use]
    pub const fn base_class(self) -> Option<&'static str> {
        match self {
            Self::Agent => Some("BaseAgentPlugin"),
            Self::Workflow => Some("BaseWorkflowPlugin"),
            Self::Hook => Some("BaseHookPlugin"),
            Self::Client | Self::Knowledge | Self::Blockchain | Self::Tool => None,
        }
    }
}

impl fmt::Display for PluginType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a plugin of this type usually asks for. Anything else is no error, but
/// worth a word to the person who decides.
#[must_use]
pub const fn expected_for(plugin_type: PluginType) -> &'static [Kind] {
    match plugin_type {
        PluginType::Agent => &[
            Kind::AiComplete,
            Kind::KnowledgeQuery,
            Kind::NodesRead,
            Kind::StorageRead,
            Kind::StorageWrite,
            Kind::EventsPublish,
            Kind::EventsSubscribe,
            Kind::FilesRead,
            Kind::ProjectRead,
            Kind::ConfigRead,
        ],
        PluginType::Workflow => &[
            Kind::PluginCall,
            Kind::HostCall,
            Kind::AiComplete,
            Kind::StorageRead,
            Kind::StorageWrite,
            Kind::EventsPublish,
            Kind::EventsSubscribe,
            Kind::FilesRead,
            Kind::FilesWrite,
            Kind::ProjectRead,
            Kind::ConfigRead,
        ],
        PluginType::Hook => &[
            Kind::HooksRegister,
            Kind::EventsSubscribe,
            Kind::EventsPublish,
            Kind::StorageRead,
            Kind::StorageWrite,
            Kind::ProjectRead,
            Kind::ConfigRead,
        ],
        PluginType::Client => &[
            Kind::NetworkRequest,
            Kind::SecretsUse,
            Kind::EventsPublish,
            Kind::EventsSubscribe,
            Kind::StorageRead,
            Kind::StorageWrite,
            Kind::UserProfile,
            Kind::UserPreferences,
            Kind::ConfigRead,
        ],
        PluginType::Knowledge => &[
            Kind::KnowledgeQuery,
            Kind::NodesRead,
            Kind::RelationshipsRead,
            Kind::StorageRead,
            Kind::StorageWrite,
            Kind::FilesRead,
            Kind::AiComplete,
            Kind::ConfigRead,
        ],
        PluginType::Blockchain => &[
            Kind::NetworkRequest,
            Kind::SecretsUse,
            Kind::StorageRead,
            Kind::StorageWrite,
            Kind::EventsPublish,
            Kind::ConfigRead,
        ],
        PluginType::Tool => &[
            Kind::FilesRead,
            Kind::FilesWrite,
            Kind::NetworkRequest,
            Kind::StorageRead,
            Kind::StorageWrite,
            Kind::ProjectRead,
            Kind::ConfigRead,
        ],
    }
}
