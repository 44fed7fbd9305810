//! Trains of calls, large ones, COPY, and calls that are given up.

use std::time::{Duration, Instant};

use seedbed_db::{Call, Complaint, Prepared, Session, Value};

use crate::ground::{SERVER, WAIT, database, session};

fn call<'a>(statement: &'a Prepared, parameters: &[&'a Value]) -> Call<'a> {
    Call { statement, parameters: parameters.to_vec() }
}

async fn count(session: &Session) -> String {
    session.value("select count(*) from t").await.unwrap().unwrap()
}

#[tokio::test]
async fn a_train_takes_effect_as_a_whole_or_not_at_all() {
    let session = session(&database()).await;
    session.batch("create table t (id int primary key, x text)").await.unwrap();
    let statements = [
        "insert into t select $1::text::int, $2::text",
        "select x from t where id = $1::text::int",
        "select n::text, null from generate_series(1, 3) n",
    ];
    let prepared = session.prepare(&statements).await.unwrap();
    let [insert, select, series] = &prepared[..] else { panic!("{}", prepared.len()) };
    let (one, two, text) = (Value::text("1"), Value::text("2"), Value::text("ä"));
    let calls = [call(insert, &[&one, &text]), call(select, &[&one]), call(series, &[])];
    let answers = session.pipeline(&calls).await.unwrap();
    assert_eq!(answers.iter().map(|it| it.affected).collect::<Vec<_>>(), [1, 1, 3]);
    assert_eq!(answers[1].rows[0][0].as_text(), Some("ä"));
    assert!(answers[2].rows[2][1].is_null());
    assert_eq!(answers[2].rows[2][0].as_text(), Some("3"));

    let calls = [call(insert, &[&two, &Value::NULL]), call(insert, &[&one, &text])];
    let failure = session.pipeline(&calls).await.err().unwrap();
    assert!(Complaint::is(&failure, "23505"), "{}", failure.chain());
    assert_eq!(count(&session).await, "1", "the first call of the train stayed");
    assert!(session.pipeline(&[]).await.unwrap().is_empty());
    let few = session.pipeline(&[call(insert, &[&one])]).await.err().unwrap();
    assert!(Complaint::of(&few).is_some(), "{}", few.chain());
    assert_eq!(count(&session).await, "1", "the session goes on");
}

#[tokio::test]
async fn a_begun_transaction_is_open_and_failed_after_a_failure() {
    let session = session(&database()).await;
    session.batch("create table t (id int primary key)").await.unwrap();
    let statements = ["begin", "insert into t values (1)", "commit"];
    let prepared = session.prepare(&statements).await.unwrap();
    let [begin, insert, commit] = &prepared[..] else { panic!("{}", prepared.len()) };
    let once = [call(begin, &[]), call(insert, &[]), call(commit, &[])];
    assert_eq!(session.pipeline(&once).await.unwrap().len(), 3);
    let failure = session.pipeline(&once).await.err().unwrap();
    assert!(Complaint::is(&failure, "23505"), "{}", failure.chain());
    // in_failed_sql_transaction: the COMMIT was skipped.
    let failure = session.batch("select 1").await.unwrap_err();
    assert!(Complaint::is(&failure, "25P02"), "{}", failure.chain());
    session.batch("rollback").await.unwrap();
    assert_eq!(count(&session).await, "1");
}

#[tokio::test]
async fn statements_are_forgotten_and_belong_to_their_session() {
    let target = database();
    let (one, two) = (session(&target).await, session(&target).await);
    let kept = one.prepare(&["select 1"]).await.unwrap();
    for _ in 0..5 {
        drop(one.prepare(&["select 2"]).await.unwrap());
    }
    let _ = one.pipeline(&[call(&kept[0], &[])]).await.unwrap();
    assert_eq!(
        one.value("select count(*) from pg_prepared_statements").await.unwrap().unwrap(),
        "1"
    );
    let failure = two.pipeline(&[call(&kept[0], &[])]).await.err().unwrap();
    // invalid_sql_statement_name
    assert!(Complaint::is(&failure, "26000"), "{}", failure.chain());
    let failure = one.prepare(&["select 1", "selec 2", "select 3"]).await.err().unwrap();
    assert!(Complaint::is(&failure, "42601"), "{}", failure.chain());
}

/// More than both socket buffers hold, both ways at once: the server answers
/// each call before it reads the next.
#[tokio::test]
async fn megabytes_go_both_ways_at_once() {
    let target = database();
    let tcp = seedbed_db::Target::parse(&SERVER.url("postgres", &target.database)).unwrap();
    for target in [target, tcp] {
        let session = session(&target).await;
        let echo = session.prepare(&["select $1::text"]).await.unwrap();
        let large = Value::text(&"x".repeat(1024 * 1024));
        let calls: Vec<_> = (0..24).map(|_| call(&echo[0], &[&large])).collect();
        let train = session.pipeline(&calls);
        let answers = tokio::time::timeout(Duration::from_secs(60), train).await.unwrap().unwrap();
        assert!(answers.iter().all(|answer| answer.rows[0][0] == large));
        assert_eq!(session.value("select 1").await.unwrap().unwrap(), "1");
    }
}

#[tokio::test]
async fn a_copy_is_taken_or_refused_as_a_whole() {
    let session = session(&database()).await;
    session.batch("create table t (id int, x text)").await.unwrap();
    let line = format!("1\t{}\n", "y".repeat(100));
    let large = line.repeat(100_000);
    let copy = "copy t from stdin";
    assert_eq!(session.copy_in(copy, large.as_bytes()).await.unwrap(), 100_000);
    assert_eq!(session.copy_in(copy, b"").await.unwrap(), 0);
    // Refused in the middle: the server throws away what is still sent.
    let wrong = format!("{}nothing\tx\n{large}", line.repeat(5));
    let failure = session.copy_in(copy, wrong.as_bytes()).await.unwrap_err();
    let complaint = Complaint::of(&failure).unwrap();
    assert_eq!(complaint.code, "22P02");
    assert!(complaint.context.as_deref().unwrap().contains("line 6"), "{complaint:?}");
    assert_eq!(count(&session).await, "100000");
    let failure = session.copy_in("copy nowhere from stdin", b"1\n").await.unwrap_err();
    assert!(Complaint::is(&failure, "42P01"), "{}", failure.chain());
    assert!(session.copy_in("select 1", b"1\n").await.is_err());
    // Nobody has data for this one, and nobody takes what that one gives.
    let failure = session.batch(copy).await.unwrap_err();
    assert!(Complaint::is(&failure, "57014"), "{}", failure.chain());
    let failure = session.batch("copy t to stdout").await.unwrap_err();
    assert!(failure.chain().contains("nobody"), "{}", failure.chain());
    assert_eq!(count(&session).await, "100000");
    assert!(!session.is_closed());
}

#[tokio::test]
async fn what_cannot_be_sent_leaves_the_session_as_it_is() {
    let session = session(&database()).await;
    let failure = session.batch("select '\0'").await.unwrap_err();
    assert!(failure.to_string().contains("conversation"), "{}", failure.chain());
    assert_eq!(session.value("select 1").await.unwrap().unwrap(), "1");
}

#[tokio::test]
async fn a_call_that_was_given_up_ends_the_session() {
    let session = session(&database()).await;
    let cut = session.batch("select pg_sleep(1)");
    assert!(tokio::time::timeout(Duration::from_millis(50), cut).await.is_err());
    assert!(session.is_closed());
    let failure = session.value("select 1").await.unwrap_err();
    assert!(failure.chain().contains("given up"), "{}", failure.chain());
    session.close().await;
}

#[tokio::test]
async fn an_end_is_noticed_without_a_call() {
    let target = database();
    let (victim, other) = (session(&target).await, session(&target).await);
    assert!(!victim.is_closed());
    let pid = victim.value("select pg_backend_pid()").await.unwrap().unwrap();
    other.batch(&format!("select pg_terminate_backend({pid})")).await.unwrap();
    let began = Instant::now();
    while !victim.is_closed() {
        assert!(began.elapsed() < WAIT, "the end goes unnoticed");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let failure = victim.batch("select 1").await.unwrap_err();
    assert!(failure.to_string().contains("broke"), "{}", failure.chain());
    assert!(Complaint::is(&failure, "57P01"), "{}", failure.chain());
}

#[tokio::test]
async fn news_of_a_setting_disturb_nobody() {
    let target = database();
    let (idle, other) = (session(&target).await, session(&target).await);
    for zone in ["UTC", "Asia/Tokyo"] {
        other.batch(&format!("alter system set timezone = '{zone}'")).await.unwrap();
        other.batch("select pg_reload_conf()").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!idle.is_closed());
        assert_eq!(idle.value("show timezone").await.unwrap().unwrap(), zone);
    }
    other.batch("alter system reset timezone").await.unwrap();
    other.batch("select pg_reload_conf()").await.unwrap();
}
