//! The plan of the house: a crate imports only crates of lower floors, crates
//! of one floor never import each other, and the cellar is imported by nobody
//! except for tests. `floors.toml` is the plan; unknown crates are violations.

use std::collections::{BTreeMap, BTreeSet};

use super::manifests::{self, Dependency, Section};
use super::tree::Tree;
use super::violation::Violation;

const RULE: &str = "floors";
const PLAN: &str = "floors.toml";

struct Plan {
    floors: BTreeMap<String, i64>,
    cellar: BTreeSet<String>,
}

/// Compares every manifest with the plan.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let plan = match read(tree) {
        Ok(plan) => plan,
        Err(violation) => return vec![violation],
    };
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, text) in tree.manifests() {
        let Some(package) = manifests::package(text) else {
            violations.push(Violation::new(path, 1, RULE, "no [package] name: give it one"));
            continue;
        };
        seen.insert(package.clone());
        if plan.cellar.contains(&package) {
            continue;
        }
        let Some(floor) = plan.floors.get(&package) else {
            let line = manifests::line_of(text, "package", "name");
            let remedy = format!("{package} is not in {PLAN}: give it a floor there");
            violations.push(Violation::new(path, line, RULE, remedy));
            continue;
        };
        for dependency in manifests::dependencies_of(text) {
            if let Some(remedy) = plan.objection(&package, *floor, &dependency) {
                violations.push(Violation::new(path, dependency.line, RULE, remedy));
            }
        }
    }
    let text = tree.get(PLAN).unwrap_or("");
    for planned in plan.floors.keys().chain(&plan.cellar).filter(|name| !seen.contains(*name)) {
        let line = text.lines().position(|line| line.contains(planned.as_str())).unwrap_or(0) + 1;
        let remedy = format!("{planned} is no crate: a room is added by the change that needs it");
        violations.push(Violation::new(PLAN, line, RULE, remedy));
    }
    violations
}

impl Plan {
    /// Why a crate on `floor` may not have this dependency.
    fn objection(&self, package: &str, floor: i64, dependency: &Dependency) -> Option<String> {
        let name = &dependency.package;
        if self.cellar.contains(name) {
            return (dependency.section != Section::Dev)
                .then(|| format!("{name} is of the cellar: only [dev-dependencies] may name it"));
        }
        match self.floors.get(name) {
            Some(below) if *below < floor => None,
            Some(same) if *same == floor => Some(format!(
                "{package} and {name} share floor {floor}: siblings never import each other, move what both need down"
            )),
            Some(above) => Some(format!(
                "{package} is on floor {floor} and {name} above it on {above}: an arrow points down only"
            )),
            None if dependency.ours => {
                Some(format!("{name} is not in {PLAN}: give it a floor there"))
            }
            None => None,
        }
    }
}

fn read(tree: &Tree) -> Result<Plan, Violation> {
    let wrong = |what: String| Violation::new(PLAN, 1, RULE, what);
    let text =
        tree.get(PLAN).ok_or_else(|| wrong("missing: it is the plan of the house".into()))?;
    let table: toml::Table =
        text.parse().map_err(|error| wrong(format!("not valid TOML: {error}")))?;
    let floors = table
        .get("floors")
        .and_then(toml::Value::as_table)
        .ok_or_else(|| wrong("no [floors]: list every crate with its floor".into()))?
        .iter()
        .map(|(name, floor)| match floor.as_integer() {
            Some(floor) => Ok((name.clone(), floor)),
            None => Err(wrong(format!("the floor of {name} is no number: write one"))),
        })
        .collect::<Result<_, _>>()?;
    let cellar = table
        .get("cellar")
        .and_then(|cellar| cellar.get("crates"))
        .and_then(toml::Value::as_array)
        .map(|names| names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    Ok(Plan { floors, cellar })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::violation::shown;

    const HOUSE: &str =
        "[floors]\nlow = 0\nleft = 1\nright = 1\nhigh = 2\n[cellar]\ncrates = [\"kit\"]\n";

    /// A house in which `left` has these lines and everything else is in order.
    fn house(left: &str) -> Vec<String> {
        let manifest = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
        let high = manifest("high", "[dependencies]\nlow = { workspace = true }\n");
        let kit = manifest("kit", "[dependencies]\nhigh = { workspace = true }\n");
        let tree = Tree::of(&[
            (PLAN, HOUSE),
            ("crates/low/Cargo.toml", &manifest("low", "")),
            ("crates/left/Cargo.toml", &manifest("left", left)),
            ("crates/right/Cargo.toml", &manifest("right", "")),
            ("crates/high/Cargo.toml", &high),
            ("crates/kit/Cargo.toml", &kit),
        ]);
        shown(&check(&tree))
    }

    #[test]
    fn arrows_that_point_down_pass() {
        for left in [
            "[dependencies]\nlow = { workspace = true }\nserde = { workspace = true }\n",
            "[dev-dependencies]\nkit = { workspace = true }\n",
            "[target.'cfg(unix)'.dependencies]\nlow.workspace = true\n",
        ] {
            assert_eq!(house(left), Vec::<String>::new(), "{left}");
        }
    }

    #[test]
    fn every_other_arrow_is_refused_at_its_line() {
        for (left, line, word) in [
            ("[dependencies]\nright = { workspace = true }\n", 4, "siblings"),
            ("[dependencies]\nlow.workspace = true\nhigh.workspace = true\n", 5, "points down"),
            ("[dev-dependencies]\nhigh = { workspace = true }\n", 4, "points down"),
            ("[build-dependencies]\nright = { workspace = true }\n", 4, "siblings"),
            ("[target.'cfg(unix)'.dependencies]\nhigh = { workspace = true }\n", 4, "points down"),
            (
                "[dependencies]\nalias = { package = \"high\", path = \"../high\" }\n",
                4,
                "points down",
            ),
            ("[dependencies.right]\nworkspace = true\n", 3, "siblings"),
            ("[dependencies]\nkit = { workspace = true }\n", 4, "cellar"),
            ("[dependencies]\nseedbed-attic = { workspace = true }\n", 4, "not in floors.toml"),
            ("[dependencies]\nx = { path = \"../x\" }\n", 4, "not in floors.toml"),
        ] {
            let found = house(left);
            assert_eq!(found.len(), 1, "{left}: {found:?}");
            let place = format!("crates/left/Cargo.toml:{line}: floors: ");
            assert!(found[0].starts_with(&place), "{left}: {found:?}");
            assert!(found[0].contains(word), "{left}: {found:?}");
        }
    }

    #[test]
    fn the_plan_and_the_crates_agree() {
        let tree = Tree::of(&[
            (PLAN, "[floors]\nlow = 0\ngone = 1\n"),
            ("crates/low/Cargo.toml", "[package]\nname = \"low\"\n"),
            ("crates/new/Cargo.toml", "[package]\nname = \"new\"\n"),
        ]);
        let found = shown(&check(&tree));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("crates/new/Cargo.toml:2: floors: new is not in"),
            "{found:?}"
        );
        assert!(found[1].starts_with("floors.toml:3: floors: gone is no crate"), "{found:?}");
    }

    #[test]
    fn a_plan_that_cannot_be_read_is_a_violation() {
        for plan in ["floors = 1", "[floors]\na = \"x\"", "[floors"] {
            assert_eq!(check(&Tree::of(&[(PLAN, plan)])).len(), 1, "{plan}");
        }
        assert_eq!(check(&Tree::of(&[])).len(), 1);
    }
}
