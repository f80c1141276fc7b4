// The first schema. Times are milliseconds since 1970, JSON is text.
export const version = 1

export const up = `
CREATE TABLE workflows (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  -- The document as it stands in the editor, journalled within a second of an edit.
  draft TEXT NOT NULL,
  -- Edits since the newest version.
  unsaved INTEGER NOT NULL DEFAULT 0 CHECK (unsaved IN (0, 1)),
  updated_ms INTEGER NOT NULL,
  removed_ms INTEGER
) STRICT;

CREATE TABLE workflow_versions (
  workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  document TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (workflow_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  -- Pending runs go by number, then by arrival (rowid).
  number REAL NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'interrupted')),
  workflow_id TEXT REFERENCES workflows (id) ON DELETE SET NULL,
  name TEXT NOT NULL,
  queued_ms INTEGER NOT NULL,
  started_ms INTEGER,
  finished_ms INTEGER,
  -- What went wrong, as the contract's problem.
  failure TEXT,
  client_id TEXT,
  -- Texts and model names of the prompt, in lower case: what the gallery searches.
  words TEXT NOT NULL DEFAULT '',
  targets TEXT,
  -- What /history tells: cached nodes, ui objects by node, how it ended.
  history TEXT,
  extra_data TEXT NOT NULL,
  png_info TEXT NOT NULL,
  -- Exactly what ran; the document is absent for prompts that came in API form.
  prompt TEXT NOT NULL,
  document TEXT
) STRICT;
CREATE INDEX runs_by_state ON runs (state, number);
CREATE INDEX runs_by_time ON runs (queued_ms);
CREATE INDEX runs_by_workflow ON runs (workflow_id);

CREATE TABLE assets (
  hash TEXT PRIMARY KEY,
  mime TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;

-- Where an asset's bytes lie: several files may hold the same picture.
CREATE TABLE asset_files (
  folder TEXT NOT NULL CHECK (folder IN ('input', 'output', 'temp', 'trash')),
  -- Relative to the folder, with forward slashes.
  path TEXT NOT NULL,
  hash TEXT NOT NULL REFERENCES assets (hash),
  PRIMARY KEY (folder, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_files_by_hash ON asset_files (hash);

CREATE TABLE outputs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  node_id TEXT NOT NULL,
  hash TEXT NOT NULL REFERENCES assets (hash),
  filename TEXT NOT NULL,
  subfolder TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  -- Set while the file lies in the trash.
  removed_ms INTEGER
) STRICT;
CREATE INDEX outputs_by_run ON outputs (run_id);

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
  next_number INTEGER NOT NULL
) STRICT;
INSERT INTO queue_state VALUES (1, 0, 0);

CREATE TABLE ledger (
  id INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  host TEXT NOT NULL,
  purpose TEXT NOT NULL,
  sent_bytes INTEGER NOT NULL,
  received_bytes INTEGER NOT NULL,
  refused INTEGER NOT NULL CHECK (refused IN (0, 1)),
  -- To this machine itself: nothing left it.
  local INTEGER NOT NULL CHECK (local IN (0, 1))
) STRICT;
-- Rows are bounded, the sum is not forgotten with them.
CREATE TABLE ledger_total (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  sent_bytes INTEGER NOT NULL
) STRICT;
INSERT INTO ledger_total VALUES (1, 0);
`
