"""The person who takes it: pregnancy, age, conditions, lactation."""

from collections.abc import Iterator

from suwen.prescribing.rules.case import Carrier, Case, Line
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Pregnancy
from suwen.prescribing.rules.saying import Rule, act, cited, found, listed

FORBIDDEN = Rule(
    "pregnancy_forbidden", "FORBID online, BLOCK_OVERRIDE offline",
    "禁用, and pregnant, possibly pregnant or trying", "A-R9; A-6",
)  # fmt: skip
AVOID = Rule("pregnancy_avoid", "BLOCK_OVERRIDE", "忌用, and pregnant, possibly pregnant or trying", "A-R9; A-6")
CAUTION = Rule(
    "pregnancy_caution", "WARN with a reason when pregnant, INFO when possibly pregnant or trying",
    "慎用", "A-R9; A-6",
)  # fmt: skip
UNKNOWN = Rule(
    "pregnancy_unknown", "WARN, asks for the pregnancy",
    "禁用, 忌用 or 慎用 for somebody who may be pregnant and was not asked", "A-R9; A-6",
)  # fmt: skip
CONDITION = Rule("caution", "as the row says", "A caution of a piece or an ingredient for this person", "A-6; B-R7")
OPEN = Rule("caution_open", "INFO", "A caution whose condition is not known of this person", "A-6; B-R7")
YOUNG = Rule("person_young_child", "WARN", "Below twelve years (policy)", "B-R7")
CHILD = Rule("person_child", "WARN", "Below eighteen years (policy)", "B-R7")
OLD = Rule("person_elderly", "WARN", "From sixty-five years (policy)", "B-R7")
RENAL = Rule("person_renal", "WARN", "Renal insufficiency", "B-R7")
HEPATIC = Rule("person_hepatic", "WARN", "Hepatic insufficiency", "B-R7")
AGE = Rule("age_unknown", "WARN", "The age is not known: nothing was checked against it", "B-R7")
RULES = (FORBIDDEN, AVOID, CAUTION, UNKNOWN, CONDITION, OPEN, YOUNG, CHILD, OLD, RENAL, HEPATIC, AGE)

# what a doctor may say of a person; the data uses these words
CONDITIONS: dict[str, tuple[str, str]] = {
    "hypertension": ("高血压", "hypertension"),
    "heart_failure": ("心力衰竭", "heart failure"),
    "heart_disease": ("心脏病", "heart disease"),
    "tachycardia": ("心动过速", "tachycardia"),
    "renal": ("肾功能不全", "renal insufficiency"),
    "hepatic": ("肝功能不全", "hepatic insufficiency"),
    "glaucoma": ("青光眼", "glaucoma"),
    "prostate": ("前列腺肥大", "enlarged prostate"),
    "asthma": ("哮喘", "asthma"),
    "peptic_ulcer": ("消化性溃疡", "peptic ulcer"),
    "bleeding": ("出血倾向", "bleeding tendency"),
    "diabetes": ("糖尿病", "diabetes"),
    "epilepsy": ("癫痫", "epilepsy"),
    "g6pd": ("G6PD 缺乏症", "G6PD deficiency"),
    "athlete": ("运动员", "athlete"),
    "gout": ("痛风", "gout"),
    "thyroid": ("甲状腺疾病", "thyroid disease"),
}
# what follows from other facts of the person
DERIVED: dict[str, tuple[str, str]] = {
    "child": ("未成年人", "children"),
    "young_child": ("儿童", "young children"),
    "elderly": ("老年人", "the elderly"),
    "lactation": ("哺乳期", "lactation"),
    "menstruation": ("月经期", "menstruation"),
}
GRADES: dict[Pregnancy, tuple[str, str]] = {
    "caution": ("慎用", "to be used with caution"),
    "avoid": ("忌用", "to be avoided"),
    "forbidden": ("禁用", "forbidden"),
}  # fmt: skip
STATES = {
    "pregnant": ("已妊娠", "the person is pregnant"),
    "possible": ("可能妊娠", "the person may be pregnant"),
    "trying": ("备孕", "the person is trying to become pregnant"),
}


def findings(case: Case) -> Iterator[Finding]:
    yield from _pregnancy(case)
    yield from _cautions(case)
    yield from _flags(case)


def may_be_pregnant(case: Case) -> bool:
    """Nobody asked, and neither sex nor age rules it out."""
    person, years = case.person, case.years
    if person.pregnancy != "unknown" or person.sex == "male":
        return False
    return years is None or case.policy.fertile_from <= years <= case.policy.fertile_until


def graded(case: Case) -> Iterator[tuple[Carrier, Pregnancy, str]]:
    """What a line brings and how it is graded. A product's own label stands above what it is made of."""
    for line in case.own:
        if line.product and line.product.pregnancy:
            yield Carrier(line, line.product.code), line.product.pregnancy, cited(line.product.provenance)
    for carrier in case.substances():
        one = carrier.substance
        labelled = carrier.line.product is not None and carrier.line.product.pregnancy
        if one is not None and one.pregnancy and not labelled:
            yield carrier, one.pregnancy, cited(one.provenance)


