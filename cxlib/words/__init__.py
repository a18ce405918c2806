"""Words: what a result says in one computed sentence, and the few words that head its chart.

"More than chance explains" is said of clear findings alone (`stats.certainty`), of rows compared together – groups,
classes, effects, key figures – where the test of all of them is clear, which the interval of one row may not show.
"""

from cxlib.words.change import Verdict, verdict
from cxlib.words.claims import Claims, claims, threshold, total
from cxlib.words.sentence import Sentence, plain
from cxlib.words.statements import headline, say

__all__ = ["Claims", "Sentence", "Verdict", "claims", "headline", "plain", "say", "threshold", "total", "verdict"]
