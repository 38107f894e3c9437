"""COSE (RFC 9052): signed messages, their algorithms, the keys, and who signs."""
