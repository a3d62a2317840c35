"""How a formula is made and taken, in the words of a prescription. Codes that are not known are somebody's own words
and stay as they are."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Words = Mapping[str, tuple[str, str]]  # code -> Chinese, English

FORMS: Words = {
    "decoction": ("水煎", "decoction"), "powder": ("研末", "powder"), "pill": ("制丸", "pills"),
    "granules": ("配方颗粒，开水冲溶", "granules, dissolved in boiling water"), "paste": ("熬膏", "paste"),
    "external": ("外用", "for external use"),
}  # fmt: skip
TIMINGS: Words = {
    "empty_stomach": ("空腹", "on an empty stomach"), "before_meals": ("饭前", "before meals"),
    "after_meals": ("饭后", "after meals"), "with_meals": ("随餐", "with meals"),
    "between_meals": ("两餐之间", "between meals"), "bedtime": ("睡前", "at bedtime"),
    "morning": ("晨起", "in the morning"),
}  # fmt: skip
TEMPERATURES: Words = {"hot": ("热服", "hot"), "warm": ("温服", "warm"), "cool": ("凉服", "cool")}
ROUTES: Words = {
    "oral": ("口服", "by mouth"), "wash": ("外洗", "as a wash"), "soak": ("泡洗", "as a soak"),
    "steam": ("熏洗", "to steam and wash"), "apply": ("外敷", "applied to the skin"), "gargle": ("含漱", "as a gargle"),
    "enema": ("灌肠", "as an enema"),
}  # fmt: skip
METHODS: Words = {
    "先煎": ("先煎", "decoct first"), "后下": ("后下", "add at the end"), "包煎": ("包煎", "in a cloth bag"),
    "另煎": ("另煎", "decoct separately"), "烊化": ("烊化", "melt in"), "冲服": ("冲服", "stir in"),
    "泡服": ("泡服", "infuse"), "煎汤代水": ("煎汤代水", "use its water"), "打碎": ("打碎", "crush"),
}  # fmt: skip
DIGITS = "零一两三四五六七八九十"
PORTIONS: Words = {
    "1": ("一次", "at one time"), "2": ("分早晚两次", "in two portions, morning and evening"),
    "3": ("分早中晚三次", "in three portions, morning, noon and evening"),
}  # fmt: skip


def chinese(locale: str) -> bool:
    return locale.startswith("zh")


def word(table: Words, code: str | None, locale: str) -> str:
    found = table.get(code or "")
    return (code or "") if found is None else found[0 if chinese(locale) else 1]


def plain(number: Any) -> str:
    """'6.0', 6 -> '6'; what is no number stays."""
    try:
        value = Decimal(str(number))
    except InvalidOperation:
        return str(number)
    return f"{value.normalize():f}" if value.is_finite() else str(number)


def portions(times: int, locale: str) -> str:
    """How one day's decoction is divided."""
    if str(times) in PORTIONS:
        return word(PORTIONS, str(times), locale)
    if chinese(locale):
        return f"分{DIGITS[times] if times < len(DIGITS) else times}次"
    return f"in {times} portions"


def pace(per_day: Any, locale: str) -> str:
    """'每日1剂'; half a dose a day is one every two days."""
    value = Decimal(str(per_day or 1))
    every = 1 / value if value else Decimal(1)
    if value < 1 and every == every.to_integral_value():
        return f"每{plain(every)}日1剂" if chinese(locale) else f"1 dose every {plain(every)} days"
    if chinese(locale):
        return f"每日{plain(value)}剂"
    return f"{plain(value)} {'dose' if value == 1 else 'doses'} a day"


def taken(regimen: Mapping[str, Any], locale: str) -> str:
    """'共7剂，每日1剂，水煎400ml，分早晚两次空腹温服，忌生冷', as the form of a prescription asks."""
    return _taken_zh(regimen) if chinese(locale) else _taken_en(regimen)


def _taken_zh(regimen: Mapping[str, Any]) -> str:
    form, ml, avoid = regimen.get("form") or "decoction", regimen.get("ml"), regimen.get("avoid")
    made = word(FORMS, form, "zh") + (f"{ml}ml" if ml else "")
    parts = [f"共{regimen['doses']}剂" if regimen.get("doses") else "", _pace(regimen, "zh"), made, _how_zh(regimen)]
    if avoid:
        parts.append(avoid if avoid.startswith("忌") else f"忌{avoid}")
    return "，".join(part for part in parts if part)


def _how_zh(regimen: Mapping[str, Any]) -> str:
    times, route = regimen.get("times_per_day"), _route(regimen)
    divided = portions(times, "zh") if times else ""
    timing = word(TIMINGS, regimen.get("timing"), "zh")
    if route != "oral":
        return f"{divided}{timing}{word(ROUTES, route, 'zh')}"
    return f"{divided}{timing}{word(TEMPERATURES, regimen.get('temperature'), 'zh') or '服'}"


def _taken_en(regimen: Mapping[str, Any]) -> str:
    form, ml, avoid, doses = (regimen.get(key) for key in ("form", "ml", "avoid", "doses"))
    made = {"decoction": "decocted in water"}.get(form or "decoction", word(FORMS, form, "en"))
    many = f"{doses} {'dose' if doses == 1 else 'doses'} in all" if doses else ""
    parts = [many, _pace(regimen, "en"), made + (f" to {ml} ml" if ml else ""), _how_en(regimen)]
    text = ", ".join(part for part in parts if part)
    return f"{text}. Avoid: {avoid}" if avoid else text


def _how_en(regimen: Mapping[str, Any]) -> str:
    times, route = regimen.get("times_per_day"), _route(regimen)
    heat = word(TEMPERATURES, regimen.get("temperature"), "en")
    begun = "taken" if route == "oral" else f"used {word(ROUTES, route, 'en')}".rstrip()
    parts = [begun, heat if route == "oral" else "", portions(times, "en") if times else ""]
    said = " ".join(part for part in parts if part)
    timing = word(TIMINGS, regimen.get("timing"), "en")
    return f"{said}{', ' if times else ' '}{timing}" if timing else said


def _route(regimen: Mapping[str, Any]) -> str:
    """Not said is by mouth, but not of what is for external use."""
    return regimen.get("route") or ("" if regimen.get("form") == "external" else "oral")


def _pace(regimen: Mapping[str, Any], locale: str) -> str:
    return pace(regimen.get("doses_per_day"), locale) if regimen.get("doses") or regimen.get("doses_per_day") else ""
