"""Strict, bounded decoders and their encoders: the only users of codec libraries."""
