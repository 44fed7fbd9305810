-- The price of a variant at a moment; an error if the list has none.
CREATE FUNCTION price_of(list bigint, variant bigint, at timestamptz DEFAULT now()) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    found_amount bigint;
BEGIN
    SELECT p.amount INTO found_amount
    FROM prices p
    WHERE p.price_list_id = list AND p.variant_id = variant AND p.during @> at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'variant % has no price on list %', variant, list USING ERRCODE = 'no_data_found';
    END IF;
    RETURN found_amount;
END
$$;

-- Reserves from the fullest warehouse first and returns what could not be reserved.
CREATE FUNCTION reserve_stock(variant bigint, wanted integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    place record;
    take integer;
BEGIN
    FOR place IN
        SELECT i.warehouse_id, i.available
        FROM inventory i
        WHERE i.variant_id = variant AND i.available > 0
        ORDER BY i.available DESC, i.warehouse_id
        FOR UPDATE
    LOOP
        EXIT WHEN wanted = 0;
        take := least(wanted, place.available);
        UPDATE inventory SET reserved = reserved + take
        WHERE warehouse_id = place.warehouse_id AND variant_id = variant;
        INSERT INTO stock_movements (warehouse_id, variant_id, reason, quantity)
        VALUES (place.warehouse_id, variant, 'reserve', take);
        wanted := wanted - take;
    END LOOP;
    RETURN wanted;
END
$$;

CREATE PROCEDURE restock(warehouse bigint, variant bigint, added integer)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory (warehouse_id, variant_id, on_hand)
    VALUES (warehouse, variant, added)
    ON CONFLICT (warehouse_id, variant_id) DO UPDATE SET on_hand = inventory.on_hand + excluded.on_hand;
    INSERT INTO stock_movements (warehouse_id, variant_id, reason, quantity)
    VALUES (warehouse, variant, 'restock', added);
END
$$;
