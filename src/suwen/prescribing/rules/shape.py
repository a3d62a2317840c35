"""What is on one prescription: known names, one kind, five products at most, amounts that are written."""

from collections.abc import Iterator

from suwen.prescribing.rules.case import Case, Line
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.saying import Rule, found, listed

UNKNOWN = Rule("unknown", "FORBID", "A name that the reference does not have: nothing about it can be checked", "A-R3")
OTHER_UNKNOWN = Rule(
    "other_unknown", "INFO", "A name in another active prescription that the reference does not have", "A-R3"
)
MIXED = Rule("mixed", "FORBID", "Pieces and products on one prescription", "A-R11; 处方管理办法")
MOST = Rule("too_many", "FORBID", "More products than one prescription may have", "A-R11; 处方管理办法")
AMOUNT = Rule("amount_missing", "FORBID", "A piece without grams (but not for external use)", "A-R6")
RULES = (UNKNOWN, OTHER_UNKNOWN, MIXED, MOST, AMOUNT)


def findings(case: Case) -> Iterator[Finding]:
    yield from _unknown(case)
    yield from _mixed(case)
    yield from _amounts(case)


def _unknown(case: Case) -> Iterator[Finding]:
    for line in (*case.own, *case.others):
        if line.piece or line.product:
            continue
        if line.own:
            zh = f"“{line.zh}”不在药品目录中，无法核对。请从目录中选择。"
            en = f'"{line.en}" is not in the reference and nothing about it was checked. Choose a name that is.'
            yield found(UNKNOWN, Severity.FORBID, [line], zh, en)
        else:
            zh = f"处方 {line.label} 中的“{line.zh}”不在药品目录中，与它的相互作用未核对。"
            en = f'"{line.en}" of prescription {line.label} is not in the reference: nothing was checked against it.'
            yield found(OTHER_UNKNOWN, Severity.INFO, [line], zh, en)


def _mixed(case: Case) -> Iterator[Finding]:
    products = [line for line, _ in case.products()]
    wrong: list[Line] = products if case.rx.kind == "herbal" else [line for line, _ in case.pieces()]
    if wrong:
        zh_names, en_names = listed(wrong)
        zh = f"饮片须单独开具处方，不能与中成药、西药同方：请另开处方（{zh_names}）。"
        en = f"Pieces have a prescription of their own, apart from products: write another one for {en_names}."
        yield found(MIXED, Severity.FORBID, wrong, zh, en, subject=("mixed",))
    most = case.policy.most_products
    if case.rx.kind != "herbal" and len(case.own) > most:
        zh = f"每张处方不得超过 {most} 种药品，现有 {len(case.own)} 种。请分开开具。"
        en = f"A prescription has at most {most} products, this one has {len(case.own)}. Write a second one."
        yield found(MOST, Severity.FORBID, case.own[most:], zh, en, subject=("too_many",))


def _amounts(case: Case) -> Iterator[Finding]:
    if not case.oral:
        return
    for line, _ in case.pieces():
        if line.item.amount is None or line.item.amount <= 0:
            zh = f"{line.zh} 没有写剂量。请写明每剂克数。"
            en = f"{line.en} has no amount. Write the grams in one dose."
            yield found(AMOUNT, Severity.FORBID, [line], zh, en)
