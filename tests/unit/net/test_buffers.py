"""Buffers: the two ways to see one are the same octets."""

from seon.net.buffers import Buffer, ffi


def test_pointer_and_view_show_the_same_octets() -> None:
    buffer = Buffer(16)
    buffer.view[3:6] = b"abc"
    assert bytes(ffi.buffer(buffer.pointer + 3, 3)) == b"abc"
    buffer.pointer[0] = 0x7A
    assert buffer.memory[:6] == b"z\0\0abc"
    assert buffer.size == len(buffer.view) == 16
