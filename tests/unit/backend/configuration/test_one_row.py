import pytest
from django.core.exceptions import ValidationError

from seon.backend.apilog.models import ApiLog
from seon.backend.configuration.models import Settings
from seon.backend.configuration.one_row import OneRow
from seon.backend.script.models import ScriptSettings


@pytest.mark.parametrize(
    ("model", "field", "good", "bad"),
    [(Settings, "sessions", 7, 0), (ApiLog, "level", "error", "loud"), (ScriptSettings, "seconds", 7, 0)],
)
def test_there_is_one_row_however_often_it_is_saved_or_the_defaults(
    model: type[OneRow], field: str, good: object, bad: object
) -> None:
    assert getattr(model.load(), field) == model._meta.get_field(field).get_default()
    for _ in range(2):
        row = model.load()
        setattr(row, field, good)
        row.save()
    assert getattr(model.load(), field) == good
    setattr(row, field, bad)
    with pytest.raises(ValidationError):
        row.save()
    assert list(model._default_manager.values_list("pk", field)) == [(1, good)]
