"""Who works at the demonstration clinic, and where. Every person is invented."""

from dataclasses import dataclass

PASSWORD = "suwen-demo-2026"


@dataclass(frozen=True)
class Place:
    key: str
    name: str
    city: str
    address: str
    zone: str
    phone: str


@dataclass(frozen=True)
class Ward:
    code: str
    name: str
    description: str
    contact: str


@dataclass(frozen=True)
class Physician:
    """`hours` are (place key or '' for video, recurrence, opens, closes, slot minutes)."""

    account: str
    name: str
    gender: str
    title: str
    ward: str
    specialty: str
    years: int
    good_at: tuple[str, ...]
    introduction: str
    languages: tuple[str, ...]
    hours: tuple[tuple[str, str, str, str, int], ...]
    fee: int | None = None


PLACES = (
    Place("bund", "外滩门诊 The Bund", "上海", "上海市黄浦区中山东一路 18 号", "Asia/Shanghai", "+862163210018"),
    Place("bloomsbury", "Bloomsbury Clinic", "London", "12 Great Russell Street, London WC1B", "Europe/London",
          "+442079460018"),
    Place("canal", "Canal Street Clinic", "New York", "233 Canal Street, New York, NY 10013", "America/New_York",
          "+12125550148"),
)  # fmt: skip

WARDS = (
    Ward("ZY001", "中医内科 Internal medicine", "咳嗽、失眠、脾胃、疲劳等内科常见病的中医诊疗。", "周敏"),
    Ward("ZY002", "针灸推拿科 Acupuncture and tuina", "颈肩腰腿痛、面瘫、偏头痛的针灸与推拿。", "李卫国"),
    Ward("ZY003", "中医妇科 Gynaecology", "月经病、备孕调理、更年期与产后恢复。", "陈静"),
    Ward("ZY004", "中医儿科 Paediatrics", "小儿反复感冒、厌食、积食与夜啼。", "王芳"),
    Ward("ZY005", "皮肤科 Dermatology", "湿疹、痤疮、荨麻疹的内服与外治。", "何平"),
    Ward("QK001", "全科 General practice", "General practice, chronic disease follow-up, referrals.", "Emma Clarke"),
)

SPECIALTIES = (
    ("SPLEEN", "脾胃病 Spleen and stomach"), ("SLEEP", "失眠 Sleep"), ("LUNG", "肺病咳喘 Cough and lung"),
    ("PAIN", "痛证 Pain"), ("WOMEN", "妇科调理 Women's health"), ("CHILD", "小儿 Children"),
    ("SKIN", "皮肤 Skin"), ("CHRONIC", "慢性病 Chronic disease"),
)  # fmt: skip

