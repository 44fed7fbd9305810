//! Finding products.

use postgres::GenericClient;

use crate::ShopError;

/// A product found by [`search`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The product's slug.
    pub slug: String,
    /// The product's name.
    pub name: String,
    /// Pieces available in all warehouses.
    pub available: i64,
}

/// Active products that match `words` (as typed into a search box), best first,
/// in `category` and everything below it if one is given by its path.
pub fn search(
    client: &mut impl GenericClient,
    words: &str,
    category: Option<&str>,
    limit: i64,
) -> Result<Vec<Hit>, ShopError> {
    let rows = client.query(
        "SELECT p.slug::text, p.name,
                coalesce((SELECT sum(s.available) FROM available_stock s WHERE s.product_id = p.id), 0)::bigint
         FROM products p
         WHERE p.active
           AND p.search @@ websearch_to_tsquery('english', $1)
           AND ($2::text IS NULL OR EXISTS (
                SELECT FROM product_categories pc JOIN categories c ON c.id = pc.category_id
                WHERE pc.product_id = p.id AND (c.path = $2 OR starts_with(c.path, $2 || '/'))))
         ORDER BY ts_rank(p.search, websearch_to_tsquery('english', $1)) DESC, p.name
         LIMIT $3",
        &[&words, &category, &limit],
    )?;
    Ok(rows
        .iter()
        .map(|row| Hit { slug: row.get(0), name: row.get(1), available: row.get(2) })
        .collect())
}
