"""The builders of the tests of JUDGE are used here as well."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
