"""Shapes of the reference data: herbs (饮片), compound products (中成药), general medicines, and the rules between
them.

The files under `data/` are read and proved by `suwen.prescribing.reference`; everything here is frozen and hashable, so
that an evaluation depends on nothing but its arguments. Masses of herbs are grams, of ingredients milligrams.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Basis = Literal["per_day_decoction", "per_dose_powder", "per_day_powder", "formula_batch", "external"]
Method = Literal["", "先煎", "后下", "包煎", "另煎", "烊化", "冲服", "泡服", "煎汤代水", "打碎"]
Toxicity = Literal["", "小毒", "有毒", "大毒"]
Pregnancy = Literal["", "caution", "avoid", "forbidden"]  # 慎用, 忌用, 禁用
Controlled = Literal["", "II", "III", "IV", "V"]
# What a caution may be about: the first row follows from the person's age and answers, the others were recorded.
CONDITIONS = (
    "child", "young_child", "elderly", "lactation", "menstruation",
    "hypertension", "heart_failure", "heart_disease", "tachycardia", "renal", "hepatic", "glaucoma", "prostate",
    "asthma", "peptic_ulcer", "bleeding", "diabetes", "epilepsy", "g6pd", "athlete", "gout", "thyroid",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a value comes from. `evidence`: L, O, E, S, M or Q as the requirements grade it; `reviewed_by` "" means
    that no pharmacist has confirmed it yet, and production refuses the row unless the operator accepts the banner."""

    source: str
    edition: str = ""
    evidence: str = "M"
    reviewed_by: str = ""
    version: str = "1"


@dataclass(frozen=True, slots=True)
class Dose:
    """A range on one basis, in grams; ranges of different bases are never merged."""

    basis: Basis
    low: Decimal | None
    high: Decimal | None
    provenance: Provenance
    note: str = ""


@dataclass(frozen=True, slots=True)
class Caution:
    """A warning for people with a condition (`child`, `hypertension`, `renal`, `hepatic`, `glaucoma`, `lactation`
    ...)."""

    condition: str
    severity: str  # the name of a Severity
    zh: str
    en: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Piece:
    """A canonical piece: species x processing. `family` groups the pieces of one species (半夏, 法半夏, 姜半夏 ...);
    `processed_of` is the code of the raw piece this one is made from."""

    code: str  # stable, ASCII: "fabanxia"
    name: str  # as the pharmacopoeia prints it
    pinyin: str  # without tones, words apart: "fa ban xia"
    family: str
    provenance: Provenance
    traditional: str = ""
    english: str = ""
    aliases: tuple[str, ...] = ()
    processed_of: str = ""
    raw: bool = False  # rawness forbids oral and online use where the toxicity says so
    toxicity: Toxicity = ""
    toxic_order: bool = False  # one of the 28 kinds of the State Council's order on toxic medicines
    narcotic: bool = False
    banned: str = ""  # why it may not be prescribed at all: delisted, aristolochic acid, protected species
    pregnancy: Pregnancy = ""
    doses: tuple[Dose, ...] = ()
    method: Method = ""  # the decoction method it must have
    method_note: str = ""
    no_decoction: bool = False  # only in pills or powder
    external_only: bool = False
    cautions: tuple[Caution, ...] = ()
    dispensing: str = ""  # a note for whoever dispenses: 捣碎
    common: bool = False  # comes first where names are offered


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """Two groups of pieces that do not go together, whatever the order: 十八反 (F18-n) and 十九畏 (W19-n)."""

    id: str
    left: frozenset[str]  # piece codes, listed one by one in the file
    right: frozenset[str]
    severity: str
    zh: str
    en: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A general-medicine substance. Limits are milligrams a day."""

    code: str
    name: str  # English INN
    zh: str
    provenance: Provenance
    aliases: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()  # therapeutic classes of our own, for duplicates
    adult_limit: Decimal | None = None
    child_limit_per_kg: Decimal | None = None  # makes it weight-based for children: no weight, no signature
    narrow: bool = False  # a little too much is already harmful: where no limit is known, somebody has to look
    narcotic: bool = False
    psychotropic: bool = False  # like a narcotic it is never sold online
    schedule: Controlled = ""  # of the Controlled Substances Act, for jurisdictions that go by it
    pregnancy: Pregnancy = ""
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """A medicine as it is prescribed: a general medicine, or a compound product with herbs (and sometimes
    ingredients) in it."""

    code: str
    name: str
    kind: Literal["compound", "general"]
    provenance: Provenance
    zh: str = ""
    pinyin: str = ""
    aliases: tuple[str, ...] = ()
    form: str = ""  # tablet, capsule, pill, granules ...
    specification: str = ""  # 0.25 g x 24
    unit: str = ""  # what a dose counts: 片, 粒, 丸, 袋, ml
    pieces: tuple[str, ...] = ()
    ingredients: tuple[tuple[str, Decimal], ...] = ()  # code, milligrams per unit
    pregnancy: Pregnancy = ""


@dataclass(frozen=True, slots=True)
class AllergyClass:
    """What a person may be allergic to: members (pieces or ingredients), and classes that cross-react (a warning)."""

    code: str
    zh: str
    en: str
    provenance: Provenance
    aliases: tuple[str, ...] = ()
    members: frozenset[str] = frozenset()
    crosses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Interaction:
    """A sourced pair. A side is the code of a piece, an ingredient or a product, "class:<therapeutic class>",
    "family:<family of pieces>", or "all:<code>+<code>": these pieces together in one formula (小柴胡汤)."""

    id: str
    left: str
    right: str
    severity: str
    zh: str
    en: str
    provenance: Provenance


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Everything an evaluation looks up. `version` names the rule set and is stored with each evaluation. Two are
    equal only when they are the same object, so that what is worked out from one can be kept for it."""

    version: str
    reviewed: bool  # false while any row waits for its pharmacist
    pieces: Mapping[str, Piece]
    products: Mapping[str, Product]
    ingredients: Mapping[str, Ingredient]
    incompatibilities: tuple[Incompatibility, ...]
    allergies: Mapping[str, AllergyClass]
    interactions: tuple[Interaction, ...]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # normalised name or alias -> codes
    defaults: Mapping[str, str] = field(default_factory=dict)  # a name without processing -> the default piece
    characters: Mapping[str, str] = field(default_factory=dict)  # traditional character -> simplified
    sounds: Mapping[str, str] = field(default_factory=dict)  # pinyin of characters that only aliases have
