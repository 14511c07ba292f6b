-- A call that waits for a person. It is open until it is answered or its time is over.
CREATE TABLE approval (
    id TEXT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    label TEXT NOT NULL,
    plugin TEXT,
    capability TEXT NOT NULL,
    method TEXT NOT NULL,
    asked_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    answer TEXT CHECK (answer IN ('once', 'session', 'version', 'denied')),
    answered_by TEXT,
    answered_ms INTEGER,
    CHECK ((answer IS NULL) = (answered_ms IS NULL) AND (answer IS NULL) = (answered_by IS NULL))
) STRICT;
CREATE INDEX approval_asked ON approval (asked_ms);

-- What is not asked again.
CREATE TABLE approval_never (
    subject TEXT NOT NULL,
    capability TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_ms INTEGER NOT NULL,
    PRIMARY KEY (subject, capability)
) STRICT;
