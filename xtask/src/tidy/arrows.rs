//! Which crate may use which: the arrows of the architecture, and the short list of `domain`.
//!
//! Third-party dependencies of crates other than `domain` are a matter of review.

/// For each crate, by its folder, the crates it may use. Others are not known here on purpose: a
/// new crate needs its row, and so a decision.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("gateways", &["domain"]),
    ("app", &["domain", "store", "gateways"]),
    ("http", &["domain", "app"]),
    ("dairyos", &["domain", "store", "app", "http", "gateways"]),
    ("demo", &["domain", "gateways"]),
    ("testkit", &["domain", "store", "app", "http", "gateways"]),
    ("bench", &["domain", "store", "app", "http", "gateways", "dairyos", "testkit"]),
    ("xtask", &[]),
];

/// The crate for tests, which any crate may use in its tests and none in its product.
const TEST_KIT: &str = "testkit";

/// What the crate of rules may use of the outside world.
const DOMAIN_MAY_USE: [&str; 3] = ["jiff", "sha2", "thiserror"];

/// One dependency of a crate of this workspace, as declared.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// Its package name.
    pub package: String,
    /// Its folder when it is a crate of this workspace.
    pub folder: Option<String>,
    /// Declared in `[dev-dependencies]`.
    pub for_tests: bool,
}

/// What is wrong with a dependency of the crate in a folder, or nothing.
pub fn problem(folder: &str, dependency: &Dependency) -> Option<String> {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == folder) else {
        return Some(format!(
            "no rule says what the crate `{folder}` may use; decide it in \
             xtask/src/tidy/arrows.rs"
        ));
    };
    match &dependency.folder {
        Some(target) if allowed.contains(&target.as_str()) => None,
        Some(target) if target == TEST_KIT && dependency.for_tests => None,
        Some(target) if target == TEST_KIT => {
            Some(format!("`{folder}` may use `{TEST_KIT}` only in [dev-dependencies]; move it"))
        }
        Some(target) => Some(format!(
            "`{folder}` may not use `{target}`; move the code to where the arrows of \
             ARCHITECTURE.md allow it"
        )),
        None if folder == "domain" && !dependency.for_tests => {
            let package = &dependency.package;
            let listed = DOMAIN_MAY_USE.contains(&package.as_str());
            (!listed).then(|| {
                format!(
                    "`domain` may use only {}; do what needs `{package}` in another crate",
                    DOMAIN_MAY_USE.join(", ")
                )
            })
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(folder: &str, for_tests: bool) -> Dependency {
        let package = format!("dairyos-{folder}");
        Dependency { package, folder: Some(folder.to_owned()), for_tests }
    }

    fn outer(package: &str, for_tests: bool) -> Dependency {
        Dependency { package: package.to_owned(), folder: None, for_tests }
    }

    #[test]
    fn arrows_point_one_way() {
        assert_eq!(problem("store", &inner("domain", false)), None);
        assert_eq!(problem("dairyos", &inner("app", false)), None);
        let back = problem("domain", &inner("store", false)).unwrap();
        assert!(back.starts_with("`domain` may not use `store`"), "{back}");
        assert!(problem("http", &inner("store", false)).is_some());
        assert!(problem("app", &inner("store", true)).is_none());
        assert!(problem("store", &inner("app", true)).is_some());
        assert!(problem("xtask", &inner("domain", false)).is_some());
    }

    #[test]
    fn the_test_kit_is_for_tests() {
        assert_eq!(problem("store", &inner("testkit", true)), None);
        assert_eq!(problem("bench", &inner("testkit", false)), None);
        let product = problem("store", &inner("testkit", false)).unwrap();
        assert!(product.contains("[dev-dependencies]"), "{product}");
    }

    #[test]
    fn domain_has_a_short_list() {
        assert_eq!(problem("domain", &outer("jiff", false)), None);
        assert_eq!(problem("domain", &outer("proptest", true)), None);
        assert_eq!(problem("store", &outer("rusqlite", false)), None);
        let found = problem("domain", &outer("serde", false)).unwrap();
        assert!(found.contains("`serde`"), "{found}");
    }

    #[test]
    fn a_new_crate_needs_a_rule() {
        let found = problem("extra", &outer("serde", false)).unwrap();
        assert!(found.contains("`extra`"), "{found}");
    }
}
