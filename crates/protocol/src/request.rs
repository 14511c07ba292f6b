//! What a plugin may ask the host for: the closed list of broker methods.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How bytes of a file are written in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As text; files that are not UTF-8 are refused.
    #[default]
    Utf8,
    /// Base64 with padding (RFC 4648 section 4).
    Base64,
}

/// The parameters do not fit the method.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameters of {method} are wrong: {reason}")]
pub struct ParametersError {
    /// The method.
    pub method: &'static str,
    /// What is wrong, cut to 256 bytes.
    pub reason: String,
}

macro_rules! requests {
    ($($(#[$doc:meta])* $variant:ident $word:literal {
        $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
    })*) => {
        /// One request of a plugin to the broker, with checked parameters.
        #[derive(Clone, Debug, PartialEq)]
        pub enum BrokerRequest {
            $($(#[$doc])* $variant {
                $($(#[$field_doc])* $field: $type,)*
            },)*
        }

        impl BrokerRequest {
            /// Every method, in the order of the list.
            pub const METHODS: &'static [&'static str] = &[$($word,)*];

            /// The method's name on the wire.
            #[must_use]
            pub const fn method(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $word,)* }
            }

            /// Reads the parameters of `method`; `None` when there is no such
            /// method.
            ///
            /// # Errors
            /// When a parameter is missing, unknown or of the wrong type.
            #[must_use]
            pub fn parse(method: &str, params: Value) -> Option<Result<Self, ParametersError>> {
                match method {
                    $($word => {
                        #[derive(Deserialize)]
                        #[serde(deny_unknown_fields)]
                        struct Parameters { $($field: $type,)* }
                        // Serde would read a struct from an array, by position.
                        let params = if params.is_object() { params } else { Value::Null };
                        Some(match serde_json::from_value::<Parameters>(params) {
                            Ok(Parameters { $($field,)* }) => Ok(Self::$variant { $($field,)* }),
                            Err(error) => Err(ParametersError {
                                method: $word,
                                reason: crate::text::bounded(&error.to_string(), 256),
                            }),
                        })
                    })*
                    _ => None,
                }
            }
        }
    };
}

requests! {
    /// The value stored under a key; answered with the value, or null.
    StorageGet "storage.get" {
        /// The key.
        key: String,
    }
    /// Stores a value; answered with null.
    StorageSet "storage.set" {
        /// The key.
        key: String,
        /// Any JSON.
        value: Value,
    }
    /// Forgets a key; answered with whether it was there.
    StorageDelete "storage.delete" {
        /// The key.
        key: String,
    }
    /// The keys that start with a prefix; answered with a sorted array of texts.
    StorageList "storage.list" {
        /// Start of the keys; all of them when absent.
        prefix: Option<String>,
    }
    /// A file's content; answered with a text in the encoding asked for.
    FilesRead "files.read" {
        /// Absolute path as the plugin sees it.
        path: String,
        /// How the answer is written; UTF-8 when absent.
        encoding: Option<Encoding>,
    }
    /// Replaces or creates a file; answered with null.
    FilesWrite "files.write" {
        /// Absolute path as the plugin sees it.
        path: String,
        /// The whole new content.
        content: String,
        /// How `content` is written; UTF-8 when absent.
        encoding: Option<Encoding>,
    }
    /// The entries of a folder; answered with a sorted array of names.
    FilesList "files.list" {
        /// Absolute path as the plugin sees it.
        path: String,
    }
    /// Facts about a file; answered with `{kind, bytes, modified_ms}` or null.
    FilesStat "files.stat" {
        /// Absolute path as the plugin sees it.
        path: String,
    }
    /// Deletes a file; answered with null.
    FilesDelete "files.delete" {
        /// Absolute path as the plugin sees it.
        path: String,
    }
    /// Sends an event; answered with null.
    EventsPublish "events.publish" {
        /// The subject, without wildcards.
        subject: String,
        /// Any JSON.
        data: Value,
    }
    /// Asks for events; answered with null, and events follow as notifications.
    EventsSubscribe "events.subscribe" {
        /// The subject; may hold `*` and end in `>`.
        subject: String,
    }
    /// A variable that the host lends; answered with a text, or null.
    EnvironmentGet "environment.get" {
        /// The variable.
        name: String,
    }
    /// One key of the configuration; answered with the value, or null.
    ConfigGet "config.get" {
        /// The key.
        key: String,
    }
    /// Changes one key of the configuration; answered with null.
    ConfigSet "config.set" {
        /// The key.
        key: String,
        /// Any JSON.
        value: Value,
    }
    /// Runs a program in a jail of its own; answered with
    /// `{status, stdout, stderr}`.
    ProcessExecute "process.execute" {
        /// A program's name or absolute path.
        program: String,
        /// Its arguments, without its name.
        arguments: Option<Vec<String>>,
        /// What it reads on standard input.
        input: Option<String>,
    }
    /// Calls a service of the host application; answered with what it answers.
    HostCall "host.call" {
        /// The service.
        service: String,
        /// The method of the service.
        method: String,
        /// Any JSON; null when absent.
        arguments: Option<Value>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_method_of_the_list_is_read_and_any_other_is_not() {
        for method in BrokerRequest::METHODS {
            assert!(BrokerRequest::parse(method, json!({})).is_some(), "{method}");
        }
        assert!(BrokerRequest::parse("storage.drop", json!({})).is_none());
        assert!(BrokerRequest::parse("", json!({})).is_none());
    }

    #[test]
    fn a_forgotten_value_is_an_error_and_a_null_is_a_value() {
        let parse = |params| BrokerRequest::parse("storage.set", params).unwrap();
        assert!(parse(json!({"key": "a"})).is_err());
        assert_eq!(
            parse(json!({"key": "a", "value": null})).unwrap(),
            BrokerRequest::StorageSet { key: "a".to_owned(), value: Value::Null }
        );
    }

    #[test]
    fn unknown_parameters_and_parameters_by_position_are_refused() {
        let parse = |params| BrokerRequest::parse("storage.get", params).unwrap();
        assert!(parse(json!({"key": "a", "table": "b"})).is_err());
        assert!(parse(json!(["a"])).is_err());
        assert!(parse(json!({"key": 1})).is_err());
        let error = parse(json!({})).unwrap_err().to_string();
        assert!(error.starts_with("the parameters of storage.get are wrong: "), "{error}");
    }
}
