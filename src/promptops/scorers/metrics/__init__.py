"""Similarity metrics, one file each, imported only when a suite names them."""
