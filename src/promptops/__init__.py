"""Prompt versioning and regression evaluation.

Did this change make the prompt worse, and how sure are we?
"""

__version__ = "0.1.0"
