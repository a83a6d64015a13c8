//! Every language has all words: what stands in index.html, in src/text and in the boot script is English, and the
//! key of what stands for it in each file of locales/.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, ensure};

use super::source::sources;
use crate::run::root;

/// Where the words of the app are. What concerns config.json is for who runs the site, and stays English.
const TEXT: &str = "src/text";
const ENGLISH: &str = "config.rs";

/// Attributes that are read to somebody.
const ATTRIBUTES: [&str; 2] = ["aria-label", "placeholder"];

/// Compares the keys of every language with the words that there are, and the values that stand in them.
pub(super) fn words(faults: &mut Vec<String>) -> Result<()> {
    let known = known()?;
    let html = fs::read_to_string(root().join("index.html"))?;
    let script = fs::read_to_string(root().join("style/boot.js"))?;
    ensure!(known.len() > 150, "only {} words were found", known.len());
    let mut languages = 0;
    for entry in fs::read_dir(root().join("locales"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path)?;
        let words: BTreeMap<String, String> =
            serde_json::from_str(&text).with_context(|| format!("locales/{name}"))?;
        compare(&name, &known, &words, faults);
        let tag = name.split('.').next().unwrap_or_default();
        let marks = [format!("locales/{name}"), format!("value=\"{tag}\"")];
        if !marks.iter().all(|mark| html.contains(mark)) || !script.contains(tag) {
            faults.push(format!("{tag} is not in index.html and style/boot.js"));
        }
        languages += 1;
    }
    ensure!(languages > 0, "locales/ is empty");
    Ok(())
}

fn compare(
    language: &str,
    known: &BTreeSet<String>,
    words: &BTreeMap<String, String>,
    faults: &mut Vec<String>,
) {
    for word in known.iter().filter(|word| !words.contains_key(*word)) {
        faults.push(format!("locales/{language} lacks {word:?}"));
    }
    for (word, translated) in words {
        if !known.contains(word) {
            faults.push(format!(
                "locales/{language} has {word:?}, which nobody says"
            ));
        } else if values(word) != values(translated) || translated.trim().is_empty() {
            faults.push(format!(
                "locales/{language}: other values in {translated:?} than in {word:?}"
            ));
        }
    }
}

/// What is filled in.
fn values(sentence: &str) -> BTreeSet<&str> {
    let parts = sentence.split('{').skip(1);
    parts.filter_map(|part| part.split('}').next()).collect()
}

/// All that people read.
fn known() -> Result<BTreeSet<String>> {
    let mut known = in_html(&fs::read_to_string(root().join("index.html"))?);
    let script = fs::read_to_string(root().join("style/boot.js"))?;
    let said = literals(&script).into_iter();
    known.extend(said.filter_map(|(before, word)| before.ends_with("broken(").then_some(word)));
    for path in sources(&root().join(TEXT))? {
        if path.ends_with(ENGLISH) {
            continue;
        }
        for (before, word) in literals(&fs::read_to_string(path)?) {
            let is_made = ["format!(", "reason="]
                .iter()
                .any(|end| before.ends_with(end));
            let is_sentence = word.contains(' ') || word.starts_with(|c: char| c.is_uppercase());
            if (is_sentence || before.ends_with("Word(")) && !is_made && is_word(&word) {
                known.insert(word);
            }
        }
    }
    Ok(known)
}

/// Whether it is to be translated: two letters stand together in it, besides the names of what is filled in.
fn is_word(text: &str) -> bool {
    let parts = text.split('{').enumerate();
    let said = parts.map(|(nth, part)| match nth {
        0 => part,
        _ => part.split_once('}').map_or(part, |(_, rest)| rest),
    });
    let said: String = said.collect();
    let letters: Vec<bool> = said.chars().map(char::is_alphabetic).collect();
    text != "Holdfast" && letters.windows(2).any(|pair| pair == [true, true])
}

/// The texts of the body, but for those of elements with a language of their own, or with `translate="no"`.
fn in_html(html: &str) -> BTreeSet<String> {
    let body = html
        .split_once("</noscript>")
        .map_or(html, |(_, body)| body);
    let mut found = BTreeSet::new();
    let mut untranslated: Option<String> = None;
    for tag in body.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap_or((tag, ""));
        let name = tag.split_whitespace().next().unwrap_or_default();
        if let Some(closing) = &untranslated {
            if *closing == name {
                untranslated = None;
            }
            continue;
        }
        if tag.contains("translate=\"no\"") {
            untranslated = Some(format!("/{name}"));
            continue;
        }
        for attribute in ATTRIBUTES {
            let value = tag.split_once(&format!(" {attribute}=\""));
            found.extend(value.and_then(|(_, value)| Some(value.split('"').next()?.to_owned())));
        }
        if !tag.contains(" lang=") && !name.starts_with("!--") {
            found.insert(text.trim().to_owned());
        }
    }
    found.retain(|text| is_word(text));
    found
}

/// The strings of a source, each with what stands before it.
fn literals(source: &str) -> Vec<(String, String)> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let source: String = source
        .lines()
        .filter(is_code)
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut found = Vec::new();
    let mut code = String::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '"' {
            if !c.is_whitespace() {
                code.push(c);
            }
            continue;
        }
        let mut text = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                // The next line goes on where its first word is.
                '\\' if chars.peek() == Some(&'\n') => {
                    while chars.next_if(|c| c.is_whitespace()).is_some() {}
                }
                '\\' => text.extend(chars.next()),
                c => text.push(c),
            }
        }
        found.push((std::mem::take(&mut code), text));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_read_is_found_and_what_programs_read_is_not() {
        let html = "</noscript><p id=\"a\">Mute</p> <kbd>M</kbd><h1>Holdfast</h1>
            <input aria-label=\"Search a name\" /><option lang=\"de\">Deutsch</option>
            <dl translate=\"no\"><dt>Signaling</dt></dl><p>Later</p>";
        let found: Vec<_> = in_html(html).into_iter().collect();
        assert_eq!(found, ["Later", "Mute", "Search a name"]);
        let source = "// \"A comment\"\nsay(\"One \\\n    line\"); Word(\"you\")";
        let said = [("say(", "One line"), (");Word(", "you")];
        let said = said.map(|(before, text)| (before.to_owned(), text.to_owned()));
        assert_eq!(literals(source), said);
        assert!(is_word("Call {peer}") && !is_word("{peer} 180p"));
    }

    #[test]
    fn a_language_that_lacks_a_word_or_a_value_is_found() {
        let known = ["Mute", "Call {peer}"].map(str::to_owned).into();
        let words = [("Call {peer}", "{name} anrufen"), ("Stumm", "Mute")];
        let words = words.map(|(word, said)| (word.to_owned(), said.to_owned()));
        let mut faults = Vec::new();
        compare("de.json", &known, &words.into(), &mut faults);
        assert_eq!(faults.len(), 3, "{faults:?}");
    }
}
