//! Products, categories and search.

use postgres::error::SqlState;
use shop::search;

use crate::fixture::{Corner, state};

#[test]
fn search_knows_word_stems_and_counts_stock() {
    let mut shop = Corner::new();
    shop.product("kettles", 3_000, 7);
    let words = format!("kettle {}", shop.tag);
    let hits = search(&mut shop.client, &words, None, 10).unwrap();
    assert_eq!(hits.len(), 1);
    assert!(hits[0].slug.starts_with("kettles-"));
    assert_eq!(hits[0].available, 7);
}

#[test]
fn a_name_ranks_above_a_description() {
    let mut shop = Corner::new();
    let (described, _) = shop.product("pot", 1_000, 0);
    let (named, _) = shop.product("teapot", 1_000, 0);
    shop.run("UPDATE products SET description = 'like a teapot' WHERE id = $1", &[&described]);
    let words = format!("teapot {}", shop.tag);
    let hits = search(&mut shop.client, &words, None, 10).unwrap();
    let first: i64 = shop.one("SELECT id FROM products WHERE slug = $1::text", &[&hits[0].slug]);
    assert_eq!((hits.len(), first), (2, named));
}

#[test]
fn products_that_are_not_active_are_not_found() {
    let mut shop = Corner::new();
    let (product, _) = shop.product("stool", 4_000, 1);
    let words = format!("stool {}", shop.tag);
    assert_eq!(search(&mut shop.client, &words, None, 10).unwrap().len(), 1);
    shop.run("UPDATE products SET active = false WHERE id = $1", &[&product]);
    assert_eq!(search(&mut shop.client, &words, None, 10).unwrap(), []);
}

#[test]
fn search_in_a_category_includes_what_lies_below() {
    let mut shop = Corner::new();
    let (product, _) = shop.product("alps", 1_200, 1);
    shop.run(
        "INSERT INTO product_categories SELECT $1, id FROM categories WHERE slug = 'books-maps-hiking'",
        &[&product],
    );
    let words = format!("alps {}", shop.tag);
    for (category, found) in [("books", 1), ("books/books-maps", 1), ("kitchen", 0), ("boo", 0)] {
        let hits = search(&mut shop.client, &words, Some(category), 10).unwrap();
        assert_eq!(hits.len(), found, "{category}");
    }
}

#[test]
fn a_product_and_its_default_variant_point_at_each_other() {
    let mut shop = Corner::new();
    let mut transaction = shop.client.transaction().unwrap();
    let slug = format!("pair-{}", shop.tag);
    let product: i64 = transaction
        .query_one(
            "INSERT INTO products (slug, name) VALUES ($1::text, 'Pair') RETURNING id",
            &[&slug],
        )
        .unwrap()
        .get(0);
    // The variant does not exist yet: the foreign key waits for COMMIT.
    let variant: i64 = transaction
        .query_one("SELECT nextval(pg_get_serial_sequence('product_variants', 'id'))", &[])
        .unwrap()
        .get(0);
    transaction
        .execute("UPDATE products SET default_variant_id = $2 WHERE id = $1", &[&product, &variant])
        .unwrap();
    transaction
        .execute(
            "INSERT INTO product_variants (id, product_id, sku, weight_grams)
             OVERRIDING SYSTEM VALUE VALUES ($1, $2, upper($3), 10)",
            &[&variant, &product, &slug],
        )
        .unwrap();
    transaction.commit().unwrap();
}

#[test]
fn the_default_variant_belongs_to_the_product() {
    let mut shop = Corner::new();
    let (product, _) = shop.product("own", 100, 0);
    let (_, foreign) = shop.product("foreign", 100, 0);
    let mut transaction = shop.client.transaction().unwrap();
    transaction
        .execute("UPDATE products SET default_variant_id = $2 WHERE id = $1", &[&product, &foreign])
        .unwrap();
    let refused = transaction.commit().expect_err("the check at COMMIT");
    assert_eq!(state(refused), SqlState::FOREIGN_KEY_VIOLATION);
}

#[test]
fn categories_know_their_paths_and_refuse_cycles() {
    let mut shop = Corner::new();
    let backfilled: String =
        shop.one("SELECT path FROM categories WHERE slug = 'books-maps-hiking'", &[]);
    assert_eq!(backfilled, "books/books-maps/books-maps-hiking");

    let (outer, inner) = (format!("outer-{}", shop.tag), format!("inner-{}", shop.tag));
    let parent: i64 = shop.one(
        "INSERT INTO categories (slug, name) VALUES ($1::text, 'Outer') RETURNING id",
        &[&outer],
    );
    let path: String = shop.one(
        "INSERT INTO categories (slug, name, parent_id) VALUES ($1::text, 'Inner', $2) RETURNING path",
        &[&inner, &parent],
    );
    assert_eq!(path, format!("{outer}/{inner}"));
    let cycle = shop.refusal(
        "UPDATE categories SET parent_id = (SELECT id FROM categories WHERE slug = $2::text) WHERE id = $1",
        &[&parent, &inner],
    );
    assert_eq!(cycle, SqlState::CHECK_VIOLATION);
}
