//! Where settings come from, as layers for figment: each knows its name, so that every message can
//! say from where a value came.
//!
//! It deliberately checks keys against the default file and leaves values to their types.

use super::environment::{PREFIX, Variable};
use super::{DEFAULTS, SettingsError};
use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Num, Value};
use figment::{Metadata, Profile, Provider};
use std::path::Path;

/// How the defaults are named.
pub const DEFAULT_SOURCE: &str = "default";

/// Variables that have a name of their own beside the one of their key.
const ALIASES: [(&str, &str); 2] =
    [("DAIRYOS_DATABASE_URL", "database.url"), ("DAIRYOS_REDIS_URL", "limits.redis_url")];
/// Variables that are no settings: where the file is, what tests need, and what Kubernetes sets
/// for a service that is named dairyos.
fn is_other(name: &str) -> bool {
    let starts = ["DAIRYOS_TEST_", "DAIRYOS_SERVICE_", "DAIRYOS_PORT_"];
    ["DAIRYOS_CONFIG", "DAIRYOS_PORT"].contains(&name)
        || starts.iter().any(|start| name.starts_with(start))
}

/// Settings from one place.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    values: Dict,
}

impl Provider for Source {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// Reads TOML. The message names the place and never repeats the line, which may hold a secret.
fn toml(text: &str) -> Result<Dict, String> {
    Toml::from_str::<Dict>(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        format!("line {line}: {}", error.message())
    })
}

/// The defaults.
pub fn defaults() -> Result<Source, SettingsError> {
    let values = toml(DEFAULTS).map_err(|error| SettingsError(vec![error]))?;
    Ok(Source { name: DEFAULT_SOURCE.to_owned(), values })
}

/// The file; all its unknown keys are told at once.
pub fn file(path: &Path, defaults: &Source) -> Result<Source, SettingsError> {
    let name = path.display().to_string();
    let failed = |error: String| SettingsError(vec![format!("{name}: {error}")]);
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let values = toml(&text).map_err(failed)?;
    let mut unknown = Vec::new();
    compare(&values, &defaults.values, "", &mut unknown);
    if unknown.is_empty() {
        return Ok(Source { name, values });
    }
    Err(SettingsError(unknown.into_iter().map(|line| format!("{name}: {line}")).collect()))
}

/// Notes the keys that the defaults do not have.
fn compare(values: &Dict, known: &Dict, path: &str, unknown: &mut Vec<String>) {
    for (key, value) in values {
        match (value, known.get(key)) {
            (_, None) => {
                let keys: Vec<&str> = known.keys().map(String::as_str).collect();
                let keys = keys.join(", ");
                unknown.push(format!("{path}{key} is not a setting; there are {keys}"));
            }
            (Value::Dict(_, inner), Some(Value::Dict(_, known))) => {
                compare(inner, known, &format!("{path}{key}."), unknown);
            }
            _ => {}
        }
    }
}

/// The variables, each a source of its own; all that is wrong with them is told at once.
pub fn variables(all: &[Variable], defaults: &Source) -> Result<Vec<Source>, SettingsError> {
    let mut sources = Vec::new();
    let mut wrong = Vec::new();
    // A name of its own wins over the one of the key.
    let own = |name: &str| ALIASES.iter().any(|(alias, _)| *alias == name);
    let (aliases, rest): (Vec<_>, Vec<_>) = all.iter().partition(|(name, _)| own(name));
    for (name, value) in rest.into_iter().chain(aliases) {
        if is_other(name) {
            continue;
        }
        let Some(value) = value else {
            wrong.push(format!("{name} is not UTF-8 text"));
            continue;
        };
        // A variable that is set to nothing says nothing.
        if value.is_empty() {
            continue;
        }
        match variable(name, value, defaults) {
            Ok(values) => sources.push(Source { name: name.clone(), values }),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    if wrong.is_empty() { Ok(sources) } else { Err(SettingsError(wrong)) }
}

/// The settings a variable stands for.
fn variable(name: &str, text: &str, defaults: &Source) -> Result<Dict, String> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, key)| *key);
    let key = alias.map_or_else(
        || name.trim_start_matches(PREFIX).to_ascii_lowercase().replace("__", "."),
        ToOwned::to_owned,
    );
    let known = Value::from(defaults.values.clone());
    let Some(default) = known.find_ref(&key) else {
        return Err(format!("there is no setting {key}; see dairyos config show"));
    };
    let mut value = value(text, default)?;
    for part in key.rsplit('.') {
        value = Value::from(Dict::from([(part.to_owned(), value)]));
    }
    value.into_dict().ok_or_else(|| format!("there is no setting {key}"))
}

/// A value of the kind of the default. Texts are taken as they are, so that a secret of digits
/// stays a text.
fn value(text: &str, default: &Value) -> Result<Value, String> {
    match default {
        Value::String(..) | Value::Char(..) => Ok(Value::from(text)),
        Value::Bool(..) => {
            text.parse::<bool>().map(Value::from).map_err(|_| "expected true or false".to_owned())
        }
        Value::Num(_, Num::F32(_) | Num::F64(_)) => {
            text.parse::<f64>().map(Value::from).map_err(|_| "expected a number".to_owned())
        }
        Value::Num(..) => {
            text.parse::<i64>().map(Value::from).map_err(|_| "expected a whole number".to_owned())
        }
        Value::Array(..) if !text.trim_start().starts_with('[') => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(Value::from(parts.collect::<Vec<_>>()))
        }
        Value::Array(..) => {
            let mut read = toml(&format!("value = {text}"))?;
            read.remove("value").ok_or_else(|| "expected a list".to_owned())
        }
        Value::Dict(..) => Err("it is a section; set its keys one by one".to_owned()),
        Value::Empty(..) => Err("it cannot be set".to_owned()),
    }
}

/// All keys of the defaults that hold values, in order.
pub fn keys(defaults: &Source) -> Vec<String> {
    fn collect(values: &Dict, path: &str, keys: &mut Vec<String>) {
        for (key, value) in values {
            match value {
                Value::Dict(_, inner) => collect(inner, &format!("{path}{key}."), keys),
                _ => keys.push(format!("{path}{key}")),
            }
        }
    }
    let mut found = Vec::new();
    collect(&defaults.values, "", &mut found);
    found
}
