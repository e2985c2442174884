-- The database of the index tenant.
CREATE TABLE studios (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL
);
