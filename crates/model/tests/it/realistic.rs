//! Rows look like those of an application: nothing is deleted or locked, what
//! ends has not ended, and numbers are what their names say.

use std::collections::BTreeMap;

use seedbed_model::{Identity, RowRequest, TableModel, table_model};
use seedbed_testkit::Server;

use crate::catalogue::{schema, settings, table};

fn rows(model: &TableModel, count: u64) -> Vec<BTreeMap<String, Option<String>>> {
    let wanted: Vec<String> = model.wanted().map(str::to_owned).collect();
    let row = |ordinal| {
        let identity = Identity::Ordinal { scope: "shared", ordinal };
        let fixed = BTreeMap::new();
        model
            .row(&RowRequest { identity, fixed: &fixed, wanted: &wanted, attempt: 0, ordinal })
            .expect("a row")
    };
    (0..count).map(row).collect()
}

#[test]
fn an_ordinary_row_is_in_use() {
    let server = Server::start();
    let columns = "is_deleted boolean not null, disabled boolean not null, locked boolean not null, \
        active boolean not null, warranty_until date not null, subscription_end timestamptz not null, \
        age int not null, discount_percent smallint not null, share_percent numeric(5,2) not null, \
        hour int not null, day_of_week int not null, ip text not null, last_ip varchar(45) not null, \
        uuid varchar(36) not null, mac text not null, callback_url varchar(30) not null, \
        external_id text not null, device_ip text not null unique, during daterange not null, \
        id text not null unique";
    let conditions = "check (is_deleted = false or age > 10)";
    let _ = server.psql("postgres", &format!("create table r ({columns}, {conditions})"));
    let model = table_model(&schema(), &table(&server, "postgres", "r"), &settings("realistic"));
    for row in rows(&model, 60) {
        let get = |name: &str| row[name].as_deref().expect(name);
        for no in ["is_deleted", "disabled", "locked"] {
            assert_eq!(get(no), "false", "{no}");
        }
        assert_eq!(get("active"), "true");
        assert!(get("warranty_until").starts_with("2099-"), "{row:?}");
        assert!(get("subscription_end").starts_with("2099-"), "{row:?}");
        let number = |name: &str| get(name).parse::<f64>().expect(name);
        assert!((18.0..=80.0).contains(&number("age")), "{row:?}");
        assert!((1.0..=100.0).contains(&number("discount_percent")), "{row:?}");
        assert!((1.0..=100.0).contains(&number("share_percent")), "{row:?}");
        assert!((0.0..24.0).contains(&number("hour")), "{row:?}");
        assert!((1.0..7.0).contains(&number("day_of_week")), "{row:?}");
        for ip in ["ip", "last_ip"] {
            let known = ["192.0.2.", "198.51.100.", "203.0.113."];
            assert!(known.iter().any(|network| get(ip).starts_with(network)), "{row:?}");
        }
        assert!(get("device_ip").starts_with("2001:db8:"), "{row:?}");
        assert_eq!(get("uuid").split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(get("mac").split(':').map(str::len).collect::<Vec<_>>(), [2; 6]);
        assert!(get("callback_url").starts_with("https://"), "{row:?}");
        assert!(get("during").starts_with("[\"202"), "{row:?}");
        assert!(!get("id").contains(' ') && get("id").len() >= 21, "{row:?}");
        assert!(!get("external_id").contains(' '), "{row:?}");
    }
}

#[test]
fn conditions_count_more_than_what_is_usual() {
    let server = Server::start();
    let sql = "create table c (deleted boolean not null check (deleted), age int not null check (age > 500), \
        locked boolean not null unique)";
    let _ = server.psql("postgres", sql);
    let model = table_model(&schema(), &table(&server, "postgres", "c"), &settings("realistic"));
    assert_eq!(model.domain("locked"), Some(2));
    let rows = rows(&model, 2);
    for row in &rows {
        assert_eq!(row["deleted"].as_deref(), Some("true"));
        assert!(row["age"].as_deref().expect("age").parse::<i64>().expect("a number") > 500);
    }
    assert_ne!(rows[0]["locked"], rows[1]["locked"]);
}
