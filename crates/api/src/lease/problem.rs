//! What can be wrong with a request to the lease service: a closed set of
//! codes a client can act on, each with its HTTP status.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Failure, Kind};

/// Which problem it is. A code never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The request cannot be understood.
    BadRequest,
    /// The token is missing or wrong.
    Unauthorized,
    /// The Host header names another host: a web page tries to reach us.
    ForeignHost,
    /// There is no such route.
    UnknownRoute,
    /// The route exists, the method does not.
    UnknownMethod,
    /// There is no such slot.
    UnknownSlot,
    /// There is no such lease.
    UnknownLease,
    /// The lease has ended; its slot may be leased to another holder.
    LeaseEnded,
    /// There is no such mark, or the lease was rewound to an earlier one.
    UnknownMark,
    /// The mark belongs to another lease.
    ForeignMark,
    /// The service has another template than the client expects.
    UnknownTemplate,
    /// The slot is leased to another holder, and the wait ran out.
    NoFreeSlot,
    /// The server's connections are spoken for, and the wait ran out.
    NoConnections,
    /// A session is inside a transaction that has written, so no mark can be set.
    WriterOpen,
    /// The lane is impossible here.
    LaneImpossible,
    /// The plan's shape is not known (any more): ask for the plan again.
    UnknownShape,
    /// The rows cannot be made; the message says why.
    CannotMake,
    /// The request is larger than any sensible one.
    TooLarge,
    /// The request did not arrive in time.
    TooSlow,
    /// Too many clients are connected at once.
    TooManyClients,
    /// The database server is gone.
    ServerGone,
    /// The service is about to end.
    Ending,
    /// Anything else; the message says what.
    Internal,
}

impl ProblemCode {
    /// The HTTP status it is told with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest | Self::LaneImpossible => 400,
            Self::Unauthorized => 401,
            Self::UnknownRoute
            | Self::UnknownSlot
            | Self::UnknownLease
            | Self::UnknownMark
            | Self::UnknownTemplate => 404,
            Self::UnknownMethod => 405,
            Self::TooSlow => 408,
            Self::ForeignMark | Self::WriterOpen | Self::UnknownShape => 409,
            Self::LeaseEnded => 410,
            Self::TooLarge => 413,
            Self::ForeignHost => 421,
            Self::CannotMake => 422,
            Self::Internal => 500,
            Self::NoFreeSlot
            | Self::NoConnections
            | Self::TooManyClients
            | Self::ServerGone
            | Self::Ending => 503,
        }
    }

    /// What a failure of this code is to a process that meets it.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::NoFreeSlot | Self::NoConnections | Self::TooSlow => Kind::Timeout,
            Self::ServerGone | Self::Ending | Self::TooManyClients => Kind::ServerFailed,
            Self::Internal => Kind::Bug,
            Self::CannotMake => Kind::Database,
            Self::UnknownShape
            | Self::BadRequest
            | Self::UnknownRoute
            | Self::UnknownMethod
            | Self::UnknownSlot
            | Self::UnknownTemplate
            | Self::TooLarge
            | Self::LaneImpossible => Kind::Config,
            Self::Unauthorized
            | Self::ForeignHost
            | Self::UnknownLease
            | Self::LeaseEnded
            | Self::UnknownMark
            | Self::ForeignMark
            | Self::WriterOpen => Kind::Refused,
        }
    }

    /// A failure of this code.
    #[must_use]
    pub fn failure(self, message: impl Into<String>) -> Failure {
        Failure::new(self.kind(), message).coded(self)
    }
}

/// A problem as a client is told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Which problem.
    pub code: ProblemCode,
    /// What failed and why.
    pub message: String,
    /// What to do about it.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Lines under the message, such as a report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Problem {
    /// A failure in a client's words.
    #[must_use]
    pub fn of(failure: &Failure) -> Self {
        let code = failure.code().unwrap_or(match failure.kind() {
            Kind::Config => ProblemCode::BadRequest,
            Kind::ServerFailed | Kind::NoServer => ProblemCode::ServerGone,
            _ => ProblemCode::Internal,
        });
        Self {
            code,
            message: failure.chain(),
            hints: failure.hints().to_vec(),
            detail: failure.details().map(str::to_owned),
        }
    }

    /// The failure it was.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        let failure = self.code.failure(self.message);
        let failure = self.hints.into_iter().fold(failure, Failure::hint);
        self.detail.into_iter().fold(failure, Failure::detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_a_failure_told_over_the_wire() {
        let failure = ProblemCode::UnknownMark.failure("there is no mark 3").hint("seedbed mark");
        let told = Problem::of(&failure);
        assert_eq!(told.code, ProblemCode::UnknownMark);
        let back = told.into_failure();
        assert_eq!(back.kind(), Kind::Refused);
        assert_eq!(back.code(), Some(ProblemCode::UnknownMark));
        assert_eq!(back.hints(), ["seedbed mark"]);
        assert_eq!(Problem::of(&Failure::new(Kind::Timeout, "x")).code, ProblemCode::Internal);
    }
}
