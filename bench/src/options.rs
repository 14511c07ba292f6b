//! What can be typed.

use crate::Result;

pub(crate) const HELP: &str = "\
ringfence-bench [--quick] [--load] [--only WORD] [--json]

  --quick       few rounds, under 40 seconds, for a first look
  --load        start times with nine busy processes beside them, too
  --only WORD   only the start times whose title holds this word; `network` is
                what a network costs
  --json        one JSON object instead of tables
";

/// Added when the environment has been made small.
pub(crate) const CLEAN: &str = "--clean";

/// Makes this program one of the busy ones.
pub(crate) const SPIN: &str = "--spin";

/// What to do.
pub(crate) enum Word {
    Help,
    Spin,
    Measure(Options),
}

/// How to measure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) quick: bool,
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
                "--load" => options.load = true,
                "--json" => options.json = true,
                "--only" => {
                    options.only = Some(words.next().ok_or("`--only` needs a word")?.clone());
                }
                CLEAN => options.clean = true,
                SPIN => return Ok(Word::Spin),
                "--help" | "-h" => return Ok(Word::Help),
                other => return Err(format!("what is `{other}`?").into()),
            }
        }
        Ok(Word::Measure(options))
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
    fn an_unknown_or_half_word_is_refused() {
        assert!(parse(&["--fast"]).is_err());
        assert!(parse(&["--only"]).is_err());
    }
}
