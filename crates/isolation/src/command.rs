//! The port through which a command recipe is run: processes belong to the
//! rooms above.

use std::pin::Pin;

use seedbed_api::Result;
use seedbed_db::Target;

/// Runs the program of a command recipe.
pub trait RunCommand {
    /// Runs `argv` with `DATABASE_URL` and the `PG*` variables of `target` and
    /// waits for its end. Dropping the future must end the program.
    ///
    /// # Errors
    /// `Kind::Build` if it ends with a code other than 0, `NotFound` or
    /// `NotExecutable` if it cannot be started.
    fn run<'a>(
        &'a self,
        argv: &'a [String],
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;
}
