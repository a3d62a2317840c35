"""A prescription as it is written on paper."""

from suwen.core.schemas import View


class Fact(View):
    label: str
    value: str


class WrittenView(View):
    """`note` stands at the upper right: 附子10g(先煎)."""

    name: str
    amount: str
    note: str
    gloss: str
    lines: list[str]


class StepView(View):
    """`minutes`: from, to; empty where it takes no time of its own. `beside`: while something else goes on."""

    kind: str
    title: str
    text: str
    herbs: list[str]
    minutes: list[int]
    beside: bool


class SheetView(View):
    """`reviewed`: whether a pharmacist has confirmed the rules it was checked by. `minutes`: of the whole cooking."""

    title: str
    institution: str
    header: list[Fact]
    items: list[WrittenView]
    usage: str
    remarks: list[str]
    advice: str
    refills: str
    blank: str
    footer: list[Fact]
    text: str
    cooking: list[StepView]
    minutes: list[int]
    warnings: list[str]
    reviewed: bool
