-- A new value of an enum cannot be used in the transaction that adds it: 0031 uses it.
ALTER TYPE order_status ADD VALUE 'returned';
