"""A clinic keeps some names in two scripts: a reader is shown their own half, and all of a name in one."""

import pytest

from suwen.core.i18n import in_tongue


@pytest.mark.parametrize(
    ("name", "chinese", "english"),
    [
        ("中医内科 Internal medicine", "中医内科", "Internal medicine"),
        ("妇科调理 Women's health", "妇科调理", "Women's health"),
        ("外滩门诊（东） The Bund, East", "外滩门诊（东）", "The Bund, East"),
        ("中医内科", "中医内科", "中医内科"),
        ("Bloomsbury Clinic", "Bloomsbury Clinic", "Bloomsbury Clinic"),
        ("3 号楼 Building 3", "3 号楼", "Building 3"),
        ("CT 检查室", "CT 检查室", "CT 检查室"),
        ("检查室 MRI", "检查室 MRI", "检查室 MRI"),
        ("B超室", "B超室", "B超室"),
        ("", "", ""),
    ],
)
def test_the_readers_half_of_a_name(name, chinese, english):
    assert in_tongue(name, "zh-CN") == chinese
    assert in_tongue(name, "en") == english