WORKDAYS = "WEEKLY Mon,Tue,Wed,Thu,Fri"
CHIEF, ASSOCIATE = "主任医师 Chief physician", "副主任医师 Associate chief physician"
ATTENDING = "主治医师 Attending physician"
DOCTORS = (
    Physician("lishizhen", "李慕华", "male", CHIEF, "ZY001", "SPLEEN", 32, ("脾胃病", "慢性胃炎", "失眠"),
              "从医三十二年，擅长以脾胃立论调治内科杂病，用药轻灵。看诊时会慢慢听您说。", ("zh", "en"),
              (("bund", WORKDAYS, "08:30", "11:30", 20), ("", WORKDAYS, "14:00", "17:00", 20)), 8000),
    Physician("zhangyun", "张云岚", "female", ASSOCIATE, "ZY001", "SLEEP", 18, ("失眠", "焦虑", "更年期"),
              "专于失眠与情志病，常用经方合针灸。", ("zh",),
              (("bund", "WEEKLY Mon,Wed,Fri", "09:00", "12:00", 30), ("", "DAILY", "19:00", "21:00", 20))),
    Physician("sunhao", "孙浩", "male", ATTENDING, "ZY001", "LUNG", 9, ("咳嗽", "过敏性鼻炎", "感冒"),
              "呼吸系统常见病，重视生活起居的调整。", ("zh", "en"),
              (("bund", WORKDAYS, "13:30", "16:30", 20), ("", "WEEKLY Sat,Sun", "09:00", "12:00", 20))),
    Physician("wuqing", "吴青", "female", CHIEF, "ZY002", "PAIN", 26, ("颈椎病", "腰痛", "偏头痛"),
              "针药并用治疗各类痛证，手法柔和。", ("zh",),
              (("bund", WORKDAYS, "08:30", "11:30", 30),), 10000),
    Physician("zhouming", "周鸣", "male", ATTENDING, "ZY002", "PAIN", 11, ("肩周炎", "运动损伤", "面瘫"),
              "运动医学背景，针灸与康复训练结合。", ("zh", "en"),
              (("bund", "WEEKLY Tue,Thu,Sat", "13:30", "17:30", 30),)),
    Physician("chenjing", "陈静姝", "female", CHIEF, "ZY003", "WOMEN", 29, ("月经不调", "备孕", "更年期"),
              "妇科三代传承，擅长周期调经与备孕。", ("zh",),
              (("bund", "WEEKLY Mon,Tue,Thu", "09:00", "12:00", 20), ("", WORKDAYS, "15:00", "17:00", 20)), 8000),
    Physician("linyi", "林一", "female", ATTENDING, "ZY003", "WOMEN", 8, ("产后恢复", "痛经", "体质调理"),
              "关注产后与痛经，欢迎先从视频咨询开始。", ("zh", "en"), (("", "DAILY", "10:00", "12:00", 20),)),
    Physician("wangxiaoyu", "王小雨", "female", ASSOCIATE, "ZY004", "CHILD", 16, ("反复感冒", "厌食", "夜啼"),
              "儿科十六年，外治优先，能不吃药就不吃药。", ("zh",),
              (("bund", WORKDAYS, "14:00", "17:00", 15), ("", "WEEKLY Sat,Sun", "14:00", "17:00", 15))),
    Physician("heping", "何平", "male", CHIEF, "ZY005", "SKIN", 24, ("湿疹", "痤疮", "荨麻疹"),
              "皮肤病内外合治，可视频查看皮损变化。", ("zh",),
              (("bund", "WEEKLY Mon,Wed,Fri", "13:30", "17:00", 20), ("", "WEEKLY Tue,Thu", "19:00", "21:00", 20))),
    Physician("emmaclarke", "Emma Clarke", "female", "Consultant", "QK001", "CHRONIC", 21,
              ("Hypertension", "Diabetes follow-up", "Fatigue"),
              "General practitioner with a diploma in Chinese medicine. Calm, unhurried appointments.", ("en",),
              (("bloomsbury", WORKDAYS, "09:00", "12:30", 20), ("", WORKDAYS, "14:00", "16:00", 20))),
    Physician("oliverreed", "Oliver Reed", "male", "Acupuncturist", "ZY002", "PAIN", 14,
              ("Back pain", "Migraine", "Sports injuries"),
              "Licensed acupuncturist. Pain, sleep and recovery.", ("en",),
              (("bloomsbury", "WEEKLY Mon,Tue,Thu,Fri", "10:00", "16:00", 30),)),
    Physician("gracechen", "Grace Chen 陈佳", "female", "Physician", "ZY001", "SPLEEN", 12,
              ("Digestion", "Sleep", "Women's health"),
              "Trained in Chengdu and New York; sees patients in English, Mandarin and Cantonese.", ("en", "zh"),
              (("canal", WORKDAYS, "09:00", "13:00", 30), ("", "WEEKLY Tue,Thu", "17:00", "19:00", 20))),
    Physician("davidkim", "David Kim", "male", "Physician", "QK001", "CHRONIC", 10,
              ("Blood pressure", "Travel medicine", "Allergies"),
              "Primary care with an eye on lifestyle.", ("en",),
              (("canal", WORKDAYS, "13:00", "17:00", 20),)),
)  # fmt: skip

PENDING_DOCTOR = Physician(
    "xuwen", "徐闻", "male", ATTENDING, "ZY005", "SKIN", 6, ("痤疮",), "新入职，资质待审核。", ("zh",), ()
)
PHARMACIST = ("zhaoyao", "赵尧")
ADMIN = ("admin", "林掌柜")

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许邓冯韩曹"
GIVEN = ("伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "艳", "勇", "杰", "娟", "涛", "明", "超", "秀英", "霞", "平",
         "桂英", "建国", "志强", "雨桐", "浩然", "梓涵", "欣怡", "子轩", "思远", "若曦")  # fmt: skip
ENGLISH = ("Anna Novak", "James Miller", "Sofia Rossi", "Lucas Martin", "Maya Patel", "Thomas Wright", "Hannah Schmidt",
           "Noah Williams", "Ella Johnson", "Daniel Okafor", "Chloe Dubois", "Ivan Petrov")  # fmt: skip

