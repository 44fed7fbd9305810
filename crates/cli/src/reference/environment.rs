//! `environment.md`: variables read and written.

use seedbed_api::{EnvVar, READ, WRITTEN};

use super::pages::header;

pub(super) fn page() -> String {
    let mut out = header("the tables of environment variables");
    out.push_str("# Environment variables\n\n## Read\n\n");
    out.push_str(
        "Nothing else is read to find a server, and `DATABASE_URL` is not read for that: it may \
         name production.\n\n",
    );
    table(&mut out, READ);
    out.push_str("\n## Given to the wrapped command\n\nThese replace variables of the same name; `[env]` in `seedbed.toml` adds more.\n\n");
    table(&mut out, WRITTEN);
    out
}

fn table(out: &mut String, variables: &[EnvVar]) {
    out.push_str("| variable | meaning | since |\n|---|---|---|\n");
    for variable in variables {
        out.push_str(&format!("| `{}` | {} | {} |\n", variable.name, variable.doc, variable.since));
    }
}
