"""A plan as JSON has it."""

from dagster_project.cli.output import stamp
from dagster_project.domain.plan import FeedPlan, Group, Plan, SchedulePlan, What
from dagster_project.domain.plan.past import Past


def plan_fields(plan: Plan, ref: str, commit: str) -> dict[str, object]:
    """The fields that `marketday plan --help` and docs/plan.md name."""
    return {
        "base": {"ref": ref, "commit": commit},
        "from": stamp(plan.since),
        "until": stamp(plan.until),
        "is_changed": not plan.is_empty,
        "fires": {
            "added": plan.count(What.ADDED),
            "removed": plan.count(What.REMOVED),
            "moved": plan.count(What.MOVED, What.DUE_AT_ONCE),
            "lost_slack": plan.lost_slack,
        },
        "feeds": [_feed(feed) for feed in plan.feeds],
        "calendars": [
            {
                "calendar": each.code,
                "verified_through": {"before": str(each.verified_before), "after": str(each.verified_after)},
                "days": [
                    {"before": days.before, "after": days.after, "dates": list(map(str, days.days))}
                    for days in each.days
                ],
            }
            for each in plan.calendars
        ],
        "collisions": [
            {
                "feed": each.feed,
                "schedule": each.schedule,
                "other_feed": each.other_feed,
                "other_schedule": each.other_schedule,
                "host": each.host,
                "times": each.times,
                "first": stamp(each.first),
            }
            for each in plan.collisions
        ],
        "unknown_after": {code: str(last) for code, last in plan.unknown_after},
    }


def _feed(feed: FeedPlan) -> dict[str, object]:
    return {
        "feed": feed.name,
        "status": feed.status.value,
        "edits": [vars(edit) for edit in feed.edits],
        "is_code_changed": feed.is_code_changed,
        "past": _past(feed.past),
        "schedules": [_schedule(each) for each in feed.schedules],
    }


def _past(past: Past) -> dict[str, object]:
    return {"backfill": list(map(str, past.backfill)), "dropped": list(map(str, past.dropped))}


def _schedule(schedule: SchedulePlan) -> dict[str, object]:
    return {
        "schedule": schedule.name,
        "status": schedule.status.value,
        "formerly": schedule.formerly,
        "timezone": schedule.timezone,
        "edits": [vars(edit) for edit in schedule.edits],
        "groups": [_group(each) for each in schedule.groups],
    }


def _group(group: Group) -> dict[str, object]:
    return {
        "what": group.what.value,
        "label": group.label or None,
        "before": list(group.before),
        "after": list(group.after),
        "days_later": list(group.days_later),
        "is_loss": group.is_loss,
        "sessions": [str(session) for session in group.sessions],
        "fires": [
            {
                "session": str(change.session),
                "before_utc": stamp(change.before.at) if change.before else None,
                "after_utc": stamp(change.after.at) if change.after else None,
            }
            for change in group.changes
            if group.what not in (What.DEADLINE, What.WAIT)
        ],
    }
