"""What doctors keep at hand: templates made of classics, phrases, and what the clinic asks for its herbs."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.demo.clinic import Clinic
from suwen.prescribing.schemas.shelf import MedicinePriceInput, PhraseInput, TemplateInput
from suwen.prescribing.service import inserting, phrases, prices, templates

# of a classic: its code, the name a doctor gives it, the diagnosis, the advice
TEMPLATES = (
    ("guipi", "归脾汤（失眠）", "不寐（心脾两虚证）", "睡前一小时不看手机，午后不饮浓茶。"),
    ("liujunzi", "六君子汤（慢性胃炎）", "胃痞（脾胃气虚证）", "少量多餐，忌生冷油腻。"),
    ("xiaoyao", "逍遥散加减", "郁证（肝郁脾虚证）", "保持心情舒畅，规律作息。"),
    ("yinqiao", "银翘散（风热感冒）", "感冒（风热犯表证）", "多饮温水，避风寒，发热超过三日请复诊。"),
)
PHRASES = (
    ("advice", "避风寒，慎起居，忌生冷、辛辣、油腻。"),
    ("advice", "服药期间如有不适，请立即停药并联系我们。"),
    ("advice", "Take it warm, half an hour after a meal; stop and call us if anything feels wrong."),
    ("diagnosis", "不寐"),
    ("diagnosis", "胃痞"),
    ("diagnosis", "感冒"),
    ("symptom", "神疲乏力，食少便溏，舌淡苔白，脉细弱。"),
)
# minor units for 10 g
PRICES = {
    "renshen": 2800, "baizhu": 190, "fuling": 110, "gancao": 120, "zhigancao": 150, "chenpi": 95, "fabanxia": 310,
    "huangqi": 160, "danggui": 210, "suanzaoren": 1350, "yuanzhi": 420, "chaihu": 260, "baishao": 140, "bohe": 60,
    "jinyinhua": 380, "lianqiao": 290, "guizhi": 55, "dazao": 45, "shengjiang": 40,
}  # fmt: skip


def keep(tx: Session, clinic: Clinic, now: datetime) -> None:
    """For the first doctors; whoever comes later begins with an empty drawer."""
    for code, amount in PRICES.items():
        prices.set_price(tx, clinic.admin, code, MedicinePriceInput(amount=amount), now)
    for number, doctor in enumerate(clinic.doctors[:3]):
        for code, name, diagnosis, advice in TEMPLATES[: 4 - number]:
            classic = inserting.template_from(code)
            entry = TemplateInput(
                name=name, diagnosis=diagnosis, medicines=classic.medicines, kind="herbal", formula=code,
                description=classic.description, regimen=classic.regimen, instructions=advice,
            )  # fmt: skip
            made = templates.add_template(tx, doctor, entry, now)
            for _ in range(5 - number):
                templates.use_template(tx, doctor, made.id)
        for category, words in PHRASES:
            phrases.add_phrase(tx, doctor, PhraseInput(category=category, content=words), now)  # type: ignore[arg-type]
