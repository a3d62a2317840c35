"""A diagnosis of two parts, the disease (病名) and the pattern (证候), is one text: 不寐（心脾两虚证）."""

import re

PARTS = re.compile(r"(?P<disease>[^（）()]+?)\s*(?:（(?P<pattern>[^（）]+)）|\((?P<latin>[^()]+)\))", re.DOTALL)


def joined(disease: str, pattern: str | None) -> str:
    """'不寐', '心脾两虚证' -> '不寐（心脾两虚证）'; Latin letters get Latin brackets."""
    disease, pattern = disease.strip(), (pattern or "").strip()
    if not disease or not pattern:
        return disease or pattern
    return f"{disease} ({pattern})" if disease.isascii() and pattern.isascii() else f"{disease}（{pattern}）"


def parts(diagnosis: str) -> tuple[str, str]:
    """The other way round; a text of another shape is all disease."""
    found = PARTS.fullmatch(diagnosis.strip())
    return (found["disease"], found["pattern"] or found["latin"]) if found else (diagnosis, "")
