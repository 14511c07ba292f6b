//! What can be typed.

use crate::Result;

pub(crate) const HELP: &str = "\
ringfence-bench [--quick] [--long] [--load] [--only WORD] [--json]

  --quick       few rounds, under 40 seconds, for a first look
  --long        1,000 plugins loaded at once instead of 50
  --load        start times with nine busy processes beside them, too
  --only WORD   only the start times whose title holds this word; `network` is
                what a network costs, `wasm` what calls of WebAssembly do,
                `wasm whole path` one part of that
  --json        one JSON object instead of tables
";

/// Added when the environment has been made small.
pub(crate) const CLEAN: &str = "--clean";

/// Makes this program one of the busy ones.
pub(crate) const SPIN: &str = "--spin";

/// Makes this program the other end of a socket.
pub(crate) const ECHO: &str = "--echo";

/// Make this program measure one guest, in our worker or without it.
pub(crate) const INSIDE: &str = "--inside";
pub(crate) const PLAIN: &str = "--plain";

/// What to do.
pub(crate) enum Word {
    Help,
    Spin,
    Echo,
    /// How and what, as `wasm::alone` takes it.
    Alone(Vec<String>),
    Measure(Options),
}

/// How to measure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) long: bool,
    pub(crate) load: bool,
    pub(crate) json: bool,
    pub(crate) only: Option<String>,
    /// Whether the environment is the small one.
    pub(crate) clean: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Word> {
        let mut options = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => options.quick = true,
                "--long" => options.long = true,
                "--load" => options.load = true,
                "--json" => options.json = true,
                "--only" => {
                    options.only = Some(words.next().ok_or("`--only` needs a word")?.clone());
                }
                CLEAN => options.clean = true,
                SPIN => return Ok(Word::Spin),
                ECHO => return Ok(Word::Echo),
                INSIDE | PLAIN => {
                    return Ok(Word::Alone(std::iter::once(word).chain(words).cloned().collect()));
                }
                "--help" | "-h" => return Ok(Word::Help),
                other => return Err(format!("what is `{other}`?").into()),
            }
        }
        Ok(Word::Measure(options))
    }

    /// Whether the group with this title is wanted, and those of it whose names hold
    /// the rest of the word: all of them for an empty one.
    pub(crate) fn group(&self, title: &str) -> Option<&str> {
        match self.only.as_deref() {
            None => Some(""),
            Some(word) if title.contains(word) => Some(""),
            Some(word) => word.strip_prefix(title)?.strip_prefix(' '),
        }
    }

    /// Whether start times with this title are wanted.
    pub(crate) fn wants(&self, title: &str) -> bool {
        self.only.as_deref().is_none_or(|word| title.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Word> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Options::parse(&words)
    }

    #[test]
    fn words_are_read_in_any_order() {
        let Ok(Word::Measure(options)) = parse(&["--json", "--only", "node", "--quick"]) else {
            panic!("not to be measured");
        };
        assert!(options.json && options.quick && !options.load && !options.clean);
        assert!(options.wants("node -e 0") && !options.wants("true"));
    }

    #[test]
    fn a_group_is_wanted_whole_or_in_part() {
        let only = |word: &str| Options { only: Some(word.to_owned()), ..Options::default() };
        assert_eq!(Options::default().group("wasm"), Some(""));
        assert_eq!(only("wasm").group("wasm"), Some(""));
        assert_eq!(only("wasm whole path").group("wasm"), Some("whole path"));
        assert_eq!(only("node").group("wasm"), None);
    }

    #[test]
    fn an_unknown_or_half_word_is_refused() {
        assert!(parse(&["--fast"]).is_err());
        assert!(parse(&["--only"]).is_err());
    }
}
