//! Functions and types that have outgrown their place.

use std::{collections::BTreeSet, path::Path};

use super::source::{mentions, short};

/// The longest function, in lines.
const MAX_FUNCTION: usize = 60;

/// Functions that are two, and types spread over files.
pub(super) fn shapes(path: &Path, code: &str, faults: &mut Vec<String>) {
    let lines: Vec<&str> = code.lines().collect();
    let mut implemented = BTreeSet::new();
    for (n, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().collect();
        let function = words.iter().position(|word| *word == "fn");
        if function.is_some_and(|at| at < 4) && !line.trim_end().ends_with(';') {
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[n..].iter().position(|line| **line == close);
            if let Some(length) = length.filter(|length| *length >= MAX_FUNCTION) {
                let name = words[function.unwrap_or_default() + 1];
                let name = name.split('(').next().unwrap_or(name);
                faults.push(format!("{}: {name} has {} lines", short(path), length + 1));
            }
        }
        if let Some(rest) = line.strip_prefix("impl")
            && !line.contains(" for ")
            && line.ends_with('{')
        {
            let name = type_name(rest);
            let is_here = ["struct", "enum"]
                .iter()
                .any(|kind| mentions(code, &format!("{kind} {name}")));
            if !is_here && !code.contains("macro_rules!") {
                faults.push(format!("{}: {name} is another file's type", short(path)));
            }
            if !implemented.insert(name.clone()) {
                faults.push(format!("{}: {name} has two impls", short(path)));
            }
        }
    }
}

/// The type that is implemented in `<T> Name<T> {`.
fn type_name(rest: &str) -> String {
    let mut depth = 0;
    let mut name = String::new();
    for c in rest.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            c if depth == 0 && (c.is_alphanumeric() || c == '_') => name.push(c),
            _ if !name.is_empty() => break,
            _ => {}
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{super::source::code, *};

    #[test]
    fn long_functions_and_spread_types_are_found() {
        let mut faults = Vec::new();
        let body = "    let _ = '\"';\n".repeat(MAX_FUNCTION);
        let text =
            format!("struct A;\nimpl A {{\n}}\nimpl<T> B<T> {{\n}}\nfn long() {{\n{body}}}\n");
        shapes(Path::new("a.rs"), &code(&text), &mut faults);
        assert_eq!(
            faults,
            ["a.rs: B is another file's type", "a.rs: long has 62 lines"]
        );
    }
}
