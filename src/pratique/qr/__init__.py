"""QR codes: the text they carry (`text`), writing them (`render`), finding them in pictures (`read`)."""
