-- Every category knows its path from the root; the rows that exist get theirs here.
ALTER TABLE categories ADD COLUMN path text;

WITH RECURSIVE paths AS (
    SELECT id, slug::text AS path FROM categories WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, p.path || '/' || c.slug FROM categories c JOIN paths p ON c.parent_id = p.id
)
UPDATE categories SET path = paths.path FROM paths WHERE paths.id = categories.id;

ALTER TABLE categories ALTER COLUMN path SET NOT NULL;
ALTER TABLE categories ADD CONSTRAINT categories_path_once UNIQUE (path);

CREATE FUNCTION set_category_path() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.path := coalesce((SELECT path || '/' FROM categories WHERE id = NEW.parent_id), '') || NEW.slug;
    RETURN NEW;
END
$$;

-- Triggers fire in the order of their names: the check for cycles comes later and still refuses.
CREATE TRIGGER categories_path
    BEFORE INSERT OR UPDATE OF parent_id, slug ON categories
    FOR EACH ROW EXECUTE FUNCTION set_category_path();
