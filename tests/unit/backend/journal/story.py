"""Sessions with files and receipts, as the programs report them, for the tests of what the journal makes of them."""

from typing import Any

from seon.events import Event

BEGAN = 1_699_999_200.0
"""2023-11-14 22:00 UTC: what a host says of the future is not believed."""
FILE = {"name": "ORDERS", "date": "20261126", "time": "2203000001"}
CODES = {"originator": "O0013PARTNER", "destination": "O0013OURS"}
BACK = {"originator": CODES["destination"], "destination": CODES["originator"]}
START = {"partner": "acme", "direction": "incoming", "source": "192.0.2.44:40718", "target": "198.51.100.7:6619",
         "tls": "TLSv1.3"}  # fmt: skip
END = {"partner": "acme", "ended_by": "partner", "reason": "ESID 00 normal session termination", "seconds": 9,
       "octets_in": 9_000, "octets_out": 200, "files": 1}  # fmt: skip
AGREED = {"initiator": "O0013PARTNER", "responder": "O0013OURS", "level": 5, "buffer": 4_096, "credit": 64,
          "compression": True, "restart": False, "authentication": True}  # fmt: skip


class Told:
    """What the process of one session reports on one host, with its numbers and times."""

    def __init__(self, session: str, hop: Any = "inside", began: float = BEGAN) -> None:
        self.session, self.hop, self.now = session, hop, began
        self.events: list[Event] = []

    def add(self, code: str, /, **fields: Any) -> "Told":
        self.now += 1
        number = len(self.events) + 1
        self.events.append(
            Event(id=f"{self.session}p-{self.hop}-{number}", code=code, time=self.now, hop=self.hop,
                  session=self.session, fields=fields)
        )  # fmt: skip
        return self

    def start(self, **fields: Any) -> "Told":
        return self.add("SES-START", **(START | fields))

    def end(self, **fields: Any) -> "Told":
        return self.add("SES-END", **(END | fields))

    def offer(self, **fields: Any) -> "Told":
        usual = {"direction": "incoming", "format": "U", "record_length": 0, "size_k": 8, "restart": 0,
                 "security": "none", "cipher": 0, "compression": False, "signed_receipt": True}  # fmt: skip
        return self.add("FIL-START", **(FILE | CODES | usual | fields))

    def done(self, result: str = "accepted", **fields: Any) -> "Told":
        return self.add("FIL-END", **(FILE | {"direction": "incoming", "octets": 8_192, "result": result} | fields))

    def receipt(self, kind: str = "EERP", **fields: Any) -> "Told":
        usual = {"direction": "outgoing", "kind": kind, "result": "delivered", "signed": True, "creator": ""}
        return self.add("FIL-RECEIPT", **(FILE | BACK | usual | fields))
