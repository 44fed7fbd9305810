//! Conditions that only the server can judge: functions of the database's own
//! in checks and generated columns, which may raise errors.

use seedbed_api::plan::Call;
use seedbed_db::FactoryValues;
use seedbed_factory::Manner;

use super::ground::{Maker, call, each};

const FUNCTIONS: &str = "
    CREATE FUNCTION matches(t text, p text) RETURNS boolean IMMUTABLE LANGUAGE sql
      AS $$ SELECT t ~ p $$;
    CREATE FUNCTION strict_version(t text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
      BEGIN
        IF t !~ '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)$' THEN
          RAISE EXCEPTION 'no version';
        END IF;
        RETURN split_part(t, '.', 1)::int;
      END $$;
    CREATE FUNCTION sort_key(t text) RETURNS bytea IMMUTABLE LANGUAGE sql
      AS $$ SELECT convert_to(m[1], 'UTF8') FROM regexp_match(t, '^(\\d+\\.\\d+\\.\\d+)$') AS m $$;
    CREATE FUNCTION luhn(t text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$
      SELECT t ~ '^\\d{12,19}$' AND sum(CASE WHEN n % 2 = 1 THEN d ELSE d * 2 - d / 5 * 9 END) % 10 = 0
      FROM (SELECT n, substr(reverse(t), n::int, 1)::int AS d FROM generate_series(1, length(t)) AS n) AS x
    $$;
    CREATE FUNCTION fits(kind text, value text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$
      SELECT kind ~ '^[a-z]{2}$' AND value ~ '^\\d+\\.\\d+\\.\\d+$' $$;
    CREATE FUNCTION power_of_two(n bigint) RETURNS boolean IMMUTABLE LANGUAGE sql
      AS $$ SELECT n > 1000 AND n & (n - 1) = 0 $$;";

/// Makes every table as often as asked, twice, and compares.
async fn made_twice(maker: &Maker, table: &str, count: u32) {
    let all = Call { count: Some(count), ..call(table, &[]) };
    let first = maker.make(&all).await;
    let rows = format!("SELECT count(*) FROM {table}");
    assert_eq!(maker.value(&rows).await, count.to_string(), "{table}");
    let again = maker.make(&all).await;
    assert_eq!(maker.value(&rows).await, count.to_string(), "{table} again");
    assert_eq!(first.rows, again.rows, "{table}");
}

#[tokio::test]
async fn kinds_that_functions_of_the_databases_own_allow_are_found() {
    let maker = Maker::new(&format!(
        "{FUNCTIONS}
         CREATE TABLE packages (id serial PRIMARY KEY, label text NOT NULL UNIQUE,
           ordered bytea NOT NULL GENERATED ALWAYS AS (sort_key(label)) STORED);
         CREATE TABLE raising (id serial PRIMARY KEY, mark text NOT NULL UNIQUE,
           major int NOT NULL GENERATED ALWAYS AS (strict_version(mark)) STORED);
         CREATE TABLE json_marks (id serial PRIMARY KEY, mark text NOT NULL CHECK ((mark::json) IS NOT NULL));
         CREATE TABLE uuids (id serial PRIMARY KEY, mark varchar(40) NOT NULL CHECK ((mark::uuid) IS NOT NULL));
         CREATE TABLE cards (id serial PRIMARY KEY, mark text NOT NULL CHECK (luhn(mark)));
         CREATE TABLE paths (id serial PRIMARY KEY, mark text NOT NULL CHECK (matches(mark, '^[a-z]+(\\.[a-z]+)+$')));
         CREATE TABLE pairs (id serial PRIMARY KEY, one text NOT NULL, other text NOT NULL, CHECK (fits(one, other)));
         CREATE TABLE sizes (id serial PRIMARY KEY, n bigint NOT NULL CHECK (power_of_two(n)));
         CREATE TABLE months (id serial PRIMARY KEY, starts date NOT NULL UNIQUE
           CHECK (starts = date_trunc('month', starts::timestamp)::date));
         CREATE TABLE documents (id serial PRIMARY KEY, body jsonb NOT NULL CHECK (body @> '[]'));
         CREATE TABLE several (id serial PRIMARY KEY, a text NOT NULL CHECK (matches(a, '^#[0-9a-f]{{6}}$')),
           b text NOT NULL CHECK (matches(b, '^[A-Z]{{3}}$')), c text NOT NULL CHECK ((c::inet) IS NOT NULL),
           n int NOT NULL CHECK (abs(n) < 5000 AND matches(n::text, '-')));
         CREATE DOMAIN version AS text CHECK (strict_version(VALUE) >= 0);
         CREATE TABLE domains (id serial PRIMARY KEY, mark version NOT NULL)"
    ))
    .await;
    let tables = [
        "packages",
        "raising",
        "json_marks",
        "uuids",
        "cards",
        "paths",
        "pairs",
        "sizes",
        "months",
        "documents",
        "several",
        "domains",
    ];
    for table in tables {
        made_twice(&maker, table, 1).await;
        made_twice(&maker, table, 25).await;
    }
}

#[tokio::test]
async fn one_value_that_raises_costs_no_other_and_no_transaction() {
    let maker = Maker::new(
        "CREATE FUNCTION moody(n int) RETURNS boolean IMMUTABLE LANGUAGE sql
           AS $$ SELECT 100 / (n % 5) >= 0 $$;
         CREATE TABLE moods (id serial PRIMARY KEY, n int NOT NULL UNIQUE CHECK (moody(n)))",
    )
    .await;
    made_twice(&maker, "moods", 200).await;
    let session = maker.runner.session();
    session.batch("BEGIN; CREATE TEMPORARY TABLE mine (a int)").await.unwrap();
    let more = Call { count: Some(20), fresh: true, ..call("moods", &[]) };
    maker.make_in(&more, Manner::InTransaction).await;
    session.batch("SELECT * FROM mine; COMMIT").await.unwrap();
    assert_eq!(maker.value("SELECT count(*) FROM moods").await, "220");
}

#[tokio::test]
async fn a_condition_nothing_meets_is_named_with_its_columns() {
    let maker = Maker::new(
        "CREATE FUNCTION never(t text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT t = 'x1y2' $$;
         CREATE FUNCTION code_of(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN IF t <> 'x1y2' THEN RAISE EXCEPTION 'no such code'; END IF; RETURN t; END $$;
         CREATE TABLE a (id serial PRIMARY KEY, fine text NOT NULL CHECK (starts_with(md5(fine), '0') IS NOT NULL),
           mark text NOT NULL CONSTRAINT marked CHECK (never(mark)));
         CREATE TABLE b (id serial PRIMARY KEY, mark text NOT NULL,
           made text NOT NULL GENERATED ALWAYS AS (code_of(mark)) STORED)",
    )
    .await;
    for (table, names) in [
        ("a", ["marked: public.never(mark)", "seedbed make a mark=…"]),
        ("b", ["made not null: (public.code_of(mark)) IS NOT NULL", "seedbed make b mark=…"]),
    ] {
        let compiled = maker.factory.compile(&call(table, &[])).unwrap();
        let mut values = FactoryValues::new(&maker.factory, &maker.runner);
        let ran = maker.runner.run(compiled, Manner::Autocommit, &mut values).await;
        let failure = ran.unwrap_err();
        let told = format!("{} {:?} {:?}", failure.chain(), failure.details(), failure.hints());
        assert!(names.iter().all(|name| told.contains(name)), "{told}");
        assert!(!told.contains("fine"), "{told}");
        maker.make(&call(table, &[("mark", "x1y2")])).await;
    }
    // What was passed is refused by the function that computes with it.
    let told = maker.told(&call("b", &[("mark", "z")]), Manner::Autocommit).await;
    assert_eq!(told.message, "a function of the database refused a row of b");
    let detail = told.detail.unwrap_or_default();
    assert!(detail.contains("made: public.code_of(mark)"), "{detail}");
    assert_eq!(told.hints, ["seedbed make b mark=…"]);
}

#[tokio::test]
async fn conditions_that_contradict_each_other_are_named_before_a_server_is_asked() {
    let maker = Maker::new(
        "CREATE TABLE c (id serial PRIMARY KEY, a int NOT NULL, b int NOT NULL,
           CONSTRAINT weird CHECK (a > b AND b > a));
         CREATE DOMAIN small AS int CHECK (VALUE < 3);
         CREATE TABLE d (id serial PRIMARY KEY, n small NOT NULL CONSTRAINT big CHECK (n > 10))",
    )
    .await;
    for (table, names) in
        [("c", ["weird: ", "seedbed make c a=… b=…"]), ("d", [": ", "seedbed make d n=…"])]
    {
        let failure = maker.factory.compile(&call(table, &[])).unwrap_err();
        let told = format!("{} {:?} {:?}", failure.chain(), failure.details(), failure.hints());
        assert!(names.iter().all(|name| told.contains(name)), "{told}");
    }
}

#[tokio::test]
async fn a_generated_unique_value_that_is_taken_gives_way() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
           username text NOT NULL UNIQUE)",
    )
    .await;
    let alice = call("users", &[("email", "alice@example.com")]);
    let first = maker.make(&alice).await;
    maker.batch("UPDATE users SET email = 'other@example.com'").await;
    let second = maker.make(&alice).await;
    assert_ne!(first.get(0, "username"), second.get(0, "username"));
    assert_eq!(maker.make(&alice).await.rows, second.rows);
    // One to a person, and so in what values come from; two to the server.
    for email in ["e\u{301}@example.com", "\u{e9}@example.com"] {
        maker.make(&call("users", &[("email", email)])).await;
    }
    assert_eq!(maker.value("SELECT count(DISTINCT username) FROM users").await, "4");
    let mut several = call("users", &[]);
    several.count = Some(3);
    several.set.insert("email".to_owned(), each(&["a@b", "o\u{308}@b", "\u{f6}@b"]));
    maker.make(&several).await;
    assert_eq!(maker.value("SELECT count(DISTINCT username) FROM users").await, "7");
}
