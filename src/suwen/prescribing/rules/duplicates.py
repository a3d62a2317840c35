"""The same twice on the same days: pieces, ingredients, therapeutic classes; here and in other prescriptions."""

from collections.abc import Iterator, Sequence

from suwen.prescribing.rules.case import Carrier, Case, Line
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Ingredient, Piece
from suwen.prescribing.rules.saying import Rule, among, found, listed

INGREDIENT = Rule("duplicate_ingredient", "WARN", "One ingredient from two lines on the same days", "B-R3")
CLASS = Rule("duplicate_class", "WARN", "Two ingredients of one therapeutic class on the same days", "B-R3")
PRODUCT = Rule("duplicate_product", "WARN", "One product on two lines on the same days", "B-R3")
PIECE = Rule("duplicate_piece", "WARN", "One piece on two lines of a formula", "B-R3")
PIECE_BESIDE = Rule(
    "duplicate_piece_beside", "INFO, WARN for toxic pieces",
    "A piece that another active prescription, or a product, brings too", "B-R3",
)  # fmt: skip
FAMILY = Rule("duplicate_family", "INFO", "Two pieces of one species in a formula", "B-R3")
RULES = (INGREDIENT, CLASS, PRODUCT, PIECE, PIECE_BESIDE, FAMILY)

# our own therapeutic classes, as people call them
CLASSES: dict[str, tuple[str, str]] = {
    "ace_inhibitor": ("血管紧张素转换酶抑制剂", "ACE inhibitors"),
    "alpha_glucosidase_inhibitor": ("α-糖苷酶抑制剂", "alpha-glucosidase inhibitors"),
    "antacid": ("抗酸药", "antacids"),
    "anticoagulant": ("抗凝药", "anticoagulants"),
    "antihistamine": ("抗组胺药", "antihistamines"),
    "antithyroid": ("抗甲状腺药", "antithyroid medicines"),
    "antitussive": ("镇咳药", "antitussives"),
    "arb": ("血管紧张素受体拮抗剂", "angiotensin receptor blockers"),
    "azole_antifungal": ("唑类抗真菌药", "azole antifungals"),
    "benzodiazepine": ("苯二氮䓬类", "benzodiazepines"),
    "beta_blocker": ("β 受体阻滞剂", "beta blockers"),
    "biguanide": ("双胍类", "biguanides"),
    "calcium": ("钙剂", "calcium"),
    "calcium_channel_blocker": ("钙通道阻滞剂", "calcium channel blockers"),
    "cardiac_glycoside": ("强心苷", "cardiac glycosides"),
    "cephalosporin": ("头孢菌素类", "cephalosporins"),
    "cns_stimulant": ("中枢兴奋药", "CNS stimulants"),
    "corticosteroid": ("糖皮质激素", "corticosteroids"),
    "dpp4_inhibitor": ("DPP-4 抑制剂", "DPP-4 inhibitors"),
    "fibrate": ("贝特类", "fibrates"),
    "fluoroquinolone": ("喹诺酮类", "fluoroquinolones"),
    "h2_blocker": ("H2 受体拮抗剂", "H2 blockers"),
    "inhaled_corticosteroid": ("吸入激素", "inhaled corticosteroids"),
    "insulin_basal": ("基础胰岛素", "basal insulins"),
    "insulin_premixed": ("预混胰岛素", "premixed insulins"),
    "insulin_rapid": ("速效胰岛素", "rapid-acting insulins"),
    "interferon": ("干扰素", "interferons"),
    "iodinated_contrast": ("碘造影剂", "iodinated contrast media"),
    "iron": ("铁剂", "iron"),
    "leukotriene_antagonist": ("白三烯受体拮抗剂", "leukotriene antagonists"),
    "loop_diuretic": ("袢利尿药", "loop diuretics"),
    "macrolide": ("大环内酯类", "macrolides"),
    "maoi": ("单胺氧化酶抑制剂", "MAO inhibitors"),
    "mucolytic": ("祛痰药", "mucolytics"),
    "nitrate": ("硝酸酯类", "nitrates"),
    "nitroimidazole": ("硝基咪唑类", "nitroimidazoles"),
    "nsaid": ("非甾体抗炎药", "NSAIDs"),
    "opioid": ("阿片类", "opioids"),
    "p2y12_inhibitor": ("P2Y12 受体拮抗剂", "P2Y12 inhibitors"),
    "pde5_inhibitor": ("PDE5 抑制剂", "PDE5 inhibitors"),
    "penicillin": ("青霉素类", "penicillins"),
    "potassium": ("钾剂", "potassium"),
    "potassium_sparing_diuretic": ("保钾利尿药", "potassium-sparing diuretics"),
    "ppi": ("质子泵抑制剂", "proton pump inhibitors"),
    "prokinetic": ("促胃动力药", "prokinetics"),
    "sglt2_inhibitor": ("SGLT2 抑制剂", "SGLT2 inhibitors"),
    "short_acting_beta_agonist": ("短效 β2 受体激动剂", "short-acting beta agonists"),
    "snri": ("SNRI 类抗抑郁药", "SNRIs"),
    "ssri": ("SSRI 类抗抑郁药", "SSRIs"),
    "statin": ("他汀类", "statins"),
    "sulfonamide_antibiotic": ("磺胺类抗菌药", "sulfonamide antibiotics"),
    "sulfonylurea": ("磺酰脲类", "sulfonylureas"),
    "sympathomimetic": ("拟交感药", "sympathomimetics"),
    "tetracycline": ("四环素类", "tetracyclines"),
    "thiazide": ("噻嗪类利尿药", "thiazides"),
    "thyroid_hormone": ("甲状腺激素", "thyroid hormones"),
    "topical_corticosteroid": ("外用糖皮质激素", "topical corticosteroids"),
    "vitamin_d": ("维生素 D", "vitamin D"),
    "xanthine": ("黄嘌呤类", "xanthines"),
    "xanthine_oxidase_inhibitor": ("黄嘌呤氧化酶抑制剂", "xanthine oxidase inhibitors"),
    "z_hypnotic": ("Z 类安眠药", "Z-hypnotics"),
}


