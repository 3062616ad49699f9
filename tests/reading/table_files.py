"""Tables as text, and what a reader says of them."""

import pytest

from pipeline.errors import ContractError


def reasons(cohort) -> dict[int, str]:
    return dict(zip(cohort.rejects["row"].tolist(), cohort.rejects["reasons"].tolist(), strict=True))


def rows(*lines: str, header: str = "patient_id,age_at_visit_y") -> dict[str, str]:
    return {"visits.csv": "\n".join([header, *lines]) + "\n"}


def refused(read, files: dict, code: str, words: str = ".", **options) -> ContractError:
    with pytest.raises(ContractError, match=words) as found:
        read(files, **options)
    assert found.value.code == code
    assert found.value.exit_code == 65
    assert "\n" not in str(found.value)
    return found.value
