//! The arrival of a request's body: bounded in size and in time.

use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use seedbed_api::lease::ProblemCode;
use seedbed_api::{Failure, Result};
use tokio::time::timeout;

/// The whole body, of `largest` bytes at most.
///
/// # Errors
/// `TooLarge` by its announced length, before a byte of it is read, or once
/// more than that has come; `TooSlow`; `BadRequest` if it breaks off.
pub(crate) async fn read(body: Incoming, largest: usize, patience: Duration) -> Result<Bytes> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > largest as u64 {
        return Err(too_large(largest));
    }
    match timeout(patience, Limited::new(body, largest).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(largest)),
        Ok(Err(error)) => {
            Err(ProblemCode::BadRequest.failure("the body breaks off").because(error))
        }
        Err(_) => Err(ProblemCode::TooSlow
            .failure(format!("the body did not arrive within {} s", patience.as_secs()))),
    }
}

fn too_large(largest: usize) -> Failure {
    ProblemCode::TooLarge
        .failure(format!("the body is larger than {} KiB", largest >> 10))
        .hint("a request is a few short texts: is this body meant for another service?")
}