# complaint, diagnosis, plan, medicines (name, dosage, frequency, duration days, usage), instructions
STORIES = (
    ("入睡困难三个月，易醒多梦，白天乏力", "不寐（心脾两虚证）", "健脾养心安神；睡前一小时不看手机，晚间不饮茶",
     (("黄芪", "15 g", "每日 1 剂", 7, "水煎温服"), ("党参", "12 g", "每日 1 剂", 7, "水煎温服"), ("白术", "10 g", "每日 1 剂", 7, "水煎温服"), ("茯神", "12 g", "每日 1 剂", 7, "水煎温服"), ("酸枣仁", "15 g", "每日 1 剂", 7, "水煎温服"), ("龙眼肉", "10 g", "每日 1 剂", 7, "水煎温服"), ("当归", "10 g", "每日 1 剂", 7, "水煎温服"), ("远志", "6 g", "每日 1 剂", 7, "水煎温服"), ("木香", "6 g", "每日 1 剂", 7, "水煎温服"), ("炙甘草", "6 g", "每日 1 剂", 7, "水煎温服"),), "忌浓茶咖啡，七日后复诊"),
    ("胃胀、嗳气，饭后明显，已有半年", "痞满（脾虚气滞证）", "健脾理气；少食多餐，细嚼慢咽",
     (("党参", "12 g", "每日 1 剂", 14, "水煎温服"), ("白术", "10 g", "每日 1 剂", 14, "水煎温服"), ("茯苓", "12 g", "每日 1 剂", 14, "水煎温服"), ("陈皮", "6 g", "每日 1 剂", 14, "水煎温服"), ("木香", "6 g", "每日 1 剂", 14, "水煎温服"), ("砂仁", "6 g", "每日 1 剂", 14, "水煎温服"), ("炙甘草", "6 g", "每日 1 剂", 14, "水煎温服"),), "忌生冷油腻"),
    ("咳嗽两周，痰白稀，遇风加重", "咳嗽（风寒袭肺证）", "疏风散寒，宣肺止咳",
     (("桔梗", "6 g", "每日 1 剂", 5, "水煎温服"), ("荆芥", "9 g", "每日 1 剂", 5, "水煎温服"), ("紫菀", "9 g", "每日 1 剂", 5, "水煎温服"), ("百部", "9 g", "每日 1 剂", 5, "水煎温服"), ("前胡", "9 g", "每日 1 剂", 5, "水煎温服"), ("陈皮", "6 g", "每日 1 剂", 5, "水煎温服"), ("甘草", "3 g", "每日 1 剂", 5, "水煎温服"),), "注意保暖，多饮温水"),
    ("颈肩酸痛，低头工作后加重，右手偶麻", "项痹（气滞血瘀证）", "针刺风池、肩井、天宗；每工作一小时起身活动",
     (("葛根", "15 g", "每日 1 剂", 7, "水煎温服"), ("白芍", "12 g", "每日 1 剂", 7, "水煎温服"), ("羌活", "9 g", "每日 1 剂", 7, "水煎温服"), ("姜黄", "9 g", "每日 1 剂", 7, "水煎温服"), ("防风", "9 g", "每日 1 剂", 7, "水煎温服"), ("甘草", "6 g", "每日 1 剂", 7, "水煎温服"),), "避免长时间低头"),
    ("月经推迟十天，经行腹痛，喜温", "月经后期（寒凝血瘀证）", "温经散寒；经前一周开始服药",
     (("当归", "10 g", "每日 1 剂", 7, "水煎温服"), ("川芎", "6 g", "每日 1 剂", 7, "水煎温服"), ("白芍", "12 g", "每日 1 剂", 7, "水煎温服"), ("香附", "9 g", "每日 1 剂", 7, "水煎温服"), ("艾叶", "6 g", "每日 1 剂", 7, "水煎温服"), ("乌药", "9 g", "每日 1 剂", 7, "水煎温服"),), "经期忌生冷"),
    ("孩子近半年反复感冒，出汗多，胃口差", "反复呼吸道感染（肺脾气虚证）", "健脾益气固表，配合捏脊",
     (("黄芪", "12 g", "每日 1 剂", 14, "水煎温服"), ("白术", "6 g", "每日 1 剂", 14, "水煎温服"), ("防风", "6 g", "每日 1 剂", 14, "水煎温服"),), "规律作息，少吃甜食"),
    ("小腿湿疹，瘙痒，夜间加重", "湿疮（湿热浸淫证）", "清热利湿；外用洗剂湿敷",
     (("土茯苓", "15 g", "每日 1 剂", 7, "水煎温服"), ("苦参", "6 g", "每日 1 剂", 7, "水煎温服"), ("白鲜皮", "9 g", "每日 1 剂", 7, "水煎温服"), ("地肤子", "9 g", "每日 1 剂", 7, "水煎温服"), ("当归", "9 g", "每日 1 剂", 7, "水煎温服"), ("甘草", "3 g", "每日 1 剂", 7, "水煎温服"),), "忌辛辣海鲜，勿搔抓"),
    ("Blood pressure follow-up, morning headaches now and then", "Essential hypertension, controlled",
     "Continue treatment, weekly readings at home, thirty minutes of walking a day",
     (("amlodipine tablets 5 mg", "5 mg", "once a day", 28, "in the morning"),), "Call if readings exceed 160/100"),
    ("Low back pain for three weeks after moving house", "Lumbar strain",
     "Acupuncture twice a week, gentle mobilisation, no heavy lifting",
     (("ibuprofen tablets 0.2 g", "400 mg", "three times a day", 5, "after meals"),), "Stop if the stomach hurts"),
    ("Tired all day, sleeps badly, bloating after lunch", "Spleen qi deficiency pattern",
     "Regular meals, earlier bedtime, formula for two weeks",
     (("党参", "12 g", "每日 1 剂", 14, "decocted, warm"), ("白术", "10 g", "每日 1 剂", 14, "decocted, warm"), ("茯苓", "12 g", "每日 1 剂", 14, "decocted, warm"), ("山药", "15 g", "每日 1 剂", 14, "decocted, warm"), ("莲子", "9 g", "每日 1 剂", 14, "decocted, warm"), ("薏苡仁", "15 g", "每日 1 剂", 14, "decocted, warm"), ("砂仁", "3 g", "每日 1 剂", 14, "decocted, warm"), ("桔梗", "6 g", "每日 1 剂", 14, "decocted, warm"), ("炙甘草", "6 g", "每日 1 剂", 14, "decocted, warm"),), "Come back in two weeks"),
)  # fmt: skip

