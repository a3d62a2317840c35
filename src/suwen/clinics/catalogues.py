from typing import Any

CATALOGUES: list[Any] = []
