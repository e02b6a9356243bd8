"""Reason codes of ESID, SFNA, EFNA and NERP, their texts, and the levels that know them.

RFC 5024 5.3.11 (ESID), 5.3.5 (SFNA), 5.3.10 (EFNA) and 5.3.14 (NERP).
"""

from enum import IntEnum


class EndReason(IntEnum):
    """ESIDREAS: why a session ends."""

    NORMAL = 0
    COMMAND_NOT_RECOGNISED = 1
    PROTOCOL_VIOLATION = 2
    UNKNOWN_CODE = 3
    INVALID_PASSWORD = 4
    EMERGENCY_CLOSE = 5
    INVALID_DATA = 6
    BUFFER_SIZE = 7
    NO_RESOURCES = 8
    TIME_OUT = 9
    INCOMPATIBLE = 10
    INVALID_CHALLENGE_RESPONSE = 11
    AUTHENTICATION_INCOMPATIBLE = 12
    UNSPECIFIED = 99

    @property
    def text(self) -> str:
        """The reason in words."""
        return _END_TEXTS[self]


class AnswerReason(IntEnum):
    """SFNAREAS and EFNAREAS: why a file is refused, before or after its data."""

    INVALID_NAME = 1
    INVALID_DESTINATION = 2
    INVALID_ORIGIN = 3
    RECORD_FORMAT = 4
    RECORD_LENGTH = 5
    FILE_TOO_BIG = 6
    RECORD_COUNT = 10
    OCTET_COUNT = 11
    ACCESS_METHOD = 12
    DUPLICATE = 13
    DIRECTION_REFUSED = 14
    CIPHER_SUITE = 15
    ENCRYPTED_NOT_ALLOWED = 16
    UNENCRYPTED_NOT_ALLOWED = 17
    COMPRESSION_NOT_ALLOWED = 18
    SIGNED_NOT_ALLOWED = 19
    UNSIGNED_NOT_ALLOWED = 20
    INVALID_SIGNATURE = 21
    DECRYPTION_FAILED = 22
    DECOMPRESSION_FAILED = 23
    UNSPECIFIED = 99

    @property
    def text(self) -> str:
        """The reason in words."""
        return _ANSWER_TEXTS[self]


class NegativeReason(IntEnum):
    """NERPREAS: why a file did not reach its end. Decompression and decryption stand crossed against EFNAREAS."""

    ESID_03 = 3
    ESID_04 = 4
    ESID_99 = 9
    INVALID_NAME = 11
    INVALID_DESTINATION = 12
    INVALID_ORIGIN = 13
    RECORD_FORMAT = 14
    RECORD_LENGTH = 15
    FILE_TOO_BIG = 16
    RECORD_COUNT = 20
    OCTET_COUNT = 21
    ACCESS_METHOD = 22
    DUPLICATE = 23
    DIRECTION_REFUSED = 24
    CIPHER_SUITE = 25
    ENCRYPTED_NOT_ALLOWED = 26
    UNENCRYPTED_NOT_ALLOWED = 27
    COMPRESSION_NOT_ALLOWED = 28
    SIGNED_NOT_ALLOWED = 29
    UNSIGNED_NOT_ALLOWED = 30
    INVALID_SIGNATURE = 31
    DECOMPRESSION_FAILED = 32
    DECRYPTION_FAILED = 33
    PROCESSING_FAILED = 34
    NOT_DELIVERED = 35
    NOT_ACKNOWLEDGED = 36
    STOPPED_BY_OPERATOR = 50
    SIZE_INCOMPATIBLE = 90
    UNSPECIFIED = 99

    @property
    def text(self) -> str:
        """The reason in words."""
        return _NEGATIVE_TEXTS[self]


