//! Schemas nobody thought of: every table of each is made, and not made again.

use std::fmt::Write as _;

use super::ground::Maker;
use super::twice::twice;

/// A generator of numbers that is the same everywhere (Steele and others,
/// "Fast splittable pseudorandom number generators", 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((word ^ (word >> 31)) % most as u64).unwrap()
    }

    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }
}

const TYPES: [&str; 14] = [
    "text",
    "int",
    "bigint",
    "varchar(30)",
    "date",
    "timestamptz",
    "uuid",
    "numeric(12,3)",
    "jsonb",
    "text[]",
    "inet",
    "mood",
    "int4range",
    "bytea",
];

const CHECKED: [(&str, &str); 5] = [
    ("int", "{c} BETWEEN 3 AND 900"),
    ("text", "length({c}) > 2"),
    ("numeric(8,2)", "{c} > 0 AND {c} < 1000"),
    ("text", "{c} IN ('a', 'b', 'c')"),
    ("int", "{c} % 3 = 1"),
];

/// Tables, some of which refer to those before them, to themselves or (last)
/// in a circle.
fn schema(dice: &mut Dice) -> String {
    let mut sql = "CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd');\n".to_owned();
    let tables = 2 + dice.below(5);
    for table in 0..tables {
        let mut columns = vec![match dice.below(4) {
            0 => "id int PRIMARY KEY".to_owned(),
            1 => "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY".to_owned(),
            2 => "id uuid PRIMARY KEY DEFAULT gen_random_uuid()".to_owned(),
            _ => "id serial PRIMARY KEY".to_owned(),
        }];
        let mut names: Vec<String> = Vec::new();
        for column in 0..dice.below(5) {
            let name = format!("c{column}");
            let null = if dice.chance(3) { "" } else { " NOT NULL" };
            if dice.chance(4) {
                let (kind, check) = CHECKED[dice.below(CHECKED.len())];
                columns
                    .push(format!("{name} {kind}{null} CHECK ({})", check.replace("{c}", &name)));
            } else {
                let unique = if dice.chance(4) { " UNIQUE" } else { "" };
                columns.push(format!("{name} {}{null}{unique}", TYPES[dice.below(TYPES.len())]));
            }
            names.push(name);
        }
        for parent in 0..table {
            if dice.chance(2) {
                let name = format!("p{parent}");
                let null = if dice.chance(3) { "" } else { " NOT NULL" };
                let unique = if dice.chance(5) { " UNIQUE" } else { "" };
                columns.push(format!("{name} @{parent}{null}{unique} REFERENCES t{parent}"));
                names.push(name);
            }
        }
        if dice.chance(3) {
            columns.push("d text NOT NULL DEFAULT 'usual'".to_owned());
            names.push("d".to_owned());
        }
        if dice.chance(4) {
            columns.push("on_at date".to_owned());
        }
        if dice.chance(4) {
            let null = if dice.chance(2) { "" } else { " NOT NULL" };
            names.push("up".to_owned());
            columns.push(format!("up @{table}{null} REFERENCES t{table}"));
        }
        if names.len() >= 2 && dice.chance(2) {
            columns.push(format!("UNIQUE ({}, {})", names[0], names[names.len() - 1]));
        }
        let _ = writeln!(sql, "CREATE TABLE t{table} ({});", columns.join(", "));
        let named = names.iter().find(|name| *name != "up");
        if let (true, Some(name)) = (dice.chance(3), named) {
            let dated = columns.iter().any(|column| column.starts_with("on_at"));
            let inside = if dated { " WHERE on_at IS NULL" } else { "" };
            let text = format!("{name} text ");
            let is_text = columns.iter().any(|column| format!("{column} ").starts_with(&text));
            let key = if is_text { format!("nullif(lower({name}), '')") } else { name.clone() };
            let _ = writeln!(sql, "CREATE UNIQUE INDEX ON t{table} ({key}){inside};");
        }
    }
    // The type of a reference is that of the key it leads to.
    for table in 0..tables {
        let start = format!("CREATE TABLE t{table} (id ");
        let kind = sql.split(&start).nth(1).and_then(|rest| rest.split_whitespace().next());
        let kind = kind.unwrap().replace("serial", "int");
        sql = sql.replace(&format!("@{table} "), &format!("{kind} "));
    }
    sql
}

/// The same with what schemas grow: soft deletion, keys of expressions and with
/// defaults, triggers, tables whose only key is no primary one.
fn grown(dice: &mut Dice) -> String {
    let mut sql = schema(dice);
    if dice.chance(2) {
        for end in [",", ")"] {
            for table in 0..7 {
                let reference = format!("REFERENCES t{table}{end}");
                sql = sql.replace(&reference, &format!("REFERENCES t{table} (id){end}"));
            }
        }
        sql = sql.replace("id int PRIMARY KEY", "id int NOT NULL UNIQUE");
    }
    sql.push_str(
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS \
           $$ BEGIN NEW.touched := 'then'; RETURN NEW; END $$;\n",
    );
    for table in 0..sql.matches("CREATE TABLE").count() {
        let words = ["slug text NOT NULL", "slug text", "slug text NOT NULL DEFAULT 'dev'"];
        let _ = writeln!(
            sql,
            "ALTER TABLE t{table} ADD {}, ADD kind text NOT NULL DEFAULT 'plain', \
            ADD gone_at timestamptz, ADD touched text;",
            words[dice.below(3)]
        );
        let keys = ["slug", "lower(slug)", "slug, kind", "kind, lower(slug)", "nullif(slug, '')"];
        let _ = match dice.below(3) {
            0 => Ok(()),
            1 => writeln!(sql, "CREATE UNIQUE INDEX ON t{table} ({});", keys[dice.below(5)]),
            _ => {
                let wheres = ["gone_at IS NULL", "kind = 'plain'", "kind <> 'plain'"];
                let (key, inside) = (keys[dice.below(5)], wheres[dice.below(3)]);
                writeln!(sql, "CREATE UNIQUE INDEX ON t{table} ({key}) WHERE {inside};")
            }
        };
        if dice.chance(3) {
            let _ = writeln!(
                sql,
                "CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON t{table} \
                FOR EACH ROW EXECUTE FUNCTION touch();"
            );
        }
    }
    sql
}

#[tokio::test]
async fn every_table_of_random_schemas_is_made_once() {
    made_once(schema).await;
}

#[tokio::test]
async fn every_table_of_random_grown_schemas_is_made_once() {
    made_once(grown).await;
}

async fn made_once(schema: fn(&mut Dice) -> String) {
    let seeds: Vec<u64> = match std::env::var("SEEDBED_TEST_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..24).collect(),
    };
    for seed in seeds {
        let sql = schema(&mut Dice(seed));
        let maker = Maker::new(&sql).await;
        let wrong = twice(&maker, None).await;
        assert!(wrong.is_empty(), "SEEDBED_TEST_SEED={seed}\n{sql}\n{}", wrong.join("\n"));
        // Tables of ids alone are refused.
        let mut wrong = twice(&maker, Some(3)).await;
        wrong.retain(|why| !why.contains("nothing tells several rows"));
        assert!(
            wrong.is_empty(),
            "of three, SEEDBED_TEST_SEED={seed}\n{sql}\n{}",
            wrong.join("\n")
        );
    }
}
