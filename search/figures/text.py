"""Users' words in figures: Matplotlib reads `$` as mathematics, Plotly `<` as HTML."""

import html


def for_print(text: str) -> str:
    r"""Return a text that Matplotlib draws as it is.

    Example:
        >>> for_print("from 1 k$ to 2 k$")
        'from 1 k\\$ to 2 k\\$'
    """
    return text.replace("$", r"\$")


def for_browser(text: str) -> str:
    """Return a text that Plotly shows as it is.

    Example:
        >>> for_browser("a<b> & c")
        'a&lt;b&gt; &amp; c'
    """
    return html.escape(text, quote=False)
