//! Letters that look like others, after the tables of Unicode for what occurs in names.

/// The name in the plain letters that it looks like.
pub(crate) fn skeleton(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut out = String::with_capacity(name.len());
    for letter in name.nfkd().flat_map(char::to_lowercase) {
        match letter {
            'а' | 'α' | 'ɑ' => out.push('a'),
            'в' | 'β' | 'ь' => out.push('b'),
            'с' | 'ϲ' => out.push('c'),
            'ԁ' => out.push('d'),
            'е' | 'є' | 'ε' => out.push('e'),
            'ғ' => out.push('f'),
            'ɡ' | 'ց' => out.push('g'),
            'һ' | 'н' | 'η' => out.push('h'),
            'і' | 'ι' | 'ı' | 'ї' => out.push('i'),
            'ј' | 'ϳ' => out.push('j'),
            'к' | 'κ' => out.push('k'),
            'ӏ' | 'ɩ' | 'ǀ' => out.push('l'),
            'м' => out.push('m'),
            'п' | 'ո' => out.push('n'),
            'о' | 'ο' | 'σ' | 'օ' => out.push('o'),
            'р' | 'ρ' => out.push('p'),
            'ԛ' => out.push('q'),
            'г' => out.push('r'),
            'ѕ' => out.push('s'),
            'т' | 'τ' => out.push('t'),
            'υ' | 'ս' => out.push('u'),
            'ѵ' | 'ν' => out.push('v'),
            'ԝ' | 'ш' | 'ω' => out.push('w'),
            'х' | 'χ' => out.push('x'),
            'у' | 'γ' | 'ү' => out.push('y'),
            '‐' | '‑' | '–' | '—' | '−' => out.push('-'),
            // Marks over letters, and what shows nothing.
            '\u{300}'..='\u{36f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'
            | '\u{feff}'
            | '\u{ad}' => {}
            letter => out.push(letter),
        }
    }
    out
}

/// The name with digits for the letters that they look like, and pairs that look like
/// one letter taken for it. Two names that look alike in a usual font give the same.
pub(super) fn looks(name: &str) -> String {
    let plain = name.replace("rn", "m").replace("vv", "w").replace("cl", "d");
    plain
        .chars()
        .map(|letter| match letter {
            '0' => 'o',
            '1' | 'i' => 'l',
            '5' => 's',
            '3' => 'e',
            other => other,
        })
        .collect()
}
