//! What stops a call is told of the table that stopped it, whichever of the
//! plan's tables that is.

use seedbed_factory::Manner;

use super::ground::{Maker, call};

const SHOP: &str = "CREATE TABLE orgs (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
     CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
       org_id int NOT NULL REFERENCES orgs)";

#[tokio::test]
async fn who_holds_a_parent_is_told() {
    let maker = Maker::new(SHOP).await;
    let other = maker.beside().await;
    other.batch("SET application_name = 'the other test'; BEGIN").await;
    other.make_in(&call("orgs", &[]), Manner::InTransaction).await;
    maker.batch("SET lock_timeout = '200ms'").await;
    let told = maker.told(&call("users", &[("email", "a@x.test")]), Manner::Autocommit).await;
    assert!(told.message.contains("a row of orgs was waited for in vain"), "{told:?}");
    assert!(told.detail.unwrap_or_default().contains("the other test"));
    other.batch("ROLLBACK").await;
}

#[tokio::test]
async fn who_guards_rows_without_a_key_is_told() {
    let maker = Maker::new("CREATE TABLE logs (id serial PRIMARY KEY, line text NOT NULL)").await;
    let other = maker.beside().await;
    other
        .batch(
            "SET application_name = 'the other test'; BEGIN; \
             SELECT pg_advisory_xact_lock(hashtext('seedbed logs'), b) \
               FROM generate_series(0, 63) AS b",
        )
        .await;
    maker.batch("SET lock_timeout = '200ms'").await;
    let told = maker.told(&call("logs", &[("line", "x")]), Manner::Autocommit).await;
    assert!(told.message.contains("a row of logs was waited for in vain"), "{told:?}");
    assert!(told.detail.unwrap_or_default().contains("the other test"));
    other.batch("ROLLBACK").await;
}

/// The maker as a role that has these rights.
async fn restricted(sql: &str) -> (Maker, String) {
    let role = crate::ground::unique("Clerk");
    let maker = Maker::new(SHOP).await;
    let quoted = format!("\"{role}\"");
    maker.batch(&format!("CREATE ROLE {quoted}; {}", sql.replace("ROLE", &quoted))).await;
    maker.batch(&format!("SET ROLE {quoted}")).await;
    (maker, quoted)
}

async fn dismissed(maker: &Maker, role: &str) {
    maker.batch(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test]
async fn policies_of_a_parent_are_told() {
    let (maker, role) = restricted(
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO ROLE; \
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ROLE; \
         ALTER TABLE orgs ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY none ON orgs USING (false)",
    )
    .await;
    let told = maker.told(&call("users", &[("email", "a@x.test")]), Manner::Autocommit).await;
    assert!(told.message.contains("may not write this row of orgs"), "{told:?}");
    assert!(told.hints.iter().any(|hint| hint.contains("with_check FROM pg_policies")), "{told:?}");
    dismissed(&maker, &role).await;
}

#[tokio::test]
async fn the_right_that_lacks_is_told_with_its_object() {
    for (rights, hint) in [
        (
            "GRANT SELECT, INSERT ON orgs, users TO ROLE; \
             GRANT USAGE ON SEQUENCE users_id_seq TO ROLE",
            "GRANT USAGE ON SEQUENCE public.orgs_id_seq TO ",
        ),
        (
            "GRANT SELECT ON orgs TO ROLE; GRANT SELECT, INSERT ON users TO ROLE; \
             GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ROLE",
            "GRANT INSERT, UPDATE ON \"public\".\"orgs\" TO ",
        ),
    ] {
        let (maker, role) = restricted(rights).await;
        let told = maker.told(&call("users", &[("email", "a@x.test")]), Manner::Autocommit).await;
        assert_eq!(told.hints, [format!("{hint}{role}")], "{told:?}");
        maker.batch(&format!("RESET ROLE; {}", told.hints[0])).await;
        maker.batch(&format!("SET ROLE {role}")).await;
        maker.make(&call("users", &[("email", "a@x.test")])).await;
        dismissed(&maker, &role).await;
    }
}

#[tokio::test]
async fn the_role_that_lacks_a_right_is_named() {
    let (maker, role) = restricted("").await;
    let there = Maker::on(maker.target.clone()).await;
    there.batch(&format!("SET ROLE {role}")).await;
    let schema = there.runner.session().schema().await.unwrap();
    let settings =
        seedbed_model::Settings { seed: "test".to_owned(), locale: seedbed_values::Locale::EnUs };
    let factory = seedbed_factory::Factory::new(std::sync::Arc::new(schema), settings);
    let failure = factory.compile(&call("orgs", &[("name", "x")])).map(|_| ()).unwrap_err();
    let line = format!("GRANT SELECT, INSERT ON \"public\".\"orgs\" TO {role}");
    assert_eq!(failure.hints(), [line.as_str()]);
    drop(there);
    // As it stands there, by who may.
    maker.batch(&format!("RESET ROLE; {line}")).await;
    dismissed(&maker, &role).await;
}

#[tokio::test]
async fn policies_and_triggers_are_both_told() {
    let (maker, role) = restricted(
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO ROLE; \
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ROLE; \
         ALTER TABLE orgs ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY all_of_them ON orgs USING (true); \
         CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS \
           $$ BEGIN RETURN NULL; END $$; \
         CREATE TRIGGER nothing BEFORE INSERT ON orgs FOR EACH ROW EXECUTE FUNCTION nothing()",
    )
    .await;
    let there = Maker::on(maker.target.clone()).await;
    there.batch(&format!("SET ROLE {role}")).await;
    let told = there.told(&call("orgs", &[("name", "x")]), Manner::Autocommit).await;
    assert!(told.message.contains("suppressed the row"), "{told:?}");
    assert!(told.detail.unwrap().contains("row-level security hides it"));
    assert!(told.hints.contains(&format!("ALTER ROLE {role} BYPASSRLS")), "{:?}", told.hints);
    drop(there);
    dismissed(&maker, &role).await;
}

#[tokio::test]
async fn names_are_quoted_in_what_is_to_paste() {
    let maker = Maker::new(
        "CREATE TABLE \"Day\" (\"On\" date NOT NULL PRIMARY KEY) PARTITION BY RANGE (\"On\")",
    )
    .await;
    let day = call("Day", &[("On", "2024-05-05")]);
    let told = maker.told(&day, Manner::Autocommit).await;
    let line = told.hints.iter().find(|hint| hint.starts_with("CREATE TABLE")).unwrap();
    maker.batch(line).await;
    maker.make(&day).await;
}

#[tokio::test]
async fn no_value_is_told_with_what_the_server_says() {
    let maker = Maker::new(
        "CREATE TABLE items (code text PRIMARY KEY, number int);
         CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           RAISE EXCEPTION 'the item % (\"%\") can''t be kept', NEW.number, NEW.code; END $$;
         CREATE TRIGGER guard BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION guard()",
    )
    .await;
    for (code, number) in [("secret word", "987654"), ("a", "98765432109876")] {
        let set = call("items", &[("code", code), ("number", number)]);
        let told = format!("{:?}", maker.told(&set, Manner::Autocommit).await);
        assert!(!told.contains("secret word") && !told.contains("98765"), "{told}");
    }
    let told = maker.told(&call("items", &[("code", "a")]), Manner::Autocommit).await;
    assert!(told.detail.unwrap().contains("can't be kept"));
}
