-- SQLite tells that anybody has changed the file, not where; nothing is counted here.
SELECT 1;
