//! What a server says of itself that a model reads before it decides anything: its tools,
//! prompts and resource templates, and its instructions.

use super::json_text::{NotOneForm, canonical, members, string};
use crate::text::bounded;
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// Most bytes of one definition. Those of real servers have a few kilobytes; what is larger
/// is not offered.
pub const MAX_DEFINITION_BYTES: usize = 256 * 1024;
/// Most bytes of a name; longer ones are not offered.
const MAX_NAME_BYTES: usize = 512;

/// What kind of thing is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionKind {
    /// A tool, by its name.
    Tool,
    /// A prompt, by its name.
    Prompt,
    /// A template for addresses of resources, by its `uriTemplate`.
    Template,
    /// What a server tells the model about itself, once.
    Instructions,
}

impl DefinitionKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::Tool, Self::Prompt, Self::Template, Self::Instructions];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Template => "template",
            Self::Instructions => "instructions",
        }
    }

    /// The kind whose list this method asks for.
    pub(super) fn listed_by(method: &str) -> Option<Self> {
        match method {
            "tools/list" => Some(Self::Tool),
            "prompts/list" => Some(Self::Prompt),
            "resources/templates/list" => Some(Self::Template),
            _ => None,
        }
    }

    /// The kind of which this method uses one, by its name.
    pub(super) fn used_by(method: &str) -> Option<Self> {
        match method {
            "tools/call" => Some(Self::Tool),
            "prompts/get" => Some(Self::Prompt),
            _ => None,
        }
    }

    /// The member of a list's result that holds the definitions.
    pub(super) const fn list_member(self) -> &'static str {
        match self {
            Self::Tool => "tools",
            Self::Prompt => "prompts",
            Self::Template => "resourceTemplates",
            Self::Instructions => "instructions",
        }
    }

    /// The member of a definition that names it.
    const fn name_member(self) -> &'static str {
        match self {
            Self::Tool | Self::Prompt | Self::Instructions => "name",
            Self::Template => "uriTemplate",
        }
    }
}

impl fmt::Display for DefinitionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for DefinitionKind {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word).ok_or(())
    }
}

/// One definition, untrusted, in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition {
    /// What kind of thing.
    pub kind: DefinitionKind,
    /// What it is called; `instructions` for those.
    pub name: String,
    /// All of it, whatever its members are called, in [`canonical`] form.
    pub text: String,
}

/// Why a definition cannot be compared, and so is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Readers may disagree about it.
    #[error("{0}")]
    Form(NotOneForm),
    /// More than [`MAX_DEFINITION_BYTES`].
    #[error("it is larger than 256 KiB")]
    TooLarge,
    /// No object with a name of 1 to 512 bytes.
    #[error("it has no name of 1 to 512 bytes")]
    Name,
}

impl Definition {
    /// Reads an item of a list.
    ///
    /// # Errors
    /// When readers may disagree about it, or it is too large.
    pub(super) fn of_item(kind: DefinitionKind, item: &str) -> Result<Self, Unreadable> {
        if item.len() > MAX_DEFINITION_BYTES {
            return Err(Unreadable::TooLarge);
        }
        let found = members(item).map_err(Unreadable::Form)?;
        let name = found.get(kind.name_member()).ok_or(Unreadable::Name)?;
        let name = string(name).map_err(|_| Unreadable::Name)?;
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(Unreadable::Name);
        }
        let text = canonical(item).map_err(Unreadable::Form)?;
        Ok(Self { kind, name, text })
    }

    /// Reads the instructions of a server.
    ///
    /// # Errors
    /// When they are no text, or too large.
    pub(super) fn of_instructions(text: &str) -> Result<Self, Unreadable> {
        if text.len() > MAX_DEFINITION_BYTES {
            return Err(Unreadable::TooLarge);
        }
        string(text).map_err(Unreadable::Form)?;
        let (kind, name) = (DefinitionKind::Instructions, "instructions".to_owned());
        Ok(Self { kind, name, text: canonical(text).map_err(Unreadable::Form)? })
    }

    /// The name of an item that cannot be read, as far as it can be told.
    pub(super) fn name_of(kind: DefinitionKind, item: &str) -> String {
        let value = serde_json::from_str::<Value>(item).unwrap_or_default();
        let name = value.get(kind.name_member()).and_then(Value::as_str);
        bounded(name.unwrap_or("(no name)"), MAX_NAME_BYTES)
    }
}

/// What a person takes a name for: without what shows nothing, in lower case. Two of one
/// likeness are not offered beside each other.
pub(super) fn likeness(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    let mut bytes = [0; 4];
    for c in name.chars().filter(|c| !c.is_whitespace()) {
        let one: &str = c.encode_utf8(&mut bytes);
        // What would not be shown as it stands acts or shows nothing.
        if ringfence_types::UntrustedText::new(one).to_string() == one {
            folded.extend(c.to_lowercase());
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_all_that_was_said_whatever_its_members_are_called() {
        let read = |item: &str| Definition::of_item(DefinitionKind::Tool, item).unwrap();
        let clean = read(r#"{"name":"a","description":"x"}"#);
        assert_eq!(clean, read(r#"{ "description":"x","name":"a" }"#));
        for other in [
            r#"{"name":"a","description":"x","Description":"y"}"#,
            r#"{"name":"a","description":"x","_meta":{"note":"y"}}"#,
            r#"{"name":"a","description":"x","annotations":{}}"#,
            r#"{"name":"a","description":"x ","x":null}"#,
        ] {
            assert_ne!(clean, read(other), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_no_definition() {
        let large = format!(r#"{{"name":"a","d":"{}"}}"#, "x".repeat(MAX_DEFINITION_BYTES));
        for item in [
            "[]",
            "1",
            "{}",
            r#"{"name":1}"#,
            r#"{"name":""}"#,
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":"a","x":{"y":1,"y":1}}"#,
            r#"{"name":"a\ud800"}"#,
            &large,
        ] {
            let read = Definition::of_item(DefinitionKind::Tool, item);
            assert!(read.is_err(), "{}", bounded(item, 60));
            let _ = Definition::name_of(DefinitionKind::Tool, item);
        }
        assert!(Definition::of_instructions("[]").is_err());
    }

    #[test]
    fn names_that_look_alike_have_one_likeness() {
        for other in [
            "Read_File",
            "read_file\u{200b}",
            "read\u{3164}_file",
            "\u{202e}read_file",
            " read_file",
        ] {
            assert_eq!(likeness("read_file"), likeness(other), "{other:?}");
        }
        assert_ne!(likeness("read_file"), likeness("read_files"));
        assert_ne!(likeness("read_file"), likeness("readfile"));
    }
}
