"""How Hypothesis looks for examples: afresh each time at a desk, the same ones each time in CI (`CI` is set).

`pytest --hypothesis-profile=night` looks at many more.
"""

import os

from hypothesis import settings

# No deadlines: the machine may be busy with something else. pytest-timeout stops what hangs.
settings.register_profile("desk", max_examples=60, deadline=None)
settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True, print_blob=True)
settings.register_profile("night", max_examples=500, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