PRAISE = (
    (5, "讲得很清楚，吃了一周药睡得好多了，谢谢医生！", ("耐心细致 Patient and thorough", "疗效显著 It helped")),
    (5, "第一次视频看中医，很方便，医生问得很仔细。", ("讲解清楚 Explains clearly", "态度亲切 Kind")),
    (4, "等了一会儿，不过医生很专业。", ("专业负责 Knows the subject",)),
    (5, "Listened carefully and explained every step. I left with a plan.", ("讲解清楚 Explains clearly",)),
    (5, "针完当场就轻松了，下周再来。", ("疗效显著 It helped", "手法轻柔 Gentle hands")),
    (3, "药有点苦，效果还在观察。", ("专业负责 Knows the subject",)),
    (4, "Good advice; the video froze once but came back by itself.", ("态度亲切 Kind",)),
    (5, "带孩子看的，医生特别有耐心。", ("耐心细致 Patient and thorough", "态度亲切 Kind")),
)
THANKS = ("谢谢您的信任，有不适随时联系。", "感谢反馈，记得按时复诊。", "Thank you. Please keep me posted.")

TAGS = (
    ("耐心细致 Patient and thorough", "positive"),
    ("讲解清楚 Explains clearly", "positive"),
    ("疗效显著 It helped", "positive"),
    ("态度亲切 Kind", "positive"),
    ("专业负责 Knows the subject", "positive"),
    ("手法轻柔 Gentle hands", "positive"),
    ("用药精当 Well-chosen medicine", "positive"),
    ("准时 On time", "positive"),
    ("尊重隐私 Respects privacy", "positive"),
    ("回复及时 Answers quickly", "positive"),
    ("等待较久 Long wait", "negative"),
    ("讲解太快 Explains too fast", "negative"),
    ("画面卡顿 Picture froze", "negative"),
    ("价格偏高 Expensive", "negative"),
    ("药味太苦 Bitter medicine", "negative"),
)

PRICES = (
    ("appointment_online", "视频看诊 Video visit", 6000, None),
    ("appointment_offline", "门诊 Visit at the clinic", 5000, None),
    ("consultation", "图文咨询 Written consultation", 2000, None),
    ("prescription", "处方服务 Prescription service", 1000, None),
)