def findings(case: Case) -> Iterator[Finding]:
    for key, carriers in case.carriers.items():
        if len(carriers) < 2 or not any(carrier.line.own for carrier in carriers):
            continue
        kind, _, name = key.partition(":")
        if kind == "class" and name:
            yield from _class(name, carriers)
        elif kind == "family" and name:
            yield from _family(name, carriers)
        elif carriers[0].substance is None:
            yield from _product(carriers)
        elif isinstance(carriers[0].substance, Ingredient):
            yield from _ingredient(carriers[0].substance, carriers)
        else:
            yield from _piece(carriers[0].substance, carriers)


def _meeting(carriers: Sequence[Carrier]) -> list[Line]:
    """Lines that are taken on a day with another of them, an own one among the two."""
    lines = list(dict.fromkeys(carrier.line for carrier in carriers))
    return [
        line for line in lines if any(two is not line and (line.own or two.own) and line.meets(two) for two in lines)
    ]


def _ingredient(one: Ingredient, carriers: list[Carrier]) -> Iterator[Finding]:
    lines = _meeting(carriers)
    # the same product twice is said by its own rule, unless others bring the ingredient too
    if len({line.code for line in lines}) < 2:
        return
    zh_names, en_names = listed(lines)
    zh = f"重复用药：{zh_names} 都含{one.zh}。请删去其一或确认。"
    en = f"{en_names} all contain {one.name}. Take one out, or confirm."
    yield found(INGREDIENT, Severity.WARN, lines, zh, en, subject={one.code}, among=among(lines))


def _class(name: str, carriers: list[Carrier]) -> Iterator[Finding]:
    lines = _meeting(carriers)
    codes = {carrier.code for carrier in carriers if any(carrier.line is line for line in lines)}
    if len(codes) < 2:
        return
    zh_names, en_names = listed(lines)
    zh_class, en_class = CLASSES.get(name, (name, name))
    zh = f"同类药物重复（{zh_class}）：{zh_names}。请删去其一或确认。"
    en = f"Two of one class ({en_class}): {en_names}. Take one out, or confirm."
    yield found(CLASS, Severity.WARN, lines, zh, en, subject={f"class-{name}"}, among=among(lines))


def _product(carriers: list[Carrier]) -> Iterator[Finding]:
    lines = _meeting(carriers)
    if len(lines) < 2:
        return
    others = ", ".join(dict.fromkeys(line.label for line in lines if not line.own))
    where, where_en = (f"，另见处方 {others}", f", also in prescription {others}") if others else ("", "")
    zh = f"{lines[0].zh} 重复{where}。请合并或确认。"
    en = f"{lines[0].en} is there twice{where_en}. Put the lines together, or confirm."
    yield found(PRODUCT, Severity.WARN, lines, zh, en, among=among(lines))


def _piece(one: object, carriers: list[Carrier]) -> Iterator[Finding]:
    assert isinstance(one, Piece)
    lines = _meeting(carriers)
    written = [line for line in lines if line.own and line.piece]
    if len(written) > 1:
        zh = f"{one.name} 写了 {len(written)} 次。剂量按合计核对，请合并。"
        en = f"{written[0].en} is written {len(written)} times. The sum was checked: put the lines together."
        yield found(PIECE, Severity.WARN, written, zh, en, among=among(written))
    beside = [line for line in lines if not (line.own and line.piece)]
    if beside:
        severity = Severity.WARN if one.toxicity in ("有毒", "大毒") else Severity.INFO
        zh_names, en_names = listed(beside)
        zh = f"{one.name} 同时见于：{zh_names}。" + ("请确认合计剂量。" if severity is Severity.WARN else "")
        en = f"{one.name} is in {en_names} too." + (" Mind the sum." if severity is Severity.WARN else "")
        yield found(PIECE_BESIDE, severity, lines, zh, en, subject={one.code}, among=among(lines))


def _family(name: str, carriers: list[Carrier]) -> Iterator[Finding]:
    lines = [carrier.line for carrier in carriers if carrier.line.own and carrier.line.piece]
    if len({line.code for line in lines}) < 2:
        return
    zh_names, en_names = listed(lines)
    zh = f"{zh_names} 来源于同一药材。"
    en = f"{en_names} are of one species."
    yield found(FAMILY, Severity.INFO, lines, zh, en, subject={f"family-{name}"})
