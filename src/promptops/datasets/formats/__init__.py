"""One file per dataset format, named after the file name extension it reads.

A format is a module with `rows(place, display)`, which yields `(line, row)` for each row of the
file: the line where the row starts, from 1 (0 where the format has no lines), and its value.  A
format whose imports fail needs the optional dependency of its own name.
"""
