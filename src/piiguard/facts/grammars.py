"""Which grammar reads which language."""

from __future__ import annotations

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language

_TSX = Language(tree_sitter_typescript.language_tsx())
# The grammar of JavaScript takes `await (x)` for a call of a function named `await`; the one of TSX reads it as it is
# meant.
GRAMMARS = {
    "javascript": _TSX,
    "typescript": Language(tree_sitter_typescript.language_typescript()),
    "tsx": _TSX,
}
"""Language of a source -> its grammar."""
FALLBACK = {
    "javascript": Language(tree_sitter_javascript.language()),
    "typescript": _TSX,
    "tsx": Language(tree_sitter_javascript.language()),
}
"""Grammar that is tried when the first one meets errors (JSX in .ts)."""
