"""What a publisher's domain says about a headline's weight; a small table, and press for the rest."""

from __future__ import annotations

from monitoring.models import Headline

Trust = Headline.Trust
WIRE = frozenset(
    {"reuters.com", "apnews.com", "ap.org", "afp.com", "bloomberg.com", "dpa.com", "dpa.de"}
    | {"efe.com", "ansa.it", "kyodonews.net", "yna.co.kr", "ptinews.com", "upi.com"}
    | {"dowjones.com", "pa.media", "tass.com", "xinhuanet.com", "app.com.pk"}
)
SOCIAL = frozenset(
    {"x.com", "twitter.com", "reddit.com", "facebook.com", "instagram.com", "threads.net"}
    | {"tiktok.com", "youtube.com", "t.me", "telegram.org", "bsky.app", "mastodon.social"}
    | {"truthsocial.com", "substack.com", "medium.com", "stocktwits.com", "linkedin.com"}
    | {"discord.com", "4chan.org", "blogspot.com", "wordpress.com", "tumblr.com", "quora.com"}
)
# Whoever writes there holds a position and wants the price to move.
ADVERSARIAL = frozenset(
    {"polymarket.com", "kalshi.com", "manifold.markets", "predictit.org", "metaculus.com"}
    | {"smarkets.com", "betfair.com", "limitless.exchange", "myriad.markets"}
)
TABLE = ((ADVERSARIAL, Trust.ADVERSARIAL), (SOCIAL, Trust.SOCIAL), (WIRE, Trust.WIRE))
WEIGHT = {Trust.ADVERSARIAL: 0, Trust.SOCIAL: 1, Trust.PRESS: 2, Trust.WIRE: 3}


def tier(domain: str) -> Headline.Trust:
    """The tier of a domain, its parent's where it has none of its own; nobody's word is social."""
    if not domain:
        return Trust.SOCIAL
    labels = domain.lower().split(".")
    parents = {".".join(labels[start:]) for start in range(len(labels))}
    return next((trust for domains, trust in TABLE if parents & domains), Trust.PRESS)
