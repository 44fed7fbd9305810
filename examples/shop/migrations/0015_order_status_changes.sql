CREATE TABLE order_status_changes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id   bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
    old_status order_status,
    new_status order_status NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX order_status_changes_by_order ON order_status_changes (order_id);

-- An order only moves forward, and each step is written down.
CREATE FUNCTION track_order_status() RETURNS trigger
LANGUAGE plpgsql AS $function$
DECLARE
    allowed boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        allowed := CASE OLD.status::text
            WHEN 'pending' THEN NEW.status::text IN ('paid', 'cancelled')
            WHEN 'paid' THEN NEW.status::text IN ('shipped', 'cancelled')
            WHEN 'shipped' THEN NEW.status::text IN ('delivered', 'returned')
            WHEN 'delivered' THEN NEW.status::text = 'returned'
            ELSE false
        END;
        IF NOT allowed THEN
            RAISE EXCEPTION $message$order %: a step from '%' to '%' is not allowed$message$,
                OLD.number, OLD.status, NEW.status
                USING ERRCODE = 'check_violation';
        END IF;
        INSERT INTO order_status_changes (order_id, old_status, new_status)
        VALUES (NEW.id, OLD.status, NEW.status);
    ELSE
        INSERT INTO order_status_changes (order_id, new_status) VALUES (NEW.id, NEW.status);
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER orders_placed
    AFTER INSERT ON orders
    FOR EACH ROW EXECUTE FUNCTION track_order_status();

CREATE TRIGGER orders_moved
    AFTER UPDATE OF status ON orders
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION track_order_status();
