"""Marketday: market-data adapters that run on market days, once, on Dagster."""
