"""Golden datasets: cases with stable ids, read once and spooled."""
