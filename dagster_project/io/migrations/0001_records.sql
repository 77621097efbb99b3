-- What was deployed, decided, started and published. Times are the database's own unless they come from a source.

-- Each set of schedule files that was put to work, and by which commit.
create table deployment (
    id           bigint generated always as identity primary key,
    deployed_at  timestamptz not null default clock_timestamp(),
    git_commit   text,
    fingerprints jsonb       not null  -- {feed: fingerprint of its schedule file}
);

-- The schedules of each feed since a deployment changed them: the past is asked by the files of its time.
create table schedule_in_force (
    feed          text        not null,
    since         timestamptz not null,
    deployment_id bigint      not null references deployment,
    calendar      text,                  -- its code; null: the feed is gone
    schedules     jsonb       not null,  -- {schedule: what its file says}
    primary key (feed, since)
);

-- Each change of a decision about a fire, once, with its reason.
create table decision (
    id         bigint generated always as identity primary key,
    fire_id    text        not null,
    feed       text        not null,
    session    date        not null,
    decided_at timestamptz not null default clock_timestamp(),
    kind       text        not null,
    reason     text        not null
);
create index decision_of_fire on decision (fire_id, id desc);
create index decision_of_feed on decision (feed, session);

-- The claim: the one row that authorises an attempt of a fire; its end says whether it served.
create table attempt (
    fire_id    text        not null,
    number     int         not null check (number > 0),
    feed       text        not null,
    session    date        not null,
    run_id     text        not null unique,
    origin     text        not null,  -- schedule | sensor | retry
    claimed_at timestamptz not null default clock_timestamp(),
    ended_at   timestamptz,
    outcome    text,
    reason     text,
    retry_at   timestamptz,           -- the source asked not to be asked before
    primary key (fire_id, number)
);
create index attempt_of_feed on attempt (feed);

-- Every run of a feed, and who asked for it.
create table launch (
    run_id      text        not null primary key,
    feed        text        not null,
    origin      text        not null,  -- schedule | sensor | retry | backfill | manual
    launched_by text,
    launched_at timestamptz not null default clock_timestamp(),
    refused     text                   -- why it was not queued, if it was not
);
create index launch_of_feed on launch (feed, launched_at);

-- Each version of each session's table; `checked_at` is when its source was last asked.
create table publication (
    feed           text        not null,
    session        date        not null,
    version        int         not null,
    rows           bigint      not null,
    payload_sha256 text        not null,
    content_sha256 text        not null,
    run_id         text        not null,
    published_at   timestamptz not null default clock_timestamp(),
    checked_at     timestamptz not null default clock_timestamp(),
    primary key (feed, session, version)
);
