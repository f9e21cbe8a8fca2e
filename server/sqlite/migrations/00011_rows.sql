-- +goose Up

-- Without a rowid each comparison on the way to a batch reads the whole row it is
-- compared with: 2 KB of outcomes, 16 KB of members, out of other pages than the
-- key's. With one the way leads by keys and numbers alone. The outcomes stand last:
-- what stands behind them could be read only through them.
CREATE TABLE batches_new (
    message      BLOB    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    no           INTEGER NOT NULL,
    push_service INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    targeted     INTEGER NOT NULL,
    accepted     INTEGER NOT NULL DEFAULT 0,
    gone         INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    expired      INTEGER NOT NULL DEFAULT 0,
    cancelled    INTEGER NOT NULL DEFAULT 0,
    pending      INTEGER NOT NULL,
    displayed    INTEGER NOT NULL DEFAULT 0,
    clicked      INTEGER NOT NULL DEFAULT 0,
    closed       INTEGER NOT NULL DEFAULT 0,
    node         BLOB,
    fence        INTEGER NOT NULL DEFAULT 0,
    ttl_from     INTEGER NOT NULL DEFAULT 0,
    small        INTEGER NOT NULL DEFAULT 0,
    outcomes     BLOB    NOT NULL,
    events       BLOB    NOT NULL,
    PRIMARY KEY (message, no),
    CHECK (targeted = accepted + gone + failed + expired + cancelled + pending),
    CHECK (length(outcomes) = targeted AND length(events) = targeted)
) STRICT;

CREATE TABLE batch_members_new (
    message BLOB    NOT NULL,
    no      INTEGER NOT NULL,
    members BLOB    NOT NULL,
    PRIMARY KEY (message, no),
    FOREIGN KEY (message, no) REFERENCES batches_new (message, no) ON DELETE CASCADE
) STRICT;

CREATE TABLE exceptions_new (
    message      BLOB    NOT NULL,
    batch        INTEGER NOT NULL,
    ordinal      INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    next_at      INTEGER,
    leased       INTEGER NOT NULL DEFAULT 0,
    status       INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    node         BLOB,
    fence        INTEGER NOT NULL DEFAULT 0,
    subscription BLOB    NOT NULL DEFAULT x'',
    outcome      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, batch, ordinal),
    FOREIGN KEY (message, batch) REFERENCES batches_new (message, no) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO batches_new (message, no, push_service, due_at, state, targeted, accepted, gone, failed, expired, cancelled, pending, displayed, clicked, closed, node, fence, ttl_from, small, outcomes, events)
SELECT message, no, push_service, due_at, state, targeted, accepted, gone, failed, expired, cancelled, pending, displayed, clicked, closed, node, fence, ttl_from, small, outcomes, events
FROM batches ORDER BY message, no;
INSERT INTO batch_members_new SELECT * FROM batch_members ORDER BY message, no;
INSERT INTO exceptions_new SELECT * FROM exceptions;

DROP TABLE exceptions;
DROP TABLE batch_members;
DROP TABLE batches;
ALTER TABLE batches_new RENAME TO batches;
ALTER TABLE batch_members_new RENAME TO batch_members;
ALTER TABLE exceptions_new RENAME TO exceptions;

CREATE INDEX batches_waiting ON batches (due_at) WHERE state = 0;
CREATE INDEX batches_leased ON batches (message) WHERE state = 1;
CREATE INDEX batches_small ON batches (due_at) WHERE state = 0 AND small = 1;
CREATE INDEX batches_counts ON batches
    (message, state, targeted, accepted, gone, failed, expired, cancelled, pending, displayed, clicked, closed);
CREATE INDEX exceptions_due ON exceptions (next_at) WHERE next_at IS NOT NULL AND leased = 0;
CREATE INDEX exceptions_leased ON exceptions (message) WHERE leased = 1;
CREATE INDEX exceptions_ended ON exceptions (message, outcome, batch, ordinal) WHERE outcome <> 0;

-- +goose Down

CREATE TABLE batches_new (
    message      BLOB    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    no           INTEGER NOT NULL,
    push_service INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    outcomes     BLOB    NOT NULL,
    events       BLOB    NOT NULL,
    targeted     INTEGER NOT NULL,
    accepted     INTEGER NOT NULL DEFAULT 0,
    gone         INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    expired      INTEGER NOT NULL DEFAULT 0,
    cancelled    INTEGER NOT NULL DEFAULT 0,
    pending      INTEGER NOT NULL,
    displayed    INTEGER NOT NULL DEFAULT 0,
    clicked      INTEGER NOT NULL DEFAULT 0,
    closed       INTEGER NOT NULL DEFAULT 0,
    node         BLOB,
    fence        INTEGER NOT NULL DEFAULT 0,
    ttl_from     INTEGER NOT NULL DEFAULT 0,
    small        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, no),
    CHECK (targeted = accepted + gone + failed + expired + cancelled + pending),
    CHECK (length(outcomes) = targeted AND length(events) = targeted)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch_members_new (
    message BLOB    NOT NULL,
    no      INTEGER NOT NULL,
    members BLOB    NOT NULL,
    PRIMARY KEY (message, no),
    FOREIGN KEY (message, no) REFERENCES batches_new (message, no) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE exceptions_new (
    message      BLOB    NOT NULL,
    batch        INTEGER NOT NULL,
    ordinal      INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    next_at      INTEGER,
    leased       INTEGER NOT NULL DEFAULT 0,
    status       INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    node         BLOB,
    fence        INTEGER NOT NULL DEFAULT 0,
    subscription BLOB    NOT NULL DEFAULT x'',
    outcome      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, batch, ordinal),
    FOREIGN KEY (message, batch) REFERENCES batches_new (message, no) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO batches_new (message, no, push_service, due_at, state, targeted, accepted, gone, failed, expired, cancelled, pending, displayed, clicked, closed, node, fence, ttl_from, small, outcomes, events)
SELECT message, no, push_service, due_at, state, targeted, accepted, gone, failed, expired, cancelled, pending, displayed, clicked, closed, node, fence, ttl_from, small, outcomes, events
FROM batches ORDER BY message, no;
INSERT INTO batch_members_new SELECT * FROM batch_members ORDER BY message, no;
INSERT INTO exceptions_new SELECT * FROM exceptions;

DROP TABLE exceptions;
DROP TABLE batch_members;
DROP TABLE batches;
ALTER TABLE batches_new RENAME TO batches;
ALTER TABLE batch_members_new RENAME TO batch_members;
ALTER TABLE exceptions_new RENAME TO exceptions;

CREATE INDEX batches_waiting ON batches (due_at) WHERE state = 0;
CREATE INDEX batches_leased ON batches (message) WHERE state = 1;
CREATE INDEX batches_small ON batches (due_at) WHERE state = 0 AND small = 1;
CREATE INDEX batches_counts ON batches
    (message, state, targeted, accepted, gone, failed, expired, cancelled, pending, displayed, clicked, closed);
CREATE INDEX exceptions_due ON exceptions (next_at) WHERE next_at IS NOT NULL AND leased = 0;
CREATE INDEX exceptions_leased ON exceptions (message) WHERE leased = 1;
CREATE INDEX exceptions_ended ON exceptions (message, outcome, batch, ordinal) WHERE outcome <> 0;
