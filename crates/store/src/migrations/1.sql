-- A plugin over its versions. It stays when it is removed: its history is its own.
CREATE TABLE plugin (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    likeness TEXT NOT NULL
) STRICT;
CREATE INDEX plugin_likeness ON plugin (likeness);

-- One package of a plugin. kept: its folder is not to be removed.
CREATE TABLE version (
    id INTEGER PRIMARY KEY,
    plugin INTEGER NOT NULL REFERENCES plugin (id),
    version TEXT,
    package TEXT NOT NULL,
    content TEXT NOT NULL,
    source TEXT NOT NULL,
    installed_ms INTEGER NOT NULL,
    kept INTEGER NOT NULL CHECK (kept IN (0, 1)),
    UNIQUE (plugin, package)
) STRICT;
CREATE INDEX version_kept ON version (kept, package);

-- One installed plugin in one group.
CREATE TABLE instance (
    id TEXT NOT NULL PRIMARY KEY,
    plugin INTEGER NOT NULL REFERENCES plugin (id),
    tenant TEXT NOT NULL,
    current INTEGER NOT NULL REFERENCES version (id),
    previous INTEGER REFERENCES version (id),
    state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'quarantined')),
    reason TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_ms INTEGER NOT NULL,
    removed_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX instance_live ON instance (plugin, tenant) WHERE removed_ms IS NULL;

-- What a person was shown when they said yes, for one package.
CREATE TABLE consent (
    id INTEGER PRIMARY KEY,
    instance TEXT NOT NULL REFERENCES instance (id),
    package TEXT NOT NULL,
    asked TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given_ms INTEGER NOT NULL,
    UNIQUE (instance, package)
) STRICT;

-- What they said yes to, one capability a row, with its end.
CREATE TABLE permission (
    id INTEGER PRIMARY KEY,
    instance TEXT NOT NULL REFERENCES instance (id),
    package TEXT NOT NULL,
    capability TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_by TEXT,
    revoked_ms INTEGER,
    CHECK ((revoked_by IS NULL) = (revoked_ms IS NULL))
) STRICT;
CREATE UNIQUE INDEX permission_live ON permission (instance, package, capability)
    WHERE revoked_ms IS NULL;

-- What a scan said of a package.
CREATE TABLE scan (
    id INTEGER PRIMARY KEY,
    package TEXT NOT NULL,
    score INTEGER NOT NULL CHECK (score BETWEEN 0 AND 100),
    outcome TEXT NOT NULL,
    codes TEXT NOT NULL,
    looked_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX scan_package ON scan (package, looked_ms);

-- Who vouched for a package when it came.
CREATE TABLE signature (
    id INTEGER PRIMARY KEY,
    package TEXT NOT NULL,
    level TEXT NOT NULL,
    publisher TEXT,
    keys TEXT NOT NULL,
    verified_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX signature_package ON signature (package, verified_ms);

-- Why something was put into quarantine, and who let it out.
CREATE TABLE incident (
    id INTEGER PRIMARY KEY,
    plugin INTEGER NOT NULL REFERENCES plugin (id),
    package TEXT NOT NULL,
    reason TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    closed_by TEXT,
    closed_ms INTEGER,
    CHECK ((closed_by IS NULL) = (closed_ms IS NULL))
) STRICT;
CREATE INDEX incident_open ON incident (package) WHERE closed_ms IS NULL;

-- What the reputation of a plugin is made of.
CREATE TABLE reputation (
    id INTEGER PRIMARY KEY,
    plugin INTEGER NOT NULL REFERENCES plugin (id),
    event TEXT NOT NULL,
    value INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX reputation_plugin ON reputation (plugin, event);

-- What an instance used, a row a day of UTC.
CREATE TABLE usage (
    instance TEXT NOT NULL REFERENCES instance (id),
    day INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    cpu_ms INTEGER NOT NULL,
    peak_memory INTEGER NOT NULL,
    PRIMARY KEY (instance, day)
) STRICT;
