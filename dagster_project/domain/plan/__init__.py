"""What an edit of the files changes, in fires, before anything is deployed.

A plan is one frozen value, made once from two states of the files and a window. The terminal, the comment on a pull
request and JSON walk it in the same order, and decide nothing again.
"""

from dagster_project.domain.plan.feeds import FeedPlan, Files, Plan, make_plan
from dagster_project.domain.plan.groups import Group, What
from dagster_project.domain.plan.schedules import SchedulePlan, Status

__all__ = ["FeedPlan", "Files", "Group", "Plan", "SchedulePlan", "Status", "What", "make_plan"]
