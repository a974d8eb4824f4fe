#!/usr/bin/env bash
# Installs piiguard into a virtual environment of its own. PIIGUARD_VERSION empty: the version of this action.
set -euo pipefail

if [[ -z "${PIIGUARD_VERSION:-}" ]]; then
  wanted="$GITHUB_ACTION_PATH[history]"
elif [[ "$PIIGUARD_VERSION" =~ ^[0-9][0-9A-Za-z.+!-]*$ ]]; then
  wanted="piiguard[history]==$PIIGUARD_VERSION"
else
  echo "::error title=piiguard::version must be a version such as 1.2.3"
  exit 2
fi
place="$RUNNER_TEMP/piiguard"
"${PIIGUARD_PYTHON:-python3}" -m venv "$place"
"$place/bin/python" -m pip install --quiet --disable-pip-version-check "$wanted"
"$place/bin/piiguard" --version
