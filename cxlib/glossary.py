"""The glossary of a page: what each figure on it means, from its definition."""

from __future__ import annotations

from dataclasses import dataclass

from cxlib.metrics import get


@dataclass(frozen=True, slots=True)
class Glossary:
    """Definitions to display: (title, sentence, anchor, unit) per figure."""

    entries: tuple[tuple[str, str, str, str], ...]

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        return {"text/markdown": self.markdown, "text/plain": self.markdown.replace("**", "")}

    @property
    def markdown(self) -> str:
        """The definitions as a Markdown list."""
        return "\n".join(
            f"- **{title}.** {sentence} *Month by: {anchor}; independent unit: {unit}.*"
            for title, sentence, anchor, unit in self.entries
        )


def glossary(*names: str) -> Glossary:
    """Return the definitions of the figures named, in that order.

    Raises:
        UsageError: No such metric.
    """
    metrics = [get(name) for name in names]
    return Glossary(
        tuple(
            (metric.title, metric.sentence, metric.anchor.replace("_", " "), metric.unit.removesuffix("_id"))
            for metric in metrics
        )
    )
