"""The values that flow through an evaluation, one file per arrow; frozen, without behaviour.

request → response (or failure) → sample → score → comparison → report
"""
