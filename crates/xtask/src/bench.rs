//! stub
pub(crate) fn run(_words: &[&str]) -> anyhow::Result<bool> {
    Ok(false)
}
