-- What is read again and again is remembered until one of its tables is changed. Statements that
-- change them count in a sequence of their area: others see that at once, before the commit, and
-- no commit waits for another one's count. The function has the rights of its owner, so that
-- whoever may write the tables needs none for the sequences.
CREATE SEQUENCE changes_of_access;
CREATE SEQUENCE changes_of_entitlements;
-- The first number of a sequence cannot be told from none.
SELECT setval('changes_of_access', 1), setval('changes_of_entitlements', 1);

CREATE FUNCTION count_change() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM nextval(CAST(format('%I.changes_of_%s', TG_TABLE_SCHEMA, TG_ARGV[0]) AS regclass));
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION count_change() FROM PUBLIC;

CREATE TRIGGER people_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON people
FOR EACH STATEMENT EXECUTE FUNCTION count_change('access');
CREATE TRIGGER sessions_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sessions
FOR EACH STATEMENT EXECUTE FUNCTION count_change('access');
CREATE TRIGGER api_keys_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON api_keys
FOR EACH STATEMENT EXECUTE FUNCTION count_change('access');
CREATE TRIGGER customers_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON customers
FOR EACH STATEMENT EXECUTE FUNCTION count_change('entitlements');
CREATE TRIGGER plans_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON plans
FOR EACH STATEMENT EXECUTE FUNCTION count_change('entitlements');
CREATE TRIGGER entitlements_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON entitlements
FOR EACH STATEMENT EXECUTE FUNCTION count_change('entitlements');
