"""Forms whose every change stands in the audit trail, with each field before and after."""

from typing import Any, cast

from django.db.models import Model
from django.http import HttpRequest

from pulse_site import audit
from pulse_site.admin.model_admin import PulseModelAdmin
from pulse_site.models import User


class AuditedAdmin(PulseModelAdmin):
    """A ModelAdmin that records what its form changes, in the transaction in which it is saved."""

    audited: tuple[str, str]  # the actions: a record was added, a record was changed

    def action_of(self, changed: dict[str, Any]) -> str:
        """The action that a change of these fields is."""
        return self.audited[1]

    def facts(self, record: Model) -> dict[str, Any]:
        """What is compared: all that the record says."""
        return audit.snapshot(record)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        rows = self.model._default_manager.select_for_update()
        form.facts_before = self.facts(rows.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        saved = self.model._default_manager.get(pk=form.instance.pk)
        changed = audit.differences(form.facts_before, self.facts(saved))
        if changed:
            action = self.action_of(changed) if change else self.audited[0]
            audit.record(cast(User, request.user), action, saved, changed=changed)
