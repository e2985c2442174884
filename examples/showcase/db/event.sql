-- The database of one event.
CREATE TABLE heats (
  id INTEGER PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  dance TEXT NOT NULL,
  leader TEXT NOT NULL,
  follower TEXT NOT NULL
);
CREATE TABLE scores (
  id INTEGER PRIMARY KEY,
  heat_id INTEGER NOT NULL REFERENCES heats (id),
  judge TEXT NOT NULL,
  points INTEGER NOT NULL,
  created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX scores_of_heat ON scores (heat_id);
