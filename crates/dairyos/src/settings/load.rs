//! Putting the settings together, and saying what does not fit.
//!
//! It deliberately never repeats a value in a message: any of them may be a secret.

use super::environment::Variable;
use super::sources::{self, DEFAULT_SOURCE, Source};
use super::{Key, Mode, Secret, Settings, SettingsError};
use figment::Figment;
use figment::error::{Actual, Kind};
use serde_json::Value;
use std::path::Path;

/// Bytes of a secret that is made at random.
const RANDOM_BYTES: usize = 32;
/// The name of keys that are made at random.
const RANDOM_KID: &str = "random";

/// Settings, and where each came from.
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    figment: Figment,
    defaults: Source,
}

/// A setting as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its key, such as `http.listen`.
    pub key: String,
    /// Its value, masked where it is secret.
    pub value: Value,
    /// `default`, the name of the file, or the name of the variable.
    pub source: String,
}

/// Reads the settings: the defaults, the file if there is one, the variables.
pub fn load(path: Option<&Path>, variables: &[Variable]) -> Result<Loaded, SettingsError> {
    let defaults = sources::defaults()?;
    let mut figment = Figment::from(defaults.clone());
    let mut wrong = Vec::new();
    match path.map(|path| sources::file(path, &defaults)).transpose() {
        Ok(file) => figment = file.into_iter().fold(figment, Figment::merge),
        Err(error) => wrong.extend(error.0),
    }
    match sources::variables(variables, &defaults) {
        Ok(sources) => figment = sources.into_iter().fold(figment, Figment::merge),
        Err(error) => wrong.extend(error.0),
    }
    if !wrong.is_empty() {
        return Err(SettingsError(wrong));
    }
    let settings = figment.extract().map_err(|error| describe(&figment, error))?;
    Ok(Loaded { settings, figment, defaults })
}

/// The settings of commands: those of the file, if there is one, and the variables, unchecked.
pub fn of_commands(path: Option<&Path>, variables: &[Variable]) -> Result<Settings, SettingsError> {
    Ok(load(path, variables)?.settings)
}

/// The settings to serve with, checked; and the keys that were made at random because they are
/// missing, which the log must say. `random` fills with random bytes.
pub fn for_serving(
    path: Option<&Path>,
    variables: &[Variable],
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<(Settings, Vec<&'static str>), SettingsError> {
    let mut settings = load(path, variables)?.settings;
    let problems = settings.problems();
    if !problems.is_empty() {
        return Err(SettingsError(problems));
    }
    let mut made = Vec::new();
    if settings.mode == Mode::Development {
        let sign_in = &mut settings.sign_in;
        let lists = [
            ("sign_in.token_keys", &mut sign_in.token_keys),
            ("sign_in.totp_keys", &mut sign_in.totp_keys),
        ];
        for (name, keys) in lists.into_iter().filter(|(_, keys)| keys.is_empty()) {
            let mut bytes = [0; RANDOM_BYTES];
            random(&mut bytes);
            let mut secret = String::new();
            for byte in bytes {
                secret.push_str(&format!("{byte:02x}"));
            }
            keys.push(Key { kid: RANDOM_KID.to_owned(), secret: Secret::new(secret) });
            made.push(name);
        }
    }
    Ok((settings, made))
}

impl Loaded {
    /// All settings as they are shown, in the order of their keys.
    pub fn show(&self) -> Vec<Shown> {
        let values = serde_json::to_value(&self.settings).unwrap_or_default();
        sources::keys(&self.defaults)
            .into_iter()
            .map(|key| {
                let value = values.pointer(&format!("/{}", key.replace('.', "/")));
                let value = value.cloned().unwrap_or_default();
                let source = self.figment.find_metadata(&key).map(|data| data.name.to_string());
                let source = source.unwrap_or_else(|| DEFAULT_SOURCE.to_owned());
                Shown { key, value, source }
            })
            .collect()
    }
}

/// What did not fit, in our own words: those of the library repeat values.
fn describe(figment: &Figment, error: figment::Error) -> SettingsError {
    let line = |error: figment::Error| {
        let key = error.path.join(".");
        let list = error.path.iter().take_while(|part| part.parse::<usize>().is_err());
        let found = figment.find_metadata(&list.cloned().collect::<Vec<_>>().join("."));
        let source = error.metadata.as_ref().or(found).map(|data| data.name.to_string());
        let place = source.map_or_else(String::new, |source| format!("{source}: "));
        format!("{place}{key}: {}", reason(&error.kind))
    };
    SettingsError(error.into_iter().map(line).collect())
}

fn reason(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.clone(),
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            format!("expected {}, found {}", wanted(expected), found(actual))
        }
        Kind::UnknownVariant(_, known) => format!("expected one of {}", known.join(", ")),
        Kind::UnknownField(_, known) => {
            format!("holds a key that is not known; there are {}", known.join(", "))
        }
        Kind::MissingField(name) => format!("{name} is missing"),
        _ => "is not what is expected".to_owned(),
    }
}

fn wanted(expected: &str) -> &str {
    match expected {
        "u16" | "u32" | "u64" => "a whole number, not negative",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "struct Key" => "{ kid = \"name\", secret = \"text\" }",
        other if other.starts_with("struct ") => "a section",
        other => other,
    }
}

fn found(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a section",
        _ => "something else",
    }
}
