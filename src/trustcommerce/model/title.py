"""Titles and texts in several languages."""

from attrs import field, frozen

__all__ = ["Title"]


@frozen
class Title:
    """A text by language; the empty language is the one an author wrote without saying which."""

    texts: dict[str, str] = field(factory=dict)

    def get(self, lang: str, default: str = "") -> str:
        """The text in `lang`, else in its base language, zh, en, or any."""
        for key in (lang, lang.split("-")[0], "", "zh" if lang.startswith("zh") else "en", "en", "zh"):
            if key in self.texts:
                return self.texts[key]
        return next(iter(self.texts.values()), default)

    def __bool__(self) -> bool:
        return bool(self.texts)
