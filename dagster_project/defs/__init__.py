"""Turns feeds into Dagster definitions."""
