//! `plan.schema.json`: the format of plans, for authors of clients.

pub(super) fn page() -> String {
    format!("{:#}\n", seedbed_api::plan::schema().as_value())
}
