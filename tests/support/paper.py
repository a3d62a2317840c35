"""What a document draws: every character of its pages, and whether there is ink for it."""

import io
import re
from collections.abc import Iterator
from typing import Any

from fontTools.ttLib import TTFont
from pypdf import PdfReader
from pypdf.generic import ByteStringObject, ContentStream, TextStringObject

RARE = "䗪𬸚㓁𠮷龘"


class Glyphs:
    """One font of a document: which glyph a code draws, for which character, and whether there is ink in it."""

    def __init__(self, font: Any) -> None:
        encoding, inner = font["/Encoding"], font["/DescendantFonts"][0].get_object()
        self._listed = None
        if encoding != "/Identity-H":  # then some character is in no font, and its code leads to the empty box
            found = re.findall(rb"<([0-9a-f]{4})> (\d+)", encoding.get_data())
            self._listed = {int(code, 16): int(glyph) for code, glyph in found}
        chars = re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>", font["/ToUnicode"].get_data())
        self.chars = {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in chars}
        described = inner["/FontDescriptor"]
        program = described.get("/FontFile2") or described["/FontFile3"]
        self._shapes = TTFont(io.BytesIO(program.get_data()))

    def draws(self, code: int) -> bool:
        glyph = code if self._listed is None else self._listed.get(code, 0)
        if glyph == 0:
            return False
        if self.chars.get(code, "").isspace() or "glyf" not in self._shapes:
            return True
        shape = self._shapes["glyf"][self._shapes.getGlyphName(glyph)]
        return bool(shape.numberOfContours != 0)


def drawn(document: PdfReader) -> Iterator[tuple[str, bool]]:
    """Every character that the pages write, and whether it is drawn."""
    known: dict[str, Glyphs] = {}
    for page in document.pages:
        fonts, font = page["/Resources"]["/Font"], ""
        for operands, operator in ContentStream(page.get_contents(), document).operations:
            if operator == b"Tf":
                font = str(operands[0])
            if operator not in (b"Tj", b"TJ"):
                continue
            glyphs = known.setdefault(font, Glyphs(fonts[font].get_object()))
            for piece in operands[0] if operator == b"TJ" else operands:
                if isinstance(piece, (ByteStringObject, TextStringObject)):
                    raw = piece.original_bytes
                    codes = [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]
                    yield from ((glyphs.chars.get(code, "?"), glyphs.draws(code)) for code in codes)


def missing(document: PdfReader) -> list[str]:
    return [char for char, there in drawn(document) if not there]
