"""Traces and metrics of runs by OpenTelemetry, sent where the environment says; else nothing."""
