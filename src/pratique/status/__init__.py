"""Whether a credential was taken back: status lists, and the revocation lists of foreign formats."""
