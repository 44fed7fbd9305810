//! Replies: an answer as JSON, or a problem under `error` with its status.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use schemars::JsonSchema;
use seedbed_api::Failure;
use seedbed_api::lease::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};

/// A reply, whole in memory.
pub(crate) type Reply = Response<Full<Bytes>>;

/// What stands in a reply that is no answer.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProblemReply")]
pub(crate) struct ProblemReply {
    /// What went wrong.
    pub(crate) error: Problem,
}

/// An answer.
pub(crate) fn answer(answer: &impl Serialize) -> Reply {
    match serde_json::to_vec(answer) {
        Ok(json) => with_json(StatusCode::OK, json),
        Err(error) => {
            problem(&ProblemCode::Internal.failure("cannot write the answer").because(error))
        }
    }
}

/// A problem.
pub(crate) fn problem(failure: &Failure) -> Reply {
    let told = ProblemReply { error: Problem::of(failure) };
    let code = told.error.code;
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = with_json(status, serde_json::to_vec(&told).unwrap_or_default());
    if code == ProblemCode::Unauthorized {
        reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    reply
}

/// The same, as the last word of a connection.
pub(crate) fn last(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

/// A problem as bytes, for a client whose request was never whole.
pub(crate) fn spoken(failure: &Failure) -> Vec<u8> {
    let told = ProblemReply { error: Problem::of(failure) };
    let json = serde_json::to_vec(&told).unwrap_or_default();
    let status = StatusCode::from_u16(told.error.code.status()).unwrap_or_default();
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        json.len()
    )
    .into_bytes();
    bytes.extend_from_slice(&json);
    bytes
}

fn with_json(status: StatusCode, json: Vec<u8>) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(json)));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // A lease holds a password.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
