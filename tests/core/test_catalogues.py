"""Our own reader of .po files, beside Babel's."""

from babel.messages.pofile import read_po

from suwen.core.i18n import ROOT, messages, translations

ODD = r"""
msgid ""
msgstr ""
"Language: zh_CN\n"

#: here.py
msgid "a \"word\" and a \\"
msgstr ""
"一行\n"
"两行"

#, fuzzy, python-format
msgid "guessed"
msgstr "猜"

#, python-format
msgid "%(num)d star"
msgid_plural "%(num)d stars"
msgstr[0] "%(num)d 星"

msgid "not yet"
msgstr ""

#~ msgid "gone"
#~ msgstr "去"
"""


def test_what_is_finished_is_read_with_its_escapes_and_forms():
    assert list(messages(ODD)) == [
        {"msgid": 'a "word" and a \\', "msgstr": "一行\n两行"},
        {"msgid": "%(num)d star", "msgid_plural": "%(num)d stars", "msgstr[0]": "%(num)d 星"},
    ]


def test_every_catalogue_is_read_as_babel_reads_it():
    paths = sorted(ROOT.glob("*/locale/zh_CN.po"))
    assert len(paths) > 8
    ours = translations("zh-CN")
    for path in paths:
        with path.open("rb") as file:
            for message in read_po(file):
                if not (message.id and message.string) or message.fuzzy:
                    continue
                if isinstance(message.id, str):
                    assert ours.gettext(message.id) == message.string, path
                else:
                    one, many = message.id
                    assert (ours.ngettext(one, many, 1), ours.ngettext(one, many, 2)) == (
                        message.string[0],
                        message.string[-1],
                    ), path
