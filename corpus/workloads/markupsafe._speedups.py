"""Escaping of text, of objects that know their own markup, and of nothing."""


class Marked:
    """Has its own markup."""

    def __html__(self):
        return "<b>"


def work(module):
    assert str(module.escape("<a href='x'>&\"")) == "&lt;a href=&#39;x&#39;&gt;&amp;&#34;"
    assert str(module.escape("\u20ac<\U0001f40d")) == "\u20ac&lt;\U0001f40d"
    assert str(module.escape(5)) == "5"
    assert str(module.escape(Marked())) == "<b>"
    assert str(module.escape_silent(None)) == ""
    assert module.soft_str(5) == "5"
