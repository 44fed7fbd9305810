//! What lies in the warehouses.

use postgres::GenericClient;

use crate::ShopError;

/// Adds pieces of a variant to a warehouse and writes the movement down.
pub fn restock(
    client: &mut impl GenericClient,
    warehouse: i64,
    variant: i64,
    pieces: i32,
) -> Result<(), ShopError> {
    client.execute("CALL restock($1, $2, $3)", &[&warehouse, &variant, &pieces])?;
    Ok(())
}

/// Pieces of a variant that nobody has reserved, over all warehouses.
pub fn available(client: &mut impl GenericClient, variant: i64) -> Result<i64, ShopError> {
    let row = client
        .query_one("SELECT available FROM available_stock WHERE variant_id = $1", &[&variant])?;
    Ok(row.get(0))
}
