"""What the steps of a decoction sheet are called and what they say, in Chinese and English."""

TITLES = {
    "打碎": ("打碎", "Crush"),
    "包煎": ("用纱布包好", "Wrap in cloth"),
    "煎汤代水": ("先煮水", "Make the water"),
    "soak": ("浸泡", "Soak"),
    "另煎": ("单独煎煮", "Cook apart"),
    "horn": ("久煎", "Cook for three hours"),
    "aconite": ("先煎、久煎", "Cook first, for long"),
    "先煎": ("先煎", "Cook first"),
    "all": ("煎煮", "Cook"),
    "main": ("放入其余药材", "Add the others"),
    "后下": ("最后放入", "Add at the end"),
    "strain": ("滤出头煎", "Pour off"),
    "again": ("二煎", "Cook a second time"),
    "mix": ("两煎合并", "Mix"),
    "measured": ("两煎合并", "Mix"),
    "烊化": ("烊化", "Melt in"),
    "冲服": ("冲入药液", "Stir in"),
    "泡服": ("泡服", "Infuse"),
    "granules": ("冲溶", "Dissolve"),
    "take": ("服用", "Take it"),
    "outside": ("外用", "Use it"),
}

SIMMER = (
    "水开后转小火，盖上锅盖煎煮，中间搅动一两次，不要煎干。",
    "Bring to the boil, turn the heat low, cover and simmer; stir once or twice and do not let it boil dry.",
)

TEXTS = {
    "打碎": ("煎煮前捣碎，若药房未打碎。", "Crush these before cooking, unless the pharmacy has done so."),
    "包煎": (
        "装入干净纱布袋，扎紧袋口，与其他药同煎，免得绒毛、细末混入药汤。",
        "Put these into a clean cloth bag and tie it loosely. It cooks together with the others; fluff and powder stay "
        "out of the drink.",
    ),
    "煎汤代水": (
        "单独加水煮沸后小火煎煮，滤去药渣；用这份药汤当水，煎其余药材。",
        "Boil these alone and simmer, strain; use this liquid instead of water for everything else.",
    ),
    "soak": (
        "用砂锅、陶瓷或不锈钢锅，不用铁锅铝锅。药材放入锅中，加冷水没过药面约3至5厘米，浸泡。后下、另煎、烊化、冲服的先不放。",
        "Use a clay, enamel or stainless steel pot, not iron or aluminium. Cover the herbs with cold water, 3 to 5 cm "
        "above them, and leave them. Keep out what is added later, cooked apart, melted or stirred in.",
    ),
    "另煎": (
        "同时另用小锅，加水没过，小火慢煎，取汁；服药时兑入药汤。",
        "Meanwhile simmer these gently in a small pot of their own, covered with water. Add the liquid to the drink "
        "when you take it.",
    ),
    "horn": (
        "加足水，煮沸后小火煎三小时以上，再放其他药；水少时加开水。",
        "With plenty of water, simmer for over three hours before anything else goes in. Top up with boiling water.",
    ),
    "aconite": (
        "有毒，必须煎够时间：水开后小火煎煮至少一小时，再放其他药。药汤若仍使舌头发麻，要继续煎。水少时加开水，不加冷水。"
        "没有煎够时间不要服用；服后如口舌发麻、心慌、恶心，立即就医。",
        "Poisonous unless cooked long enough: once it boils, simmer for at least an hour before anything else goes in. "
        "Cook on if a drop still numbs the tongue. Top up with boiling water, never cold. Do not take it if it has had "
        "less time. If mouth or tongue go numb, the heart races or you feel sick after taking it, get medical help "
        "at once.",
    ),
    "先煎": (
        "这些药质地坚硬：水开后小火先煎。",
        "These are hard and give slowly: bring to the boil and simmer them first.",
    ),
    "all": SIMMER,
    "main": SIMMER,
    "后下": (
        "关火前放入，盖好，不要久煮，久煮药性会散失。",
        "Put these in shortly before the end, cover; they lose their strength when they boil long.",
    ),
    "strain": ("趁热滤出药汤，药渣留在锅里。", "Strain the liquid off while it is hot and keep the herbs in the pot."),
    "again": (
        "药渣再加热水，没过药面，煮沸后小火煎煮，滤出。",
        "Cover the herbs with hot water again, boil, simmer and strain once more.",
    ),
    "mix": ("把两次的药汤混在一起。", "Mix both liquids."),
    "measured": (
        "把两次的药汤混在一起，一剂约{ml}毫升；多了可用小火再浓缩一些。",
        "Mix both liquids: one dose makes about {ml} ml. If it is more, simmer it down.",
    ),
    "烊化": (
        "放入滤好的热药汤中，小火加热搅拌，至完全溶化。",
        "Put these into the strained hot liquid and stir over a low flame until they have melted.",
    ),
    "冲服": (
        "不煎煮。按服药次数分好，服时调入温药汤喝下。",
        "Not cooked. Divide by the number of portions and stir into the warm drink each time.",
    ),
    "泡服": (
        "不煎煮。用开水泡，盖好，当茶喝，或兑入药汤。",
        "Not cooked. Pour boiling water over it, cover, and drink it as tea or add it to the decoction.",
    ),
    "granules": (
        "每次一份，倒入杯中，加沸水约150至200毫升，搅至全部溶化，加盖放温。",
        "Empty one portion into a cup, pour on 150 to 200 ml of boiling water, stir until dissolved, cover and let it "
        "cool a little.",
    ),
    "take": (
        "{how}。没喝完的放冰箱，当天喝完，喝前热透。",
        "{how}. Keep what is left in the refrigerator, use it the same day and heat it through before you take it.",
    ),
    "outside": (
        "{how}。只可外用，不可内服；药温以不烫手为宜。",
        "{how}. For the outside of the body only: do not drink it. Let it cool until it does not scald.",
    ),
}
