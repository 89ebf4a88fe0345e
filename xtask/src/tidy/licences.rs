//! Licences of dependencies: only those that let anybody use, change and sell the product.
//!
//! It reads what a package declares; it does not look into its files.

use spdx::{Expression, ParseMode};

const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What is wrong with a declared licence, or nothing.
pub fn problem(declared: Option<&str>) -> Option<String> {
    let Some(declared) = declared else {
        return Some("declares no licence".to_owned());
    };
    // Lax, because old packages write `MIT/Apache-2.0`.
    match Expression::parse_mode(declared, ParseMode::LAX) {
        Err(_) => Some(format!("has the licence `{declared}`, which is no SPDX expression")),
        Ok(expression) => {
            let allowed = expression.evaluate(|part| ALLOWED.contains(&part.to_string().as_str()));
            (!allowed).then(|| format!("has the licence `{declared}`, which is not allowed"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissive_licences_pass() {
        for declared in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT OR Apache-2.0",
            "Unlicense/MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
            "MIT OR LGPL-2.1-or-later",
            "Zlib OR GPL-3.0-only",
        ] {
            assert_eq!(problem(Some(declared)), None, "{declared}");
        }
    }

    #[test]
    fn others_are_named() {
        for declared in ["GPL-3.0-only", "MIT AND MPL-2.0", "AGPL-3.0-or-later", "BUSL-1.1"] {
            let found = problem(Some(declared));
            assert!(found.is_some_and(|text| text.contains(declared)), "{declared}");
        }
        assert_eq!(problem(None), Some("declares no licence".to_owned()));
        assert!(problem(Some("see the file")).is_some());
    }
}
