//! The command that soak wraps: it uses its database as a suite would, on two
//! connections, for about fifty milliseconds.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use seedbed_db::{Session, Target};

/// How long the server may keep it waiting.
const BOUND: Duration = Duration::from_secs(20);

/// `cargo xtask soak client [daemon]`. With `daemon` it also keeps a process
/// in a session of its own, which only the mark in its environment betrays,
/// and ends it before it ends itself.
pub(crate) fn run(words: &[&str]) -> Result<bool> {
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
    let mut daemon = match words {
        ["daemon"] => Some(
            Command::new("setsid")
                .args(["sleep", "300"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?,
        ),
        _ => None,
    };
    let worked = runtime()?.block_on(work(&Target::parse(&url)?));
    if let Some(daemon) = &mut daemon {
        daemon.kill()?;
        daemon.wait()?;
    }
    worked.map(|()| true)
}

/// A runtime of one thread.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

async fn work(target: &Target) -> Result<()> {
    let first = Session::connect(target, "soak", BOUND).await?;
    let second = Session::connect(target, "soak", BOUND).await?;
    first
        .batch(
            "CREATE TABLE soak AS SELECT n, repeat('x', 200) AS t FROM generate_series(1, 5000) n",
        )
        .await?;
    second
        .batch("SET work_mem = '64kB'; SELECT t FROM soak ORDER BY t || n; SELECT pg_sleep(0.03)")
        .await?;
    first.batch("INSERT INTO t1 (name) SELECT 'soak ' || n FROM soak").await?;
    second.close().await;
    first.close().await;
    Ok(())
}
