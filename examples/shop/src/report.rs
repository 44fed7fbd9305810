//! Figures for the people who run the shop.

use postgres::GenericClient;

use crate::ShopError;

/// Sales of a category, everything below it included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategorySales {
    /// The category's path.
    pub path: String,
    /// Pieces sold.
    pub pieces: i64,
    /// Revenue in the smallest unit of the currency.
    pub revenue: i64,
}

/// Recomputes the sales figures without locking out readers.
pub fn refresh_sales(client: &mut impl GenericClient) -> Result<(), ShopError> {
    client.batch_execute("REFRESH MATERIALIZED VIEW CONCURRENTLY product_sales")?;
    Ok(())
}

/// Revenue of a product as of the last [`refresh_sales`].
pub fn revenue_of(client: &mut impl GenericClient, product: i64) -> Result<i64, ShopError> {
    let row =
        client.query_opt("SELECT revenue FROM product_sales WHERE product_id = $1", &[&product])?;
    Ok(row.map_or(0, |row| row.get(0)))
}

/// Sales of every category under `root` (a path), from the rows themselves.
pub fn sales_by_category(
    client: &mut impl GenericClient,
    root: &str,
) -> Result<Vec<CategorySales>, ShopError> {
    let rows = client.query(
        "SELECT c.path, sum(i.quantity)::bigint, sum(i.line_total)::bigint
         FROM categories c
         JOIN categories below ON below.path = c.path OR starts_with(below.path, c.path || '/')
         JOIN product_categories pc ON pc.category_id = below.id
         JOIN product_variants v ON v.product_id = pc.product_id
         JOIN order_items i ON i.variant_id = v.id
         JOIN orders o ON o.id = i.order_id AND o.status <> 'cancelled'
         WHERE c.path = $1 OR starts_with(c.path, $1 || '/')
         GROUP BY c.path ORDER BY c.path",
        &[&root],
    )?;
    Ok(rows
        .iter()
        .map(|row| CategorySales { path: row.get(0), pieces: row.get(1), revenue: row.get(2) })
        .collect())
}
