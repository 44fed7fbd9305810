//! What values depend on besides the schema.

use seedbed_values::Locale;

/// What values depend on besides the schema. The epoch is fixed in
/// `seedbed_values`; there is no clock.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Separates one project's values from another's.
    pub seed: String,
    /// Language and country of names, addresses and texts.
    pub locale: Locale,
}
