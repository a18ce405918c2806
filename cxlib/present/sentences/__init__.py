"""Words: what a result says in one computed sentence, and the few words that head its chart.

"More than chance explains" is said of clear findings alone (`results.certainty`), of rows compared together – groups,
classes, effects, key figures – where the test of all of them is clear, which the interval of one row may not show.
"""

from cxlib.present.sentences.change import Verdict, verdict
from cxlib.present.sentences.claims import Claims, claims, threshold, total
from cxlib.present.sentences.sentence import Sentence, plain
from cxlib.present.sentences.statements import headline, say

__all__ = ["Claims", "Sentence", "Verdict", "claims", "headline", "plain", "say", "threshold", "total", "verdict"]
