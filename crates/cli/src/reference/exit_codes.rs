//! `exit-codes.md`: how a `seedbed` process ends.

use seedbed_api::ExitCode;

use super::pages::header;

pub(super) fn page() -> String {
    let mut out = header("the table of exit codes");
    out.push_str(
        "# Exit codes\n\n\
         `seedbed run` ends with the exit code of the wrapped command, or 128+n if signal n ended \
         it. Otherwise:\n\n| code | meaning |\n|---|---|\n",
    );
    for (code, doc) in ExitCode::ALL {
        out.push_str(&format!("| {} | {doc} |\n", code.number()));
    }
    out
}
