"""The stable codes that errors and reports carry, each with the sentence that explains it.

A code is part of the public interface: it never changes its meaning, and `docs/codes.md` is checked against this file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """A stable code. `meaning` says in one plain sentence what it stands for, `advice` what the traveller can do."""

    meaning: str
    advice: str

    def __new__(cls, code: str, meaning: str, advice: str = "") -> Self:
        """Return the member for a code, with its sentences."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.advice = advice
        return member

    def sentence(self, detail: str = "") -> str:
        """Return the meaning with what was found in this case, as one plain sentence."""
        return f"{self.meaning[:-1]}: {detail}." if detail else self.meaning

    # Pictures and text transport
    IMAGE_UNREADABLE = "image.unreadable", "The file is not a picture that can be read."
    IMAGE_TOO_LARGE = "image.too_large", "The picture has more pixels or bytes than are read."
    QR_NONE_FOUND = (
        "qr.none_found",
        "No QR code could be read in the picture.",
        "Hold the code flat, clean and well lit, or show it on a screen at full brightness.",
    )
    QR_TOO_LONG = "qr.too_long", "The text is longer than any QR code that is accepted."
    QR_INCOMPLETE = (
        "qr.incomplete",
        "The code is one part of several, and they are not all here.",
        "Show every part of the code, one after the other.",
    )
    QR_DOES_NOT_FIT = "qr.does_not_fit", "The text does not fit into any QR code at this level of error correction."
    BASE45_INVALID = "base45.invalid", "The text is not valid Base45."
    BASE32_INVALID = "base32.invalid", "The text is not valid Base32."
    BASE64URL_INVALID = "base64url.invalid", "The text is not valid base64url."
    DEFLATE_INVALID = "deflate.invalid", "The compressed part is damaged."
    DEFLATE_TOO_LARGE = "deflate.too_large", "The compressed part inflates to more than is accepted."

    # Structured data
    CBOR_MALFORMED = "cbor.malformed", "The CBOR is not well formed."
    CBOR_LIMIT = "cbor.limit", "The CBOR is nested too deeply or has too many items."
    CBOR_NOT_DETERMINISTIC = "cbor.not_deterministic", "The CBOR is not in the one encoding that is allowed."
    JSON_MALFORMED = "json.malformed", "The JSON is not well formed."
    JSON_LIMIT = "json.limit", "The JSON is too large or nested too deeply."
    JSON_SCHEMA = "json.schema", "The JSON does not follow its schema."
    JWS_MALFORMED = "jws.malformed", "The signed message is not a JWS in the form that its format asks for."
    COSE_MALFORMED = "cose.malformed", "The signed message is not the COSE structure that it should be."
    COSE_ALGORITHM = "cose.algorithm", "The signature algorithm is not one that is accepted here."
    COSE_CRITICAL = "cose.critical", "The message demands a feature that is not understood."
    KEY_MALFORMED = "key.malformed", "The key cannot be read."
    KEY_UNSUITABLE = "key.unsuitable", "The key does not fit the algorithm."
    KEY_MISNAMED = "key.misnamed", "The listed key is not the one that its identifier names."
    KEY_UNSUPPORTED = "key.unsupported", "The key is of a type, curve or size that is not used here."
    PKCS11_ABSENT = "pkcs11.not_installed", "What reaches keys in security modules is not installed."
    PKCS11_URI = "pkcs11.uri_invalid", "The PKCS #11 URI does not name a private key in a form that is read here."
    PKCS11_MODULE = "pkcs11.module_unusable", "The security module's library cannot be loaded, or does not work."
    PKCS11_TOKEN = "pkcs11.token_not_found", "Not exactly one token of the security module has the name."
    PKCS11_PIN = "pkcs11.pin_refused", "The security module's token does not take the PIN, or was given none."
    PKCS11_KEY = "pkcs11.key_not_found", "Not exactly one key in the token has the name."
    PKCS11_SIGNING = "pkcs11.signing_refused", "The security module did not sign, or not with this key."
    PKCS11_SESSION = "pkcs11.session_lost", "The security module no longer knows the session with its token."
    CERTIFICATE_MALFORMED = "certificate.malformed", "The certificate cannot be read."
    CMS_MALFORMED = "cms.malformed", "The signed file is not a CMS message in the form that is read here."
    DATE_INVALID = "date.invalid", "A date or time is not valid."
    MRZ_INVALID = "mrz.invalid", "The machine-readable zone is not valid."

    # Formats
    FORMAT_UNKNOWN = (
        "format.unknown",
        "The code is in no format that is known.",
        "Show the QR code of a health certificate.",
    )
    FORMAT_UNSUPPORTED = "format.unsupported", "The code is in a format that is recognised but not read."
    FORMAT_DIVOC = (
        "format.divoc",
        "DIVOC and other JSON-LD certificates are never accepted: their signature leaves parts of them open to change.",
        "Ask your health authority for a certificate that is made for travel.",
    )
    FORMAT_NL_DOMESTIC = (
        "format.nl_domestic",
        "Dutch domestic proofs are never accepted: the keys that sign them were published, so anybody can make one.",
        "Show an international certificate of the Netherlands, whose code begins with HC1.",
    )
    FORMAT_NO_DOMESTIC = (
        "format.no_domestic",
        "Norwegian domestic proofs are never accepted: they say what was decided at home, and no medical fact.",
        "Show an international certificate of Norway, whose code begins with HC1.",
    )
    FORMAT_MDOC = (
        "format.mdoc",
        "Codes that start a session with a phone are not accepted: they hold no health certificate themselves.",
        "Show a health certificate that is a QR code by itself, on paper or on the screen.",
    )
    FORMAT_PATHCHECK = (
        "format.pathcheck",
        "PathCheck credentials are not accepted: they were a pilot, and no health authority answers for their keys.",
        "Ask your health authority for a certificate that is made for travel.",
    )
    FORMAT_LINK = (
        "format.link",
        "Links to health records are not accepted and not opened: a link proves nothing by itself.",
        "Show the certificate itself, not a link to it.",
    )
    FORMAT_SEAL = (
        "format.seal",
        "Binary digital seals, as visas carry them, are not accepted: they hold no health certificate.",
        "Show the QR code of a health certificate.",
    )
    FORMAT_HCERT_VERSION = (
        "format.hcert_version",
        "Health certificates of this version or national variant are not accepted: how to read them is not known here.",
        "Ask your health authority for a certificate that is made for travel.",
    )
    CONTENT_INVALID = "content.invalid", "The credential's content does not follow its format."
    CONTENT_DEVIATES = "content.deviates", "The content is readable but departs from its format's schema."
    CLAIMS_INVALID = "claims.invalid", "The claims cannot be put into a credential."
    DECODED = "decode.well_formed", "The code is well formed."
    READ = "read.recognised", "The code was read and its format recognised."

    # Trust
    KEY_FOUND = "trust.key_found", "A key for this credential is on a trust list."
    KEY_UNKNOWN = (
        "trust.key_unknown",
        "No trust list has a key for this credential.",
        "Ask whether another certificate of yours, or one on paper, can be taken instead.",
    )
    TRUST_LIST_DUE = "trust.list_due", "The trust list works; a newer one should be here by now."
    TRUST_LIST_STALE = "trust.list_stale", "The trust list is older than this verifier relies on without a person."
    TRUST_LIST_EXPIRED = "trust.list_expired", "The trust list with the key counts no more: it is too old."
    CLOCK_BEHIND = "trust.clock_behind", "The clock is behind the trust list: one of the two is wrong."
    BUNDLE_INVALID = "bundle.invalid", "The border bundle cannot be used."
    ACCEPTANCE_INVALID = "trust.acceptance_invalid", "The acceptance file cannot be used."
    TRUST_LIST_INVALID = "trust.list_invalid", "The trust list cannot be used."
    TRUST_LIST_ALTERED = "trust.list_altered", "A trust list or bundle in the folder is not the one that was taken in."
    TRUST_LIST_NOT_TAKEN = (
        "trust.list_not_taken",
        "A signed list or bundle is in the folder that no update has taken in.",
    )
    TRUST_FOLDER_INVALID = (
        "trust.folder_invalid",
        "The trust folder, or its record of what it has seen, cannot be used.",
    )
    CLOCK_SET_BACK = "trust.clock_set_back", "The clock is behind a time that the trust folder has seen."

    # Signed documents: roots, trust lists and whatever else their keepers ship
    DOCUMENT_KIND = "document.kind", "The signed document is of another kind than the one expected."
    DOCUMENT_LIMIT = "document.limit", "The signed document is larger than is read."
    DOCUMENT_THRESHOLD = "document.threshold", "Too few of the root's keys have signed the document."
    DOCUMENT_ROLLBACK = "document.rollback", "A newer edition, or another of the same number, was taken in before."
    DOCUMENT_EXPIRED = "document.expired", "The document has expired: there should be a newer one."
    DOCUMENT_UNEXPECTED = (
        "document.unexpected",
        "The document is not the one asked for, or not the root's to vouch for.",
    )
    ROOT_INVALID = "root.invalid", "The root cannot be used."
    ROOT_SUCCESSION = "root.succession", "The root is not the one that follows the root in use."
    ROOT_EXPIRED = "root.expired", "The root has expired: it vouches for nothing new."

    # Imports of trust networks
    IMPORT_UNKNOWN = "import.unknown", "The file is in no form in which a trust network publishes its keys."
    IMPORT_INVALID = "import.invalid", "The file is not what its trust network publishes."
    IMPORT_SIGNATURE = "import.signature_invalid", "The file was not signed by the key that it must be signed by."
    IMPORT_STALE = "import.stale", "The file's own time has ended or not begun."
    IMPORT_ENTRY = "import.entry_invalid", "An entry is not what its trust network publishes."
    IMPORT_REFERENCE = "import.reference", "An entry only says where keys are, and nothing is fetched."
    IMPORT_OTHER_USE = "import.other_use", "The key is for another use than signing health certificates."
    IMPORT_NO_FORMAT = "import.no_format", "The key is for a domain of which no format is read here."
    IMPORT_COUNTRY = "import.country_unknown", "An entry names no country that is known."
    IMPORT_NOT_IN_USE = "import.not_in_use", "The network's list of keys in use does not name the key."
    IMPORT_DUPLICATE = "import.duplicate", "The key is in the file more than once."
    IMPORT_EXPIRED = "import.expired", "The key has expired and is listed for what it signed before."
    IMPORT_NOT_SEEN = "import.not_seen", "The keys could not be retrieved lately, and are those of an earlier day."
    IMPORT_NOT_STRICT = "import.not_strict", "The certificate has extensions that are not strict DER, and was read."
    IMPORT_USAGE_MISTYPED = (
        "import.usage_mistyped",
        "The certificate names the usages of the EU DCC by a mistyped number, which counts as what was meant.",
    )

    FETCH_REFUSED = "fetch.refused", "The address is not one from which a file is fetched, or the file is too large."
    FETCH_FAILED = "fetch.failed", "The file could not be fetched."

    # Signature
    SIGNATURE_VALID = "signature.valid", "The signature is genuine."
    SIGNATURE_INVALID = (
        "signature.invalid",
        "The signature does not match: the credential was altered or forged.",
        "Show the original code, not a copy of a copy; if it fails again, ask the issuer for a new one.",
    )

    CERTIFICATE_UNTRUSTED = (
        "certificate.untrusted",
        "No authority on a trust list has signed the certificate in the code.",
        "Show the original code, not a copy of a copy; if it fails again, ask the issuer for a new one.",
    )
    CERTIFICATE_USAGE = "certificate.usage", "The certificate in the code was not issued for signing this kind of code."

    # Paths of certificates
    AUTHORITY_UNKNOWN = "certificate.authority_unknown", "No authority that is known issued the certificate."
    CERTIFICATE_SIGNATURE = "certificate.signature", "The authority that the certificate names has not signed it."
    NOT_AUTHORITY = "certificate.not_authority", "The certificate was signed by one who may not sign certificates."
    NOT_SIGNER = "certificate.not_signer", "The certificate may not sign data, or demands what is not understood."
    OTHER_COUNTRY = "certificate.other_country", "The certificate and the authority that signed it name two countries."
    PATH_LENGTH = "certificate.path_length", "There are more certificates up to the authority than are allowed."
    CERTIFICATE_NOT_YET_VALID = "certificate.not_yet_valid", "A certificate was not valid yet at the time that counts."
    CERTIFICATE_EXPIRED = "certificate.expired", "A certificate had expired at the time that counts."

    # Disclosures
    DISCLOSURES_MATCH = "disclosures.match", "Everything shown is what the issuer signed."
    DISCLOSURE_UNMATCHED = "disclosures.unmatched", "Something shown is not what the issuer signed."
    DISCLOSURE_REPEATED = "disclosures.repeated", "The same claim is shown twice."
    DISCLOSURE_MALFORMED = "disclosures.malformed", "A disclosure is not well formed."
    DISCLOSURE_UNKNOWN = "disclosures.unknown", "A claim asked for is not in this credential."

    # Validity
    VALID_NOW = "validity.current", "The credential is within its time."
    NOT_YET_VALID = (
        "validity.not_yet",
        "The credential is not valid yet.",
        "Your certificate counts from a later day; ask from when on you can travel with it.",
    )
    EXPIRED = (
        "validity.expired",
        "The credential has expired.",
        "Ask the issuer of your certificate for a new one.",
    )
    TIME_MALFORMED = "validity.malformed", "The credential's times are not usable."
    NO_EXPIRY = "validity.no_expiry", "The credential does not say until when it is valid."

    # Issuer
    ISSUER_ENTITLED = "issuer.entitled", "The issuer was entitled to sign this and is accepted for it."
    ISSUER_NOT_ACCEPTED = (
        "issuer.not_accepted",
        "The issuer is known but not accepted.",
        "Ask whether another certificate of yours, or one on paper, can be taken instead.",
    )
    NO_FACT = (
        "issuer.no_fact",
        "The credential states no fact, so that there is nothing to accept its issuer for.",
        "Ask whether another certificate of yours, or one on paper, can be taken instead.",
    )
    ISSUER_DENIED = (
        "issuer.denied",
        "The issuer is known and explicitly refused.",
        "Ask whether another certificate of yours, or one on paper, can be taken instead.",
    )
    ISSUER_MISMATCH = "issuer.mismatch", "The credential names another issuer than the owner of the key."
    ISSUER_SCOPE = "issuer.scope", "The issuer may not sign this kind of fact."
    KEY_SCOPE = "key.scope", "The key may not sign this kind of fact."
    KEY_FORMAT = "key.format", "The key may not sign this format."
    KEY_NOT_YET_VALID = "key.not_yet_valid", "The key that signed the credential was not valid yet."
    KEY_EXPIRED = (
        "key.expired",
        "The key that signed the credential had expired.",
        "Ask the issuer of your certificate for a new one.",
    )
    KEY_COMPROMISED = (
        "key.withdrawn.compromise",
        "The key leaked: nothing that it ever signed counts, whatever date it bears.",
        "Ask the issuer of your certificate for a new one; it is no fault of yours.",
    )
    KEY_SUPERSEDED = (
        "key.withdrawn.superseded",
        "The key had been replaced when the credential was issued.",
        "Ask the issuer of your certificate for a new one.",
    )

    # Status
    STATUS_NOT_IN_USE = "status.none_named", "The credential names no list on which it could be revoked."
    STATUS_UNAVAILABLE = "status.unavailable", "The credential names a revocation list that is not at hand."
    STATUS_VALID = "status.valid", "The credential is on its issuer's status list and was not revoked."
    STATUS_DUE = "status.due", "The credential was not revoked; a newer status list should be here by now."
    STATUS_REVOKED = (
        "status.revoked",
        "The issuer has revoked the credential.",
        "Ask the issuer of your certificate why it was revoked, and whether you can have a new one.",
    )
    STATUS_SUSPENDED = (
        "status.suspended",
        "The issuer has suspended the credential for the time being.",
        "Ask the issuer of your certificate why it is suspended, and for how long.",
    )
    STATUS_APPLICATION = (
        "status.application",
        "The status list gives the credential a status whose meaning only its issuer knows.",
        "Ask the issuer of your certificate what is wrong with it.",
    )
    STATUS_UNKNOWN = (
        "status.unknown",
        "The credential's number is beyond the end of its status list, which says nothing about it.",
    )
    STATUS_STALE = "status.stale", "The status list is older than is relied upon without a person."
    STATUS_EXPIRED = "status.expired", "The status list has expired and counts no more."
    STATUS_NOT_YET = "status.not_yet", "The status list is from the future: its clock or the verifier's is wrong."
    STATUS_FOREIGN_LIST = (
        "status.list_of_another_issuer",
        "The credential names a status list that is not at an address of its issuer.",
    )
    STATUS_LIST_INVALID = "status.list_invalid", "The status list is not one that the issuer signed, or is damaged."
    STATUS_ROLLBACK = "status.rollback", "The status list is older than the one that is at hand already."
    STATUS_NOT_LISTED = "status.not_listed", "The revocation lists at hand do not name the credential or its signer."
    STATUS_NOT_HELD = "status.none_held", "No revocation list is at hand that could name the credential or its signer."
    REGISTER_INVALID = "register.invalid", "The register of statuses cannot be used."
    REGISTER_FULL = "register.full", "The register has no index left to give out."
    REGISTER_REFUSED = "register.change_refused", "The register does not allow this change."

    # Binding
    DOCUMENT_MATCHES = "binding.document", "The travel document is the one that the credential is bound to."
    HOLDER_MATCHES = "binding.holder", "Name and birth date are those of the travel document."
    COMPARED_BY_EYE = "binding.by_eye", "A person compared name and birth date with the travel document."
    DOCUMENT_MISMATCH = (
        "binding.document_mismatch",
        "The credential is bound to another travel document.",
        "Show the travel document that the certificate was issued for; once renewed, ask for a new certificate.",
    )
    HOLDER_MISMATCH = (
        "binding.holder_mismatch",
        "Name or birth date are not those of the travel document.",
        "Show the travel document with the name that stands in the certificate.",
    )
    HOLDER_UNCERTAIN = "binding.uncertain", "Name or birth date are close to those of the travel document, not equal."
    DOCUMENT_NEEDED = (
        "binding.document_needed",
        "No travel document was given to compare with.",
        "Show your travel document.",
    )
    COMPARE_BY_EYE = (
        "binding.compare_by_eye",
        "Name and birth date must be compared with the travel document.",
        "Show your travel document.",
    )
    HOLDER_NOT_SHOWN = (
        "binding.holder_not_shown",
        "Nothing shown says whose the credential is.",
        "Show your name and birth date from the certificate, or use one that is bound to your travel document.",
    )
    KEY_NOT_PROVEN = (
        "binding.key_not_proven",
        "The holder's key has signed nothing.",
        "Show the certificate from the app in which you keep it, not from paper.",
    )
    KEY_PROVEN = "binding.key_proven", "The holder's key has signed for this verifier, in answer to its nonce."
    CHALLENGE_NEEDED = (
        "binding.challenge_needed",
        "The holder's key has signed, and no request was given to compare that with.",
        "Show the certificate from the app in which you keep it, in answer to this desk's request.",
    )
    KEY_PROOF_INVALID = (
        "binding.key_proof_invalid",
        "What the holder signed was altered, or signed by another key than the holder's.",
        "Show the certificate from the app in which you keep it, on the phone that it was issued for.",
    )
    OTHER_AUDIENCE = (
        "binding.other_audience",
        "The certificate was shown to another verifier.",
        "Show the certificate once more, in answer to this desk's request.",
    )
    OTHER_NONCE = (
        "binding.other_nonce",
        "The certificate was shown in answer to another request.",
        "Show the certificate once more, in answer to this desk's request.",
    )
    PROOF_OUT_OF_TIME = (
        "binding.proof_out_of_time",
        "The holder's key did not sign just now.",
        "Show the certificate once more, and see that the clock of your phone is right.",
    )

    NOT_KEY_BOUND = (
        "binding.not_to_a_key",
        "The credential is not bound to a key, so that no key can sign for its holder.",
    )
    OTHER_KEY = "binding.other_key", "The key that was to sign is not the one that the credential is bound to."

    # Several codes of one traveller
    ONE_TRAVELLER = "session.one_traveller", "All codes are the same traveller's."
    OTHER_TRAVELLER = "session.other_traveller", "The codes are not all the same traveller's."
    UNSURE_TRAVELLER = "session.unsure", "It is not sure that all codes are the same traveller's."
    ONE_CODE = "session.one_code", "There are not two proven codes to compare."

    # Records of verifications
    RECORD_INVALID = "record.invalid", "The file is not one of records of verifications."

    # Requests, at the holder's side
    REQUEST_INVALID = "request.invalid", "The request is not one that can be read."
    VERIFIERS_INVALID = "request.list_invalid", "The list of verifiers cannot be used."
    VERIFIERS_EXPIRED = (
        "request.list_expired",
        "The list of verifiers is too old to go by.",
        "Connect your wallet to the internet once, so that it gets a new list.",
    )
    VERIFIERS_NOT_YET = (
        "request.list_not_yet",
        "The list of verifiers is dated in the future.",
        "See that the clock of your phone is right.",
    )
    REQUEST_SIGNER_UNKNOWN = (
        "request.signer_unknown",
        "Nobody on the list of verifiers signed this request.",
        "Show nothing, and ask who it is that wants to know.",
    )
    REQUEST_VERIFIER_MISMATCH = (
        "request.verifier_mismatch",
        "The request names another verifier than the one that signed it.",
        "Show nothing, and ask who it is that wants to know.",
    )
    REQUEST_NOT_YET = (
        "request.not_yet",
        "The request is dated in the future.",
        "See that the clock of your phone is right.",
    )
    REQUEST_EXPIRED = "request.expired", "The request has expired.", "Ask for a new one."
    REQUEST_PURPOSE = (
        "request.purpose",
        "The verifier may not ask for this purpose.",
        "Show nothing, or only what you would show to anybody.",
    )
    REQUEST_RETENTION = (
        "request.retention",
        "The verifier wants to keep what you show for longer than it may.",
        "Show nothing, or only what you would show to anybody.",
    )
    REQUEST_OTHER_RULES = (
        "request.other_rules",
        "The request does not go by the published entry rules.",
        "See whether your wallet has the newest rules of the destination.",
    )
    REQUEST_ASKS_TOO_MUCH = (
        "request.asks_too_much",
        "The request asks for more than its entry rules read.",
        "Show only what the rules need; you may refuse the rest.",
    )

    # Rules
    NO_RULES = "rules.none_given", "No entry rules were given."
    RULES_INVALID = "rules.invalid", "The entry rules cannot be used."
    RULE_INAPPLICABLE = "rules.inapplicable", "A rule cannot be applied to what the credential says."
    RULES_NOT_IN_FORCE = "rules.not_in_force", "The entry rules are not in force at this time."
    RULES_MET = "rules.met", "The entry rules hold."
    RULES_NOT_MET = (
        "rules.not_met",
        "The entry rules do not hold.",
        "Ask which rule you do not meet, and whether another certificate of yours can be taken.",
    )
    RULES_UNANSWERED = (
        "rules.unanswered",
        "An entry rule cannot be answered by what was shown.",
        "Show the claims that the officer names, and no others.",
    )

    # A step that an earlier failure made pointless
    NOT_REACHED = "step.not_reached", "An earlier step failed."
