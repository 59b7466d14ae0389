"""The drill of model servers behind the real Envoy: each fault once, under streams; `make drill` hangs one longer."""

import pytest

from tests.drill.rows import table
from tests.drill.servers import servers

pytestmark = pytest.mark.integration


def test_no_answer_is_wrong_or_cut_in_silence_whatever_happens_to_a_server(tmp_path):
    rows = servers(tmp_path, hang_seconds=3)
    assert all(row.passed for row in rows), "\n".join(table(rows))
