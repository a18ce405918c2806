"""Words: what a result says in one computed sentence, and the few words that head its chart.

"More than chance explains" means of one figure that its 95 % interval leaves out zero; of rows looked at together –
groups, classes, effects, key figures – that the test of all of them says so, which the interval of one row may not.
"""

from cxlib.words.change import Verdict, verdict
from cxlib.words.sentence import Sentence, plain
from cxlib.words.statements import headline, say

__all__ = ["Sentence", "Verdict", "headline", "plain", "say", "verdict"]
