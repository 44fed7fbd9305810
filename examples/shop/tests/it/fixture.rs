//! A customer, a warehouse and products that no other test knows.

use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, Error, NoTls};
use shop::{NewOrder, Order, ShopError, place_order, restock};

/// Opens a connection to the database under test.
pub fn connect() -> Client {
    let url = std::env::var("DATABASE_URL")
        .expect("DATABASE_URL names the database under test; try: seedbed run -- cargo test");
    Client::connect(&url, NoTls).expect("the database under test accepts connections")
}

/// One test's own corner of the shop.
pub struct Corner {
    pub client: Client,
    /// Twelve hex digits that appear in everything this test names.
    pub tag: String,
    pub customer: i64,
    pub address: i64,
    pub warehouse: i64,
}

impl Corner {
    pub fn new() -> Self {
        let mut client = connect();
        let tag: String = client
            .query_one("SELECT right(replace(gen_random_uuid()::text, '-', ''), 12)", &[])
            .unwrap()
            .get(0);
        let (customer, address) = customer(&mut client, &tag);
        let warehouse = client
            .query_one(
                "INSERT INTO warehouses (code, country_code) VALUES ('WHS-' || upper($1), 'DE') RETURNING id",
                &[&tag],
            )
            .unwrap()
            .get(0);
        Self { client, tag, customer, address, warehouse }
    }

    /// A product with one variant at `amount` cents and `pieces` in the warehouse:
    /// the keys of both.
    pub fn product(&mut self, name: &str, amount: i64, pieces: i32) -> (i64, i64) {
        let product: i64 = self
            .client
            .query_one(
                "INSERT INTO products (slug, name) VALUES ($1::text || '-' || $2, $1 || ' ' || $2) RETURNING id",
                &[&name, &self.tag],
            )
            .unwrap()
            .get(0);
        let variant: i64 = self
            .client
            .query_one(
                "INSERT INTO product_variants (product_id, sku, weight_grams)
                 VALUES ($1, upper($2 || '-' || $3), 250) RETURNING id",
                &[&product, &name, &self.tag],
            )
            .unwrap()
            .get(0);
        self.run(
            "INSERT INTO prices (price_list_id, variant_id, amount, during)
             SELECT id, $1, $2::bigint, tstzrange(now() - interval '1 day', NULL)
             FROM price_lists WHERE name = 'retail'",
            &[&variant, &amount],
        );
        if pieces > 0 {
            restock(&mut self.client, self.warehouse, variant, pieces).unwrap();
        }
        (product, variant)
    }

    /// An open cart of this test's customer.
    pub fn cart(&mut self, items: &[(i64, i32)]) -> i64 {
        let customer = self.customer;
        self.cart_of(customer, items)
    }

    pub fn cart_of(&mut self, customer: i64, items: &[(i64, i32)]) -> i64 {
        let cart: i64 = self
            .client
            .query_one("INSERT INTO carts (customer_id) VALUES ($1) RETURNING id", &[&customer])
            .unwrap()
            .get(0);
        for (variant, quantity) in items {
            self.run(
                "INSERT INTO cart_items (cart_id, variant_id, quantity) VALUES ($1, $2, $3)",
                &[&cart, variant, quantity],
            );
        }
        cart
    }

    /// What a plain order of `cart` says: parcel, retail prices, no coupon.
    pub fn new_order(&self, cart: i64) -> NewOrder {
        NewOrder {
            cart,
            ship_to: self.address,
            shipping_method: "parcel".into(),
            price_list: "retail".into(),
            coupon: None,
        }
    }

    pub fn order(&mut self, items: &[(i64, i32)]) -> Result<Order, ShopError> {
        let cart = self.cart(items);
        let new = self.new_order(cart);
        place_order(&mut self.client, &new)
    }

    /// The first column of the only row.
    pub fn one<T>(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> T
    where
        T: for<'a> postgres::types::FromSql<'a>,
    {
        self.client.query_one(sql, parameters).unwrap().get(0)
    }

    pub fn run(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> u64 {
        self.client.execute(sql, parameters).unwrap()
    }

    /// The SQLSTATE with which the server refuses a statement.
    pub fn refusal(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> SqlState {
        state(self.client.execute(sql, parameters).expect_err("the server refuses"))
    }
}

/// Another customer with an address in Germany.
pub fn customer(client: &mut Client, tag: &str) -> (i64, i64) {
    let customer: i64 = client
        .query_one(
            "INSERT INTO customers (email, first_name, last_name)
             VALUES (($1 || '@example.org'), 'Ada', $1) RETURNING id",
            &[&tag],
        )
        .unwrap()
        .get(0);
    let address: i64 = client
        .query_one(
            "INSERT INTO addresses (customer_id, kind, street, city, postal_code, country_code, is_default)
             VALUES ($1, 'shipping', 'Lindenweg 1', 'Leipzig', '04109', 'DE', true) RETURNING id",
            &[&customer],
        )
        .unwrap()
        .get(0);
    (customer, address)
}

pub fn state(error: Error) -> SqlState {
    error.code().unwrap_or_else(|| panic!("not an answer of the server: {error:?}")).clone()
}
