CREATE TABLE payments (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL REFERENCES orders,
    reference   text NOT NULL UNIQUE,
    status      payment_status NOT NULL,
    amount      cents NOT NULL CHECK (amount > 0),
    details     jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at  timestamptz NOT NULL DEFAULT now(),
    captured_at timestamptz,
    CHECK ((status IN ('captured', 'refunded')) = (captured_at IS NOT NULL))
);

-- However often a provider calls back, an order is paid once.
CREATE UNIQUE INDEX payments_one_capture ON payments (order_id) WHERE status IN ('captured', 'refunded');

CREATE TABLE refunds (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id bigint NOT NULL REFERENCES payments,
    amount     cents NOT NULL CHECK (amount > 0),
    reason     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION check_refund_total() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    paid bigint;
    refunded bigint;
BEGIN
    SELECT amount INTO STRICT paid FROM payments WHERE id = NEW.payment_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO refunded FROM refunds WHERE payment_id = NEW.payment_id;
    IF refunded > paid THEN
        RAISE EXCEPTION 'refunds of payment % exceed what was paid', NEW.payment_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;

-- Checked at COMMIT, so that one transaction may replace a refund by another.
CREATE CONSTRAINT TRIGGER refunds_within_payment
    AFTER INSERT OR UPDATE ON refunds
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_refund_total();
