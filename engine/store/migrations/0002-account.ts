// The account: what was counted and not yet reported, and which workflow belongs to which stored one.
export const version = 2

export const up = `
-- Allowances that the cloud gave this device: it runs on these, online or not.
CREATE TABLE usage_leases (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  units INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
  received_ms INTEGER NOT NULL
) STRICT;

-- One row a run that was done and not yet confirmed by the cloud. The id is the run's: counted once.
CREATE TABLE usage_events (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  lease_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('workflow', 'ai')),
  occurred_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX usage_events_by_user ON usage_events (user_id, occurred_ms);

-- A workflow that its owner saved to the account, and the version this device knows.
CREATE TABLE stored_workflows (
  user_id TEXT NOT NULL,
  stored_id TEXT NOT NULL,
  workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  PRIMARY KEY (user_id, workflow_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX stored_workflows_by_stored ON stored_workflows (user_id, stored_id);
`
