"""Words: what a result says in one computed sentence, and the few words that head its chart.

"More than chance explains" means that the 95 % interval leaves out zero; nothing else is ever claimed.
"""

from cxlib.words.change import Verdict, verdict
from cxlib.words.sentence import Sentence, plain
from cxlib.words.statements import headline, say

__all__ = ["Sentence", "Verdict", "headline", "plain", "say", "verdict"]
