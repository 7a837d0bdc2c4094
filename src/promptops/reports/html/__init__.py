"""The report as a page: what is written here reads without JavaScript; `assets` has the rest."""
