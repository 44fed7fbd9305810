CREATE TABLE coupon_redemptions (
    coupon_id   bigint NOT NULL REFERENCES coupons,
    order_id    bigint NOT NULL UNIQUE REFERENCES orders ON DELETE CASCADE,
    customer_id bigint NOT NULL REFERENCES customers,
    redeemed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (coupon_id, customer_id)
);

CREATE FUNCTION count_redemption() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE coupons SET uses = uses + 1 WHERE id = NEW.coupon_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER coupon_redemptions_counted
    AFTER INSERT ON coupon_redemptions
    FOR EACH ROW EXECUTE FUNCTION count_redemption();
