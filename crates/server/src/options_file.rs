//! Options from a file, where neither the command line nor the environment says them.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgAction, ArgMatches, Command, CommandFactory, Parser,
    error::{Error, ErrorKind},
    parser::ValueSource,
};
use toml::{Table, Value};

use crate::options::Options;

/// The options of a process that was started with those words: from them, else from the environment, else from the
/// file that either of the two names.
///
/// # Errors
/// What is wrong with the words or the file, or the help that was asked for.
pub fn read_options(words: impl IntoIterator<Item = OsString>) -> Result<Options, Error> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let mut command = Options::command();
    // What goes together may be partly in the file: it is looked at as a whole below.
    let lenient = command.clone().ignore_errors(true);
    let said = lenient.try_get_matches_from(&words)?;
    if let Some(file) = said.get_one::<PathBuf>("config") {
        let more = from_file(&command, &said, file).map_err(|wrong| {
            let text = format!("{}: {wrong}", file.display());
            command.error(ErrorKind::ValueValidation, text)
        })?;
        words.extend(more);
    }
    Options::try_parse_from(words)
}

/// The words for what the file says, and nobody else has.
fn from_file(command: &Command, said: &ArgMatches, file: &Path) -> Result<Vec<OsString>, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| error.to_string())?;
    let mut words = Vec::new();
    for (name, value) in table {
        let mut known = command.get_arguments();
        let option = known.find(|option| option.get_long() == Some(&name) && name != "config");
        let option = option.ok_or_else(|| format!("there is no option `{name}`"))?;
        let source = said.value_source(option.get_id().as_str());
        if matches!(
            source,
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        ) {
            continue;
        }
        words.extend(word(option, &name, value)?);
    }
    Ok(words)
}

/// What one would say for it on the command line.
fn word(option: &Arg, name: &str, value: Value) -> Result<Vec<OsString>, String> {
    let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
    let is_list = matches!(option.get_action(), ArgAction::Append);
    let wanted = match (is_flag, is_list) {
        (true, _) => "true or false",
        (_, true) => "a list of texts",
        _ => "a text or a number",
    };
    let wrong = || format!("`{name}` is to be {wanted}");
    let values = match (value, is_flag, is_list) {
        (Value::Boolean(wanted), true, _) => {
            let word = wanted.then(|| format!("--{name}").into());
            return Ok(word.into_iter().collect());
        }
        (Value::Array(values), _, true) => values,
        (value, false, false) => vec![value],
        _ => return Err(wrong()),
    };
    let words = values.into_iter().map(|value| {
        let number = value.as_integer().map(|number| number.to_string());
        let text = value.as_str().map(str::to_owned).or(number);
        let text = text.ok_or_else(wrong)?;
        Ok(format!("--{name}={text}").into())
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogFormat;

    fn read(text: &str, words: &[&str]) -> Result<Options, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("holdfast.toml");
        fs::write(&file, text).expect("written");
        let config = format!("--config={}", file.display());
        let words = ["holdfast-server", &config]
            .into_iter()
            .chain(words.iter().copied());
        read_options(words.map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_says_what_the_command_line_does_not() {
        let text = "listen = '0.0.0.0:443'\nmax-per-room = 50\nbehind-proxy = true\n\
                    host = ['call.example.org', 'call.example.net']\nlog-format = 'json'\n";
        let options = read(text, &[]).expect("good");
        assert_eq!(options.listen.port(), 443);
        assert_eq!((options.max_per_room, options.behind_proxy), (50, true));
        assert_eq!(options.hosts, ["call.example.org", "call.example.net"]);
        assert_eq!(options.log_format, LogFormat::Json);
        let options = read(text, &["--max-per-room", "7", "--host", "a.example"]).expect("good");
        assert_eq!((options.max_per_room, options.listen.port()), (7, 443));
        assert_eq!(options.hosts, ["a.example"]);
        assert!(
            !read("behind-proxy = false", &[])
                .expect("good")
                .behind_proxy
        );
        // A certificate here, its key there.
        let options = read("tls-key = 'key.pem'", &["--tls-cert", "chain.pem"]).expect("good");
        assert!(options.tls_key.is_some());
    }

    #[test]
    fn who_names_a_domain_listens_where_browsers_look_for_it() {
        let options = read("domain = ['Call.Example.org']", &[]).expect("good");
        assert_eq!(options.listen.to_string(), "[::]:443");
        assert_eq!(options.at(options.listen).hosts, ["call.example.org"]);
        let words = ["--domain", "a.example", "--listen", "127.0.0.1:6503"];
        let options = read("", &words).expect("good");
        assert_eq!(options.listen.to_string(), "127.0.0.1:6503");
        assert_eq!(read("", &[]).expect("good").listen.port(), 6503);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, word) in [
            ("max-per-rom = 50", "there is no option `max-per-rom`"),
            ("max-per-room = 'many'", "invalid digit"),
            (
                "max-per-room = true",
                "`max-per-room` is to be a text or a number",
            ),
            (
                "behind-proxy = 'yes'",
                "`behind-proxy` is to be true or false",
            ),
            ("host = [1.5]", "`host` is to be a list of texts"),
            ("listen = ", "holdfast.toml"),
            ("config = 'other.toml'", "there is no option `config`"),
            ("tls-key = 'key.pem'", "--tls-cert"),
        ] {
            let said = read(text, &[]).expect_err(text);
            assert!(said.contains(word), "{text}: {said}");
        }
        let words = ["holdfast-server", "--config", "no/such.toml"].map(OsString::from);
        let said = read_options(words).expect_err("no file").to_string();
        assert!(said.contains("no/such.toml: No such file"), "{said}");
    }
}
