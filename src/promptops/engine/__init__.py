"""From a suite to a run: plan, schedule, sample, score; what was paid for is kept."""
