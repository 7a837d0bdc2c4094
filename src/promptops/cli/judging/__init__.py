"""What commands on judges ask with, and what a report knows of them."""
