//! What can go wrong in the shop, apart from the database itself.

use std::error::Error;
use std::fmt;

/// A request that the shop refuses, or a failure of the database.
#[derive(Debug)]
pub enum ShopError {
    /// The cart does not exist, is not open or holds nothing.
    EmptyCart,
    /// Less is available than the cart asks for.
    OutOfStock {
        /// The article.
        sku: String,
        /// How many pieces are missing.
        missing: i32,
    },
    /// The coupon is unknown, expired, used up or was used by this customer.
    CouponUnusable,
    /// The amount paid is not the order's total.
    WrongAmount {
        /// The order's total in the smallest unit of its currency.
        due: i64,
    },
    /// No order with this id is in a state that allows the step.
    NotPossible,
    /// The database refused.
    Database(postgres::Error),
}

impl fmt::Display for ShopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyCart => f.write_str("the cart holds nothing that can be ordered"),
            Self::OutOfStock { sku, missing } => write!(f, "{missing} pieces of {sku} are missing"),
            Self::CouponUnusable => f.write_str("the coupon cannot be used"),
            Self::WrongAmount { due } => write!(f, "the amount due is {due}"),
            Self::NotPossible => f.write_str("the order does not allow this step"),
            Self::Database(error) => write!(f, "the database refused: {error}"),
        }
    }
}

impl Error for ShopError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

impl From<postgres::Error> for ShopError {
    fn from(error: postgres::Error) -> Self {
        Self::Database(error)
    }
}
