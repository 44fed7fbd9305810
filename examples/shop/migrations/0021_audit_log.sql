CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name text NOT NULL,
    operation  text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE')),
    row_id     bigint NOT NULL,
    old_row    jsonb,
    new_row    jsonb,
    actor      text NOT NULL DEFAULT current_user,
    logged_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (num_nonnulls(old_row, new_row) >= 1)
);

CREATE INDEX audit_log_by_row ON audit_log (table_name, row_id);

CREATE FUNCTION record_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after  jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    INSERT INTO audit_log (table_name, operation, row_id, old_row, new_row)
    VALUES (TG_TABLE_NAME, TG_OP, (coalesce(after, before) ->> 'id')::bigint, before, after);
    RETURN NULL;
END
$$;

DO $do$
DECLARE
    audited text;
BEGIN
    FOREACH audited IN ARRAY ARRAY['orders', 'payments', 'prices', 'coupons'] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION record_change()',
            audited || '_audited', audited
        );
    END LOOP;
END
$do$;
