//! The routes: one table from which requests are dispatched and the OpenAPI
//! document is written, so that neither can know what the other does not.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use seedbed_api::lease::ProblemCode::{self, *};
use seedbed_api::lease::{
    Acquire, Health, Holdings, Keep, Kept, Lease, MarkRequest, MarkSet, Released, Rewind, Rewound,
    SlotStatus,
};
use seedbed_api::plan::{
    Diagnosis, Made, MakeRequest, PlanRequest, Planned, RunTrouble, RunValues, SchemaFacts, Values,
};
use seedbed_api::{Failure, Result};

use crate::ask::Ask;
use crate::limits::{LARGEST_BATCH, LARGEST_BODY};
use crate::{lease_name, payload};

/// Writes the schema of a type and returns a reference to it.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One route.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// A segment `{lease}` stands for the name of a lease.
    pub(crate) path: &'static str,
    /// Unique among all routes; generated clients name their functions by it.
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    /// `None` if it takes no body.
    pub(crate) request: Option<SchemaOf>,
    pub(crate) response: SchemaOf,
    /// Bytes of its body at most.
    largest: usize,
    /// What can go wrong besides [`ALWAYS`].
    pub(crate) problems: &'static [ProblemCode],
    /// The lease named in the path, or nothing, and the body.
    ask: fn(&str, &[u8]) -> Result<Ask>,
}

/// What can go wrong with every request.
pub(crate) const ALWAYS: &[ProblemCode] = &[
    BadRequest,
    Unauthorized,
    UnknownRoute,
    UnknownMethod,
    TooSlow,
    TooLarge,
    ForeignHost,
    Internal,
    TooManyClients,
    Ending,
];

/// The one route whose lease stands in the query.
const SCHEMA_PATH: &str = "/v1/schema";

