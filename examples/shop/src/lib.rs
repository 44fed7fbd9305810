//! A small order system on PostgreSQL: carts become orders, orders are paid,
//! shipped and returned, stock is reserved and never oversold.

mod catalogue;
mod error;
mod order;
mod payment;
mod report;
mod stock;

pub use catalogue::{Hit, search};
pub use error::ShopError;
pub use order::{NewOrder, Order, cancel_order, place_order, ship_order};
pub use payment::{refund, take_payment};
pub use report::{CategorySales, refresh_sales, revenue_of, sales_by_category};
pub use stock::{available, restock};
