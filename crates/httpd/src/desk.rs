//! What all connections of one door share.

use crate::aside::Aside;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::serve::Serve;

/// The service, who may ask it, and how much of it one may take.
pub(crate) struct Desk<S: Serve> {
    pub(crate) service: S,
    pub(crate) gate: Gate,
    pub(crate) limits: Limits,
    pub(crate) aside: Aside,
}