_END_TEXTS = {
    EndReason.NORMAL: "normal end",
    EndReason.COMMAND_NOT_RECOGNISED: "command not recognised",
    EndReason.PROTOCOL_VIOLATION: "command not valid in this state",
    EndReason.UNKNOWN_CODE: "user code not known",
    EndReason.INVALID_PASSWORD: "invalid password",
    EndReason.EMERGENCY_CLOSE: "local site emergency close down",
    EndReason.INVALID_DATA: "command contained invalid data",
    EndReason.BUFFER_SIZE: "exchange buffer size error",
    EndReason.NO_RESOURCES: "resources not available",
    EndReason.TIME_OUT: "time out",
    EndReason.INCOMPATIBLE: "mode or capabilities incompatible",
    EndReason.INVALID_CHALLENGE_RESPONSE: "invalid challenge response",
    EndReason.AUTHENTICATION_INCOMPATIBLE: "secure authentication requirements incompatible",
    EndReason.UNSPECIFIED: "unspecified abort",
}
_ANSWER_TEXTS = {
    AnswerReason.INVALID_NAME: "invalid file name",
    AnswerReason.INVALID_DESTINATION: "invalid destination",
    AnswerReason.INVALID_ORIGIN: "invalid origin",
    AnswerReason.RECORD_FORMAT: "storage record format not supported",
    AnswerReason.RECORD_LENGTH: "maximum record length not supported",
    AnswerReason.FILE_TOO_BIG: "file size is too big",
    AnswerReason.RECORD_COUNT: "invalid record count",
    AnswerReason.OCTET_COUNT: "invalid byte count",
    AnswerReason.ACCESS_METHOD: "access method failure",
    AnswerReason.DUPLICATE: "duplicate file",
    AnswerReason.DIRECTION_REFUSED: "file direction refused",
    AnswerReason.CIPHER_SUITE: "cipher suite not supported",
    AnswerReason.ENCRYPTED_NOT_ALLOWED: "encrypted file not allowed",
    AnswerReason.UNENCRYPTED_NOT_ALLOWED: "unencrypted file not allowed",
    AnswerReason.COMPRESSION_NOT_ALLOWED: "compression not allowed",
    AnswerReason.SIGNED_NOT_ALLOWED: "signed file not allowed",
    AnswerReason.UNSIGNED_NOT_ALLOWED: "unsigned file not allowed",
    AnswerReason.INVALID_SIGNATURE: "file signature not valid",
    AnswerReason.DECRYPTION_FAILED: "file decryption failed",
    AnswerReason.DECOMPRESSION_FAILED: "file decompression failed",
    AnswerReason.UNSPECIFIED: "unspecified reason",
}
_NEGATIVE_TEXTS = {
    NegativeReason.ESID_03: "the next station ended with ESID 03",
    NegativeReason.ESID_04: "the next station ended with ESID 04",
    NegativeReason.ESID_99: "the next station ended with ESID 99",
    NegativeReason.PROCESSING_FAILED: "file processing failed",
    NegativeReason.NOT_DELIVERED: "not delivered to the recipient",
    NegativeReason.NOT_ACKNOWLEDGED: "not acknowledged by the recipient",
    NegativeReason.STOPPED_BY_OPERATOR: "stopped by the operator",
    NegativeReason.SIZE_INCOMPATIBLE: "file size incompatible with the recipient's protocol version",
} | {
    # Where the next station refused the file: the answer's own words.
    reason: AnswerReason[reason.name].text
    for reason in NegativeReason
    if reason.name in AnswerReason.__members__
}

_END_LEVEL_5 = {EndReason.INVALID_CHALLENGE_RESPONSE, EndReason.AUTHENTICATION_INCOMPATIBLE}
_ANSWER_ALL = {1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 99}


def end_reasons(level: int) -> frozenset[int]:
    """Return the codes that ESIDREAS may have at `level`."""
    return frozenset(EndReason) if level >= 5 else frozenset(EndReason) - _END_LEVEL_5


def start_answer_reasons(level: int) -> frozenset[int]:
    """Return the codes that SFNAREAS may have at `level`."""
    if level < 5:
        return frozenset(_ANSWER_ALL | ({14} if level == 4 else set()))
    return frozenset(AnswerReason) - {21, 22, 23}


def end_answer_reasons(level: int) -> frozenset[int]:
    """Return the codes that EFNAREAS may have at `level`."""
    return frozenset(AnswerReason) if level >= 5 else start_answer_reasons(level)


def negative_reasons(_level: int) -> frozenset[int]:
    """Return the codes that NERPREAS may have; which of them existed at level 4 is not documented, so all do."""
    return frozenset(NegativeReason)


def reason_words(reasons: type[EndReason | AnswerReason | NegativeReason], code: int, text: str = "") -> str:
    """Return a code with its meaning and what the station said besides: `13 duplicate file: sent on Monday`."""
    meaning = reasons(code).text if code in frozenset(reasons) else "a reason this program does not know"
    return f"{code:02d} {meaning}" + (f": {text}" if text else "")