/// Every route.
pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/v1/health",
        id: "health",
        summary: "Version and identity of the service",
        request: None,
        response: schema::<Health>,
        largest: LARGEST_BODY,
        problems: &[],
        ask: |_, body| payload::nothing(body).map(|()| Ask::Health),
    },
    Route {
        method: "POST",
        path: "/v1/leases",
        id: "acquire",
        summary: "Lease a slot, waiting for a free one in the order of arrival",
        request: Some(schema::<Acquire>),
        response: schema::<Lease>,
        largest: LARGEST_BODY,
        problems: &[
            UnknownSlot,
            UnknownTemplate,
            LaneImpossible,
            NoFreeSlot,
            NoConnections,
            ServerGone,
        ],
        ask: |_, body| payload::read(body).map(Ask::Acquire),
    },
    Route {
        method: "POST",
        path: "/v1/leases/{lease}/marks",
        id: "mark",
        summary: "Mark the state of a leased database as it is now",
        request: Some(schema::<MarkRequest>),
        response: schema::<MarkSet>,
        largest: LARGEST_BODY,
        problems: &[UnknownLease, LeaseEnded, WriterOpen, ServerGone],
        ask: |lease, body| Ok(Ask::Mark(lease.to_owned(), payload::read(body)?)),
    },
    Route {
        method: "POST",
        path: "/v1/leases/{lease}/rewind",
        id: "rewind",
        summary: "Bring a leased database back to a mark",
        request: Some(schema::<Rewind>),
        response: schema::<Rewound>,
        largest: LARGEST_BODY,
        problems: &[UnknownLease, LeaseEnded, UnknownMark, ForeignMark, ServerGone],
        ask: |lease, body| Ok(Ask::Rewind(lease.to_owned(), payload::read(body)?)),
    },
    Route {
        method: "DELETE",
        path: "/v1/leases/{lease}",
        id: "release",
        summary: "End a lease; answers when its slot is clean",
        request: None,
        response: schema::<Released>,
        largest: LARGEST_BODY,
        problems: &[UnknownLease, LeaseEnded],
        ask: |lease, body| payload::nothing(body).map(|()| Ask::Release(lease.to_owned())),
    },
    Route {
        method: "POST",
        path: "/v1/leases/{lease}/release",
        id: "releaseByPost",
        summary: "As release, for clients that cannot send DELETE",
        request: None,
        response: schema::<Released>,
        largest: LARGEST_BODY,
        problems: &[UnknownLease, LeaseEnded],
        ask: |lease, body| payload::nothing(body).map(|()| Ask::Release(lease.to_owned())),
    },
    Route {
        method: "POST",
        path: "/v1/leases/{lease}/keep",
        id: "keep",
        summary: "Keep a leased database as it is; the slot gets another one",
        request: Some(schema::<Keep>),
        response: schema::<Kept>,
        largest: LARGEST_BODY,
        problems: &[UnknownLease, LeaseEnded, ServerGone],
        ask: |lease, body| Ok(Ask::Keep(lease.to_owned(), payload::read(body)?)),
    },
    Route {
        method: "GET",
        path: "/v1/slots",
        id: "slots",
        summary: "Every slot and what it is doing",
        request: None,
        response: schema::<Vec<SlotStatus>>,
        largest: LARGEST_BODY,
        problems: &[],
        ask: |_, body| payload::nothing(body).map(|()| Ask::Slots),
    },
    Route {
        method: "GET",
        path: "/v1/connections",
        id: "connections",
        summary: "Who holds connections to the database server",
        request: None,
        response: schema::<Holdings>,
        largest: LARGEST_BODY,
        problems: &[ServerGone],
        ask: |_, body| payload::nothing(body).map(|()| Ask::Connections),
    },
    Route {
        method: "POST",
        path: "/v1/plans",
        id: "plan",
        summary: "The plan of a factory call, to be run on a connection of the client's own",
        request: Some(schema::<PlanRequest>),
        response: schema::<Planned>,
        largest: LARGEST_BATCH,
        problems: &[UnknownLease, LeaseEnded, ServerGone],
        ask: |_, body| payload::read(body).map(Ask::Plan),
    },
    Route {
        method: "POST",
        path: "/v1/values",
        id: "values",
        summary: "Generated values for the rows a plan has to make",
        request: Some(schema::<RunValues>),
        response: schema::<Values>,
        largest: LARGEST_BATCH,
        problems: &[UnknownLease, LeaseEnded, UnknownShape, CannotMake, ServerGone],
        ask: |_, body| payload::read(body).map(Ask::Values),
    },
    Route {
        method: "POST",
        path: "/v1/diagnosis",
        id: "diagnosis",
        summary: "What it means that a plan cannot go on, and what to do about it",
        request: Some(schema::<RunTrouble>),
        response: schema::<Diagnosis>,
        largest: LARGEST_BATCH,
        problems: &[UnknownLease, LeaseEnded, UnknownShape],
        ask: |_, body| payload::read(body).map(Ask::Diagnosis),
    },
    Route {
        method: "POST",
        path: "/v1/make",
        id: "make",
        summary: "Make rows and commit them on a connection of the service, for tests from outside",
        request: Some(schema::<MakeRequest>),
        response: schema::<Vec<Made>>,
        largest: LARGEST_BATCH,
        problems: &[UnknownLease, LeaseEnded, CannotMake, ServerGone],
        ask: |_, body| payload::read(body).map(Ask::Make),
    },
    Route {
        method: "POST",
        path: "/v1/build",
        id: "build",
        summary: "The rows a call would make, without writing any; what only the database fills is \
                  null",
        request: Some(schema::<MakeRequest>),
        response: schema::<Vec<Made>>,
        largest: LARGEST_BATCH,
        problems: &[UnknownLease, LeaseEnded, ServerGone],
        ask: |_, body| payload::read(body).map(Ask::Build),
    },
    Route {
        method: "GET",
        path: SCHEMA_PATH,
        id: "schema",
        summary: "Tables, columns and keys of a leased database, as far as clients need them",
        request: None,
        response: schema::<SchemaFacts>,
        largest: LARGEST_BODY,
        problems: &[UnknownLease, LeaseEnded, ServerGone],
        ask: |lease, body| payload::nothing(body).map(|()| Ask::Schema(lease.to_owned())),
    },
];

impl Route {
    /// Whether `?lease=` names the lease.
    pub(crate) fn names_lease_in_query(&self) -> bool {
        self.path == SCHEMA_PATH
    }
}

/// The lease in `lease=3.17`.
fn lease_of(query: &str) -> Result<&str> {
    query.strip_prefix("lease=").ok_or_else(|| {
        BadRequest.failure("the query of this route is `lease=` and a lease, such as `lease=3.17`")
    })
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A route with the lease its path names.
pub(crate) struct Found<'a> {
    route: &'static Route,
    lease: &'a str,
}

impl Found<'_> {
    /// Bytes of its body at most.
    pub(crate) fn largest(&self) -> usize {
        self.route.largest
    }

    /// The request, once its body has arrived.
    pub(crate) fn ask(&self, body: &[u8]) -> Result<Ask> {
        (self.route.ask)(self.lease, body)
    }
}

