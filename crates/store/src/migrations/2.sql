-- Which package is made of which packages of registries, as its files say.
CREATE TABLE parts_listed (
    package TEXT NOT NULL PRIMARY KEY,
    unread INTEGER NOT NULL,
    listed_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE part (
    package TEXT NOT NULL REFERENCES parts_listed (package) ON DELETE CASCADE,
    registry TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (package, registry, name, version)
) STRICT, WITHOUT ROWID;

-- Whose word on what is recalled counts. accepted: the last that did.
CREATE TABLE feed (
    name TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    signers TEXT NOT NULL,
    threshold INTEGER NOT NULL CHECK (threshold > 0),
    policy TEXT NOT NULL CHECK (policy IN ('quarantine', 'warn')),
    added_by TEXT NOT NULL,
    added_ms INTEGER NOT NULL,
    accepted TEXT,
    sequence INTEGER,
    digest TEXT,
    issued_s INTEGER,
    expires_s INTEGER,
    accepted_ms INTEGER,
    failure TEXT,
    failed_ms INTEGER,
    CHECK ((accepted IS NULL) = (sequence IS NULL) AND (accepted IS NULL) = (digest IS NULL)
        AND (accepted IS NULL) = (issued_s IS NULL) AND (accepted IS NULL) = (expires_s IS NULL)
        AND (accepted IS NULL) = (accepted_ms IS NULL)),
    CHECK ((failure IS NULL) = (failed_ms IS NULL))
) STRICT;

-- What each of them says. subject: a digest, a key, a publisher, or REGISTRY:NAME.
CREATE TABLE fact (
    feed TEXT NOT NULL REFERENCES feed (name) ON DELETE CASCADE,
    id TEXT NOT NULL,
    dated TEXT NOT NULL,
    reason TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('package', 'key', 'publisher', 'registry')),
    subject TEXT NOT NULL,
    versions TEXT NOT NULL,
    revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),
    PRIMARY KEY (feed, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_subject ON fact (kind, subject) WHERE revoked = 0;

-- What the operator does not follow; package: for these bytes only, else empty.
CREATE TABLE fact_ignored (
    feed TEXT NOT NULL REFERENCES feed (name) ON DELETE CASCADE,
    fact TEXT NOT NULL,
    package TEXT NOT NULL,
    ignored_by TEXT NOT NULL,
    ignored_ms INTEGER NOT NULL,
    PRIMARY KEY (feed, fact, package)
) STRICT, WITHOUT ROWID;

-- Which fact of which feed opened it.
ALTER TABLE incident ADD COLUMN feed TEXT;
ALTER TABLE incident ADD COLUMN fact TEXT;
CREATE INDEX incident_fact ON incident (feed, fact) WHERE closed_ms IS NULL AND feed IS NOT NULL;