def _pregnancy(case: Case) -> Iterator[Finding]:
    status = case.person.pregnancy
    if status in STATES:
        for carrier, grade, source in graded(case):
            yield _pregnant(case, carrier, grade, source)
    elif may_be_pregnant(case):
        lines = list(dict.fromkeys(carrier.line for carrier, _, _ in graded(case)))
        if lines:
            zh_names, en_names = listed(lines)
            zh = f"含妊娠禁忌药（{zh_names}），患者妊娠情况未知。请询问并填写。"
            en = (
                f"Not for pregnancy, or with caution: {en_names}. Ask "
                "whether the person is pregnant, and enter the answer."
            )
            yield found(UNKNOWN, Severity.WARN, lines, zh, en, subject=("pregnancy",), asks="pregnancy")


def _pregnant(case: Case, carrier: Carrier, grade: Pregnancy, source: str) -> Finding:
    sure = case.person.pregnancy == "pregnant"
    if grade == "forbidden":
        rule, severity = FORBIDDEN, Severity.FORBID if case.rx.channel == "online" else Severity.BLOCK_OVERRIDE
    elif grade == "avoid":
        rule, severity = AVOID, Severity.BLOCK_OVERRIDE
    else:
        rule, severity = CAUTION, Severity.WARN if sure else Severity.INFO
    state, state_en = STATES[case.person.pregnancy]
    zh_act, en_act = act(severity)
    if rule is CAUTION and severity is Severity.WARN:
        zh_act, en_act = "如需使用请写明理由。", "If it is meant, give the reason."
    zh = f"{carrier.zh} 妊娠{GRADES[grade][0]}，患者{state}。{zh_act}"
    en = f"{carrier.en} is {GRADES[grade][1]} in pregnancy, and {state_en}. {en_act}"
    return found(rule, severity, [carrier.line], zh, en.strip(), source=source,
                 subject={carrier.code, carrier.line.code}, pregnancy=case.person.pregnancy)  # fmt: skip


def conditions(case: Case) -> frozenset[str]:
    """Said of the person, and what follows from age and lactation."""
    person, policy, years = case.person, case.policy, case.years
    more = {
        "child": years is not None and years < policy.child_below,
        "young_child": years is not None and years < policy.young_child_below,
        "elderly": years is not None and years >= policy.old_from,
        "lactation": bool(person.lactating),
        "menstruation": bool(person.menstruating),
    }
    return person.conditions | {name for name, true in more.items() if true}


def _open(case: Case) -> frozenset[str]:
    """Conditions that nobody has ruled out."""
    fertile = case.person.sex != "male" and (
        case.years is None or case.policy.fertile_from <= case.years <= case.policy.fertile_until
    )
    unasked = {
        "lactation": fertile and case.person.lactating is None,
        "menstruation": fertile and case.person.menstruating is None,
    }
    return frozenset(name for name, true in unasked.items() if true)


def _cautions(case: Case) -> Iterator[Finding]:
    there, unasked = conditions(case), _open(case)
    asked: dict[str, list[Line]] = {}
    for carrier in case.substances():
        for caution in carrier.substance.cautions if carrier.substance else ():
            if caution.condition in there:
                severity = Severity[caution.severity]
                zh_act, en_act = act(severity)
                zh, en = f"{carrier.zh}：{caution.zh}。{zh_act}", f"{carrier.en}: {caution.en}. {en_act}".strip()
                subject = {carrier.code, carrier.line.code, f"for-{caution.condition}"}
                yield found(CONDITION, severity, [carrier.line], zh, en, subject=subject,
                            source=cited(caution.provenance), condition=caution.condition)  # fmt: skip
            elif caution.condition in unasked:
                asked.setdefault(caution.condition, []).append(carrier.line)
    for condition, lines in asked.items():
        zh_names, en_names = listed(lines)
        zh = f"{zh_names}：{DERIVED[condition][0]}注意，患者情况未知。"
        en = f"{en_names}: a caution in {DERIVED[condition][1]}, which is not known of this person."
        yield found(OPEN, Severity.INFO, lines, zh, en, subject=(f"for-{condition}",))


def _flags(case: Case) -> Iterator[Finding]:
    if not case.own:
        return
    there, years = conditions(case), case.years
    flags = (
        (YOUNG, "young_child", f"患者 {years} 岁，目录中的剂量为成人剂量，请按年龄、体重核定。",
         f"The person is {years} years old and the ranges are for adults: fit each dose to age and weight."),
        (CHILD, "child", f"患者 {years} 岁，未成年，请核对每种药物是否适用及剂量。",
         f"The person is {years} years old, a minor: see that each medicine and its dose are suitable."),
        (OLD, "elderly", f"患者 {years} 岁，高龄，请考虑减量并注意肝肾功能。",
         f"The person is {years} years old: consider lower doses, and how kidneys and liver do."),
        (RENAL, "renal", "患者肾功能不全，请核对每种药物的剂量和适用性。",
         "The person has renal insufficiency: see that each medicine and its dose are suitable."),
        (HEPATIC, "hepatic", "患者肝功能不全，请核对每种药物的剂量和适用性。",
         "The person has hepatic insufficiency: see that each medicine and its dose are suitable."),
    )  # fmt: skip
    for rule, condition, zh, en in flags:
        if condition in there:
            yield found(rule, Severity.WARN, case.own, zh, en, subject=(condition,))
    if years is None:
        zh, en = "患者年龄未知，与年龄有关的规则未核对。请补充出生日期或确认。", (
            "The age is not known, so that nothing was checked against it. Enter the date of birth, or confirm."
        )  # fmt: skip
        yield found(AGE, Severity.WARN, case.own, zh, en, subject=("age",))
