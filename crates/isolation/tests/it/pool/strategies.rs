//! The fastest way to clone is found by the clones that are made anyway, and
//! remembered.

use std::sync::Arc;

use seedbed_isolation::Pool;

use super::{Ground, SCHEMA, plan};
use crate::ground::{Notes, SERVER};

#[tokio::test]
async fn each_way_is_tried_once_and_the_answer_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let memory = folder.path().join("clones.json");
    std::fs::write(&memory, "{\"version\": 7").unwrap();
    let ground = Ground::with_memory(&SERVER, "postgres", &[SCHEMA], Some(memory.clone())).await;
    let pool = &ground.pool;
    let version = ground.life.server_version().0;
    assert_eq!(pool.figures().measured, version < 15);
    // Clones are made the ordinary way meanwhile.
    for number in 1..=3 {
        pool.make(&ground.slot(number)).await.unwrap();
        assert_eq!(SERVER.psql(&ground.slot(number), "select id from a"), "7");
    }
    let figures = pool.figures();
    assert!(figures.measured && figures.made == 3, "{figures:?}");
    if version >= 15 {
        let text = std::fs::read_to_string(&memory).unwrap();
        assert!(text.contains(&format!("\"{version}.")), "{text}");
    }

    let again = |path: std::path::PathBuf| {
        let notes = Arc::new(Notes::default());
        Pool::open(plan(&ground.admin, &ground.template, &ground.run, Some(path), notes))
    };
    let second = again(memory.clone()).await.unwrap().figures();
    assert_eq!((second.measured, second.strategy), (true, figures.strategy));
    let elsewhere = again(folder.path().join("none.json")).await.unwrap().figures();
    assert_eq!(elsewhere.measured, version < 15);
    // What cannot be written is told, and nothing more.
    let nowhere =
        Ground::with_memory(&SERVER, "postgres", &[SCHEMA], Some("/proc/none/x".into())).await;
    for number in 1..=3 {
        nowhere.pool.make(&nowhere.slot(number)).await.unwrap();
    }
    assert_eq!(nowhere.notes.notices().contains("cannot write /proc/none/x"), version >= 15);
    nowhere.end(&SERVER).await;
    ground.end(&SERVER).await;
}
