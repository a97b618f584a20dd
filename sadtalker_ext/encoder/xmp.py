"""The XMP packet of an mp4 or QuickTime file: built as text, kept in a box.

XMP in MP4 lies in a top-level ``uuid`` box (XMP Specification Part 3, "ISO base media"). Appended
behind everything else it moves no byte of the media, so the offsets of a file prepared for
streaming stay right. In QuickTime it lies in ``moov/udta/XMP_`` (the same part, "QuickTime"),
which moves nothing either where ``moov`` is the last box. Boxes are: 32-bit size, four letters,
content; size 1 means that a 64-bit size follows, size 0 that the box reaches to the end of the file
(ISO/IEC 14496-12).
"""

from __future__ import annotations

import html
import re
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sadtalker_ext.errors import EncodingError

XMP_UUID = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes

_PACKET_ID = "W5M0MpCehiHzreSzNTczkc9d"  # fixed by the XMP specification
# what is left out, not what may stay: a set of nearly all signs compiles thirty times as long
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAX_PACKET = 16 << 20


def xmp_packet(*, source_type: str, tool: str, description: str) -> str:
    """Return an XMP packet that names the IPTC digital source type.

    Args:
        source_type: URI of the IPTC NewsCodes vocabulary "digitalsourcetype".
        tool: Program and version that made the file.
        description: Text for people.
    """
    text = html.escape(_NOT_XML.sub("", description), quote=False)
    return (
        f'<?xpacket begin="\ufeff" id="{_PACKET_ID}"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '  <rdf:Description rdf:about=""\n'
        '    xmlns:dc="http://purl.org/dc/elements/1.1/"\n'
        '    xmlns:xmp="http://ns.adobe.com/xap/1.0/"\n'
        '    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"\n'
        f'    xmp:CreatorTool="{_quoted(tool)}"\n'
        f'    Iptc4xmpExt:DigitalSourceType="{_quoted(source_type)}">\n'
        "   <dc:description><rdf:Alt>"
        f'<rdf:li xml:lang="x-default">{text}</rdf:li>'
        "</rdf:Alt></dc:description>\n"
        "  </rdf:Description>\n"
        " </rdf:RDF>\n"
        "</x:xmpmeta>\n"
        '<?xpacket end="w"?>'
    )


def _quoted(text: str) -> str:
    """Return a text as an attribute may hold it."""
    return html.escape(_NOT_XML.sub("", text))


def append_xmp(path: Path, packet: str) -> None:
    """Append the packet to a complete mp4 file."""
    with path.open("ab") as file:
        file.write(_box(b"uuid", XMP_UUID + packet.encode("utf-8")))


def insert_xmp(path: Path, packet: str) -> None:
    """Put the packet into the user data of a complete QuickTime file.

    Raises:
        EncodingError: Its movie box is not the last one.
    """
    with path.open("r+b") as file:
        kind, begin, size = ([*boxes(file)] or [(b"", 0, 0)])[-1]
        if kind != b"moov":
            raise EncodingError(f"{path.name} should end in its movie box, found {kind!r}.")
        parts = [(name, _content(file, *place)) for name, *place in boxes(file, begin, size)]
        users = b"".join(content for name, content in parts if name == b"udta")
        # a list of user data may end in four zero bytes (QuickTime File Format, "User Data Atoms")
        users = users.removesuffix(bytes(4)) + _box(b"XMP_", packet.encode("utf-8"))
        others = b"".join(_box(*part) for part in parts if part[0] != b"udta")
        file.seek(begin - 8)
        file.write(_box(b"moov", others + _box(b"udta", users)))


def read_xmp(path: Path) -> str:
    """Return the XMP packet of an mp4 or QuickTime file, or an empty text."""
    with path.open("rb") as file:
        for kind, begin, size in boxes(file):
            if kind == b"uuid" and 16 <= size <= _MAX_PACKET:
                content = _content(file, begin, size)
                if content.startswith(XMP_UUID):
                    return content[16:].decode("utf-8", errors="replace")
            elif kind == b"moov" and (content := _user_packet(file, begin, size)):
                return content.decode("utf-8", errors="replace")
    return ""


def _user_packet(file: IO[bytes], begin: int, size: int) -> bytes:
    """Return the packet in the user data of a movie box, or nothing."""
    for kind, *place in boxes(file, begin, size):
        if kind == b"udta":
            for name, at, length in boxes(file, *place):
                if name == b"XMP_" and length <= _MAX_PACKET:
                    return _content(file, at, length)
    return b""


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _content(file: IO[bytes], begin: int, size: int) -> bytes:
    file.seek(begin)
    return file.read(size)


def boxes(
    file: IO[bytes], begin: int = 0, length: int | None = None
) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, position and size of the content of every box in a file, or in a box of it.

    Stops at the first header that makes no sense, as after a cut.

    Args:
        file: The file.
        begin: Where the first box begins.
        length: Bytes of all boxes; None for the rest of the file.
    """
    end = file.seek(0, 2) if length is None else begin + length
    position = begin
    while position + 8 <= end:
        file.seek(position)
        size, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:
            wide = file.read(8)
            if len(wide) < 8:
                return
            size, header = struct.unpack(">Q", wide)[0], 16
        elif size == 0:
            size = end - position
        if size < header or position + size > end:
            return
        yield kind, position + header, size - header
        position += size
