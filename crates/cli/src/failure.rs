//! A verb that failed: exit code, what is wrong, what mends it.

use crate::output;
use ringfence_types::ExitCode;
use std::error::Error;
use std::fmt::Display;

/// Why a verb did not do what it was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    code: ExitCode,
    message: String,
    help: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: ExitCode, message: impl Display) -> Self {
        Self { code, message: message.to_string(), help: None }
    }

    /// Wrong use, or something that was given is not what it should be.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(ExitCode::Usage, message)
    }

    /// An error with everything that is beneath it.
    pub(crate) fn caused(code: ExitCode, error: &dyn Error) -> Self {
        Self::new(code, chain(error))
    }

    /// With what mends it.
    pub(crate) fn help(mut self, help: impl Display) -> Self {
        self.help = Some(help.to_string());
        self
    }

    /// Exit code, what is wrong, what mends it.
    pub(crate) fn into_parts(self) -> (ExitCode, String, Option<String>) {
        (self.code, self.message, self.help)
    }

    /// Tells it, as JSON too where that was asked for.
    pub(crate) fn tell(self, as_json: bool) -> ExitCode {
        let Self { code, message, help } = self;
        if as_json {
            output::answer_json(&output::failure_json(code, &message, help.as_deref()));
        }
        output::complain(&message, help.as_deref());
        code
    }
}

/// An error with everything that is beneath it, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
