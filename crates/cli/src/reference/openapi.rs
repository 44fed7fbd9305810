//! `openapi.json`: the lease service, as generated clients and people read it.

pub(super) fn page() -> String {
    format!("{:#}\n", seedbed_httpd::openapi())
}
