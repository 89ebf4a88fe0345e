//! The two forms of the figures: `OpenMetrics`, and Prometheus' own older text.
//!
//! It deliberately turns the first into the second by its lines; samples are the same in both.

use std::collections::HashMap;

/// The media type of `OpenMetrics`.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The media type of the older text.
pub const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether one entry of `Accept` asks for `OpenMetrics`.
pub fn asks_for_openmetrics(entry: &str) -> bool {
    let mut parts = entry.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let refused = |part: &str| {
        let weight = part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        weight.is_some_and(|weight| weight <= 0.0)
    };
    kind.eq_ignore_ascii_case("application/openmetrics-text") && !parts.any(refused)
}

/// The older text: there HELP and TYPE name the samples, `x_total` and `x_info`, not the family.
pub fn plain(openmetrics: &str) -> String {
    let types: HashMap<&str, &str> = openmetrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    let mut text = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        let told = ["# HELP ", "# TYPE "].iter().find_map(|word| {
            let (name, rest) = line.strip_prefix(word)?.split_once(' ')?;
            Some((word, name, rest))
        });
        let Some((word, name, rest)) = told else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let (ending, kind) = match types.get(name).copied() {
            Some("counter") => ("_total", "counter"),
            Some("info") => ("_info", "gauge"),
            Some("unknown") | None => ("", "untyped"),
            Some(other) => ("", other),
        };
        let rest = if *word == "# TYPE " { kind } else { rest };
        text.push_str(&format!("{word}{name}{ending} {rest}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{asks_for_openmetrics, plain};

    #[test]
    fn the_older_text_names_the_samples() {
        let shown = "# HELP hits Hits.\n# TYPE hits counter\nhits_total{a=\"b\"} 1\n\
            # HELP x Build.\n# TYPE x info\nx_info{version=\"1\"} 1\n\
            # HELP s S.\n# TYPE s gauge\n# UNIT s seconds\ns 2\n# EOF\n";
        assert_eq!(
            plain(shown),
            "# HELP hits_total Hits.\n# TYPE hits_total counter\nhits_total{a=\"b\"} 1\n\
             # HELP x_info Build.\n# TYPE x_info gauge\nx_info{version=\"1\"} 1\n\
             # HELP s S.\n# TYPE s gauge\ns 2\n"
        );
        assert_eq!(plain("# EOF\n"), "");
    }

    #[test]
    fn openmetrics_is_given_to_those_who_take_it() {
        for good in
            ["application/openmetrics-text", " Application/OpenMetrics-Text; version=1.0.0; q=0.5"]
        {
            assert!(asks_for_openmetrics(good), "{good}");
        }
        for bad in ["*/*", "text/plain", "application/openmetrics-text;q=0", ""] {
            assert!(!asks_for_openmetrics(bad), "{bad}");
        }
    }
}
