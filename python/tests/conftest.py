"""Before anything is imported: scikit-learn's checks of array libraries are not skipped, and pictures need no display."""

import os

os.environ["SCIPY_ARRAY_API"] = "1"
os.environ["MPLBACKEND"] = "Agg"
