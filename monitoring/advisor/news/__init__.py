"""News of the open positions: from addresses over headlines to mentions, and what is new of them.

`read_news` fetches and stores; `fresh` is what a screener asks for. Rows are all that lies between.
"""

from __future__ import annotations

from monitoring.advisor.news.reading import NewsResult, read_news
from monitoring.advisor.news.unseen import fresh

__all__ = ("NewsResult", "fresh", "read_news")
