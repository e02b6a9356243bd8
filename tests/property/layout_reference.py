"""The layouts of all commands typed a second time, straight from section 2 of the protocol reference.

A row: offset, width, format, our attribute (or -), the RFC's name without its command; then options. Widths of counted
fields are `*`. Formats: X alphanumeric; 9 digits; date, time; YN; one:ABC a choice; code:N,N a number of a list; res
reserved; cr terminator; len decimal and len2 binary length of the field behind; utf8; bin octets; const.
"""

from dataclasses import dataclass

LEVELS = (1, 2, 4, 5)


@dataclass(frozen=True)
class Row:
    """One field. `tail`: this field and all behind it may be missing, which is warned of."""

    offset: int
    width: int | None
    format: str
    attribute: str
    name: str
    options: dict[str, str]

    @property
    def tail(self) -> bool:
        """Whether it may be missing with all behind it."""
        return "tail" in self.options


def _answer_reasons(level: int, only_end: str) -> str:
    known = "1,2,3,4,5,6,10,11,12,13,99"
    if level >= 4:
        known += ",14"
    if level >= 5:
        known += ",15,16,17,18,19,20" + only_end
    return f"code:{known}"


def _end_reasons(level: int) -> str:
    return "code:0,1,2,3,4,5,6,7,8,9,10,99" + (",11,12" if level >= 5 else "")


_NERP_REASONS = "code:3,4,9,11,12,13,14,15,16,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,50,90,99"  # 3.3

_STAMP = {  # of SFID and EERP; NERP has 6 reserved octets at level 4 and 5
    2: "1 26 X name DSN blank=FLD-EMPTY | 27 9 res - RSV1 | 36 6 date date DATE | 42 6 time time TIME",
    4: "1 26 X name DSN blank=FLD-EMPTY | 27 3 res - RSV1 | 30 8 date date DATE | 38 10 time time TIME",
}
_USER_AND_ROUTE = (
    "48 8 X user USER | 56 25 X destination DEST blank=FLD-EMPTY | 81 25 X originator ORIG blank=FLD-EMPTY"
)


def _ssid(level: int) -> str:
    return (
        "1 1 code:1,2,4,5 level LEV soft=6,7,8,9 softrule=FLD-ENUM/level unknown=FLD-ENUM"
        " | 2 25 X code CODE blank=FLD-EMPTY/session | 27 8 X password PSWD blank=FLD-EMPTY/session secret"
        " | 35 5 9 buffer_size SDEB least=128 | 40 1 one:S,R,B direction SR | 41 1 YN compression CMPR"
        " | 42 1 YN restart REST | 43 1 YN special_logic SPEC | 44 3 9 credit CRED least=1"
        + (" | 47 1 YN authentication AUTH | 48 4 res - RSV1" if level >= 5 else " | 47 5 res - RSV1")
        + " | 52 8 X user USER | 60 1 cr - CR"
    )


def _sfid(level: int) -> str:
    record = "106 1 one:F,V,U,T format FMT | 107 5 9 record_length LRECL"
    first = f"{_STAMP[4 if level >= 4 else 2]} | {_USER_AND_ROUTE} | {record}"
    if level < 5:
        return f"{first} | 112 7 9 size_k FSIZ | 119 9 9 restart REST"
    return (
        f"{first} | 112 13 9 size_k FSIZ | 125 13 9 original_size_k OSIZ | 138 17 9 restart REST"
        " | 155 2 code:0,1,2,3 security SEC unknown=FLD-ENUM"
        " | 157 2 code:0,1,2,3,4,5,6,7 cipher CIPH unknown=FLD-CIPH"
        " | 159 1 code:0,1 compression COMP unknown=FLD-ENUM | 160 1 code:0,1 envelope ENV unknown=FLD-ENUM"
        " | 161 1 YN signed_receipt SIGN | 162 3 len - DESCL tail | 165 * utf8 description DESC"
    )


def _nerp(level: int) -> str:
    if level < 4:
        return "none"
    first = (
        "1 26 X name DSN blank=FLD-EMPTY | 27 6 res - RSV1 | 33 8 date date DATE | 41 10 time time TIME"
        " | 51 25 X destination DEST blank=FLD-EMPTY | 76 25 X originator ORIG blank=FLD-EMPTY"
        f" | 101 25 X creator CREA blank=FLD-EMPTY | 126 2 {_NERP_REASONS} reason REAS"
    )
    if level < 5:
        return first
    return (
        f"{first} | 128 3 len - REASL | 131 * utf8 text REAST"
        " | 131 2 len2 - HSHL tail | 133 * bin hash HSH | 133 2 len2 - SIGL | 135 * bin signature SIG"
    )


def rows_of(command: str, level: int) -> list[Row] | None:
    """Return the fields of a command at a level; None where it does not exist. Counted fields are empty."""
    five = level >= 5
    stamp = _STAMP[4 if level >= 4 else 2]
    text = {
        "SSRM": "1 17 const:ODETTE_FTP_READY_ - MSG | 18 1 cr - CR",
        "SSID": _ssid(level),
        "SECD": "" if five else "none",
        "AUCH": "1 2 len2 - CHLL least=1 | 3 * bin challenge CHAL secret" if five else "none",
        "AURP": "1 20 bin response RSP secret" if five else "none",
        "SFID": _sfid(level),
        "SFPA": f"1 {17 if five else 9} 9 restart ACNT",
        "SFNA": f"1 2 {_answer_reasons(level, '')} reason REAS | 3 1 YN retry RRTR"
        + (" | 4 3 len - REASL tail | 7 * utf8 text REAST" if five else ""),
        "CDT": "1 2 res - RSV1 tail",
        "EFID": "1 17 9 records RCNT | 18 17 9 octets UCNT" if five else "1 9 9 records RCNT | 10 12 9 octets UCNT",
        "EFPA": "1 1 YN change_direction CD",
        "EFNA": f"1 2 {_answer_reasons(level, ',21,22,23')} reason REAS"
        + (" | 3 3 len - REASL tail | 6 * utf8 text REAST" if five else ""),
        "ESID": f"1 2 {_end_reasons(level)} reason REAS"
        + (" | 3 3 len - REASL tail | 6 * utf8 text REAST | 6 1 cr - CR" if five else " | 3 1 cr - CR"),
        "CD": "",
        "EERP": f"{stamp} | {_USER_AND_ROUTE}"
        + (
            " | 106 2 len2 - HSHL tail | 108 * bin hash HSH | 108 2 len2 - SIGL | 110 * bin signature SIG"
            if five
            else ""
        ),
        "NERP": _nerp(level),
        "RTR": "",
    }[command]
    return None if text == "none" else [_row(command, part) for part in text.split(" | ") if part]


def _row(command: str, text: str) -> Row:
    offset, width, form, attribute, name, *options = text.split()
    pairs = dict(option.partition("=")[::2] for option in options)
    own = "" if attribute == "-" else attribute
    return Row(int(offset), None if width == "*" else int(width), form, own, command + name, pairs)


OCTETS = {
    "SSRM": "I", "SSID": "X", "SECD": "J", "AUCH": "A", "AURP": "S", "SFID": "H", "SFPA": "2", "SFNA": "3", "CDT": "C",
    "EFID": "T", "EFPA": "4", "EFNA": "5", "ESID": "F", "CD": "R", "EERP": "E", "NERP": "N", "RTR": "P",
}  # fmt: skip
"""The command octets; D is DATA."""
