import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def program():
    """Runs the command line; its results are what the binding's are compared with."""
    path = Path(os.environ.get("GQIMG_PROGRAM", ROOT / ".build/release/gqimg"))
    if not path.exists():
        pytest.skip("the program is not built")
    return lambda *arguments: subprocess.run([path, *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture
def testdata():
    return ROOT / "testdata"
