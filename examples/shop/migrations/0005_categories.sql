CREATE TABLE categories (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id bigint REFERENCES categories,
    slug      slug NOT NULL UNIQUE,
    name      text NOT NULL,
    CHECK (parent_id <> id)
);

CREATE INDEX categories_by_parent ON categories (parent_id);

CREATE FUNCTION refuse_category_cycle() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE ancestors AS (
            SELECT c.id, c.parent_id FROM categories c WHERE c.id = NEW.parent_id
            UNION
            SELECT c.id, c.parent_id FROM categories c JOIN ancestors a ON c.id = a.parent_id
        )
        SELECT FROM ancestors WHERE id = NEW.id
    ) THEN
        RAISE EXCEPTION 'category % cannot be its own ancestor', NEW.slug
            USING ERRCODE = 'check_violation', HINT = 'Move its children first.';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER categories_without_cycle
    BEFORE INSERT OR UPDATE OF parent_id ON categories
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL)
    EXECUTE FUNCTION refuse_category_cycle();

-- The tree that every shop starts from.
INSERT INTO categories (slug, name) VALUES ('books', 'Books'), ('kitchen', 'Kitchen'), ('garden', 'Garden');
INSERT INTO categories (parent_id, slug, name)
SELECT id, 'books-' || leaf.slug, leaf.name
FROM categories, (VALUES ('novels', 'Novels'), ('maps', 'Maps')) AS leaf (slug, name)
WHERE categories.slug = 'books';
INSERT INTO categories (parent_id, slug, name)
SELECT id, 'books-maps-hiking', 'Hiking maps' FROM categories WHERE slug = 'books-maps';
