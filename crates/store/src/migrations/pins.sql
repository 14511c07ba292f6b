-- Whose definitions are pinned: an instance, or what is run without being installed.
CREATE TABLE pin_subject (
    id TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL,
    first_ms INTEGER NOT NULL
) STRICT;

-- The kinds of which the first list was complete: what comes later is new.
CREATE TABLE pin_settled (
    subject TEXT NOT NULL REFERENCES pin_subject (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    PRIMARY KEY (subject, kind)
) STRICT;

-- What a server says of one thing: as it is pinned, and as it was seen when it was held.
CREATE TABLE pin (
    subject TEXT NOT NULL REFERENCES pin_subject (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    pinned TEXT,
    pinned_by TEXT,
    pinned_ms INTEGER,
    held TEXT,
    held_why TEXT,
    held_ms INTEGER,
    PRIMARY KEY (subject, kind, name),
    CHECK ((pinned IS NULL) = (pinned_ms IS NULL) AND (pinned IS NULL) = (pinned_by IS NULL)),
    CHECK ((held_why IS NULL) = (held_ms IS NULL)),
    CHECK (pinned IS NOT NULL OR held_why IS NOT NULL)
) STRICT;