/// The route of a request.
pub(crate) fn find<'a>(method: &str, path: &'a str, query: Option<&'a str>) -> Result<Found<'a>> {
    let mut on_path = false;
    for route in ROUTES {
        let Some(lease) = lease_in(route.path, path) else { continue };
        on_path = true;
        if route.method == method {
            let lease = match (route.names_lease_in_query(), query) {
                (true, Some(query)) => Some(lease_of(query)?),
                (true, None) => Some(""),
                (false, None) => lease,
                (false, Some(_)) => {
                    let message =
                        "this route takes no query: everything stands in the path and the body";
                    return Err(BadRequest.failure(message));
                }
            };
            let lease = lease.map_or(Ok(""), lease_name::read)?;
            return Ok(Found { route, lease });
        }
    }
    Err(if on_path { unknown_method(path) } else { unknown_route() })
}

/// `None` if the path is another one; the lease in it, if it names one.
fn lease_in<'a>(template: &str, path: &'a str) -> Option<Option<&'a str>> {
    let mut lease = None;
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(lease),
            (Some("{lease}"), Some(segment)) => lease = Some(segment),
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

/// The methods a path takes, as the Allow header lists them.
pub(crate) fn allowed(path: &str) -> String {
    let methods: Vec<&str> = ROUTES
        .iter()
        .filter(|route| lease_in(route.path, path).is_some())
        .map(|route| route.method)
        .collect();
    methods.join(", ")
}

fn unknown_method(path: &str) -> Failure {
    let allowed = allowed(path);
    UnknownMethod.failure(format!("this route takes {allowed} and no other method"))
}

fn unknown_route() -> Failure {
    UnknownRoute
        .failure("there is no such route")
        .hint("the routes are listed in docs/reference/openapi.json; GET /v1/health is one")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_route_is_found_by_its_own_path() {
        for route in ROUTES {
            let path = route.path.replace("{lease}", "3.17");
            let query = route.names_lease_in_query().then_some("lease=3.17");
            let found = find(route.method, &path, query).unwrap();
            assert_eq!(found.route.id, route.id);
            let named = route.path.contains("{lease}") || query.is_some();
            assert_eq!(found.lease, if named { "3.17" } else { "" });
            assert!(found.ask(b"").is_ok(), "{}: an empty body is the default", route.id);
            let failure = found.ask(b"{\"no such field\": 1}").unwrap_err();
            assert_eq!(failure.code(), Some(BadRequest), "{}", route.id);
        }
        let ids: BTreeSet<&str> = ROUTES.iter().map(|route| route.id).collect();
        assert_eq!(ids.len(), ROUTES.len());
    }

    #[test]
    fn what_is_no_route_is_told_apart() {
        for (method, target, code) in [
            ("GET", "/", UnknownRoute),
            ("GET", "", UnknownRoute),
            ("GET", "/v1/health/", UnknownRoute),
            ("GET", "//v1/health", UnknownRoute),
            ("GET", "/v2/health", UnknownRoute),
            ("POST", "/v1/leases/3.17/", UnknownRoute),
            ("HEAD", "/v1/health", UnknownMethod),
            ("OPTIONS", "/v1/leases", UnknownMethod),
            ("get", "/v1/health", UnknownMethod),
            ("GET", "/v1/leases/3", UnknownMethod),
            ("DELETE", "/v1/leases/run", UnknownLease),
            ("DELETE", "/v1/leases/", UnknownLease),
            ("POST", "/v1/leases/../marks", UnknownLease),
            ("GET", "/v1/health?verbose", BadRequest),
            ("GET", "/v1/schema", UnknownLease),
            ("GET", "/v1/schema?", BadRequest),
            ("GET", "/v1/schema?lease=", UnknownLease),
            ("GET", "/v1/schema?lease=run/1", UnknownLease),
            ("GET", "/v1/schema?lease=3&lease=4", UnknownLease),
            ("GET", "/v1/schema?slot=3", BadRequest),
        ] {
            let failure = Ask::read(method, target, b"").unwrap_err();
            assert_eq!(failure.code(), Some(code), "{method} {target}");
        }
        assert_eq!(allowed("/v1/leases/3"), "DELETE");
        assert_eq!(
            Ask::read("DELETE", "/v1/leases/3.4", b" ").unwrap(),
            Ask::Release("3.4".to_owned())
        );
        assert_eq!(
            Ask::read("POST", "/v1/leases/3/rewind", br#"{"mark":"2"}"#).unwrap(),
            Ask::Rewind("3".into(), Rewind { mark: Some("2".into()), ..Rewind::default() })
        );
    }

    proptest! {
        #[test]
        fn any_request_is_read_or_refused(
            method in "GET|POST|DELETE|[A-Z]{1,6}",
            target in "(/v1/(leases|slots|health)(/[0-9.a-z%]{0,6}){0,3}|\\PC{0,40})",
            body in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            if let Err(failure) = Ask::read(&method, &target, &body) {
                prop_assert!(failure.code().is_some());
            }
        }
    }
}
