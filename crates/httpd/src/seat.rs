//! A holder's seat: taken when a client connects, given back when it is gone.

use crate::serve::Serve;

/// Tells the service of the holder's end when it is dropped, by whatever way:
/// the connection's end, a panic, the runtime's end.
pub(crate) struct Seat<S: Serve> {
    service: S,
    holder: S::Holder,
}

impl<S: Serve> Seat<S> {
    pub(crate) fn take(service: S) -> Self {
        let holder = service.new_holder();
        Self { service, holder }
    }

    pub(crate) fn holder(&self) -> S::Holder {
        self.holder
    }
}

impl<S: Serve> Drop for Seat<S> {
    fn drop(&mut self) {
        self.service.holder_ended(self.holder);
    }
}
