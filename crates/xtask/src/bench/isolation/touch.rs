//! What a test does to its database before it is brought back.

/// A program of writes.
#[derive(Debug)]
pub(crate) struct Touch {
    /// How it is called in figures.
    pub(crate) name: &'static str,
    /// Rows it touches.
    pub(crate) rows: u32,
    /// Tables they are in.
    pub(crate) tables: u32,
    /// Writes on a database with rows.
    pub(crate) writes: &'static str,
    /// As many writes on as many tables of an empty one, where the only thing
    /// to do is to insert.
    pub(crate) inserts: &'static str,
    /// Undoes `inserts` if one knows which tables they hit, children first.
    pub(crate) deletes: &'static str,
}

/// All of them, from none to many.
pub(crate) const TOUCHES: [Touch; 5] = [
    Touch { name: "0 rows", rows: 0, tables: 0, writes: "", inserts: "", deletes: "" },
    Touch {
        name: "1 row",
        rows: 1,
        tables: 1,
        writes: "UPDATE t5 SET amount = amount + 1 WHERE id = 7",
        inserts: "INSERT INTO t5 (number) VALUES (1)",
        deletes: "DELETE FROM t5",
    },
    Touch {
        name: "5 rows in 3 tables",
        rows: 5,
        tables: 3,
        writes: "INSERT INTO t3 (number, parent_id) VALUES (1001, 1), (1002, 2);
                 UPDATE t5 SET amount = amount + 1 WHERE id IN (7, 8);
                 DELETE FROM t10 WHERE id = 9",
        inserts: "INSERT INTO t3 (number) VALUES (1), (2);
                  INSERT INTO t5 (number) VALUES (1), (2);
                  INSERT INTO t10 (number) VALUES (1)",
        deletes: "DELETE FROM t10; DELETE FROM t5; DELETE FROM t3",
    },
    Touch {
        name: "50 rows in 7 tables",
        rows: 50,
        tables: 7,
        writes: "INSERT INTO t1 (number) SELECT 1000 + n FROM generate_series(1, 10) n;
                 INSERT INTO t2 (number, parent_id) SELECT 1000 + n, n FROM generate_series(1, 10) n;
                 UPDATE t3 SET amount = amount + 1 WHERE id <= 8;
                 UPDATE t4 SET name = 'another' WHERE id <= 8;
                 UPDATE big SET amount = amount + 1 WHERE id <= 4;
                 DELETE FROM t10 WHERE id <= 5;
                 DELETE FROM t20 WHERE id <= 5",
        inserts: "INSERT INTO t1 (number) SELECT n FROM generate_series(1, 10) n;
                  INSERT INTO t2 (number) SELECT n FROM generate_series(1, 10) n;
                  INSERT INTO t3 (number) SELECT n FROM generate_series(1, 8) n;
                  INSERT INTO t4 (number) SELECT n FROM generate_series(1, 8) n;
                  INSERT INTO big (number) SELECT n FROM generate_series(1, 4) n;
                  INSERT INTO t10 (number) SELECT n FROM generate_series(1, 5) n;
                  INSERT INTO t20 (number) SELECT n FROM generate_series(1, 5) n",
        deletes: "DELETE FROM t20; DELETE FROM t10; DELETE FROM big; DELETE FROM t4;
                  DELETE FROM t3; DELETE FROM t2; DELETE FROM t1",
    },
    Touch {
        name: "3,000 rows in 3 tables",
        rows: 3_000,
        tables: 3,
        writes: "INSERT INTO t1 (number) SELECT 1000 + n FROM generate_series(1, 1000) n;
                 INSERT INTO t2 (number, parent_id)
                 SELECT 1000 + n, n % 50 + 1 FROM generate_series(1, 1000) n;
                 UPDATE big SET amount = amount + 1 WHERE id <= 1000",
        inserts: "INSERT INTO t1 (number) SELECT n FROM generate_series(1, 1000) n;
                  INSERT INTO t2 (number) SELECT n FROM generate_series(1, 1000) n;
                  INSERT INTO big (number) SELECT n FROM generate_series(1, 1000) n",
        deletes: "DELETE FROM big; DELETE FROM t2; DELETE FROM t1",
    },
];

/// The one that stands for a usual test where only one is measured.
pub(crate) const USUAL: &Touch = &TOUCHES[3];

/// One text for the rows that any of these may touch.
pub(crate) const ROWS_SEEN: &str = "SELECT md5(concat_ws('|',
    (SELECT string_agg(t::text, ',' ORDER BY id) FROM t1 t),
    (SELECT string_agg(t::text, ',' ORDER BY id) FROM t2 t),
    (SELECT string_agg(t::text, ',' ORDER BY id) FROM t3 t),
    (SELECT string_agg(t::text, ',' ORDER BY id) FROM t4 t),
    (SELECT string_agg(t::text, ',' ORDER BY id) FROM t5 t),
    (SELECT string_agg(t::text, ',' ORDER BY id) FROM t10 t),
    (SELECT string_agg(t::text, ',' ORDER BY id) FROM t20 t),
    (SELECT string_agg(t::text, ',' ORDER BY id) FROM big t WHERE id <= 2000),
    (SELECT max(id) FROM big)))";

/// The same for their sequences.
pub(crate) const SEQUENCES_SEEN: &str = "SELECT concat_ws('|',
    (SELECT (last_value, is_called) FROM t1_id_seq), (SELECT (last_value, is_called) FROM t2_id_seq),
    (SELECT (last_value, is_called) FROM t3_id_seq), (SELECT (last_value, is_called) FROM big_id_seq))";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_a_touch_is_on_as_many_tables() {
        for touch in &TOUCHES {
            let tables = touch.tables as usize;
            assert_eq!(touch.inserts.matches("INSERT INTO").count(), tables, "{}", touch.name);
            assert_eq!(touch.deletes.matches("DELETE FROM").count(), tables, "{}", touch.name);
            assert_eq!(touch.writes.split(';').filter(|one| !one.is_empty()).count(), tables);
        }
    }
}
