"""The forms of an upload: the file with its options, and which of its columns is what."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pulse_site.admin.uploads.words import COLUMNS, DELIMITERS, ENCODINGS, FEEDS
from pulse_site.feeds.reading import NAMELESS, Reading

MEGABYTE = 1_000_000
LARGEST = 200 * MEGABYTE
TOO_LARGE = gettext_lazy("The file is larger than 200 MB. Split it.")
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")


class UploadForm(forms.Form):
    feed = forms.ChoiceField(
        label=gettext_lazy("What is in it"),
        choices=[(name, feed.label) for name, feed in FEEDS.items()],
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or XLSX, up to 200 MB. Pulse finds the columns by their names."),
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        error_messages={"empty": gettext_lazy("The file is empty; it needs a header and rows.")},
    )
    as_of = forms.DateField(
        label=gettext_lazy("As of"),
        required=False,
        help_text=gettext_lazy("The day of the counts. Deliveries name their own days."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    market = forms.CharField(
        label=gettext_lazy("Market"),
        max_length=2,
        required=False,
        initial=settings.LAUNCH_MARKET,
        help_text=gettext_lazy("For videos only."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise ValidationError(TOO_LARGE)
        if not file.name.lower().endswith(ENDINGS):
            raise ValidationError(_("Give a CSV or XLSX file. Save other kinds as one of these."))
        return file

    def clean(self) -> dict[str, Any]:
        answers = self.cleaned_data
        if "as_of" in self._asked() and not answers.get("as_of") and "as_of" not in self.errors:
            self.add_error("as_of", _("Say as of which day the counts are."))
        return answers

    def options(self) -> dict[str, str]:
        """The feed's options, as the upload keeps them."""
        answers = self.cleaned_data
        return {name: str(answers[name]) for name in self._asked() if answers[name]}

    def _asked(self) -> tuple[str, ...]:
        feed = FEEDS.get(self.cleaned_data.get("feed", ""))
        return feed.options if feed else ()


class ReadingForm(forms.Form):
    """How the file is read: as Pulse found it (mapping: what run.inspect found), for a person to correct."""

    def __init__(self, mapping: Mapping[str, Any], data: Any = None) -> None:
        super().__init__(data, prefix="reading", label_suffix="")
        self.head = mapping["head"]
        lines = [(str(NAMELESS), _("none: the first line is a row already"))]
        lines += [(str(line), _("line %(line)s") % {"line": line}) for line, _cells in self.head]
        if mapping["kind"] == "text":
            self._choice("delimiter", _("Cells are apart by"), DELIMITERS.items(), mapping["delimiter"])
            said = mapping["encoding"].removesuffix("-sig").removesuffix("-le")
            self._choice("encoding", _("Letters are written in"), ENCODINGS.items(), said)
        if len(mapping["sheets"]) > 1:
            self._choice("sheet", _("Sheet"), [(name, name) for name in mapping["sheets"]], mapping["sheet"])
        self._choice("header_line", _("Names of the columns"), lines, str(mapping["header_line"]))
        self.fields["header_line"].widget = forms.RadioSelect(choices=lines)

    def _choice(self, name: str, label: str, choices: Any, found: str) -> None:
        self.fields[name] = forms.ChoiceField(label=label, choices=list(choices), initial=found)

    def selects(self) -> list[Any]:
        return [field for field in self if field.name != "header_line"]

    def lines(self) -> list[tuple[Any, list[str]]]:
        """The choice of each of the first rows, and its cells."""
        return list(zip(self["header_line"], [[], *(cells for _line, cells in self.head)], strict=True))

    def reading(self) -> Reading:
        """What was said; a line that nobody changed is looked for again where all else has changed."""
        said = self.cleaned_data | {"header_line": int(self.cleaned_data["header_line"])}
        if set(self.changed_data) - {"header_line"} and "header_line" not in self.changed_data:
            said["header_line"] = 0
        return Reading(**said)


class MappingForm(forms.Form):
    """One choice for each header of the file: the column that it is read as, or none.

    `mapping` is what run.inspect found.
    """

    def __init__(self, mapping: Mapping[str, Any], data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        self.headers = mapping["headers"]
        choices = [("", _("not read"))] + [(column["name"], _named(column)) for column in mapping["columns"]]
        for number, found in enumerate(self.headers):
            self.fields[f"header-{number}"] = forms.ChoiceField(
                label=found["header"], choices=choices, initial=found["column"], required=False
            )

    def rows(self) -> list[tuple[Mapping[str, Any], Any]]:
        """What was found of each header, and its field."""
        return list(zip(self.headers, self, strict=True))

    def wanted(self) -> dict[str, str]:
        """Header -> column, blank for none."""
        return {
            found["header"]: self.cleaned_data[f"header-{number}"]
            for number, found in enumerate(self.headers)
        }


def _named(column: Mapping[str, Any]) -> str:
    label = COLUMNS.get(column["name"], (column["name"], ""))[0]
    return f"{column['name']}{' *' if column['required'] else ''} – {label}"
