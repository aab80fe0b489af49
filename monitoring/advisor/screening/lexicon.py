"""The words that the rules screener knows, as stems. English only.

Grown from the development half of the labelled set and from what news says of bills, courts,
deals, elections, central banks, trials and prices. The held-out half was not looked at for it.
"""

from __future__ import annotations

import re

_ENDINGS = ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "s")

_WHOLE = frozenset({"note", "notes", "noted", "news", "does", "nose"})  # would end as "not", "new"


def stem(word: str) -> str:
    """A crude stem: `withdrawing` and `withdraws` are one word, `denied` and `deny` too."""
    word = word.lower().removesuffix("'s").removesuffix("'")
    if word in _WHOLE:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + ("y" if ending in ("ied", "ies") else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]  # cutting -> cut
    return word.removesuffix("e") if len(word) > 3 else word


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


# Said of the event: it does not happen. They turn round whatever follows.
NEGATIONS = _stems(
    "not no never without won't wouldn't can't cannot don't doesn't didn't isn't unlikely decline"
    " refuse fail nor neither"
)
# Setbacks of procedure. `FLIPPERS` undo a setback that they govern: "dismisses challenge".
FLIPPERS = _stems(
    "reject deny dismiss drop avert avoid lift abandon withdraw withdrawal overturn reverse quash"
    " quell overcome resolve ease allay rule_out throw_out call_off vote_down turn_down push_back"
    " block remove end scrap survive prevent clear"
)
DENIALS = _stems(
    "reject deny dismiss drop avert avoid abandon withdraw withdrawal overturn reverse quash block"
    " delay postpone halt suspend cancel scrap veto stall freeze pause shelve defer oppose"
    " opposition objection object challenge sue suit lawsuit probe doubt resist quit exit recess"
    " adjourn collapse break breach violate violation threat threaten remove disqualify ground"
    " scrub impasse deadlock revolt setback hurdle obstacle snag expulsion expel ineligible"
    " injunction appeal rule_out throw_out call_off vote_down turn_down push_back walk_away break_down"
    " drop_out on_hold put_off come_out_against knock_out prevent impeach strike_down backtrack filibuster"
    " table nix dash concern accuse split step_down hold_up"
)
ADVANCES = _stems(
    "approve approval pass advance confirm back agree agreement sign ratify clear win elect lead"
    " uphold support secure allow adopt endorse complete resume fix go_ahead line_up on_track deal"
    " accept settle greenlight finalise finalize reach survive vow authorise"
    " authorize launch breakthrough enact grant strengthen finish"
)
# Of these, what is said of the event itself and of little else.
DECIDED = _stems(
    "approve approval pass confirm ratify uphold elect sign enact adopt endorse clear agree accept"
    " authorise authorize settle go_ahead win finalise finalize"
)
# Good and bad luck rather than procedure, and movements: weak words.
LOSSES = _stems(
    "lose loss trail miss injury injured dim weaken warn fear struggle crisis scandal hurt damage"
    " downgrade defeat beaten fall drop sink slump plunge tumble slide slip dump shrink under"
    " dwindle fade unwind outage resign oust worse ill"
)
GAINS = _stems(
    "lead gain boost hope rally thrash beat rescue lifeline upgrade recover surge ahead favour favor"
    " sweep top lift"
)
UP = _stems(
    "rise rose raise climb surge jump soar rally accelerate hot record high higher gain spike hike"
    " increase strong exceed lift quicken above costlier robust"
)
DOWN = _stems(
    "fall fell drop dip slide slump plunge tumble sink slip cool ease weak lower low cut shrink slow"
    " below dump under decline lowest dovish"
)
STAND_STILL = _stems("hold unchanged pause wait patience patient on_hold steady")
# Events that are themselves a setback: what is good for the subject makes them less likely.
BAD_EVENTS = _stems(
    "resign resignation step_down bankrupt bankruptcy default ban strike strike_down block impeach"
    " collapse recession shutdown lose indict convict arrest invade war overturn veto withdraw"
    " quit delay crash cancel leave exit fired oust repeal"
)
# Words for the same event, and for its opposite.
OBSTRUCTION = _stems(
    "block halt suspend strike_down freeze void quash overturn ban reject stay injunction"
)
LEAVING = _stems("resign resignation step_down quit oust leave exit depart departure")
STAYING = _stems("stay serve remain survive")
TRUCE = _stems("ceasefire truce peace armistice")
FIGHTING = _stems("fighting shelling shell attack clash offensive missile airstrike bombard raid")
PROLONGED = _stems("extend renew prolong")
STATUS_QUO = _stems("stay remain hold keep survive")
# What a question may ask about besides the words above.
EVENTS = _stems("resign landfall file merge merger acquire takeover cut raise hike become go")
HIGH_LEVEL = _stems("above over exceed raise rise hike increase higher top")
LOW_LEVEL = _stems("below under fall cut lower drop")
ECONOMY = _stems(
    "inflation wage wages jobs job payroll payrolls economy growth gdp unemployment layoff layoffs"
    " jobless price prices consumer doves hawks hiring"
)
# A weak word counts only beside one of these, or beside another word of the question.
TOPICS = ECONOMY | _stems(
    "poll odds shares market index vote court judge senate race campaign talks deal points percent"
    " regulator trial bid lender shooting fund borrow record final semi-final quarter-final"
)
INSTITUTIONS = _stems(
    "congress senate house court supreme parliament president prime minister governor fda ecb eu"
    " fed us uk un nato sec federal government bank republican democrat party judge secretary"
)
MONTHS = _stems(
    "january february march april may june july august september october november december"
)
SMALL = _stems(
    "will the a an of in on at by to for and or be is are was it its this that with from as before"
    " after end year meeting any than least between through who what when over during report"
) | {stem(word) for word in ("not", "fail", "no")}
PHRASES: tuple[tuple[str, str], ...] = (
    (r"\b(rul(?:e|es|ed|ing)) out\b", "rule_out"),
    (r"\b(call(?:s|ed)?|calling) off\b", "call_off"),
    (r"\b(throw(?:s|n)?|threw|toss(?:es|ed)?) out\b", "throw_out"),
    (r"\b(vot(?:e|es|ed)|shot|shoots?) down\b", "vote_down"),
    (r"\bturn(?:s|ed)? down\b", "turn_down"),
    (r"\b(strik(?:e|es|ing)|struck) down\b", "strike_down"),
    (r"\b(step(?:s|ped|ping)?) (down|aside)\b", "step_down"),
    (r"\bpush(?:es|ed|ing)? back\b", "push_back"),
    (r"\b(walk|back|pull)(?:s|ed|ing)? (?:away|out|off)\b", "walk_away"),
    (r"\b(break(?:s|ing)?|broke) (?:down|off)\b", "break_down"),
    (r"\bdrop(?:s|ped)? out\b", "drop_out"),
    (r"\bon hold\b", "on_hold"),
    (r"\bput(?:s)? off\b|\bpush(?:es|ed) (?=.{0,30}\bto\b)", "put_off "),
    (r"\bc[oa]m(?:e|es) out against\b|\bvot(?:e|es|ed) against\b", "come_out_against"),
    (r"\bknock(?:s|ed) out\b|\bcrash(?:es|ed)? out\b", "knock_out"),
    (r"\bheld up\b|\bholds up\b", "hold_up"),
    (r"\bgo(?:es)? ahead\b|\bwent ahead\b|\bmov(?:e|es|ed) ahead\b", "go_ahead"),
    (r"\blin(?:e|es|ed) up\b", "line_up"),
    (r"\bon track\b|\bon course\b", "on_track"),
    (r"\bno longer\b", "not"),
    (r"\bappeals? against\b", "overturn"),
    (r"\bappeals? court\b", " "),
    (r"\bcomes? under pressure\b|\bunder pressure\b", "slump"),
)
PHRASE_PATTERNS = tuple((re.compile(pattern), word) for pattern, word in PHRASES)
EXPLAINER = re.compile(
    r"^(how|what|why|who|when|where|explainer|explained|timeline|opinion|analysis|profile|review|"
    r"quiz|watch|guide|five|six|seven|eight|nine|ten|\d+) |\bthings to know\b|: (a guide|where|how|"
    r"what|why|five|ten)\b|\?$",
    re.IGNORECASE,
)
CLAUSE = re.compile(
    r"[,;:]| - | as | after | while | but | despite | amid | over | because | in sign ",
)
