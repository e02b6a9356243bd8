"""Commands in words, as far as they can be read; runs of data as one; a view in its buffers."""

from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import HEADER, frame
from seon.oftp2.observer import Side
from seon.session.reading import DataRun, Reading, stream_buffers

SECRET = "GEHEIM42"


def test_a_command_has_its_name_and_words_without_its_password() -> None:
    ssid = encode(c.StartSession(5, "O0013", SECRET, 128, "B", False, False, False, 2), 5)
    name, text = Reading().read(ssid)
    assert name == "SSID"
    assert "O0013, level 5" in text
    assert SECRET not in text


def test_the_level_of_the_ssids_decides_how_later_commands_are_read() -> None:
    reading = Reading()
    reading.read(encode(c.StartSession(2, "O0013", "", 128, "B", False, False, False, 2), 2))
    sfid = c.StartFile("NAME", "260101", "120000", "", "DEST", "ORIG", "U", 0, 1)
    assert reading.read(encode(sfid, 2))[1].startswith("NAME of ")
    assert Reading().read(encode(sfid, 2)) == ("SFID", "128 octets that cannot be read")
    assert Reading(2).read(encode(sfid, 2))[1].startswith("NAME of ")


def test_what_cannot_be_read_tells_its_size_only() -> None:
    reading = Reading()
    assert reading.read(b"") == ("", "stream buffer without an exchange buffer")
    assert reading.read(b"D\x03abc") == ("DATA", "5 octets")
    assert reading.read(b"?abc") == ("?", "unknown command, 4 octets")
    assert reading.read(b"Xabc") == ("SSID", "4 octets that cannot be read")


def test_a_run_of_data_says_how_much_it_was() -> None:
    run = DataRun(Side.INITIATOR, 4)
    run.add(4, 100)
    assert run.words() == "100 octets"
    run.add(5, 1_900)
    run.credits += 1
    assert run.words() == "2 buffers, 2,000 octets, 1 CDT"


def test_a_view_is_cut_into_its_stream_buffers_and_an_empty_one_ends_nothing() -> None:
    octets = frame(b"abc") + b"\x10\x00\x00\x04" + frame(b"d")
    cut = [(at, bytes(stb[HEADER:])) for at, stb in stream_buffers(memoryview(octets))]
    assert cut == [(0, b"abc"), (7, b""), (11, b"d")]
    assert list(stream_buffers(memoryview(b"\x00" * 8)))[-1][0] == 4, "a length of 0 does not stop it"
